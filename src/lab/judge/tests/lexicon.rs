//! Every sentence that stands in the texts of verdicts is in the tables of this judge. The texts
//! are read here as a file, as a stranger would; nothing is called.

use crate::lab::judge::{CashierMove, obedient, understand};

const TEXTS: &str = include_str!("../../../engine/trace/texts.rs");
const BOUND: &str = include_str!("../../../engine/trace/texts_bound.rs");
const CODES: &str = include_str!("../../../engine/trace/codes.rs");
const REASONS: &str = include_str!("../../../engine/trace/reasons.rs");

/// The literals of a text, in order, as the compiler joins them.
fn literals(text: &str) -> Vec<String> {
    let code = text.lines().filter(|line| {
        let line = line.trim_start();
        !line.starts_with("//")
    });
    let code: String = code.collect::<Vec<_>>().join("\n");
    let parts: Vec<&str> = code.split('"').collect();
    let joined = |part: &&str| {
        let mut lines = part.split("\\\n");
        let first = lines.next().unwrap_or_default().to_owned();
        lines.fold(first, |all, line| all + line.trim_start())
    };
    parts.iter().skip(1).step_by(2).map(joined).collect()
}

/// The places of a sentence, filled as they may be.
fn filled(text: &str, english: bool) -> String {
    let pick = |en: &'static str, zh: &'static str| if english { en } else { zh };
    let values = [
        ("{rc}", "51"),
        ("{rrc}", "00"),
        ("{meaning}", pick("insufficient funds", "余额不足")),
        ("{rmeaning}", pick("original not found", "未找到原交易")),
        ("{dt}", "1.5"),
        ("{n}", "3"),
        (
            "{keys}",
            pick("merchant M1 terminal T1", "商户号M1 终端号T1"),
        ),
        ("{why}", pick("no answer in time", "未按时应答")),
        ("{reversal}", pick("pending", "处理中")),
        (
            "{returned}",
            pick("any debit is returned", "如已扣款将原路退回"),
        ),
        ("{nothing}", pick("nothing debited", "未扣款")),
        ("{again}", pick("new sale", "重新交易")),
        ("{auth}", pick(" 123456", "(授权码123456)")),
        ("{second}", pick(" 654321", "(授权码654321)")),
        (
            "{original}",
            pick(
                " 01K2QJ6A40000400000000000A",
                " 01K2QJ6A40000400000000000A ",
            ),
        ),
        ("{took}", pick(" after 1.5s", "(耗时1.5秒)")),
        ("{after}", pick(" after 45s", "45秒")),
        ("{in}", pick("in 45s", "45秒")),
        ("{first}", pick("; first cause 98", "(首次原因码98)")),
        (
            "{other}",
            pick(
                " 01K2QJ6A40000400000000000A",
                " 01K2QJ6A40000400000000000A ",
            ),
        ),
        ("{tx}", "01K2QJ6A40000400000000000A"),
        ("{state}", "DELIVERED"),
        ("{v}", "field 4"),
        ("{advice}", pick("another card", "请换卡")),
        ("{swipe}", pick("void", "再次撤销")),
        ("{deed}", pick("refund", "退货")),
        ("{done}", pick("paid", "支付")),
        ("{back}", "30.00 CNY"),
        ("{amount}", "100.00 CNY"),
        ("{asked}", "120.00 CNY"),
        ("{closing}", "li: in the file of the acquirer"),
    ];
    let fill = |text: String, (place, value): (&str, &str)| text.replace(place, value);
    values.into_iter().fold(text.to_owned(), fill)
}

#[track_caller]
fn is_understood(text: &str) {
    let strange = understand(text).strange;
    assert!(strange.is_empty(), "{text}\n  {strange:?}");
}

#[test]
fn every_verdict_and_next_step_is_understood() {
    let mut texts = literals(TEXTS);
    texts.extend(literals(BOUND));
    assert!(texts.len() > 150, "{}", texts.len());
    for pair in texts.chunks_exact(2) {
        let [english, chinese] = [filled(&pair[0], true), filled(&pair[1], false)];
        assert!(
            english.is_ascii() && !chinese.is_ascii(),
            "{english} / {chinese}"
        );
        is_understood(&english);
        is_understood(&chinese);
    }
}

