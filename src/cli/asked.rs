//! Which transactions are asked for: a filter, as `trace`, `open` and `tail` take it.

use super::{Lang, UsageError, table};
use crate::engine::seam::{Wall, Zone};
use crate::engine::trace::{Filter, FilterTime, FilterWord};
use clap::Args;
use serde_json::{Value, json};
use std::io::Write;

/// A filter; several words are read as one.
#[derive(Args, Debug)]
pub(crate) struct FilterArgs {
    /// A key (an id, RRN, TERMINAL/STAN or TERMINAL/STAN/DATE, authorization code, STAN or
    /// terminal), or a filter such as '~kind sale & ~amount 10.00.. & !~state reversed': see
    /// `isogate trace --words`
    #[arg(value_name = "FILTER")]
    filter: Vec<String>,
}

impl FilterArgs {
    /// Whether nothing is asked for.
    pub(super) const fn is_empty(&self) -> bool {
        self.filter.is_empty()
    }

    /// As it was typed.
    pub(super) fn text(&self) -> String {
        self.filter.join(" ")
    }

    /// What is asked for, if anything is.
    pub(super) fn read(&self, zone: &Zone, lang: Lang) -> Result<Option<Filter>, UsageError> {
        if self.is_empty() {
            return Ok(None);
        }
        let time = FilterTime { now: now(), zone };
        let read = Filter::parse(&self.text(), time);
        read.map(Some)
            .map_err(|error| UsageError(error.in_lang(lang)))
    }
}

/// What the clock on the wall shows.
pub(super) fn now() -> Wall {
    Wall(jiff::Timestamp::now().as_microsecond())
}

/// The words of a filter, for people or as JSON.
pub(super) fn words(json: bool, lang: Lang, out: &mut dyn Write) -> anyhow::Result<()> {
    if json {
        let all = FilterWord::ALL.iter().map(|word| {
            json!({ "word": format!("~{}", word.name), "takes": word.takes,
                "example": word.example, "text": word.about.en, "text_zh": word.about.zh })
        });
        return Ok(writeln!(out, "{}", Value::Array(all.collect()))?);
    }
    let rows = FilterWord::ALL.iter().map(|word| {
        let about = match lang {
            Lang::En => word.about.en,
            Lang::Zh => word.about.zh,
        };
        [word.example, about].map(str::to_owned)
    });
    table::print(rows, out)?;
    Ok(writeln!(out, "\n{}", signs(lang))?)
}

const fn signs(lang: Lang) -> &'static str {
    match lang {
        Lang::En => {
            "& means both (so do words that follow each other), | means either, ! means not, and\n\
             ( ) group. * in a value stands for anything. A value with a space is put between\n\
             quotation marks, and the whole filter between others, for the sake of the shell."
        }
        Lang::Zh => {
            "& 表示且(相邻的条件也表示且), | 表示或, ! 表示非, ( ) 分组; 值中的 * 表示任意内容。\n\
             含空格的值用引号括起; 整个过滤式在命令行中再用另一种引号括起。"
        }
    }
}
