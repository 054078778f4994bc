//! `isogate lab`: terminals, gateway and acquirer in one process, nothing to configure.

use super::past;
use super::peer::yuan;
use super::ports::ListeningPorts;
use super::{Exit, Lang, ZoneArgs, peer};
use crate::engine::evidence::PayoutIs;
use crate::engine::seam::Zone;
use crate::engine::trace::{Query, Unconfirmed, View, Which};
use crate::io::admin::{Admin, Views};
use crate::io::config::{AdminConfig, is_loopback};
use crate::io::drive::{
    LAB_DRAIN, Lab, LabOptions, LabProgress, LabReport, OfficeReport, USUAL_FAULTS,
};
use crate::io::journal::JournalReader;
use crate::io::look::FoundStories;
use crate::io::telemetry::log;
use crate::iso::spec::Spec;
use crate::lab::fault::{Armed, Span};
use crate::lab::office::Profile;
use anyhow::{Context, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Run the whole lab: simulated terminals, the gateway and a mock acquirer; exit code 1 if the
/// books do not balance, or something is open but reversals that were closed without proof (U9)
#[derive(Args, Debug)]
pub(crate) struct LabArgs {
    /// How long is traded, such as 10s or 2m; a bare number is seconds
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = seconds)]
    duration: Duration,
    /// A trade by its name, with its dialect, kinds, cards, merchants and back office: lakala,
    /// lakala-qr, icbc, zhifutong, unionpay-returns, or a TOML file
    #[arg(long, value_name = "NAME|FILE")]
    profile: Option<String>,
    /// The dialect of the terminals [default: the profile's, else cup-pos]
    #[arg(long)]
    spec: Option<String>,
    /// The dialect of the acquirer [default: the terminals']
    #[arg(long, value_name = "SPEC")]
    host_spec: Option<String>,
    /// The gateway gives trace numbers of its own
    #[arg(long)]
    rewrite_stan: bool,
    /// How many terminals
    #[arg(long, default_value = "50")]
    terminals: usize,
    /// Time between two transactions of a terminal, such as 100ms..500ms
    #[arg(long, value_name = "TIME", default_value = "50ms..400ms")]
    think: Span,
    /// What goes wrong, such as F01:p=0.02; several times for several. Instead of the usual ones
    #[arg(long, value_name = "FAULT")]
    fault: Vec<Armed>,
    /// Nothing goes wrong
    #[arg(long, conflicts_with = "fault")]
    no_faults: bool,
    /// Where all chance comes from [default: chance]
    #[arg(long)]
    seed: Option<u64>,
    /// The journal's folder, made new [default: lab-TIME]
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Address of the dashboard, the HTTP API and metrics [default: 127.0.0.1:8583, or any free
    /// port if that is taken]
    #[arg(long, value_name = "HOST:PORT")]
    admin: Option<String>,
    /// Write the addresses that were chosen to FILE, as JSON
    #[arg(long, value_name = "FILE")]
    ports: Option<PathBuf>,
    /// Print progress and the end as one JSON object a line
    #[arg(long)]
    json: bool,
    /// What is logged: error, warn, info, debug or a filter by module
    #[arg(long, value_name = "LEVEL", default_value = "error")]
    log_level: String,
    #[command(flatten)]
    zone: ZoneArgs,
}

/// A time as everywhere, or a bare number of seconds.
fn seconds(text: &str) -> Result<Duration, &'static str> {
    match text.parse() {
        Ok(seconds) => Ok(Duration::from_secs(seconds)),
        Err(_not_bare) => peer::time(text),
    }
}

/// Where the dashboard is looked for.
const USUAL_ADMIN: &str = "127.0.0.1:8583";

