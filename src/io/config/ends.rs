//! Both ends of the wires, and the routes that join them.

use super::problem::choice;
use super::section::Section;
use super::setting::Address;
use super::settled::{list, quoted};
use super::specs::Specs;
use super::tls::TlsReader;
use super::translation::{self, RouteDialects};
use super::{Allow, LinkConfig, ListenerConfig, ShadowConfig};
use crate::engine::gateway::{
    Balance, Keys, LinkOptions, ListenerOptions, Match, ReversalBy, ReversalOptions, RouteOptions,
    SignOn,
};
use crate::engine::record::{LinkId, ListenerId};
use crate::iso::message::{TerminalId, Text};
use crate::iso::spec::{Framing, Spec};
use crate::iso::translate::Map;
use std::sync::Arc;
use std::time::Duration;

/// Both ends of the wires, which routes refer to.
#[derive(Default)]
pub(super) struct Ends {
    pub listeners: Vec<ListenerConfig>,
    pub listener_options: Vec<ListenerOptions>,
    pub links: Vec<LinkConfig>,
    pub link_options: Vec<LinkOptions>,
    /// Links that are known by their place.
    pub unnamed_links: usize,
}

/// What is spoken at an end, and how frames are told apart there: as its dialect says, or as
/// `header` and `frame` beside it do.
fn spoken(section: &mut Section<'_>, specs: &mut Specs<'_>) -> Option<(Arc<Spec>, Framing)> {
    let name = section.or("spec", "cup-pos".to_owned());
    let (header, frame) = (section.verbatim("header"), section.verbatim("frame"));
    let spec = specs.named(&name);
    let spec = spec.map_err(|what| section.problem("spec", what)).ok()?;
    let header = header.map_or_else(
        || Ok(Arc::clone(&spec)),
        |header| specs.changed(&name, &format!("header = {header}")),
    );
    let framed = frame.map_or_else(
        || Ok(spec.framing()),
        |frame| {
            let changed = specs.changed(&name, &format!("frame = {frame}"));
            changed.map(|changed| changed.framing())
        },
    );
    let header = header.map_err(|what| section.problem("header", what)).ok();
    let framed = framed.map_err(|what| section.problem("frame", what)).ok();
    header.zip(framed)
}

/// The terminals that may come in: any, or those with a key of their own and those in the list.
fn known(section: &mut Section<'_>) -> Option<Vec<TerminalId>> {
    let only = section.one_of("terminals", &[("any", false), ("known", true)]);
    let known: Vec<TerminalId> = section.list("known");
    let only = only.unwrap_or(false);
    if !only && !known.is_empty() {
        section.problem(
            "known",
            r#"is a list for terminals = "known"; say that, too"#,
        );
    }
    only.then_some(known)
}

/// Who is sent copies of a link's requests: no link, which would book them twice, and no listener,
/// which would send them round.
fn shadow(
    section: &mut Section<'_>,
    link: &str,
    ends: &Ends,
    tls: &mut TlsReader<'_>,
) -> Option<ShadowConfig> {
    if !section.has("shadow") {
        return None;
    }
    let mut shadow = section.section("shadow");
    let address = shadow.required("address").map(|Address(address)| address);
    let wait = shadow.or_time("wait", Duration::from_secs(60));
    let is = |other: &str| {
        let own = address.as_deref();
        own.is_some_and(|own| is_same_host(own, other))
    };
    if is(link) || ends.links.iter().any(|other| is(&other.address)) {
        let what = "is a link: its acquirer would book everything twice";
        shadow.problem("address", what);
    } else if ends.listeners.iter().any(|other| is(&other.address)) {
        let what = "is a listener of this gateway: everything would come in twice";
        shadow.problem("address", what);
    }
    let tls = tls.client(&mut shadow, address.as_deref().unwrap_or_default());
    shadow.finish();
    Some(ShadowConfig {
        address: address?,
        tls,
        wait,
    })
}

/// Whether two addresses are known to be one without asking anybody: of one port, and one host or
/// both of this machine.
fn is_same_host(one: &str, other: &str) -> bool {
    let (Some((host, port)), Some((other_host, other_port))) =
        (one.rsplit_once(':'), other.rsplit_once(':'))
    else {
        return one == other;
    };
    let is_here = |host: &str| {
        let host = host.trim_matches(['[', ']']);
        let address = host.parse::<std::net::IpAddr>();
        host.eq_ignore_ascii_case("localhost")
            || address.is_ok_and(|ip| ip.is_loopback() || ip.is_unspecified())
    };
    let same = host.eq_ignore_ascii_case(other_host) || is_here(host) && is_here(other_host);
    same && port == other_port && port != "0"
}

