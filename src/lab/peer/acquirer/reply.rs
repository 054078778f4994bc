//! What the acquirer says, and how it is written into an answer.

use crate::engine::seam::{Wall, Zone};
use crate::iso::codec::Message;
use crate::iso::message::{AuthCode, FieldId, FieldPath, ResponseCode, Rrn};
use crate::iso::spec::Purpose;
use crate::lab::peer::filling::{field, offer, offer_absent, part};

/// What the acquirer says. Kept in the book, so that a repeat is answered as the first.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    /// DE 39.
    pub code: ResponseCode,
    /// DE 37.
    pub rrn: Option<Rrn>,
    /// DE 38.
    pub auth: Option<AuthCode>,
    /// DE 12, 13, 15.
    pub at: Wall,
    /// Whatever else.
    pub extra: Vec<(FieldPath, String)>,
}

impl Reply {
    /// A code and nothing else.
    pub(super) const fn plain(code: ResponseCode, at: Wall) -> Self {
        Self {
            code,
            rrn: None,
            auth: None,
            at,
            extra: Vec::new(),
        }
    }

    /// Writes it into the answer to a request, as hosts of `UnionPay` terminals do (`cup-pos.md`
    /// §3.1); fields that the dialect has not are left out.
    pub(super) fn fill(
        &self,
        answer: &mut Message,
        request: &Message,
        purpose: Purpose,
        institution: &str,
    ) {
        offer(answer, field(39), &self.code);
        let spec = answer.spec().clone();
        let stamp = |number| spec.flow().stamp(FieldId::of(number));
        for (number, form) in [12, 13].map(|number| (number, stamp(number))) {
            if let Some(form) = form {
                offer_absent(answer, field(number), &self.at.stamp(form, &Zone::CHINA));
            }
        }
        offer_absent(answer, field(32), institution);
        if let Some(rrn) = &self.rrn {
            offer(answer, field(37), rrn);
        }
        if let Some(auth) = &self.auth {
            offer(answer, field(38), auth);
        }
        if purpose.moves_money() || matches!(purpose, Purpose::Inquiry | Purpose::Reversal) {
            if let Some(form) = stamp(15) {
                offer(answer, field(15), &self.at.stamp(form, &Zone::CHINA));
            }
            offer(
                answer,
                field(44),
                &format!("{institution:<11}{institution:<11}"),
            );
            if let Some(pan) = request.pan() {
                offer_absent(answer, field(2), pan.reveal());
            }
        }
        if purpose.moves_money() {
            offer(answer, part(63, "1"), "CUP");
        }
        for (path, value) in &self.extra {
            offer(answer, *path, value);
        }
    }
}
