//! What goes wrong, how often, and for whom: drawn from a seed, so that a run can be repeated.

use std::ops::Range;
use std::str::FromStr;

use anyhow::{Context as _, bail, ensure};

/// How often what goes wrong. Shares are 0 to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Faults {
    /// Share of its time that each relay is off the network; its lamps stay as they are.
    pub offline: f64,
    /// How long it stays away each time.
    pub offline_seconds: Range<f64>,
    /// Share of commands that are executed late.
    pub slow: f64,
    /// How late.
    pub slow_seconds: Range<f64>,
    /// Share of commands that are never seen.
    pub lost: f64,
    /// Share of relays whose lamps never go on.
    pub stuck_off: f64,
    /// Share of relays whose contacts weld when they first close.
    pub stuck_on: f64,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            offline: 0.0,
            offline_seconds: 15.0..45.0,
            slow: 0.0,
            slow_seconds: 0.2..1.5,
            lost: 0.0,
            stuck_off: 0.0,
            stuck_on: 0.0,
        }
    }
}

impl FromStr for Faults {
    type Err = anyhow::Error;

    /// `offline=0.02,slow=0.05,lost=0.01,stuck=0.001,stuck-on=0.001`; what is not named does not happen.
    /// `offline` and `slow` may say how long in seconds: `slow=0.05:0.2..1.5`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut faults = Self::default();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, value) = part
                .split_once('=')
                .with_context(|| format!("{part:?} is not name=share"))?;
            let (share, seconds) = match value.split_once(':') {
                Some((share, seconds)) => (share, Some(range(seconds)?)),
                None => (value, None),
            };
            let share: f64 = share.parse().with_context(|| format!("{share:?} is not a number"))?;
            ensure!((0.0..=1.0).contains(&share), "{part:?}: a share is 0 to 1");
            match (name, seconds) {
                ("offline", seconds) => {
                    ensure!(share < 1.0, "a relay that is always offline is no relay");
                    faults.offline = share;
                    faults.offline_seconds = seconds.unwrap_or(faults.offline_seconds);
                }
                ("slow", seconds) => {
                    faults.slow = share;
                    faults.slow_seconds = seconds.unwrap_or(faults.slow_seconds);
                }
                ("lost", None) => faults.lost = share,
                ("stuck" | "stuck-off", None) => faults.stuck_off = share,
                ("stuck-on", None) => faults.stuck_on = share,
                _ => bail!("{part:?}: known are offline, slow, lost, stuck and stuck-on"),
            }
        }
        Ok(faults)
    }
}

fn range(text: &str) -> anyhow::Result<Range<f64>> {
    let (from, to) = text
        .split_once("..")
        .with_context(|| format!("{text:?} is not from..to"))?;
    let range = from.parse::<f64>()?..to.parse::<f64>()?;
    ensure!(range.start >= 0.0 && range.start < range.end, "{text:?} is empty");
    Ok(range)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_written_as_shares() {
        let faults: Faults = "offline=0.02, slow=0.05:0.1..0.2,lost=0.01,stuck=0.5".parse().unwrap();
        let expected = Faults {
            offline: 0.02,
            slow: 0.05,
            slow_seconds: 0.1..0.2,
            lost: 0.01,
            stuck_off: 0.5,
            ..Faults::default()
        };
        assert_eq!(faults, expected);
        assert_eq!("".parse::<Faults>().unwrap(), Faults::default());
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "lost",
            "lost=2",
            "lost=x",
            "offline=1",
            "slow=0.1:3..1",
            "broken=0.1",
            "lost=0.1:1..2",
        ] {
            assert!(text.parse::<Faults>().is_err(), "{text}");
        }
    }
}
