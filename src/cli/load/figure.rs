//! Figures as people read them.

use crate::cli::Lang;

/// One of two texts, by the language.
pub(super) const fn say<'a>(lang: Lang, en: &'a str, zh: &'a str) -> &'a str {
    match lang {
        Lang::En => en,
        Lang::Zh => zh,
    }
}

/// A time in microseconds, with three digits.
#[allow(
    clippy::cast_precision_loss,
    reason = "latencies are far below 2^53 us"
)]
pub(in crate::cli) fn time(micros: u64) -> String {
    let micros = micros as f64;
    let (value, unit) = match micros {
        small if small < 1e3 => return format!("{small:.0} us"),
        middle if middle < 1e6 => (middle / 1e3, "ms"),
        long => (long / 1e6, "s"),
    };
    let digits = match value {
        small if small < 10.0 => 2,
        middle if middle < 100.0 => 1,
        _ => 0,
    };
    format!("{value:.digits$} {unit}")
}

/// A rate or another mean, with one digit.
pub(super) fn mean(value: f64) -> String {
    format!("{value:.1}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_digits_and_the_unit_that_fits() {
        for (micros, text) in [
            (7, "7 us"),
            (999, "999 us"),
            (1234, "1.23 ms"),
            (56_789, "56.8 ms"),
            (999_400, "999 ms"),
            (10_000_000, "10.0 s"),
        ] {
            assert_eq!(time(micros), text);
        }
    }
}
