//! The file, section by section.

use super::ends::Ends;
use super::faults;
use super::keys;
use super::problem::ConfigError;
use super::section::{ConfigText, Section};
use super::setting::{Address, ByteSize};
use super::specs::Specs;
use super::tls::TlsReader;
use super::{
    AdminConfig, AdminToken, Config, Durability, FrameKeeping, JournalConfig, SocketLimits,
};
use crate::engine::gateway::{Keys, Ladder, Limits, Options, RouteOptions};
use crate::engine::record::LinkId;
use crate::engine::seam::Zone;
use crate::iso::message::Text;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The largest frame that may be configured.
const FRAME_MAX: usize = 64 << 10;

impl Config {
    /// Reads and checks a file, and the files it names.
    ///
    /// # Errors
    /// Everything that is wrong with the file, or with the first other file that is.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let file = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|error| ConfigError::whole(&file, format!("cannot be read: {error}")))?;
        let folder = path.parent().unwrap_or_else(|| Path::new(""));
        Self::parse(&file, &text, folder)
    }

    /// Checks a text; files that it names are relative to `folder`.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn parse(file: &str, text: &str, folder: &Path) -> Result<Self, ConfigError> {
        let source = ConfigText::new(file, text);
        let table = source.parse()?;
        let mut root = Section::root(&source, &table);
        let mut specs = Specs::new(folder);
        let mut tls = TlsReader::new(folder);

        let mut gateway = root.section("gateway");
        let name = gateway.or("name", Text::new("gw-1").unwrap_or_default());
        let key_file: Option<String> = gateway.optional("keys");
        let log = log_level(&mut gateway);
        let drain = gateway.or("drain", Duration::from_secs(30));
        let zone = gateway.or("zone", Zone::default());
        gateway.finish();
        let (keys, warning) = match key_file {
            Some(keys) => keys::read(&folder.join(keys))?,
            None => Default::default(),
        };

        let (scale, ladder) = ladder(root.section("ladder"));
        let mut ends = Ends::default();
        ends.listeners(root.sections("listener"), &mut specs, &mut tls);
        ends.links(root.sections("link"), &mut specs, &mut tls);
        let routes = root.sections("route");
        let routes = routes
            .into_iter()
            .filter_map(|s| ends.route(s, scale, &keys));
        let routes: Vec<RouteOptions> = routes.collect();
        let faults = faults::read(&mut root, &ends);
        let (limits, sockets) = limits(root.section("limits"));
        let journal = journal(root.section("journal"));
        let admin = admin(root.section("admin"), &mut tls);
        root.finish();
        source.checked()?;
        let mut warnings: Vec<String> = warning.into_iter().chain(tls.warnings).collect();
        warnings.extend(doubtful(&ends, &routes, &keys));
        let options = Options {
            name,
            listeners: ends.listener_options,
            links: ends.link_options,
            routes,
            keys,
            limits,
            ladder,
            zone,
        };
        Ok(Self {
            options,
            listeners: ends.listeners,
            links: ends.links,
            faults,
            limits: sockets,
            journal,
            admin,
            log,
            drain,
            warnings,
            settled: source.settled(),
        })
    }
}

/// What is allowed, and may still not be meant.
fn doubtful(ends: &Ends, routes: &[RouteOptions], keys: &Keys) -> Vec<String> {
    let mut all = Vec::new();
    if ends.links.len() > 1 && ends.unnamed_links > 0 {
        all.push(
            "a link without a name is known by its place, over a restart too: give each [[link]] \
             a name before another is put before it"
                .to_owned(),
        );
    }
    let under_mac = |ends: &Ends| {
        let mut listeners = ends.listener_options.iter();
        listeners.any(|listener| listener.spec.flow().mac.is_some())
    };
    if keys.are_none() && routes.iter().any(|route| route.map.is_some()) && under_mac(ends) {
        all.push(
            "a route has a map, and there are no keys: a terminal's message with a MAC will be \
             refused where it would have to be translated"
                .to_owned(),
        );
    }
    for (link, id) in ends
        .link_options
        .iter()
        .zip(0..)
        .map(|(own, at)| (own, LinkId(at)))
    {
        let leading = || routes.iter().filter(|route| route.to.contains(&id));
        if leading().any(|own| own.rewrite_stan) && !leading().all(|own| own.rewrite_stan) {
            all.push(format!(
                "link {} has routes with and without rewrite_stan: the numbers of a terminal \
                 that uses both may meet",
                link.name
            ));
        }
    }
    all
}

