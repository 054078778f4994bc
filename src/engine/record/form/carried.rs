//! The form of what a checkpoint carries, and of facts beside a transaction's life.

use super::FormError;
use super::wire::{Form, In, Out, coded, take_if};
use crate::engine::record::{
    Carried, CarriedAnswer, CarriedKeys, CarriedTransaction, LineFact, LinkName, NumberStretch,
    OperatorAct, OperatorDid, ShadowDifference, ShadowTally, Unmatched, Unreadable,
};
use crate::engine::seam::Wall;
use crate::iso::message::{Amount, Stan};
use crate::iso::spec::{KeyBlockForm, ReversalCause};
use bytes::Bytes;

coded! { KeyBlockForm, "not a form of key block":
    0 Single,
    1 Double,
    2 DoubleWithTrack,
}

coded! { ReversalCause, "not a cause":
    0 NoAnswer,
    1 Mac,
    2 NotDelivered,
    3 Other,
}

impl Form for Wall {
    fn put(&self, out: &mut Out<'_>) {
        out.signed(self.0);
    }

    fn take(from: &mut In<'_>) -> Result<Self, FormError> {
        from.signed().map(Self)
    }
}

impl Form for bool {
    fn put(&self, out: &mut Out<'_>) {
        out.byte(u8::from(*self));
    }

    fn take(from: &mut In<'_>) -> Result<Self, FormError> {
        match from.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(from.wrong("neither yes nor no")),
        }
    }
}

impl Form for LineFact {
    fn put(&self, out: &mut Out<'_>) {
        let (up, link, conn) = match self {
            Self::Up { link, conn } => (true, link, conn),
            Self::Down { link, conn } => (false, link, conn),
        };
        up.put(out);
        link.put(out);
        conn.put(out);
    }

    fn take(from: &mut In<'_>) -> Result<Self, FormError> {
        let (up, link, conn) = (bool::take(from)?, Form::take(from)?, Form::take(from)?);
        Ok(if up {
            Self::Up { link, conn }
        } else {
            Self::Down { link, conn }
        })
    }
}

impl Form for Unmatched {
    fn put(&self, out: &mut Out<'_>) {
        self.message.put(out);
        self.wanted.put(out);
        self.ambiguous.put(out);
    }

    fn take(from: &mut In<'_>) -> Result<Self, FormError> {
        Ok(Self {
            message: Form::take(from)?,
            wanted: Form::take(from)?,
            ambiguous: Form::take(from)?,
        })
    }
}

impl Form for Unreadable {
    fn put(&self, out: &mut Out<'_>) {
        self.hop.put(out);
        self.conn.put(out);
        self.length.put(out);
        out.raw(&self.hash);
        self.what.put(out);
    }

    fn take(from: &mut In<'_>) -> Result<Self, FormError> {
        Ok(Self {
            hop: Form::take(from)?,
            conn: Form::take(from)?,
            length: Form::take(from)?,
            hash: from.array()?,
            what: Form::take(from)?,
        })
    }
}

impl Form for ShadowDifference {
    fn put(&self, out: &mut Out<'_>) {
        self.tx.put(out);
        self.link.put(out);
        self.mti.put(out);
        out.flags(&[self.acquirer.is_some(), self.shadow.is_some()]);
        self.acquirer.iter().for_each(|code| code.put(out));
        self.shadow.iter().for_each(|code| code.put(out));
        self.what.put(out);
    }

    fn take(from: &mut In<'_>) -> Result<Self, FormError> {
        let (tx, link, mti) = (Form::take(from)?, Form::take(from)?, Form::take(from)?);
        let [acquirer, shadow] = from.flags()?;
        Ok(Self {
            tx,
            link,
            mti,
            acquirer: take_if(acquirer, from)?,
            shadow: take_if(shadow, from)?,
            what: Form::take(from)?,
        })
    }
}

impl Form for ShadowTally {
    fn put(&self, out: &mut Out<'_>) {
        self.link.put(out);
        for count in [self.same, self.different, self.left_out] {
            out.number(count);
        }
    }

    fn take(from: &mut In<'_>) -> Result<Self, FormError> {
        Ok(Self {
            link: Form::take(from)?,
            same: from.number()?,
            different: from.number()?,
            left_out: from.number()?,
        })
    }
}

impl Form for OperatorAct {
    fn put(&self, out: &mut Out<'_>) {
        let number = OperatorDid::ALL.iter().position(|did| *did == self.did);
        out.number(number.map_or(0, |number| number as u64));
        self.who.put(out);
        self.what.put(out);
    }

