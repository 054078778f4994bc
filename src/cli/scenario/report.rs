//! What came of scenarios, as a page that is complete in itself: a ladder each.

use super::{ToldScenario, say};
use crate::cli::Lang;
use crate::cli::page::{escaped, page, table};
use crate::engine::seam::Zone;
use crate::io::look;
use std::fmt::Write;

/// The page.
pub(super) fn report(all: &[ToldScenario], lang: Lang) -> anyhow::Result<String> {
    let mut body = String::new();
    let failed = all.iter().filter(|told| !told.run.passed()).count();
    let class = if failed > 0 { "bad" } else { "good" };
    let count = super::count(all.len(), failed, lang);
    write!(body, "<p class=\"verdict {class}\">{}</p>", escaped(&count))?;
    table(&mut body, None, &summary(all, lang))?;
    for told in all {
        one(&mut body, told, lang)?;
    }
    Ok(page(say(lang, "Scenarios", "场景"), &body, lang))
}

fn summary(all: &[ToldScenario], lang: Lang) -> Vec<[String; 3]> {
    let heading = [
        say(lang, "scenario", "场景"),
        say(lang, "title", "标题"),
        say(lang, "result", "结果"),
    ];
    let rows = all.iter().map(|ToldScenario { scenario, run }| {
        [
            scenario.id.clone(),
            scenario.title.in_lang(lang).to_owned(),
            super::result(run, lang).to_owned(),
        ]
    });
    std::iter::once(heading.map(str::to_owned))
        .chain(rows)
        .collect()
}

fn one(
    body: &mut String,
    ToldScenario { scenario, run }: &ToldScenario,
    lang: Lang,
) -> anyhow::Result<()> {
    let title = format!("{} {}", scenario.id, scenario.title.in_lang(lang));
    write!(body, "<h2>{}</h2>", escaped(&title))?;
    write!(body, "<p>{}</p>", escaped(scenario.story.in_lang(lang)))?;
    let faults = scenario.faults.iter().map(|(text, _)| text.as_str());
    let faults = faults.collect::<Vec<_>>().join(" ");
    write!(body, "<p>{}</p>", escaped(&faults))?;
    if !run.ladder.is_empty() {
        let drawn = look::scenario_ladder(run).picture(lang, &Zone::CHINA);
        write!(body, "<figure>{drawn}</figure>")?;
    }
    for verdict in &run.explain {
        let text = |key: &str| verdict[key].as_str().unwrap_or_default().to_owned();
        let keys = match lang {
            Lang::En => ["verdict", "next_step"],
            Lang::Zh => ["verdict_zh", "next_step_zh"],
        };
        let names = format!("{} {} {}", text("terminal"), text("stan"), text("kind"));
        let [verdict, next] = keys.map(text);
        let rows = [
            [say(lang, "transaction", "交易").to_owned(), names],
            [say(lang, "state", "状态").to_owned(), text("state")],
            [say(lang, "cause", "原因").to_owned(), text("cause")],
            [say(lang, "verdict", "判定").to_owned(), verdict],
            [say(lang, "next step", "下一步").to_owned(), next],
            [
                say(lang, "safe to retry", "可否重试").to_owned(),
                text("safe_to_retry"),
            ],
        ];
        table(body, None, &rows)?;
    }
    for miss in &run.misses {
        write!(body, "<p class=\"verdict bad\">{}</p>", escaped(miss))?;
    }
    Ok(())
}
