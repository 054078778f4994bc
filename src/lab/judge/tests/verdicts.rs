//! What verdicts say, held against the books.

use super::*;

/// A probe of these attempts in which the last has this verdict.
fn last_says(attempts: &[AttemptFacts], retry: &str, texts: [&str; 4]) -> Vec<&'static str> {
    let printed = [printed(attempts.last().unwrap(), retry, texts)];
    let case = Case {
        attempts,
        printed: &printed,
        ..Case::default()
    };
    let mut rules = found(&judged(&case));
    rules.retain(|rule| matches!(*rule, "unsafe" | "paid-in-vain"));
    rules
}

#[test]
fn a_plain_end_has_nothing_wrong_with_it() {
    assert!(rules(&declined(1), "yes", DECLINED).is_empty());
    assert!(rules(&paid(1), "no", PAID).is_empty());
}

#[test]
fn yes_while_the_host_holds_is_unsafe() {
    let held = AttemptFacts {
        held: 10_000,
        ..declined(1)
    };
    assert_eq!(last_says(&[held], "yes", DECLINED), ["unsafe"]);
    assert!(last_says(&[declined(1)], "yes", DECLINED).is_empty());
}

#[test]
fn yes_while_the_host_may_still_book_is_unsafe() {
    let may = AttemptFacts {
        may_still: true,
        reversals: vec![reversal(46, UndoMeant::Undone)],
        ..sent(1)
    };
    assert_eq!(
        last_says(std::slice::from_ref(&may), "yes", REVERSED),
        ["unsafe"]
    );
    let over = AttemptFacts {
        may_still: false,
        ..may
    };
    assert!(last_says(&[over], "yes", REVERSED).is_empty());
}

#[test]
fn words_in_one_language_are_enough_to_be_unsafe() {
    let held = AttemptFacts {
        held: 10_000,
        ..sent(1)
    };
    for (english, chinese) in [(REVERSED, TIMED_OUT), (TIMED_OUT, REVERSED)] {
        let mixed = [english[0], english[1], chinese[2], chinese[3]];
        assert_eq!(
            last_says(std::slice::from_ref(&held), "no", mixed),
            ["unsafe"],
            "{mixed:?}"
        );
    }
    assert!(last_says(&[held], "no", TIMED_OUT).is_empty());
}

#[test]
fn another_swipe_that_is_paid_forbids_a_third() {
    let swipes = [paid(1), declined(2)];
    assert_eq!(last_says(&swipes, "yes", DECLINED), ["unsafe"]);
    let voided = [paid(1), returned(2, 1, Trade::Void), declined(3)];
    assert!(last_says(&voided, "yes", DECLINED).is_empty());
    let elsewhere = [
        AttemptFacts {
            purchase: 2,
            ..paid(1)
        },
        declined(2),
    ];
    assert!(last_says(&elsewhere, "yes", DECLINED).is_empty());
}

#[test]
fn a_lie_excuses_until_it_is_contradicted() {
    let lied = AttemptFacts {
        held: 10_000,
        lied_since: Some(at(2)),
        ..declined(1)
    };
    assert!(last_says(std::slice::from_ref(&lied), "yes", DECLINED).is_empty());
    let contradicted = AttemptFacts {
        contradicted: Some(Mono(9)),
        ..lied
    };
    assert_eq!(
        last_says(std::slice::from_ref(&contradicted), "yes", DECLINED),
        ["unsafe"]
    );
    let mut lied_again = contradicted;
    lied_again.lied(Mono(8));
    assert_eq!(
        last_says(std::slice::from_ref(&lied_again), "yes", DECLINED),
        ["unsafe"]
    );
    lied_again.lied(Mono(10));
    assert!(last_says(&[lied_again], "yes", DECLINED).is_empty());
}

#[test]
fn a_declined_void_lets_nobody_pay_otherwise() {
    let void = AttemptFacts {
        trade: Trade::Void,
        of: 1,
        ..declined(2)
    };
    let texts = |english: &'static str, chinese: &'static str| {
        [
            "declined 51 insufficient funds; not voided, its original stands",
            english,
            "51 余额不足, 未撤销, 原交易仍有效",
            chinese,
        ]
    };
    let other = texts("another means of payment", "请换其他支付方式");
    let again = texts("try again later", "请稍后重试");
    assert_eq!(
        last_says(&[paid(1), void.clone()], "yes", other),
        ["unsafe"]
    );
    assert!(last_says(&[paid(1), void], "yes", again).is_empty());
}

