//! Terminal and acquirer against each other.

mod faults;
mod pipe;
mod trades;
