//! What a settlement says of its batch stands in its records: the terminal's totals with the
//! request, what the host says of them with the answer.

use super::*;
use crate::engine::record::{HostBalance, SettlementTotals};
use crate::iso::message::Amount;

/// 3 debits 60.50, 1 credit 30.50; the places of both results are left open.
const TOTALS: &str = "000000006050003000000003050001?000000000000000000000000000000?";

fn with_results(domestic: char, foreign: char) -> String {
    let both = TOTALS.replacen('?', &domestic.to_string(), 1);
    both.replacen('?', &foreign.to_string(), 1)
}

/// The notes of the request and of the answer of a settlement that its host answers so.
fn settled(results: Option<(char, char)>) -> [Note; 2] {
    let mut stage = Stage::new();
    let mut request = stage.message("0500");
    let told = with_results('0', '0');
    for (field, value) in [
        ("11", "000009"),
        ("48", told.as_str()),
        ("49", "156"),
        ("60", "00000001201"),
    ] {
        request.set(path(field), value).unwrap();
    }
    stage.terminal_says(request);
    let asked = stage.last_note();
    let sent = stage.deliver(A);
    let mut answer = sent.answer().unwrap();
    answer.set(path("39"), "00").unwrap();
    if let Some((domestic, foreign)) = results {
        answer
            .set(path("48"), &with_results(domestic, foreign))
            .unwrap();
    }
    stage.acquirer_says(answer);
    [asked, stage.last_note()]
}

fn host_of(note: &Note) -> Option<HostBalance> {
    let Note::Settles { host, .. } = note else {
        return None;
    };
    Some(*host)
}

#[test]
fn totals_stand_with_the_request() {
    let [asked, _] = settled(Some(('1', '1')));
    let totals = SettlementTotals {
        debits: 3,
        debit_sum: Amount(6_050),
        credits: 1,
        credit_sum: Amount(3_050),
    };
    let host = HostBalance::Unsaid;
    assert_eq!(
        asked,
        Note::Settles {
            totals: Some(totals),
            host
        }
    );
}

#[test]
fn the_worst_result_counts_and_cards_that_were_not_used_do_not() {
    let host = |results| host_of(&settled(results)[1]);
    for (results, expected) in [
        (('1', '1'), HostBalance::Balanced),
        (('1', '0'), HostBalance::Balanced),
        (('2', '1'), HostBalance::Differs),
        (('1', '2'), HostBalance::Differs),
        (('3', '1'), HostBalance::Failed),
        (('0', '1'), HostBalance::Unsaid),
    ] {
        assert_eq!(host(Some(results)), Some(expected), "{results:?}");
    }
}

#[test]
fn what_is_not_as_long_as_totals_is_not_kept() {
    let mut stage = Stage::new();
    let mut request = stage.message("0500");
    let details = format!("01{}{:0>20}{:012}", "00000007", "6226091234560048", 500);
    for (field, value) in [
        ("11", "000009"),
        ("48", details.as_str()),
        ("49", "156"),
        ("60", "00000001201"),
    ] {
        request.set(path(field), value).unwrap();
    }
    let request = stage.reparsed(&request);
    stage.terminal_says(request);
    let kept = step(stage.records.last().unwrap()).unwrap().message.clone();
    let kept = kept.unwrap().frame;
    let hex: String = kept
        .frame
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect();
    assert!(!hex.contains("6226091234560048"), "{hex}");
}