/// Listens where it was told, else at the usual address, or anywhere if that is taken.
fn start_admin(address: Option<&str>, views: Views) -> anyhow::Result<Admin> {
    let at = |address: &str| AdminConfig {
        address: address.to_owned(),
        tls: None,
        tokens: Vec::new(),
    };
    if let Some(address) = address {
        if !is_loopback(address) {
            bail!(
                "--admin {address} would be open to other machines, and a lab knows no tokens: \
                 give an address of this machine, or tunnel to it"
            );
        }
        return Admin::start(&at(address), views)
            .with_context(|| format!("cannot listen on {address} (--admin)"));
    }
    let taken = |_taken| Admin::start(&at("127.0.0.1:0"), views.clone());
    Admin::start(&at(USUAL_ADMIN), views.clone())
        .or_else(taken)
        .context("cannot listen for the dashboard (--admin)")
}

/// How long the healed lab may take to come to rest.
const REST: Duration = Duration::from_secs(10);

/// Runs it.
pub(crate) fn run(args: &LabArgs, lang: Lang, out: &mut dyn Write) -> anyhow::Result<Exit> {
    log::start(
        log::LineFormat::Human,
        Some(&args.log_level),
        args.zone.it.clone(),
    )?;
    let options = options(args)?;
    let (seed, folder) = (options.seed, options.folder.clone());
    let spec = Arc::clone(&options.spec);
    let lab = Lab::start(options)?;
    let views = Views::of_lab(lab.gateway(), lab.desk())?;
    let admin = start_admin(args.admin.as_deref(), views)?;
    let ports = ListeningPorts {
        listeners: super::serve::listeners(lab.gateway()),
        host: Some(lab.host()),
        admin: Some(admin.address()),
    };
    ports.write(args.ports.as_deref())?;
    if !args.json {
        let named = Introduction {
            seed,
            folder: &folder,
            spec: spec.name(),
        };
        introduce(args, &named, (&lab, &admin, lang), out)?;
    }
    let stopped = on_interrupt()?;
    trade(args, &lab, (&stopped, lang), out)?;
    if stopped.load(Ordering::Relaxed) {
        writeln!(std::io::stderr(), "{}", stopping(&lab.progress(), lang))?;
    }
    lab.heal();
    let healed = Instant::now();
    let mut looks_at_rest = 0;
    while looks_at_rest < 2 && healed.elapsed() < REST {
        std::thread::sleep(Duration::from_millis(50));
        looks_at_rest = if lab.is_at_rest() {
            looks_at_rest + 1
        } else {
            0
        };
    }
    let report = lab.finish()?;
    let reader = JournalReader::open(&folder, None)?;
    let query = Query {
        which: Some(Which::Open),
        ..Query::default()
    };
    let open = past::find(&reader, &query, None)?;
    if args.json {
        print_json(seed, &report, &open, &args.zone.it, out)?;
    } else {
        print(&folder, &report, &open, (lang, &args.zone.it), out)?;
    }
    if !args.fault.is_empty() {
        // The usual ones are rare; one that was asked for is missed.
        peer::warn_of_unstruck(&report.struck, lang);
    }
    // That the books balance proves what a closed reversal alone does not.
    let mut classes = open.all.iter().map(|(_, verdict)| verdict.class);
    let proven = classes.all(|class| class == Some(Unconfirmed::ReversalUnproven));
    let fine = report.is_balanced() && proven && report.transactions > 0 && report.is_explained();
    Ok(if fine { Exit::Done } else { Exit::Found })
}

