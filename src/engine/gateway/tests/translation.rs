//! A message that is not the same on both sides: under other numbers, or in another dialect.

use super::*;
use crate::engine::record::{HostBalance, SettlementTotals};
use crate::iso::message::{Amount, Stan};
use crate::iso::spec::Purpose;
use crate::iso::translate::Map;

fn rewriting() -> Options {
    let mut options = options(ReversalBy::Both, true);
    options.routes[0].rewrite_stan = true;
    options
}

fn translating(rewrite_stan: bool) -> Options {
    let mut options = options(ReversalBy::Both, true);
    options.links[0].spec = Spec::builtin("iso8583-1987-ascii").unwrap();
    options.routes[0].map = Some(Map::default());
    options.routes[0].rewrite_stan = rewrite_stan;
    options
}

fn stan(message: &Message) -> String {
    message.text(path("11")).unwrap().into_owned()
}

impl Stage {
    /// Restarts it with what is on disk, and a link.
    fn restarted(self, options: Options) -> Self {
        let mut stage = Self::recovered(options, self.records);
        stage.connect(T);
        stage.happen(Event::LinkUp {
            link: LINK,
            conn: A,
        });
        stage
    }

    /// A translating gateway, its terminal signed in with keys of the gateway.
    fn translated(options: Options) -> Self {
        let mut stage = Self::recovered(options, vec![]);
        stage.happen(Event::LinkUp {
            link: LINK,
            conn: A,
        });
        stage.connect(T);
        let mut request = stage.message("0800");
        for (field, value) in [("11", "000001"), ("60", "00000001003"), ("63", "01 ")] {
            request.set(path(field), value).unwrap();
        }
        let request = stage.reparsed(&request);
        stage.terminal_says(request);
        let sent = stage.deliver(A);
        assert_eq!(sent.text(path("70")).unwrap(), "001");
        let answer = stage.answer(&sent, "00");
        stage.acquirer_says(answer);
        let answer = stage.deliver(T);
        let block = answer.text(path("62")).unwrap().into_owned();
        let block: Vec<u8> = (0..block.len() / 2)
            .map(|at| u8::from_str_radix(&block[at * 2..at * 2 + 2], 16).unwrap())
            .collect();
        let keys = security::unwrap_block(&tmk(), KeyBlockForm::Double, &block).unwrap();
        stage.mac = keys.mac;
        stage
    }
}

#[test]
fn a_sale_goes_out_under_a_number_of_the_gateways_and_comes_back_under_its_own() {
    let mut stage = Stage::with(rewriting());
    let sale = stage.sale(100_175);
    stage.terminal_says(sale.clone());
    let sent = stage.deliver(A);
    assert_ne!(stan(&sent), "100175");
    assert_eq!(security::verify(&sent, &stage.mac), Some(true));
    stage.acquirer_says(stage.answer(&sent, "00"));
    let told = stage.deliver(T);
    assert_eq!(stan(&told), "100175");
    assert_eq!(security::verify(&told, &stage.mac), Some(true));
    assert_eq!(stage.rows(), "CDP");
    // And so does its repeat.
    stage.terminal_says(sale);
    let again = stage.deliver(T);
    assert_eq!(bytes(&again), bytes(&told));
    stage.silent();
}

#[test]
fn the_journal_names_both_numbers_before_the_frame_leaves() {
    let mut stage = Stage::with(rewriting());
    stage.terminal_says(stage.sale(100_175));
    let (_, _, sent) = stage.take(A);
    let note = Note::GoesOn {
        stan: sent.stan().unwrap(),
        lost: Text::EMPTY,
    };
    assert_eq!(stage.last_note(), note);
    let record = stage.records.last().unwrap();
    let logged = step(record).unwrap().message.as_ref().unwrap();
    assert_eq!((logged.hop, logged.conn), (Hop::GatewayToAcquirer, A));
}

