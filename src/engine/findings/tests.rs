//! Traffic with and without something in it to be found.

use super::significance::FailedShare;
use super::{FailureFinding, Feature, Looks};
use crate::engine::record::State;
use crate::engine::seam::{Dice, Wall};
use crate::engine::trace::tests::History;
use crate::engine::trace::{Story, Verdict};
use crate::iso::message::Text;
use std::sync::Arc;

/// Sales of 12 terminals with cards of 8 ranges over two links; which fail is up to `fails`.
fn traffic(seed: u64, count: u64, fails: impl Fn(&TestSale, &mut Dice) -> bool) -> Looks {
    let mut dice = Dice::new(seed);
    let (good, bad) = (History::sale().delivered(), History::sale().declined("92"));
    let (good, bad) = (good.story(), bad.story());
    let judged = |story: &Story| Verdict::of(story, &[]);
    let verdicts = (judged(&good), judged(&bad));
    let mut looks = Looks::default();
    for minute in 0..count {
        let sale = TestSale {
            bin: 622_600 + dice.below(8),
            terminal: dice.below(12),
            link: dice.below(2),
            minute,
        };
        let failed = fails(&sale, &mut dice);
        let mut story = if failed { bad.clone() } else { good.clone() };
        let opened = Arc::make_mut(story.opened.as_mut().unwrap());
        opened.card = Text::clipped(&format!("{}******0048", sale.bin));
        opened.terminal = Text::clipped(&format!("{:08}", sale.terminal));
        story.began = Wall(story.began.0 + i64::try_from(minute).unwrap() * 60_000_000);
        let verdict = if failed { &verdicts.1 } else { &verdicts.0 };
        looks.take(&story, verdict, &format!("acquirer-{}", sale.link));
    }
    looks
}

struct TestSale {
    bin: u64,
    terminal: u64,
    link: u64,
    minute: u64,
}

/// What is always there: one in twenty fails, wherever it is.
fn noise(dice: &mut Dice) -> bool {
    dice.below(20) == 0
}

fn names(findings: &[FailureFinding]) -> Vec<Vec<(Feature, &str)>> {
    findings
        .iter()
        .map(|one| one.groups.iter().map(|g| (g.feature, &*g.value)).collect())
        .collect()
}

#[test]
fn one_card_range_one_terminal_and_one_link_are_found_and_nothing_else() {
    type Fails = fn(&TestSale) -> bool;
    let cases: [(Fails, Feature, &str); 3] = [
        (|sale| sale.bin == 622_603, Feature::Bin, "622603"),
        (|sale| sale.terminal == 5, Feature::Terminal, "00000005"),
        (|sale| sale.link == 1, Feature::Link, "acquirer-1"),
    ];
    for (fails, feature, value) in cases {
        let looks = traffic(7, 600, |sale, dice| fails(sale) || noise(dice));
        let findings = looks.findings();
        assert_eq!(names(&findings), [[(feature, value)]]);
        assert_eq!(findings[0].share.failed, findings[0].share.of);
        assert!(findings[0].rest.failed * 10 < findings[0].rest.of);
        assert_eq!(findings[0].cause.unwrap().name(), "declined");
    }
}

#[test]
fn a_time_since_which_all_fail_is_found() {
    let looks = traffic(3, 640, |sale, dice| sale.minute >= 500 || noise(dice));
    let findings = looks.findings();
    assert_eq!(names(&findings)[0][0].0, Feature::Since);
    let began = History::sale().story().began;
    let minutes = (findings[0].groups[0].since.unwrap() - began).as_secs() / 60;
    assert_eq!(minutes, 500);
}

#[test]
fn one_card_range_since_a_time_is_found_as_both() {
    let looks = traffic(9, 1_280, |sale, dice| {
        sale.bin == 622_601 && sale.minute >= 640 || noise(dice)
    });
    let findings = looks.findings();
    let found = names(&findings);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0][0], (Feature::Bin, "622601"));
    assert_eq!(found[0][1].0, Feature::Since);
}

#[test]
fn two_things_at_once_are_both_found() {
    let looks = traffic(11, 1_200, |sale, dice| {
        sale.bin == 622_603 || sale.terminal == 5 || noise(dice)
    });
    let mut found: Vec<Feature> = looks
        .findings()
        .iter()
        .map(|f| f.groups[0].feature)
        .collect();
    found.sort_unstable();
    assert_eq!(found, [Feature::Bin, Feature::Terminal]);
}

#[test]
fn where_there_is_nothing_nothing_is_found() {
    for seed in 0..400 {
        // Healthy, noisy, and broken at large: nothing that one group has and others do not.
        let odds = [0, 1, 5, 10, 15, 20][usize::try_from(seed % 6).unwrap()];
        let looks = traffic(seed, 200, |_, dice| dice.below(20) < odds);
        assert_eq!(looks.findings(), [], "seed {seed}");
    }
}

#[test]
fn what_a_cardholder_got_wrong_is_no_failure() {
    let mut looks = Looks::default();
    for code in ["51", "55", "61", "54"] {
        let story = History::sale().declined(code).story();
        looks.take(&story, &Verdict::of(&story, &[]), "a");
    }
    let open = History::sale().story();
    assert_eq!(open.state, State::Forwarded);
    looks.take(&open, &Verdict::of(&open, &[]), "a");
    assert_eq!(looks.share(), FailedShare { failed: 0, of: 4 });
}
