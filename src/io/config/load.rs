//! The file, section by section.

use super::keys;
use super::problem::{ConfigError, choice};
use super::section::{Section, Source};
use super::setting::{Address, Size};
use super::specs::Specs;
use super::{Config, Durability, JournalConfig, Keep, LinkConfig, ListenerConfig, SocketLimits};
use crate::engine::gateway::{
    Keys, Ladder, Limits, LinkOptions, ListenerOptions, MtiPattern, Options, ReversalBy,
    ReversalOptions, RouteOptions,
};
use crate::engine::record::{LinkId, ListenerId};
use crate::iso::message::Text;
use std::path::{Path, PathBuf};
use std::sync::Arc;
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
        let source = Source::new(file, text);
        let table = source.parse()?;
        let mut root = Section::root(&source, &table);
        let mut specs = Specs::new(folder);

        let mut gateway = root.section("gateway");
        let name = gateway.or("name", Text::new("gw-1").unwrap_or_default());
        let key_file: Option<String> = gateway.optional("keys");
        let drain = gateway.or("drain", Duration::from_secs(30));
        gateway.finish();
        let (keys, warning) = match key_file {
            Some(keys) => keys::read(&folder.join(keys))?,
            None => Default::default(),
        };

        let (scale, ladder) = ladder(root.section("ladder"));
        let mut ends = Ends::default();
        ends.listeners(root.sections("listener"), &mut specs);
        ends.links(root.sections("link"), &mut specs);
        let routes = root.sections("route");
        let routes = routes
            .into_iter()
            .filter_map(|s| ends.route(s, scale, &keys));
        let routes = routes.collect();
        let (limits, sockets) = limits(root.section("limits"));
        let journal = journal(root.section("journal"));
        let admin = admin(root.section("admin"));
        root.finish();
        source.checked()?;
        let options = Options {
            name,
            listeners: ends.listener_options,
            links: ends.link_options,
            routes,
            keys,
            limits,
            ladder,
        };
        Ok(Self {
            options,
            listeners: ends.listeners,
            links: ends.links,
            limits: sockets,
            journal,
            admin,
            drain,
            warnings: warning.into_iter().collect(),
        })
    }
}

/// Both ends of the wires, which routes refer to.
#[derive(Default)]
struct Ends {
    listeners: Vec<ListenerConfig>,
    listener_options: Vec<ListenerOptions>,
    links: Vec<LinkConfig>,
    link_options: Vec<LinkOptions>,
}

fn spec(section: &mut Section<'_>, specs: &mut Specs<'_>) -> Option<Arc<crate::iso::spec::Spec>> {
    let name = section.or("spec", "cup-pos".to_owned());
    let spec = specs.named(&name);
    spec.map_err(|what| section.problem("spec", what)).ok()
}

impl Ends {
    fn listeners(&mut self, sections: Vec<Section<'_>>, specs: &mut Specs<'_>) {
        for mut section in sections {
            let name = section.or("name", format!("listener-{}", self.listeners.len() + 1));
            let address = section
                .or("address", Address("127.0.0.1:5583".to_owned()))
                .0;
            if self.listeners.iter().any(|other| other.name == name) {
                section.problem("name", "another listener has this name; choose a new one");
            }
            if let Some(spec) = spec(&mut section, specs) {
                self.listeners.push(ListenerConfig { name, address });
                self.listener_options.push(ListenerOptions { spec });
            }
            section.finish();
        }
    }

