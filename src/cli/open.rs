//! `isogate open`: the unconfirmed authorizations.

use super::asked::FilterArgs;
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
    #[command(flatten)]
    asked: FilterArgs,
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
    let filter = args.asked.read(args.journal.zone(), lang)?;
    let reader = args.journal.reader()?;
    let evidence = args.filed.read(args.journal.zone())?;
    let index = EvidenceIndex::of(&evidence).on(args.filed.today());
    let waiting = Which::Class(Unconfirmed::NotSettled);
    let kinds = [Some(Which::Open), Some(waiting).filter(|_| args.unsettled)];
    let standing = |which| Query {
        which: Some(which),
        also: filter.clone(),
        ..Query::default()
    };
    let all: Vec<_> = kinds.into_iter().flatten().map(standing).collect();
    let found = past::find_asked(&reader, &[all], None, &index)?;
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