/// The level of the log, if it is set.
fn log_level(section: &mut Section<'_>) -> Option<&'static str> {
    section.knows(&["log"]);
    let levels = ["info", "error", "warn", "debug", "trace"].map(|level| (level, level));
    section.has("log").then(|| section.one_of("log", &levels))?
}

/// The scale, and the industry's ladder by it; a time that is written out counts as written.
fn ladder(mut section: Section<'_>) -> (u32, Ladder) {
    let scale = section.or("scale", 1);
    let usual = Ladder::scaled(scale);
    let ladder = Ladder {
        reversal_answer: section.or_time("reversal_answer", usual.reversal_answer),
        first_pause: section.or_time("first_pause", usual.first_pause),
        last_pause: section.or_time("last_pause", usual.last_pause),
        slow_pause: section.or_time("slow_pause", usual.slow_pause),
        grace: section.or("grace", usual.grace),
        watch: section.or("watch", usual.watch),
        tombstone: section.or("tombstone", usual.tombstone),
        unproven_after_reset: section.or("unproven_after_reset", usual.unproven_after_reset),
        session_answer: section.or_time("session_answer", usual.session_answer),
        twin: section.or("twin", usual.twin),
    };
    section.finish();
    (scale, ladder)
}

fn limits(mut section: Section<'_>) -> (Limits, SocketLimits) {
    let usual = Limits::default();
    let limits = Limits {
        in_flight: section.or("in_flight", usual.in_flight),
        per_terminal: section.or("per_terminal", usual.per_terminal),
        per_link: section.or("per_link", usual.per_link),
        live: section.or("live", usual.live),
        terminals: section.or("terminals", usual.terminals),
        answers: section.or("answers", usual.answers),
        tombstones: section.or("tombstones", usual.tombstones),
        reversal_window: section.or("reversal_window", usual.reversal_window),
        ..Limits::default()
    };
    let frame = section.or("frame", ByteSize(8 << 10)).0;
    if !(32..=FRAME_MAX).contains(&frame) {
        section.problem("frame", "wants a size from 32 to \"64KiB\"");
    }
    let sockets = SocketLimits {
        connections: section.or("connections", 10_000),
        per_address: section.or("per_address", 64),
        frame,
        frame_time: section.or_time("frame_time", Duration::from_secs(5)),
        handshake_time: section.or_time("handshake_time", Duration::from_secs(5)),
        handshakes: section.or("handshakes", 256),
        unwritten: section.or("unwritten", ByteSize(64 << 10)).0,
        stuck: section.or_time("stuck", Duration::from_secs(10)),
    };
    section.finish();
    (limits, sockets)
}

fn journal(mut section: Section<'_>) -> JournalConfig {
    let path = PathBuf::from(section.or("path", "journal".to_owned()));
    let keys: Option<String> = section.optional("keys");
    let keys = keys.map_or_else(|| path.with_extension("keys"), PathBuf::from);
    if keys.starts_with(&path) {
        section.problem("keys", "keys must not lie in the journal's own folder");
    }
    let keep = section.one_of(
        "keep",
        &[("safe", FrameKeeping::Safe), ("all", FrameKeeping::All)],
    );
    let retain = section.or("retain", Duration::from_secs(90 * 24 * 3600));
    let durability = [("strict", Durability::Strict), ("async", Durability::Async)];
    let durability = section.one_of("durability", &durability);
    section.finish();
    JournalConfig {
        path,
        keys,
        keep: keep.unwrap_or(FrameKeeping::Safe),
        retain,
        durability: durability.unwrap_or(Durability::Strict),
    }
}

/// The admin address; an empty one turns it off.
fn admin(mut section: Section<'_>, tls: &mut TlsReader<'_>) -> Option<AdminConfig> {
    let written: Option<String> = section.optional("address");
    let off = written.is_some_and(|address| address.is_empty());
    let address = (!off).then(|| {
        section
            .or("address", Address("127.0.0.1:8583".to_owned()))
            .0
    });
    let tls = tls.server(&mut section);
    let tokens: Vec<AdminToken> = section.list("tokens");
    let anybody = tls
        .as_ref()
        .map_or_else(|| !section.has("tls"), |tls| !tls.mutual);
    let anybody = anybody && tokens.is_empty() && !section.has("tokens");
    if anybody && address.as_deref().is_some_and(|at| !is_loopback(at)) {
        let what = "is open to other machines: give it tokens (`isogate token` makes one), or tls \
                    with clients, or a loopback address";
        section.problem("address", what);
    }
    section.finish();
    address.map(|address| AdminConfig {
        address,
        tls,
        tokens,
    })
}

/// Whether only this machine reaches an address.
#[must_use]
pub fn is_loopback(address: &str) -> bool {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    let ip = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback())
}
