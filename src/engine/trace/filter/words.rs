//! The words of a filter: the one list of them.

use super::super::cause::Cause;
use super::super::lang::{Phrase, Said};
use super::super::query::Which;
use super::super::retry::Retry;
use super::super::unconfirmed::Unconfirmed;
use super::super::written::{QueryError, amount, end, last4, moment, stan, time};
use super::FilterTime;
use super::pattern::{TextPattern, TypePattern};
use super::term::{NameField, Term};
use crate::engine::record::State;
use crate::engine::seam::duration;
use crate::iso::message::Text;
use crate::iso::spec::nearest;
use iso_currency::Currency;

/// A word of a filter.
#[derive(Clone, Copy, Debug)]
pub struct FilterWord {
    /// Without its `~`.
    pub name: &'static str,
    /// What stands behind it, in capitals; nothing if it stands alone.
    pub takes: &'static str,
    /// An example that can be typed.
    pub example: &'static str,
    /// What it asks for.
    pub about: Phrase,
    read: Reader,
}

/// What is wrong with the value of this place behind a word.
#[derive(Debug)]
pub(super) struct WordProblem {
    pub(super) value: usize,
    pub(super) what: Said,
}

type Reader = fn(&[&str], FilterTime<'_>) -> Result<Term, WordProblem>;

const fn word(
    name: &'static str,
    (takes, example): (&'static str, &'static str),
    (en, zh): (&'static str, &'static str),
    read: Reader,
) -> FilterWord {
    FilterWord {
        name,
        takes,
        example,
        about: Phrase::new(en, zh),
        read,
    }
}

impl FilterWord {
    /// Every word.
    pub const ALL: &[Self] = &[
        word(
            "open",
            ("", "~open"),
            (
                "unconfirmed: what `isogate open` lists",
                "未确认: 即 `isogate open` 所列",
            ),
            |_, _| Ok(Term::Open),
        ),
        word(
            "unsafe",
            ("", "~unsafe"),
            (
                "a new transaction in its place is not known to be safe",
                "不能确定可以重新交易",
            ),
            |_, _| Ok(Term::Unsafe),
        ),
        word(
            "safe",
            ("yes|no|unproven", "~safe unproven"),
            (
                "whether a new transaction in its place is safe",
                "是否可以重新交易",
            ),
            safe,
        ),
        word(
            "class",
            ("U1..U9", "~class U2"),
            ("the class of what is unconfirmed", "未确认交易的类别"),
            class,
        ),
        word(
            "state",
            ("STATE", "~state reversed"),
            ("where it stands", "交易状态"),
            state,
        ),
        word(
            "cause",
            ("CAUSE", "~cause answer_lost"),
            (
                "a cause that fits it; `isogate explain --causes` prints all",
                "可能的原因; `isogate explain --causes` 列出全部",
            ),
            cause,
        ),
        word(
            "kind",
            ("KIND", "~kind sale"),
            (
                "the kind, as its dialect names it",
                "交易种类(报文规范中的名称)",
            ),
            |values, _| Ok(named(NameField::Kind, values)),
        ),
        word(
            "spec",
            ("NAME", "~spec cup-pos"),
            ("the dialect of its request", "请求的报文规范"),
            |values, _| Ok(named(NameField::Spec, values)),
        ),
        word(
            "amount",
            ("AMOUNT or FROM..TO", "~amount 10.00..20.00"),
            (
                "DE 4, as people write it, or minor units",
                "金额 (DE 4): 元, 或整数分",
            ),
            amounts,
        ),
        word(
            "currency",
            ("CODE", "~currency CNY"),
            (
                "DE 49, by number or letters",
                "货币代码 (DE 49): 数字或字母",
            ),
            currency,
        ),
        word(
            "card",
            ("CARD", "~card 0048"),
            (
                "DE 2: its last four digits, its first six, or as it is shown, such as 622609*0048",
                "卡号 (DE 2): 末四位、前六位, 或如 622609*0048",
            ),
            card,
        ),
        word(
            "terminal",
            ("TERMINAL", "~terminal 1042*"),
            ("DE 41", "终端号 (DE 41)"),
            |values, _| {
                let text = first(values);
                let pattern = TextPattern::new(text);
                Ok(Term::Terminal(
                    pattern.exact(text).and_then(Text::new),
                    pattern,
                ))
            },
        ),
        word(
            "merchant",
            ("MERCHANT", "~merchant 874350357222471"),
            ("DE 42", "商户号 (DE 42)"),
            |values, _| Ok(named(NameField::Merchant, values)),
        ),
        word(
            "stan",
            ("STAN", "~stan 100175"),
            ("DE 11, the trace number", "流水号 (DE 11)"),
            |values, _| stan(first(values)).map(Term::Stan).map_err(wrong),
        ),
        word(
            "batch",
            ("BATCH", "~batch 000001"),
            ("the batch number, in dialects that have one", "批次号"),
            |values, _| Ok(named(NameField::Batch, values)),
        ),
        word(
            "rrn",
            ("RRN", "~rrn 203217491827"),
            (
                "DE 37, the retrieval reference number",
                "检索参考号 (DE 37)",
            ),
            |values, _| {
                let text = first(values);
                let pattern = TextPattern::new(text);
                Ok(Term::Rrn(pattern.exact(text).and_then(Text::new), pattern))
            },
        ),
        word(
            "auth",
            ("CODE", "~auth 112233"),
            ("DE 38, the authorization code", "授权码 (DE 38)"),
            |values, _| {
                let text = first(values);
                let pattern = TextPattern::new(text);
                Ok(Term::Auth(pattern.exact(text).and_then(Text::new), pattern))
            },
        ),
        word(
            "code",
            ("CODE", "~code 51"),
            ("DE 39 of the answer to its request", "请求的应答码 (DE 39)"),
            |values, _| Ok(Term::Answer(TextPattern::new(first(values)))),
        ),
        word(
            "mti",
            ("TYPE", "~mti 04xx"),
            (
                "has a message of this type; x is any digit",
                "含有该类型的报文; x 表示任意数字",
            ),
            types,
        ),
        word(
            "de",
            ("FIELD VALUE", "~de 39 00"),
            (
                "has a message with this in the field; fields 2, 4, 11, 37, 38, 39, 41, 42 and 49",
                "有报文的该域为此值; 可用域 2、4、11、37、38、39、41、42、49",
            ),
            field,
        ),
        word(
            "slower",
            ("TIME", "~slower 500ms"),
            (
                "its answer took longer than this, or was waited for longer in vain",
                "应答耗时(或等待)超过此值",
            ),
            slower,
        ),
        word(
            "since",
            ("TIME", "~since 10m"),
            (
                "began at this time or later: 10m ago, 10:15 today, 2026-11-22T10:15",
                "不早于: 10m 即十分钟前, 10:15 即今日, 2026-11-22T10:15",
            ),
            |values, at| {
                let from = moment(first(values), (at.now, at.zone), time);
                from.map(Term::Since).map_err(wrong)
            },
        ),
        word(
            "until",
            ("TIME", "~until 2026-11-22"),
            (
                "began before this time, or on this day at the latest",
                "早于此时刻; 若为日期则含当日",
            ),
            |values, at| {
                let until = moment(first(values), (at.now, at.zone), end);
                until.map(Term::Until).map_err(wrong)
            },
        ),
        word(
            "tx",
            ("ID", "~tx 01KAPTP9C1FVGGVB4AJ4H50V83"),
            ("its id", "交易号"),
            |values, _| {
                let id = first(values).parse().map(Term::Tx);
                id.map_err(|_wrong| wrong(QueryError::Key(first(values).to_owned())))
            },
        ),
    ];

    /// How many values stand behind it.
    pub(super) fn values(&self) -> usize {
        match self.name {
            "de" => 2,
            _ => usize::from(!self.takes.is_empty()),
        }
    }

    pub(super) fn read(&self, values: &[&str], at: FilterTime<'_>) -> Result<Term, WordProblem> {
        (self.read)(values, at)
    }
}

fn first<'v>(values: &[&'v str]) -> &'v str {
    values.first().copied().unwrap_or_default()
}