#[test]
fn every_code_and_its_advice_is_understood() {
    let mut codes = 0;
    for row in CODES.split("row(").skip(1) {
        let [code, english, chinese] = match literals(row).as_slice() {
            [code, english, chinese, ..] if code.len() <= 3 => {
                [code.clone(), english.clone(), chinese.clone()]
            }
            _ => continue,
        };
        codes += 1;
        is_understood(&format!("declined {code} {english}; nothing debited"));
        is_understood(&format!("{code} {chinese}, 未扣款"));
        is_understood(&format!("answered {code} {english}; no money in it"));
        is_understood(&format!("应答{code} {chinese}, 不涉及资金"));
        is_understood(&format!("refused by the gateway ({code}): {english}"));
    }
    assert!(codes > 100, "{codes}");
    let advice = CODES.split("pub const fn next_step").nth(1).unwrap();
    let advice = advice.split("\nimpl Code").next().unwrap();
    let advice = literals(advice);
    assert_eq!(advice.len(), 26);
    for text in &advice {
        is_understood(text);
        assert_ne!(obedient(text, "no"), CashierMove::Lost);
    }
}

#[test]
fn every_reason_is_understood() {
    let reasons = REASONS.split("match cause.unwrap_or").nth(1).unwrap();
    let reasons = literals(reasons);
    assert!(reasons.len() > 50, "{}", reasons.len());
    for pair in reasons.chunks_exact(2) {
        let [english, chinese] = [filled(&pair[0], true), filled(&pair[1], false)];
        for behind in [
            "reversal accepted (00); any debit is returned",
            "reversal pending",
        ] {
            // Refusals give their reason behind a colon.
            if understand(&english).strange.is_empty() {
                is_understood(&format!("{english}; {behind}"));
            } else {
                is_understood(&format!("refused by the gateway (A0): {english}"));
            }
        }
        is_understood(&format!("{chinese}, 冲正成功(00); 如已扣款将原路退回"));
        is_understood(&format!("{chinese}, 结果未知, 冲正待发起"));
    }
}

#[test]
fn what_nobody_wrote_is_strange() {
    for text in [
        "approved and delivered, new sale allowed",
        "declined 51 insufficient funds, nothing debited",
        "you may swipe",
        "交易成功",
        "可以重刷",
        "",
    ] {
        assert_eq!(understand(text).strange, [text], "{text}");
    }
}

#[test]
fn an_obedient_cashier_does_what_the_words_say() {
    use CashierMove::{
        AsksAcquirer, CollectsAgain, Completes, Disputes, Done, LooksUpOther, PaysOtherwise,
        RepeatsMessage, TriesAgain, Waits,
    };
    let rows = [
        ("new sale allowed", "可重新交易", "yes", TriesAgain),
        ("another card", "请换卡", "yes", PaysOtherwise),
        (
            "the sale does not stand: do not hand over goods, or collect again; new sale allowed",
            "交易未成立: 请勿交付商品, 已交付须重新收款; 可重新交易",
            "yes",
            CollectsAgain,
        ),
        (
            "wait for the reversal; do not swipe again until it closes",
            "等待冲正结果, 结清前请勿重刷",
            "no",
            Waits,
        ),
        (
            "query the acquirer; do not swipe again until it says not paid",
            "请向收单机构查询, 确认未支付前请勿重刷",
            "unproven",
            AsksAcquirer,
        ),
        (
            "raise a dispute with these keys; do not swipe again",
            "凭以上要素提交差错处理, 请勿重刷",
            "no",
            Disputes,
        ),
        (
            "send the completion or void it; do not swipe again",
            "请做预授权完成或撤销, 请勿重刷",
            "no",
            Completes,
        ),
        (
            "look up the first transaction of this number before a new sale",
            "请先查询同凭证号的首笔交易, 再决定是否重新交易",
            "unproven",
            LooksUpOther,
        ),
        (
            "let the terminal repeat the same message, or query the acquirer; do not key it in \
             anew",
            "由终端原样重发或向收单机构查询, 请勿重新发起",
            "no",
            RepeatsMessage,
        ),
        ("nothing to do", "无需处理", "no", Done),
        ("who knows", "谁知道", "yes", CashierMove::Lost),
    ];
    for (english, chinese, retry, makes) in rows {
        assert_eq!(obedient(english, retry), makes, "{english}");
        assert_eq!(obedient(chinese, retry), makes, "{chinese}");
    }
}
