//! Points over time: the last ten minutes by the second, two hours by ten seconds.

use super::FigurePoint;
use std::collections::VecDeque;
use std::time::Duration;

/// Ten minutes by the second.
const SECONDS: usize = 600;
/// Two hours by ten seconds.
const TENS: usize = 720;

/// Points, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FigureSeries {
    /// How long a point is.
    pub step_seconds: u64,
    /// The points.
    pub points: Vec<FigurePoint>,
}

/// All that is kept.
#[derive(Debug, Default)]
pub(super) struct KeptPoints {
    seconds: VecDeque<FigurePoint>,
    tens: VecDeque<FigurePoint>,
}

impl KeptPoints {
    pub(super) fn second(&mut self, point: FigurePoint) {
        push(&mut self.seconds, point, SECONDS);
    }

    pub(super) fn ten_seconds(&mut self, point: FigurePoint) {
        push(&mut self.tens, point, TENS);
    }

    pub(super) fn latest(&self) -> Option<FigurePoint> {
        self.seconds.back().copied()
    }

    /// As far back as is asked for and known, as finely as that is kept.
    pub(super) fn last(&self, last: Duration) -> FigureSeries {
        let seconds = usize::try_from(last.as_secs()).unwrap_or(usize::MAX);
        if seconds <= SECONDS {
            series(1, &self.seconds, seconds)
        } else {
            series(10, &self.tens, seconds.div_ceil(10))
        }
    }
}

fn push(points: &mut VecDeque<FigurePoint>, point: FigurePoint, most: usize) {
    points.push_back(point);
    if points.len() > most {
        points.pop_front();
    }
}

fn series(step_seconds: u64, points: &VecDeque<FigurePoint>, most: usize) -> FigureSeries {
    let left_out = points.len().saturating_sub(most);
    FigureSeries {
        step_seconds,
        points: points.iter().skip(left_out).copied().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::seam::Wall;

    #[test]
    fn ten_minutes_are_kept_by_the_second_and_two_hours_by_ten_seconds() {
        let mut kept = KeptPoints::default();
        for second in 1..=10_000 {
            let point = FigurePoint {
                at: Wall(second),
                ..FigurePoint::default()
            };
            kept.second(point);
            if second % 10 == 0 {
                kept.ten_seconds(point);
            }
        }
        let secs = Duration::from_secs;
        let shape = |last| {
            let series = kept.last(last);
            let first = series.points.first().map(|point| point.at.0);
            (series.step_seconds, series.points.len(), first)
        };
        assert_eq!(shape(secs(3)), (1, 3, Some(9_998)));
        assert_eq!(shape(secs(600)), (1, 600, Some(9_401)));
        assert_eq!(shape(secs(601)), (10, 61, Some(9_400)));
        assert_eq!(shape(secs(1 << 40)), (10, 720, Some(2_810)));
        assert_eq!(kept.latest().map(|point| point.at), Some(Wall(10_000)));
    }
}
