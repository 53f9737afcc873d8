//! Charts as SVG. They carry classes and no styles: colours and fonts are the page's.

use std::fmt::Write as _;

/// A chart's own measures; the page scales it.
const WIDTH: f64 = 800.0;
const HEIGHT: f64 = 250.0;
/// Room for the scale on the left, and for the hours below.
const LEFT: f64 = 64.0;
const BOTTOM: f64 = 28.0;
const TOP: f64 = 12.0;
/// Lines across, above the lowest.
const LINES: u32 = 4;

/// One value for each hour of a day.
pub(super) struct Series<'s> {
    /// Of the hours that have begun.
    pub(super) today: &'s [f64],
    /// Of the day that it is compared with.
    pub(super) before: &'s [f64],
}

/// What is written beside a chart.
pub(super) struct Labels<'l> {
    /// The whole chart in words, for those who do not see it.
    pub(super) told: &'l str,
    /// The hour of day of each hour, such as `06`.
    pub(super) hours: &'l [String],
    /// A value of the scale.
    pub(super) scale: fn(f64) -> String,
}

/// Bars of today before an outline of the other day.
pub(super) fn bars(series: &Series<'_>, labels: &Labels<'_>, least_top: f64) -> String {
    let frame = Frame::of(series, labels.hours.len(), least_top);
    let mut svg = frame.open(labels);
    let gap = frame.slot() * 0.16;
    for (hour, value) in series.before.iter().enumerate() {
        let (x, y) = (frame.x(hour) + gap / 2.0, frame.y(*value));
        let _infallible = write!(
            svg,
            r#"<rect class="then" x="{x:.1}" y="{y:.1}" width="{:.1}" height="{:.1}" rx="3"/>"#,
            frame.slot() - gap,
            frame.floor() - y
        );
    }
    for (hour, value) in series.today.iter().enumerate() {
        let (x, y) = (frame.x(hour) + gap * 1.5, frame.y(*value));
        let newest = if hour + 1 == series.today.len() { " newest" } else { "" };
        let _infallible = write!(
            svg,
            r#"<rect class="now{newest}" x="{x:.1}" y="{y:.1}" width="{:.1}" height="{:.1}" rx="2"/>"#,
            frame.slot() - 3.0 * gap,
            frame.floor() - y
        );
    }
    svg.push_str("</svg>");
    svg
}

