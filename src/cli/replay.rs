//! `isogate replay`: captured traffic against a live address, judged.

mod asked;
mod junit;
mod lines;
mod page;
mod record;
mod sum;
mod told;

use super::peer::{self, time};
use super::ports::ListeningPorts;
use super::term::stan_of;
use super::{Exit, Lang, ZoneArgs, input};
use crate::io::capture::{self, CaptureOptions, OpenedCapture};
use crate::io::drive::{AnswerHost, ReplayTold, play};
use crate::io::serve::Clock;
use crate::iso::compare::{CompareFile, CompareRules};
use crate::iso::message::{FieldPath, Secret};
use crate::lab::peer::Deck;
use crate::lab::replay::{
    AmountScale, Answerer, AnswererOptions, ReplayOptions, ReplayOrder, ReplayPace, Replayer,
};
use anyhow::{Context, bail, ensure};
use asked::{FreshArg, OrderArg, PaceArg, Renaming};
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use record::PassedCopy;
use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use sum::ReplaySum;

/// Play captured traffic against a live address, and judge its answers by the captured ones
///
/// The requests of the captured terminals are sent again, each once the answers that came before it
/// in the capture are there; what an answer brought (reference number, authorization code, working
/// keys) is taken from the new answer. Trace numbers, dates and times stay as captured unless
/// --fresh says otherwise. MACs and PIN blocks are made anew wherever a sign-on brings keys.
/// Exit code 1: something differs; 2: not all of it could be played.
#[derive(Args, Debug)]
pub(crate) struct ReplayArgs {
    /// pcap, pcapng or another capture, or - for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The system under test, where the captured terminals call
    #[arg(long, value_name = "HOST:PORT", required_unless_present = "listen")]
    to: Option<String>,
    /// Which side is played: the terminals, the acquirer behind the system under test, or both ends
    /// around it
    #[arg(long, value_enum, default_value = "terminals")]
    play: asked::PlayArg,
    /// Where the captured acquirer listens, for the system under test; port 0 for any free one
    #[arg(long, value_name = "HOST:PORT")]
    listen: Option<SocketAddr>,
    /// With --listen, only captured connections to this port are the acquirer's
    #[arg(long, value_name = "PORT")]
    acquirer_port: Option<u16>,
    /// Write the address that was chosen to FILE, as JSON
    #[arg(long, value_name = "FILE")]
    ports: Option<PathBuf>,
    /// The dialect: a built-in name or a TOML file [default: the one that reads most]
    #[arg(long, value_name = "NAME|FILE")]
    spec: Option<String>,
    /// Only captured connections to this port
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
    /// When requests are sent: as captured (real), ten times as fast (x10), or as soon as what they
    /// wait for is there (max)
    #[arg(long, default_value = "max")]
    pace: PaceArg,
    /// Requests a second, instead of a pace
    #[arg(long, value_name = "N", conflicts_with = "pace", value_parser = counted())]
    rate: Option<u32>,
    /// What a request waits for: all answers that the capture has before it, those of its own
    /// terminal, or those to all requests before it [default: captured, with --rate terminal]
    #[arg(long, value_enum)]
    order: Option<OrderArg>,
    /// How many connections are opened [default: as captured]
    #[arg(long, value_name = "N", value_parser = counted())]
    connections: Option<u32>,
    /// How long an answer is waited for; one that comes within the same time again is late
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = time)]
    timeout: Duration,
    /// Requests at most
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    #[command(flatten)]
    rewrite: RewriteArgs,
    #[command(flatten)]
    judge: JudgeArgs,
    #[command(flatten)]
    zone: ZoneArgs,
}

