//! Rows of each kind, written and read again.

use super::super::sheet::{ColumnMap, has_columns_of, read, write};
use super::*;
use proptest::prelude::*;

fn back<R: FiledRow + Clone + std::fmt::Debug + PartialEq>(row: &R) {
    let text = write(std::slice::from_ref(row), &Zone::CHINA);
    let rows: Vec<R> = read(&text, &ColumnMap::default(), &Zone::CHINA).unwrap();
    assert_eq!(rows, vec![row.clone()], "{text}");
}

prop_compose! {
    fn acquirer_rows()(
        amount in 0..=999_999_999_999_u64,
        stan in proptest::option::of(0..=999_999_u64),
        at in proptest::option::of(0..4_000_000_000_000_000_i64),
        is in 0..AcquirerIs::ALL.len(),
        currency in prop_oneof![Just(""), Just("156"), Just("392"), Just("048")],
    ) -> AcquirerRow {
        AcquirerRow {
            at: at.map(Wall),
            terminal: Text::clipped("10421695"),
            merchant: Text::clipped("874350357222471"),
            stan: stan.map(Stan),
            batch: Text::clipped("000001"),
            rrn: Text::clipped("203217491827"),
            auth: Text::clipped("112233"),
            card: Text::clipped("622609******0048"),
            amount: Amount(amount),
            currency: Text::clipped(currency),
            kind: Text::clipped("sale"),
            code: Text::clipped("00"),
            is: AcquirerIs::ALL[is],
            settles_on: Some(jiff::civil::date(2026, 11, 23)),
        }
    }
}

proptest! {
    #[test]
    fn a_row_of_the_acquirer_is_read_as_it_was_written(row in acquirer_rows()) {
        back(&row);
    }

    #[test]
    fn a_pay_out_is_read_as_it_was_written(
        net in 0..=999_999_999_u64, fee in 0..=9_999_u64, deducted in 0..=9_999_u64,
        is in 0..PayoutIs::ALL.len(), mode in proptest::option::of(0..PayoutMode::ALL.len()),
        name in "[A-Za-z, \"商户名称]{0,12}", covers in 0..4_usize,
    ) {
        back(&PayoutRow {
            paid_on: None,
            due_on: Some(jiff::civil::date(2026, 11, 24)),
            merchant: Text::clipped("874350357222471"),
            account_name: name.trim().to_owned(),
            payer: "备付金".to_owned(),
            gross: Amount(net + fee + deducted),
            fee: Amount(fee),
            deducted: Amount(deducted),
            reason_of_deduction: "chargeback 2026-11-20".to_owned(),
            net: Amount(net),
            is: PayoutIs::ALL[is],
            reason: "name_differs".to_owned(),
            covers: vec![Text::clipped("203217491827"); covers],
            mode: mode.map(|mode| PayoutMode::ALL[mode]),
        });
    }

    #[test]
    fn no_text_is_too_odd_to_be_refused_politely(text in "\\PC{0,200}") {
        let map = ColumnMap::default();
        let text = format!("rrn,amount,is,{text}");
        let _rows = read::<AcquirerRow>(&text, &map, &Zone::CHINA);
        let _rows = read::<PayoutRow>(&text, &map, &Zone::CHINA);
    }
}

#[test]
fn rows_of_terminals_totals_and_issuers_are_read_as_they_were_written() {
    back(&TerminalRow {
        terminal: Text::clipped("10421695"),
        merchant: Text::clipped("874350357222471"),
        batch: Text::clipped("000001"),
        stan: Some(Stan(100_175)),
        at: Some(Wall(1_795_313_472_345_678)),
        card: Text::clipped("622609******0048"),
        amount: Amount(88_800),
        kind: Text::clipped("sale"),
        rrn: Text::clipped("203217491827"),
        auth: Text::EMPTY,
        is: TerminalIs::NotPrinted,
    });
    back(&TotalsRow {
        terminal: Text::clipped("10421695"),
        merchant: Text::EMPTY,
        batch: Text::clipped("000001"),
        debit_count: 2,
        debit_sum: Amount(88_805),
        credit_count: 0,
        credit_sum: Amount(0),
    });
    back(&IssuerRow {
        at: Some(Wall(1_795_313_472_345_678)),
        card: Text::clipped("622609******0048"),
        rrn: Text::EMPTY,
        auth: Text::clipped("112233"),
        amount: Amount(1),
        is: IssuerIs::Returned,
        reason: "reversal, \"late\"".to_owned(),
    });
}

