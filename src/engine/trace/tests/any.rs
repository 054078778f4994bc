//! Rules that hold for every history, however odd.

use super::bound::{later, verdict};
use super::history::{History, opened};
use crate::engine::record::{ConnId, Fact, Hop, Note, Record, State, Why};
use crate::engine::trace::{Code, Outcome, Retry, Story, Unconfirmed, Verdict};
use crate::iso::spec::Purpose;
use proptest::prelude::*;

const WHYS: &[Why] = &[
    Why::Plain,
    Why::NoAnswer,
    Why::AnswerUnreadable,
    Why::AnswerMac,
    Why::AnswerMismatch,
    Why::LinkLost,
    Why::NoLink,
    Why::NeverWritten,
    Why::TerminalClosed,
    Why::WriteFailed,
    Why::Restarted,
    Why::TerminalAsked,
    Why::LateApproval,
    Why::AnswersDisagree,
    Why::Operator,
    Why::RequestMac,
    Why::DuplicateMismatch,
    Why::OvertakenByReversal,
    Why::Overload,
    Why::Draining,
    Why::NoRoute,
    Why::TriesUsedUp,
    Why::Expired,
    Why::RequestUnread,
    Why::UnknownTerminal,
    Why::Unseen,
];

const PURPOSES: &[Purpose] = &[
    Purpose::Debit,
    Purpose::Hold,
    Purpose::Void,
    Purpose::Refund,
    Purpose::Advice,
    Purpose::Inquiry,
    Purpose::Reversal,
    Purpose::SignOn,
    Purpose::Settlement,
];

const MESSAGES: &[(Hop, &str)] = &[
    (Hop::TerminalToGateway, "0200"),
    (Hop::GatewayToAcquirer, "0200"),
    (Hop::AcquirerToGateway, "0210"),
    (Hop::GatewayToTerminal, "0210"),
    (Hop::TerminalToGateway, "0400"),
    (Hop::GatewayToAcquirer, "0401"),
    (Hop::AcquirerToGateway, "0410"),
    (Hop::GatewayToTerminal, "0410"),
];

const CODES: &[&str] = &[
    "00", "10", "51", "91", "98", "68", "09", "94", "25", "12", "58", "", "A2",
];

fn steps() -> impl Strategy<Value = History> {
    let note = prop_oneof![
        Just(Note::None),
        any::<u8>().prop_map(Note::Duplicate),
        any::<u64>().prop_map(Note::LateMs),
        any::<u64>().prop_map(Note::WaitedMs),
        any::<u16>().prop_map(Note::Try),
    ];
    let message = (
        prop::sample::select(MESSAGES),
        prop::sample::select(CODES),
        any::<bool>(),
    );
    let step = (
        prop::sample::select(&State::ALL[..]),
        prop::sample::select(WHYS),
        note,
        prop::option::of(message),
        0i64..100_000,
    );
    let steps = prop::collection::vec(step, 0..9);
    (prop::sample::select(PURPOSES), any::<bool>(), steps).prop_map(|(purpose, sent, steps)| {
        let relayed = sent.then_some(());
        let state = if sent {
            State::Forwarded
        } else {
            State::Received
        };
        let mut history = History::new().open(opened(purpose), state, Why::Plain, relayed);
        for (state, why, note, message, ms) in steps {
            history = history.after(ms).step(state, why);
            if let Some(((hop, mti), code, relayed)) = message {
                history = history.say(hop, mti, code);
                if let Fact::Step(step) = &mut history.records.last_mut().unwrap().fact {
                    step.message.as_mut().unwrap().relayed = relayed.then_some(ConnId(3));
                }
            }
            history = history.note(note);
        }
        history
    })
}

/// What a reader of the raw records would see: an approval that no accepted reversal follows.
fn holds_money(records: &[Record]) -> bool {
    let mut held = false;
    let mut known = None;
    for record in records {
        let Fact::Step(step) = &record.fact else {
            continue;
        };
        let Some(message) = &step.message else {
            continue;
        };
        let approves = message
            .code
            .is_some_and(|code| Code::of(&code).outcome() == Outcome::Approved);
        // The same approval once more tells nothing new (D10).
        let copy = approves && message.auth.is_some() && message.auth == known;
        let unread = step.why == Why::AnswerUnreadable && message.code.is_none();
        match (message.hop, &*message.mti.to_string()) {
            (Hop::AcquirerToGateway, "0210") if copy => {}
            (Hop::AcquirerToGateway, "0210") if approves || unread => {
                held = true;
                known = known.or(message.auth);
            }
            (Hop::AcquirerToGateway, "0410") if step.state == State::Reversed => held = false,
            (Hop::AcquirerToGateway, "0410") if step.state == State::SettleMismatch => {
                held &= !approves;
            }
            _ => {}
        }
    }
    held
}

