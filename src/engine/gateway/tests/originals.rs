//! Which transaction a message means: by all that it tells, or by none for sure.

use super::undoing::{answer, answered, ascii, code, dialect, reversal, sale, sold, stands};
use super::*;
use crate::engine::record::{Step, TxId};

const CARD: &str = "6226091234560048";
const OTHER_CARD: &str = "6226099876540017";

/// What a request asks for, and under which names its answer comes.
struct NamedTrade<'a> {
    stan: &'a str,
    kind: &'a str,
    fields: &'a [(&'a str, &'a str)],
    rrn: &'a str,
    auth: &'a str,
}

const SALE: NamedTrade<'_> = NamedTrade {
    stan: "000002",
    kind: "0200",
    fields: &[],
    rrn: "R00000000002",
    auth: "A00002",
};

/// Another one of its terminal, of the same card and amount.
const SECOND: NamedTrade<'_> = NamedTrade {
    stan: "000003",
    rrn: "R00000000003",
    auth: "A00003",
    ..SALE
};

/// The transaction that began last.
fn begun(stage: &Stage) -> TxId {
    let begins = |record: &&Record| step(record).is_some_and(|step| step.opened.is_some());
    let last = stage.records.iter().rfind(begins);
    last.and_then(|record| record.tx).unwrap()
}

/// It is approved and delivered; its transaction.
fn approved(stage: &mut Stage, trade: &NamedTrade<'_>) -> TxId {
    let mut request = sale(stage, trade.stan);
    request.set_mti(mti(trade.kind));
    for (field, value) in trade.fields {
        match *value {
            "" => request.remove(path(field).field),
            value => request.set(path(field), value).unwrap(),
        }
    }
    stage.terminal_says(stage.reparsed(&request));
    let sent = stage.deliver(A);
    let tx = begun(stage);
    let names = [("39", "00"), ("37", trade.rrn), ("38", trade.auth)];
    answered(stage, &sent, &names);
    stage.deliver(T);
    tx
}

/// What the first record of a transaction says of its original.
fn told(stage: &Stage, tx: TxId) -> (Option<TxId>, Vec<TxId>) {
    let mut own = stage.records.iter().filter(|record| record.tx == Some(tx));
    let first = own.next().and_then(step).unwrap();
    let original = first.opened.as_ref().and_then(|opened| opened.original);
    (original, first.note.named().collect())
}

/// Two sales, and a void or refund with these fields: whether it means the first, or which.
fn meant(second: &NamedTrade<'_>, fields: &[(&str, &str)]) -> (Option<TxId>, Vec<TxId>, [TxId; 2]) {
    let mut stage = ascii(ReversalBy::Terminal);
    let sales = [approved(&mut stage, &SALE), approved(&mut stage, second)];
    let own = NamedTrade {
        stan: "000009",
        fields,
        rrn: "R00000000009",
        auth: "A00009",
        ..SALE
    };
    let back = approved(&mut stage, &own);
    let (original, several) = told(&stage, back);
    (original, several, sales)
}

#[test]
fn a_code_tells_which_of_two_sales_of_one_reference_number_is_meant() {
    for card in [CARD, OTHER_CARD] {
        for kind in ["020000", "200000"] {
            for own_card in [CARD, ""] {
                let second = NamedTrade {
                    stan: "000003",
                    fields: &[("2", card)],
                    auth: "A00003",
                    ..SALE
                };
                let fields = [
                    ("3", kind),
                    ("37", SALE.rrn),
                    ("38", SALE.auth),
                    ("2", own_card),
                ];
                let (original, several, [first, _]) = meant(&second, &fields);
                assert_eq!((original, several), (Some(first), vec![]), "{card} {kind}");
            }
        }
    }
}

#[test]
fn a_number_of_two_sales_alone_tells_neither() {
    let second = NamedTrade {
        stan: "000003",
        auth: "A00003",
        ..SALE
    };
    let fields = [("3", "020000"), ("37", SALE.rrn)];
    let (original, several, [first, other]) = meant(&second, &fields);
    assert_eq!((original, several), (None, vec![other, first]));
    // A void is of all that was paid.
    let second = NamedTrade {
        fields: &[("4", "000000005000")],
        ..second
    };
    let (original, several, [first, _]) = meant(&second, &fields);
    assert_eq!((original, several), (Some(first), vec![]));
}

