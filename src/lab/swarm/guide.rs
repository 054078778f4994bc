//! Which worlds are played next in a campaign that is guided by what was reached: by turns a fresh
//! seed, and a fork of the world that reached what was reached most seldom.

use super::fork::{Fork, Origin};
use std::collections::BTreeMap;

/// How often a world is forked on, fork of fork, before its plan grows too long.
const DEEPEST: usize = 4;

/// Picks worlds. Cells are numbers of a declared space.
#[derive(Clone, Debug, Default)]
pub struct Guide {
    cells: BTreeMap<u16, Reached>,
    next_seed: u64,
    picked: u64,
}

/// What is known of a cell.
#[derive(Clone, Debug)]
struct Reached {
    worlds: u64,
    forks: u64,
    /// The world with the shortest line of forks that reached it, the newest of them.
    by: Origin,
    /// When it did, in virtual milliseconds.
    at: u64,
}

impl Guide {
    /// Fresh seeds begin with this one.
    #[must_use]
    pub fn from(seed: u64) -> Self {
        Self {
            next_seed: seed,
            ..Self::default()
        }
    }

    /// The world to play next.
    pub fn pick(&mut self) -> Origin {
        self.picked += 1;
        let picked = self.picked;
        let open = self.cells.values_mut();
        let rarest = open
            .filter(|cell| cell.by.forks.len() < DEEPEST)
            .min_by_key(|cell| (cell.worlds + cell.forks, cell.forks));
        match rarest.filter(|_| picked.is_multiple_of(2)) {
            Some(cell) => {
                cell.forks += 1;
                cell.by.forked(Fork {
                    seed: picked,
                    at: cell.at,
                })
            }
            None => {
                let seed = self.next_seed;
                self.next_seed += 1;
                Origin::seed(seed)
            }
        }
    }

    /// A world was played, and reached this, at these moments.
    pub fn reached(&mut self, origin: &Origin, cells: &BTreeMap<u16, u64>) {
        for (cell, at) in cells {
            let known = self.cells.entry(*cell).or_insert_with(|| Reached {
                worlds: 0,
                forks: 0,
                by: origin.clone(),
                at: *at,
            });
            known.worlds += 1;
            if origin.forks.len() <= known.by.forks.len() {
                known.by.clone_from(origin);
                known.at = *at;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_rare_is_forked_by_turns_with_fresh_seeds() {
        let mut guide = Guide::from(7);
        let first = guide.pick();
        assert_eq!(first, Origin::seed(7));
        guide.reached(&first, &BTreeMap::from([(1, 100), (2, 700)]));
        guide.reached(&Origin::seed(8), &BTreeMap::from([(1, 100)]));
        let fork = guide.pick();
        assert_eq!((fork.seed, fork.forks.len()), (7, 1));
        assert_eq!(fork.forks[0].at, 700);
        assert_eq!(guide.pick(), Origin::seed(8));
        // Each fork of a cell counts against it, so that another one has its turn.
        guide.reached(&fork, &BTreeMap::from([(3, 900)]));
        assert_eq!(guide.pick().forks.len(), 2);
    }
}
