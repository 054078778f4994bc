//! The ladder of a scenario.

use crate::engine::ladder::{LadderChart, LadderMessage, Passing};
use crate::lab::scenario::{LadderLine, ScenarioRun};

/// What passed on the wires; where there are several terminals, whose it was.
#[must_use]
pub fn scenario_ladder(run: &ScenarioRun) -> LadderChart {
    let mut chart = LadderChart::default();
    let first = run.ladder.first().map(|line| &line.terminal);
    let several = run.ladder.iter().any(|line| Some(&line.terminal) != first);
    for line in &run.ladder {
        chart.pass(&seen(line, several));
    }
    chart
}

fn seen(line: &LadderLine, several: bool) -> LadderMessage<'_> {
    LadderMessage {
        at: line.at,
        hop: line.hop,
        mti: &line.mti,
        code: &line.code,
        passing: match line.lost {
            true => Passing::Lost,
            false => Passing::Arrived,
        },
        note: match several {
            true => &line.terminal,
            false => "",
        },
    }
}
