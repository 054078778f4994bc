//! Catalogues and what comes of them as documents, as commands and the API print them.

use crate::engine::trace::Cause;
use crate::iso::spec::{Composite, FieldSpec, FixedPart, Prefix, Spec, Store};
use crate::lab::fault::{CatalogueEntry, Fault, KnobEntry};
use crate::lab::scenario::{Scenario, ScenarioRun};
use serde_json::{Map, Value, json};

/// The closed list of causes.
#[must_use]
pub fn cause_entries() -> Vec<Value> {
    let all = Cause::ALL.iter().map(|cause| {
        let about = cause.about();
        let complaints: Vec<_> = about.complaints.split_whitespace().collect();
        json!({ "cause": about.name, "text": about.text.en, "text_zh": about.text.zh,
                "complaints": complaints })
    });
    all.collect()
}

/// A fault of the catalogue.
#[must_use]
pub fn fault_document(about: &CatalogueEntry) -> Value {
    let knob = |knob: KnobEntry| {
        let others: Vec<&str> = knob
            .others
            .split('|')
            .filter(|one| !one.is_empty())
            .collect();
        json!({ "name": knob.name, "default": knob.default, "others": others })
    };
    json!({
        "id": about.id, "title": about.title, "title_zh": about.title_zh,
        "side": about.side.name(), "p": about.share.to_string(),
        "knobs": about.own_knobs().map(knob).collect::<Vec<_>>(), "wire": about.wire,
        "wire_zh": about.wire_zh(),
        "legs": legs(about),
    })
}

/// The legs of a gateway's wire that a fault can strike, the first unless it is aimed; none if it
/// happens inside an end.
fn legs(about: &CatalogueEntry) -> Vec<&'static str> {
    // What needs a MAC made anew cannot be done by a wire, which has no keys.
    let wrong = format!("{}:mac=wrong", about.id);
    let read = |text: &str| text.parse::<Fault>().ok()?.on_wire();
    let can = read(about.id).or_else(|| read(&wrong));
    let legs = can.map_or(&[][..], |can| can.legs);
    legs.iter().map(|leg| leg.name()).collect()
}

/// A scenario of the catalogue.
#[must_use]
pub fn scenario_entry(scenario: &Scenario) -> Value {
    let faults: Vec<&str> = scenario
        .faults
        .iter()
        .map(|(text, _)| text.as_str())
        .collect();
    let (title, story) = (&scenario.title, &scenario.story);
    json!({
        "id": scenario.id, "title": title.en, "title_zh": title.zh,
        "story": story.en, "story_zh": story.zh,
        "class": scenario.class, "faults": faults,
    })
}

/// What came of a scenario, as scripts rely on it.
#[must_use]
pub fn scenario_document(run: &ScenarioRun) -> Value {
    let mut document = json!({
        "id": run.id, "place": run.place, "faults": run.faults, "passed": run.passed(),
        "wire": run.wire(),
        "explain": run.explain.iter().map(|value| &**value).collect::<Vec<_>>(),
        "money": { "terminal": run.at_terminals, "acquirer": run.at_acquirer },
    });
    if let Some(document) = document.as_object_mut().filter(|_| !run.filed.is_empty()) {
        let filed = run
            .filed
            .iter()
            .map(|filed| &filed.told)
            .collect::<Vec<_>>();
        document.insert("with_files".to_owned(), json!(filed));
    }
    if let Some(document) = document.as_object_mut().filter(|_| !run.passed()) {
        document.insert("misses".to_owned(), json!(run.misses));
    }
    document
}

/// A dialect in a list.
#[must_use]
pub fn spec_entry(spec: &Spec) -> Value {
    let title = spec.title();
    json!({ "name": spec.name(), "title": title.en, "title_zh": title.zh,
            "source": spec.source() })
}

/// The fields and kinds of a dialect.
#[must_use]
pub fn spec_document(spec: &Spec) -> Value {
    let fields: Map<String, Value> = spec
        .fields()
        .map(|field| (field.id.to_string(), field_json(field)))
        .collect();
    let kinds: Vec<Value> = spec
        .flow()
        .kinds
        .iter()
        .map(|kind| {
            let when: Map<String, Value> = kind
                .when
                .iter()
                .map(|(path, value)| (path.to_string(), value.as_str().into()))
                .collect();
            json!({ "name": kind.name.as_str(), "title": kind.title, "title_zh": kind.title_zh,
                    "mti": kind.mti.to_string(), "when": when, "reverses": kind.reverses,
                    "mac": kind.mac })
        })
        .collect();
    json!({ "name": spec.name(), "title": spec.title().en, "title_zh": spec.title().zh,
            "source": spec.source(), "fields": fields, "kinds": kinds })
}

fn field_json(field: &FieldSpec) -> Value {
    let meaning = field.usual_meaning();
    let layout = field.layout;
    let mut value = json!({ "format": field.notation, "name": meaning.title.en,
        "name_zh": meaning.title.zh, "encoding": format!("{:?}", layout.encoding).to_lowercase(),
        "store": store_name(meaning.store), "source": field.source });
    if let Some(Prefix {
        encoding,
        bytes,
        counts,
        counts_itself,
    }) = layout.prefix
    {
        value["prefix"] = json!({ "encoding": format!("{encoding:?}").to_lowercase(),
            "bytes": bytes, "counts": format!("{counts:?}").to_lowercase(),
            "counts_itself": counts_itself });
    }
    if let Some(Composite::Positions(all)) = &meaning.composite {
        let part = |part: &FixedPart| {
            json!({ "id": part.id.as_str(), "at": part.at, "length": part.units,
                    "name": part.spec.title.en, "name_zh": part.spec.title.zh })
        };
        value["parts"] = all.iter().map(part).collect();
    }
    value
}

/// How a journal keeps a value.
#[must_use]
pub const fn store_name(store: Store) -> &'static str {
    match store {
        Store::Clear => "clear",
        Store::Masked => "masked",
        Store::Restorable => "restorable",
        Store::Length => "length",
    }
}