fn named(name: NameField, values: &[&str]) -> Term {
    Term::Name(name, TextPattern::new(first(values)))
}

fn wrong(error: QueryError) -> WordProblem {
    at_value(0, error.said())
}

const fn at_value(value: usize, what: Said) -> WordProblem {
    WordProblem { value, what }
}

const NEAR: Phrase = Phrase::new(
    "there is no `{text}`; did you mean `{known}`?",
    "没有 `{text}`; 是否指 `{known}`?",
);
const NOT_ONE: Phrase = Phrase::new(
    "there is no `{text}`; there are: {known}",
    "没有 `{text}`; 可用: {known}",
);

/// One of a closed list, and if it is none, the nearest.
fn one_of<T: Copy>(text: &str, all: &[T], name: fn(T) -> &'static str) -> Result<T, WordProblem> {
    let found = all
        .iter()
        .find(|one| name(**one).eq_ignore_ascii_case(text));
    found.copied().ok_or_else(|| {
        let names = || all.iter().map(|one| name(*one));
        let upper = text.to_ascii_uppercase();
        let near = nearest(&upper, names()).or_else(|| nearest(text, names()));
        let (phrase, known) = match near {
            Some(near) => (NEAR, near.to_owned()),
            None => (NOT_ONE, names().collect::<Vec<_>>().join(", ")),
        };
        let [text, known] = [Said::same(text), Said::same(known)];
        at_value(0, phrase.fill(&[("text", text), ("known", known)]))
    })
}

fn safe(values: &[&str], _: FilterTime<'_>) -> Result<Term, WordProblem> {
    let all = [Retry::Yes, Retry::No, Retry::Unproven];
    one_of(first(values), &all, Retry::name).map(Term::Safe)
}

fn class(values: &[&str], _: FilterTime<'_>) -> Result<Term, WordProblem> {
    one_of(first(values), &Unconfirmed::ALL, Unconfirmed::name).map(Term::Class)
}

