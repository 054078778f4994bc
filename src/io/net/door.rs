//! Who may come in: a bound on connections in all, and from one address.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::IpAddr;
use std::rc::Rc;

/// A door, shared by the listeners of a gateway.
#[derive(Clone, Debug)]
pub struct Door(Rc<RefCell<Hall>>);

#[derive(Debug)]
struct Hall {
    total: usize,
    by_address: HashMap<IpAddr, usize>,
    most: usize,
    most_by_address: usize,
}

/// A place taken by a connection; given back when dropped.
#[derive(Debug)]
pub struct ConnectionPermit {
    hall: Rc<RefCell<Hall>>,
    address: IpAddr,
}

impl Door {
    /// For at most `most` connections, `most_by_address` of them from one address; loopback, where
    /// all the terminals of a lab live, is exempt from the latter.
    #[must_use]
    pub fn new(most: usize, most_by_address: usize) -> Self {
        Self(Rc::new(RefCell::new(Hall {
            total: 0,
            by_address: HashMap::new(),
            most,
            most_by_address,
        })))
    }

    /// Changes the limits; whoever is in stays in.
    pub fn limit(&self, most: usize, most_by_address: usize) {
        let mut hall = self.0.borrow_mut();
        (hall.most, hall.most_by_address) = (most, most_by_address);
    }

    /// Takes a place, if one is free.
    #[must_use]
    pub fn enter(&self, address: IpAddr) -> Option<ConnectionPermit> {
        let address = address.to_canonical();
        let mut hall = self.0.borrow_mut();
        let here = hall.by_address.get(&address).copied().unwrap_or(0);
        let crowded = !address.is_loopback() && here >= hall.most_by_address;
        if hall.total >= hall.most || crowded {
            return None;
        }
        hall.total += 1;
        hall.by_address.insert(address, here + 1);
        Some(ConnectionPermit {
            hall: Rc::clone(&self.0),
            address,
        })
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let mut hall = self.hall.borrow_mut();
        hall.total -= 1;
        let here = hall.by_address.get(&self.address).copied().unwrap_or(0);
        if here > 1 {
            hall.by_address.insert(self.address, here - 1);
        } else {
            hall.by_address.remove(&self.address);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_in_all_and_by_address_and_given_back() {
        let door = Door::new(3, 1);
        let (here, there): (IpAddr, IpAddr) = ([192, 0, 2, 1].into(), [192, 0, 2, 2].into());
        let first = door.enter(here);
        assert!(first.is_some());
        assert!(door.enter(here).is_none(), "one from an address");
        let local: Vec<ConnectionPermit> = (0..2)
            .filter_map(|_| door.enter([127, 0, 0, 1].into()))
            .collect();
        assert_eq!(local.len(), 2, "loopback is exempt");
        assert!(door.enter(there).is_none(), "three in all");
        drop((first, local));
        assert!(door.enter(here).is_some());
        assert_eq!(door.0.borrow().by_address.len(), 0);
    }
}
