//! From a plan that shows a fault to the shortest that still does: deeds are left out by halves
//! and one by one, then what is odd about each and about the set-up is made usual.

use crate::lab::plan::{Again, Ask, Deed, Plan, Reaction, Say, Setup, Undo};
use std::collections::BTreeSet;

/// Shrinks a plan as far as `shows` still holds of it, with so many looks at most.
pub fn shrink(plan: &Plan, looks: u32, shows: &mut dyn FnMut(&Plan) -> bool) -> Plan {
    let mut shrinker = Shrinker {
        best: plan.clone(),
        looks,
        shows,
    };
    loop {
        let before = shrinker.best.clone();
        shrinker.leave_out();
        shrinker.make_deeds_usual();
        shrinker.make_setup_usual();
        if shrinker.best == before || shrinker.looks == 0 {
            return shrinker.best;
        }
    }
}

struct Shrinker<'a> {
    best: Plan,
    looks: u32,
    shows: &'a mut dyn FnMut(&Plan) -> bool,
}

impl Shrinker<'_> {
    /// Takes a candidate over if it still shows the fault.
    fn try_out(&mut self, candidate: Plan) -> bool {
        if self.looks == 0 || candidate == self.best || !is_sensible(&candidate) {
            return false;
        }
        self.looks -= 1;
        let shows = (self.shows)(&candidate);
        if shows {
            self.best = candidate;
        }
        shows
    }

    fn leave_out(&mut self) {
        let mut piece = self.best.deeds.len().div_ceil(2).max(1);
        loop {
            let mut at = 0;
            while at < self.best.deeds.len() {
                let mut candidate = self.best.clone();
                let end = (at + piece).min(candidate.deeds.len());
                candidate.deeds.drain(at..end);
                if !self.try_out(candidate) {
                    at += piece;
                }
            }
            if piece == 1 || self.looks == 0 {
                return;
            }
            piece = piece.div_ceil(2);
        }
    }

    fn make_deeds_usual(&mut self) {
        for at in 0..self.best.deeds.len() {
            let Some(timed) = self.best.deeds.get(at).cloned() else {
                return;
            };
            // Each step starts from what the steps before it left.
            let steps = simpler(&timed.deed).len();
            for step in 0..steps {
                let mut candidate = self.best.clone();
                let Some(place) = candidate.deeds.get_mut(at) else {
                    return;
                };
                if let Some(deed) = simpler(&place.deed).into_iter().nth(step) {
                    place.deed = deed;
                    self.try_out(candidate);
                }
            }
        }
    }

    fn make_setup_usual(&mut self) {
        for make_usual in SETUP {
            let mut candidate = self.best.clone();
            make_usual(&mut candidate.setup, &Setup::default());
            self.try_out(candidate);
        }
    }
}

/// One step each towards the usual set-up.
const SETUP: &[fn(&mut Setup, &Setup)] = &[
    |own, usual| own.spec.clone_from(&usual.spec),
    |own, usual| own.host_spec.clone_from(&usual.host_spec),
    |own, usual| own.by = usual.by,
    |own, usual| own.keys = usual.keys,
    |own, usual| own.rewrite_stan = usual.rewrite_stan,
    |own, usual| own.strict = usual.strict,
    |own, usual| own.links = usual.links,
    |own, usual| own.listeners = usual.listeners,
    |own, usual| own.in_order = usual.in_order,
    |own, usual| own.connections = usual.connections,
    |own, usual| own.sign_on = usual.sign_on,
    |own, usual| own.match_fields.clone_from(&usual.match_fields),
    |own, usual| own.tries = usual.tries,
    |own, usual| own.expire = usual.expire,
    |own, usual| own.unproven = usual.unproven,
    |own, usual| own.echo = usual.echo,
    |own, usual| own.segment = usual.segment,
    |own, usual| own.latency = usual.latency,
    |own, usual| own.sync = usual.sync,
    |own, usual| own.bounds = usual.bounds,
    |own, usual| own.habits = usual.habits.clone(),
    |own, usual| own.forgetful = usual.forgetful,
];

