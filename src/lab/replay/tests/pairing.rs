//! Which answer belongs to which request, where several requests bear one number.

use super::*;

const NO_ANSWER: ReplayVerdict = ReplayVerdict::Missing(UnansweredCause::Timeout);

fn with(request: Message, field: u8, value: &str) -> Message {
    let mut request = request;
    request.set(FieldId::of(field), value).unwrap();
    request
}

fn answered(request: &Message) -> Message {
    approval(request, "111111111111", "AAAAAA")
}

/// All that is captured comes over one connection, however many terminals speak on it.
fn pooled() -> ReplayOptions {
    ReplayOptions {
        connections: Some(1),
        order: ReplayOrder::Terminal,
        pace: ReplayPace::Scaled(1),
        ..options()
    }
}

/// Plays a capture until this moment; nothing is answered.
fn waiting(options: ReplayOptions, sightings: Vec<Sighting>, seconds: u64) -> ReplayStage {
    let mut stage = ReplayStage::new(options);
    for sighting in sightings {
        stage.happen(ReplayEvent::Seen(sighting), &mut |_| Vec::new());
    }
    while let Some(due) = stage.replayer.next_deadline()
        && due <= Mono(seconds * 1_000_000)
    {
        stage.now.mono = due;
        stage.happen(ReplayEvent::Wake, &mut |_| Vec::new());
    }
    stage.now.mono = Mono(seconds * 1_000_000);
    stage
}

impl ReplayStage {
    fn hear(&mut self, answer: &Message) {
        let frame = answer.build().unwrap();
        self.happen(ReplayEvent::Frame(LineId(0), frame), &mut |_| Vec::new());
    }
}

#[test]
fn an_answer_given_up_is_not_taken_for_that_of_another_terminal() {
    let (first, second) = (sale("000001"), with(sale("000001"), 41, "T0000002"));
    let sightings = vec![
        seen(0, FlowSide::Client, &first),
        seen(10, FlowSide::Server, &answered(&first)),
        seen(15_000, FlowSide::Client, &second),
        seen(15_010, FlowSide::Server, &answered(&second)),
    ];
    let mut stage = waiting(pooled(), sightings, 21);
    stage.hear(&answered(&first));
    assert_eq!((stage.sent.len(), stage.strays), (2, 1));
    assert_eq!(stage.verdicts(), [NO_ANSWER]);
    stage.hear(&answered(&second));
    assert_eq!(stage.verdicts(), [NO_ANSWER, ReplayVerdict::Compared]);
}

#[test]
fn an_answer_without_its_terminal_is_nobodys_where_two_wait_for_one() {
    let (first, second) = (sale("000001"), with(sale("000001"), 41, "T0000002"));
    let sightings = vec![
        seen(0, FlowSide::Client, &first),
        seen(1, FlowSide::Client, &second),
        seen(10, FlowSide::Server, &answered(&first)),
        seen(11, FlowSide::Server, &answered(&second)),
    ];
    let mut stage = waiting(pooled(), sightings, 1);
    let mut bare = answered(&first);
    bare.remove(FieldId::of(41));
    stage.hear(&bare);
    assert_eq!((stage.sent.len(), stage.strays), (2, 1));
    // Only one waits now.
    stage.hear(&answered(&second));
    stage.hear(&bare);
    assert_eq!(stage.told.len(), 2);
}

#[test]
fn of_two_requests_under_one_number_an_answer_is_that_of_its_amount() {
    let (first, second) = (sale("000001"), with(sale("000001"), 4, "700"));
    let pairs = [(first, "lost"), (second, "heard")];
    let sightings = pairs.iter().zip(0..).flat_map(|((request, _), at)| {
        [
            seen(at * 1000, FlowSide::Client, request),
            seen(at * 1000 + 10, FlowSide::Server, &answered(request)),
        ]
    });
    let options = ReplayOptions {
        timeout: Duration::from_secs(2),
        ..pooled()
    };
    let stage = ReplayStage::new(options).play(sightings.collect(), |request| {
        let is_heard = request.amount() == pairs[1].0.amount();
        is_heard.then(|| answered(request)).into_iter().collect()
    });
    assert_eq!(stage.verdicts(), [NO_ANSWER, ReplayVerdict::Compared]);
    assert!(stage.told.iter().all(|one| one.differences.is_empty()));
}

#[test]
fn a_captured_answer_is_that_of_the_request_with_its_amount() {
    let (first, second) = (sale("000001"), with(sale("000001"), 4, "700"));
    let sightings = vec![
        seen(0, FlowSide::Client, &first),
        seen(60_000, FlowSide::Client, &second),
        seen(60_010, FlowSide::Server, &answered(&second)),
        Sighting::Ended {
            flow: FlowId(0),
            at: SeenAt(61_000_000),
            how: crate::iso::stream::FlowEnd::Closed,
        },
    ];
    let stage = ReplayStage::new(options()).play(sightings, |request| {
        let is_heard = request.amount() == second.amount();
        is_heard.then(|| answered(request)).into_iter().collect()
    });
    let told = [ReplayVerdict::Silent, ReplayVerdict::Compared];
    assert_eq!(stage.verdicts(), told);
    assert!(stage.told.iter().all(|one| one.differences.is_empty()));
}