    fn links(&mut self, sections: Vec<Section<'_>>, specs: &mut Specs<'_>) {
        for mut section in sections {
            let default = format!("link-{}", self.links.len() + 1);
            let name = section.or("name", Text::new(&default).unwrap_or_default());
            let address = section
                .or("address", Address("127.0.0.1:6583".to_owned()))
                .0;
            if self.link_options.iter().any(|other| other.name == name) {
                section.problem("name", "another link has this name; choose a new one");
            }
            let connections = section.or("connections", 2);
            let sign_on = section.or("sign_on", true);
            let echo_interval = section.or("echo_interval", Duration::from_secs(60));
            let mut reconnect = section.section("reconnect");
            let first_pause = reconnect.or("first", Duration::from_millis(200));
            let last_pause = reconnect.or("max", Duration::from_secs(30));
            reconnect.finish();
            if let Some(spec) = spec(&mut section, specs) {
                self.links.push(LinkConfig {
                    address,
                    connections,
                    first_pause,
                    last_pause: last_pause.max(first_pause),
                });
                self.link_options.push(LinkOptions {
                    name,
                    spec,
                    sign_on,
                    echo_interval,
                });
            }
            section.finish();
        }
    }

    fn route(&self, mut section: Section<'_>, scale: u32, keys: &Keys) -> Option<RouteOptions> {
        let to = self.targets(&mut section);
        let mut filter = section.section("match");
        let pattern: Option<String> = filter.optional("mti");
        let mti = pattern.and_then(|text| {
            let read = text.parse::<MtiPattern>();
            read.map_err(|wanted| filter.problem("mti", wanted)).ok()
        });
        let listener: Option<String> = filter.optional("listener");
        let listener = listener.and_then(|name| self.listener(&filter, &name));
        filter.finish();
        let key = section.list("key");
        let timeout = section.or("timeout", Duration::from_secs(45) / scale);
        self.one_dialect(&section, &to, listener);
        unsupported(&mut section);
        let reversal = self.reversal(section.section("reversal"), &to, keys);
        section.finish();
        Some(RouteOptions {
            to,
            mti,
            listener,
            key,
            timeout,
            reversal: reversal?,
        })
    }

    /// The links of `to`; all of them, in their order, if it is absent.
    fn targets(&self, section: &mut Section<'_>) -> Vec<LinkId> {
        let names: Vec<String> = section.list("to");
        if names.is_empty() {
            return (0..).map(LinkId).take(self.links.len()).collect();
        }
        let known: Vec<&str> = self.link_options.iter().map(|l| l.name.as_str()).collect();
        let find = |name: &String| {
            let at = known.iter().position(|known| known == name);
            if at.is_none() {
                let what = format!("no link is named \"{name}\"; wants {}", choice(&known));
                section.problem("to", what);
            }
            at.and_then(|at| u16::try_from(at).ok()).map(LinkId)
        };
        names.iter().filter_map(find).collect()
    }

    fn listener(&self, filter: &Section<'_>, name: &str) -> Option<ListenerId> {
        let at = self.listeners.iter().position(|known| known.name == name);
        if at.is_none() {
            let known: Vec<&str> = self.listeners.iter().map(|l| l.name.as_str()).collect();
            let what = format!("no listener is named so; wants {}", choice(&known));
            filter.problem("listener", what);
        }
        at.and_then(|at| u16::try_from(at).ok()).map(ListenerId)
    }

    /// A route joins ends that speak the same dialect.
    fn one_dialect(&self, section: &Section<'_>, to: &[LinkId], from: Option<ListenerId>) {
        let links = to
            .iter()
            .filter_map(|id| self.link_options.get(usize::from(id.0)));
        let listeners = self.listener_options.iter().enumerate();
        let listeners = listeners.filter(|(at, _)| from.is_none_or(|id| usize::from(id.0) == *at));
        let mut specs = listeners
            .map(|(_, listener)| &listener.spec)
            .chain(links.map(|link| &link.spec));
        let first = specs.next();
        if let Some(other) = specs.find(|spec| first.is_some_and(|first| !Arc::ptr_eq(first, spec)))
        {
            let first = first.map_or("", |spec| spec.name());
            let what = format!(
                "joins {first} and {}; a route joins ends of one dialect: \
                 narrow it with match = {{ listener = \"…\" }}, or name other links in to",
                other.name()
            );
            section.problem("to", what);
        }
    }