/// Simpler deeds in place of one.
fn simpler(deed: &Deed) -> Vec<Deed> {
    match deed {
        Deed::Ask(ask) => asks(ask).map(|ask| Deed::Ask(Box::new(ask))).collect(),
        Deed::Again(own) => [
            Again {
                line: 0,
                ..own.clone()
            },
            Again {
                marked: false,
                ..own.clone()
            },
            Again {
                fresh: false,
                ..own.clone()
            },
            Again {
                if_unanswered: false,
                ..own.clone()
            },
        ]
        .map(Deed::Again)
        .to_vec(),
        Deed::Undo(own) => [
            Undo {
                line: 0,
                ..own.clone()
            },
            Undo {
                mti: String::new(),
                ..own.clone()
            },
            Undo {
                stands: None,
                ..own.clone()
            },
            Undo {
                drop: Vec::new(),
                ..own.clone()
            },
            Undo {
                if_unanswered: false,
                ..own.clone()
            },
            Undo {
                same_number: false,
                ..own.clone()
            },
        ]
        .map(Deed::Undo)
        .to_vec(),
        _ => Vec::new(),
    }
}

/// Whether no part is larger than its whole, and no terminal asks for the same under one number.
fn is_sensible(plan: &Plan) -> bool {
    let mut numbers = BTreeSet::new();
    let asked = plan.deeds.iter().filter_map(|timed| match &timed.deed {
        Deed::Ask(ask) if ask.stan != 0 => {
            Some((ask.t, ask.stan, ask.purchase, ask.currency.clone()))
        }
        _ => None,
    });
    let once = asked
        .filter(|number| !numbers.insert(number.clone()))
        .count()
        == 0;
    let amount = |n: u32| {
        let mut asks = plan.deeds.iter().filter_map(|timed| timed.deed.request());
        asks.find(|ask| ask.n == n).map_or(0, |ask| ask.amount)
    };
    once && plan.deeds.iter().all(|timed| match &timed.deed {
        Deed::Undo(undo) => undo.stands.unwrap_or(0) <= amount(undo.n),
        Deed::IssuerUndo(undo) => undo.stands <= amount(undo.n),
        deed => deed.request().is_none_or(|ask| {
            let too_much = |say: &Say| matches!(say, Say::Part(part) if *part > ask.amount * 2);
            !ask.host.iter().any(|own| too_much(&own.say))
        }),
    })
}

fn asks(ask: &Ask) -> impl Iterator<Item = Ask> {
    let usual = Ask::default();
    let own = || ask.clone();
    let mut all = vec![
        Ask { t: 0, ..own() },
        Ask { line: 0, ..own() },
        Ask {
            amount: usual.amount,
            ..own()
        },
        Ask { stan: 0, ..own() },
        Ask {
            code: String::new(),
            ..own()
        },
        Ask {
            drop: Vec::new(),
            ..own()
        },
        Ask {
            mac: usual.mac,
            ..own()
        },
        Ask {
            broken_tail: false,
            ..own()
        },
        Ask {
            mti: String::new(),
            ..own()
        },
        Ask {
            host: Vec::new(),
            ..own()
        },
        Ask {
            undo: Vec::new(),
            ..own()
        },
    ];
    for at in 0..ask.host.len() {
        let mut fewer = own();
        fewer.host.remove(at);
        all.push(fewer);
        for reaction in reactions(&ask.host[at]) {
            let mut simpler = own();
            simpler.host[at] = reaction;
            all.push(simpler);
        }
    }
    for at in 0..ask.undo.len() {
        let mut fewer = own();
        fewer.undo.remove(at);
        all.push(fewer);
    }
    all.into_iter()
}

fn reactions(own: &Reaction) -> Vec<Reaction> {
    vec![
        Reaction {
            form: crate::lab::plan::Form::default(),
            ..own.clone()
        },
        Reaction {
            books: None,
            ..own.clone()
        },
        Reaction {
            after: 20,
            ..own.clone()
        },
    ]
}