fn options(args: &LabArgs) -> anyhow::Result<LabOptions> {
    let profile = args.profile.as_deref().map(profile).transpose()?;
    let spec = match (&args.spec, &profile) {
        (Some(name), _) => dialect(name, "--spec")?,
        (None, Some(profile)) => dialect(&profile.spec, "--profile")?,
        (None, None) => dialect("cup-pos", "--spec")?,
    };
    let host_spec = match &args.host_spec {
        Some(name) => dialect(name, "--host-spec")?,
        None => Arc::clone(&spec),
    };
    if args.terminals == 0 || args.terminals > 9999 {
        bail!("--terminals takes 1 to 9999");
    }
    let mut faults: Vec<Armed> = if args.no_faults {
        Vec::new()
    } else if args.fault.is_empty() {
        USUAL_FAULTS
            .iter()
            .map(|fault| fault.parse())
            .collect::<Result<_, _>>()?
    } else {
        args.fault.clone()
    };
    let own = profile.iter().filter(|_| !args.no_faults);
    for fault in own.flat_map(|profile| &profile.faults) {
        faults.push(
            fault
                .parse()
                .with_context(|| format!("--profile: fault {fault}"))?,
        );
    }
    let spoken = [Arc::clone(&spec), Arc::clone(&host_spec)];
    for armed in &faults {
        armed
            .fits_one(&spoken)
            .with_context(|| format!("--fault {armed}"))?;
    }
    let folder = args.folder.clone().unwrap_or_else(folder);
    if folder.exists() {
        bail!(
            "{} is there already (--folder): name a new folder",
            folder.display()
        );
    }
    Ok(LabOptions {
        seed: args.seed.map_or_else(super::serve::chance, Ok)?,
        spec,
        host_spec,
        rewrite_stan: args.rewrite_stan,
        terminals: args.terminals,
        think: args.think,
        faults,
        profile,
        folder,
    })
}

/// A profile by its name, or from a file.
fn profile(name: &str) -> anyhow::Result<Profile> {
    let path = Path::new(name);
    if path.extension().is_some_and(|end| end == "toml") {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {name} (--profile)"))?;
        return Profile::read(&text).with_context(|| format!("{name} (--profile)"));
    }
    Profile::builtin(name).context("--profile")
}

fn dialect(name: &str, flag: &str) -> anyhow::Result<Arc<Spec>> {
    Spec::builtin(name).with_context(|| {
        let known = Spec::builtin_names().join(", ");
        format!("no dialect is called {name} ({flag}); there are {known}")
    })
}

/// `lab-20261122-101112`
fn folder() -> PathBuf {
    let now = jiff::Zoned::now();
    PathBuf::from(now.strftime("lab-%Y%m%d-%H%M%S").to_string())
}

/// What a lab says of itself before it begins.
struct Introduction<'a> {
    seed: u64,
    folder: &'a Path,
    spec: &'a str,
}

fn introduce(
    args: &LabArgs,
    &Introduction { seed, folder, spec }: &Introduction<'_>,
    (lab, admin, lang): (&Lab, &Admin, Lang),
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let gateway = lab
        .gateway()
        .ports()
        .first()
        .map(|port| port.address.to_string());
    let (place, terminals, host) = (folder.display(), args.terminals, lab.host());
    let (gateway, admin) = (gateway.unwrap_or_default(), admin.address());
    let bins = lab.bins().join(", ");
    let specs = match &args.host_spec {
        Some(host) => format!("{spec} > {host}"),
        None => spec.to_owned(),
    };
    match lang {
        Lang::En => write!(
            out,
            "seed      {seed}\njournal   {place}/ (keys in {place}.keys/)\n\
             wire      {terminals} terminals > gateway {gateway} > acquirer {host}, {specs}\n\
             cards     numbers begin with {bins}\n\
             dashboard http://{admin}/\n"
        )?,
        Lang::Zh => write!(
            out,
            "种子      {seed}\n流水      {place}/ (密钥在 {place}.keys/)\n\
             链路      {terminals} 台终端 > 网关 {gateway} > 收单机构 {host}, {specs}\n\
             卡号      卡号以 {bins} 开头\n\
             控制台    http://{admin}/\n"
        )?,
    }
    out.flush()
}

/// Lets them trade, showing how it goes, until the time is over or somebody interrupts.
fn trade(
    args: &LabArgs,
    lab: &Lab,
    (stopped, lang): (&AtomicBool, Lang),
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let bar = bar(args);
    let began = Instant::now();
    let mut told = Duration::ZERO;
    while began.elapsed() < args.duration && !stopped.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_millis(200));
        if began.elapsed() - told < Duration::from_secs(1) {
            continue;
        }
        told = began.elapsed();
        let now = lab.progress();
        bar.set_position(told.as_secs());
        bar.set_message(moment(&now, lang));
        if args.json {
            print_progress(told, &now, out)?;
        }
    }
    bar.finish_and_clear();
    Ok(())
}

