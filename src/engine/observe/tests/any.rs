//! Rules that hold for every capture, however odd.

use super::{A, CaptureStage, T, answer, reversal, sale, with};
use crate::engine::record::{Fact, Logged, Record};
use crate::iso::codec::Message;
use crate::iso::stream::{FlowEnd, FlowId, FlowSide};
use proptest::prelude::*;

/// Something that happens on one of three connections.
#[derive(Clone, Debug)]
enum Sight {
    Says(FlowId, FlowSide, usize),
    Gap(FlowId, FlowSide),
    Ends(FlowId, FlowEnd),
    Opens(FlowId, bool),
    Waits(i64),
}

fn messages() -> Vec<Message> {
    let (one, two) = (sale("000001"), sale("000002"));
    let void = with(
        &one,
        &[("3", "020000"), ("11", "000003"), ("37", "600012345678")],
    );
    let there = with(&one, &[("11", "000777")]);
    let undo = reversal(&one, "000004");
    let asked = [one, two, void, there, undo];
    let answers = asked.iter().flat_map(|asked| {
        let codes = ["00", "51", "91", "25", "98"];
        codes.map(|code| answer(asked, code))
    });
    asked
        .clone()
        .into_iter()
        .chain(answers.collect::<Vec<_>>())
        .collect()
}

fn odd() -> impl Strategy<Value = Sight> {
    let flow = prop_oneof![Just(T), Just(A), Just(FlowId(2))];
    let side = prop_oneof![Just(FlowSide::Client), Just(FlowSide::Server)];
    let how = prop_oneof![
        Just(FlowEnd::Closed),
        Just(FlowEnd::Reset),
        Just(FlowEnd::CaptureEnded)
    ];
    prop_oneof![
        20 => (flow.clone(), side.clone(), 0..30_usize).prop_map(|(f, s, n)| Sight::Says(f, s, n)),
        1 => (flow.clone(), side).prop_map(|(f, s)| Sight::Gap(f, s)),
        1 => (flow.clone(), how).prop_map(|(f, h)| Sight::Ends(f, h)),
        1 => (flow, any::<bool>()).prop_map(|(f, m)| Sight::Opens(f, m)),
        2 => (0..100_i64).prop_map(Sight::Waits),
    ]
}

fn message(record: &Record) -> Option<&Logged> {
    match &record.fact {
        Fact::Step(step) => step.message.as_ref(),
        Fact::Session(message) => Some(message),
        Fact::Unmatched(unmatched) => Some(&unmatched.message),
        _ => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_is_written_down_was_seen_and_all_that_was_seen_is_written_down(
        two in any::<bool>(),
        all in prop::collection::vec(odd(), 1..60),
    ) {
        let known = messages();
        let mut stage = if two { CaptureStage::two() } else { CaptureStage::whole() };
        let mut said = Vec::new();
        for odd in all {
            match odd {
                Sight::Says(flow, side, at) => {
                    let message = known.get(at).unwrap();
                    stage.says(flow, side, message);
                    said.push(message.redact().unwrap().frame);
                }
                Sight::Gap(flow, side) => stage.gap(flow, side),
                Sight::Ends(flow, how) => stage.ends(flow, how),
                Sight::Opens(flow, midway) => stage.opened(flow, super::HOSTS, midway),
                Sight::Waits(seconds) => stage.pass(seconds),
            }
        }
        stage.finish();
        let written = stage.records.iter().filter_map(message);
        let mut written: Vec<_> = written.map(|own| own.frame.frame.clone()).collect();
        prop_assert!(written.iter().all(|frame| said.contains(frame)));
        written.sort_unstable();
        written.dedup();
        said.sort_unstable();
        said.dedup();
        prop_assert_eq!(written, said);
    }
}
