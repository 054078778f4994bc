//! What requests call earlier ones by, and in which order they go out.

use super::*;

/// Whether the host knows the sale of the pairs, and what it answers the void.
fn sold_and_voided() -> Vec<Sighting> {
    let pairs = [
        (
            sale("000001"),
            approval(&sale("000001"), "111111111111", "AAAAAA"),
        ),
        (void(), approval(&void(), "111111111112", "AAAAAB")),
    ];
    capture(&pairs)
}

#[test]
fn a_void_of_a_sale_that_is_not_answered_now_voids_nothing_of_another_name() {
    let stage = ReplayStage::new(options()).play(sold_and_voided(), |request| {
        // The number of the captured sale may be that of any other at this host.
        match request.rrn() {
            None => Vec::new(),
            Some(_) => vec![approval(request, "222222222222", "BBBBBB")],
        }
    });
    assert_eq!(
        stage.verdicts(),
        [
            ReplayVerdict::Missing(UnansweredCause::Timeout),
            ReplayVerdict::Skipped(SkipCause::NotNamed(FieldId::of(37))),
        ]
    );
    assert_eq!(stage.sent.len(), 1);
}

#[test]
fn what_was_not_sent_is_not_reversed() {
    let mut reversal = void();
    reversal.set_mti("0420".parse().unwrap());
    let original = "020000000211221011120000000000000000000000";
    reversal.set(FieldId::of(90), original).unwrap();
    let mut sightings = sold_and_voided();
    sightings.push(seen(300, FlowSide::Client, &reversal));
    let stage = ReplayStage::new(options()).play(sightings, |_| Vec::new());
    let cause = SkipCause::OriginalNotSent;
    assert_eq!(stage.told[2].verdict, ReplayVerdict::Skipped(cause));
}

#[test]
fn a_code_of_a_sale_that_is_declined_now_names_none() {
    let mut decline = sale("000001").answer().unwrap();
    decline.set(FieldId::of(37), "222222222222").unwrap();
    decline.set(FieldId::of(39), "51").unwrap();
    let stage = ReplayStage::new(options()).play(sold_and_voided(), |_| vec![decline.clone()]);
    let cause = SkipCause::NotNamed(FieldId::of(38));
    assert_eq!(stage.told[1].verdict, ReplayVerdict::Skipped(cause));
}

#[test]
fn a_void_waits_for_the_answer_that_names_its_sale() {
    // By the clock of the capture it is due before.
    let options = ReplayOptions {
        order: ReplayOrder::Terminal,
        ..options()
    };
    let mut stage = ReplayStage::new(options);
    let mut sightings = sold_and_voided();
    let mut elsewhere = void();
    elsewhere.set(FieldId::of(41), "T0000002").unwrap();
    sightings[2] = seen(100, FlowSide::Client, &elsewhere);
    for sighting in sightings {
        stage.happen(ReplayEvent::Seen(sighting), &mut |_| Vec::new());
    }
    assert_eq!(stage.sent.len(), 1);
    let answer = approval(&sale("000001"), "222222222222", "BBBBBB");
    let frame = answer.build().unwrap();
    stage.happen(ReplayEvent::Frame(LineId(0), frame), &mut |_| Vec::new());
    assert_eq!(stage.sent_text(1, "37"), "222222222222");
}

#[test]
fn one_at_a_time_nothing_overtakes() {
    let frames = |order| {
        let options = ReplayOptions { order, ..options() };
        let mut stage = ReplayStage::new(options);
        // Both are under way at once in the capture.
        for sighting in [
            seen(0, FlowSide::Client, &sale("000001")),
            seen(1, FlowSide::Client, &sale("000002")),
        ] {
            stage.happen(ReplayEvent::Seen(sighting), &mut |_| Vec::new());
        }
        let before = stage.sent.len();
        let answer = approval(&sale("000001"), "222222222222", "BBBBBB");
        let frame = answer.build().unwrap();
        stage.happen(ReplayEvent::Frame(LineId(0), frame), &mut |_| Vec::new());
        [before, stage.sent.len()]
    };
    assert_eq!(frames(ReplayOrder::Captured), [2, 2]);
    assert_eq!(frames(ReplayOrder::Single), [1, 2]);
}
