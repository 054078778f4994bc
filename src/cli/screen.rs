//! The verdict as people read it: one line, the chain with its gaps, then the keys.

use crate::engine::seam::Zone;
use crate::engine::trace::{
    Basis, Belief, Is, Lang, Moment, Names, Phrase, Retry, Said, Story, Verdict, money, notes,
};
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

/// How to print.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look<'a> {
    /// The language.
    pub(super) lang: Lang,
    /// The zone in which moments are told.
    pub(super) zone: &'a Zone,
    /// Whether to colour, as on a terminal.
    pub(super) colour: bool,
    /// How many columns a table may take; `None` for as many as it wants.
    pub(super) width: Option<u16>,
}

impl Look<'_> {
    fn say(self, en: &'static str, zh: &'static str) -> &'static str {
        match self.lang {
            Lang::En => en,
            Lang::Zh => zh,
        }
    }

    /// Green for what is safe, red for what is not, yellow for what is not proven.
    fn paint(self, retry: Retry, text: &str) -> String {
        let code = match retry {
            Retry::Yes => 32,
            Retry::Unproven => 33,
            Retry::No => 31,
        };
        if self.colour {
            format!("\x1b[1;{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    pub(super) fn dim(self, text: &str) -> String {
        if self.colour {
            format!("\x1b[2m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}

/// One transaction in full.
pub(super) fn full(story: &Story, verdict: &Verdict, look: Look<'_>) -> String {
    let mut text = head(story, verdict, look);
    text.push('\n');
    text.push_str(&chain(story, look));
    text.push('\n');
    text.push_str(&keys(story, verdict, look));
    text
}

fn head(story: &Story, verdict: &Verdict, look: Look<'_>) -> String {
    let class = verdict.class.map(|class| format!(" {}", class.name()));
    let state = format!("{}{}", verdict.state, class.unwrap_or_default());
    let retry = Phrase::new("safe to retry: {v}", "可否重试: {v}");
    let retry = retry.fill(&[("v", retry_word(story, verdict.safe_to_retry))]);
    format!(
        "{}  {}\n  {} {}\n  {}  {}\n",
        look.paint(verdict.safe_to_retry, &state),
        verdict.verdict.in_lang(look.lang),
        look.say("next:", "下一步:"),
        verdict.next_step.in_lang(look.lang),
        look.paint(verdict.safe_to_retry, retry.in_lang(look.lang)),
        look.dim(&format!(
            "{} {} ({})",
            look.say("cause:", "原因:"),
            causes(verdict, look.lang),
            verdict.evidence.name(),
        )),
    )
}

fn causes(verdict: &Verdict, lang: Lang) -> String {
    let names = verdict.causes.iter().map(|cause| match lang {
        Lang::En => cause.name(),
        Lang::Zh => cause.about().text.zh,
    });
    match lang {
        Lang::En => names.collect::<Vec<_>>().join(", "),
        Lang::Zh => names.take(1).collect(),
    }
}

fn retry_word(story: &Story, retry: Retry) -> Said {
    // A sign-in or a settlement is asked again as often as its terminal likes.
    if !story.is_money() {
        return Phrase::new("n/a", "不适用").plain();
    }
    let zh = match retry {
        Retry::Yes => "可以",
        Retry::No => "不可",
        Retry::Unproven => "未证实",
    };
    Phrase::new(retry.name(), zh).plain()
}

/// A table without lines, two spaces in.
fn bare() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).force_no_tty();
    table
}

/// The table as text, without the blanks at line ends.
fn lines(table: &Table) -> String {
    let mut text = String::new();
    for line in table.lines() {
        text.push(' ');
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn chain(story: &Story, look: Look<'_>) -> String {
    let mut table = bare();
    table.set_header([
        look.say("time", "时间"),
        look.say("gap", "间隔"),
        look.say("way", "方向"),
        look.say("type", "类型"),
        look.say("code", "应答码"),
        look.say("note", "说明"),
    ]);
    if !story.whole {
        let earlier = look.say(
            "(earlier messages lie before the checkpoint)",
            "(更早的报文在检查点之前)",
        );
        table.add_row(["", "", "", "", "", earlier]);
    }
    let mut previous: Option<&Moment> = None;
    for moment in &story.moments {
        let note = notes::of(moment);
        if moment.leg.is_none() && note.en.is_empty() {
            continue;
        }
        table.add_row(row(moment, previous, note.in_lang(look.lang), look.zone));
        previous = Some(moment);
    }
    for column in [1, 4] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    lines(&table)
}

fn row(moment: &Moment, previous: Option<&Moment>, note: &str, zone: &Zone) -> [String; 6] {
    let gap = previous.map(|previous| gap(moment.micros_after(previous.at)));
    let leg = moment.leg.as_ref();
    [
        clock(&moment.at.rfc3339(zone)),
        gap.unwrap_or_default(),
        leg.map_or("·", |leg| leg.hop.name()).to_owned(),
        leg.map(|leg| leg.mti.to_string()).unwrap_or_default(),
        leg.and_then(|leg| leg.code)
            .map(|code| code.to_string())
            .unwrap_or_default(),
        note.to_owned(),
    ]
}

/// `10:11:12.345678` of `2026-11-22T10:11:12.345678+08:00`; the day stands with the keys.
fn clock(at: &str) -> String {
    at.get(11..26).unwrap_or(at).to_owned()
}

/// `+350us`, `+12.4ms`, `+45.0s`.
fn gap(micros: u64) -> String {
    match micros {
        0 => "+0".to_owned(),
        1..1_000 => format!("+{micros}us"),
        1_000..1_000_000 => format!("+{}.{}ms", micros / 1_000, micros % 1_000 / 100),
        _ => format!("+{}.{}s", micros / 1_000_000, micros % 1_000_000 / 100_000),
    }
}

fn keys(story: &Story, verdict: &Verdict, look: Look<'_>) -> String {
    let names = Names::of(story);
    let text = |value: Option<String>| value.unwrap_or_default();
    let pairs = [
        (look.say("kind", "交易"), names.kind),
        (
            look.say("amount", "金额"),
            money(names.amount, &names.currency),
        ),
        (look.say("card", "卡号"), names.card),
        (look.say("merchant", "商户号"), names.merchant),
        (look.say("terminal", "终端号"), names.terminal),
        (look.say("STAN", "凭证号"), names.stan),
        (look.say("batch", "批次号"), names.batch),
        (
            look.say("RRN", "参考号"),
            text(story.rrn.map(|rrn| rrn.to_string())),
        ),
        (
            look.say("auth", "授权码"),
            text(story.auth.map(|auth| auth.to_string())),
        ),
        (look.say("began", "开始"), story.began.rfc3339(look.zone)),
        ("tx", story.tx.to_string()),
    ];
    let beliefs = [
        (
            look.say("terminal believes", "终端认为"),
            verdict.beliefs.terminal,
        ),
        (
            look.say("gateway knows", "网关记录"),
            verdict.beliefs.gateway,
        ),
        (
            look.say("acquirer believes", "收单机构认为"),
            verdict.beliefs.acquirer,
        ),
    ];
    let mut table = bare();
    for (name, value) in pairs.into_iter().filter(|(_, value)| !value.is_empty()) {
        table.add_row([name.to_owned(), value]);
    }
    for (name, belief) in beliefs {
        table.add_row([name.to_owned(), believes(belief, look)]);
    }
    lines(&table)
}

fn believes(belief: Belief, look: Look<'_>) -> String {
    let (is, basis) = match look.lang {
        Lang::En => (belief.is.name(), belief.basis.name()),
        Lang::Zh => (is_zh(belief.is), basis_zh(belief.basis)),
    };
    format!("{is} {}", look.dim(&format!("({basis})")))
}

const fn is_zh(is: Is) -> &'static str {
    match is {
        Is::Nothing => "无此交易",
        Is::Waiting => "等待中",
        Is::Unknown => "不明",
        Is::Approved => "成功",
        Is::Declined => "拒绝",
        Is::Failed => "失败",
        Is::Reversed => "已冲正",
        Is::Returned => "已退回",
        Is::Settled => "已清算",
    }
}

const fn basis_zh(basis: Basis) -> &'static str {
    match basis {
        Basis::Observed => "有据",
        Basis::Inferred => "推断",
        Basis::File => "据文件",
    }
}

/// Many transactions, a row each. On a narrow screen the verdict stands below its row, cut to the
/// width; a key is never cut.
pub(super) fn table<'a>(
    rows: impl IntoIterator<Item = (&'a Story, &'a Verdict)>,
    look: Look<'_>,
) -> String {
    let rows: Vec<_> = rows.into_iter().collect();
    let narrow = look.width.filter(|width| *width < WIDE);
    let mut table = bare();
    let mut header = vec![
        look.say("began", "开始"),
        look.say("terminal/STAN", "终端/凭证号"),
        look.say("amount", "金额"),
        look.say("state", "状态"),
        look.say("class", "类"),
    ];
    if narrow.is_none() {
        header.extend([look.say("retry", "重试"), look.say("verdict", "结论")]);
    }
    table.set_header(header);
    for (story, verdict) in &rows {
        let mut row = keys_of(story, verdict, look, narrow.is_some());
        if narrow.is_none() {
            row.push(
                retry_word(story, verdict.safe_to_retry)
                    .in_lang(look.lang)
                    .to_owned(),
            );
            row.push(verdict.verdict.in_lang(look.lang).to_owned());
        }
        table.add_row(row);
    }
    if let Some(column) = table.column_mut(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let Some(width) = narrow else {
        if let Some(width) = look.width {
            table.set_content_arrangement(ContentArrangement::Dynamic);
            table.set_width(width.saturating_sub(1));
        }
        return lines(&table);
    };
    let mut text = String::new();
    let verdicts = rows.iter().map(|(story, verdict)| {
        let retry = retry_word(story, verdict.safe_to_retry);
        let [retry, said] = [&retry, &verdict.verdict].map(|said| said.in_lang(look.lang));
        let line = format!("{} {retry}: {said}", look.say("retry", "重试"));
        format!(
            "     {}\n",
            cut(&line, usize::from(width).saturating_sub(6))
        )
    });
    let below = std::iter::once(String::new()).chain(verdicts);
    for (line, below) in lines(&table).lines().zip(below) {
        text.push_str(line);
        text.push('\n');
        text.push_str(&below);
    }
    text
}

/// Columns that a table with verdicts beside their rows wants.
const WIDE: u16 = 120;

/// The keys and the standing of a transaction, as they stand in a row.
fn keys_of(story: &Story, verdict: &Verdict, look: Look<'_>, narrow: bool) -> Vec<String> {
    let names = Names::of(story);
    let began = story.began.rfc3339(look.zone).replace('T', " ");
    // The year is what a narrow screen can do without.
    let began = began.get(if narrow { 5..19 } else { 0..19 });
    vec![
        began.unwrap_or_default().to_owned(),
        format!("{}/{}", names.terminal, names.stan),
        money(names.amount, &names.currency),
        verdict.state.name().to_owned(),
        verdict.class.map_or("", |class| class.name()).to_owned(),
    ]
}

/// As much of a text as fits, Chinese characters counted double.
pub(super) fn cut(text: &str, columns: usize) -> String {
    let wide = |c: char| if c.is_ascii() { 1 } else { 2 };
    if text.chars().map(wide).sum::<usize>() <= columns {
        return text.to_owned();
    }
    let mut left = columns.saturating_sub(2);
    let fits = |c: &char| {
        let fits = wide(*c) <= left;
        left = left.saturating_sub(wide(*c));
        fits
    };
    let shown: String = text.chars().take_while(fits).collect();
    format!("{}…", shown.trim_end())
}

#[cfg(test)]
mod tests;
