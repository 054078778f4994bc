//! Each rule: one account that must be found, and its neighbour that must not be.
