//! What stands on the screen, and what keys do.

use super::board::{TopBoard, TopOrder, TopPane};
use super::glance::{FaultLine, Glance, PaymentLine, plain};
use super::{draw, screen};
use crate::engine::trace::Lang;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use serde_json::json;

fn payment(at: usize) -> PaymentLine {
    let both = |en: &str, zh: &str| [en.to_owned(), zh.to_owned()];
    PaymentLine {
        tx: format!("01J{at:023}"),
        began: "10:11:12".to_owned(),
        key: format!("10420001/{at:06}"),
        kind: "sale".to_owned(),
        money: "888.00 CNY".to_owned(),
        state: "REVERSED".to_owned(),
        class: "U5".to_owned(),
        verdict: both(
            "no answer in 45s; reversal accepted (00)",
            "45秒未应答, 冲正成功(00)",
        ),
        next_step: both("new sale allowed", "可重新交易"),
    }
}

fn board(lang: Lang) -> TopBoard {
    let point = |requests, p99| {
        json!({ "requests": requests, "approved": requests, "declined": 0, "late": 0,
                "p50_us": 900, "p99_us": p99 })
    };
    let fault = FaultLine {
        id: Some(3),
        text: "F01:p=0.1".to_owned(),
        title: ["answer lost".to_owned(), "应答丢失".to_owned()],
        side: "wire".to_owned(),
        struck: 4,
        concerned: 40,
        ..FaultLine::default()
    };
    let listed = FaultLine {
        id: None,
        text: "F02".to_owned(),
        title: ["request lost".to_owned(), "请求丢失".to_owned()],
        ..FaultLine::default()
    };
    let mut board = TopBoard::new("127.0.0.1:8583".to_owned(), lang);
    board.see(Glance {
        state: json!({
            "name": "lab", "now": "2026-11-22T10:11:12.5+08:00", "in_flight": 3, "reversals": 2,
            "disk": "well",
            "links": [{ "name": "acquirer", "state": "ready", "wanted": 2,
                        "connections": [{ "state": "ready" }, { "state": "down" }] }],
        }),
        points: vec![point(100, 12_345), point(300, 250_000)],
        open_money: vec![
            json!({ "class": "U5", "count": 2, "amount": 570_810, "currency": "156",
                    "oldest_at": "2026-11-22T10:11:02+08:00" }),
            json!({ "class": "under_way", "count": 9, "amount": 1, "currency": "156",
                    "oldest_at": "2026-11-22T10:11:12+08:00" }),
        ],
        payments: (0..40).map(payment).collect(),
        open: vec![payment(7)],
        faults: vec![fault],
        catalogue: vec![listed],
    });
    board
}

fn press(board: &mut TopBoard, code: KeyCode) -> Option<TopOrder> {
    board.key(KeyEvent::new(code, KeyModifiers::NONE))
}

fn text(board: &TopBoard, size: (u16, u16)) -> String {
    screen(board, size).unwrap().join("\n")
}

#[test]
fn a_screen_tells_how_things_are_in_both_languages() {
    let shown = text(&board(Lang::En), (80, 24));
    for told in [
        "127.0.0.1:8583  10:11:12  ready",
        "200/s  approved 100.0%  p50 900us  p99 250ms  in flight 3  reversals 2  late 0",
        "acquirer ready 1/2",
        "faults on 1",
        "U5 2: 5708.10 CNY since 10:11:02",
        "10420001/000000     888.00 CNY U5  no answer in 45s",
    ] {
        assert!(shown.contains(told), "{told} is not in\n{shown}");
    }
    assert!(!shown.contains("under_way"), "{shown}");
    let shown = text(&board(Lang::Zh), (80, 24));
    for told in [
        "正常",
        "成功率 100.0%",
        "上游链路",
        "45秒未应答, 冲正成功(00)",
        "未确认",
    ] {
        assert!(shown.contains(told), "{told} is not in\n{shown}");
    }
}

