//! The names of all metrics and spans. What users graph and alert on: kept stable.

/// A metric's name and what it means.
#[derive(Clone, Copy, Debug)]
pub struct MetricName {
    /// As Prometheus knows it.
    pub name: &'static str,
    /// One line for people.
    pub help: &'static str,
}

macro_rules! names {
    ($($(#[$doc:meta])* $constant:ident = $name:literal, $help:literal;)*) => {
        $(
            $(#[$doc])*
            #[doc = $help]
            pub const $constant: MetricName = MetricName { name: $name, help: $help };
        )*

        /// Every metric.
        pub const ALL: &[MetricName] = &[$($constant),*];
    };
}

names! {
    MESSAGES = "isogate_messages_total", "Messages in and out, by hop: T>G, G>A, A>G, G>T.";
    UNREADABLE = "isogate_unreadable_total", "Frames that could not be read, by hop.";
    STATES = "isogate_states_entered_total", "Transactions that entered a state, by state.";
    IN_FLIGHT = "isogate_in_flight", "Requests that wait for an answer.";
    LIVE = "isogate_live", "Live transactions, exceptions and watched ones included.";
    REVERSALS = "isogate_reversals", "Reversals that are due or on the wire.";
    TERMINALS = "isogate_terminals", "Terminals remembered.";
    TERMINALS_SEEN = "isogate_terminals_seen", "Terminals that have come in since the start.";
    CONNECTIONS = "isogate_connections", "Open connections, by side: terminal, acquirer.";
    TURNED_AWAY = "isogate_turned_away_total", "Connections refused at a limit.";
    DISCONNECTED = "isogate_disconnected_total", "Connections ended for a fault.";
    TLS_REFUSED = "isogate_tls_refused_total", "TLS handshakes that came to nothing, by reason.";
    SHADOW = "isogate_shadow_answers_total", "Answers of shadows: same, different.";
    SHADOW_LEFT_OUT = "isogate_shadow_left_out_total", "Messages not copied to a shadow.";
    UNSENT = "isogate_unsent", "Sends that wait for their record or for their socket.";
    REVOKED = "isogate_revoked_total", "Sends taken back before they were written.";
    RECALLS = "isogate_recalls_total", "Requests that waited for a look in the journal.";
    BATCH = "isogate_batch_records", "Records handed to the journal at once.";
    COMMIT = "isogate_commit_seconds", "From handing over records until they are on disk.";
    DISK_LOW = "isogate_disk_low", "1 while the journal's disk is nearly full, 2 while it is full.";
    UNMATCHED = "isogate_unmatched_total", "Answers that no request waits for, by reason.";
    ANSWER = "isogate_answer_seconds", "From handing over a request until its answer, by link.";
    WAIT = "isogate_terminal_wait_seconds", "From a terminal's request until its answer.";
    ANSWERS = "isogate_answers_total", "Answers of acquirers, by response code.";
    LATE = "isogate_late_answers_total", "Answers that came behind their deadline.";
    REVERSALS_DUE = "isogate_reversals_due_total", "Reversals that became due, by cause.";
    REVERSALS_ENDED = "isogate_reversals_ended_total", "Reversals that are over, by outcome.";
    OPEN = "isogate_open", "Transactions that are open, by class and currency.";
    OPEN_MONEY = "isogate_open_minor_units", "The money of what is open, in minor units.";
    OPEN_OLDEST = "isogate_open_oldest_seconds", "How old the oldest of what is open is.";
    DISK_FREE = "isogate_disk_free_bytes", "Free bytes on the journal's disk.";
    FIGURES_LEFT_OUT = "isogate_figures_left_out_total", "Steps that are in no figure.";
    DURABLE = "isogate_durable_seq", "The last record known to be on disk.";
}

/// The span of the gateway's own thread.
pub const SPAN_GATEWAY: &str = "gateway";
/// The span of one connection, with its number and its peer.
pub const SPAN_CONNECTION: &str = "connection";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_customs_of_prometheus() {
        for name in ALL {
            let fine = |c: char| c.is_ascii_lowercase() || c == '_';
            assert!(name.name.starts_with("isogate_") && name.name.chars().all(fine));
            assert!(name.help.ends_with('.'), "{}", name.name);
        }
        let mut all: Vec<&str> = ALL.iter().map(|name| name.name).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), ALL.len());
    }
}
