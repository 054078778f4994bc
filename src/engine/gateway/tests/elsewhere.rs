//! Two terminals of one number, at listeners that lead to different acquirers.

use super::*;
use crate::engine::record::LinkId;

const OTHER: ConnId = ConnId(8);
const OTHER_HOST: ConnId = ConnId(A.0 + 50);

/// Two listeners, each with an acquirer of its own; the terminal at the first signed in.
fn two_houses() -> Stage {
    let mut options = options(ReversalBy::Terminal, false);
    let (listener, link) = (options.listeners[0].clone(), options.links[0].clone());
    options.listeners.push(listener);
    options.links.push(LinkOptions {
        name: Text::new("other").unwrap(),
        ..link
    });
    let route = options.routes[0].clone();
    options.routes.push(route);
    options.routes[1].to = vec![LinkId(1)];
    for (route, listener) in options.routes.iter_mut().zip([0, 1]) {
        route.takes.listener = vec![ListenerId(listener)];
    }
    let mut stage = Stage::connected(options);
    stage.happen(Event::LinkUp {
        link: LinkId(1),
        conn: OTHER_HOST,
    });
    stage.happen(Event::TerminalConnected {
        conn: OTHER,
        listener: ListenerId(1),
    });
    stage
}

fn says(stage: &mut Stage, message: Message) {
    stage.happen(Event::TerminalMessage {
        conn: OTHER,
        message,
    });
}

#[test]
fn one_terminal_is_not_told_the_approval_of_another() {
    let mut stage = two_houses();
    stage.terminal_says(stage.sale(5));
    let sent = stage.deliver(A);
    stage.acquirer_says(stage.answer(&sent, "00"));
    stage.deliver(T);
    let message = stage.sale(5);
    says(&mut stage, message);
    let told = stage.deliver(OTHER);
    assert_eq!(told.response_code().as_deref(), Some("94"));
    stage.silent();
    // Under another number it trades with its own acquirer.
    let message = stage.sale(6);
    says(&mut stage, message);
    let sent = stage.deliver(OTHER_HOST);
    assert_eq!(sent.stan(), stage.sale(6).stan());
}

#[test]
fn one_terminal_does_not_undo_the_sale_of_another() {
    let mut stage = two_houses();
    stage.terminal_says(stage.sale(5));
    let sent = stage.deliver(A);
    stage.acquirer_says(stage.answer(&sent, "00"));
    stage.deliver(T);
    let message = stage.reversal(5, "98");
    says(&mut stage, message);
    let told = stage.deliver(OTHER);
    assert_eq!(told.response_code().as_deref(), Some("94"));
    stage.silent();
}

#[test]
fn one_terminal_trades_while_the_acquirer_of_another_is_away() {
    let mut stage = two_houses();
    stage.happen(Event::LinkDown {
        link: LinkId(0),
        conn: A,
    });
    stage.terminal_says(stage.sale(5));
    let told = stage.deliver(T);
    assert_eq!(told.response_code().as_deref(), Some("91"));
    let message = stage.sale(5);
    says(&mut stage, message);
    let sent = stage.deliver(OTHER_HOST);
    assert_eq!(sent.stan(), stage.sale(5).stan());
}

/// A sale of a terminal that bears the same number at another merchant.
fn sale_of_other_merchant(stage: &Stage) -> Message {
    let mut sale = stage.sale(5);
    sale.set(path("42"), "874350357222472").unwrap();
    stage.reparsed(&sale)
}

/// Two merchants whose terminals bear one number, at one listener: the sale of the first was
/// reversed, that of the second is out under the same trace number. Gives what went out.
fn two_merchants() -> (Stage, [Message; 3]) {
    let mut stage = Stage::connected(options(ReversalBy::Terminal, false));
    stage.connect(OTHER);
    stage.terminal_says(stage.sale(5));
    let first = stage.deliver(A);
    stage.terminal_says(stage.reversal(5, "98"));
    let reversal = stage.deliver(A);
    stage.acquirer_says(stage.answer(&reversal, "00"));
    stage.deliver(T);
    let sale = sale_of_other_merchant(&stage);
    says(&mut stage, sale);
    let second = stage.deliver(A);
    (stage, [first, reversal, second])
}

#[test]
fn a_late_approval_of_another_merchant_is_not_delivered_and_opens_its_own_sale_again() {
    let (mut stage, [first, _, second]) = two_merchants();
    stage.acquirer_says(stage.answer(&first, "00"));
    let undo = stage.deliver(A);
    assert_eq!(
        (undo.mti(), undo.merchant()),
        (mti("0400"), first.merchant())
    );
    stage.silent();
    assert_eq!(stage.last_state(), State::ReversalSent);
    stage.acquirer_says(stage.answer(&second, "00"));
    assert_eq!(stage.deliver(OTHER).merchant(), second.merchant());
}

#[test]
fn a_late_answer_to_the_reversal_of_another_merchant_closes_no_reversal() {
    let (mut stage, [_, reversal, second]) = two_merchants();
    stage.acquirer_says(stage.answer(&second, "00"));
    stage.deliver(OTHER);
    let mut wish = sale_of_other_merchant(&stage);
    wish.set_mti(mti("0400"));
    wish.set(path("39"), "98").unwrap();
    let wish = stage.reparsed(&wish);
    says(&mut stage, wish);
    stage.deliver(A);
    stage.acquirer_says(stage.answer(&reversal, "00"));
    stage.silent();
    assert_eq!(stage.gateway.counts().reversals, 1);
}