/// How requests are changed.
#[derive(Args, Debug)]
struct RewriteArgs {
    /// Made new: stan (DE 11), rrn (a DE 37 that no answer gave), time (dates and times), and
    /// wherever later messages repeat them
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_enum)]
    fresh: Vec<FreshArg>,
    /// Give a field another value in every request that has it, such as 49=156; several times for
    /// several
    #[arg(long, value_name = "FIELD=VALUE", value_parser = asked::change)]
    set: Vec<(FieldPath, String)>,
    /// Another name for a terminal (DE 41); several times for several
    #[arg(long, value_name = "OLD=NEW")]
    terminal: Vec<Renaming>,
    /// Another name for a merchant (DE 42); several times for several
    #[arg(long, value_name = "OLD=NEW")]
    merchant: Vec<Renaming>,
    /// The share of each amount that is sent
    #[arg(long, value_name = "SHARE", default_value = "100%")]
    amounts: AmountScale,
    /// MACs and PIN blocks: made anew with the keys of the sign-on, or as captured
    #[arg(long, value_enum, default_value = "auto")]
    mac: asked::MacArg,
    /// Master keys of the terminals at the system under test; without it they are derived from the
    /// seed
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// Those with which the capture was made [default: the same]
    #[arg(long, value_name = "FILE")]
    captured_keys: Option<PathBuf>,
    /// The PIN of every card of which none is known
    #[arg(long, value_name = "PIN", value_parser = asked::pin)]
    pin: Option<Secret>,
    /// Where keys come from that no file gives, and test cards in place of masked ones
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// How answers are judged, and where that is written.
#[derive(Args, Debug)]
struct JudgeArgs {
    /// How fields are compared, as TOML: `fields.37 = "new"`, `types.0210."63.2" = "free"`
    #[arg(long, value_name = "FILE")]
    compare: Option<PathBuf>,
    /// Play against the same system as was captured, and write what differs anyway to FILE, for
    /// --compare
    #[arg(long, value_name = "FILE")]
    learn: Option<PathBuf>,
    /// Write what goes to and fro this time to FILE, as pcapng, in clear: to be replayed in its
    /// turn, its answers held against those of another system; `isogate capture` masks it
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Requests that cannot be sent are no failure: exit code 0 if nothing that was sent differs
    #[arg(long)]
    allow_unsent: bool,
    /// Print one JSON object a request, and the sum in the last line
    #[arg(long)]
    json: bool,
    /// Write a JUnit report to FILE: a test for each kind of request
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Write a page to FILE, which needs nothing else to be shown
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// A number of 1 or more.
fn counted() -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(1..)
}

/// Plays, and tells what came of it.
pub(crate) fn run(args: &ReplayArgs, lang: Lang, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let compare = read_compare(args.judge.compare.as_deref())?;
    let capture = open(args)?;
    let to = asked::ends(args.play, args.to.as_deref(), args.listen)?;
    let name = args.file.display().to_string();
    let mut sum = ReplaySum::new(&capture.dialect.spec, &to, &name);
    let bar = bar(args);
    let zone = &args.zone.it;
    let path = args.judge.out.as_deref();
    let copy = path.map(|path| PassedCopy::begin(path, &args.file, &capture.dialect.spec));
    let mut copy = copy.transpose()?;
    let mut tell = |told: ReplayTold| {
        if let ReplayTold::Passed(passed) = &told {
            return copy.as_mut().map_or(Ok(()), |copy| copy.write(passed));
        }
        if args.judge.json
            && let ReplayTold::Exchange(one) = &told
        {
            writeln!(out, "{}", lines::exchange(one, zone))?;
        }
        sum.take(told);
        bar.inc(1);
        if bar.position().is_multiple_of(64) {
            bar.set_message(sum.brief(lang));
        }
        Ok(())
    };
    let ended = play_sides(args, capture, &compare, &mut tell);
    bar.finish_and_clear();
    let ended = ended.with_context(|| format!("replay of {name}"))?;
    copy.map_or(Ok(()), PassedCopy::finish)?;
    ensure!(
        sum.requests > 0 || !ended,
        "{name}: no connection of it holds a request of a terminal; see `isogate capture`, and \
         --port"
    );
    write_reports(args, &sum, lang)?;
    if args.judge.json {
        writeln!(out, "{}", lines::sum(&sum, ended))?;
    } else {
        told::print(&sum, ended, zone, lang, out)?;
    }
    if let Some(file) = &args.judge.learn {
        return learn(file, compare, &sum, lang);
    }
    let unsent = sum.skipped_in_all() > 0 && !args.judge.allow_unsent;
    Ok(match (ended, sum.differs(), sum.judged()) {
        (false, _, _) | (_, false, 0) => Exit::Failed,
        (true, true, _) => Exit::Found,
        // What was not sent was not compared either.
        (true, false, _) if unsent => Exit::Failed,
        (true, false, _) => Exit::Done,
    })
}

