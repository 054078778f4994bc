//! `isogate fault`: the faults that a lab can have.

use super::{Exit, Lang, table};
use crate::io::look;
use crate::lab::fault::{Aim, CatalogueEntry, Fault};
use clap::{Args, Subcommand};
use std::io::Write;

/// The faults that terminals, an acquirer or a lab can have
#[derive(Args, Debug)]
pub(crate) struct FaultArgs {
    #[command(subcommand)]
    command: FaultCommand,
}

#[derive(Debug, Subcommand)]
enum FaultCommand {
    /// List them: where each happens, its own knobs, which part it strikes unless it is aimed, and
    /// what is to be seen on the wire
    List {
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
}

/// Prints them.
pub(crate) fn run(args: &FaultArgs, lang: Lang, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let FaultCommand::List { json } = args.command;
    if json {
        for about in Fault::ALL {
            writeln!(out, "{}", look::fault_document(about))?;
        }
        return Ok(Exit::Done);
    }
    let head = match lang {
        Lang::En => ["", "", "side", "p", "knobs", "on the wire"],
        Lang::Zh => ["", "", "位置", "p", "参数", "报文"],
    };
    let rows = Fault::ALL.iter().map(|about| row(about, lang));
    table::print(std::iter::once(head.map(str::to_owned)).chain(rows), out)?;
    writeln!(out)?;
    for line in legend(lang) {
        writeln!(out, "{line}")?;
    }
    Ok(Exit::Done)
}

fn row(about: &CatalogueEntry, lang: Lang) -> [String; 6] {
    let (title, side) = match lang {
        Lang::En => (about.title, about.side.name()),
        Lang::Zh => (about.title_zh, about.side.name_zh()),
    };
    let share = about.share.to_string();
    [about.id, title, side, &share, about.knobs, about.wire].map(str::to_owned)
}

/// What holds for all of them.
fn legend(lang: Lang) -> [String; 4] {
    let knobs = Aim::KNOBS;
    match lang {
        Lang::En => [
            format!("every fault has {knobs}"),
            "  nth=3 the third only, every=3 each third, p=0.02 this part; else p as listed".into(),
            "  such as --fault F01:nth=3,kind=sale,bin=6225..6229,card=0048,field=60.1:22".into(),
            "on the wire, between terminal and acquirer: x lost, .. late; DE 39 behind the type"
                .into(),
        ],
        Lang::Zh => [
            format!("各故障通用参数: {knobs}"),
            "  nth=3 仅第三笔, every=3 每第三笔, p=0.02 此比例; 未给出时按表中 p".into(),
            "  例如 --fault F01:nth=3,kind=sale,bin=6225..6229,card=0048,field=60.1:22".into(),
            "报文为终端与收单机构之间所见: x 丢失, .. 迟到; 类型之后为39域".into(),
        ],
    }
}
