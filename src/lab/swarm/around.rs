//! What happens to the house while people trade: crashes, links, disk, clock, limits, chatter.

use super::draw::{Draw, WATCH, bounds};
use super::odd;
use super::spice::Spice;
use crate::lab::plan::{Crash, Deed, DiskIs, IssuerUndo, Power};

/// Adds all that, over the time that the purchases take.
pub(super) fn add(draw: &mut Draw) {
    let end = draw.clock + 2_000;
    // Races are where something else is going on.
    let moments: Vec<u64> = draw.deeds.iter().map(|timed| timed.at).collect();
    crashes(draw, &moments);
    links(draw, &moments);
    disks(draw, &moments);
    terminals(draw, &moments);
    house(draw, end);
    for _ in 0..draw.dice.between(1, 4) {
        let at = draw.dice.below(end);
        draw.at(at, Deed::Probe);
    }
    if draw.on(Spice::SickIssuers) {
        odd::sick_issuer(draw, end + 3_000);
    }
    if draw.on(Spice::Days) {
        for _ in 0..3 {
            let at = end + draw.dice.below(3 * WATCH);
            draw.at(at, Deed::Probe);
        }
    }
}

fn moment(draw: &mut Draw, moments: &[u64]) -> u64 {
    let any = draw.dice.pick(moments).copied().unwrap_or(0);
    let base = match draw.focus {
        Some(focus) if any < focus || draw.dice.chance(1, 2) => focus,
        _ => any,
    };
    draw.near(base)
}

fn crashes(draw: &mut Draw, moments: &[u64]) {
    if draw.on(Spice::Crashes) {
        for _ in 0..draw.dice.between(1, 5) {
            let at = moment(draw, moments);
            let crash = Crash {
                down: draw.dice.between(1, 3_000),
                power: power(draw),
                step: u32::try_from(draw.dice.below(12)).unwrap_or(0),
                swallows: draw.dice.chance(1, 2),
                loses_keys: draw.strikes(Spice::LostKeys, 2),
            };
            draw.at(at, Deed::Crash(crash));
        }
    }
    if draw.on(Spice::Restarts) {
        for _ in 0..draw.dice.between(1, 3) {
            let at = moment(draw, moments);
            let down = draw.dice.between(1, 2_000);
            let reorder_links = draw.setup.links > 1 && draw.dice.chance(1, 2);
            draw.at(
                at,
                Deed::Restart {
                    drain: if down.is_multiple_of(3) {
                        down.min(900)
                    } else {
                        0
                    },
                    down,
                    reorder_links,
                },
            );
        }
    }
}

fn power(draw: &mut Draw) -> Power {
    let number = u32::try_from(draw.dice.below(1 << 16)).unwrap_or(0);
    if !draw.on(Spice::PowerCuts) {
        return Power::Stays;
    }
    match draw.dice.below(3) {
        0 => Power::Cut,
        1 => Power::First(number % 4096),
        _ => Power::Torn(number),
    }
}

fn links(draw: &mut Draw, moments: &[u64]) {
    let link = |draw: &mut Draw| {
        let most = u64::from(draw.setup.links);
        u8::try_from(draw.dice.below(most)).unwrap_or(0)
    };
    if draw.on(Spice::LinkDowns) {
        for _ in 0..draw.dice.between(1, 4) {
            let at = moment(draw, moments);
            let lasts = match draw.dice.below(4) {
                0..3 => draw.dice.between(10, 8_000),
                _ => draw.dice.between(8_000, 60_000),
            };
            let link = link(draw);
            draw.at(at, Deed::LinkDown { link, lasts });
        }
    }
    if draw.on(Spice::Cuts) {
        for _ in 0..draw.dice.between(1, 6) {
            let at = moment(draw, moments);
            let line = u8::try_from(draw.dice.below(3)).unwrap_or(0);
            let link = link(draw);
            draw.at(at, Deed::Cut { link, line });
        }
    }
}

fn disks(draw: &mut Draw, moments: &[u64]) {
    if !draw.on(Spice::Disks) {
        return;
    }
    for _ in 0..draw.dice.between(1, 3) {
        let at = moment(draw, moments);
        let is = match draw.dice.below(4) {
            0 => DiskIs::Low,
            1 => DiskIs::Slow,
            2 => DiskIs::Failing,
            _ => DiskIs::Full,
        };
        let lasts = draw.dice.between(50, 6_000);
        draw.at(at, Deed::Disk { is, lasts });
    }
}

fn terminals(draw: &mut Draw, moments: &[u64]) {
    let times = draw.dice.between(1, 3);
    for _ in 0..times {
        let t = draw.terminal();
        if draw.on(Spice::Chatter) {
            let at = moment(draw, moments);
            let times = u16::try_from(draw.dice.between(10, 140)).unwrap_or(70);
            let downloads = draw.dice.chance(1, 2);
            draw.at(
                at,
                Deed::Chatter {
                    t,
                    times,
                    downloads,
                },
            );
        }
        if draw.on(Spice::NewKeys) {
            let at = moment(draw, moments);
            draw.at(at, Deed::SignIn { t });
        }
        if draw.on(Spice::Settlements) {
            let at = moment(draw, moments);
            let wrong = draw.dice.chance(1, 3);
            let restart_numbers = draw.on(Spice::SameNumbers);
            draw.at(
                at,
                Deed::Settle {
                    t,
                    wrong,
                    restart_numbers,
                },
            );
        }
        if draw.on(Spice::IssuerUndos) && draw.attempts > 0 {
            let n = 1 + u32::try_from(draw.dice.below(u64::from(draw.attempts))).unwrap_or(0);
            let at = moment(draw, moments);
            let undo = IssuerUndo {
                n,
                ..IssuerUndo::default()
            };
            draw.at(at, Deed::IssuerUndo(undo));
        }
    }
}

fn house(draw: &mut Draw, end: u64) {
    if draw.on(Spice::Clocks) {
        for _ in 0..draw.dice.between(1, 3) {
            let at = draw.dice.below(end);
            let far = [
                1_000,
                3_600_000,
                86_400_000,
                100 * 86_400_000,
                366 * 86_400_000,
            ];
            let by: i64 = draw.dice.pick(&far).copied().unwrap_or(1_000);
            let by = if draw.dice.chance(1, 2) { by } else { -by };
            draw.at(at, Deed::Clock { by });
        }
    }
    if draw.on(Spice::Limits) && draw.dice.chance(1, 2) {
        let at = draw.dice.below(end);
        let taste = draw.taste;
        let bounds = bounds(&mut draw.dice, taste);
        draw.at(at, Deed::Reload { bounds });
    }
}
