//! From TOML to a checked [`Scenario`]. What is wrong is told with its line, its key and its mend.

use super::merchant::{MerchantKeys, merchant};
use super::story::{Happening, HappensAt, MoneyWanted, Scenario, ScenarioSet, VerdictWanted};
use crate::engine::evidence::Tier;
use crate::engine::gateway::ReversalBy;
use crate::engine::seam::{Wall, Zone};
use crate::engine::trace::{Cause, Said, amount, time};
use crate::iso::message::{Amount, Text};
use crate::iso::spec::Spec;
use serde::Deserialize;
use std::ops::Range;
use std::time::Duration;
use toml::Spanned;

/// Why a file of scenarios cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}, line {line}: {wrong}")]
pub struct ScenarioError {
    file: String,
    line: usize,
    wrong: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetKeys {
    title: String,
    title_zh: String,
    #[serde(default)]
    scenario: Vec<ScenarioKeys>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScenarioKeys {
    id: Spanned<String>,
    title: String,
    title_zh: String,
    like: Option<Spanned<String>>,
    story: Option<String>,
    story_zh: Option<String>,
    class: Option<String>,
    spec: Option<Spanned<String>>,
    day: Option<Spanned<String>>,
    reverses: Option<ReversesKey>,
    #[serde(default)]
    faults: Vec<Spanned<String>>,
    happens: Option<Spanned<Vec<Spanned<HappensKeys>>>>,
    wire: Option<Vec<String>>,
    money: Option<MoneyKeys>,
    merchant: Option<Spanned<MerchantKeys>>,
    #[serde(default)]
    verdict: Vec<Spanned<VerdictKeys>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum ReversesKey {
    Terminal,
    Gateway,
    Both,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HappensKeys {
    at: String,
    #[serde(rename = "do")]
    what: String,
    amount: Option<String>,
    card: Option<usize>,
    terminal: Option<usize>,
    of: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MoneyKeys {
    terminal: Spanned<String>,
    acquirer: Spanned<String>,
    paid: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VerdictKeys {
    of: Option<usize>,
    tier: Option<String>,
    on: Option<String>,
    state: Option<String>,
    class: Option<String>,
    cause: Option<String>,
    causes: Option<Vec<String>>,
    safe: Option<String>,
    says: Option<String>,
    says_zh: Option<String>,
    next: Option<String>,
    next_zh: Option<String>,
}

/// A text, as it is looked up when something in it is wrong.
struct Source<'a> {
    file: &'a str,
    text: &'a str,
}

impl Source<'_> {
    fn wrong(&self, span: Range<usize>, wrong: impl Into<String>) -> ScenarioError {
        let before = self.text.get(..span.start).unwrap_or_default();
        ScenarioError {
            file: self.file.to_owned(),
            line: before.matches('\n').count() + 1,
            wrong: wrong.into(),
        }
    }
}

const TIERS: [Tier; 7] = [
    Tier::E0,
    Tier::E1,
    Tier::E2s,
    Tier::E2w,
    Tier::E2,
    Tier::E2p,
    Tier::E3,
];

/// What DE 4 can hold.
const LARGEST: u64 = 999_999_999_999;

/// Most terminals and cards that a scenario may name.
const MOST: usize = 100;

/// The day on which scenarios happen unless they say another: a Monday without a holiday near.
const DAY: &str = "2026-11-23";

/// Reads a file, in which scenarios may be like those that are known already.
///
/// # Errors
/// [`ScenarioError`], with the line.
pub fn read(file: &str, text: &str, known: &[ScenarioSet]) -> Result<ScenarioSet, ScenarioError> {
    read_with(file, text, known, Likes::Told)
}

/// What becomes of scenarios that are like others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Likes {
    /// They are told as the others.
    Told,
    /// They are left out.
    LeftOut,
}

pub(super) fn read_with(
    file: &str,
    text: &str,
    known: &[ScenarioSet],
    likes: Likes,
) -> Result<ScenarioSet, ScenarioError> {
    let source = Source { file, text };
    let keys: SetKeys = toml::from_str(text).map_err(|wrong| {
        let span = wrong.span().unwrap_or_default();
        source.wrong(span, wrong.message().replace('\n', " "))
    })?;
    let mut scenarios: Vec<Scenario> = Vec::new();
    if keys.scenario.is_empty() {
        let wrong = "no scenario stands here; write at least one [[scenario]]";
        return Err(source.wrong(0..0, wrong));
    }
    for keys in keys.scenario {
        if keys.like.is_some() && likes == Likes::LeftOut {
            continue;
        }
        let span = keys.id.span();
        let texts = [
            Some(keys.id.get_ref()),
            Some(&keys.title),
            Some(&keys.title_zh),
            keys.story.as_ref(),
            keys.story_zh.as_ref(),
        ];
        if texts.into_iter().flatten().any(|text| !is_plain(text)) {
            let wrong = "id, titles and stories are plain text: not empty, no control characters";
            return Err(source.wrong(span, wrong));
        }
        let elsewhere = known.iter().flat_map(|set| &set.scenarios);
        let others = scenarios.iter().chain(elsewhere);
        let scenario = match keys.like.as_ref().map(Spanned::get_ref) {
            Some(like) => {
                let other = others.into_iter().find(|other| other.id == *like);
                like_another(&source, keys, other)?
            }
            None => scenario(&source, keys)?,
        };
        if scenarios.iter().any(|known| known.id == scenario.id) {
            let wrong = format!(
                "`id`: {} stands here twice; name one otherwise",
                scenario.id
            );
            return Err(source.wrong(span, wrong));
        }
        scenarios.push(scenario);
    }
    Ok(ScenarioSet {
        title: said(keys.title, keys.title_zh),
        scenarios,
    })
}

fn is_plain(text: &str) -> bool {
    !text.trim().is_empty() && !text.chars().any(char::is_control)
}

const fn said(en: String, zh: String) -> Said {
    Said { en, zh }
}

/// What another tells in other words.
fn like_another(
    source: &Source<'_>,
    keys: ScenarioKeys,
    other: Option<&Scenario>,
) -> Result<Scenario, ScenarioError> {
    let span = keys
        .like
        .as_ref()
        .map_or_else(|| keys.id.span(), Spanned::span);
    let Some(other) = other else {
        let wrong = "`like`: no scenario of that name stands before this one";
        return Err(source.wrong(span, wrong));
    };
    let more = keys.happens.is_some() || !keys.verdict.is_empty() || !keys.faults.is_empty();
    let set_up = keys.spec.is_some() || keys.day.is_some() || keys.class.is_some();
    let set_up = set_up || keys.reverses.is_some() || keys.merchant.is_some();
    if more || set_up || keys.wire.is_some() || keys.money.is_some() {
        let wrong = "`like`: it happens as the other does; beside it only id, title and story \
                     may stand, or leave out `like`";
        return Err(source.wrong(span, wrong));
    }
    let story = other.story.clone();
    Ok(Scenario {
        id: keys.id.into_inner(),
        title: said(keys.title, keys.title_zh),
        story: said(
            keys.story.unwrap_or(story.en),
            keys.story_zh.unwrap_or(story.zh),
        ),
        ..other.clone()
    })
}

fn scenario(source: &Source<'_>, keys: ScenarioKeys) -> Result<Scenario, ScenarioError> {
    let missing = |key: &str| source.wrong(keys.id.span(), format!("`{key}` is missing"));
    let text = |key: &str, text: &Option<String>| text.clone().ok_or_else(|| missing(key));
    let story = said(
        text("story", &keys.story)?,
        text("story_zh", &keys.story_zh)?,
    );
    let class = text("class", &keys.class)?;
    let happens = keys.happens.as_ref().ok_or_else(|| missing("happens"))?;
    let spec = match &keys.spec {
        None => Spec::builtin("cup-pos"),
        Some(name) => Spec::builtin(name.get_ref()),
    };
    let span =
        |key: &Option<Spanned<String>>| key.as_ref().map_or_else(|| keys.id.span(), Spanned::span);
    let spec = spec.ok_or_else(|| {
        let known = Spec::builtin_names().join(", ");
        let wrong = format!("`spec`: no dialect is called so; there are {known}");
        source.wrong(span(&keys.spec), wrong)
    })?;
    let day = keys.day.as_ref().map_or(DAY, |day| day.get_ref().as_str());
    if time(day, &Zone::CHINA).is_err() {
        let wrong = format!("`day`: `{day}` is no day; write one such as {DAY}");
        return Err(source.wrong(span(&keys.day), wrong));
    }
    let faults = keys.faults.iter().map(|text| {
        let armed = text.get_ref().parse();
        let armed = armed.map_err(|wrong: crate::lab::fault::FaultError| {
            source.wrong(text.span(), format!("`faults`: {wrong}"))
        });
        armed.map(|armed| (text.get_ref().clone(), armed))
    });
    let faults = faults.collect::<Result<_, _>>()?;
    let happenings = happenings(source, &spec, day, happens)?;
    let verdicts = keys.verdict.iter().map(|keys| {
        let wanted = verdict(keys.get_ref(), day, &happenings);
        wanted.map_err(|wrong| source.wrong(keys.span(), wrong))
    });
    if keys.wire.is_none() && keys.money.is_none() && keys.verdict.is_empty() {
        let wrong = "nothing is wanted; write at least one of `wire`, `money` and `verdict`";
        return Err(source.wrong(keys.id.span(), wrong));
    }
    let agreed = keys.merchant.as_ref().map(|keys| {
        let agreed = merchant(super::stage::merchant_id(), keys.get_ref());
        agreed.map_err(|wrong| source.wrong(keys.span(), wrong))
    });
    Ok(Scenario {
        merchant: agreed.transpose()?,
        verdicts: verdicts.collect::<Result<_, _>>()?,
        id: keys.id.into_inner(),
        title: said(keys.title, keys.title_zh),
        story,
        class,
        spec,
        reverses: match keys.reverses {
            Some(ReversesKey::Terminal) => ReversalBy::Terminal,
            Some(ReversesKey::Gateway) => ReversalBy::Gateway,
            Some(ReversesKey::Both) | None => ReversalBy::Both,
        },
        faults,
        happenings,
        wire: keys.wire,
        money: keys.money.map(|keys| money(source, &keys)).transpose()?,
    })
}

fn money(source: &Source<'_>, keys: &MoneyKeys) -> Result<MoneyWanted, ScenarioError> {
    let sum = |key: &str, text: &Spanned<String>| {
        let (negative, digits) = match text.get_ref().strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text.get_ref().as_str()),
        };
        let sum = yuan(digits).and_then(|amount| i64::try_from(amount.0).ok());
        let sum = sum.map(|sum| if negative { -sum } else { sum });
        sum.ok_or_else(|| source.wrong(text.span(), format!("`money.{key}`: {WANTS_YUAN}")))
    };
    Ok(MoneyWanted {
        terminal: sum("terminal", &keys.terminal)?,
        acquirer: sum("acquirer", &keys.acquirer)?,
        paid: keys
            .paid
            .as_ref()
            .map(|paid| sum("paid", paid))
            .transpose()?,
    })
}

pub(super) const WANTS_YUAN: &str = "write yuan with two decimals, such as \"888.00\"";

pub(super) fn yuan(text: &str) -> Option<Amount> {
    let cents = text.split_once('.').map(|(_, cents)| cents.len());
    amount(text).ok().filter(|_| cents == Some(2))
}

fn happenings(
    source: &Source<'_>,
    spec: &Spec,
    day: &str,
    keys: &Spanned<Vec<Spanned<HappensKeys>>>,
) -> Result<Vec<HappensAt>, ScenarioError> {
    let mut all: Vec<HappensAt> = Vec::new();
    for keys in keys.get_ref() {
        let next = happening(spec, day, keys.get_ref(), &all);
        all.push(next.map_err(|wrong| source.wrong(keys.span(), wrong))?);
    }
    match all.is_empty() {
        true => Err(source.wrong(
            keys.span(),
            "`happens`: nothing happens; write at least { at = \"10:00\", do = \"sale\", \
             amount = \"888.00\" }",
        )),
        false => Ok(all),
    }
}

fn happening(
    spec: &Spec,
    day: &str,
    keys: &HappensKeys,
    before: &[HappensAt],
) -> Result<HappensAt, String> {
    let at = moment(day, &keys.at)?;
    if before
        .iter()
        .any(|before| matches!(before.what, Happening::Look))
    {
        return Err("`do`: the story ends with `look`; nothing happens behind it".into());
    }
    if before.last().is_some_and(|last| last.at > at) {
        return Err(
            "`at`: it stands behind what happens later; put it in the order of time".into(),
        );
    }
    let terminal = from_one("terminal", keys.terminal)?;
    let what = match keys.what.as_str() {
        "wait" => Happening::Nothing,
        "look" => Happening::Look,
        "sign_in" => Happening::SignIn(terminal),
        "restart" => Happening::Restart,
        "cut" => Happening::Cut,
        kind => trade(spec, kind, terminal, keys, before)?,
    };
    Ok(HappensAt { at, what })
}

fn trade(
    spec: &Spec,
    kind: &str,
    terminal: usize,
    keys: &HappensKeys,
    before: &[HappensAt],
) -> Result<Happening, String> {
    let known = spec.flow().kinds.iter().find(|known| *known.name == *kind);
    let Some(known) = known else {
        let kinds = spec.flow().kinds.iter().map(|kind| kind.name.to_string());
        let kinds = kinds.collect::<Vec<_>>().join(", ");
        return Err(format!(
            "`do`: nobody can do `{kind}`; there are wait, look, sign_in, restart, cut, {kinds}"
        ));
    };
    let of = keys.of.map(|_| from_one("of", keys.of)).transpose()?;
    if of.is_some_and(|of| of >= before.len()) {
        return Err("`of`: it names what happens later; 1 is what happens first".into());
    }
    let amount = match &keys.amount {
        None if known.purpose.moves_money() && of.is_none() => {
            return Err(format!("`amount` is missing; {WANTS_YUAN}"));
        }
        None => Amount(0),
        Some(text) => yuan(text).ok_or_else(|| format!("`amount`: {WANTS_YUAN}"))?,
    };
    if amount.0 > LARGEST {
        return Err("`amount`: DE 4 has 12 digits; write at most \"9999999999.99\"".into());
    }
    Ok(Happening::Trade {
        terminal,
        kind: Text::new(kind).unwrap_or_default(),
        amount,
        card: from_one("card", keys.card)?,
        of,
    })
}

/// What people count from 1.
fn from_one(key: &str, number: Option<usize>) -> Result<usize, String> {
    let at = number.unwrap_or(1).checked_sub(1).filter(|at| *at < MOST);
    at.ok_or_else(|| format!("`{key}`: count from 1 to {MOST}"))
}

/// `10:11:12` of the day, or of a later one: `+1d 10:11:12`.
fn moment(day: &str, text: &str) -> Result<Wall, String> {
    let wrong = || {
        format!(
            "`at`: `{text}` is no time; write 10:00, 10:00:05, or \
                         +1d 10:00 up to +400d"
        )
    };
    let (days, clock) = match text.strip_prefix('+') {
        None => (0, text),
        Some(rest) => {
            let (days, clock) = rest.split_once("d ").ok_or_else(wrong)?;
            let days: u64 = days.parse().map_err(|_no_number| wrong())?;
            (days, clock)
        }
    };
    let start = time(&format!("{day}T{clock}"), &Zone::CHINA).map_err(|_no_time| wrong())?;
    if days > 400 {
        return Err(wrong());
    }
    Ok(start + Duration::from_secs(days * 24 * 3600))
}

fn verdict(
    keys: &VerdictKeys,
    day: &str,
    happenings: &[HappensAt],
) -> Result<VerdictWanted, String> {
    let of = from_one("of", keys.of)?;
    if of >= happenings.len() {
        let all = happenings.len();
        return Err(format!("`of`: there are only {all} things that happen"));
    }
    let texts = [&keys.says, &keys.says_zh, &keys.next, &keys.next_zh];
    let states = [&keys.state, &keys.class, &keys.cause, &keys.safe];
    let some = texts.into_iter().chain(states).any(Option::is_some) || keys.causes.is_some();
    if !some
        || texts
            .into_iter()
            .flatten()
            .any(|text| text.trim().is_empty())
    {
        return Err(
            "a verdict wants something: state, class, cause, causes, safe, or words".into(),
        );
    }
    let last = happenings.last().map_or(Wall(0), |last| last.at);
    let on = keys.on.as_ref().map_or(Ok(last), |on| moment(day, on))?;
    let tier = keys.tier.as_deref().unwrap_or("E0");
    let tier = TIERS.into_iter().find(|known| known.name() == tier);
    let tier = tier.ok_or("`tier`: write E0, E1, E2s, E2w, E2, E2p or E3")?;
    let is_cause = |name: &String| Cause::ALL.iter().any(|cause| cause.name() == name);
    let mut named = keys.causes.iter().flatten().chain(&keys.cause);
    if let Some(wrong) = named.find(|name| !is_cause(name)) {
        return Err(format!(
            "`causes`: there is no cause `{wrong}`; `isogate explain --causes` lists them"
        ));
    }
    let safe = keys.safe.clone();
    if safe
        .iter()
        .any(|safe| !["yes", "no", "unproven"].contains(&safe.as_str()))
    {
        return Err("`safe`: write yes, no or unproven".into());
    }
    Ok(VerdictWanted {
        of,
        tier,
        on,
        state: keys.state.clone(),
        class: keys.class.clone(),
        cause: keys.cause.clone(),
        causes: keys.causes.clone(),
        safe,
        verdict: keys.says.clone(),
        verdict_zh: keys.says_zh.clone(),
        next: keys.next.clone(),
        next_zh: keys.next_zh.clone(),
    })
}
