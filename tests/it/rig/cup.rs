//! A UnionPay POS terminal and its acquirer, message by message.

use isogate::iso::codec::Message;
use isogate::iso::message::FieldPath;
use isogate::iso::security::{Key, WorkingKeys, seal, verify, wrap_block};
use isogate::iso::spec::{KeyBlockForm, Spec};
use std::sync::Arc;

/// What both know: the dialect, the master key, and the working keys of this session.
pub(crate) struct Cup {
    pub(crate) spec: Arc<Spec>,
    pub(crate) tmk: &'static str,
    pub(crate) keys: WorkingKeys,
}

pub(crate) const TERMINAL: &str = "10421695";
pub(crate) const MERCHANT: &str = "874350357222471";

impl Cup {
    pub(crate) fn new() -> Self {
        let key = |hex: &str| Key::from_hex(hex).unwrap();
        Self {
            spec: Spec::builtin("cup-pos").unwrap(),
            tmk: "F1E2D3C4B5A697887968574635241302",
            keys: WorkingKeys {
                pin: key("7C3E5B1D9FA2486079E4D8B3C5F6A1B2"),
                mac: key("D9B8A7F6E5C4321A"),
                track: None,
            },
        }
    }

    fn message(&self, mti: &str, fields: &[(&str, &str)]) -> Message {
        let mut message = Message::new(&self.spec, mti.parse().unwrap());
        for (path, value) in fields {
            message
                .set(path.parse::<FieldPath>().unwrap(), value)
                .unwrap();
        }
        message
    }

    /// A sign-in.
    pub(crate) fn sign_in(&self) -> Message {
        let fields = [("11", "000001"), ("41", TERMINAL), ("42", MERCHANT)];
        let mut message = self.message("0800", &fields);
        message
            .set("60".parse::<FieldPath>().unwrap(), "00000001003")
            .unwrap();
        message
            .set("63".parse::<FieldPath>().unwrap(), "01 ")
            .unwrap();
        message
    }

    /// The answer to a sign-in, with the working keys under the master key.
    pub(crate) fn signed_in(&self, request: &Message) -> Message {
        let tmk = Key::from_hex(self.tmk).unwrap();
        let block = wrap_block(&tmk, KeyBlockForm::Double, &self.keys);
        let hex: String = block.iter().map(|byte| format!("{byte:02X}")).collect();
        let mut answer = self.answer(request, "00");
        answer
            .set("62".parse::<FieldPath>().unwrap(), &hex)
            .unwrap();
        answer
    }

    /// A sale of a stripe card with a PIN, under a MAC.
    pub(crate) fn sale(&self, stan: &str, amount: &str) -> Message {
        self.sale_by(stan, amount, TRACK, PIN_BLOCK)
    }

    /// The same, of another card.
    pub(crate) fn sale_by(&self, stan: &str, amount: &str, track: &str, pin: &str) -> Message {
        let fields = [
            ("3", "000000"),
            ("4", amount),
            ("11", stan),
            ("22", "021"),
            ("25", "00"),
            ("26", "12"),
            ("35", track),
            ("41", TERMINAL),
            ("42", MERCHANT),
            ("49", "156"),
            ("52", pin),
            ("53", "2600000000000000"),
            ("60", "22000001"),
        ];
        self.sealed(self.message("0200", &fields))
    }

    /// The terminal's own reversal of a sale.
    pub(crate) fn reversal(&self, sale: &Message, cause: &str) -> Message {
        let mut message = self.message("0400", &[("39", cause)]);
        for field in ["3", "4", "11", "22", "25", "41", "42", "49", "60"] {
            let path: FieldPath = field.parse().unwrap();
            message.copy(path.field, sale);
        }
        self.sealed(message)
    }

    /// The acquirer's answer to any request, under a MAC where the request has one.
    pub(crate) fn answer(&self, request: &Message, code: &str) -> Message {
        let mut answer = request.answer().unwrap();
        answer
            .set("39".parse::<FieldPath>().unwrap(), code)
            .unwrap();
        answer
            .set("37".parse::<FieldPath>().unwrap(), "203217491827")
            .unwrap();
        if request.text("64".parse::<FieldPath>().unwrap()).is_some() {
            return self.sealed(answer);
        }
        answer
    }

    /// Whether a message's MAC is right.
    pub(crate) fn trusts(&self, message: &Message) -> bool {
        verify(message, &self.keys.mac) == Some(true)
    }

    fn sealed(&self, mut message: Message) -> Message {
        seal(&mut message, &self.keys.mac).unwrap();
        message
    }
}

/// Track 2 of a test card, and a PIN block: nothing of either may be found again.
pub(crate) const TRACK: &str = "6216261839475162738D30122011947361528";
pub(crate) const PIN_BLOCK: &str = "A9C7E5D3B1F28461";

/// A field's text.
pub(crate) fn text(message: &Message, path: &str) -> Option<String> {
    message
        .text(path.parse::<FieldPath>().unwrap())
        .map(|text| text.into_owned())
}
