//! What a fault may look at before it strikes.

use crate::iso::codec::Message;
use crate::iso::message::{FieldId, FieldPath, Part, TerminalId};
use crate::iso::spec::{Kind, Purpose};
use std::borrow::Cow;

/// One message on its way.
#[derive(Clone, Copy, Debug)]
pub struct Exchange<'a> {
    /// DE 41.
    pub terminal: TerminalId,
    /// What the message is for.
    pub purpose: Purpose,
    /// Whether its sender must reverse it when the outcome is unknown.
    pub reverses: bool,
    /// How often this very message came before: 0 the first time.
    pub tries: u32,
    /// The message: for aims, which keep nothing of it.
    pub message: &'a Message,
}

impl<'a> Exchange<'a> {
    /// A request of a kind that came this often before.
    #[must_use]
    pub fn of(message: &'a Message, kind: &Kind, tries: u32) -> Self {
        Self {
            terminal: message.terminal().unwrap_or_default(),
            purpose: kind.purpose,
            reverses: kind.reverses,
            tries,
            message,
        }
    }

    /// The code that a payer showed: DE 59, tag `A3`.
    #[must_use]
    pub fn payment_code(&self) -> Option<Cow<'a, str>> {
        let path = FieldPath {
            field: FieldId::of(59),
            part: Part::new("A3"),
        };
        self.message.text(path)
    }

    /// Whether it moves money, or asks about some.
    #[must_use]
    pub const fn is_money(&self) -> bool {
        self.purpose.moves_money() || matches!(self.purpose, Purpose::Inquiry)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::iso::spec::Spec;
    use std::sync::LazyLock;

    static SALE: LazyLock<Message> = LazyLock::new(|| {
        let spec = Spec::builtin("cup-pos").unwrap();
        let mut sale = Message::new(&spec, "0200".parse().unwrap());
        for (path, text) in [
            ("2", "6216261000000000018"),
            ("3", "000000"),
            ("25", "00"),
            ("41", "T0000001"),
            ("60.1", "22"),
        ] {
            sale.set(path.parse::<FieldPath>().unwrap(), text).unwrap();
        }
        sale
    });

    impl Exchange<'static> {
        /// The same of a payment whose code was scanned.
        pub(in super::super) fn with_payment_code(self, code: &str) -> Self {
            let mut scanned = self.message.clone();
            let path = "59.A3".parse::<FieldPath>().unwrap();
            scanned.set(path, code).unwrap();
            Self {
                message: Box::leak(Box::new(scanned)),
                ..self
            }
        }
    }

    /// A first message of a purpose.
    pub(in super::super) fn exchange(purpose: Purpose) -> Exchange<'static> {
        Exchange {
            terminal: TerminalId::new("T0000001").unwrap(),
            purpose,
            reverses: purpose == Purpose::Debit,
            tries: 0,
            message: &SALE,
        }
    }
}