    fn take(from: &mut In<'_>) -> Result<Self, FormError> {
        let number = usize::try_from(from.number()?).unwrap_or(usize::MAX);
        let did = OperatorDid::ALL.get(number).copied();
        Ok(Self {
            did: did.ok_or_else(|| from.wrong("an act of an operator not known here"))?,
            who: Form::take(from)?,
            what: Form::take(from)?,
        })
    }
}

impl Form for CarriedKeys {
    fn put(&self, out: &mut Out<'_>) {
        self.merchant.put(out);
        self.terminal.put(out);
        self.form.put(out);
        out.block(&self.block);
    }

    fn take(from: &mut In<'_>) -> Result<Self, FormError> {
        Ok(Self {
            merchant: Form::take(from)?,
            terminal: Form::take(from)?,
            form: Form::take(from)?,
            block: Bytes::copy_from_slice(from.block()?),
        })
    }
}

impl Form for LinkName {
    fn put(&self, out: &mut Out<'_>) {
        self.name.put(out);
        self.spec.put(out);
    }

    fn take(from: &mut In<'_>) -> Result<Self, FormError> {
        let (name, spec) = (Form::take(from)?, Form::take(from)?);
        Ok(Self { name, spec })
    }
}

impl Form for Vec<LinkName> {
    fn put(&self, out: &mut Out<'_>) {
        out.number(self.len() as u64);
        self.iter().for_each(|link| link.put(out));
    }

    fn take(from: &mut In<'_>) -> Result<Self, FormError> {
        let count = from.number()?;
        (0..count).map(|_| Form::take(from)).collect()
    }
}

impl Form for NumberStretch {
    fn put(&self, out: &mut Out<'_>) {
        self.from.put(out);
        out.number(self.to.0.wrapping_sub(self.from.0));
        out.number(self.age);
        self.counted.put(out);
    }

    fn take(from: &mut In<'_>) -> Result<Self, FormError> {
        let first: Stan = Form::take(from)?;
        Ok(Self {
            from: first,
            to: Stan(first.0.wrapping_add(from.number()?)),
            age: from.number()?,
            counted: Form::take(from)?,
        })
    }
}

impl Form for Vec<NumberStretch> {
    fn put(&self, out: &mut Out<'_>) {
        out.number(self.len() as u64);
        self.iter().for_each(|stretch| stretch.put(out));
    }

    fn take(from: &mut In<'_>) -> Result<Self, FormError> {
        let count = from.number()?;
        (0..count).map(|_| Form::take(from)).collect()
    }
}

/// With as much behind it as there is to tell.
fn put_live(live: &CarriedTransaction, out: &mut Out<'_>) {
    let answered =
        live.answer.is_some() || live.rrn.is_some() || live.doubted || live.returned != Amount(0);
    let more =
        live.reversal_answer.is_some() || live.reversing.is_some() || live.of_receipt || answered;
    out.byte(match live.upstream {
        _ if answered => 12,
        _ if live.of_receipt => 11,
        _ if more => 7,
        Some(_) => 5,
        None => 0,
    });
    live.put(out);
    if more {
        live.upstream.put(out);
        live.reversal_answer.put(out);
        live.reversing.put(out);
        if answered {
            live.of_receipt.put(out);
            live.answer.put(out);
            live.rrn.put(out);
            live.doubted.put(out);
            out.number(live.returned.0);
        }
    } else {
        live.upstream.iter().for_each(|frame| frame.put(out));
    }
}

impl Form for Carried {
    fn put(&self, out: &mut Out<'_>) {
        match self {
            Self::Transaction(live) => put_live(live, out),
            Self::Answer(done) => {
                let returned = done.returned != Amount(0);
                out.byte(match done.upstream {
                    _ if returned => 8,
                    Some(_) => 6,
                    None => 1,
                });
                done.put(out);
                if returned {
                    done.upstream.put(out);
                    out.number(done.returned.0);
                } else {
                    done.upstream.iter().for_each(|frame| frame.put(out));
                }
            }
            Self::Keys(keys) => {
                out.byte(2);
                keys.put(out);
            }
            Self::Tombstone { identity, at } => {
                out.byte(3);
                identity.put(out);
                at.put(out);
            }
            Self::Stan(stan) => {
                out.byte(4);
                stan.put(out);
            }
            Self::Links(links) => {
                out.byte(9);
                links.put(out);
            }
            Self::Clock(moment) => {
                out.byte(10);
                moment.put(out);
            }
            Self::Numbers {
                merchant,
                terminal,
                used,
                whole,
            } => {
                out.byte(13);
                merchant.put(out);
                terminal.put(out);
                used.put(out);
                whole.put(out);
            }
            Self::AllTerminals => out.byte(14),
        }
    }