#[test]
fn its_terminals_reversal_goes_out_under_the_number_that_the_host_knows() {
    let mut stage = Stage::with(rewriting());
    stage.terminal_says(stage.sale(100_175));
    let sent = stage.deliver(A);
    stage.acquirer_says(stage.answer(&sent, "00"));
    stage.deliver(T);
    let asked = stage.reversal(100_175, "06");
    stage.terminal_says(asked.clone());
    let reversal = stage.deliver(A);
    assert_eq!(stan(&reversal), stan(&sent));
    assert_eq!(reversal.text(path("39")).unwrap(), "06");
    assert_eq!(security::verify(&reversal, &stage.mac), Some(true));
    stage.acquirer_says(stage.answer(&reversal, "00"));
    let told = stage.deliver(T);
    assert_eq!((told.mti(), stan(&told)), (mti("0410"), "100175".into()));
    assert_eq!(security::verify(&told, &stage.mac), Some(true));
    stage.terminal_says(asked);
    assert_eq!(bytes(&stage.deliver(T)), bytes(&told), "D7");
    assert_eq!(stage.rows(), "CDPUjlW");
}

#[test]
fn a_reversal_that_the_gateway_makes_has_it_too_before_and_after_a_crash() {
    let mut stage = Stage::with(rewriting());
    stage.terminal_says(stage.sale(100_175));
    let sent = stage.deliver(A);
    stage.pass(45);
    assert_eq!(stan(&stage.deliver(A)), stan(&sent));

    let mut stage = Stage::with(rewriting());
    stage.terminal_says(stage.sale(100_175));
    let sent = stage.deliver(A);
    let mac = stage.mac.clone();
    let mut stage = stage.restarted(rewriting());
    stage.mac = mac;
    let reversal = stage.deliver(A);
    assert_eq!(reversal.mti(), mti("0400"));
    assert_eq!(stan(&reversal), stan(&sent));
    stage.acquirer_says(stage.answer(&reversal, "00"));
    assert_eq!(stage.last_state(), State::Reversed);
}

#[test]
fn what_no_record_let_out_is_taken_as_never_sent() {
    let mut stage = Stage::with(rewriting());
    stage.terminal_says(stage.sale(100_175));
    stage.records.pop();
    let stage = stage.restarted(rewriting());
    stage.silent();
    assert_eq!(stage.rows(), "CI");
}

#[test]
fn numbers_are_never_zero_and_never_given_twice_while_they_are_open() {
    let mut stage = Stage::with(rewriting());
    stage.terminal_says(stage.sale(5));
    let open: u64 = stan(&stage.deliver(A)).parse().unwrap();
    // Nearly all around.
    stage.gateway.numbers.stan = Stan(open - 1);
    stage.terminal_says(stage.sale(6));
    assert_eq!(stan(&stage.deliver(A)), format!("{:06}", open + 1));
    stage.gateway.numbers.stan = Stan(999_999);
    stage.terminal_says(stage.sale(7));
    assert_ne!(stan(&stage.deliver(A)), "000000");
}

#[test]
fn the_count_goes_on_after_a_restart_and_over_a_checkpoint() {
    let mut stage = Stage::with(rewriting());
    stage.gateway.numbers.stan = Stan(500);
    stage.approved_rewritten(5);
    let checkpoint = stage.gateway.checkpoint(stage.now);
    let mut whole = stage.restarted(rewriting());
    assert_eq!(whole.gateway.numbers.stan, Stan(501));
    whole.sends.clear();
    let short = Stage::recovered(rewriting(), checkpoint);
    assert_eq!(short.gateway.numbers.stan, Stan(501));
}

impl Stage {
    fn approved_rewritten(&mut self, stan: u32) -> (Message, Message) {
        self.terminal_says(self.sale(stan));
        let sent = self.deliver(A);
        self.acquirer_says(self.answer(&sent, "00"));
        (sent, self.deliver(T))
    }
}

#[test]
fn a_void_names_its_original_as_the_host_knows_it() {
    let mut stage = Stage::with(rewriting());
    let (sent, told) = stage.approved_rewritten(5);
    let mut void = stage.sale(6);
    for (field, value) in [("60", "23000001000"), ("61", "000001000005")] {
        void.set(path(field), value).unwrap();
    }
    void.set(path("37"), &told.text(path("37")).unwrap())
        .unwrap();
    security::seal(&mut void, &stage.mac).unwrap();
    stage.terminal_says(stage.reparsed(&void));
    let there = stage.deliver(A);
    assert_eq!(there.text(path("61.2")).unwrap(), stan(&sent));
    // An original that is not known here is left to the host's own numbers.
    void.set(path("11"), "000007").unwrap();
    void.set(path("37"), "999999999999").unwrap();
    void.set(path("61"), "000001000999").unwrap();
    security::seal(&mut void, &stage.mac).unwrap();
    stage.terminal_says(stage.reparsed(&void));
    assert_eq!(stage.deliver(A).text(path("61.2")).unwrap(), "000000");
}