type Tell<'a> = &'a mut dyn FnMut(ReplayTold) -> std::io::Result<()>;

/// Plays the sides that are asked for; whether to the end.
fn play_sides(
    args: &ReplayArgs,
    mut capture: OpenedCapture,
    compare: &CompareFile,
    tell: Tell<'_>,
) -> anyhow::Result<bool> {
    let options = options(args, &capture, compare)?;
    let wire = peer::wire(&options.spec);
    let host = match args.listen.filter(|_| args.play.has_acquirer()) {
        Some(address) => Some(start_acquirer(args, address, &options)?),
        None => None,
    };
    let (Some(to), true) = (&args.to, args.play.has_terminals()) else {
        if let Some(host) = host {
            host.wait(tell)?;
        }
        return Ok(true);
    };
    if let Some(host) = &host {
        host.wait_for_call();
    }
    let replayer = Replayer::new(options);
    let mut both = |told: ReplayTold| {
        let others = host.iter().flat_map(AnswerHost::told);
        others.into_iter().try_for_each(&mut *tell)?;
        tell(told)
    };
    let ended = play(to, &wire, &mut *capture.reader, replayer, &mut both)?;
    if let Some(host) = host {
        host.stop(tell)?;
    }
    Ok(ended)
}

/// Starts the captured acquirer, and says where it listens.
fn start_acquirer(
    args: &ReplayArgs,
    address: SocketAddr,
    options: &ReplayOptions,
) -> anyhow::Result<AnswerHost> {
    let answerer = Answerer::new(AnswererOptions {
        spec: options.spec.clone(),
        rules: options.rules.clone(),
        port: args.acquirer_port,
        keys: options.captured_keys.clone(),
    });
    let file = args.file.clone();
    let capture_options = CaptureOptions {
        spec: Some(options.spec.clone()),
        server_port: args.acquirer_port,
        zone: args.zone.it.clone(),
    };
    let open = move || Ok(capture::open(&file, &capture_options)?.reader);
    let host = AnswerHost::start(address, peer::wire(&options.spec), answerer, open)
        .with_context(|| format!("cannot listen on {address} (--listen)"))?;
    if let Some(file) = &args.ports {
        let ports = ListeningPorts {
            listeners: vec![("acquirer".to_owned(), host.address())],
            host: Some(host.address()),
            admin: None,
        };
        ports.write(Some(file))?;
    }
    if !args.judge.json {
        let told = format!("the captured acquirer listens on {}", host.address());
        writeln!(std::io::stderr(), "{told}")?;
    }
    Ok(host)
}

fn open(args: &ReplayArgs) -> anyhow::Result<OpenedCapture> {
    let options = CaptureOptions {
        spec: args.spec.as_deref().map(input::spec).transpose()?,
        server_port: args.port,
        zone: args.zone.it.clone(),
    };
    capture::open(&args.file, &options).with_context(|| args.file.display().to_string())
}

fn read_compare(file: Option<&Path>) -> anyhow::Result<CompareFile> {
    let Some(file) = file else {
        return Ok(CompareFile::default());
    };
    let name = file.display().to_string();
    CompareFile::read(&input::text(&name)?).with_context(|| format!("{name} (--compare)"))
}

