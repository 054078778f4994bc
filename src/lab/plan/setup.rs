//! How a world is set up. All times are virtual milliseconds.

use serde::{Deserialize, Serialize};

/// What stands in a world, and how its gateway is configured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Setup {
    /// The dialect of the terminals.
    pub spec: String,
    /// The acquirers' dialect, if it is another one: the route then translates.
    pub host_spec: Option<String>,
    /// Who reverses on the routes.
    pub by: ReversedBy,
    /// Whether the gateway has the terminals' master keys. Without them it authors nothing under
    /// a MAC.
    pub keys: bool,
    /// Whether requests go out under trace numbers of the gateway's own.
    pub rewrite_stan: bool,
    /// Whether nothing is sent before its record is on the disk.
    pub strict: bool,
    /// Terminals, counted from 0.
    pub terminals: u8,
    /// Listeners; terminal `t` comes in at listener `t % listeners`.
    pub listeners: u8,
    /// Whether each listener has terminals of the same names: acquirers number them by themselves.
    pub twins: bool,
    /// The terminals' trace numbers count on from this one.
    pub numbers_from: u32,
    /// Links, each to an acquirer of its own with its own books.
    pub links: u8,
    /// Connections of each link.
    pub connections: u8,
    /// Whether the links are used in their order; else each listener has a route to its own link
    /// (`listener % links`).
    pub in_order: bool,
    /// What of a link begins with a sign-on.
    pub sign_on: SignsOn,
    /// The fields by which an answer finds its request (numbers of data elements); empty for the
    /// dialect's own rule.
    pub match_fields: Vec<u8>,
    /// The waiting times of the field (`reversals.md`: 45 s for an answer, 24 h of watch) are
    /// divided by this.
    pub scale: u32,
    /// Tries of a reversal before it is an exception.
    pub tries: u16,
    /// Age of a reversal, in ms, at which it is an exception.
    pub expire: u64,
    /// Whether approvals that a restart left unproven are reversed, too.
    pub unproven: bool,
    /// Between two echoes on an idle link; 0 for none.
    pub echo: u64,
    /// A segment of the journal, in KiB.
    pub segment: u64,
    /// How long segments are kept, in ms of wall time.
    pub retain: u64,
    /// The way of a frame takes so many microseconds.
    pub latency: u64,
    /// A sync of the disk takes so many microseconds.
    pub sync: u64,
    /// Limits of the gateway that differ from its defaults.
    pub bounds: Bounds,
    /// How every acquirer of this world behaves, unless a deed says otherwise.
    pub habits: Habits,
    /// Whether a wait of the terminals (60 s by the field, scaled) ends with nothing: else an
    /// unanswered request is undone by a reversal by itself, repeated up to three times.
    pub forgetful: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            spec: "cup-pos".to_owned(),
            host_spec: None,
            by: ReversedBy::Both,
            keys: true,
            rewrite_stan: false,
            strict: true,
            terminals: 1,
            listeners: 1,
            twins: false,
            numbers_from: 0,
            links: 1,
            connections: 1,
            in_order: false,
            sign_on: SignsOn::Nothing,
            match_fields: Vec::new(),
            scale: 50,
            tries: 6,
            expire: 24 * 3_600_000 / 50,
            unproven: false,
            echo: 0,
            segment: 64,
            retain: 90 * 24 * 3_600_000,
            latency: 1_000,
            sync: 1_000,
            bounds: Bounds::default(),
            habits: Habits::default(),
            forgetful: false,
        }
    }
}

impl Setup {
    /// Whether terminals of one name stand at acquirers of their own.
    #[must_use]
    pub fn has_twins(&self) -> bool {
        self.twins && self.listeners > 1 && self.links == self.listeners && !self.in_order
    }

    /// The place of a terminal's name among the names of terminals. At one acquirer no two
    /// terminals have one name.
    #[must_use]
    pub fn named(&self, t: u8) -> u8 {
        if self.has_twins() {
            t / self.listeners.max(1)
        } else {
            t
        }
    }
}

/// Who reverses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReversedBy {
    /// The terminal.
    Terminal,
    /// The gateway.
    Gateway,
    /// Whoever is first.
    #[default]
    Both,
}

/// What begins with a sign-on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignsOn {
    /// Nothing.
    #[default]
    Nothing,
    /// Each connection of a link.
    Connection,
    /// Each link.
    Link,
}

/// Limits of the gateway; `None` for its default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Bounds {
    /// Requests in flight, in all.
    pub in_flight: Option<usize>,
    /// The same, on one connection of a terminal.
    pub per_terminal: Option<usize>,
    /// The same, on all connections of a link.
    pub per_link: Option<usize>,
    /// Live transactions.
    pub live: Option<usize>,
    /// Terminals remembered.
    pub known_terminals: Option<usize>,
    /// Answers remembered a terminal.
    pub answers: Option<usize>,
    /// Answers of a terminal that a checkpoint carries.
    pub carried: Option<usize>,
    /// Tombstones a terminal.
    pub tombstones: Option<usize>,
    /// Reversals on the wire at once, a link.
    pub window: Option<usize>,
}

/// What an acquirer does where no deed says otherwise. The default is an honest host by the book.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Habits {
    /// A reversal leaves no tombstone: its original is booked if it comes later.
    pub no_tombstones: bool,
    /// Reversals of unknown originals are answered 00 instead of 25.
    pub zero_to_unknown: bool,
    /// Data elements left out of every answer.
    pub omits: Vec<u8>,
}
