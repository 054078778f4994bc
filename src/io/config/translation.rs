//! `map`: how a route's two dialects differ.
//!
//! A key is a field of the terminal's dialect. A text is the host's field for it, both ways; an
//! empty text leaves the field behind, both ways; a table changes values, read in the direction in
//! which they travel. What stands in `request` or `answer` holds for that way alone, and what
//! stands outside is for both, but for values: those are an answer's. `kinds` names kinds.

use super::section::Section;
use crate::iso::message::{FieldPath, ResponseCode, Text};
use crate::iso::spec::{Purpose, Spec};
use crate::iso::translate::{Change, Map};
use std::sync::Arc;
use toml::de::DeValue;

/// The dialects of a route: its terminals' and its links'.
pub(super) struct RouteDialects<'a> {
    pub from: Vec<&'a Arc<Spec>>,
    pub to: Option<&'a Arc<Spec>>,
}

/// What an entry says of one field.
enum FieldRule {
    Is(FieldPath),
    Nothing,
    Becomes(Vec<(String, String)>),
}

/// The map of a route; `None` if the key is absent.
pub(super) fn map(route: &mut Section<'_>, dialects: &RouteDialects<'_>) -> Option<Map> {
    route.raw("map")?;
    let mut section = route.section("map");
    let mut map = Map::default();
    for (key, own, said) in entries(&section, &["request", "answer", "kinds"]) {
        both_ways(&section, &key, own, said, dialects, &mut map);
    }
    let request = section.section("request");
    for (key, own, said) in entries(&request, &[]) {
        let change = match said {
            FieldRule::Is(theirs) => Change::Move {
                from: own,
                to: theirs,
            },
            FieldRule::Nothing => Change::Drop(own),
            FieldRule::Becomes(values) => Change::Values(own, values),
        };
        check(&request, &key, own, &change, dialects, false);
        map.request.push(change);
    }
    let answer = section.section("answer");
    for (key, own, said) in entries(&answer, &[]) {
        let change = match said {
            FieldRule::Is(theirs) => Change::Move {
                from: theirs,
                to: own,
            },
            FieldRule::Nothing => Change::Drop(theirs_of(&map, own)),
            FieldRule::Becomes(values) => Change::Values(theirs_of(&map, own), values),
        };
        check(&answer, &key, own, &change, dialects, true);
        map.answer.push(change);
    }
    kinds(&section.section("kinds"), dialects, &mut map);
    Some(map)
}

/// The host's field for one of the terminal's.
fn theirs_of(map: &Map, own: FieldPath) -> FieldPath {
    let moved = map.answer.iter().find_map(|change| match change {
        Change::Move { from, to } if *to == own => Some(*from),
        Change::Move { .. } | Change::Drop(_) | Change::Values(..) => None,
    });
    moved.unwrap_or(own)
}

fn both_ways(
    section: &Section<'_>,
    key: &str,
    own: FieldPath,
    said: FieldRule,
    dialects: &RouteDialects<'_>,
    map: &mut Map,
) {
    let change = match said {
        FieldRule::Is(theirs) => {
            map.request.push(Change::Move {
                from: own,
                to: theirs,
            });
            Change::Move {
                from: theirs,
                to: own,
            }
        }
        FieldRule::Nothing => {
            map.request.push(Change::Drop(own));
            Change::Drop(own)
        }
        FieldRule::Becomes(values) => Change::Values(theirs_of(map, own), values),
    };
    check(section, key, own, &change, dialects, true);
    map.answer.push(change);
}

/// The entries that name fields, and what they say.
fn entries(section: &Section<'_>, but: &[&str]) -> Vec<(String, FieldPath, FieldRule)> {
    let all = section.entries().into_iter();
    let fields = all.filter(|(key, _)| !but.contains(key));
    fields
        .filter_map(|(key, value)| {
            let Ok(own) = key.parse::<FieldPath>() else {
                section.problem(key, "wants a field such as 63, or a part such as \"60.2\"");
                return None;
            };
            let said = said(value);
            if said.is_none() {
                section.problem(
                    key,
                    "wants the host's field such as \"48\", \"\" to leave it out, \
                     or values such as { \"25\" = \"12\" }",
                );
            }
            Some((key.to_owned(), own, said?))
        })
        .collect()
}