#[test]
fn names_of_two_sales_are_those_of_neither() {
    let number = format!("02000000031122101112{}", "0".repeat(22));
    let second = NamedTrade {
        stan: "000003",
        fields: &[("2", OTHER_CARD)],
        rrn: "R00000000003",
        auth: "A00003",
        ..SALE
    };
    for fields in [
        &[("38", "A00003"), ("2", "")][..],
        &[("38", "A00003"), ("2", OTHER_CARD)],
        &[("90", &*number), ("2", OTHER_CARD)],
        &[("90", &*number), ("2", CARD)],
        &[("90", &*number), ("2", "")],
    ] {
        let all = [&[("3", "020000"), ("37", SALE.rrn)], fields].concat();
        let (original, mut several, sales) = meant(&second, &all);
        several.sort_unstable();
        assert_eq!((original, several), (None, sales.to_vec()), "{fields:?}");
    }
}

#[test]
fn a_terminal_that_numbers_its_requests_means_nobody_by_that() {
    let number = format!("02000000021122101112{}", "0".repeat(22));
    for (numbers, known) in [("N00000000002", true), ("", false)] {
        let mut stage = ascii(ReversalBy::Terminal);
        let first = NamedTrade {
            fields: &[("37", numbers)],
            ..SALE
        };
        let first = approved(&mut stage, &first);
        let void = NamedTrade {
            stan: "000009",
            fields: &[("3", "020000"), ("37", "N00000000009"), ("90", &number)],
            rrn: "R00000000009",
            auth: "A00009",
            ..SALE
        };
        let void = approved(&mut stage, &void);
        let expected = match known {
            true => (Some(first), vec![]),
            false => (None, vec![first]),
        };
        assert_eq!(told(&stage, void), expected, "{numbers}");
    }
}

#[test]
fn what_names_an_authorization_means_it_and_no_increment_of_it() {
    let names = [("37", SALE.rrn), ("38", SALE.auth)];
    for increments_number in [SALE.rrn, "R00000000003"] {
        for (kind, processing) in [("0220", "000000"), ("0100", "020000")] {
            let mut stage = ascii(ReversalBy::Terminal);
            let hold = NamedTrade {
                kind: "0100",
                ..SALE
            };
            let hold = approved(&mut stage, &hold);
            let raised = NamedTrade {
                stan: "000003",
                kind: "0100",
                fields: &[names[0], names[1], ("4", "000000005000")],
                rrn: increments_number,
                auth: "A00003",
            };
            let raised = approved(&mut stage, &raised);
            assert_eq!(told(&stage, raised).0, Some(hold), "an increment");
            let amount = if kind == "0220" {
                "000000015000"
            } else {
                "000000010000"
            };
            let later = NamedTrade {
                stan: "000004",
                kind,
                fields: &[names[0], names[1], ("3", processing), ("4", amount)],
                rrn: SALE.rrn,
                auth: "A00004",
            };
            let later = approved(&mut stage, &later);
            assert_eq!(
                told(&stage, later).0,
                Some(hold),
                "{increments_number} {kind}"
            );
        }
    }
}

#[test]
fn a_completion_names_its_authorization_by_its_trace_number_alone() {
    let number = format!("01000000031122101112{}", "0".repeat(22));
    let mut stage = ascii(ReversalBy::Terminal);
    let hold = |trade| NamedTrade {
        kind: "0100",
        ..trade
    };
    approved(&mut stage, &hold(SALE));
    let second = approved(&mut stage, &hold(SECOND));
    let completion = NamedTrade {
        stan: "000004",
        kind: "0220",
        fields: &[("90", &number)],
        rrn: "R00000000004",
        auth: "A00004",
    };
    let completion = approved(&mut stage, &completion);
    assert_eq!(told(&stage, completion), (Some(second), vec![]));
}

#[test]
fn one_that_asks_about_a_sale_names_it_and_changes_nothing() {
    let number = format!("02000000021122101112{}", "0".repeat(22));
    for name in [("90", &*number), ("37", SALE.rrn), ("38", SALE.auth)] {
        let mut stage = ascii(ReversalBy::Terminal);
        let sold = approved(&mut stage, &SALE);
        let asks = NamedTrade {
            stan: "000009",
            fields: &[("3", "310000"), ("4", ""), name],
            rrn: "R00000000009",
            auth: "A00009",
            ..SALE
        };
        let asks = approved(&mut stage, &asks);
        assert_eq!(told(&stage, asks), (Some(sold), vec![]), "{name:?}");
        let names = |step: &Step| step.note == Note::Other(asks);
        let mut steps = stage.records.iter().filter_map(step);
        assert!(!steps.any(names), "{name:?}");
    }
}