fn options(
    args: &ReplayArgs,
    capture: &OpenedCapture,
    compare: &CompareFile,
) -> anyhow::Result<ReplayOptions> {
    let rewrite = &args.rewrite;
    let seed = rewrite.seed;
    let spec = capture.dialect.spec.clone();
    let keys = peer::master_keys(rewrite.keys.as_deref(), seed)?;
    let captured_keys = match &rewrite.captured_keys {
        Some(file) => peer::master_keys(Some(file), seed)?,
        None => keys.clone(),
    };
    let by_rate = if args.rate.is_some() {
        ReplayOrder::Terminal
    } else {
        ReplayOrder::Captured
    };
    for (path, _) in &rewrite.set {
        if spec.field(path.field).is_none() {
            bail!("--set {path}: {} has no field {}", spec.name(), path.field);
        }
    }
    Ok(ReplayOptions {
        rules: CompareRules::new(spec.clone(), compare.clone()),
        spec,
        pace: args.rate.map_or(args.pace.it, ReplayPace::Rate),
        order: args.order.map_or(by_rate, ReplayOrder::from),
        connections: args.connections,
        timeout: args.timeout,
        limit: args.limit,
        port: args.port,
        fresh: asked::fresh(&rewrite.fresh),
        set: rewrite.set.clone(),
        terminals: rewrite.terminal.iter().map(Renaming::pair).collect(),
        merchants: rewrite.merchant.iter().map(Renaming::pair).collect(),
        amounts: rewrite.amounts,
        seals: rewrite.mac == asked::MacArg::Auto,
        keys,
        captured_keys,
        cards: Deck::new(seed, peer::CARDS),
        pin: rewrite.pin.clone(),
        first_stan: stan_of(Clock::new().now().wall).0,
        seed,
        zone: args.zone.it.clone(),
    })
}

fn bar(args: &ReplayArgs) -> ProgressBar {
    let shown = !args.judge.json && std::io::stderr().is_terminal();
    let target = if shown {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let bar = ProgressBar::with_draw_target(args.limit, target);
    let style = match args.limit {
        Some(_) => "{bar:24} {pos}/{len}  {per_sec}  {msg}",
        None => "{spinner} {pos} requests  {per_sec}  {msg}",
    };
    match ProgressStyle::with_template(style) {
        Ok(style) => bar.with_style(style),
        Err(_unknown) => bar,
    }
}

fn write_reports(args: &ReplayArgs, sum: &ReplaySum, lang: Lang) -> anyhow::Result<()> {
    let write = |file: &Path, text: String, option: &str| {
        std::fs::write(file, text)
            .with_context(|| format!("cannot write {} ({option})", file.display()))
    };
    if let Some(file) = &args.judge.junit {
        write(file, junit::report(sum)?, "--junit")?;
    }
    if let Some(file) = &args.judge.html {
        let page = page::report(sum, &args.zone.it, lang)?;
        write(file, page, "--html")?;
    }
    Ok(())
}

/// Writes what differs anyway; what can never be noise still counts.
fn learn(
    file: &Path,
    mut compare: CompareFile,
    sum: &ReplaySum,
    lang: Lang,
) -> anyhow::Result<Exit> {
    let rest = sum.learn(&mut compare);
    let text = format!(
        "# What differs between two runs against the same system.\n{}",
        compare.text()
    );
    std::fs::write(file, text)
        .with_context(|| format!("cannot write {} (--learn)", file.display()))?;
    if rest == 0 {
        return Ok(Exit::Done);
    }
    let told = match lang {
        Lang::En => format!(
            "{rest} differences are no noise and were not learned: other answer codes or types, \
             and answers that are missing, late or too many"
        ),
        Lang::Zh => {
            format!("{rest} 处差异不属于噪声, 未学习: 应答码或报文类型不同, 应答缺失、迟到或多余")
        }
    };
    writeln!(std::io::stderr(), "isogate: {told}")?;
    Ok(Exit::Found)
}
