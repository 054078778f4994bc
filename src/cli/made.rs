//! `isogate completions` and `isogate man`: made from the definitions that `--help` prints.

use super::definition::command_in;
use super::{Exit, Lang};
use anyhow::Context;
use clap::Args;
use clap_complete::Shell;
use std::io::Write;
use std::path::PathBuf;

/// Print a script that completes isogate's commands and options in a shell
#[derive(Args, Debug)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Write man pages, one a command, into a folder
#[derive(Args, Debug)]
pub(crate) struct ManArgs {
    /// The folder; it is made if it is not there
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

pub(crate) fn completions(args: &CompletionsArgs, lang: Lang, out: &mut dyn Write) -> Exit {
    clap_complete::generate(args.shell, &mut command_in(lang), "isogate", out);
    Exit::Done
}

pub(crate) fn man(args: &ManArgs, lang: Lang, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let folder = &args.folder;
    let cannot = || format!("cannot write to {}", folder.display());
    std::fs::create_dir_all(folder).with_context(cannot)?;
    let command = command_in(lang).disable_help_subcommand(true);
    clap_mangen::generate_to(command, folder).with_context(cannot)?;
    let place = folder.display();
    match lang {
        Lang::En => writeln!(out, "man pages are in {place}: man {place}/isogate.1")?,
        Lang::Zh => writeln!(out, "手册页已写入 {place}: man {place}/isogate.1")?,
    }
    Ok(Exit::Done)
}
