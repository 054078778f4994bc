//! The true books of a world that was played, and the files that both ends would write of them.

use super::case::{BlindCase, FileTwist, PayoutTwist};
use crate::engine::evidence::{
    AcquirerIs, AcquirerRow, Evidence, IssuerIs, IssuerRow, PayoutIs, PayoutRow, TerminalIs,
    TerminalRow, Tier,
};
use crate::engine::seam::{Mono, Wall, Zone};
use crate::iso::message::{Amount, Rrn, Stan, Text};
use crate::lab::judge::AttemptFacts;
use crate::lab::odd::{BookedRequest, PaperSlip, SlipBelief, names};
use crate::lab::plan::Trade;
use std::time::Duration;

/// All that ever changed what stands of a request: when, by how much, why.
pub type BookedChanges = Vec<(Mono, i64, &'static str)>;

/// What was seen on the wires, what the terminals have in their drawers, what the hosts booked.
#[derive(Clone, Debug, Default)]
pub struct CaseBooks {
    /// Every attempt, as wires and ledgers show it.
    pub attempts: Vec<AttemptFacts>,
    /// The terminals' slips.
    pub slips: Vec<PaperSlip>,
    /// The hosts' requests, each with all that ever changed what stands of it.
    pub booked: Vec<(BookedRequest, BookedChanges)>,
    /// The same moment on both clocks.
    pub clock: (Mono, Wall),
}

impl CaseBooks {
    /// The attempt of a case.
    #[must_use]
    pub fn attempt(&self, n: u32) -> Option<&AttemptFacts> {
        self.attempts.iter().find(|attempt| attempt.n == n)
    }

    /// What a host has of an attempt.
    pub(super) fn request(&self, n: u32) -> Option<&BookedRequest> {
        let mut own = self.booked.iter().filter(|(request, _)| request.n == n);
        own.next().map(|(request, _)| request)
    }

    fn wall(&self, at: Mono) -> Wall {
        let (mono, wall) = self.clock;
        wall + (at.max(mono) - mono)
    }

    /// The files up to a tier, as both ends would write them.
    #[must_use]
    pub fn evidence(&self, case: &BlindCase, tier: Tier) -> Evidence {
        let mut evidence = Evidence::default();
        if tier >= Tier::E1 {
            evidence.terminal = Some(self.slips.iter().filter_map(|s| self.slip_row(s)).collect());
        }
        if tier >= Tier::E2 {
            evidence.acquirer = Some(self.acquirer_file(case));
        }
        if tier >= Tier::E2p {
            evidence.payout = self.payout_row(case).map(|row| vec![row]);
        }
        if tier >= Tier::E3 {
            evidence.issuer = Some(self.issuer_rows());
        }
        evidence
    }

    /// A batch has what was approved, and what became of it.
    fn slip_row(&self, slip: &PaperSlip) -> Option<TerminalRow> {
        let (amount, is) = match slip.belief {
            SlipBelief::Approved(amount) => (amount, TerminalIs::Approved),
            SlipBelief::Undone if slip.auth.is_some() => (slip.amount, TerminalIs::Reversed),
            _ => return None,
        };
        if slip.trade == Trade::Balance {
            return None;
        }
        let voids = self.slips.iter().any(|other| {
            let approved = matches!(other.belief, SlipBelief::Approved(_));
            other.of == slip.n && other.trade == Trade::Void && approved
        });
        Some(TerminalRow {
            terminal: Text::clipped(&slip.terminal),
            merchant: Text::clipped(&slip.merchant),
            batch: Text::clipped(&slip.batch),
            stan: Some(Stan(slip.stan.into())),
            at: slip.asked.map(|at| self.wall(at)),
            card: masked(&names::card(slip.purchase)),
            amount: Amount(amount),
            kind: Text::clipped(kind(slip.trade)),
            rrn: rrn(slip.rrn.as_deref()),
            auth: Text::clipped(slip.auth.as_deref().unwrap_or_default()),
            is: if voids { TerminalIs::Voided } else { is },
        })
    }

    /// The acquirer's file in its form.
    fn acquirer_file(&self, case: &BlindCase) -> Vec<AcquirerRow> {
        let n = case.label.n;
        let own = |of: u32| of == n;
        let mut rows = self.acquirer_rows(|of| !own(of));
        let of_case = self.acquirer_rows(own);
        match case.label.file {
            FileTwist::Lost => {}
            FileTwist::Twice => {
                let booked = of_case.iter().filter(|row| row.is == AcquirerIs::Booked);
                rows.extend(booked.cloned());
                rows.extend(of_case);
            }
            FileTwist::SameRrn => {
                let stranger = of_case.first().map(|row| AcquirerRow {
                    terminal: Text::clipped("99999999"),
                    merchant: Text::clipped("999999999999999"),
                    card: masked("6216261111111111"),
                    ..row.clone()
                });
                rows.extend(of_case);
                rows.extend(stranger);
            }
            _ => rows.extend(of_case),
        }
        let hours = Duration::from_secs(8 * 3_600);
        for row in &mut rows {
            match case.label.file {
                FileTwist::NoNumbers => (row.rrn, row.auth) = (Rrn::default(), Text::clipped("")),
                FileTwist::NoTerminal => (row.terminal, row.stan) = (Text::clipped(""), None),
                FileTwist::NoTimes => row.at = None,
                FileTwist::OtherZone => row.at = row.at.map(|at| at + hours),
                _ => {}
            }
        }
        match case.label.file {
            FileTwist::Backwards => rows.reverse(),
            FileTwist::OtherMerchant => rows.clear(),
            _ => {}
        }
        rows
    }

    fn acquirer_rows(&self, takes: impl Fn(u32) -> bool) -> Vec<AcquirerRow> {
        let mut rows = Vec::new();
        for (request, changes) in self.booked.iter().filter(|(own, _)| takes(own.n)) {
            let row = |at: Option<Mono>, is, amount: u64| AcquirerRow {
                at: at.map(|at| self.wall(at)),
                terminal: Text::clipped(&request.terminal),
                merchant: Text::clipped(&request.merchant),
                stan: request.stan.parse().ok().map(Stan),
                batch: Text::clipped(&request.batch),
                rrn: rrn(Some(&request.rrn)),
                auth: Text::clipped(&request.auth),
                card: masked(&request.card),
                amount: Amount(amount),
                currency: Text::clipped(&request.currency),
                kind: Text::clipped(kind(request.trade)),
                code: Text::clipped(request.code.as_deref().unwrap_or_default()),
                is,
                settles_on: None,
            };
            let declined = request.code.as_deref().is_some_and(|code| code != "00");
            if !request.booked && declined && !changes.iter().any(|(_, by, _)| *by != 0) {
                rows.push(row(None, AcquirerIs::Declined, request.amount));
            }
            for (at, by, why) in changes {
                let is = match *why {
                    "booked" => AcquirerIs::Booked,
                    "reversed" | "reversed by the issuer" => AcquirerIs::Reversed,
                    // A void, a refund, a completion has a row of its own.
                    _ => continue,
                };
                rows.push(row(Some(*at), is, by.unsigned_abs()));
            }
        }
        rows
    }

    fn issuer_rows(&self) -> Vec<IssuerRow> {
        let mut rows = Vec::new();
        for (request, changes) in &self.booked {
            // What a void or a refund gave back stands at the sale.
            if matches!(
                request.trade,
                Trade::Void | Trade::Refund | Trade::CancelHold
            ) {
                continue;
            }
            let hold = request.trade == Trade::Hold;
            for (at, by, _) in changes {
                rows.push(IssuerRow {
                    at: Some(self.wall(*at)),
                    card: masked(&request.card),
                    rrn: rrn(Some(&request.rrn)),
                    auth: Text::clipped(&request.auth),
                    amount: Amount(by.unsigned_abs()),
                    is: match (*by > 0, hold) {
                        (true, false) => IssuerIs::Debited,
                        (true, true) => IssuerIs::Held,
                        (false, false) => IssuerIs::Returned,
                        (false, true) => IssuerIs::Released,
                    },
                    reason: String::new(),
                });
            }
        }
        rows
    }

    fn payout_row(&self, case: &BlindCase) -> Option<PayoutRow> {
        let twist = case.label.payout?;
        let request = self.request(case.label.n)?;
        let (_, began) = self.clock;
        let day = began.date(&Zone::CHINA).tomorrow().ok()?;
        let fee = match twist {
            PayoutTwist::Net => request.amount / 100 + 1,
            _ => 0,
        };
        let (is, reason) = match twist {
            PayoutTwist::Paid | PayoutTwist::Net => (PayoutIs::Paid, ""),
            PayoutTwist::Due => (PayoutIs::Waiting, ""),
            PayoutTwist::Reviewed => (PayoutIs::Held, "review"),
            PayoutTwist::ReserveShort => (PayoutIs::Held, "reserve_short"),
            PayoutTwist::Returned => (PayoutIs::Returned, "account_closed"),
            PayoutTwist::NotWithdrawn => (PayoutIs::Asked, ""),
        };
        let paid = matches!(is, PayoutIs::Paid | PayoutIs::Returned);
        Some(PayoutRow {
            paid_on: paid.then_some(day),
            due_on: Some(day),
            merchant: Text::clipped(&request.merchant),
            account_name: String::new(),
            payer: String::new(),
            gross: Amount(request.amount),
            fee: Amount(fee),
            deducted: Amount(0),
            reason_of_deduction: String::new(),
            net: Amount(request.amount.saturating_sub(fee)),
            is,
            reason: reason.to_owned(),
            covers: vec![rrn(Some(&request.rrn))],
            mode: None,
        })
    }
}

fn rrn(text: Option<&str>) -> Rrn {
    Text::clipped(text.unwrap_or_default())
}

const fn kind(trade: Trade) -> &'static str {
    match trade {
        Trade::Sale => "sale",
        Trade::Hold => "authorization",
        Trade::Completion => "completion",
        Trade::CancelHold => "authorization_void",
        Trade::Void => "void",
        Trade::Refund => "refund",
        Trade::Balance => "balance",
    }
}

/// A card's first six digits and its last four.
fn masked(card: &str) -> Text<19> {
    match (card.get(..6), card.get(card.len().saturating_sub(4)..)) {
        (Some(head), Some(tail)) if card.len() > 10 => {
            let stars = "*".repeat(card.len() - 10);
            Text::clipped(&format!("{head}{stars}{tail}"))
        }
        _ => Text::clipped(""),
    }
}
