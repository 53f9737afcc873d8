//! The evening at a glance: a bar at a terminal, else a line every half hour of the evening.

use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressStyle};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::hall::TIME_ZONE;
use super::tally::Tally;

const LINE_EVERY: SignedDuration = SignedDuration::from_mins(30);

/// Shows the figures.
pub struct Figures {
    opens_at: Timestamp,
    tables: usize,
    zone: TimeZone,
    bar: Option<ProgressBar>,
    next_line: Timestamp,
}

impl Figures {
    /// Of an evening from `opens_at` to `closes_at`.
    pub fn new(opens_at: Timestamp, closes_at: Timestamp, tables: usize) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style =
                ProgressStyle::with_template("[{bar:30}] {msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
            let seconds = u64::try_from(closes_at.duration_since(opens_at).as_secs()).unwrap_or(0);
            ProgressBar::new(seconds).with_style(style)
        });
        let zone = TimeZone::get(TIME_ZONE).unwrap_or(TimeZone::UTC);
        Self {
            opens_at,
            tables,
            zone,
            bar,
            next_line: opens_at,
        }
    }

    /// Shows them as they are at `now`.
    pub fn show(&mut self, now: Timestamp, tally: &Tally) {
        if let Some(bar) = &self.bar {
            bar.set_position(u64::try_from(now.duration_since(self.opens_at).as_secs()).unwrap_or(0));
            bar.set_message(self.line(now, tally));
        } else if now >= self.next_line {
            println!("{}", self.line(now, tally));
            self.next_line = now.checked_add(LINE_EVERY).unwrap_or(Timestamp::MAX);
        }
    }

    /// Takes the bar away.
    pub fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }

    fn line(&self, now: Timestamp, tally: &Tally) -> String {
        let time = now.to_zoned(self.zone.clone()).strftime("%H:%M").to_string();
        let Tally {
            opened,
            open,
            cancelled,
            revenue,
            ..
        } = tally;
        let (open, lights) = (open.len(), tally.lights_on());
        format!(
            "{time}  {open}/{} tables taken, {lights} lights, {opened} sessions, {cancelled} cancelled, revenue {revenue}",
            self.tables
        )
    }
}