#[test]
fn a_reversal_of_nothing_known_is_not_sent_under_a_wrong_name_and_stays_open() {
    for options in [rewriting(), translating(false)] {
        let mut stage = match options.routes[0].rewrite_stan {
            true => Stage::with(options),
            false => Stage::translated(options),
        };
        stage.terminal_says(stage.reversal(9, "98"));
        let told = stage.deliver(T);
        assert_eq!(told.text(path("39")).unwrap(), "96", "which closes nothing");
        stage.silent();
        // Its request, should it come yet, is refused.
        stage.terminal_says(stage.sale(9));
        assert_eq!(stage.deliver(T).text(path("39")).unwrap(), "12");
        stage.silent();
    }
}

#[test]
fn a_reversal_of_a_part_names_its_original_as_the_host_knows_it() {
    let mut options = rewriting();
    let spec = Spec::builtin("iso8583-1987-ascii").unwrap();
    options.listeners[0].spec = spec.clone();
    options.links[0].spec = spec;
    let mut stage = Stage::connected(options.clone());
    let mut sale = stage.message("0200");
    for (field, value) in [
        ("2", "6226091234560048"),
        ("3", "000000"),
        ("4", "10000"),
        ("7", "1122021112"),
        ("11", "000005"),
    ] {
        sale.set(path(field), value).unwrap();
    }
    stage.terminal_says(stage.reparsed(&sale));
    let sent = stage.deliver(A);
    stage.acquirer_says(stage.reparsed(&{
        let mut answer = sent.answer().unwrap();
        answer.set(path("39"), "00").unwrap();
        answer
    }));
    stage.deliver(T);
    let mut part = sale.clone();
    part.set_mti(mti("0400"));
    let original = "0200000005112202111200000000000000000000000";
    part.set(path("90"), &original[..42]).unwrap();
    part.set(path("95"), &format!("{:012}{:030}", 7000, 0))
        .unwrap();
    stage.terminal_says(stage.reparsed(&part));
    let there = stage.deliver(A);
    assert_eq!(there.mti(), mti("0400"));
    let named = there.text(path("90")).unwrap().into_owned();
    assert_eq!(&named[4..10], stan(&sent));
    // Killed here, the gateway knows that it went out.
    let killed = Stage::recovered(options, stage.records.clone());
    let begins = |record: &&Record| {
        let opened = step(record).and_then(|step| step.opened.as_ref());
        opened.is_some_and(|opened| opened.purpose == Purpose::Reversal)
    };
    let tx = stage.records.iter().find(begins).unwrap().tx.unwrap();
    assert_eq!(killed.gateway.state_of(tx), Some(State::Unanswered));
    let mut answer = there.answer().unwrap();
    answer.set(path("39"), "00").unwrap();
    stage.acquirer_says(stage.reparsed(&answer));
    let told = stage.deliver(T);
    assert_eq!((told.mti(), stan(&told)), (mti("0410"), "000005".into()));
}

#[test]
fn without_the_key_of_its_mac_a_request_does_not_cross() {
    let mut options = rewriting();
    options.keys.default = None;
    let mut stage = Stage::recovered(options, vec![]);
    stage.happen(Event::LinkUp {
        link: LINK,
        conn: A,
    });
    stage.connect(T);
    stage.terminal_says(stage.sale(5));
    assert_eq!(stage.deliver(T).text(path("39")).unwrap(), "A0");
    stage.silent();
}

#[test]
fn an_answer_to_a_number_that_was_not_given_finds_nothing() {
    let mut stage = Stage::with(rewriting());
    stage.terminal_says(stage.sale(100_175));
    stage.deliver(A);
    stage.acquirer_says(stage.answer(&stage.sale(100_175), "00"));
    stage.silent();
    assert_eq!(stage.rows(), "C");
}

