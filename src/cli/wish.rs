//! `isogate reverse`, `isogate park` and `isogate close`: what an operator wants, told to the
//! running gateway.

use super::control::{self, AdminArgs};
use super::journal::FolderArgs;
use super::{Exit, past};
use crate::engine::gateway::Act;
use crate::engine::record::TxId;
use crate::engine::trace::Query;
use anyhow::bail;
use clap::Args;
use serde_json::json;
use std::io::Write;
use ureq::http::Method;

#[derive(Args, Debug)]
pub(crate) struct WishArgs {
    /// An id (26 characters), or any other key that `isogate explain` takes and that names one
    #[arg(value_parser = past::key)]
    key: String,
    /// Why, or what was found; it is recorded
    #[arg(long, value_name = "TEXT")]
    why: String,
    /// Who wants it; it is recorded [default: the name of the user]
    #[arg(long, value_name = "NAME")]
    who: Option<String>,
    #[command(flatten)]
    admin: AdminArgs,
    #[command(flatten)]
    journal: FolderArgs,
}

/// Tells the gateway; `Found` (1) if it cannot do it.
pub(crate) fn run(args: &WishArgs, act: Act, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let Some(who) = args.who.clone().or_else(control::user) else {
        bail!("who wants it? say it with --who NAME");
    };
    let tx = match args.key.parse::<TxId>() {
        Ok(tx) => tx,
        Err(_other_key) => named(args)?,
    };
    let path = format!("/api/transactions/{tx}/{}", act.name());
    let body = json!({ "who": who, "why": args.why });
    let answer = args.admin.ask(&Method::POST, &path, Some(&body))?;
    if answer.is_fine() {
        writeln!(out, "{tx}: {} -> {}", answer.text("was"), answer.text("is"))?;
        return Ok(Exit::Done);
    }
    let _closed = writeln!(std::io::stderr(), "isogate: {tx}: {}", answer.said());
    Ok(Exit::Found)
}

/// The one transaction that a key names, by the journal.
fn named(args: &WishArgs) -> anyhow::Result<TxId> {
    let reader = args.journal.reader()?;
    for query in Query::guess(&args.key, args.journal.zone())? {
        let found = past::find(&reader, &query, Some(1))?;
        match found.all.as_slice() {
            [] => {}
            [(story, _), ..] if found.more => bail!(
                "`{}` names several transactions: name one by its id, the newest is {}",
                args.key,
                story.tx
            ),
            [(story, _), ..] => return Ok(story.tx),
        }
    }
    bail!(
        "`{}` names no transaction of {}",
        args.key,
        args.journal.folder().display()
    )
}
