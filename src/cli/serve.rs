//! `isogate serve`: the gateway alone.

use super::ports::ListeningPorts;
use super::{Exit, Lang, effect};
use crate::engine::seam::Zone;
use crate::io::admin::{Admin, Views};
use crate::io::config::Config;
use crate::io::faults::FaultDesk;
use crate::io::serve::{Handle, Server, signals};
use crate::io::system::{self, steps};
use crate::io::telemetry::log;
use crate::lab::fault::Armed;
use anyhow::Context;
use clap::{Args, ValueEnum};
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Run the gateway alone
#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// The configuration
    #[arg(short, long, value_name = "FILE", default_value = "gateway.toml")]
    config: PathBuf,
    /// Check the configuration and start nothing
    #[arg(long)]
    check: bool,
    /// With --check: print the configuration in effect, every key with its value, and of each
    /// dialect what the gateway goes by: kinds, codes, and fields that name a transaction
    #[arg(long, requires = "check")]
    show: bool,
    /// Write the addresses that were chosen to FILE, as JSON
    #[arg(long, value_name = "FILE")]
    ports: Option<PathBuf>,
    /// Where jitter and ids come from [default: chance]
    #[arg(long)]
    seed: Option<u64>,
    #[command(flatten)]
    log: LogArgs,
}

/// How a command that runs for long logs.
#[derive(Debug, Args)]
pub(super) struct LogArgs {
    /// What a line of the log looks like
    #[arg(long, value_enum, default_value = "human")]
    log_format: LogFormat,
    /// error, warn, info, debug, trace, or a filter by module [default: RUST_LOG, or info]
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LogFormat {
    /// Lines for people
    Human,
    /// One JSON object a line
    Json,
}

impl LogArgs {
    /// Starts the log, at the level of the configuration where the command line says none.
    pub(super) fn start(&self, configured: Option<&str>, zone: &Zone) -> Result<(), log::LogError> {
        let format = match self.log_format {
            LogFormat::Human => log::LineFormat::Human,
            LogFormat::Json => log::LineFormat::Json,
        };
        log::start(
            format,
            self.log_level.as_deref().or(configured),
            zone.clone(),
        )
    }
}

/// Who switches on the faults of the configuration.
const FROM_FILE: &str = "configuration";

pub(super) fn run(args: &ServeArgs, lang: Lang, out: &mut dyn Write) -> anyhow::Result<Exit> {
    system::small_pages();
    let config = Config::load(&args.config)?;
    if args.check {
        return check(args, &config, lang, out);
    }
    args.log.start(config.log, &config.options.zone)?;
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    let seed = args.seed.map_or_else(chance, Ok)?;
    let admin = config.admin.clone();
    let faults = config.faults.clone();
    let gateway = Server::start(config, seed)?;
    let desk = FaultDesk::new(vec![gateway.fault_place()], &faults, FROM_FILE);
    let views = Views::of(&gateway, desk.clone())?;
    let admin = match &admin {
        Some(admin) => {
            let started = Admin::start(admin, views);
            let what = || format!("cannot listen on {} ([admin] address)", admin.address);
            Some(started.with_context(what)?)
        }
        None => None,
    };
    let admin_address = admin.as_ref().map(Admin::address);
    let ports = ListeningPorts {
        listeners: listeners(&gateway),
        admin: admin_address,
        host: None,
    };
    ports.announce(lang, out)?;
    ports.write(args.ports.as_deref())?;
    steps::ready();
    signals::run_until_told(gateway, |gateway| {
        reload(args, gateway, (admin.as_ref(), &desk))
    })?;
    Ok(Exit::Done)
}

/// Takes over what may change of the file; a file that is wrong changes nothing.
fn reload(
    args: &ServeArgs,
    gateway: &Handle,
    (admin, desk): (Option<&Admin>, &FaultDesk),
) -> Result<(), String> {
    let config = Config::load(&args.config).map_err(|error| error.to_string())?;
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    if let (None, Some(level)) = (&args.log.log_level, config.log)
        && let Err(error) = log::change(level)
    {
        tracing::error!("{error}");
    }
    if let (Some(admin), Some(new)) = (admin, &config.admin) {
        admin.reload(new);
    }
    follow(desk, &config.faults);
    gateway.reload(config);
    Ok(())
}

/// Has those faults on that the file names; on a thread of its own, since the desk waits.
fn follow(desk: &FaultDesk, faults: &[Armed]) {
    let followed = std::thread::scope(|scope| {
        let following = scope.spawn(|| desk.follow(faults, FROM_FILE));
        following.join()
    });
    if let Ok(Err(error)) = followed {
        tracing::error!("{error}");
    }
}

fn check(
    args: &ServeArgs,
    config: &Config,
    lang: Lang,
    out: &mut dyn Write,
) -> anyhow::Result<Exit> {
    if args.show {
        effect::print(config, out)?;
        return Ok(Exit::Done);
    }
    let (file, options) = (&args.config, &config.options);
    let listeners = options.listeners.len();
    let (links, routes) = (options.links.len(), options.routes.len());
    for warning in &config.warnings {
        let label = match lang {
            Lang::En => "warning",
            Lang::Zh => "警告",
        };
        writeln!(out, "{label}: {warning}")?;
    }
    writeln!(
        out,
        "{}: {}",
        file.display(),
        match lang {
            Lang::En => format!("fine; listeners {listeners}, links {links}, routes {routes}"),
            Lang::Zh => format!("无误; 接入点 {listeners}, 上游链路 {links}, 路由 {routes}"),
        }
    )?;
    Ok(Exit::Done)
}

/// A seed from the operating system.
pub(super) fn chance() -> anyhow::Result<u64> {
    getrandom::u64().context("the operating system gives no chance")
}

/// Where terminals come in.
pub(super) fn listeners(gateway: &Handle) -> Vec<(String, SocketAddr)> {
    let ports = gateway.ports().iter();
    ports.map(|at| (at.name.clone(), at.address)).collect()
}
