//! A map whose keys strangers choose, and what stands for such a key.

use std::borrow::Borrow;
use std::collections::hash_map::Entry;
use std::fmt;
use std::hash::Hash;

/// A hash map keyed at construction, so that chosen keys cannot crowd one bucket, and never
/// iterated, so that its order can decide nothing.
pub struct KeyedMap<K, V>(std::collections::HashMap<K, V, ahash::RandomState>);

impl<K: Eq + Hash, V> KeyedMap<K, V> {
    /// An empty map, its hash keyed by `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(std::collections::HashMap::with_hasher(state(seed)))
    }

    /// Inserts if the key is free; gives the value back if it is not. Nothing is overwritten.
    ///
    /// # Errors
    /// The value, since its key is taken.
    pub fn insert_new(&mut self, key: K, value: V) -> Result<(), V> {
        match self.0.entry(key) {
            Entry::Occupied(_) => Err(value),
            Entry::Vacant(free) => {
                free.insert(value);
                Ok(())
            }
        }
    }

    /// The value of a key, made if absent.
    pub fn or_insert_with(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V {
        self.0.entry(key).or_insert_with(make)
    }

    /// The value of a key.
    pub fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.0.get(key)
    }

    /// The value of a key, to change.
    pub fn get_mut<Q: Eq + Hash + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        self.0.get_mut(key)
    }

    /// Takes a key out.
    pub fn remove<Q: Eq + Hash + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.0.remove(key)
    }

    /// Whether something holds for every value: in which order they are asked changes nothing.
    pub fn all(&self, holds: impl Fn(&V) -> bool) -> bool {
        self.0.values().all(holds)
    }

    /// How many keys.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<K, V> fmt::Debug for KeyedMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({} keys)", self.0.len())
    }
}

/// Stands for a key in a large table, where the key itself would take several times the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyDigest(u128);

/// Makes digests: two hashes under one seed, so that no two keys have the same one by chance.
#[derive(Clone)]
pub struct KeyDigester([ahash::RandomState; 2]);

impl KeyDigester {
    /// One whose hashes are keyed by `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self([state(seed), state(!seed.rotate_left(16))])
    }

    /// What stands for a key.
    #[must_use]
    pub fn of(&self, key: &impl Hash) -> KeyDigest {
        let [high, low] = self
            .0
            .each_ref()
            .map(|state| u128::from(state.hash_one(key)));
        KeyDigest(high << 64 | low)
    }
}

impl fmt::Debug for KeyDigester {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyDigester")
    }
}

fn state(seed: u64) -> ahash::RandomState {
    ahash::RandomState::with_seeds(seed, !seed, seed.rotate_left(32), 0x9E37_79B9)
}
