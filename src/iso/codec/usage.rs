//! Whether a message has the fields that its type must have, and none that it must not.

use super::Message;
use crate::iso::message::FieldPath;
use crate::iso::spec::Wanted;

impl Message {
    /// What the message has too much or too little, by its dialect. Of a message that was read in
    /// part nothing is known to be missing.
    #[must_use]
    pub fn usage(&self) -> Vec<String> {
        let mti = self.mti();
        let about = self
            .spec()
            .usages()
            .iter()
            .filter(|usage| usage.is_about(mti));
        let fits = |(path, wanted): &(FieldPath, Wanted)| {
            let text = self.text(*path);
            text.is_some_and(|text| wanted.matches(&text))
        };
        let about = about.filter(|usage| usage.when.iter().all(fits));
        let mut all = Vec::new();
        for usage in about {
            let missing = usage.mandatory.iter().filter(|field| !self.has(*field));
            let missing = missing.filter(|_| self.fault().is_none());
            all.extend(missing.map(|field| format!("field {field}: missing, {mti} must have it")));
            let present = usage.forbidden.iter().filter(|field| self.has(*field));
            all.extend(present.map(|field| format!("field {field}: {mti} must not have it")));
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iso::spec::Spec;

    const MINE: &str = r#"
        name = "mine"
        extends = "iso8583-1987-ascii"
        [[usage]]
        mti = ["0200"]
        when = { 3 = "000000" }
        mandatory = [4, 11]
        forbidden = [52]
        [[usage]]
        mti = ["04xx"]
        mandatory = [11]
        conditional = [3, 4]
    "#;

    fn warnings(mti: &str, fields: &[(&str, &str)]) -> Vec<String> {
        let spec = Spec::load("mine.toml", MINE, &|_| None).unwrap();
        let mut message = Message::new(&spec, mti.parse().unwrap());
        for (path, text) in fields {
            message
                .set(path.parse::<FieldPath>().unwrap(), text)
                .unwrap();
        }
        message.usage()
    }

    #[test]
    fn what_is_missing_and_what_is_too_much_is_told_by_type() {
        let pin = ("52", "0011223344556677");
        assert_eq!(
            warnings("0200", &[("3", "0"), ("11", "1"), pin]),
            [
                "field 4: missing, 0200 must have it",
                "field 52: 0200 must not have it"
            ]
        );
        assert_eq!(
            warnings("0200", &[("3", "310000"), pin]),
            [""; 0],
            "not about it"
        );
        assert_eq!(
            warnings("0420", &[("3", "0"), ("11", "1"), ("37", "x")]),
            ["field 37: 0420 must not have it"]
        );
    }

    #[test]
    fn a_field_is_not_mandatory_and_forbidden() {
        let text = MINE.replace("forbidden = [52]", "forbidden = [4]");
        let error = Spec::load("mine.toml", &text, &|_| None).unwrap_err();
        assert!(
            error.what.contains("field 4 is mandatory and forbidden"),
            "{error}"
        );
    }
}