#[test]
fn a_sale_is_understood_by_a_host_of_another_dialect() {
    for rewrites in [false, true] {
        let mut stage = Stage::translated(translating(rewrites));
        let sale = stage.sale(100_175);
        stage.terminal_says(sale.clone());
        let sent = stage.deliver(A);
        assert_eq!(sent.spec().name(), "iso8583-1987-ascii");
        assert_eq!(sent.amount(), sale.amount());
        assert_eq!(sent.pan(), sale.pan());
        assert_eq!(stan(&sent) == "100175", !rewrites);
        stage.acquirer_says(stage.answer(&sent, "00"));
        let told = stage.deliver(T);
        assert_eq!((told.mti(), stan(&told)), (mti("0210"), "100175".into()));
        assert_eq!(told.text(path("60")), sale.text(path("60")));
        assert_eq!(told.text(path("37")).unwrap(), "203217491827");
        assert_eq!(security::verify(&told, &stage.mac), Some(true));
        assert_eq!(stage.rows(), "CDP");
        stage.terminal_says(sale);
        assert_eq!(bytes(&stage.deliver(T)), bytes(&told));
        stage.silent();
    }
}

#[test]
fn a_reversal_across_dialects_names_its_original_in_de_90() {
    let mut stage = Stage::translated(translating(true));
    stage.terminal_says(stage.sale(100_175));
    let sent = stage.deliver(A);
    stage.acquirer_says(stage.answer(&sent, "00"));
    stage.deliver(T);
    let asked = stage.reversal(100_175, "98");
    stage.terminal_says(asked.clone());
    let reversal = stage.deliver(A);
    let names = format!(
        "0200{}{}0000000000000000000000",
        stan(&sent),
        sent.text(path("7")).unwrap()
    );
    assert_eq!(reversal.mti(), mti("0420"));
    assert_eq!(reversal.text(path("90")).unwrap(), names);
    assert_eq!(reversal.text(path("39")).unwrap(), "68");
    assert_eq!(reversal.text(path("2")).unwrap(), "6226091234560048");
    stage.acquirer_says(stage.answer(&reversal, "00"));
    let told = stage.deliver(T);
    assert_eq!((told.mti(), stan(&told)), (mti("0410"), "100175".into()));
    assert_eq!(told.text(path("39")).unwrap(), "00");
    assert_eq!(security::verify(&told, &stage.mac), Some(true));
    stage.terminal_says(asked);
    assert_eq!(bytes(&stage.deliver(T)), bytes(&told));
    assert_eq!(stage.rows(), "CDPUjlW");
}

#[test]
fn a_crash_between_an_answer_and_its_delivery_leaves_it_unproven_and_told_in_the_right_dialect() {
    let mut stage = Stage::translated(translating(true));
    let sale = stage.sale(100_175);
    stage.terminal_says(sale.clone());
    let sent = stage.deliver(A);
    stage.acquirer_says(stage.answer(&sent, "00"));
    let (_, _, told) = stage.take(T);
    let mac = stage.mac.clone();
    let mut stage = stage.restarted(translating(true));
    stage.mac = mac;
    assert_eq!(stage.last_state(), State::DeliveryUnproven);
    stage.terminal_says(sale);
    assert_eq!(bytes(&stage.deliver(T)), bytes(&told));
    stage.terminal_says(stage.reversal(100_175, "06"));
    let reversal = stage.deliver(A);
    assert_eq!(reversal.text(path("90.2")).unwrap(), stan(&sent));
    stage.acquirer_says(stage.answer(&reversal, "00"));
    assert_eq!(stage.deliver(T).text(path("39")).unwrap(), "00");
}

#[test]
fn a_refund_that_is_repeated_is_the_same_refund_for_the_host() {
    for rewrites in [false, true] {
        let mut stage = Stage::translated(translating(rewrites));
        let mut refund = stage.sale(6);
        refund.set_mti(mti("0220"));
        refund.set(path("60"), "25000001000").unwrap();
        security::seal(&mut refund, &stage.mac).unwrap();
        let refund = stage.reparsed(&refund);
        stage.terminal_says(refund.clone());
        let first = stage.deliver(A);
        stage.pass(46);
        stage.silent();
        let checkpoint = stage.gateway.checkpoint(stage.now);
        let now = stage.now;
        let mac = stage.mac.clone();
        for history in [stage.records.clone(), checkpoint] {
            let mut stage = Stage::recovered(translating(rewrites), history);
            (stage.now, stage.mac) = (now, mac.clone());
            stage.pass(100);
            stage.connect(T);
            stage.happen(Event::LinkUp {
                link: LINK,
                conn: A,
            });
            stage.terminal_says(refund.clone());
            let again = stage.deliver(A);
            assert_eq!(bytes(&again), bytes(&first));
        }
    }
}

