//! How far a long piece of work is: a bar at a terminal, else one JSON object a line.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use baize_projections::{Phase, Progress};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

/// No more lines than this, however fast the work is.
const LINE_EVERY: Duration = Duration::from_millis(500);

/// Shows the progress of a rebuild or a verification.
pub struct Shown {
    what: String,
    bar: Option<ProgressBar>,
    phase: Option<Phase>,
    last_line: Option<Instant>,
    lines: bool,
}

impl Shown {
    /// Of work on `what`.
    pub fn new(what: &str) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{prefix} {msg:10} [{bar:40}] {pos}/{len} {per_sec} {eta}");
            ProgressBar::new(0)
                .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
                .with_prefix(what.to_owned())
        });
        Self {
            what: what.to_owned(),
            bar,
            phase: None,
            last_line: None,
            lines: true,
        }
    }

    /// The same without lines: for where something else is printed.
    pub fn bar_only(what: &str) -> Self {
        Self {
            lines: false,
            ..Self::new(what)
        }
    }

    /// Shows where the work is now.
    pub fn show(&mut self, progress: Progress) {
        let new_phase = self.phase.replace(progress.phase) != Some(progress.phase);
        if let Some(bar) = &self.bar {
            if new_phase {
                bar.reset();
                bar.set_message(progress.phase.to_string());
            }
            bar.set_length(progress.total);
            bar.set_position(progress.done);
            return;
        }
        let due = self.last_line.is_none_or(|at| at.elapsed() >= LINE_EVERY);
        if !self.lines {
            return;
        }
        if new_phase || due || progress.done == progress.total {
            self.last_line = Some(Instant::now());
            let Progress { phase, done, total } = progress;
            println!(
                "{}",
                json!({"view": self.what, "phase": phase.to_string(), "done": done, "total": total})
            );
        }
    }

    /// Takes the bar away.
    pub fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}