#[test]
fn a_reversed_void_tells_nobody_to_collect_again() {
    let void = AttemptFacts {
        trade: Trade::Void,
        of: 1,
        held: 0,
        reversals: vec![reversal(10, UndoMeant::Undone)],
        slip: SlipSays::Undone,
        ..paid(2)
    };
    let collect = [
        "answer written, delivery not proven; reversal accepted (00); the void is undone, its \
         original stands",
        "the sale does not stand: do not hand over goods, or collect again; new attempt allowed",
        "应答已发出, 未证实送达, 冲正成功(00); 撤销已冲回, 原交易仍有效",
        "交易未成立: 请勿交付商品, 已交付须重新收款; 可重新交易",
    ];
    assert_eq!(
        last_says(&[paid(1), void.clone()], "yes", collect),
        ["unsafe"]
    );
    let plain = [collect[0], "new attempt allowed", collect[2], "可重新交易"];
    assert!(last_says(&[paid(1), void], "yes", plain).is_empty());
}

#[test]
fn a_refund_that_counts_is_not_made_again() {
    let refund = AttemptFacts {
        trade: Trade::Refund,
        of: 1,
        ..declined(2)
    };
    let texts = [
        "acquirer link down; not sent",
        "try again later; nothing left the gateway",
        "收单机构线路中断, 未发送",
        "请稍后重试, 交易未离开网关",
    ];
    let booked = AttemptFacts {
        held: -10_000,
        ..refund.clone()
    };
    assert_eq!(last_says(&[paid(1), booked], "yes", texts), ["unsafe"]);
    assert!(last_says(&[paid(1), refund.clone()], "yes", texts).is_empty());
    let other = AttemptFacts { n: 3, ..refund };
    let attempts = [paid(1), returned(2, 1, Trade::Void), other];
    let [a, b, mut c] = attempts;
    c.reached = sent(3).reached;
    c.stan = 3;
    assert_eq!(last_says(&[a, b, c], "yes", texts), ["unsafe"]);
}

#[test]
fn a_completed_authorization_is_not_completed_again() {
    let texts = [
        "authorized only 123456; completion missing",
        "send the completion or void it; do not swipe again",
        "仅预授权(授权号123456), 尚未做预授权完成",
        "请做预授权完成或撤销, 请勿重刷",
    ];
    let completion = |held: i64| AttemptFacts {
        trade: Trade::Completion,
        of: 2,
        held,
        ..paid(1)
    };
    let hold = |held: i64| AttemptFacts {
        trade: Trade::Hold,
        held,
        ..paid(2)
    };
    assert_eq!(
        last_says(&[completion(10_000), hold(0)], "no", texts),
        ["unsafe"]
    );
    assert!(last_says(&[completion(0), hold(10_000)], "no", texts).is_empty());
}

#[test]
fn money_that_is_said_to_be_back_is_back() {
    let texts = [
        "approved 123456, then voided or refunded; the money goes back",
        "nothing to do; its posting is outside the message log",
        "交易成功(授权号123456), 后已撤销或退货, 款项退回",
        "无需处理; 退回入账时间在报文日志之外",
    ];
    let refund = |back: i64| AttemptFacts {
        held: -back,
        ..returned(1, 2, Trade::Refund)
    };
    assert_eq!(
        last_says(&[refund(3_000), paid(2)], "no", texts),
        ["unsafe"]
    );
    assert!(last_says(&[refund(10_000), paid(2)], "no", texts).is_empty());
}

#[test]
fn paid_is_not_said_of_what_is_gone() {
    let gone = AttemptFacts { held: 0, ..paid(1) };
    assert_eq!(last_says(&[gone], "no", PAID), ["paid-in-vain"]);
    assert!(last_says(&[paid(1)], "no", PAID).is_empty());
}