/// What is waited for at the end: the slowest reversal, and the count of all that was traded.
fn stopping(now: &LabProgress, lang: Lang) -> String {
    let (all, in_flight, reversals) = (now.transactions, now.in_flight, now.reversals);
    let most = (REST + LAB_DRAIN).as_secs();
    match lang {
        Lang::En => format!(
            "stopping: {in_flight} requests and {reversals} reversals are under way and waited \
             for, {most} s at most; then the books of {all} transactions are counted; Ctrl-C again \
             ends it at once"
        ),
        Lang::Zh => format!(
            "正在停止: 等待在途交易{in_flight}笔、冲正{reversals}笔, 最多{most}秒, 然后核对{all}笔交易的\
             三方账; 再按Ctrl-C立即结束"
        ),
    }
}

fn bar(args: &LabArgs) -> ProgressBar {
    let shown = !args.json && std::io::stderr().is_terminal();
    let target = if shown {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let bar = ProgressBar::with_draw_target(Some(args.duration.as_secs()), target);
    let style = ProgressStyle::with_template("{bar:24} {pos:>3}/{len} s  {msg}");
    style.map_or_else(
        |_unknown| bar.clone(),
        |style| bar.clone().with_style(style),
    )
}

fn moment(now: &LabProgress, lang: Lang) -> String {
    let (all, in_flight, faults) = (now.transactions, now.in_flight, now.faults);
    let (seen, under_way) = (now.reversals_seen, now.reversals);
    match lang {
        Lang::En => format!(
            "{all} transactions, {in_flight} in flight, {seen} reversals seen, {under_way} under \
             way, {faults} faults"
        ),
        Lang::Zh => {
            format!("交易{all}笔, 在途{in_flight}, 冲正{seen}, 处理中{under_way}, 故障{faults}")
        }
    }
}

fn print_progress(at: Duration, now: &LabProgress, out: &mut dyn Write) -> std::io::Result<()> {
    let line = json!({
        "at": at.as_secs(),
        "transactions": now.transactions,
        "in_flight": now.in_flight,
        "reversals": { "seen": now.reversals_seen, "under_way": now.reversals },
        "faults": now.faults,
    });
    writeln!(out, "{line}")?;
    out.flush()
}

fn print_json(
    seed: u64,
    report: &LabReport,
    open: &FoundStories,
    zone: &Zone,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let views = open
        .all
        .iter()
        .map(|(story, verdict)| View::of(story, verdict, zone));
    let line = json!({
        "seed": seed,
        "transactions": report.transactions,
        "reversals": { "sent": report.reversed, "answered": report.answered },
        "books": {
            "terminal": report.terminal,
            "gateway": report.gateway,
            "acquirer": report.acquirer,
        },
        "balanced": report.is_balanced(),
        "faults": report.faults,
        "office": report.office.as_ref().map(office_json),
        "struck": peer::struck_json(&report.struck),
        "unsure": report.unsure,
        "open": views.collect::<Vec<_>>(),
    });
    Ok(writeln!(out, "{line}")?)
}

fn print(
    folder: &Path,
    report: &LabReport,
    open: &FoundStories,
    (lang, zone): (Lang, &Zone),
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let (all, faults) = (report.transactions, report.faults);
    let (reversed, answered) = (report.reversed, report.answered);
    match lang {
        Lang::En => writeln!(
            out,
            "\n{all} transactions, {faults} faults, {reversed} reversed, \
             {answered} of them answered"
        )?,
        Lang::Zh => writeln!(
            out,
            "\n交易{all}笔, 故障{faults}次, 冲正{reversed}笔, 其中已应答{answered}笔"
        )?,
    }
    peer::tell_struck(&report.struck, lang, out)?;
    let balance = match (report.is_balanced(), report.transactions, lang) {
        (true, 0, Lang::En) => {
            "NOTHING WAS TRADED: `isogate tail --all --once` shows what happened"
        }
        (true, 0, Lang::Zh) => "没有任何交易: 请用`isogate tail --all --once`查看原因",
        (true, _, Lang::En) => "balanced: the three books hold the same",
        (true, _, Lang::Zh) => "账平: 三方账一致",
        (false, _, Lang::En) => "NOT BALANCED",
        (false, _, Lang::Zh) => "账不平",
    };
    let books = [
        ("terminals", "终端", report.terminal),
        ("gateway", "网关", report.gateway),
        ("acquirer", "收单机构", report.acquirer),
    ];
    for (en, zh, sum) in books {
        // A Chinese character is as wide as two others.
        let (name, width) = match lang {
            Lang::En => (en, 10),
            Lang::Zh => (zh, 10 - zh.chars().count()),
        };
        writeln!(out, "  {name:<width$} {:>16}", yuan(sum))?;
    }
    writeln!(out, "{balance}")?;
    if let Some(office) = &report.office {
        print_office(office, lang, out)?;
    }
    if open.all.is_empty() {
        writeln!(out, "{}", past::nothing_open(lang))?;
    } else {
        past::print_table(open, past::look(lang, zone), out)?;
    }
    let place = folder.display();
    let closer = match lang {
        Lang::En => "look closer",
        Lang::Zh => "进一步查看",
    };
    writeln!(
        out,
        "\n{closer}: isogate trace --journal {place} --state REVERSED --limit 5; \
         isogate explain KEY --journal {place}"
    )?;
    Ok(())
}

fn office_json(office: &OfficeReport) -> serde_json::Value {
    let payouts = office.payouts.iter();
    let payouts: serde_json::Map<_, _> = payouts
        .map(|(is, count)| (is.name().to_owned(), json!(count)))
        .collect();
    json!({
        "until": office.until.to_string(),
        "payouts": payouts,
        "credited": office.credited,
        "owed": office.owed,
        "unexplained": office.unexplained,
        "files": office.files.display().to_string(),
    })
}

/// What the back office makes of it in the days that follow.
fn print_office(office: &OfficeReport, lang: Lang, out: &mut dyn Write) -> std::io::Result<()> {
    let of = |is| office.payouts.get(&is).copied().unwrap_or(0);
    let [paid, held, returned] = [PayoutIs::Paid, PayoutIs::Held, PayoutIs::Returned].map(of);
    let waiting = of(PayoutIs::Waiting) + of(PayoutIs::Asked);
    let (until, files) = (office.until, office.files.display());
    let (credited, owed) = (yuan(office.credited), yuan(office.owed));
    match lang {
        Lang::En => writeln!(
            out,
            "back office until {until}: {paid} pay-outs paid, {held} held, {returned} returned, \
             {waiting} waiting; credited {credited}, still owed {owed}; files in {files}/"
        )?,
        Lang::Zh => writeln!(
            out,
            "收单后台截至{until}: 结算款已划付{paid}笔, 暂缓{held}笔, 退汇{returned}笔, \
             待划付{waiting}笔; 已入账{credited}, 未结算{owed}; 文件在 {files}/"
        )?,
    }
    match (&office.unexplained, lang) {
        (None, _) => Ok(()),
        (Some(wrong), Lang::En) => writeln!(out, "BACK OFFICE NOT BALANCED: {wrong}"),
        (Some(wrong), Lang::Zh) => writeln!(out, "收单后台账不平: {wrong}"),
    }
}

/// A flag that an interrupt sets; the second one ends the process at once, as it would have.
fn on_interrupt() -> anyhow::Result<Arc<AtomicBool>> {
    let flag = Arc::new(AtomicBool::new(false));
    let set = Arc::clone(&flag);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            runtime.block_on(async {
                while tokio::signal::ctrl_c().await.is_ok() {
                    if set.swap(true, Ordering::Relaxed) {
                        std::process::exit(130);
                    }
                }
            });
        })?;
    Ok(flag)
}
