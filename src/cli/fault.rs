//! `isogate fault`: the faults that a lab can have.

use super::{Exit, Lang, table};
use crate::lab::fault::Fault;
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
    /// List them, each with its own knobs; all have p, nth, terminal, from and until
    List,
}

/// Prints them.
pub(crate) fn run(args: &FaultArgs, lang: Lang, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let FaultCommand::List = args.command;
    let rows = Fault::ALL.iter().map(|about| {
        let title = match lang {
            Lang::En => about.title,
            Lang::Zh => about.title_zh,
        };
        [about.id, title, about.knobs].map(str::to_owned)
    });
    table::print(rows, out)?;
    Ok(Exit::Done)
}
