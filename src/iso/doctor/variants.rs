//! What is tried: the known dialects, with and without a header, and mixtures of codings.

use super::load;
use crate::iso::spec::Spec;
use std::sync::Arc;

/// A dialect to be tried.
pub(super) struct Variant {
    pub spec: Arc<Spec>,
    /// The known dialect that it is, or extends.
    pub base: &'static str,
    /// What it is, for people.
    pub what: String,
    /// The keys of its file before any table.
    pub text: String,
    /// Its tables.
    pub tables: String,
    /// What is taken off its confidence, of a hundred: something in it explains nothing.
    pub doubt: u8,
}

const TPDU: &str = "[[header]]\nname = \"tpdu\"\ndefault = \"6000000000\"\n\
                    answer = \"swap-addresses\"\n";

impl Variant {
    pub(super) fn of(base: &'static str, what: String, keys: &str, tables: String) -> Option<Self> {
        let text = format!("name = \"draft\"\nextends = \"{base}\"\n{keys}");
        let spec = match (keys, tables.as_str()) {
            ("", "") => Spec::builtin(base)?,
            _ => load(&format!("{text}{tables}"))?,
        };
        Some(Self {
            spec,
            base,
            what,
            text,
            tables,
            doubt: 0,
        })
    }

    /// A built-in dialect without its header.
    pub(super) fn bare(base: &'static str) -> Option<Self> {
        let what = format!("{base} without its header");
        Self::of(base, what, "header = []\n", String::new())
    }
}

/// The built-in dialects: with the header that they have, with none, with a TPDU.
pub(super) fn known() -> Vec<Variant> {
    let mut all = Vec::new();
    let names = Spec::builtin_names();
    all.extend(
        names
            .iter()
            .filter_map(|name| Variant::of(name, format!("{name} as it is"), "", String::new())),
    );
    for name in names {
        let has_header = Spec::builtin(name).is_some_and(|spec| !spec.header().is_empty());
        all.extend(match has_header {
            true => Variant::bare(name),
            false => Variant::of(name, format!("{name} behind a TPDU"), "", TPDU.to_owned()),
        });
    }
    all
}

/// Codings that no known dialect mixes so.
pub(super) fn mixed() -> Vec<Variant> {
    let base = "iso8583-1987-ascii";
    let mut all = Vec::new();
    for base in [
        "iso8583-1987-ascii",
        "iso8583-1987-binary",
        "iso8583-1987-ebcdic",
    ] {
        let what = format!("{base} with two bitmaps always, which no bit announces");
        let shape = "[message]\nbitmap_always_double = true\nbitmap_announced = false\n";
        all.extend(Variant::of(base, what, "", shape.to_owned()));
    }
    for (mti, bitmap, binary) in [
        ("ascii", "hex", "hex"),
        ("ascii", "raw", "raw"),
        ("bcd", "raw", "raw"),
        ("bcd", "hex", "hex"),
        ("ascii", "hex", "raw"),
    ] {
        for (digits, align) in [("ascii", "right"), ("bcd", "right"), ("bcd", "left")] {
            for prefix in ["ascii", "bcd", "binary"] {
                let what =
                    format!("type {mti}, bitmap {bitmap}, digits {digits}, lengths {prefix}");
                let coding = format!(
                    "[message]\nmti = \"{mti}\"\nbitmap = \"{bitmap}\"\n\
                     [coding]\ndigits = \"{digits}\"\ntrack = \"{digits}\"\n\
                     binary = \"{binary}\"\nprefix = \"{prefix}\"\nalign = \"{align}\"\n"
                );
                all.extend(Variant::of(base, what.clone(), "", coding.clone()));
                let behind = format!("{what}, behind a TPDU");
                all.extend(Variant::of(base, behind, "", format!("{TPDU}{coding}")));
            }
        }
    }
    all
}