/// A line and the area under it for today, above a dashed line of the other day.
pub(super) fn area(series: &Series<'_>, labels: &Labels<'_>, top: f64) -> String {
    let frame = Frame::of(series, labels.hours.len(), top);
    let mut svg = frame.open(labels);
    let middle = |hour: usize| frame.x(hour) + frame.slot() / 2.0;
    let points = |values: &[f64]| {
        let points = values.iter().enumerate();
        let points = points.map(|(hour, value)| format!("{:.1},{:.1}", middle(hour), frame.y(*value)));
        points.collect::<Vec<_>>().join(" ")
    };
    if series.before.len() > 1 {
        let _infallible = write!(svg, r#"<polyline class="then" points="{}"/>"#, points(series.before));
    }
    if let Some(last) = series.today.len().checked_sub(1) {
        let (line, floor) = (points(series.today), frame.floor());
        let _infallible = write!(
            svg,
            r#"<polygon class="under" points="{:.1},{floor:.1} {line} {:.1},{floor:.1}"/><polyline class="now" points="{line}"/><circle class="now" cx="{:.1}" cy="{:.1}" r="5"/>"#,
            middle(0),
            middle(last),
            middle(last),
            frame.y(series.today[last]),
        );
    }
    svg.push_str("</svg>");
    svg
}

/// A line without scale, for a corner of a tile.
pub(super) fn sparkline(values: &[f64]) -> String {
    const W: f64 = 200.0;
    const H: f64 = 44.0;
    let highest = values.iter().copied().fold(0.0, f64::max);
    if values.len() < 2 || highest <= 0.0 {
        return format!(
            r#"<svg class="spark" viewBox="0 0 {W} {H}" aria-hidden="true"><line class="flat" x1="0" y1="{0}" x2="{W}" y2="{0}"/></svg>"#,
            H - 3.0
        );
    }
    let step = W / (values.len() - 1) as f64;
    let points: Vec<_> = values
        .iter()
        .enumerate()
        .map(|(at, value)| format!("{:.1},{:.1}", step * at as f64, H - 3.0 - value / highest * (H - 8.0)))
        .collect();
    let line = points.join(" ");
    format!(
        r#"<svg class="spark" viewBox="0 0 {W} {H}" preserveAspectRatio="none" aria-hidden="true"><polygon class="under" points="0,{H} {line} {W},{H}"/><polyline class="now" points="{line}"/></svg>"#
    )
}

/// Where a value is between nothing and `full`, with a mark at the target. Both are from 0 to 1.
pub(super) fn meter(value: f64, target: Option<f64>) -> String {
    let filled = 100.0 * value.clamp(0.0, 1.0);
    let mut svg = format!(
        r#"<svg class="meter" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100" height="8"/><rect class="fill" width="{filled:.2}" height="8"/>"#
    );
    if let Some(target) = target {
        let at = 100.0 * target.clamp(0.0, 1.0);
        let _infallible = write!(
            svg,
            r#"<rect class="mark" x="{:.2}" width="0.9" height="8"/>"#,
            at - 0.45
        );
    }
    svg.push_str("</svg>");
    svg
}

struct Frame {
    hours: usize,
    top: f64,
}

impl Frame {
    fn of(series: &Series<'_>, hours: usize, least_top: f64) -> Self {
        let values = series.today.iter().chain(series.before);
        let highest = values.copied().fold(least_top, f64::max);
        Self {
            hours: hours.max(series.today.len()).max(series.before.len()).max(1),
            top: round_up(highest),
        }
    }

    fn slot(&self) -> f64 {
        (WIDTH - LEFT) / self.hours as f64
    }

    fn x(&self, hour: usize) -> f64 {
        LEFT + self.slot() * hour as f64
    }

    fn floor(&self) -> f64 {
        HEIGHT - BOTTOM
    }

    fn y(&self, value: f64) -> f64 {
        let height = (self.floor() - TOP) * (value / self.top).clamp(0.0, 1.0);
        self.floor() - height
    }

    /// The head, the lines across with their values, and the hours.
    fn open(&self, labels: &Labels<'_>) -> String {
        let mut svg = format!(
            r#"<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{}">"#,
            escaped(labels.told)
        );
        for line in 0..=LINES {
            let value = self.top * f64::from(line) / f64::from(LINES);
            let y = self.y(value);
            let _infallible = write!(
                svg,
                r#"<line class="grid" x1="{LEFT}" y1="{y:.1}" x2="{WIDTH}" y2="{y:.1}"/><text class="scale" x="{:.1}" y="{:.1}" text-anchor="end">{}</text>"#,
                LEFT - 10.0,
                y + 4.5,
                escaped(&(labels.scale)(value))
            );
        }
        for (hour, label) in labels.hours.iter().enumerate().step_by(2) {
            let _infallible = write!(
                svg,
                r#"<text class="hour" x="{:.1}" y="{:.1}" text-anchor="middle">{}</text>"#,
                self.x(hour) + self.slot() / 2.0,
                HEIGHT - 7.0,
                escaped(label)
            );
        }
        svg
    }
}

/// The next of 1, 2, 2.5, 4, 5, 10 and their tens that holds the value, so that the scale has round numbers.
pub(in crate::web) fn round_up(value: f64) -> f64 {
    if value <= 0.0 {
        return 1.0;
    }
    let tens = 10_f64.powf(value.log10().floor());
    let steps = [1.0, 2.0, 4.0, 5.0, 8.0, 10.0];
    let step = steps.into_iter().find(|step| value <= step * tens * 1.000_001);
    step.unwrap_or(10.0) * tens
}

pub(in crate::web) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels() -> Vec<String> {
        (0..24).map(|hour| format!("{:02}", (hour + 6) % 24)).collect()
    }

    fn drawn(today: &[f64], before: &[f64]) -> String {
        let hours = labels();
        let labels = Labels {
            told: "a <b> & \"c\"",
            hours: &hours,
            scale: |value| format!("{value:.0}"),
        };
        bars(&Series { today, before }, &labels, 10.0)
    }

    #[test]
    fn a_bar_is_as_high_as_its_value_beside_the_scale() {
        let svg = drawn(&[0.0, 50.0, 100.0], &[100.0]);
        // From the top line to the floor: 210 units are 100.
        assert!(svg.contains(r#"class="now newest" x="#), "{svg}");
        assert!(svg.contains(r#"y="12.0" width="15.9" height="210.0" rx="2"#), "{svg}");
        assert!(
            svg.contains(r#"height="105.0""#) && svg.contains(r#"height="0.0""#),
            "{svg}"
        );
        assert!(svg.contains("a &lt;b&gt; &amp; &quot;c&quot;"), "{svg}");
        assert_eq!(svg.matches("<text class=\"hour\"").count(), 12);
    }

    #[test]
    fn scales_end_at_round_numbers_that_hold_the_values() {
        for (value, top) in [
            (0.0, 1.0),
            (10.0, 10.0),
            (10.1, 20.0),
            (39.0, 40.0),
            (41.0, 50.0),
            (660.0, 800.0),
            (9_001.0, 10_000.0),
        ] {
            assert_eq!(round_up(value), top, "{value}");
        }
    }

    #[test]
    fn nothing_is_drawn_as_nothing() {
        let svg = drawn(&[], &[]);
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        assert!(sparkline(&[0.0, 0.0]).contains("flat"));
        assert!(!sparkline(&[0.0, 3.0]).contains("NaN"));
        let hours = labels();
        let labels = Labels {
            told: "",
            hours: &hours,
            scale: |value| value.to_string(),
        };
        let one = area(
            &Series {
                today: &[0.5],
                before: &[0.2],
            },
            &labels,
            1.0,
        );
        assert!(one.contains("<circle") && !one.contains("NaN"), "{one}");
    }

    #[test]
    fn a_meter_shows_value_and_target() {
        let meter = meter(0.25, Some(0.5));
        assert!(meter.contains(r#"class="fill" width="25.00""#), "{meter}");
        assert!(meter.contains(r#"class="mark" x="49.55""#), "{meter}");
    }
}