#[test]
fn plain_evidence_wants_a_plain_verdict() {
    let vague = |attempt: &AttemptFacts, retry| rules(attempt, retry, TIMED_OUT).contains(&"vague");
    assert!(vague(&declined(1), "unproven"));
    assert!(vague(&paid(1), "unproven"));
    assert!(!vague(&paid(1), "no"));
    let reversed = AttemptFacts {
        approvals: vec![answer(2, "00")],
        reversals: vec![reversal(10, UndoMeant::Undone)],
        ..sent(1)
    };
    assert!(vague(&reversed, "unproven"));
    let late = AttemptFacts {
        approvals: vec![answer(12, "00")],
        ..reversed
    };
    assert!(!vague(&late, "unproven"));
    let moving = AttemptFacts {
        in_flight: true,
        ..declined(1)
    };
    assert!(!vague(&moving, "unproven"));
}

#[test]
fn nobody_waits_for_a_reversal_that_nobody_sends() {
    let alone = AttemptFacts {
        slip: SlipSays::Unanswered,
        ..sent(1)
    };
    let printed = [printed(&alone, "no", TIMED_OUT)];
    let case = |by| Case {
        attempts: std::slice::from_ref(&alone),
        printed: &printed,
        by,
        ..Case::default()
    };
    assert!(finds(&case(ReversedBy::Terminal), "wait-in-vain"));
    assert!(!finds(&case(ReversedBy::Gateway), "wait-in-vain"));
}

#[test]
fn words_languages_and_contradictions_are_found() {
    let strange = ["all is well", DECLINED[1], DECLINED[2], DECLINED[3]];
    assert!(rules(&declined(1), "yes", strange).contains(&"words"));
    let differ = [DECLINED[0], "call the acquirer", DECLINED[2], DECLINED[3]];
    assert!(rules(&declined(1), "yes", differ).contains(&"languages"));
    assert!(rules(&declined(1), "unproven", DECLINED).contains(&"contradiction"));
    assert!(rules(&paid(1), "yes", PAID).contains(&"contradiction"));
    // To a void, a new sale is not what trying again is.
    let void = AttemptFacts {
        trade: Trade::Void,
        ..declined(1)
    };
    let texts = [DECLINED[0], "new sale allowed", DECLINED[2], "可重新交易"];
    assert!(rules(&void, "yes", texts).contains(&"languages"));
    assert!(!rules(&declined(1), "yes", texts).contains(&"languages"));
}

#[test]
fn the_amount_that_is_told_is_the_one_that_is_held() {
    let part = AttemptFacts {
        held: 6_000,
        slip: SlipSays::Approved(6_000),
        ..paid(1)
    };
    assert!(rules(&part, "no", PAID).contains(&"amount"));
    assert!(!rules(&paid(1), "no", PAID).contains(&"amount"));
}

#[test]
fn a_void_in_doubt_is_told_of_where_its_sale_is() {
    let void = |second: u64| AttemptFacts {
        trade: Trade::Void,
        of: 1,
        slip: SlipSays::Unanswered,
        in_flight: second == 0,
        ..sent(2)
    };
    let hidden = |attempts: &[AttemptFacts]| {
        let printed = [printed(&attempts[0], "no", PAID)];
        let case = Case {
            attempts,
            printed: &printed,
            ..Case::default()
        };
        finds(&case, "return-hidden")
    };
    assert!(hidden(&[paid(1), void(1)]));
    assert!(!hidden(&[paid(1), void(0)]));
    assert!(!hidden(&[paid(1), returned(2, 1, Trade::Void)]));
}

#[test]
fn a_host_in_trouble_tells_nothing_of_the_money() {
    let of = |code: &str| AttemptFacts {
        declines: vec![answer(2, code)],
        told: vec![told(2, code, Meant::Declined)],
        ..declined(1)
    };
    assert!(rules(&of("96"), "yes", DECLINED).contains(&"R20"));
    assert!(!rules(&of("51"), "yes", DECLINED).contains(&"R20"));
}

#[test]
fn a_lie_about_a_void_excuses_its_sale() {
    let void = AttemptFacts {
        lied_since: Some(at(3)),
        ..returned(2, 1, Trade::Void)
    };
    let sale = paid(1);
    let told = [printed(&sale, "no", PAID)];
    let finds = |void: AttemptFacts| {
        let attempts = [sale.clone(), void];
        let case = Case {
            attempts: &attempts,
            printed: &told,
            ..Case::default()
        };
        finds(&case, "paid-in-vain")
    };
    assert!(!finds(void.clone()));
    assert!(finds(AttemptFacts {
        lied_since: None,
        ..void
    }));
}
