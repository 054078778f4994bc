//! Whether chance explains that so many of a group failed, told in bits: a probability of 2^-bits.

/// Fraction bits of the logarithms.
const FRACTION: u32 = 32;
/// A finding must be so unlikely by chance, for all groups that were tried together.
pub const ONE_IN: u64 = 100_000;

/// The logarithm to base two, in units of 2^-32, rounded down; 0 for 0.
fn log2(number: u64) -> i64 {
    let Some(whole) = number.checked_ilog2() else {
        return 0;
    };
    let mut mantissa = u128::from(number) << (63 - whole);
    let mut logarithm = i64::from(whole);
    for _bit in 0..FRACTION {
        mantissa = (mantissa * mantissa) >> 63;
        logarithm <<= 1;
        if mantissa >= 1 << 64 {
            mantissa >>= 1;
            logarithm += 1;
        }
    }
    logarithm
}

/// Logarithms of factorials, made once for as many as are looked at.
#[derive(Clone, Debug)]
pub struct Factorials(Vec<i64>);

/// So many of so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailedShare {
    /// How many failed.
    pub failed: u64,
    /// Of how many.
    pub of: u64,
}

impl Factorials {
    /// Up to this number.
    #[must_use]
    pub fn up_to(most: usize) -> Self {
        let mut sums = vec![0];
        let mut sum = 0;
        for number in (1..).take(most) {
            sum += log2(number);
            sums.push(sum);
        }
        Self(sums)
    }

    fn of(&self, number: u64) -> i64 {
        let at = usize::try_from(number).ok();
        at.and_then(|at| self.0.get(at)).copied().unwrap_or(0)
    }

    /// How many whole bits of evidence there are that a group fails more often than all do: at most
    /// the negative logarithm of the probability that as many of the group, or more, fail by chance
    /// when so many of all fail. 0 where it fails no more often.
    #[must_use]
    pub fn bits(&self, group: FailedShare, all: FailedShare) -> u64 {
        let (Some(sound), Some(unfailed)) = (
            all.of.checked_sub(all.failed),
            group.of.checked_sub(group.failed),
        ) else {
            return 0;
        };
        // Of what failed and what did not, so many lie outside the group.
        let outside = all.failed.checked_sub(group.failed);
        let sound_outside = sound.checked_sub(unfailed);
        let (Some(outside), Some(sound_outside)) = (outside, sound_outside) else {
            return 0;
        };
        // The next term of the tail is this fraction of the one before, and those after it less.
        let next = u128::from(outside) * u128::from(unfailed);
        let own = u128::from(group.failed + 1) * u128::from(sound_outside + 1);
        let Some(rest) = own.checked_sub(next).filter(|rest| *rest > 0) else {
            return 0;
        };
        let first =
            self.of(all.failed) + self.of(sound) + self.of(group.of) + self.of(all.of - group.of)
                - self.of(all.of)
                - self.of(group.failed)
                - self.of(outside)
                - self.of(unfailed)
                - self.of(sound_outside);
        let tail = log2(narrow(own)) - log2(narrow(rest));
        // What was rounded down may amount to a bit.
        let bits = (-(first + tail) >> FRACTION) - 2;
        u64::try_from(bits).unwrap_or(0)
    }
}

/// Products of counts, in 64 bits: counts below 2^32 fit.
fn narrow(product: u128) -> u64 {
    u64::try_from(product).unwrap_or(u64::MAX)
}

/// The bits that are asked for when so many groups are tried.
#[must_use]
pub fn bits_wanted(tried: u64) -> u64 {
    let both = ONE_IN.saturating_mul(tried.max(1));
    u64::from(both.next_power_of_two().ilog2())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_are_those_of_the_books() {
        assert_eq!(log2(1), 0);
        assert_eq!(log2(1024), 10 << 32);
        // log2(10) = 3.321928094887...
        assert_eq!((log2(10) * 1_000_000) >> 32, 3_321_928);
    }

    /// Against sums that are counted out: C(5,a) C(15,8-a) / C(20,8) for a of 8 chosen.
    #[test]
    fn the_bound_is_above_the_probability_and_close_to_it() {
        let table = Factorials::up_to(20);
        let choose = |n: u64, k: u64| (0..k).fold(1_u64, |sum, i| sum * (n - i) / (i + 1));
        let all = FailedShare { failed: 5, of: 20 };
        for failed in 3..=5 {
            let tail: u64 = (failed..=5).map(|a| choose(5, a) * choose(15, 8 - a)).sum();
            // The probability is below 2^-bits, and above 2^-(bits + 4).
            let bits = table.bits(FailedShare { failed, of: 8 }, all);
            assert!(tail << bits <= choose(20, 8), "{failed}: {bits}");
            assert!(tail << (bits + 4) > choose(20, 8), "{failed}: {bits}");
        }
    }

    #[test]
    fn a_group_that_fails_as_all_do_has_no_evidence() {
        let table = Factorials::up_to(1_000);
        let all = FailedShare {
            failed: 100,
            of: 1_000,
        };
        assert_eq!(
            table.bits(
                FailedShare {
                    failed: 10,
                    of: 100
                },
                all
            ),
            0
        );
        assert_eq!(table.bits(FailedShare { failed: 0, of: 100 }, all), 0);
        assert!(
            table.bits(
                FailedShare {
                    failed: 60,
                    of: 100
                },
                all
            ) > 100
        );
        assert_eq!(
            table.bits(FailedShare { failed: 9, of: 8 }, all),
            0,
            "no group at all"
        );
    }
}