#[test]
fn an_answer_about_another_card_or_currency_is_no_answer() {
    for (field, value) in [("2", "6226091234560049"), ("49", "840")] {
        let mut stage = Stage::translated(translating(false));
        stage.terminal_says(stage.sale(5));
        let sent = stage.deliver(A);
        let mut answer = stage.answer(&sent, "00");
        answer.set(path(field), value).unwrap();
        stage.acquirer_says(stage.reparsed(&answer));
        assert_eq!(stage.rows(), "CFXj", "{field}");
    }
}

#[test]
fn a_second_answer_that_contradicts_the_first_is_found_under_its_number() {
    let mut stage = Stage::translated(translating(true));
    stage.terminal_says(stage.sale(5));
    let sent = stage.deliver(A);
    stage.acquirer_says(stage.answer(&sent, "51"));
    stage.deliver(T);
    stage.acquirer_says(stage.answer(&sent, "00"));
    assert_eq!(
        stage.rows(),
        "CESgXj",
        "an approval after a decline is reversed"
    );
}

#[test]
fn what_the_host_has_no_word_for_is_refused_with_its_reason() {
    let mut stage = Stage::translated(translating(false));
    let mut message = stage.sale(5);
    message.set(path("60"), "46000001000").unwrap();
    security::seal(&mut message, &stage.mac).unwrap();
    stage.terminal_says(stage.reparsed(&message));
    assert_eq!(stage.deliver(T).text(path("39")).unwrap(), "12");
    stage.silent();
    let refused = stage.records.iter().rev().find_map(|record| {
        let step = step(record).filter(|step| step.why == Why::Untranslatable)?;
        Some(step.note.clone())
    });
    assert!(matches!(refused, Some(Note::Detail(what)) if what.contains("ecash_top_up")));
}

#[test]
fn an_answer_in_a_dialect_that_the_terminal_never_agreed_to_is_no_answer() {
    // The link of an open sale speaks another dialect after a restart, or its map is gone.
    let mut stage = Stage::new();
    stage.terminal_says(stage.sale(5));
    let sent = stage.deliver(A);
    let mut stage = stage.restarted(translating(false));
    stage.sends.clear();
    let mut answer = Message::new(&stage.host, mti("0210"));
    for (field, value) in [("41", "10421695"), ("42", "874350357222471"), ("39", "00")] {
        answer.set(path(field), value).unwrap();
    }
    answer.set(path("11"), &stan(&sent)).unwrap();
    answer.set(path("7"), "1122101112").unwrap();
    stage.acquirer_says(stage.reparsed(&answer));
    assert!(stage.sends.iter().all(|(_, conn, _)| *conn != T));

    let mut stage = Stage::translated(translating(false));
    stage.terminal_says(stage.sale(5));
    let sent = stage.deliver(A);
    let answer = stage.answer(&sent, "00");
    let mut unmapped = translating(false);
    unmapped.routes[0].map = None;
    let mut stage = stage.restarted(unmapped);
    stage.acquirer_says(answer);
    assert!(stage.sends.iter().all(|(_, conn, _)| *conn != T));
}

#[test]
fn what_no_kind_names_is_reversed_too_under_the_number_that_the_host_knows() {
    let mut options = rewriting();
    let spec = Spec::builtin("iso8583-1987-ascii").unwrap();
    options.listeners[0].spec = spec.clone();
    options.links[0].spec = spec;
    let mut stage = Stage::connected(options);
    let said = |kind: &str, fields: &[(&str, &str)]| {
        let mut message = stage.message(kind);
        let shared = [("3", "990000"), ("4", "000000008880"), ("11", "000077")];
        let time = [("7", "1122021112"), ("12", "101112"), ("13", "1122")];
        for (field, value) in shared.iter().chain(&time).chain(fields) {
            message.set(path(field), value).unwrap();
        }
        stage.reparsed(&message)
    };
    let original = "020000007711220211120000000000000000000000";
    let (asked, undone) = (said("0200", &[]), said("0400", &[("90", original)]));
    stage.terminal_says(asked);
    let sent = stage.deliver(A);
    let mut answer = sent.answer().unwrap();
    answer.set(path("39"), "00").unwrap();
    stage.acquirer_says(stage.reparsed(&answer));
    stage.deliver(T);
    stage.terminal_says(undone);
    let reversal = stage.deliver(A);
    let told = reversal.text(path("90")).unwrap().into_owned();
    assert_eq!(told[..10], format!("0200{}", stan(&sent)));
    assert_eq!(stage.last_state(), State::ReversalSent);
}

