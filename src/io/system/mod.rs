//! What operating systems do differently: permissions of files, places within them, signals,
//! limits; and the steps at which a test has a process stop or die.
//!
//! On Unix each call is what its name says. Elsewhere it is the nearest thing there is, or nothing,
//! as each says; that is kept so that the rest of the house compiles there, and is tried nowhere
//! but on Linux. Nothing here decides what is private or when to stop.
//!
//! Start with [`Signals`].

mod files;

mod modes;

mod limits;

mod signals;

pub mod steps;

pub use files::{read_up_to, reserve, sync_folder, write_all_at};
pub use limits::{free_bytes, give_way, open_files, small_pages};
pub use modes::{make_private_folder, make_writable, mode, with_mode};
pub use signals::{Signal, Signals};
