//! What came of a replay, as JSON: an object a request, and the sum.

use super::sum::{DifferenceSort, ReplaySum, kind_name, result};
use crate::engine::seam::Zone;
use crate::iso::compare::FieldDifference;
use crate::lab::replay::{JudgedExchange, ReplayVerdict};
use serde_json::{Value, json};
use std::time::Duration;

/// One request.
pub(super) fn exchange(one: &JudgedExchange, zone: &Zone) -> Value {
    let why = match &one.verdict {
        ReplayVerdict::Missing(why) => Some(why.to_string()),
        ReplayVerdict::Skipped(why) => Some(why.to_string()),
        _ => None,
    };
    let differences: Vec<Value> = one.differences.iter().map(difference).collect();
    json!({
        "number": one.number,
        "connection": one.flow.0,
        "at": one.at.rfc3339(zone),
        "kind": kind_name(one),
        "mti": one.mti.map(|mti| mti.to_string()),
        "merchant": one.merchant.as_deref(),
        "terminal": one.terminal.as_deref(),
        "stan": one.stan.map(|stan| stan.to_string()),
        "sent_stan": one.sent_stan.map(|stan| stan.to_string()),
        "rrn": one.rrn.as_deref(),
        "result": result(one).name(),
        "why": why,
        "captured_code": one.captured_code.as_deref(),
        "code": one.code.as_deref(),
        "differences": differences,
        "out_of_order": one.out_of_order,
        "captured_us": one.captured_took.map(micros),
        "took_us": one.took.map(micros),
    })
}

fn difference(one: &FieldDifference) -> Value {
    json!({
        "field": one.path.map_or_else(|| "mti".to_owned(), |path| path.to_string()),
        "compared": one.comparison.name(),
        "wanted": one.wanted,
        "found": one.found,
    })
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// The sum.
pub(super) fn sum(sum: &ReplaySum, ended: bool) -> Value {
    let of_sort = |wanted: fn(&DifferenceSort) -> bool| -> u64 {
        let groups = sum.groups.iter();
        let of_it = groups.filter(|((_, sort), _)| wanted(sort));
        of_it.map(|(_, group)| group.times).sum()
    };
    let groups = sum.groups.iter().map(
        |((kind, sort), group)| json!({ "what": what(sort), "kind": kind, "times": group.times }),
    );
    let skipped = sum.skipped.iter();
    let skipped = skipped.map(|(why, times)| json!({ "why": why.to_string(), "times": times }));
    let [captured, now] = [&sum.captured_times, &sum.times].map(|times| {
        let quantiles = times.quantiles();
        json!({ "p50": quantiles.p50, "p99": quantiles.p99, "max": quantiles.max })
    });
    json!({
        "requests": sum.requests,
        "same": sum.same,
        "differ": sum.differ,
        "missing": of_sort(|sort| *sort == DifferenceSort::Missing),
        "late": of_sort(|sort| *sort == DifferenceSort::Late),
        "extra": of_sort(|sort| *sort == DifferenceSort::Extra) + sum.strays,
        "out_of_order": sum.out_of_order,
        "silent": sum.silent,
        "unknown": sum.unknown,
        "skipped": skipped.collect::<Vec<_>>(),
        "differences": groups.collect::<Vec<_>>(),
        "captured_us": captured,
        "took_us": now,
        "ended": ended,
    })
}

/// A sort of difference, in a word.
fn what(sort: &DifferenceSort) -> String {
    match sort {
        DifferenceSort::Type => "mti".to_owned(),
        DifferenceSort::Field(path, _) => path.to_string(),
        DifferenceSort::Missing => "missing".to_owned(),
        DifferenceSort::Late => "late".to_owned(),
        DifferenceSort::Extra | DifferenceSort::Stray => "extra".to_owned(),
        DifferenceSort::Order => "order".to_owned(),
    }
}