const MAY_HOLD: &[State] = &[
    State::Forwarded,
    State::ForwardedGone,
    State::Approved,
    State::Delivered,
    State::DeliveryUnproven,
    State::TimedOut,
    State::LateApproval,
    State::TerminalGone,
    State::ReversalPending,
    State::ReversalSent,
    State::ClosedUnproven,
    State::ReversalRefused,
    State::ReversalUndeliverable,
    State::Returned,
    State::Settled,
    State::SettleMismatch,
    State::Confirmed,
    State::AnswerUnread,
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn yes_means_that_no_book_may_hold_the_money(history in steps()) {
        let story = history.story();
        let verdict = Verdict::of(&story, &[]);
        if verdict.safe_to_retry == Retry::Yes && story.is_money() {
            let receipt = story.state == State::SettleMismatch && story.reversal.accepted;
            prop_assert!(receipt || !MAY_HOLD.contains(&story.state));
            prop_assert!(!holds_money(&history.records), "{:?}", story.moments);
        }
        // Of what was reversed without the terminal's asking, no book holds money: the slip in
        // somebody's hand is what is open.
        let slip = match story.state {
            State::Reversed => verdict.class == Some(Unconfirmed::DeliveryUnproven),
            state => state == State::SettleMismatch && story.reversal.accepted,
        };
        if verdict.open && !slip {
            prop_assert!(verdict.safe_to_retry != Retry::Yes);
        }
    }

    #[test]
    fn what_the_evidence_leaves_unproven_is_open(history in steps()) {
        let story = history.story();
        let verdict = Verdict::of(&story, &[]);
        // A refusal that never left holds no money, and another's name decides whether it may be
        // tried again; what ends in a reversal that stands alone is told with its original.
        let own = story.purpose() != Some(Purpose::Reversal)
            && !matches!(story.state, State::Refused | State::NotSent | State::Received);
        if own && story.is_money() && verdict.safe_to_retry == Retry::Unproven {
            let unproven = verdict.verdict.en.contains("outcome unknown")
                || verdict.verdict.en.contains("not known")
                || verdict.verdict.en.contains("not proven");
            prop_assert!(verdict.open || !unproven, "{:?}", verdict);
        }
    }

    /// Figures of what is open go by it, and read no others.
    #[test]
    fn a_class_that_a_state_tells_turns_on_nobody_else(
        history in steps(),
        others in prop::collection::vec(steps(), 0..3),
    ) {
        let others = others.into_iter().zip(1..);
        let others: Vec<_> = others.map(|(other, at)| later(other, at)).collect();
        let all: Vec<_> = others.iter().chain([&history]).collect();
        if Unconfirmed::is_told_by(history.story().state) {
            let alone = verdict(history.tx, &[&history]);
            let beside = verdict(history.tx, &all);
            prop_assert_eq!((beside.class, beside.open), (alone.class, alone.open));
        }
    }

    #[test]
    fn not_debited_is_said_only_of_a_decline(history in steps()) {
        let story = history.story();
        let verdict = Verdict::of(&story, &[]);
        let said = [&verdict.verdict, &verdict.next_step];
        if said.iter().any(|s| s.zh.contains("未扣款") || s.en.contains("nothing debited")) {
            prop_assert_eq!(verdict.safe_to_retry, Retry::Yes);
            prop_assert!(!holds_money(&history.records));
            let declined = [State::Declined, State::DeclineDelivered, State::Unanswered];
            prop_assert!(declined.contains(&story.state));
        }
        let left = said.iter().any(|s| s.en.contains("nothing left") || s.zh.contains("未离开"));
        prop_assert!(!left || matches!(story.state, State::Refused | State::NotSent));
    }

    #[test]
    fn a_new_sale_is_offered_only_where_it_is_safe(history in steps()) {
        let verdict = history.verdict();
        let offered = verdict.next_step.en.contains("allowed")
            || verdict.next_step.zh.contains("可重新交易");
        prop_assert!(!offered || verdict.safe_to_retry == Retry::Yes, "{:?}", verdict);
    }

    #[test]
    fn every_place_of_a_sentence_is_filled(history in steps()) {
        let verdict = history.verdict();
        for said in [&verdict.verdict, &verdict.next_step] {
            prop_assert!(!said.en.contains(['{', '}']) && !said.en.is_empty(), "{}", said.en);
            prop_assert!(!said.zh.contains(['{', '}']) && !said.zh.is_empty(), "{}", said.zh);
        }
        prop_assert!(verdict.causes.contains(&verdict.cause));
    }

    /// A reader that comes in the middle knows where it stands, but never enough to allow anything.
    #[test]
    fn a_story_without_its_beginning_allows_nothing(history in steps()) {
        let last = history.records.last().unwrap();
        let story = Story::begin(last).unwrap();
        prop_assert_eq!(story.state, history.story().state);
        if story.opened.is_none() {
            prop_assert!(Retry::of(&story) != Retry::Yes);
        }
    }
}
