//! What is remembered of late: a map that forgets the oldest beyond a bound.

use crate::engine::seam::KeyedMap;
use std::collections::VecDeque;

/// A map of the keys put in last.
#[derive(Debug)]
pub(super) struct Recent<V> {
    values: KeyedMap<String, V>,
    order: VecDeque<String>,
    most: usize,
}

impl<V> Recent<V> {
    pub(super) fn new(most: usize, seed: u64) -> Self {
        Self {
            values: KeyedMap::new(seed),
            order: VecDeque::new(),
            most,
        }
    }

    pub(super) fn put(&mut self, key: String, value: V) {
        if let Some(old) = self.values.get_mut(&key) {
            *old = value;
            return;
        }
        self.make_room();
        self.order.push_back(key.clone());
        // The key is free: it was looked for above.
        let _fresh = self.values.insert_new(key, value);
    }

    pub(super) fn get(&self, key: &str) -> Option<&V> {
        self.values.get(key)
    }

    pub(super) fn or_default(&mut self, key: &str) -> &mut V
    where
        V: Default,
    {
        if self.values.get(key).is_none() {
            self.put(key.to_owned(), V::default());
        }
        self.values.or_insert_with(key.to_owned(), V::default)
    }

    fn make_room(&mut self) {
        while self.order.len() >= self.most {
            let Some(oldest) = self.order.pop_front() else {
                return;
            };
            let _gone = self.values.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten() {
        let mut recent = Recent::new(2, 1);
        for (key, value) in [("a", 1), ("b", 2), ("a", 3), ("c", 4)] {
            recent.put(key.to_owned(), value);
        }
        assert_eq!(recent.get("a"), None);
        assert_eq!((recent.get("b"), recent.get("c")), (Some(&2), Some(&4)));
        *recent.or_default("d") += 5;
        assert_eq!((recent.get("b"), recent.get("d")), (None, Some(&5)));
    }
}
