//! Who said what to whom, from above to below: terminal, gateway and acquirer as upright lines,
//! messages as arrows between them, with the time between steps, what was waited for, and the
//! records of the journal.
//!
//! A ladder is made of a story, or of messages seen on a wire, and drawn as SVG in either language.
//! It shows what the records say and judges nothing; what it marks as the first failure is the
//! first step whose own reason is one. The picture is complete in itself. A page that embeds it
//! takes it without its style and gives the same rules, [`LADDER_STYLE`].
//!
//! Start with [`LadderChart::of`].

mod chart;

mod draw;

mod svg;

mod wait;

#[cfg(test)]
mod tests;

pub use chart::{LadderChart, LadderMessage, LadderStep, Passing, StepKind, Upright};
pub use svg::visible;

/// How a ladder looks: for pages that embed it, and inside each picture.
pub const LADDER_STYLE: &str = include_str!("ladder.css");
