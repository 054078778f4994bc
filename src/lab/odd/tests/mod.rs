//! Odd terminals and odd hosts against each other, with nothing in between.

mod oddities;

mod pipe;

mod trades;
