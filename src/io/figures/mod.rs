//! A running gateway in figures, second by second: for who watches it.
//!
//! [`LiveFigures`] takes what the gateway left in its [`Pulse`](crate::io::telemetry::Pulse), makes
//! points of it, and looks every few seconds into the journal for what is open. It works on threads
//! of its own, keeps as much as [`FigureSeries`] shows and no more, and costs the gateway a few
//! words a record.
//!
//! Start with [`LiveFigures::start`].

mod live;
mod open_money;
mod point;
mod series;

pub use live::{FigureSources, LiveFigures};
pub use open_money::OpenMoney;
pub use point::FigurePoint;
pub use series::FigureSeries;
