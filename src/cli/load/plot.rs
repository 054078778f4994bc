//! Plots as SVG.

use super::figure;
use plotters::prelude::*;

/// A line of a plot.
#[derive(Clone, Debug)]
pub(super) struct Curve {
    /// What it shows.
    pub name: String,
    /// Ascending from left to right.
    pub points: Vec<(f64, f64)>,
}

/// What an axis counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Axis {
    /// Numbers as they are, from zero.
    Plain,
    /// Microseconds, by their powers of ten.
    Time,
    /// Shares of all, such as 0.99, ever closer to the whole.
    Share,
}

impl Axis {
    /// Where a value lies.
    fn place(self, value: f64) -> f64 {
        match self {
            Self::Plain => value,
            Self::Time => value.max(1.0).log10(),
            Self::Share => -(1.0 - value).max(1e-7).log10(),
        }
    }

    /// What stands at a place.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a latency is a whole number of microseconds"
    )]
    fn label(self, place: f64) -> String {
        match self {
            Self::Plain if place.fract() == 0.0 => format!("{place:.0}"),
            Self::Plain => format!("{place:.1}"),
            Self::Time => figure::time(10_f64.powf(place).round() as u64),
            // 90%, 99%, 99.9%: what lies between reads badly.
            Self::Share if place.fract() != 0.0 => String::new(),
            Self::Share => {
                let share = 100.0 * (1.0 - 10_f64.powf(-place));
                let text = format!("{share:.5}");
                format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
            }
        }
    }

    /// The lowest and the highest place.
    fn range(self, values: impl Iterator<Item = f64>) -> (f64, f64) {
        let places = values.map(|value| self.place(value));
        let (low, high) = places.fold((f64::MAX, f64::MIN), |(low, high), place| {
            (low.min(place), high.max(place))
        });
        match self {
            _ if low > high => (0.0, 1.0),
            Self::Plain => (0.0, (high * 1.05).max(1.0)),
            Self::Time => (low.floor(), high.ceil().max(low.floor() + 1.0)),
            Self::Share => (0.0, high.ceil().max(1.0)),
        }
    }
}

const SIZE: (u32, u32) = (900, 300);
const COLOURS: [RGBColor; 5] = [
    RGBColor(31, 95, 170),
    RGBColor(210, 105, 20),
    RGBColor(180, 30, 50),
    RGBColor(40, 125, 70),
    RGBColor(110, 70, 150),
];

/// Draws curves, each axis under its title.
pub(super) fn draw(
    (x, x_title): (Axis, &str),
    (y, y_title): (Axis, &str),
    curves: &[Curve],
) -> anyhow::Result<String> {
    let mut svg = String::new();
    let points = || curves.iter().flat_map(|curve| &curve.points);
    let (left, right) = x.range(points().map(|point| point.0));
    let (low, high) = y.range(points().map(|point| point.1));
    {
        let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        let mut chart = ChartBuilder::on(&root)
            .margin(10)
            .margin_right(30)
            .x_label_area_size(40)
            .y_label_area_size(70)
            .build_cartesian_2d(left..right, low..high)?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(BLACK.mix(0.12))
            .x_desc(x_title)
            .y_desc(y_title)
            .x_label_formatter(&|place| x.label(*place))
            .y_label_formatter(&|place| y.label(*place))
            .y_labels(6)
            .draw()?;
        for (curve, colour) in curves.iter().zip(COLOURS.iter().cycle().copied()) {
            let points = curve.points.iter().map(|(a, b)| (x.place(*a), y.place(*b)));
            chart
                .draw_series(LineSeries::new(points, colour.stroke_width(2)))?
                .label(&curve.name)
                .legend(move |(a, b)| {
                    PathElement::new([(a, b), (a + 18, b)], colour.stroke_width(2))
                });
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperLeft)
            .background_style(WHITE.mix(0.85))
            .border_style(BLACK.mix(0.2))
            .draw()?;
        root.present()?;
    }
    Ok(svg)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_place_and_label_their_values() {
        assert_eq!(Axis::Share.label(Axis::Share.place(0.99).round()), "99%");
        assert_eq!(Axis::Share.label(Axis::Share.place(0.999).round()), "99.9%");
        assert_eq!(Axis::Time.label(Axis::Time.place(10_000.0)), "10.0 ms");
        assert_eq!(Axis::Plain.label(2000.0), "2000");
        assert_eq!(Axis::Time.range([300.0, 20_000.0].into_iter()), (2.0, 5.0));
        assert_eq!(Axis::Plain.range(std::iter::empty()), (0.0, 1.0));
    }

    #[test]
    fn a_plot_holds_its_curves_and_titles() {
        let curve = |name: &str| Curve {
            name: name.to_owned(),
            points: vec![(0.0, 10.0), (1.0, 2000.0)],
        };
        let plot = draw(
            (Axis::Plain, "秒"),
            (Axis::Time, "latency"),
            &[curve("p50"), curve("p99")],
        );
        let plot = plot.unwrap();
        for wanted in ["<svg", "秒", "latency", "p50", "p99", "polyline"] {
            assert!(plot.contains(wanted), "{wanted}");
        }
    }
}
