//! `isogate fault`: the faults that a lab can have, and those that a running one has.

use super::control::{self, AdminArgs};
use super::table::{self, columns};
use super::{Exit, Lang};
use crate::io::look;
use crate::lab::fault::{Aim, CatalogueEntry, Fault};
use clap::{Args, Subcommand};
use serde_json::Value;
use std::io::Write;
use ureq::http::Method;

/// The faults that terminals, an acquirer or a lab can have, and those that are on
#[derive(Args, Debug)]
pub(crate) struct FaultArgs {
    #[command(subcommand)]
    command: FaultCommand,
}

#[derive(Debug, Subcommand)]
enum FaultCommand {
    /// Switch faults on in a running gateway or lab
    Add {
        /// Such as F01:p=0.1; `isogate fault list` shows all
        #[arg(required = true)]
        fault: Vec<String>,
        #[command(flatten)]
        desk: DeskArgs,
    },
    /// List them: where each happens, its own knobs, which part it strikes unless it is aimed, and
    /// what is to be seen on the wire
    List {
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
        /// Those that are on in the running gateway or lab, and how often each struck
        #[arg(long)]
        active: bool,
        #[command(flatten)]
        admin: AdminArgs,
    },
    /// Switch faults off, by their numbers
    Remove {
        /// As `isogate fault list --active` shows them
        #[arg(required = true)]
        id: Vec<u32>,
        #[command(flatten)]
        desk: DeskArgs,
    },
    /// Switch all faults off
    Reset {
        #[command(flatten)]
        desk: DeskArgs,
    },
}

/// Whose desk it is, and who comes to it.
#[derive(Args, Clone, Debug)]
struct DeskArgs {
    /// Who wants it; it is recorded [default: the name of the user]
    #[arg(long, value_name = "NAME")]
    who: Option<String>,
    #[command(flatten)]
    admin: AdminArgs,
}

/// Lists them, or switches them on and off.
pub(crate) fn run(args: &FaultArgs, lang: Lang, out: &mut dyn Write) -> anyhow::Result<Exit> {
    match &args.command {
        FaultCommand::Add { fault, desk } => {
            for fault in fault {
                let mut body = control::by(desk.who.as_deref());
                body["fault"] = fault.as_str().into();
                let admin = &desk.admin;
                let added = admin
                    .ask(&Method::POST, "/api/faults", Some(&body))?
                    .fine()?;
                writeln!(out, "{}", line(&added.document, lang))?;
            }
        }
        FaultCommand::Remove { id, desk } => {
            let who = control::by(desk.who.as_deref());
            let who = who["who"].as_str().unwrap_or_default();
            for id in id {
                let path = format!("/api/faults/{id}?who={}", control::in_address(who));
                let removed = desk.admin.ask(&Method::DELETE, &path, None)?.fine()?;
                writeln!(out, "{}", line(&removed.document, lang))?;
            }
        }
        FaultCommand::Reset { desk } => {
            let body = control::by(desk.who.as_deref());
            let path = "/api/faults/reset";
            let reset = desk.admin.ask(&Method::POST, path, Some(&body))?.fine()?;
            let removed = reset.document["removed"].as_u64().unwrap_or_default();
            match lang {
                Lang::En => writeln!(out, "{removed} faults switched off")?,
                Lang::Zh => writeln!(out, "已关闭{removed}个故障")?,
            }
        }
        FaultCommand::List {
            json,
            active: true,
            admin,
        } => {
            let list = admin.ask(&Method::GET, "/api/faults", None)?.fine()?;
            let active = list.document["active"].as_array();
            for fault in active.into_iter().flatten() {
                match json {
                    true => writeln!(out, "{fault}")?,
                    false => writeln!(out, "{}", line(fault, lang))?,
                }
            }
        }
        FaultCommand::List { json, .. } => catalogue(*json, lang, out)?,
    }
    Ok(Exit::Done)
}

