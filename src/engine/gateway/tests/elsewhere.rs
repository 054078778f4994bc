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