    fn take(from: &mut In<'_>) -> Result<Self, FormError> {
        Ok(match from.byte()? {
            0 => Self::Transaction(Form::take(from)?),
            1 => Self::Answer(Form::take(from)?),
            2 => Self::Keys(Form::take(from)?),
            3 => Self::Tombstone {
                identity: Form::take(from)?,
                at: Form::take(from)?,
            },
            4 => Self::Stan(Form::take(from)?),
            // The same as 0 and 1, with the request as it went out behind it.
            5 => {
                let live: CarriedTransaction = Form::take(from)?;
                let upstream = Some(Form::take(from)?);
                Self::Transaction(CarriedTransaction { upstream, ..live })
            }
            6 => {
                let done: CarriedAnswer = Form::take(from)?;
                let upstream = Some(Form::take(from)?);
                Self::Answer(CarriedAnswer { upstream, ..done })
            }
            // With all that is known of its reversal (11: of a receipt), and with what went back.
            kind @ (7 | 11) => {
                let live: CarriedTransaction = Form::take(from)?;
                Self::Transaction(CarriedTransaction {
                    upstream: Form::take(from)?,
                    reversal_answer: Form::take(from)?,
                    reversing: Form::take(from)?,
                    of_receipt: kind == 11,
                    ..live
                })
            }
            // With all that is known of its answers as well.
            12 => {
                let live: CarriedTransaction = Form::take(from)?;
                Self::Transaction(CarriedTransaction {
                    upstream: Form::take(from)?,
                    reversal_answer: Form::take(from)?,
                    reversing: Form::take(from)?,
                    of_receipt: Form::take(from)?,
                    answer: Form::take(from)?,
                    rrn: Form::take(from)?,
                    doubted: Form::take(from)?,
                    returned: Amount(from.number()?),
                    ..live
                })
            }
            8 => {
                let done: CarriedAnswer = Form::take(from)?;
                Self::Answer(CarriedAnswer {
                    upstream: Form::take(from)?,
                    returned: Amount(from.number()?),
                    ..done
                })
            }
            9 => Self::Links(Form::take(from)?),
            10 => Self::Clock(Form::take(from)?),
            13 => Self::Numbers {
                merchant: Form::take(from)?,
                terminal: Form::take(from)?,
                used: Form::take(from)?,
                whole: Form::take(from)?,
            },
            14 => Self::AllTerminals,
            _ => return Err(from.wrong("a carried item not known here")),
        })
    }
}

impl Form for CarriedTransaction {
    fn put(&self, out: &mut Out<'_>) {
        self.tx.put(out);
        self.opened.put(out);
        self.state.put(out);
        self.began.put(out);
        self.last.put(out);
        self.request.put(out);
        self.cause.put(out);
        self.tries.put(out);
        self.approved.put(out);
        self.auth.put(out);
    }

    fn take(from: &mut In<'_>) -> Result<Self, FormError> {
        Ok(Self {
            tx: Form::take(from)?,
            opened: Form::take(from)?,
            state: Form::take(from)?,
            began: Form::take(from)?,
            last: Form::take(from)?,
            request: Form::take(from)?,
            cause: Form::take(from)?,
            tries: Form::take(from)?,
            approved: Form::take(from)?,
            auth: Form::take(from)?,
            upstream: None,
            reversal_answer: None,
            reversing: None,
            of_receipt: false,
            answer: None,
            rrn: None,
            doubted: false,
            returned: Amount(0),
        })
    }
}

impl Form for CarriedAnswer {
    fn put(&self, out: &mut Out<'_>) {
        self.tx.put(out);
        self.opened.put(out);
        self.state.put(out);
        self.request.put(out);
        self.approved.put(out);
        self.answer.put(out);
        self.reversal_answer.put(out);
        self.last.put(out);
    }

    fn take(from: &mut In<'_>) -> Result<Self, FormError> {
        Ok(Self {
            tx: Form::take(from)?,
            opened: Form::take(from)?,
            state: Form::take(from)?,
            request: Form::take(from)?,
            approved: Form::take(from)?,
            answer: Form::take(from)?,
            reversal_answer: Form::take(from)?,
            last: Form::take(from)?,
            upstream: None,
            returned: Amount(0),
        })
    }
}
