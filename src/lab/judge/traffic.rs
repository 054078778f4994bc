//! What went over the wires: receipts without approval, answers that nobody gave, answers too late,
//! requests sent twice, receipts reversed.

use super::facts::{AttemptFacts, Meant, SlipSays, ToldAnswer, UndoMeant};
use super::hearing::Hearing;
use crate::engine::seam::Mono;
use std::time::Duration;

/// A breach: the rule and what was seen.
pub(super) type Breach = (&'static str, String);

/// All breaches of one attempt.
pub(super) fn judge(hearing: &Hearing<'_>, attempt: &AttemptFacts) -> Vec<Breach> {
    let rules = [
        late(hearing, attempt),
        after_reversal(attempt),
        held_receipt(hearing, attempt),
        overbooked(attempt),
        reversed_again(hearing, attempt),
        cardless(attempt),
        astray(hearing, attempt),
    ];
    let mut breaches: Vec<Breach> = rules.into_iter().flatten().collect();
    // Where two requests go by one number, nobody can tell whose answer one is.
    if hearing.has_namesake(attempt) {
        return breaches;
    }
    let rules = [
        receipt(attempt),
        sent_twice(attempt),
        invented(attempt),
        misfit(attempt),
    ];
    breaches.extend(rules.into_iter().flatten());
    breaches.extend(attempt.told.iter().filter_map(answer_fits));
    breaches.extend(attempt.undo_told.iter().filter_map(answer_fits));
    breaches
}

/// K2: a receipt needs an approval of its amount. What a balance inquiry shows is no receipt.
fn receipt(attempt: &AttemptFacts) -> Option<Breach> {
    let SlipSays::Approved(amount) = attempt.slip else {
        return None;
    };
    // An answer that could not be read is passed on as it came; what it said is not known here.
    if !attempt.doubtful.is_empty() || attempt.blurred || !attempt.is_money() {
        return None;
    }
    let in_part = attempt.undos.iter().any(|undo| undo.stands == Some(amount));
    let approved = attempt.approvals.iter().any(|yes| yes.amount == amount);
    let what = || format!("a receipt of {amount}, and no approval of that amount");
    (!approved && !in_part).then(|| ("K2", what()))
}

/// K5: one request of a terminal, one request to a host.
fn sent_twice(attempt: &AttemptFacts) -> Option<Breach> {
    let twice = attempt.arrived > 1 && attempt.is_money() && !attempt.notice;
    twice.then(|| {
        let times = attempt.arrived;
        ("K5", format!("its request reached hosts {times} times"))
    })
}

fn approvals_told(attempt: &AttemptFacts) -> impl Iterator<Item = &ToldAnswer> {
    let told = attempt.told.iter();
    told.filter(|told| told.means == Meant::Approved)
}

/// I13: no approval is made up.
fn invented(attempt: &AttemptFacts) -> Option<Breach> {
    if !attempt.doubtful.is_empty() || attempt.blurred || !attempt.is_money() {
        return None;
    }
    let came = |at: Mono| attempt.approvals.iter().any(|yes| yes.at <= at);
    let mut told = approvals_told(attempt);
    told.find(|told| !came(told.at))
        .map(|_| ("I13", "an approval that no host gave".to_owned()))
}

/// K2: an approval of another card, currency or kind is none.
fn misfit(attempt: &AttemptFacts) -> Option<Breach> {
    let fits = |at: Mono| attempt.approvals.iter().any(|yes| yes.at <= at);
    let came = |at: Mono| attempt.misfits.iter().any(|misfit| *misfit <= at);
    let mut told = approvals_told(attempt);
    let wrong = told.any(|told| came(told.at) && !fits(told.at));
    let what = "an approval of another card, currency or kind was told to the terminal";
    (wrong && !attempt.blurred).then(|| ("K2", what.to_owned()))
}

/// A reversal names the card that its request named.
fn cardless(attempt: &AttemptFacts) -> Option<Breach> {
    let mut reversals = attempt.reversals.iter();
    let bare = reversals.any(|reversal| reversal.cardless);
    bare.then(|| {
        let what = "its reversal went out without the card that its request bore";
        ("cardless", what.to_owned())
    })
}

/// A void, refund or completion reaches the attempt that its terminal named.
fn astray(hearing: &Hearing<'_>, attempt: &AttemptFacts) -> Option<Breach> {
    let other = attempt.went_to.filter(|other| *other != attempt.of)?;
    let named = hearing.attempt(attempt.of)?;
    let auths = |of: &AttemptFacts| -> Vec<String> {
        let auths = of.approvals.iter().map(|answer| answer.auth.clone());
        auths.filter(|auth| !auth.is_empty()).collect()
    };
    let of_other = hearing.attempt(other).map(auths).unwrap_or_default();
    let shared = auths(named).iter().any(|auth| of_other.contains(auth));
    let wrong = attempt.held != 0 && !shared && !hearing.has_namesake(named);
    wrong.then(|| {
        let (trade, of) = (attempt.trade, attempt.of);
        let what = format!("the {trade:?} of attempt {of} was booked on attempt {other}");
        ("astray", what)
    })
}

/// I10: an approval that came too late is not delivered.
fn late(hearing: &Hearing<'_>, attempt: &AttemptFacts) -> Option<Breach> {
    attempt.began().filter(|_| !attempt.notice)?;
    let grace = Duration::from_millis(1);
    // A repeat of what never left begins anew.
    let began = |at: Mono| {
        let first_sent = attempt.sent.first().copied().unwrap_or(at);
        let came = attempt.reached.iter().map(|came| came.now.mono);
        came.filter(|came| *came <= first_sent).max()
    };
    let in_time =
        |at: Mono| began(at).is_some_and(|began| at - began <= hearing.terms.timeout + grace);
    // What could not be read may have been an approval, and is passed on as it came.
    let mut came = attempt.approvals.iter().map(|yes| yes.at);
    let any_in_time = came.any(in_time) || attempt.doubtful.iter().any(|at| in_time(*at));
    let told = approvals_told(attempt).next().is_some();
    let late = told && !attempt.approvals.is_empty() && !any_in_time && attempt.is_money();
    late.then(|| ("I10", "a late approval was told to the terminal".to_owned()))
}

/// I3: no approval is told once a reversal of it has left.
fn after_reversal(attempt: &AttemptFacts) -> Option<Breach> {
    let reversed = attempt
        .reversals
        .iter()
        .map(|reversal| reversal.left)
        .min()?;
    let mut told = approvals_told(attempt).filter(|_| attempt.is_money());
    told.find(|told| told.at > reversed).map(|_| {
        let what = "an approval was told when its reversal had left";
        ("I3", what.to_owned())
    })
}

/// K4: a receipt that the terminal holds is not reversed without its wish; where delivery was in
/// doubt (I0) it may be, and then it is shown.
fn held_receipt(hearing: &Hearing<'_>, attempt: &AttemptFacts) -> Option<Breach> {
    if !matches!(attempt.slip, SlipSays::Approved(_)) {
        return None;
    }
    let read = approvals_told(attempt).filter(|told| told.delivered);
    let read = read.min_by_key(|told| told.at)?;
    let doubted = approvals_told(attempt).any(|told| told.doubted);
    let mut reversals = attempt.reversals.iter();
    reversals.find(|reversal| !reversal.wished && reversal.left > read.at)?;
    let printed = hearing.printed_of(attempt);
    let shown = printed.iter().any(|printed| {
        let class = printed.text("class");
        matches!(class, "U5" | "U6" | "U8") || printed.text("verdict").contains("may show success")
    });
    // What proved the delivery may have been lost with the gateway.
    if doubted && (hearing.terms.reverses_unproven || attempt.blurred) {
        return None;
    }
    let visible = doubted && (shown || printed.is_empty() || attempt.in_flight);
    let what = if doubted {
        "its receipt was reversed, and no verdict shows it"
    } else {
        "its receipt was reversed without the terminal's wish"
    };
    (!visible).then(|| ("K4", what.to_owned()))
}

/// I4: a host never holds more than was asked for.
fn overbooked(attempt: &AttemptFacts) -> Option<Breach> {
    let (held, amount) = (attempt.held.unsigned_abs(), attempt.amount);
    let known = amount > 0 && attempt.is_money() && !attempt.overbooked;
    (known && held > amount).then(|| ("I4", format!("{held} is held of {amount}")))
}

/// R9: a reversal that was accepted is not sent again, unless a wish came since, or an approval
/// since the first try left (R19).
fn reversed_again(hearing: &Hearing<'_>, attempt: &AttemptFacts) -> Option<Breach> {
    if attempt.blurred || hearing.may_be_mistaken(attempt) {
        return None;
    }
    let accepted = attempt.reversals.iter().filter_map(|reversal| {
        let (at, means) = reversal.answered?;
        (means == UndoMeant::Undone && reversal.stands.is_none()).then_some(at)
    });
    let accepted = accepted.min()?;
    let since = |at: Mono| at >= accepted;
    let again = attempt.reversals.iter().any(|own| own.left > accepted);
    let first = attempt.reversals.iter().map(|own| own.decided).min()?;
    let called_for = attempt.approvals.iter().any(|yes| yes.at >= first)
        // Asked for once more, it is another request.
        || attempt.sent.iter().any(|at| since(*at))
        || attempt.undos.iter().any(|undo| since(undo.now.mono))
        || attempt.doubtful.iter().any(|at| *at >= first);
    (again && !called_for).then(|| {
        (
            "R9",
            "its reversal was sent again after it was accepted".to_owned(),
        )
    })
}

/// K7 and R21: the answer has the type of what was sent, its number, and goes to who asked.
fn answer_fits(told: &ToldAnswer) -> Option<Breach> {
    let wanted = answer_to(&told.asked);
    let what = match wanted {
        Some(wanted) if wanted != told.mti => {
            format!("a {} was answered by a {}", told.asked, told.mti)
        }
        _ if !told.own_stan => format!("a {} was answered under another number", told.asked),
        _ if !told.own_line => format!("a {} was answered to another", told.asked),
        _ => return None,
    };
    Some(("R21", what))
}

/// The type that answers a type: the function goes up by one, a repeat is answered as the first.
fn answer_to(asked: &str) -> Option<String> {
    let (head, tail) = asked.split_at_checked(2)?;
    let mut digits = tail.chars().map(|c| c.to_digit(10));
    let (function, origin) = (digits.next()??, digits.next()??);
    let (function, origin) = (function / 2 * 2 + 1, origin / 2 * 2);
    Some(format!("{head}{function}{origin}"))
}

#[cfg(test)]
mod tests {
    use super::answer_to;

    #[test]
    fn each_type_has_its_answer() {
        let pairs = [
            ("0200", "0210"),
            ("0201", "0210"),
            ("0220", "0230"),
            ("0400", "0410"),
            ("0401", "0410"),
            ("0421", "0430"),
            ("1422", "1432"),
        ];
        for (asked, answer) in pairs {
            assert_eq!(answer_to(asked).as_deref(), Some(answer));
        }
        assert_eq!(answer_to("02"), None);
    }
}
