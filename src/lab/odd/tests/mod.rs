//! Odd terminals and odd hosts against each other, with nothing in between.

mod pipe;

mod trades;
