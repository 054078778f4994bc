//! The configuration in effect: every key with its value, and what each dialect makes of messages.
//! All of it reads as a configuration file; what is not of the file stands in comments.

use super::table;
use crate::io::config::Config;
use crate::iso::message::FieldPath;
use crate::iso::spec::{Codes, Spec};
use std::io::{self, Write};
use std::sync::Arc;

/// Prints it.
pub(super) fn print(config: &Config, out: &mut dyn Write) -> io::Result<()> {
    for warning in &config.warnings {
        writeln!(out, "# warning: {warning}")?;
    }
    out.write_all(config.settled.as_bytes())?;
    let listeners = config.options.listeners.iter().map(|end| &end.spec);
    let links = config.options.links.iter().map(|end| &end.spec);
    let mut told: Vec<&Arc<Spec>> = Vec::new();
    for spec in listeners.chain(links) {
        if !told.iter().any(|other| Arc::ptr_eq(other, spec)) {
            told.push(spec);
            dialect(spec, out)?;
        }
    }
    Ok(())
}

fn dialect(spec: &Spec, out: &mut dyn Write) -> io::Result<()> {
    let flow = spec.flow();
    writeln!(out, "\n# dialect {}: {}", spec.name(), spec.title().en)?;
    writeln!(
        out,
        "# a transaction is named by fields {}",
        paths(&flow.identity)
    )?;
    writeln!(
        out,
        "# an answer finds its request by fields {}",
        paths(&flow.match_key)
    )?;
    writeln!(out, "# kinds, the first that fits:")?;
    let kinds = flow.kinds.iter().map(|kind| {
        let when = kind
            .when
            .iter()
            .map(|(path, value)| format!("{path}={value}"));
        let reverses = match kind.reverses {
            true => "reversed when its outcome is unknown",
            false => "",
        };
        [
            kind.mti.to_string(),
            when.collect::<Vec<_>>().join(" "),
            kind.name.to_string(),
            reverses.to_owned(),
        ]
    });
    in_comments(kinds, out)?;
    writeln!(
        out,
        "# response codes of answers to requests; any other leaves the outcome unknown:"
    )?;
    in_comments(codes_of_requests(&flow.codes), out)?;
    if flow.reversal.is_some() {
        writeln!(
            out,
            "# response codes of answers to reversals; any other keeps them due:"
        )?;
        in_comments(codes_of_reversals(&flow.codes), out)?;
    }
    Ok(())
}

/// A table that a reader of the file passes over.
fn in_comments<const N: usize>(
    rows: impl Iterator<Item = [String; N]>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut lines = Vec::new();
    table::print(rows, &mut lines)?;
    for line in String::from_utf8_lossy(&lines).lines() {
        writeln!(out, "#  {line}")?;
    }
    Ok(())
}

fn codes_of_requests(codes: &Codes) -> impl Iterator<Item = [String; 2]> {
    [
        row("approved", codes.approved.iter().map(|code| &**code)),
        row("approved in part", codes.in_part.iter().map(|code| &**code)),
        row("declined", codes.declined.names()),
        row("outcome unknown", codes.unknown.names()),
    ]
    .into_iter()
}

fn codes_of_reversals(codes: &Codes) -> impl Iterator<Item = [String; 2]> {
    [
        row(
            "accepted",
            codes.reversal_accepted.iter().map(|code| &**code),
        ),
        row(
            "closed, not proven",
            codes.reversal_unproven.iter().map(|code| &**code),
        ),
        row(
            "refused for good",
            codes.reversal_refused.iter().map(|code| &**code),
        ),
        row("not now", codes.reversal_later.iter().map(|code| &**code)),
    ]
    .into_iter()
}

fn row<'a>(name: &str, codes: impl Iterator<Item = &'a str>) -> [String; 2] {
    let codes: Vec<&str> = codes.collect();
    [name.to_owned(), codes.join(" ")]
}

fn paths(all: &[FieldPath]) -> String {
    let all: Vec<String> = all.iter().map(ToString::to_string).collect();
    all.join(" ")
}
