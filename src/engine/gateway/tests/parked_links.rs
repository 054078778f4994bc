//! Links known by name over a restart: in another order, gone, and back.

use super::links::two_links;
use super::*;
use crate::engine::record::Carried;

const B: ConnId = ConnId(101);

/// A sale that went to the first link and was not answered when the gateway ended.
fn unanswered() -> Vec<Record> {
    let mut stage = Stage::with(two_links(Balance::Order));
    stage.terminal_says(stage.sale(2));
    stage.deliver(A);
    stage.records
}

fn reordered() -> Options {
    let mut options = two_links(Balance::Order);
    options.links.reverse();
    options.routes[0].to.reverse();
    options
}

/// Only the second link is left.
fn without_first() -> Options {
    let mut options = two_links(Balance::Order);
    options.links.remove(0);
    options.routes[0].to = vec![LINK];
    options
}

fn up(stage: &mut Stage, link: u16, conn: ConnId) {
    let link = LinkId(link);
    stage.happen(Event::LinkUp { link, conn });
}

/// As a version wrote it that named no links.
fn without_names(mut history: Vec<Record>) -> Vec<Record> {
    for record in &mut history {
        if let Fact::Started { links, .. } = &mut record.fact {
            links.clear();
        }
    }
    history
}

#[test]
fn a_reversal_goes_to_its_link_by_name_whatever_the_order() {
    let mut stage = Stage::recovered(reordered(), unanswered());
    up(&mut stage, 0, B);
    stage.silent();
    up(&mut stage, 1, A);
    assert_eq!(stage.deliver(A).mti(), mti("0400"));
}

#[test]
fn the_order_may_change_over_a_checkpoint_too() {
    let mut first = Stage::recovered(two_links(Balance::Order), unanswered());
    let checkpoint = first.gateway.checkpoint(first.now);
    let mut stage = Stage::recovered(reordered(), checkpoint);
    up(&mut stage, 0, B);
    stage.silent();
    up(&mut stage, 1, A);
    assert_eq!(stage.deliver(A).mti(), mti("0400"));
}

#[test]
fn a_reversal_of_a_link_that_is_gone_is_parked_and_sent_to_nobody_else() {
    let mut stage = Stage::recovered(without_first(), unanswered());
    up(&mut stage, 0, B);
    stage.pass(7 * 24 * 3600);
    stage.silent();
    assert_eq!(
        stage.last_state(),
        State::TimedOut,
        "who reverses there is not known"
    );
}

#[test]
fn a_pending_reversal_of_a_link_that_is_gone_is_an_exception_until_the_link_is_back() {
    let pending = Stage::recovered(two_links(Balance::Order), unanswered());
    assert_eq!(pending.last_state(), State::ReversalPending);
    let mut gone = Stage::recovered(without_first(), pending.records);
    assert_eq!(gone.last_state(), State::ReversalUndeliverable);
    up(&mut gone, 0, B);
    gone.pass(24 * 3600);
    gone.silent();
    let checkpoint = gone.gateway.checkpoint(gone.now);
    for history in [gone.records, checkpoint] {
        let mut back = Stage::recovered(reordered(), history);
        up(&mut back, 0, B);
        up(&mut back, 1, A);
        back.pass(3600);
        assert_eq!(back.deliver(A).mti(), mti("0400"));
        back.silent();
    }
}

#[test]
fn a_journal_without_names_stops_no_start() {
    let history = without_names(unanswered());
    let stage = Stage::recovered(two_links(Balance::Order), history.clone());
    assert_eq!(stage.last_state(), State::ReversalPending);
    let mut history = history;
    for record in &mut history {
        if let Fact::Step(step) = &mut record.fact
            && let Some(opened) = &mut step.opened
        {
            Arc::make_mut(opened).link = LinkId(5);
        }
    }
    let mut stage = Stage::recovered(without_first(), history);
    up(&mut stage, 0, B);
    stage.silent();
    let checkpoint = stage.gateway.checkpoint(stage.now);
    let is_parked = |record: &Record| {
        if let Fact::Carried(item) = &record.fact
            && let Carried::Links(links) = &**item
        {
            return links.iter().any(|link| &*link.name == "link 6 of before");
        }
        false
    };
    assert!(checkpoint.iter().any(is_parked));
}

#[test]
fn a_configuration_without_routes_stops_no_start() {
    let mut options = two_links(Balance::Order);
    options.routes.clear();
    let stage = Stage::recovered(options, unanswered());
    assert_eq!(stage.last_state(), State::TimedOut);
}

#[test]
fn a_reversal_goes_to_the_link_of_its_sale_though_no_route_leads_there_any_more() {
    let mut options = two_links(Balance::Order);
    options.routes[0].to = vec![LINK];
    let mut first = Stage::with(options.clone());
    first.approved_sale(2);
    let checkpoint = first.gateway.checkpoint(first.now);
    options.routes[0].to = vec![LinkId(1)];
    for history in [first.records, checkpoint] {
        let mut stage = Stage::recovered(options.clone(), history);
        up(&mut stage, 0, A);
        up(&mut stage, 1, B);
        stage.connect(T);
        stage.terminal_says(stage.reversal(2, "98"));
        let sent = stage.deliver(A);
        assert_eq!(sent.mti(), mti("0400"));
        stage.acquirer_says(stage.answer(&sent, "00"));
        let told = stage.deliver(T).response_code().unwrap();
        assert_eq!(told.as_str(), "00");
        assert_eq!(stage.last_state(), State::Reversed);
        stage.silent();
    }
}

#[test]
fn a_sale_without_answer_is_reversed_over_its_link_though_no_route_leads_there_any_more() {
    for by in [ReversalBy::Both, ReversalBy::Terminal] {
        let mut options = two_links(Balance::Order);
        options.routes[0].to = vec![LINK];
        options.routes[0].reversal.by = by;
        let mut first = Stage::with(options.clone());
        first.terminal_says(first.sale(2));
        first.deliver(A);
        let checkpoint = first.gateway.checkpoint(first.now);
        options.routes[0].to = vec![LinkId(1)];
        for history in [first.records, checkpoint] {
            let mut stage = Stage::recovered(options.clone(), history);
            up(&mut stage, 0, A);
            up(&mut stage, 1, B);
            if by == ReversalBy::Terminal {
                stage.silent();
                continue;
            }
            let sent = stage.deliver(A);
            stage.acquirer_says(stage.answer(&sent, "00"));
            assert_eq!(stage.last_state(), State::Reversed);
            stage.silent();
        }
    }
}
