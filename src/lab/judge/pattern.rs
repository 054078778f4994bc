//! Sentences with places in them, and whether a text is one of them.
//!
//! A place is a letter in braces: `{a}` an authorization code with the words around it, `{t}` the
//! time that something took, `{o}` another transaction, `{i}` a transaction's id, `{c}` a response
//! code, `{s}` seconds, `{n}` a count, `{r}` how a reversal stands, `{m}` money, `{d}` a void or
//! refund, `{v}` what is not to be done again and `{w}` the same once it is done, `{x}` free words.
//! Free words that promise something about money fit no place.

/// Words that nobody may hide in a place for free words.
const LOADED: &[&str] = &[
    "allowed",
    "debited",
    "is returned",
    "goes back",
    "new sale",
    "try again",
    "another card",
    "means of payment",
    "left the gateway",
    "collect again",
    "swipe",
    "nothing",
    "refunded",
    "not sent",
    "not paid",
    "safe to",
    "未扣款",
    "未冻结",
    "未撤销",
    "未退货",
    "可重新",
    "可用新",
    "可换",
    "请换",
    "退回",
    "冲正成功",
    "未离开",
    "重刷",
    "收款",
    "无需",
    "未发送",
];

/// Whether a text is this sentence, whatever stands in its places.
pub(super) fn fits(pattern: &str, text: &str) -> bool {
    let Some(open) = pattern.find('{') else {
        return pattern == text;
    };
    let (head, rest) = pattern.split_at(open);
    let Some(text) = text.strip_prefix(head) else {
        return false;
    };
    let Some((place, rest)) = rest.get(1..).and_then(|rest| rest.split_once('}')) else {
        return false;
    };
    if rest.is_empty() {
        return fills(place, text);
    }
    // What stands behind a place is seldom there, and cheap to look for: first its first byte.
    let first = rest
        .as_bytes()
        .first()
        .copied()
        .filter(|first| *first != b'{');
    let bytes = text.as_bytes();
    let cuts = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    let mut cuts = cuts
        .filter(|at| first.is_none() || bytes.get(*at).copied() == first)
        .filter_map(|at| text.split_at_checked(at));
    cuts.any(|(value, behind)| fits(rest, behind) && fills(place, value))
}

/// Whether a value may stand in a place.
fn fills(place: &str, value: &str) -> bool {
    match place {
        "a" => value.is_empty() || is_wrapped(value, "授权码", |v| v.chars().count() <= 6),
        "t" => value.is_empty() || is_time(value),
        "o" => value.is_empty() || is_id(value.trim()),
        "i" => is_id(value),
        "c" => matches!(value, "none" | "无") || is_code(value),
        "s" => is_number(value),
        "n" => !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()),
        "r" => matches!(
            value,
            "未到期" | "处理中" | "待发起" | "not due yet" | "pending" | "due, not begun yet"
        ),
        "v" => matches!(
            value,
            "swipe" | "void" | "refund" | "重刷" | "再次撤销" | "再次退货"
        ),
        "w" => matches!(
            value,
            "paid" | "voided" | "refunded" | "支付" | "撤销" | "退货"
        ),
        "d" => matches!(value, "void" | "refund" | "撤销" | "退货"),
        "m" => is_money(value),
        "x" => !value.is_empty() && !is_loaded(value),
        _ => false,
    }
}

/// ` value` in English, `(label value)` in Chinese.
fn is_wrapped(value: &str, label: &str, fits: impl Fn(&str) -> bool) -> bool {
    let chinese = value
        .strip_prefix('(')
        .and_then(|value| value.strip_prefix(label)?.strip_suffix(')'));
    chinese
        .or_else(|| value.strip_prefix(' '))
        .is_some_and(|value| !value.is_empty() && fits(value))
}

fn is_time(value: &str) -> bool {
    let english = value
        .strip_prefix(" after ")
        .and_then(|value| value.strip_suffix('s'));
    let chinese = value
        .strip_prefix("(耗时")
        .and_then(|value| value.strip_suffix("秒)"));
    english
        .or(chinese)
        .or_else(|| value.strip_suffix('秒'))
        .is_some_and(is_number)
}

fn is_id(value: &str) -> bool {
    value.len() == 26 && value.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// A code as a host may send one: up to four characters, or nothing but blanks.
fn is_code(value: &str) -> bool {
    value.trim().is_empty() && value.len() <= 4
        || (1..=4).contains(&value.chars().count()) && !value.contains([' ', '(', ')', ';', ','])
}

fn is_number(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

/// `120.00 CNY`.
fn is_money(value: &str) -> bool {
    let (number, currency) = value.split_once(' ').unwrap_or((value, ""));
    is_number(number) && currency.len() <= 3 && currency.bytes().all(|b| b.is_ascii_alphanumeric())
}

fn is_loaded(value: &str) -> bool {
    LOADED.iter().any(|word| value.contains(word))
}

/// The clauses of a text: `; ` parts them, but for those within brackets.
pub(super) fn clauses(text: &str) -> Vec<&str> {
    let (mut clauses, mut from, mut depth) = (Vec::new(), 0, 0_u32);
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ';' if depth == 0 && text.get(at + 1..at + 2) == Some(" ") => {
                clauses.extend(text.get(from..at));
                from = at + 2;
            }
            _ => {}
        }
    }
    clauses.extend(text.get(from..));
    clauses
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_takes_what_belongs_there_and_nothing_else() {
        assert!(fits("wait", "wait"));
        assert!(!fits("wait", "wait more"));
        assert!(fits("approved{a} and delivered", "approved and delivered"));
        assert!(fits(
            "approved{a} and delivered",
            "approved A1B2C3 and delivered"
        ));
        assert!(!fits(
            "approved{a} and delivered",
            "approved by nobody and delivered"
        ));
        assert!(fits("交易成功{a}{t}", "交易成功(授权码123456)(耗时1.2秒)"));
        assert!(fits("declined {c} {x}", "declined 51 insufficient funds"));
        assert!(!fits("no answer in {s}s", "no answer in time"));
        assert!(fits("冲正{r}", "冲正处理中"));
        assert!(!fits("冲正{r}", "冲正成功"));
    }

    #[test]
    fn free_words_that_promise_something_fit_no_place() {
        assert!(!fits("declined {c} {x}", "declined 51 new sale allowed"));
        assert!(!fits("{x}, 冲正{r}", "未扣款, 冲正处理中"));
    }

    #[test]
    fn brackets_keep_a_clause_together() {
        assert_eq!(clauses("a; b (c; d); e"), ["a", "b (c; d)", "e"]);
        assert_eq!(clauses("冲正成功(00); 可重新交易").len(), 2);
    }
}
