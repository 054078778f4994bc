//! Is what a verdict says safe? It is held against the true books of the whole purchase: nobody may
//! be told to pay, or to give back, once more while the first may count, nor that money is free
//! while a host holds it.

use super::facts::AttemptFacts;
use super::hearing::{Hearing, Printed};
use super::open::books_disagree;
use super::words::{Promise, Understood};

/// What is wrong with a verdict, and whose books show it.
#[derive(Debug)]
pub(super) struct Wrong<'a> {
    pub(super) rule: &'static str,
    pub(super) what: String,
    /// The attempt whose money it is.
    pub(super) holder: &'a AttemptFacts,
}

/// A verdict as it was read.
#[derive(Clone, Copy, Debug)]
pub(super) struct JudgedVerdict<'a> {
    pub(super) printed: &'a Printed<'a>,
    pub(super) words: &'a Understood,
}

impl JudgedVerdict<'_> {
    fn says_yes(&self) -> bool {
        self.printed.text("safe_to_retry") == "yes"
    }
}

/// Everything that this verdict on this attempt gets wrong.
pub(super) fn judge<'a>(
    hearing: &Hearing<'a>,
    attempt: &'a AttemptFacts,
    verdict: &JudgedVerdict<'_>,
) -> Vec<Wrong<'a>> {
    let mut wrong = Vec::new();
    let promises = verdict.words.promises.iter().copied();
    let claims = promises.map(Claim::Words);
    let claims = claims.chain(verdict.says_yes().then_some(Claim::Yes));
    for claim in claims {
        let holder = if attempt.gives_back() {
            of_return(hearing, attempt, claim)
        } else {
            of_debit(hearing, attempt, claim)
        };
        if let Some(holder) = holder {
            wrong.push(Wrong {
                rule: claim.rule(),
                what: claim.told_of(attempt, holder),
                holder,
            });
        }
    }
    wrong
}

/// One thing that a verdict says.
#[derive(Clone, Copy, Debug)]
enum Claim {
    /// `safe_to_retry` is yes.
    Yes,
    Words(Promise),
}

impl Claim {
    const fn rule(self) -> &'static str {
        match self {
            Self::Words(Promise::Paid | Promise::RefundMade) => "paid-in-vain",
            Self::Yes | Self::Words(_) => "unsafe",
        }
    }

    fn told_of(self, attempt: &AttemptFacts, holder: &AttemptFacts) -> String {
        let says = match self {
            Self::Yes => "safe_to_retry = yes".to_owned(),
            Self::Words(promise) => format!("{promise:?}"),
        };
        let (trade, n, held) = (attempt.trade, holder.n, holder.held);
        let may = if holder.may_still {
            ", and may still book"
        } else {
            ""
        };
        format!("{says} of a {trade:?}, while the host holds {held} through attempt {n}{may}")
    }
}

/// A sale, an authorization, a completion, or an inquiry: whose money shows the claim to be wrong.
fn of_debit<'a>(
    hearing: &Hearing<'a>,
    attempt: &'a AttemptFacts,
    claim: Claim,
) -> Option<&'a AttemptFacts> {
    if !attempt.is_money() {
        return None;
    }
    let itself = || Some(attempt).filter(|attempt| hearing.is_payer(attempt));
    let done = || Some(attempt).filter(|attempt| books_disagree(hearing, attempt));
    match claim {
        Claim::Yes => hearing.payer(attempt),
        Claim::Words(promise) => match promise {
            Promise::Again | Promise::NewSale | Promise::PayOtherwise | Promise::CollectAgain => {
                hearing.payer(attempt)
            }
            Promise::NothingLeft
            | Promise::NothingDebited
            | Promise::NotAccepted
            | Promise::NoMoney => itself(),
            Promise::DebitReturned | Promise::GoesBack => itself().or_else(|| {
                let mut completions = hearing.completions_of(attempt);
                completions.find(|completion| hearing.is_payer(completion))
            }),
            Promise::SendCompletion => hearing
                .completions_of(attempt)
                .find(|completion| hearing.is_payer(completion)),
            Promise::Paid => {
                // What is under way may still change it, and its verdict with it.
                let moving = |other: &AttemptFacts| other.in_flight || other.may_still;
                let moves = moving(attempt) || hearing.returns_of(attempt).any(moving);
                Some(attempt).filter(|_| hearing.standing(attempt) <= 0 && !moves)
            }
            Promise::Done => done(),
            _ => None,
        },
    }
}

/// A void, a refund, a cancellation: what may be done again is that, and never the sale.
fn of_return<'a>(
    hearing: &Hearing<'a>,
    attempt: &'a AttemptFacts,
    claim: Claim,
) -> Option<&'a AttemptFacts> {
    let itself = || Some(attempt).filter(|attempt| attempt.is_taken());
    let done = || Some(attempt).filter(|attempt| books_disagree(hearing, attempt));
    match claim {
        Claim::Yes | Claim::Words(Promise::Again) => {
            itself().or_else(|| other_return(hearing, attempt))
        }
        Claim::Words(promise) => match promise {
            Promise::NewSale
            | Promise::PayOtherwise
            | Promise::CollectAgain
            | Promise::DebitReturned => hearing.payer(attempt),
            Promise::NothingLeft
            | Promise::NothingDebited
            | Promise::NotGivenBack
            | Promise::ReturnUndone
            | Promise::NotAccepted
            | Promise::NoMoney => itself(),
            Promise::OriginalCancelled => hearing
                .attempt(attempt.of)
                .filter(|original| hearing.standing(original) > 0 && !attempt.may_still),
            Promise::RefundMade | Promise::Paid => {
                Some(attempt).filter(|attempt| !attempt.is_taken())
            }
            Promise::Done => done(),
            _ => None,
        },
    }
}

/// Another return of the same original, beside which one more would be too much.
fn other_return<'a>(hearing: &Hearing<'a>, attempt: &AttemptFacts) -> Option<&'a AttemptFacts> {
    let original = hearing.attempt(attempt.of)?;
    let others = || {
        let returns = hearing.returns_of(original);
        returns.filter(|other| other.n != attempt.n && other.is_taken())
    };
    let sum = |other: &AttemptFacts| {
        if other.may_still && other.held == 0 {
            other.amount
        } else {
            other.held.unsigned_abs()
        }
    };
    let returned: u64 = others().map(sum).sum();
    let too_much = returned + attempt.amount > original.held.unsigned_abs().max(original.amount);
    others().next().filter(|_| too_much)
}
