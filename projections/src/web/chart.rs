//! Charts of the console and of reports as SVG, drawn by the server. Every mark says what it is when it is pointed at, and the chart as a whole has a name.

use std::fmt::Write as _;

use super::screen::charts::{escaped, round_up};

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 56.0;
const BOTTOM: f64 = 26.0;
const TOP: f64 = 10.0;
/// Side of a cell of a heat-map.
const CELL: f64 = 36.0;

/// A bar.
pub(crate) struct Bar {
    /// Below it.
    pub(crate) label: String,
    pub(crate) value: f64,
    /// Its value in words.
    pub(crate) told: String,
}

/// Bars side by side, at most a label for every 60 pixels.
pub(crate) fn bars(bars: &[Bar], name: &str) -> String {
    let top = round_up(bars.iter().map(|bar| bar.value).fold(0.0, f64::max));
    let slot = (WIDTH - LEFT) / bars.len().max(1) as f64;
    let every = (60.0 / slot).ceil().max(1.0) as usize;
    let floor = HEIGHT - BOTTOM;
    let mut svg = format!(
        r#"<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{}">"#,
        escaped(name)
    );
    for part in 0..=4 {
        let value = top * f64::from(part) / 4.0;
        let y = floor - (floor - TOP) * f64::from(part) / 4.0;
        let _infallible = write!(
            svg,
            r#"<line class="grid" x1="{LEFT}" x2="{WIDTH}" y1="{y:.1}" y2="{y:.1}"/><text class="scale" x="{:.1}" y="{:.1}" text-anchor="end">{value}</text>"#,
            LEFT - 8.0,
            y + 4.0
        );
    }
    for (place, bar) in bars.iter().enumerate() {
        let (x, height) = (
            LEFT + slot * place as f64,
            (floor - TOP) * (bar.value / top).clamp(0.0, 1.0),
        );
        let _infallible = write!(
            svg,
            r#"<rect class="bar" x="{:.1}" y="{:.1}" width="{:.1}" height="{height:.1}"><title>{} · {}</title></rect>"#,
            x + slot * 0.12,
            floor - height,
            slot * 0.76,
            escaped(&bar.label),
            escaped(&bar.told)
        );
        if place % every == 0 {
            let _infallible = write!(
                svg,
                r#"<text class="under" x="{:.1}" y="{:.1}" text-anchor="middle">{}</text>"#,
                x + slot / 2.0,
                HEIGHT - 7.0,
                escaped(&bar.label)
            );
        }
    }
    svg.push_str("</svg>");
    svg
}

/// A row of a heat-map: its name, and its cells, each a value and the value in words.
pub(crate) struct Heat {
    pub(crate) name: String,
    pub(crate) cells: Vec<(f64, String)>,
}

/// A heat-map: the fuller a cell, the higher its value. `columns` are the names above.
pub(crate) fn heat_map(rows: &[Heat], columns: &[String], name: &str) -> String {
    let highest = rows
        .iter()
        .flat_map(|row| &row.cells)
        .map(|cell| cell.0)
        .fold(0.0, f64::max);
    let (width, height) = (LEFT + CELL * columns.len() as f64, 24.0 + CELL * rows.len() as f64);
    let mut svg = format!(
        r#"<svg class="chart heat" viewBox="0 0 {width} {height}" role="img" aria-label="{}">"#,
        escaped(name)
    );
    for (place, column) in columns.iter().enumerate() {
        let _infallible = write!(
            svg,
            r#"<text class="under" x="{:.1}" y="16" text-anchor="middle">{}</text>"#,
            LEFT + CELL * (place as f64 + 0.5),
            escaped(column)
        );
    }
    for (line, row) in rows.iter().enumerate() {
        let y = 24.0 + CELL * line as f64;
        let _infallible = write!(
            svg,
            r#"<text class="scale" x="{:.1}" y="{:.1}" text-anchor="end">{}</text>"#,
            LEFT - 8.0,
            y + CELL / 2.0 + 4.0,
            escaped(&row.name)
        );
        for (place, (value, told)) in row.cells.iter().enumerate() {
            let share = if highest > 0.0 { value / highest } else { 0.0 };
            let _infallible = write!(
                svg,
                r#"<rect class="cell" x="{:.1}" y="{y:.1}" width="{:.1}" height="{:.1}" rx="4" fill-opacity="{:.3}"><title>{} {} · {}</title></rect>"#,
                LEFT + CELL * place as f64 + 1.0,
                CELL - 2.0,
                CELL - 2.0,
                0.06 + 0.94 * share.clamp(0.0, 1.0),
                escaped(&row.name),
                escaped(columns.get(place).map_or("", String::as_str)),
                escaped(told)
            );
        }
    }
    svg.push_str("</svg>");
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(value: f64) -> Bar {
        Bar {
            label: "08".to_owned(),
            value,
            told: "<b>".to_owned(),
        }
    }

    #[test]
    fn the_highest_bar_that_is_a_round_number_reaches_the_top() {
        let svg = bars(&[bar(50.0), bar(100.0)], "a & b");
        assert!(svg.contains(r#"y="10.0" width="343.5" height="184.0""#), "{svg}");
        assert!(svg.contains(r#"height="92.0""#), "{svg}");
        assert!(svg.contains("08 · &lt;b&gt;") && svg.contains("a &amp; b"), "{svg}");
        let nothing = bars(&[], "x");
        assert!(!nothing.contains("NaN") && !nothing.contains("inf"), "{nothing}");
    }

    #[test]
    fn the_fullest_cell_is_the_highest_and_an_empty_one_is_still_seen() {
        let row = Heat {
            name: "一".to_owned(),
            cells: vec![(0.0, "0".to_owned()), (8.0, "8".to_owned())],
        };
        let svg = heat_map(&[row], &["06".to_owned(), "07".to_owned()], "map");
        assert!(
            svg.contains(r#"fill-opacity="0.060""#) && svg.contains(r#"fill-opacity="1.000""#),
            "{svg}"
        );
        let empty = Heat {
            name: String::new(),
            cells: vec![(0.0, String::new())],
        };
        assert!(!heat_map(&[empty], &[], "map").contains("NaN"));
    }
}