/// Cards that begin with 6 go to the first acquirer, all others to the second.
fn by_card() -> Options {
    let mut options = options(ReversalBy::Terminal, false);
    let spec = Spec::builtin("iso8583-1987-ascii").unwrap();
    options.listeners[0].spec = spec.clone();
    options.links[0].spec = spec;
    let mut link = options.links[0].clone();
    link.name = Text::new("other").unwrap();
    options.links.push(link);
    let mut route = options.routes[0].clone();
    route.to = vec![LinkId(1)];
    options.routes.push(route);
    options.routes[0].takes.card = vec!["6".parse().unwrap()];
    options
}

fn both_up(mut stage: Stage) -> Stage {
    for (link, conn) in [(LINK, A), (LinkId(1), OTHER_HOST)] {
        stage.happen(Event::LinkUp { link, conn });
    }
    stage.connect(T);
    stage
}

/// A request of 100.00 with these fields; empty ones are left out.
fn trade(stage: &Stage, (kind, stan): (&str, &str), fields: &[(&str, &str)]) -> Message {
    let mut message = undoing::sale(stage, stan);
    message.set_mti(mti(kind));
    for (field, value) in fields {
        match *value {
            "" => message.remove(path(field).field),
            value => message.set(path(field), value).unwrap(),
        }
    }
    stage.reparsed(&message)
}

/// It is approved by the acquirer of this connection, under a reference number that all have.
fn approved_by(stage: &mut Stage, conn: ConnId, request: Message) {
    stage.terminal_says(request);
    let sent = stage.deliver(conn);
    let names = [("39", "00"), ("37", "R00000000002"), ("38", "A00002")];
    let message = undoing::answer(stage, &sent, &names);
    stage.happen(Event::AcquirerMessage { conn, message });
    stage.deliver(T);
}

#[test]
fn what_names_a_sale_goes_to_the_acquirer_of_that() {
    let named = ("37", "R00000000002");
    let code = ("38", "A00002");
    let stands = undoing::stands(4_000);
    let original = format!("02000000021122101112{}", "0".repeat(22));
    let part = [("2", ""), ("90", &*original), ("95", &*stands)];
    let void = [("3", "020000"), ("2", ""), named];
    let refund = [("3", "200000"), ("2", ""), named];
    let completion = [("2", ""), named, code];
    for (first, next, fields) in [
        ("0200", "0200", &void),
        ("0200", "0200", &refund),
        ("0100", "0220", &completion),
        ("0200", "0400", &part),
    ] {
        for way in [None, Some(false), Some(true)] {
            let mut stage = both_up(Stage::recovered(by_card(), vec![]));
            let request = trade(&stage, (first, "000002"), &[]);
            approved_by(&mut stage, A, request);
            if let Some(by_checkpoint) = way {
                let history = match by_checkpoint {
                    true => stage.gateway.checkpoint(stage.now),
                    false => stage.records,
                };
                let later = undoing::later(stage.now);
                stage = both_up(Stage::recovered_at(by_card(), history, later));
            }
            let request = trade(&stage, (next, "000004"), fields);
            stage.terminal_says(request);
            assert_eq!(stage.deliver(A).mti(), mti(next), "{fields:?} {way:?}");
            stage.silent();
        }
    }
}

#[test]
fn what_may_mean_sales_of_two_acquirers_goes_to_neither() {
    let mut stage = both_up(Stage::recovered(by_card(), vec![]));
    let request = trade(&stage, ("0200", "000002"), &[]);
    approved_by(&mut stage, A, request);
    let request = trade(&stage, ("0200", "000003"), &[("2", "4999990000000000")]);
    approved_by(&mut stage, OTHER_HOST, request);
    let void = [("3", "020000"), ("2", ""), ("37", "R00000000002")];
    stage.terminal_says(trade(&stage, ("0200", "000004"), &void));
    assert_eq!(stage.deliver(T).response_code().as_deref(), Some("94"));
    stage.silent();
    // With its card it names one of them.
    let void = [("3", "020000"), ("37", "R00000000002")];
    stage.terminal_says(trade(&stage, ("0200", "000005"), &void));
    assert_eq!(stage.deliver(A).mti(), mti("0200"));
}

#[test]
fn a_void_of_a_sale_to_whose_acquirer_no_route_leads_goes_nowhere() {
    let mut stage = both_up(Stage::recovered(by_card(), vec![]));
    let request = trade(&stage, ("0200", "000002"), &[]);
    approved_by(&mut stage, A, request);
    let mut moved = by_card();
    moved.routes.remove(0);
    let later = undoing::later(stage.now);
    let mut stage = both_up(Stage::recovered_at(moved, stage.records, later));
    let void = [("3", "020000"), ("37", "R00000000002")];
    stage.terminal_says(trade(&stage, ("0200", "000004"), &void));
    assert_eq!(stage.deliver(T).response_code().as_deref(), Some("91"));
    stage.silent();
}

#[test]
fn a_late_approval_that_names_another_terminal_opens_the_sale_of_that() {
    let mut options = options(ReversalBy::Terminal, false);
    options.routes[0].key = vec![path("11")];
    let mut stage = Stage::connected(options);
    stage.connect(OTHER);
    stage.terminal_says(stage.sale(5));
    let first = stage.deliver(A);
    stage.acquirer_says(stage.answer(&first, "51"));
    stage.deliver(T);
    let mut sale = stage.sale(5);
    sale.set(path("41"), "10000099").unwrap();
    let sale = stage.reparsed(&sale);
    says(&mut stage, sale);
    let second = stage.deliver(A);
    stage.acquirer_says(stage.answer(&first, "00"));
    stage.silent();
    assert_eq!(stage.last_state(), State::LateApproval);
    stage.acquirer_says(stage.answer(&second, "00"));
    assert_eq!(stage.deliver(OTHER).terminal(), second.terminal());
}
