//! Amounts as people write them.

use iso_currency::Currency;

/// `888.00 CNY`: minor units as people write them, by the currency's own number of decimals (ISO
/// 4217); two where the currency is not known.
#[must_use]
pub fn money(amount: u64, currency: &str) -> String {
    let known = currency.parse().ok().and_then(Currency::from_numeric);
    let name = known.map_or(currency, |known| known.code());
    let digits = known.and_then(Currency::exponent).unwrap_or(2);
    let unit = 10_u64.pow(digits.min(4).into());
    let number = match digits {
        0 => amount.to_string(),
        _ => {
            let width = usize::from(digits);
            format!("{}.{:0width$}", amount / unit, amount % unit)
        }
    };
    format!("{number} {name}").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_written_as_its_currency_is() {
        assert_eq!(money(88_800, "156"), "888.00 CNY");
        assert_eq!(money(5, "840"), "0.05 USD");
        assert_eq!(money(500, "392"), "500 JPY");
        assert_eq!(money(500, ""), "5.00");
    }

    #[test]
    fn money_has_the_decimals_of_its_currency() {
        for (amount, currency, said) in [
            (12_345, "156", "123.45 CNY"),
            (12_345, "392", "12345 JPY"),
            (12_345, "048", "12.345 BHD"),
            (5, "704", "5 VND"),
            (5, "048", "0.005 BHD"),
            (12_345, "123", "123.45 123"),
            (12_345, "", "123.45"),
        ] {
            assert_eq!(money(amount, currency), said, "{currency}");
        }
    }
}
