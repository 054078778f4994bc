//! A world as data: how the gateway is set up, what stands at both ends of its wires, and who does
//! what when.
//!
//! A [`Plan`] throws no dice: run twice it gives the same world, a shorter one is a plan with
//! deeds left out, and one that showed a fault is kept as a file, one deed a line. Nothing here
//! acts; the peers of `odd` and the world of `sim` do.

mod deed;

mod setup;

mod text;

pub use deed::{
    Again, Ask, Cashier, Crash, Deed, DiskIs, Form, IssuerUndo, MacIs, NamesOriginal, Power,
    Reaction, Say, Timed, Trade, Undo, Words,
};
pub use setup::{Bounds, Habits, ReversedBy, Setup, SignsOn};
pub use text::{PlanError, read, write};

/// A whole world.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// How it is set up.
    pub setup: Setup,
    /// What is done, in the order of time.
    pub deeds: Vec<Timed>,
}
