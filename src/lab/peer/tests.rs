//! Terminal and acquirer against each other.

mod business;
mod faults;
mod mishaps;
mod pipe;
mod trades;
