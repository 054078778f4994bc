//! `isogate reverse`, `isogate park` and `isogate close`: what an operator wants, told to the
//! running gateway.

use super::journal::FolderArgs;
use super::{Exit, past};
use crate::engine::gateway::Act;
use crate::engine::record::TxId;
use crate::engine::trace::Query;
use anyhow::{Context, bail};
use clap::Args;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// How long the gateway may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

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
    /// The admin address of the gateway
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8583")]
    admin: String,
    #[command(flatten)]
    journal: FolderArgs,
}

/// Tells the gateway; `Found` (1) if it cannot do it.
pub(crate) fn run(args: &WishArgs, act: Act, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let user = || {
        ["USER", "USERNAME"]
            .iter()
            .find_map(|name| std::env::var(name).ok())
    };
    let Some(who) = args.who.clone().or_else(user) else {
        bail!("who wants it? say it with --who NAME");
    };
    let tx = match args.key.parse::<TxId>() {
        Ok(tx) => tx,
        Err(_other_key) => named(args)?,
    };
    let body = json!({ "who": who, "why": args.why }).to_string();
    let path = format!("/transactions/{tx}/{}", act.name());
    let told = || format!("the gateway's admin address {} (--admin)", args.admin);
    let (code, document) = post(&args.admin, &path, &body).with_context(told)?;
    let text = |key: &str| document[key].as_str().unwrap_or_default();
    if code == 200 {
        writeln!(out, "{tx}: {} -> {}", text("was"), text("is"))?;
        return Ok(Exit::Done);
    }
    let _closed = writeln!(std::io::stderr(), "isogate: {tx}: {}", text("error"));
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

/// The status and the document that an administrator's request is answered with.
fn post(address: &str, path: &str, body: &str) -> anyhow::Result<(u16, Value)> {
    let mut socket = TcpStream::connect(address)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    let length = body.len();
    write!(
        socket,
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer)?;
    let code = answer.split(' ').nth(1).and_then(|code| code.parse().ok());
    let document = answer.split_once("\r\n\r\n").map(|(_, body)| body);
    let document = document.and_then(|body| serde_json::from_str(body).ok());
    code.zip(document)
        .context("no answer that is understood; under TLS, use a client that speaks it")
}
