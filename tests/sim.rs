//! The simulated world, many seeds at a time.