#[test]
fn any_size_is_drawn_within_its_bounds_and_keys_are_not_cut() {
    for lang in [Lang::En, Lang::Zh] {
        for size in [(1, 1), (20, 5), (40, 12), (59, 16), (80, 24), (200, 60)] {
            let mut board = board(lang);
            for key in ['x', 'f', 'o', '?'] {
                press(&mut board, KeyCode::Char(key));
                let lines = screen(&board, size).unwrap();
                assert_eq!(lines.len(), usize::from(size.1));
                let widest = lines.iter().map(|line| draw::width(line)).max();
                assert!(widest <= Some(size.0.into()), "{size:?} {widest:?}");
            }
        }
        let narrow = text(&board(lang), (40, 12));
        assert!(narrow.contains("10420001/000000"), "{narrow}");
    }
}

#[test]
fn keys_choose_tell_and_break_things() {
    let mut board = board(Lang::En);
    press(&mut board, KeyCode::Down);
    press(&mut board, KeyCode::Down);
    let story = TopOrder::Story(payment(2).tx);
    assert_eq!(press(&mut board, KeyCode::Enter), Some(story));
    // A payment that was chosen stays so, whatever comes before it.
    let mut glance = board.glance.clone();
    glance.payments.insert(0, payment(99));
    board.see(glance);
    assert_eq!(board.chosen, 3);
    press(&mut board, KeyCode::Char('f'));
    assert_eq!((board.pane, board.chosen), (TopPane::Faults, 0));
    assert_eq!(press(&mut board, KeyCode::Enter), Some(TopOrder::Remove(3)));
    press(&mut board, KeyCode::End);
    assert_eq!(press(&mut board, KeyCode::Enter), None);
    assert_eq!(board.typed.as_deref(), Some("F02:p=0.1"));
    press(&mut board, KeyCode::Backspace);
    press(&mut board, KeyCode::Char('5'));
    let added = TopOrder::Add("F02:p=0.5".to_owned());
    assert_eq!(press(&mut board, KeyCode::Enter), Some(added));
    assert_eq!(press(&mut board, KeyCode::Char('h')), Some(TopOrder::Heal));
    press(&mut board, KeyCode::Esc);
    assert_eq!(board.pane, TopPane::Payments);
    assert_eq!(press(&mut board, KeyCode::Char('q')), Some(TopOrder::End));
}

#[test]
fn a_story_lies_over_the_list_until_a_key_is_pressed() {
    let mut board = board(Lang::En);
    board.open_story(json!({
        "tx": "01JABC", "kind": "sale", "amount": 888, "currency": "156", "terminal": "T0000001",
        "stan": "000007", "state": "REVERSED", "verdict": "no answer in 45s",
        "verdict_zh": "45秒未应答", "next_step": "new sale allowed",
        "messages": [{ "at": "2026-11-22T10:11:12.345678+08:00", "dir": "T>G", "mti": "0200",
                       "gap_us": 0, "note": "" }],
    }));
    let shown = text(&board, (80, 24));
    for told in [
        "01JABC",
        "8.88 CNY  T0000001/000007",
        "no answer in 45s",
        "T>G  0200",
    ] {
        assert!(shown.contains(told), "{told} is not in\n{shown}");
    }
    assert_eq!(press(&mut board, KeyCode::Char('x')), None);
    assert!(!text(&board, (80, 24)).contains("01JABC"));
}

#[test]
fn nobody_who_answers_is_told_and_texts_of_strangers_steer_nothing() {
    let mut board = board(Lang::En);
    board.lose("the admin address 127.0.0.1:8583 (--admin): refused".to_owned());
    let shown = text(&board, (80, 24));
    assert!(
        shown.contains("no answer") && shown.contains("(--admin)"),
        "{shown}"
    );
    let odd = plain(&json!("a\u{1b}[31m\u{202e}b"));
    assert_eq!(odd, "a\u{fffd}[31m\u{fffd}b");
}