#[test]
fn a_void_names_the_batch_of_its_sale() {
    let mut stage = Stage::new();
    let mut sell = |stan: u32, batch: &str, fields: &[(&str, &str)]| {
        let mut request = stage.sale(stan);
        request.set(path("60"), &format!("22{batch}000")).unwrap();
        for (field, value) in fields {
            request.set(path(field), value).unwrap();
        }
        security::seal(&mut request, &stage.mac).unwrap();
        stage.terminal_says(stage.reparsed(&request));
        let sent = stage.deliver(A);
        let tx = begun(&stage);
        let mut answer = stage.answer(&sent, "00");
        answer
            .set(path("37"), &format!("R{batch}{stan:05}"))
            .unwrap();
        security::seal(&mut answer, &stage.mac).unwrap();
        stage.acquirer_says(stage.reparsed(&answer));
        stage.deliver(T);
        tx
    };
    let first = sell(2, "000001", &[]);
    let second = sell(2, "000002", &[]);
    let kind = [("3", "200000"), ("60", "23000002000")];
    let rrn = ("37", "R00000100002");
    let own = sell(
        7,
        "000002",
        &[kind[0], kind[1], rrn, ("61", "000001000002")],
    );
    let other = sell(
        8,
        "000002",
        &[kind[0], kind[1], rrn, ("61", "000002000002")],
    );
    assert_eq!(told(&stage, own), (Some(first), vec![]));
    let (original, mut several) = told(&stage, other);
    several.sort_unstable();
    assert_eq!((original, several), (None, vec![first, second]));
}

#[test]
fn a_reversal_whose_names_are_of_two_sales_goes_nowhere() {
    let part = stands(6_000);
    for part in [None, Some(("95", &*part))] {
        for fields in [&[("37", SALE.rrn)][..], &[("38", SALE.auth)]] {
            let mut stage = ascii(ReversalBy::Terminal);
            let sales = [approved(&mut stage, &SALE), approved(&mut stage, &SECOND)];
            let fields: Vec<_> = fields.iter().copied().chain(part).collect();
            stage.terminal_says(reversal(&stage, "000003", &fields));
            assert_eq!(code(&stage.deliver(T)), "94", "{fields:?}");
            stage.silent();
            for sale in sales {
                assert_eq!(stage.gateway.state_of(sale), Some(State::Delivered));
            }
            // By names that nobody has, or its own, it is what it says.
            let own = [("37", "N00000000077"), ("38", "A00003")];
            stage.terminal_says(reversal(&stage, "000003", &own));
            assert_eq!(stage.deliver(A).mti(), mti("0400"));
        }
    }
}

#[test]
fn an_answer_to_a_part_under_the_number_of_another_sale_is_none() {
    let mut stage = ascii(ReversalBy::Terminal);
    approved(&mut stage, &SALE);
    approved(&mut stage, &SECOND);
    let part = stands(6_000);
    stage.terminal_says(reversal(&stage, "000003", &[("95", &part)]));
    let sent = stage.deliver(A);
    let other = answer(&stage, &sent, &[("39", "00"), ("37", SALE.rrn)]);
    stage.acquirer_says(other);
    stage.silent();
    assert_eq!(stage.last_state(), State::Unanswered);
}

#[test]
fn what_names_a_sale_by_all_but_its_merchant_may_mean_it() {
    for kind in ["0200", "0400"] {
        let mut stage = ascii(ReversalBy::Terminal);
        sold(&mut stage, "000002");
        let first = stage.records.iter().find_map(|record| record.tx).unwrap();
        let mut other = match kind {
            "0400" => reversal(&stage, "000002", &[]),
            _ => sale(&stage, "000003"),
        };
        let void = [("3", "020000"), ("37", "R00000200000")];
        let void = void.iter().filter(|_| kind == "0200");
        for (field, value) in void.chain(&[("42", "999999999999999")]) {
            other.set(path(field), value).unwrap();
        }
        stage.terminal_says(stage.reparsed(&other));
        stage.deliver(A);
        assert_eq!(stage.last_note(), Note::OneOf(vec![first]), "{kind}");
    }
}

#[test]
fn a_reversal_that_tells_too_little_may_mean_each_that_looks_the_same() {
    let mut options = dialect("iso8583-1987-ascii", ReversalBy::Terminal);
    options.routes[0].rewrite_stan = true;
    let mut stage = Stage::connected(options);
    for stan in ["000002", "000003"] {
        sold(&mut stage, stan);
    }
    let sold = |record: &Record| step(record).is_some_and(|step| step.row == Row('P'));
    let sales = stage.records.iter().rev().filter(|record| sold(record));
    let sales: Vec<TxId> = sales.filter_map(|record| record.tx).collect();
    let mut reversal = reversal(&stage, "000004", &[]);
    reversal.remove(FieldId::of(90));
    stage.terminal_says(stage.reparsed(&reversal));
    assert_eq!(code(&stage.deliver(T)), "96");
    stage.silent();
    let refused = stage.records.iter().rev().find_map(|record| {
        let step = step(record)?;
        step.opened.as_ref().map(|_| step.note.clone())
    });
    assert_eq!(refused, Some(Note::OneOf(sales)));
}
