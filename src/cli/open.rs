//! `isogate open`: the unconfirmed authorizations.

use super::filed::FiledArgs;
use super::journal::FolderArgs;
use super::past;
use super::{Exit, Lang};
use crate::engine::evidence::EvidenceIndex;
use crate::engine::trace::{Query, Unconfirmed, Which};
use crate::io::look::FoundStories;
use clap::Args;
use std::io::Write;

/// The unconfirmed authorizations, oldest first; exit code 1 if there are any, or the journal is
/// damaged
#[derive(Args, Debug)]
pub(crate) struct OpenArgs {
    /// Those that only wait for settlement and pay-out (U4), too
    #[arg(long)]
    unsettled: bool,
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    filed: FiledArgs,
    #[command(flatten)]
    journal: FolderArgs,
}

/// Lists them; `Found` (1) if the list is not empty.
pub(crate) fn run(args: &OpenArgs, lang: Lang, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let reader = args.journal.reader()?;
    let evidence = args.filed.read(args.journal.zone())?;
    let index = EvidenceIndex::of(&evidence).on(args.filed.today());
    let standing = |which| Query {
        which: Some(which),
        ..Query::default()
    };
    let mut found = past::find_with(&reader, &standing(Which::Open), None, &index)?;
    if args.unsettled {
        let waiting = Which::Class(Unconfirmed::NotSettled);
        let more = past::find_with(&reader, &standing(waiting), None, &index)?;
        found.all.extend(more.all);
        found.damaged |= more.damaged;
        found.all.sort_by_key(|(story, _)| story.tx);
    }
    print(&found, args, lang, out)?;
    Ok(if found.all.is_empty() && !found.damaged {
        Exit::Done
    } else {
        Exit::Found
    })
}

fn print(
    found: &FoundStories,
    args: &OpenArgs,
    lang: Lang,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    if args.json {
        return past::print_json(&found.all, args.journal.zone(), out);
    }
    if found.all.is_empty() {
        let nothing = match found.damaged {
            true => past::nothing_open_in_the_rest(lang),
            false => past::nothing_open(lang),
        };
        return Ok(writeln!(out, "{nothing}")?);
    }
    past::print_table(found, past::look(lang, args.journal.zone()), out)
}
