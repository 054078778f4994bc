//! `isogate capture FILE --journal DIR`: captured traffic as a journal.

use super::super::{Exit, input, peer};
use super::{CaptureArgs, masters, options};
use crate::engine::observe::ObserveCounts;
use crate::io::capture::{FoldOptions, FoldReport, fold_into};
use clap::Args;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How a capture becomes a journal.
#[derive(Args, Debug)]
pub(super) struct FoldArgs {
    /// Fold the capture into a new journal, for trace, open and explain
    #[arg(long, value_name = "DIR")]
    pub(super) journal: Option<PathBuf>,
    /// Where a gateway listens for terminals [default: found out by the requests it sends on]
    #[arg(
        long = "terminal-port",
        value_name = "PORT",
        value_delimiter = ',',
        requires = "journal"
    )]
    terminal_ports: Vec<u16>,
    /// Where a host listens for that gateway
    #[arg(
        long = "host-port",
        value_name = "PORT",
        value_delimiter = ',',
        requires = "journal"
    )]
    host_ports: Vec<u16>,
    /// The host's dialect, where that gateway translates [default: that of the terminals]
    #[arg(long, value_name = "NAME|FILE", requires = "journal")]
    host_spec: Option<String>,
    /// How long an answer is waited for; what was silent for so long had none
    #[arg(long, value_name = "TIME", default_value = "45s", value_parser = peer::time)]
    timeout: Duration,
}

/// Folds, and tells what was found.
pub(super) fn run(args: &CaptureArgs, journal: &Path, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let own = &args.fold;
    let host_spec = own.host_spec.as_deref().map(input::spec).transpose()?;
    let options = FoldOptions {
        capture: options(args)?,
        host_spec,
        journal: journal.to_owned(),
        terminal_ports: own.terminal_ports.clone(),
        host_ports: own.host_ports.clone(),
        timeout: own.timeout,
        masters: masters(args)?,
    };
    let verified = options.masters.is_some();
    let report = fold_into(&args.file, &options)?;
    if args.json {
        writeln!(out, "{}", document(&report, journal, verified))?;
    } else {
        print(&report, journal, verified, out)?;
    }
    Ok(match report.stopped {
        Some(_) => Exit::Failed,
        None => Exit::Done,
    })
}

/// The same as [`print()`], for programs.
fn document(report: &FoldReport, journal: &Path, verified: bool) -> Value {
    let counts = &report.counts;
    let servers = report.legs.servers.iter();
    let servers = servers.map(|(server, role)| (server.to_string(), role.name()));
    let ports = report.legs.ports.iter();
    let ports = ports.map(|(port, role)| (format!("port {port}"), role.name()));
    json!({
        "spec": report.dialect.spec.name(),
        "legs": servers.chain(ports).collect::<BTreeMap<_, _>>(),
        "frames": counts.frames,
        "transactions": counts.transactions,
        "gaps": counts.gaps,
        "midway": counts.midway,
        "without_request": counts.unmatched,
        "unreadable": counts.unreadable.saturating_add(report.tally.unreadable),
        "macs": verified.then(|| json!({
            "right": counts.right_macs,
            "wrong": counts.wrong_macs,
            "unverified": counts.unverified_macs,
        })),
        "cut_short": report.tally.cut_short,
        "stopped": report.stopped,
        "journal": journal.display().to_string(),
        "keys": report.keys.display().to_string(),
    })
}

fn print(
    report: &FoldReport,
    journal: &Path,
    verified: bool,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let FoldReport {
        dialect,
        legs,
        counts,
        tally,
        keys,
        stopped,
    } = report;
    let spec = dialect.spec.name();
    match dialect.sound {
        Some(sound) => writeln!(
            out,
            "dialect      {spec}, found: {sound} of the first {} frames read without fault",
            dialect.tried
        )?,
        None => writeln!(out, "dialect      {spec}")?,
    }
    for (server, role) in &legs.servers {
        writeln!(out, "{:<12} {server}", role.name())?;
    }
    for (port, role) in &legs.ports {
        writeln!(out, "{:<12} port {port}, as told", role.name())?;
    }
    writeln!(
        out,
        "seen         {} frames, {} transactions",
        counts.frames, counts.transactions
    )?;
    writeln!(
        out,
        "not seen     {} gaps, {} connections that had begun before, {} messages without their \
         request, {} unreadable",
        counts.gaps,
        counts.midway,
        counts.unmatched,
        counts.unreadable.saturating_add(tally.unreadable)
    )?;
    print_macs(counts, verified, out)?;
    writeln!(
        out,
        "journal      {}/ (keys in {})",
        journal.display(),
        keys.display()
    )?;
    if let Some(stopped) = stopped {
        writeln!(
            out,
            "stopped      {stopped}; what came before is in the journal"
        )?;
    }
    if tally.cut_short {
        writeln!(out, "cut short    the file ends within a packet")?;
    }
    Ok(())
}

fn print_macs(counts: &ObserveCounts, verified: bool, out: &mut dyn Write) -> std::io::Result<()> {
    if verified {
        writeln!(
            out,
            "MACs         {} right, {} wrong, {} not verified",
            counts.right_macs, counts.wrong_macs, counts.unverified_macs
        )
    } else {
        writeln!(
            out,
            "MACs         not verified: without --keys no key is known"
        )
    }
}