fn state(values: &[&str], _: FilterTime<'_>) -> Result<Term, WordProblem> {
    // Whoever knows `trace --state` writes a class or `open` here as well.
    match first(values).parse() {
        Ok(Which::Open) => return Ok(Term::Open),
        Ok(Which::Class(class)) => return Ok(Term::Class(class)),
        Ok(Which::State(_)) | Err(_) => {}
    }
    one_of(first(values), &State::ALL, State::name).map(Term::State)
}

fn cause(values: &[&str], _: FilterTime<'_>) -> Result<Term, WordProblem> {
    one_of(first(values), Cause::ALL, Cause::name).map(Term::Cause)
}

fn amounts(values: &[&str], _: FilterTime<'_>) -> Result<Term, WordProblem> {
    let one = |text: &str| amount(text).map_err(wrong);
    let text = first(values);
    let Some((least, most)) = text.split_once("..") else {
        let only = one(text)?;
        return Ok(Term::Amount(Some(only), Some(only)));
    };
    let some = |text: &str| match text {
        "" => Ok(None),
        text => one(text).map(Some),
    };
    Ok(Term::Amount(some(least)?, some(most)?))
}

const CURRENCY: Phrase = Phrase::new(
    "`{text}` is no currency: give its letters or number, such as CNY or 156",
    "`{text}` 不是货币: 请给字母或数字代码, 例如 CNY 或 156",
);

fn currency(values: &[&str], _: FilterTime<'_>) -> Result<Term, WordProblem> {
    let text = first(values);
    let by_letters = Currency::from_code(&text.to_ascii_uppercase());
    let number = match by_letters {
        Some(known) => format!("{:03}", known.numeric()),
        None if text.len() == 3 && text.bytes().all(|c| c.is_ascii_digit()) => text.to_owned(),
        None => return Err(at_value(0, CURRENCY.fill(&[("text", Said::same(text))]))),
    };
    Ok(Term::Name(NameField::Currency, TextPattern::new(&number)))
}

const WHOLE_CARD: Phrase = Phrase::new(
    "a whole card number does not belong into a filter: give its last four digits",
    "过滤式中不应写完整卡号: 请给末四位",
);

fn card(values: &[&str], _: FilterTime<'_>) -> Result<Term, WordProblem> {
    let text = first(values);
    let digits = text.bytes().all(|c| c.is_ascii_digit());
    match text.len() {
        4 if digits => last4(text).map(Term::Last4).map_err(wrong),
        6 if digits => Ok(Term::Name(
            NameField::Card,
            TextPattern::new(&format!("{text}*")),
        )),
        length if digits && length > 10 => Err(at_value(0, WHOLE_CARD.plain())),
        _ if digits => Err(wrong(QueryError::Last4(text.to_owned()))),
        _ => Ok(Term::Name(NameField::Card, TextPattern::new(text))),
    }
}

const TYPE: Phrase = Phrase::new(
    "`{text}` is no type of message: give four digits, x for any, such as 0200 or 04xx",
    "`{text}` 不是报文类型: 请给四位数字, x 表示任意, 例如 0200 或 04xx",
);

fn types(values: &[&str], _: FilterTime<'_>) -> Result<Term, WordProblem> {
    let text = first(values);
    let what = || TYPE.fill(&[("text", Said::same(text))]);
    TypePattern::read(text)
        .map(Term::Type)
        .ok_or_else(|| at_value(0, what()))
}

const FIELD: Phrase = Phrase::new(
    "`{text}` cannot be asked for: of the fields, 2, 4, 11, 37, 38, 39, 41, 42 and 49 can",
    "不能按域 `{text}` 过滤: 可用域 2、4、11、37、38、39、41、42、49",
);

fn field(values: &[&str], at: FilterTime<'_>) -> Result<Term, WordProblem> {
    let [number, rest @ ..] = values else {
        return Err(at_value(0, FIELD.plain()));
    };
    let name = match number.trim_start_matches('0') {
        "2" => "card",
        "4" => "amount",
        "11" => "stan",
        "37" => "rrn",
        "38" => "auth",
        "39" => return Ok(Term::Code(TextPattern::new(first(rest)))),
        "41" => "terminal",
        "42" => "merchant",
        "49" => "currency",
        _ => return Err(at_value(0, FIELD.fill(&[("text", Said::same(*number))]))),
    };
    let mut words = FilterWord::ALL.iter().filter(|word| word.name == name);
    let read = words.next().map(|word| word.read(rest, at));
    let read = read.unwrap_or_else(|| Err(at_value(0, FIELD.plain())));
    read.map_err(|problem| at_value(problem.value + 1, problem.what))
}

const TIME: Phrase = Phrase::new(
    "`{text}` is no length of time: give one such as 500ms, 10s or 2m",
    "`{text}` 不是时长: 例如 500ms、10s、2m",
);

fn slower(values: &[&str], _: FilterTime<'_>) -> Result<Term, WordProblem> {
    let text = first(values);
    let what = || TIME.fill(&[("text", Said::same(text))]);
    let time = duration(text).ok_or_else(|| at_value(0, what()))?;
    let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    Ok(Term::Slower(millis))
}