fn said(value: &DeValue<'_>) -> Option<FieldRule> {
    if let Some(text) = value.as_str() {
        return match text {
            "" => Some(FieldRule::Nothing),
            field => field.parse().ok().map(FieldRule::Is),
        };
    }
    let pair = |(from, to): (&_, &toml::Spanned<DeValue<'_>>)| -> Option<(String, String)> {
        let from: &toml::Spanned<std::borrow::Cow<'_, str>> = from;
        Some((
            from.get_ref().to_string(),
            to.get_ref().as_str()?.to_owned(),
        ))
    };
    let values: Option<Vec<_>> = value.as_table()?.iter().map(pair).collect();
    values.map(FieldRule::Becomes)
}

/// Fields that exist, and nothing that would change what a message is about.
fn check(
    section: &Section<'_>,
    key: &str,
    own: FieldPath,
    change: &Change,
    dialects: &RouteDialects<'_>,
    answers: bool,
) {
    let unknown = dialects
        .from
        .iter()
        .find(|spec| spec.field(own.field).is_none());
    if let Some(spec) = unknown {
        section.problem(key, format!("{} has no field {}", spec.name(), own.field));
    }
    let theirs = match change {
        Change::Move { from, to } => Some(if answers { from } else { to }),
        Change::Drop(_) | Change::Values(..) => None,
    };
    if let (Some(theirs), Some(spec)) = (theirs, dialects.to)
        && spec.field(theirs.field).is_none()
    {
        section.problem(
            key,
            format!("{} has no field {}", spec.name(), theirs.field),
        );
    }
    let Change::Values(_, values) = change else {
        return;
    };
    if matches!(own.field.number(), 2 | 4 | 49) {
        section.problem(key, "card, amount and currency go over as they are");
    }
    if answers && own.field.number() == 39 {
        keeps_the_line(section, key, values, dialects);
    }
}

/// No refusal becomes an approval, and no approval a refusal.
fn keeps_the_line(
    section: &Section<'_>,
    key: &str,
    values: &[(String, String)],
    dialects: &RouteDialects<'_>,
) {
    let Some(host) = dialects.to else { return };
    let approves = |spec: &Spec, code: &str| {
        ResponseCode::new(code).is_some_and(|code| spec.flow().codes.approved.contains(&code))
    };
    for (from, to) in values {
        let crosses = |own: &Arc<Spec>| approves(host, from) != approves(own, to);
        if dialects.from.iter().any(|own| crosses(own)) {
            let what = format!("{from} and {to} are not of one kind: one approves, one does not");
            section.problem(key, what);
        }
    }
}

/// What takes money must not arrive as what gives it back, or as what only asks.
fn kinds(section: &Section<'_>, dialects: &RouteDialects<'_>, map: &mut Map) {
    fn purpose(spec: &Spec, name: &str) -> Option<Purpose> {
        let mut kinds = spec.flow().kinds.iter();
        kinds
            .find(|kind| &*kind.name == name)
            .map(|kind| kind.purpose)
    }
    let knows = |spec: &Spec, name: &str| purpose(spec, name).is_some();
    let moves = |purpose: Purpose| purpose.moves_money().then_some(purpose);
    let turns = |own: &Spec, to: &Spec, key: &str, theirs: &str| {
        purpose(own, key).map(moves) != purpose(to, theirs).map(moves)
    };
    for (key, value) in section.entries() {
        let theirs = value.as_str().unwrap_or_default();
        if let Some(spec) = dialects.from.iter().find(|spec| !knows(spec, key)) {
            section.problem(key, format!("{} has no kind of this name", spec.name()));
        } else if let Some(spec) = dialects.to.filter(|spec| !knows(spec, theirs)) {
            section.problem(key, format!("wants the name of a kind of {}", spec.name()));
        } else if (dialects.to)
            .is_some_and(|to| dialects.from.iter().any(|own| turns(own, to, key, theirs)))
        {
            let what = format!("{theirs} does something else with money than {key} does");
            section.problem(key, what);
        } else if let (Some(own), Some(theirs)) = (Text::new(key), Text::new(theirs)) {
            map.kinds.push((own, theirs));
        }
    }
}
