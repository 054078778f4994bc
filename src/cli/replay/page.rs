//! What came of a replay, as a page that is complete in itself.

use super::sum::ReplaySum;
use super::told;
use crate::cli::Lang;
use crate::cli::page::{escaped, page, table};
use crate::engine::seam::Zone;
use std::fmt::Write;

/// The page.
pub(super) fn report(sum: &ReplaySum, zone: &Zone, lang: Lang) -> anyhow::Result<String> {
    let mut body = String::new();
    let class = if sum.differs() { "bad" } else { "good" };
    let verdict = escaped(&told::verdict(sum, true, lang));
    write!(body, "<p class=\"verdict {class}\">{verdict}</p>")?;
    table(&mut body, None, &told::figures(sum, lang))?;
    if !sum.groups.is_empty() {
        let title = told::say(lang, "What differs", "差异");
        table(&mut body, Some(title), &told::differences(sum, zone, lang))?;
    }
    let title = told::say(lang, "Kinds of transactions", "交易种类");
    table(&mut body, Some(title), &kinds(sum, lang))?;
    Ok(page(told::say(lang, "Replay", "重放"), &body, lang))
}

fn kinds(sum: &ReplaySum, lang: Lang) -> Vec<[String; 5]> {
    let heading = [
        told::say(lang, "kind", "交易"),
        told::say(lang, "requests", "请求"),
        told::say(lang, "same", "相同"),
        told::say(lang, "differ", "不同"),
        told::say(lang, "not sent", "未发送"),
    ];
    let rows = sum.kinds.iter().map(|(name, kind)| {
        [
            told::kind_title(&sum.spec, name, lang),
            kind.requests.to_string(),
            kind.same.to_string(),
            kind.differ.to_string(),
            kind.skipped.to_string(),
        ]
    });
    std::iter::once(heading.map(str::to_owned))
        .chain(rows)
        .collect()
}