/// `3  F01:p=0.1  answer lost  acquirer  struck 4 of 40  since …, by li`
fn line(fault: &Value, lang: Lang) -> String {
    let text = |key: &str| fault[key].as_str().unwrap_or_default();
    let number = |key: &str| fault[key].as_u64().unwrap_or_default();
    let [id, struck, of] = ["id", "struck", "concerned"].map(number);
    let [fault, side, since, by] = ["fault", "side", "since", "by"].map(text);
    match lang {
        Lang::En => {
            let title = text("title");
            format!(
                "{id}  {fault}  {title}  {side}  struck {struck} of {of}  since {since} by {by}"
            )
        }
        Lang::Zh => {
            let title = text("title_zh");
            format!("{id}  {fault}  {title}  {side}  命中{struck}/{of}  {since}起, {by}")
        }
    }
}

/// Prints all there are.
fn catalogue(json: bool, lang: Lang, out: &mut dyn Write) -> anyhow::Result<()> {
    if json {
        for about in Fault::ALL {
            writeln!(out, "{}", look::fault_document(about))?;
        }
        return Ok(());
    }
    let head = match lang {
        Lang::En => ["", "side", "p", ""],
        Lang::Zh => ["", "位置", "p", ""],
    };
    let rows = Fault::ALL.iter().map(|about| row(about, lang));
    table::print(std::iter::once(head.map(str::to_owned)).chain(rows), out)?;
    writeln!(out)?;
    for line in legend(lang) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

/// Columns for what a fault is, on a screen of 80.
const TEXT: usize = 56;

fn row(about: &CatalogueEntry, lang: Lang) -> [String; 4] {
    let (title, side, knobs, seen) = match lang {
        Lang::En => (about.title, about.side.name(), "knobs ", "wire  "),
        Lang::Zh => (about.title_zh, about.side.name_zh(), "参数 ", "报文 "),
    };
    let wire = match lang {
        Lang::En => about.wire.to_owned(),
        Lang::Zh => about.wire_zh(),
    };
    let mut lines = folded(title, "");
    if !about.knobs.is_empty() {
        lines.extend(folded(about.knobs, knobs));
    }
    lines.extend(folded(&wire, seen));
    let share = about.share.to_string();
    [about.id, side, &share, &lines.join("\n")].map(str::to_owned)
}

/// A text behind its name, on lines that fit, broken behind a blank or a bar.
fn folded(text: &str, name: &str) -> Vec<String> {
    let mut lines = vec![name.to_owned()];
    for part in text.split_inclusive([' ', '|']) {
        match lines.last_mut() {
            Some(line) if columns(line) + columns(part.trim_end()) <= TEXT => {
                line.push_str(part);
            }
            _ => lines.push(format!("{:6}{part}", "")),
        }
    }
    lines
}

/// What holds for all of them.
fn legend(lang: Lang) -> Vec<String> {
    let (knobs, rest) = match lang {
        Lang::En => (
            "every fault has ",
            [
                "  nth=3 the third only, every=3 each third, p=0.02 this part; else p as listed",
                "  such as --fault F01:nth=3,kind=sale,bin=6225..6229,card=0048,field=60.1:22",
                "wire: between terminal and acquirer; x lost, .. late; DE 39 behind the type",
            ],
        ),
        Lang::Zh => (
            "各故障通用参数: ",
            [
                "  nth=3 仅第三笔, every=3 每第三笔, p=0.02 此比例; 未给出时按表中 p",
                "  例如 --fault F01:nth=3,kind=sale,bin=6225..6229,card=0048,field=60.1:22",
                "报文为终端与收单机构之间所见: x 丢失, .. 迟到; 类型之后为39域",
            ],
        ),
    };
    let mut lines = folded(Aim::KNOBS, knobs);
    lines.extend(rest.map(str::to_owned));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_fits_a_screen_of_eighty_columns_and_leaves_nothing_out() {
        for lang in [Lang::En, Lang::Zh] {
            let mut out = Vec::new();
            catalogue(false, lang, &mut out).unwrap();
            let text = String::from_utf8(out).unwrap();
            for line in text.lines() {
                assert!(columns(line) <= 80, "{line}");
            }
            let words: String = text.split_whitespace().collect();
            for about in Fault::ALL {
                let wire = match lang {
                    Lang::En => about.wire.to_owned(),
                    Lang::Zh => about.wire_zh(),
                };
                for told in [about.knobs, &wire] {
                    let told: String = told.split_whitespace().collect();
                    assert!(words.contains(&told), "{}: {told}", about.id);
                }
            }
        }
    }
}
