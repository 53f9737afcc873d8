//! The table of checks, as it is printed.

use comfy_table::presets::UTF8_BORDERS_ONLY;
use comfy_table::{Cell, CellAlignment, Color, Table};

use super::Check;

/// Of a check that failed, so many faults are told.
const FAULTS_MAX: usize = 5;

/// The table, and below it what is wrong.
pub fn render(checks: &[Check], colours: bool) -> String {
    let mut table = Table::new();
    table
        .load_preset(UTF8_BORDERS_ONLY)
        .set_header(["Check", "Expected", "Actual", ""]);
    if !colours {
        table.force_no_tty();
    }
    for check in checks {
        let verdict = if check.ok() {
            Cell::new("ok").fg(Color::Green)
        } else {
            Cell::new("FAILED").fg(Color::Red)
        };
        let figure = |text: &str| Cell::new(text).set_alignment(CellAlignment::Right);
        table.add_row([
            Cell::new(&check.name),
            figure(&check.expected),
            figure(&check.actual),
            verdict,
        ]);
    }
    let mut text = table.to_string();
    for check in checks.iter().filter(|check| !check.ok()) {
        text.push_str(&format!("\n{}:", check.name));
        for fault in check.faults.iter().take(FAULTS_MAX) {
            text.push_str(&format!("\n  - {fault}"));
        }
        if check.faults.len() > FAULTS_MAX {
            text.push_str(&format!("\n  … and {} more", check.faults.len() - FAULTS_MAX));
        }
    }
    text
}
