//! What was measured, as one table for people and one JSON file for programs.

use std::path::Path;

use anyhow::Context as _;
use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

/// One figure: the median of its rounds.
#[derive(Clone, Debug, Serialize)]
pub struct Figure {
    /// What was measured.
    pub name: String,
    /// `events/s`, `commands/s`, `rows/s`, `ms`, `µs`.
    pub unit: &'static str,
    /// The median.
    pub median: f64,
    /// Every round, in order.
    pub rounds: Vec<f64>,
}

/// A ratio of two figures against the least (or most) it must be.
#[derive(Clone, Debug, Serialize)]
pub struct Ratio {
    /// What is compared.
    pub name: String,
    /// The ratio, or the plain value for an absolute target: the median over the rounds.
    pub value: f64,
    /// The bound.
    pub target: Target,
    /// Whether the bound is kept.
    pub met: bool,
}

/// A bound.
#[derive(Clone, Copy, Debug, Serialize)]
pub enum Target {
    /// The value must not be below.
    AtLeast(f64),
    /// The value must not be above.
    AtMost(f64),
}

/// All that one run measured.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// The machine: cores, server versions, settings that decide durability.
    pub machine: Vec<(String, String)>,
    /// The figures.
    pub figures: Vec<Figure>,
    /// The ratios.
    pub ratios: Vec<Ratio>,
}

impl Report {
    /// Adds a figure from its rounds and returns its median.
    pub fn figure(&mut self, name: impl Into<String>, unit: &'static str, rounds: Vec<f64>) -> f64 {
        let figure = Figure {
            name: name.into(),
            unit,
            median: median(&rounds),
            rounds,
        };
        eprintln!("  {:<64} {:>12} {}", figure.name, number(figure.median), figure.unit);
        let median = figure.median;
        self.figures.push(figure);
        median
    }

    /// Adds a ratio and whether it keeps its bound.
    pub fn ratio(&mut self, name: impl Into<String>, value: f64, target: Target) {
        let met = match target {
            Target::AtLeast(bound) => value >= bound,
            Target::AtMost(bound) => value <= bound,
        };
        self.ratios.push(Ratio {
            name: name.into(),
            value,
            target,
            met,
        });
    }

    /// The two tables that are printed.
    pub fn render(&self) -> String {
        let mut figures = Table::new();
        figures
            .load_preset(presets::ASCII_MARKDOWN)
            .set_header(["Figure", "Median", "Unit", "Rounds"]);
        for figure in &self.figures {
            let rounds = figure
                .rounds
                .iter()
                .map(|round| number(*round))
                .collect::<Vec<_>>()
                .join(", ");
            figures.add_row([
                figure.name.clone(),
                number(figure.median),
                figure.unit.to_owned(),
                rounds,
            ]);
        }
        let mut ratios = Table::new();
        ratios
            .load_preset(presets::ASCII_MARKDOWN)
            .set_header(["Ratio", "Value", "Target", "Met"]);
        for ratio in &self.ratios {
            let target = match ratio.target {
                Target::AtLeast(bound) => format!("≥ {bound}"),
                Target::AtMost(bound) => format!("≤ {bound}"),
            };
            let met = if ratio.met { "yes" } else { "NO" };
            ratios.add_row([
                ratio.name.clone(),
                format!("{:.2}", ratio.value),
                target,
                met.to_owned(),
            ]);
        }
        for table in [&mut figures, &mut ratios] {
            if let Some(column) = table.column_mut(1) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        let machine = self
            .machine
            .iter()
            .map(|(key, value)| format!("- {key}: {value}"))
            .collect::<Vec<_>>()
            .join("\n");
        format!("{machine}\n\n{figures}\n\n{ratios}\n")
    }

    /// Writes the JSON file.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, serde_json::to_vec_pretty(self)?).with_context(|| format!("write {}", path.display()))
    }
}

/// The middle of the rounds; of an even number the lower middle.
pub fn median(rounds: &[f64]) -> f64 {
    let mut sorted = rounds.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
        .get(sorted.len().saturating_sub(1) / 2)
        .copied()
        .unwrap_or_default()
}

fn number(value: f64) -> String {
    if value >= 100.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.2}")
    }
}
