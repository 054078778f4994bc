//! What failures of a journal have in common, looked for and told.

use super::past::{EachLooked, each};
use crate::engine::evidence::EvidenceIndex;
use crate::engine::findings::significance::ONE_IN;
use crate::engine::findings::{FailureFinding, Group, Looks};
use crate::engine::record::Fact;
use crate::engine::seam::Zone;
use crate::engine::trace::{Phrase, Query, Said};
use crate::io::journal::{JournalReader, ReadError};
use serde_json::{Value, json};
use std::time::Instant;

/// Looks at each transaction that a query means, the newest first, until the time is over if it is
/// limited; whether it came to the oldest.
///
/// # Errors
/// The storage's.
pub fn failures(
    reader: &JournalReader,
    query: &Query,
    within: (&EvidenceIndex<'_>, Option<Instant>),
) -> Result<(Looks, EachLooked), ReadError> {
    let links = links(reader)?;
    let mut looks = Looks::default();
    let looked = each(reader, query, within, &mut |story, verdict| {
        let link = story
            .opened
            .as_ref()
            .map(|opened| usize::from(opened.link.0));
        let link = link.and_then(|link| links.get(link));
        looks.take(story, verdict, link.map_or("", String::as_str));
        Ok::<(), ReadError>(())
    })?;
    Ok((looks, looked))
}

/// The names of the links, as the newest run that is found first calls them.
fn links(reader: &JournalReader) -> Result<Vec<String>, ReadError> {
    for record in reader.records() {
        if let Fact::Started { links, .. } = record?.fact {
            return Ok(links.iter().map(|link| link.name.to_string()).collect());
        }
    }
    Ok(Vec::new())
}

fn said_of_group(group: &Group, zone: &Zone) -> Said {
    let since = group.since.map(|since| since.rfc3339(zone));
    let value = since.as_deref().and_then(|since| since.get(..16));
    group.feature.said(value.unwrap_or(&group.value))
}

/// A finding in words: `only BIN 622609 failing: 12 of 12; of the others 3 of 240`.
#[must_use]
pub fn finding_said(finding: &FailureFinding, zone: &Zone) -> Said {
    let groups: Vec<Said> = finding
        .groups
        .iter()
        .map(|group| said_of_group(group, zone))
        .collect();
    let join = |of: fn(&Said) -> &str, by: &str| groups.iter().map(of).collect::<Vec<_>>().join(by);
    let group = Said {
        en: join(|said| &said.en, ", "),
        zh: join(|said| &said.zh, ", "),
    };
    let number = |number: u64| Said::same(number.to_string());
    Phrase::new(
        "only {group} failing: {n} of {m}; of the others {k} of {o}",
        "仅{group}失败{n}/{m}; 其余失败{k}/{o}",
    )
    .fill(&[
        ("group", group),
        ("n", number(finding.share.failed)),
        ("m", number(finding.share.of)),
        ("k", number(finding.rest.failed)),
        ("o", number(finding.rest.of)),
    ])
}

/// All of it as one document.
#[must_use]
pub fn findings_document(looks: &Looks, findings: &[FailureFinding], zone: &Zone) -> Value {
    let groups = |finding: &FailureFinding| -> Vec<Value> {
        let group = |group: &Group| {
            let since = group.since.map(|since| since.rfc3339(zone));
            let value = since.unwrap_or_else(|| group.value.clone());
            json!({ "feature": group.feature.name(), "value": value })
        };
        finding.groups.iter().map(group).collect()
    };
    let findings = findings.iter().map(|finding| {
        let said = finding_said(finding, zone);
        json!({
            "groups": groups(finding),
            "failed": finding.share.failed, "of": finding.share.of,
            "others_failed": finding.rest.failed, "others": finding.rest.of,
            "bits": finding.bits, "tried": finding.tried,
            "cause": finding.cause.map(|cause| cause.name()),
            "text": said.en, "text_zh": said.zh,
        })
    });
    let all = looks.share();
    json!({
        "transactions": all.of, "failed": all.failed, "left_out": looks.left_out(),
        "one_in": ONE_IN, "findings": findings.collect::<Vec<_>>(),
    })
}