#[test]
fn a_file_of_somebody_else_is_read_by_a_map_of_its_columns() {
    let text = "\u{feff}交易日期,交易时间,参考号,卡号,交易金额,状态\n\
                20261122,101112,203217491827,6226090000000048,\"1,888.00\",已冲正\n";
    let map: ColumnMap = "rrn=参考号,amount=交易金额,at=交易日期+交易时间,card=卡号,is=状态"
        .parse()
        .unwrap();
    let rows: Vec<AcquirerRow> = read(text, &map, &Zone::CHINA).unwrap();
    assert_eq!(rows[0].at, Some(Wall(1_795_313_472_000_000)));
    assert_eq!(&*rows[0].card, "622609******0048", "a clear card is masked");
    assert_eq!(
        (rows[0].amount, rows[0].is),
        (Amount(188_800), AcquirerIs::Reversed)
    );
    assert!(has_columns_of::<AcquirerRow>(text, &map));
    assert!(!has_columns_of::<TotalsRow>(text, &map));
}

#[test]
fn a_file_that_names_no_transaction_is_none_of_ours() {
    let map = ColumnMap::default();
    let shop = "date,customer,amount\n2026-11-22,Li,8.00\n";
    let error = read::<AcquirerRow>(shop, &map, &Zone::CHINA).unwrap_err();
    let said = error.to_string();
    assert!(
        said.contains("one of `rrn`, `stan`, `auth`, `card`"),
        "{said}"
    );
    assert!(said.contains("`customer`"), "{said}");
    assert!(read::<TerminalRow>(shop, &map, &Zone::CHINA).is_err());
    assert!(read::<IssuerRow>(shop, &map, &Zone::CHINA).is_err());
    let map = "auth=customer".parse().unwrap();
    assert!(read::<AcquirerRow>(shop, &map, &Zone::CHINA).is_ok());
}

#[test]
fn what_cannot_be_read_is_told_with_line_and_column() {
    let map = ColumnMap::default();
    let wrong = |text: &str| {
        let error = read::<AcquirerRow>(text, &map, &Zone::CHINA).unwrap_err();
        error.to_string()
    };
    assert_eq!(
        wrong("rrn,amount\n203217491827,8.00\n203217491828,eight\n"),
        "line 3, column `amount`: `eight` is no amount: give 888.00"
    );
    assert_eq!(
        wrong("rrn,amount,is\n1,8.00,perhaps\n"),
        "line 2, column `is`: `perhaps` is none of booked, declined, reversed, voided, refunded"
    );
    assert_eq!(
        wrong("rrn,amount,is\n1,8.00\n"),
        "line 2: 2 cells, and the header has 3"
    );
    assert!(wrong("betrag\n8.00\n").contains("--columns \"amount=NAME\""));
    assert!(wrong("rrn,amount,is,is\n1,8.00,reversed,booked\n").contains("`is` stands twice"));
    let text = "rrn,amount,is,reason\n1,8.00,held,\"x\u{1b}[31m\"\n";
    let rows: Vec<IssuerRow> = read(text, &map, &Zone::CHINA).unwrap();
    assert!(
        !rows[0].reason.contains('\u{1b}'),
        "nothing of a file steers a screen"
    );
    assert!("rrn".parse::<ColumnMap>().is_err());
    let error = "iss=状态".parse::<ColumnMap>().unwrap_err().to_string();
    assert!(
        error.starts_with("`iss` is no column: they are account_name, amount"),
        "{error}"
    );
    assert!(wrong("rrn,amount\n1.129E+11,8.00\n").contains("export the column as text"));
    let padded: Vec<AcquirerRow> =
        read("rrn,amount\n3217491827,8.00\n", &map, &Zone::CHINA).unwrap();
    assert_eq!(&*padded[0].rrn, "003217491827");
    let error = read::<PayoutRow>("net,status\n8.00,returned\n", &map, &Zone::CHINA);
    assert!(error.unwrap_err().to_string().contains("no column `is`"));
}
