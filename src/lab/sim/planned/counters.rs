//! What a campaign must reach, by name, or it proves nothing: classes, states, rows of the decision
//! table, causes, corners. Worlds tell which of them they reached; how often is counted outside.

use super::corners::CORNERS;
use crate::engine::trace::Cause;
use std::collections::BTreeSet;

/// What every campaign must reach, or it proves nothing.
const REACHED: &[&str] = &[
    "clock jumped",
    "a cashier tried again",
    "class U1",
    "class U2",
    "class U3",
    "class U5",
    "class U6",
    "class U8",
    "state REJECTED-LOCAL",
    "state SEND-FAILED",
    "state DELIVERED-APPROVED",
    "state DELIVERED-DECLINED",
    "state DELIVERY-UNPROVEN",
    "state TIMED-OUT",
    "state TERMINAL-GONE",
    "state REVERSED",
    "state CLOSED-UNPROVEN",
    "state REVERSAL-REJECTED",
    "state REVERSAL-UNDELIVERABLE",
    "state REVERSAL-PENDING",
    "state REVERSAL-SENT",
    "state RETURNED",
    "state CONFIRMED",
    "state ANSWER-UNREAD",
];

/// The rows of the decision table; `z` is every pair that changes nothing.
const ROWS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYabcdefghijklmnopqrstuvwxyz12";

/// Rows and causes that odd worlds cannot reach, and why.
const OUT_OF_REACH: &[(&str, &str)] = &[
    ("cause operator_reversed", "no operator acts in them"),
    ("cause operator_closed", "no operator acts in them"),
    ("cause refused_terminal", "listeners take every terminal"),
    ("cause refused_no_route", "routes take every message"),
    ("cause settle_mismatch", "no row leads to it yet"),
    ("cause not_captured", "their gateways see what passes"),
];

/// The names of all that a campaign must reach.
#[must_use]
pub fn counters() -> BTreeSet<String> {
    let named = REACHED.iter().chain(CORNERS).map(|name| (*name).to_owned());
    let rows = ROWS.chars().map(|row| format!("row {row}"));
    // No world has other parties' files.
    let told = Cause::ALL.iter().filter(|cause| !cause.is_filed());
    let causes = told.map(|cause| format!("cause {}", cause.about().name));
    let all = named.chain(rows).chain(causes);
    let out = |name: &String| OUT_OF_REACH.iter().any(|(out, _)| out == name);
    all.filter(|name| !out(name)).collect()
}
