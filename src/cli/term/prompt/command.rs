//! What can be typed.

use crate::cli::input;
use crate::iso::message::FieldPath;
use crate::iso::spec::{Purpose, Spec};
use crate::lab::peer::Receipt;
use anyhow::{Context, bail};
use bytes::Bytes;

/// One command.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PromptCommand {
    Help,
    Quit,
    /// A line of a script, in the words of people.
    Trade(String),
    SignIn,
    Reverse,
    /// What requests carry from now on, or no longer.
    Set(FieldPath, Option<String>),
    /// A message, so many before the last one.
    Show(usize),
    List,
    Raw(Bytes),
}

impl PromptCommand {
    /// `None` for an empty line.
    pub(super) fn read(line: &str) -> anyhow::Result<Option<Self>> {
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim();
        Ok(Some(match word {
            "" => return Ok(None),
            "help" | "?" => Self::Help,
            "quit" | "exit" => Self::Quit,
            "sign-in" | "sign_in" | "signin" | "logon" => Self::SignIn,
            "reverse" => Self::Reverse,
            "list" => Self::List,
            "show" => Self::Show(match rest {
                "" | "last" => 0,
                back => back
                    .parse()
                    .context("after `show`: last, or how many before it")?,
            }),
            "set" => match rest.split_once('=') {
                Some((path, value)) => {
                    Self::Set(field(path.trim())?, Some(value.trim().to_owned()))
                }
                None => bail!("after `set`: a field and its value, such as set 55=9F2608…"),
            },
            "unset" => Self::Set(field(rest)?, None),
            "raw" => match input::hex(rest.as_bytes()) {
                Some(frame) => Self::Raw(frame.into()),
                None => bail!("after `raw`: a message in hex, without its length prefix"),
            },
            _ => Self::Trade(line.to_owned()),
        }))
    }
}

fn field(path: &str) -> anyhow::Result<FieldPath> {
    path.parse().map_err(anyhow::Error::msg)
}

/// A transaction in the words of the dialect: `void` voids whatever was approved last, `settle`
/// is the dialect's settlement, and what needs an earlier transaction means the last one unless it
/// says which.
pub(super) fn in_words_of(spec: &Spec, line: &str, last: Option<&Receipt>) -> String {
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let kinds = &spec.flow().kinds;
    let named = |name: &str| kinds.iter().find(|kind| &*kind.name == name);
    let by = |purpose| kinds.iter().find(|kind| kind.purpose == purpose);
    let void = || {
        let own = last.and_then(|last| named(&format!("{}_void", last.kind)));
        own.or_else(|| named("void")).or_else(|| named("sale_void"))
    };
    let kind = match word {
        "void" => void(),
        "settle" => by(Purpose::Settlement),
        "sign-off" => by(Purpose::SignOff),
        other => named(other).or_else(|| match other {
            "echo" => by(Purpose::Echo),
            "balance" => by(Purpose::Inquiry),
            _ => None,
        }),
    };
    let Some(kind) = kind else {
        return line.to_owned();
    };
    let follows =
        matches!(kind.purpose, Purpose::Void | Purpose::Refund) || kind.name.contains("completion");
    let of = match follows && !rest.split_whitespace().any(|word| word == "of") {
        true => " of last",
        false => "",
    };
    format!("{} {rest}{of}", kind.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_command_or_a_transaction() {
        let read = |line| PromptCommand::read(line).unwrap();
        assert_eq!(read(""), None);
        assert_eq!(read("show"), read("show last"));
        assert_eq!(read("show 2"), Some(PromptCommand::Show(2)));
        assert_eq!(
            read("sale 1.00"),
            Some(PromptCommand::Trade("sale 1.00".into()))
        );
        assert_eq!(
            read("raw 02 00"),
            Some(PromptCommand::Raw(Bytes::from_static(&[2, 0])))
        );
        let set = PromptCommand::Set("60.2".parse().unwrap(), Some("7".into()));
        assert_eq!(read("set 60.2 = 7"), Some(set));
        for wrong in ["set 55", "set x=1", "raw 0", "show it", "unset"] {
            assert!(PromptCommand::read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn words_of_people_become_those_of_the_dialect() {
        let cup = Spec::builtin("cup-pos").unwrap();
        let ascii = Spec::builtin("iso8583-1987-ascii").unwrap();
        let said = |spec, line| in_words_of(spec, line, None);
        assert_eq!(said(&cup, "void"), "sale_void  of last");
        assert_eq!(said(&ascii, "void of 7"), "void of 7");
        assert_eq!(said(&cup, "refund 1.00"), "refund 1.00 of last");
        assert_eq!(said(&cup, "settle"), "settlement ");
        assert_eq!(
            said(&cup, "nonsense"),
            "nonsense",
            "the terminal says what there is"
        );
    }
}