impl Ends {
    pub(super) fn listeners(
        &mut self,
        sections: Vec<Section<'_>>,
        specs: &mut Specs<'_>,
        tls: &mut TlsReader<'_>,
    ) {
        for mut section in sections {
            let name = section.or("name", format!("listener-{}", self.listeners.len() + 1));
            let address = section
                .or("address", Address("127.0.0.1:5583".to_owned()))
                .0;
            if self.listeners.iter().any(|other| other.name == name) {
                section.problem("name", "another listener has this name; choose a new one");
            }
            let allow = Allow::read(&mut section);
            let known = known(&mut section);
            let tls = tls.server(&mut section);
            if let Some((spec, framing)) = spoken(&mut section, specs) {
                self.listeners.push(ListenerConfig {
                    name,
                    address,
                    framing,
                    allow,
                    tls,
                });
                self.listener_options.push(ListenerOptions { spec, known });
            }
            section.finish();
        }
    }

    pub(super) fn links(
        &mut self,
        sections: Vec<Section<'_>>,
        specs: &mut Specs<'_>,
        tls: &mut TlsReader<'_>,
    ) {
        for mut section in sections {
            self.unnamed_links += usize::from(!section.has("name"));
            let default = format!("link-{}", self.links.len() + 1);
            let name = section.or("name", Text::new(&default).unwrap_or_default());
            let address = section
                .or("address", Address("127.0.0.1:6583".to_owned()))
                .0;
            if self.link_options.iter().any(|other| other.name == name) {
                section.problem("name", "another link has this name; choose a new one");
            }
            let connections = section.or("connections", 2);
            let sign_on = sign_on(&mut section);
            let echo_interval = section.or("echo_interval", Duration::from_secs(60));
            let mut reconnect = section.section("reconnect");
            let first_pause = reconnect.or_time("first", Duration::from_millis(200));
            let last_pause = reconnect.or_time("max", Duration::from_secs(30));
            reconnect.finish();
            let shadow = shadow(&mut section, &address, self, tls);
            let tls = tls.client(&mut section, &address);
            if let Some((spec, framing)) = spoken(&mut section, specs) {
                self.links.push(LinkConfig {
                    address,
                    framing,
                    connections,
                    first_pause,
                    last_pause: last_pause.max(first_pause),
                    tls,
                    shadow,
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

    pub(super) fn route(
        &self,
        mut section: Section<'_>,
        scale: u32,
        keys: &Keys,
    ) -> Option<RouteOptions> {
        let to = self.targets(&mut section);
        let balance = [("share", Balance::Share), ("order", Balance::Order)];
        let balance = section.one_of("balance", &balance);
        let takes = self.takes(section.section("match"));
        let timeout = section.or_time("timeout", Duration::from_secs(45) / scale);
        let mut dialects = self.dialects(&section, &to, &takes.listener);
        let key = section.list("key");
        if let Some(spec) = dialects.to.filter(|_| key.is_empty()) {
            let fields = spec.flow().match_key.iter();
            let fields = fields.map(|path| quoted(&path.to_string()));
            section.settle_default("key", list(fields));
        }
        let map = self.map(&mut section, &mut dialects);
        let rewrite_stan = self.rewrites(&mut section, &dialects, keys);
        let reversal = self.reversal(section.section("reversal"), &to, keys);
        section.finish();
        Some(RouteOptions {
            to,
            balance: balance?,
            takes,
            rewrite_stan,
            map,
            key,
            timeout,
            reversal: reversal?,
        })
    }

    /// What a route takes.
    fn takes(&self, mut section: Section<'_>) -> Match {
        let listeners: Vec<String> = section.one_or_list("listener");
        let listeners = listeners.iter();
        let takes = Match {
            mti: section.parsed("mti"),
            processing_code: section.parsed("processing_code"),
            card: section.parsed("card"),
            terminal: section.parsed("terminal"),
            listener: listeners
                .filter_map(|name| self.listener(&section, name))
                .collect(),
        };
        section.finish();
        takes
    }

    /// The links of `to`; all of them, in their order, if it is absent.
    fn targets(&self, section: &mut Section<'_>) -> Vec<LinkId> {
        let names: Vec<String> = section.list("to");
        let known: Vec<&str> = self.link_options.iter().map(|l| l.name.as_str()).collect();
        if names.is_empty() {
            section.settle_default("to", list(known.iter().map(|name| quoted(name))));
            return (0..).map(LinkId).take(self.links.len()).collect();
        }
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

    /// What the ends of a route speak: each listener's dialect that is not the links', and theirs.
    fn dialects(
        &self,
        section: &Section<'_>,
        to: &[LinkId],
        from: &[ListenerId],
    ) -> RouteDialects<'_> {
        let links = to
            .iter()
            .filter_map(|id| self.link_options.get(usize::from(id.0)));
        let mut links = links.map(|link| &link.spec);
        let host = links.next();
        if let Some(other) = links.find(|spec| host.is_some_and(|host| !Arc::ptr_eq(host, spec))) {
            let host = host.map_or("", |spec| spec.name());
            let what = format!(
                "its links speak {host} and {}; the links of a route speak one dialect",
                other.name()
            );
            section.problem("to", what);
        }
        let mut from = self.heard_at(from);
        from.retain(|spec| host.is_none_or(|host| !Arc::ptr_eq(host, spec)));
        RouteDialects { from, to: host }
    }

    /// The dialects of some listeners; of all if none is named.
    fn heard_at(&self, from: &[ListenerId]) -> Vec<&Arc<Spec>> {
        let named = |at: usize| from.is_empty() || from.iter().any(|id| usize::from(id.0) == at);
        let listeners = self.listener_options.iter().enumerate();
        let heard = listeners.filter(|(at, _)| named(*at));
        heard.map(|(_, listener)| &listener.spec).collect()
    }

    /// How the dialects of a route differ; without a map they must not.
    fn map(&self, section: &mut Section<'_>, dialects: &mut RouteDialects<'_>) -> Option<Map> {
        let ends = dialects.from.first().zip(dialects.to);
        if let Some((own, host)) = ends
            && section.raw("map").is_none()
        {
            let (own, host) = (own.name(), host.name());
            let what = format!(
                "joins {own} and {host}, and does not say how they differ: add map = {{ }}, \
                 narrow it with match = {{ listener = \"…\" }}, or name other links in to"
            );
            section.problem("to", what);
        }
        if dialects.from.is_empty() {
            dialects.from.extend(dialects.to);
        }
        translation::map(section, dialects)
    }

    /// Trace numbers of the gateway's own; under a MAC that takes keys.
    fn rewrites(
        &self,
        section: &mut Section<'_>,
        dialects: &RouteDialects<'_>,
        keys: &Keys,
    ) -> bool {
        let rewrites = section.or("rewrite_stan", false);
        let mut specs = dialects.from.iter().copied().chain(dialects.to);
        if rewrites && keys.are_none() && specs.any(|spec| spec.flow().mac.is_some()) {
            let what = "a trace number stands under the MAC, which cannot be made anew without \
                        keys: name the terminals' master keys in [gateway] keys";
            section.problem("rewrite_stan", what);
        }
        rewrites
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
        let expire = section.or_time("expire", Duration::from_secs(24 * 3600));
        let unproven = section.one_of("unproven", &[("watch", false), ("reverse", true)]);
        let mut specs = to
            .iter()
            .filter_map(|id| self.link_options.get(usize::from(id.0)));
        let under_mac = specs.any(|link| link.spec.flow().mac.is_some());
        if by.is_some_and(ReversalBy::gateway) && under_mac && keys.are_none() {
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

/// What of a link begins with a sign-on: `true` each connection, `"link"` one for all.
fn sign_on(section: &mut Section<'_>) -> SignOn {
    let wanted = "wants true (each connection signs on), \"link\" (one for all) or false";
    match section.raw("sign_on") {
        None => {
            section.settle_default("sign_on", "true".to_owned());
            SignOn::Connection
        }
        Some(value) => match (value.as_bool(), value.as_str()) {
            (Some(true), _) => SignOn::Connection,
            (Some(false), _) => SignOn::Nothing,
            (None, Some("link")) => SignOn::Link,
            (None, _) => {
                section.problem("sign_on", wanted);
                SignOn::Connection
            }
        },
    }
}
