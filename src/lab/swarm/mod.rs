//! From a seed to a world's plan, from a plan that shows a fault to the shortest that still does,
//! and the count of what was reached.
//!
//! Each seed turns a few oddities on and the others off. Start with `draw`.

mod spice;

mod draw;

mod purchase;

mod reaction;

mod odd;

mod around;

mod shrink;

mod fork;

mod guide;

pub use draw::draw;
pub use fork::{Fork, Origin};
pub use guide::Guide;
pub use shrink::shrink;
pub use spice::{Spice, Taste};