    fn reversal(
        &self,
        mut section: Section<'_>,
        to: &[LinkId],
        keys: &Keys,
    ) -> Option<ReversalOptions> {
        let by = section.one_of(
            "by",
            &[
                ("terminal", ReversalBy::Terminal),
                ("gateway", ReversalBy::Gateway),
                ("both", ReversalBy::Both),
            ],
        );
        let tries = section.or("tries", 6);
        let expire = section.or("expire", Duration::from_secs(24 * 3600));
        let unproven = section.one_of("unproven", &[("watch", false), ("reverse", true)]);
        let mut specs = to
            .iter()
            .filter_map(|id| self.link_options.get(usize::from(id.0)));
        let under_mac = specs.any(|link| link.spec.flow().mac.is_some());
        let keyless = keys.terminals.is_empty() && keys.default.is_none();
        if by.is_some_and(ReversalBy::gateway) && under_mac && keyless {
            section.problem(
                "by",
                "the dialect has a MAC, so a gateway without keys cannot author a reversal: \
                 name the terminals' master keys in [gateway] keys, or use by = \"terminal\"",
            );
        }
        section.finish();
        Some(ReversalOptions {
            by: by?,
            tries,
            expire,
            unproven: unproven?,
        })
    }
}

/// Keys of the format that this version refuses rather than ignores.
fn unsupported(section: &mut Section<'_>) {
    if section.or("rewrite_stan", false) {
        let what = "STANs are passed on unchanged in this version: leave the key out";
        section.problem("rewrite_stan", what);
    }
    if !section.section("map").is_empty() {
        let what = "dialects are not translated in this version: leave the key out";
        section.problem("map", what);
    }
}

/// The scale, and the industry's ladder by it; a time that is written out counts as written.
fn ladder(mut section: Section<'_>) -> (u32, Ladder) {
    let scale = section.or("scale", 1);
    let usual = Ladder::scaled(scale);
    let ladder = Ladder {
        reversal_answer: section.or("reversal_answer", usual.reversal_answer),
        first_pause: section.or("first_pause", usual.first_pause),
        last_pause: section.or("last_pause", usual.last_pause),
        slow_pause: section.or("slow_pause", usual.slow_pause),
        grace: section.or("grace", usual.grace),
        watch: section.or("watch", usual.watch),
        tombstone: section.or("tombstone", usual.tombstone),
        unproven_after_reset: section.or("unproven_after_reset", usual.unproven_after_reset),
        session_answer: section.or("session_answer", usual.session_answer),
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
        live: section.or("live", usual.live),
        terminals: section.or("terminals", usual.terminals),
        answers: section.or("answers", usual.answers),
        tombstones: section.or("tombstones", usual.tombstones),
        reversal_window: section.or("reversal_window", usual.reversal_window),
        ..Limits::default()
    };
    let frame = section.or("frame", Size(8 << 10)).0;
    if !(32..=FRAME_MAX).contains(&frame) {
        section.problem("frame", "wants a size from 32 to \"64KiB\"");
    }
    let sockets = SocketLimits {
        connections: section.or("connections", 10_000),
        per_address: section.or("per_address", 64),
        frame,
        frame_time: section.or("frame_time", Duration::from_secs(5)),
        unwritten: section.or("unwritten", Size(64 << 10)).0,
        stuck: section.or("stuck", Duration::from_secs(10)),
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
    let keep = section.one_of("keep", &[("safe", Keep::Safe), ("all", Keep::All)]);
    let retain = section.or("retain", Duration::from_secs(90 * 24 * 3600));
    let durability = [("strict", Durability::Strict), ("async", Durability::Async)];
    let durability = section.one_of("durability", &durability);
    section.finish();
    JournalConfig {
        path,
        keys,
        keep: keep.unwrap_or(Keep::Safe),
        retain,
        durability: durability.unwrap_or(Durability::Strict),
    }
}

/// The admin address; an empty one turns it off.
fn admin(mut section: Section<'_>) -> Option<String> {
    let written: Option<String> = section.optional("address");
    let off = written.is_some_and(|address| address.is_empty());
    let address = (!off).then(|| {
        section
            .or("address", Address("127.0.0.1:8583".to_owned()))
            .0
    });
    section.finish();
    address
}