/// The acquirer takes back what it knows under a number.
fn taken_back(stage: &Stage, sent: &Message) -> Message {
    let mut message = stage.reversal(sent.stan().unwrap().0.try_into().unwrap(), "06");
    message.set_mti(mti("0420"));
    stage.reparsed(&message)
}

#[test]
fn what_the_acquirer_takes_back_early_is_found_under_the_number_that_it_knows() {
    let mut stage = Stage::with(rewriting());
    stage.terminal_says(stage.sale(77));
    let sent = stage.deliver(A);
    stage.acquirer_says(taken_back(&stage, &sent));
    let answered = stage
        .sends
        .iter()
        .find(|(_, _, message)| message.mti() == mti("0430"));
    assert_eq!(answered.unwrap().2.response_code().as_deref(), Some("00"));
    stage.acquirer_says(stage.answer(&sent, "00"));
    assert!(stage.rows().starts_with("CF"), "{}", stage.rows());
    let told = stage.sends.iter().filter(|(_, to, _)| *to == T);
    assert_eq!(
        told.count(),
        0,
        "an approval that was taken back is not told"
    );
}

#[test]
fn a_number_of_the_acquirers_is_not_taken_for_one_of_the_terminals() {
    let mut stage = Stage::with(rewriting());
    stage.terminal_says(stage.sale(50));
    let first = stage.deliver(A);
    stage.acquirer_says(stage.answer(&first, "00"));
    stage.deliver(T);
    // The terminal's own number of this one is the acquirer's number of the next.
    let number = first.stan().unwrap().next().next();
    stage.terminal_says(stage.sale(number.0.try_into().unwrap()));
    let second = stage.deliver(A);
    stage.acquirer_says(stage.answer(&second, "00"));
    stage.deliver(T);
    stage.terminal_says(stage.sale(60));
    let third = stage.deliver(A);
    assert_eq!(third.stan(), Some(number));
    stage.acquirer_says(stage.answer(&third, "00"));
    stage.deliver(T);
    stage.acquirer_says(taken_back(&stage, &third));
    let taken = stage.records.iter().filter(|record| {
        let step = step(record);
        step.is_some_and(|step| step.state == State::SettleMismatch)
    });
    let mut taken: Vec<_> = taken.filter_map(|record| record.tx).collect();
    taken.dedup();
    let third = stage.records.iter().filter_map(|record| {
        let step = step(record)?;
        let opened = step.opened.as_ref()?;
        (opened.stan == Stan(60)).then_some(record.tx?)
    });
    assert_eq!(taken, third.collect::<Vec<_>>());
}

#[test]
fn the_totals_of_a_host_in_another_dialect_are_not_held_against_those_of_the_terminal() {
    let mut stage = Stage::translated(translating(false));
    let mut request = stage.message("0500");
    let totals = "000000006050003000000003050001000000000000000000000000000000000";
    for (field, value) in [
        ("11", "000009"),
        ("48", &totals[..62]),
        ("49", "156"),
        ("60", "00000001201"),
    ] {
        request.set(path(field), value).unwrap();
    }
    stage.terminal_says(stage.reparsed(&request));
    let sent = stage.deliver(A);
    let mut answer = sent.answer().unwrap();
    // What it was sent names no totals in its own dialect: it counts none.
    let own = [
        ("39", "00"),
        ("66", "1"),
        ("74", "0000000000"),
        ("76", "0000000000"),
        ("86", "0000000000000000"),
        ("88", "0000000000000000"),
    ];
    for (field, value) in own {
        answer.set(path(field), value).unwrap();
    }
    let answer = Message::read(&stage.host, answer.build().unwrap()).unwrap();
    stage.acquirer_says(answer);
    let steps = stage.records.iter().filter_map(step);
    let notes = steps.map(|step| step.note.clone());
    let told: Vec<Note> = notes
        .filter(|note| matches!(note, Note::Settles { .. }))
        .collect();
    let totals = SettlementTotals {
        debits: 3,
        debit_sum: Amount(6_050),
        credits: 1,
        credit_sum: Amount(3_050),
    };
    let settles = |host| Note::Settles {
        totals: Some(totals),
        host,
    };
    let both = [HostBalance::Unsaid, HostBalance::Balanced].map(settles);
    assert_eq!(told, both);
}
