//! The driver and the journal's owner, by hand.
