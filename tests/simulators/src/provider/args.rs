//! What every simulated provider is started with as a program, and what it says when it is ready.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use baize_eventlog::Clock;
use clap::Args as ClapArgs;

use super::{DeskOptions, Reach, Seeded};

/// No wait of a simulated provider is longer.
const WAIT_SECONDS_MAX: f64 = 600.0;

/// Flags that all simulated providers have.
#[derive(Debug, ClapArgs)]
pub struct ProgramArgs {
    /// Port of loopback; 0 lets the system choose.
    #[arg(long, default_value_t = 0)]
    pub port: u16,
    /// Its clock: `real`, or speed,virtual origin,unix ms of the real origin.
    #[arg(long, default_value = "real")]
    clock: String,
    /// Directory to write the keys to that the merchant needs.
    #[arg(long, value_name = "DIR")]
    keys: Option<PathBuf>,
    /// Draws a fault for some orders from this seed.
    #[arg(long, requires = "fault_rate")]
    seed: Option<u64>,
    /// The share of orders that meet a fault, 0–1.
    #[arg(long, requires = "seed", value_parser = share)]
    fault_rate: Option<f64>,
    /// Which faults are drawn.
    #[arg(long, value_enum, default_value_t = Reach::All)]
    faults: Reach,
    /// How long a slow answer takes, in real seconds: longer than the merchant waits.
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    slow_for: Duration,
    /// How long one delivery of a notification may take, in real seconds.
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = seconds)]
    delivery_max: Duration,
    /// How long a refund is under way, in seconds of its clock.
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = seconds)]
    refund_takes: Duration,
    /// At which hour of Beijing's day the bill of the day before is made (WeChat Pay's; Alipay's is there at once).
    #[arg(long, value_name = "HOUR", default_value_t = 10, value_parser = clap::value_parser!(i8).range(0..=23))]
    bill_hour: i8,
}

impl ProgramArgs {
    /// How it does its business.
    ///
    /// # Errors
    /// The clock is none.
    pub fn options(&self) -> anyhow::Result<DeskOptions> {
        let drawn = self.seed.zip(self.fault_rate);
        Ok(DeskOptions {
            clock: Clock::from_spec(&self.clock)?,
            slow: self.slow_for,
            delivery_max: self.delivery_max,
            refund_takes: self.refund_takes,
            bill_hour: self.bill_hour,
            faults: drawn.map(|(seed, rate)| Seeded {
                seed,
                rate,
                reach: self.faults,
            }),
        })
    }

    /// Writes the keys, by the names of their files, if a directory was named.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn write_keys(&self, keys: &[(&str, &str)]) -> anyhow::Result<()> {
        let folder = self.keys.as_deref();
        let write = |folder: &Path, name: &str, text: &str| std::fs::write(folder.join(name), text);
        folder.into_iter().try_for_each(|folder| {
            keys.iter()
                .try_for_each(|(name, text)| write(folder, name, text).with_context(|| format!("writing {name}")))
        })
    }

    /// Says where it listens, and that it is ready.
    #[allow(clippy::print_stdout, reason = "whoever started the program reads it there")]
    pub fn say_ready(base_url: &str) {
        println!("listening {base_url}\nready");
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text
        .parse()
        .ok()
        .filter(|seconds| (0.0..=WAIT_SECONDS_MAX).contains(seconds));
    let seconds = seconds.ok_or_else(|| format!("not 0 to {WAIT_SECONDS_MAX} seconds"))?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "not a share of 0 to 1".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Program {
        #[command(flatten)]
        args: ProgramArgs,
    }

    fn parsed(flags: &[&str]) -> Result<ProgramArgs, clap::Error> {
        let words = std::iter::once("provider").chain(flags.iter().copied());
        Program::try_parse_from(words).map(|program| program.args)
    }

    #[test]
    fn waits_and_faults_are_set_by_flags_and_bounded() {
        let flags = [
            "--slow-for",
            "0.5",
            "--delivery-max",
            "2",
            "--seed",
            "7",
            "--fault-rate",
            "0.3",
        ];
        let options = parsed(&flags).unwrap().options().unwrap();
        assert_eq!(options.slow, Duration::from_millis(500));
        assert_eq!(options.delivery_max, Duration::from_secs(2));
        let seeded = options.faults.unwrap();
        assert_eq!((seeded.seed, seeded.rate, seeded.reach), (7, 0.3, Reach::All));
        let none: &[&str] = &[];
        assert!(parsed(none).unwrap().options().unwrap().faults.is_none());
        for wrong in [
            ["--slow-for", "-1"],
            ["--slow-for", "601"],
            ["--refund-takes", "NaN"],
            ["--seed", "7"],
        ] {
            assert!(parsed(&wrong).is_err(), "{wrong:?}");
        }
        assert!(parsed(&["--seed", "7", "--fault-rate", "1.1"]).is_err());
    }

    #[test]
    fn keys_go_where_they_are_wanted() {
        let folder = std::env::temp_dir().join(uuid::Uuid::new_v4().to_string());
        std::fs::create_dir(&folder).unwrap();
        let args = parsed(&["--keys", folder.to_str().unwrap()]).unwrap();
        args.write_keys(&[("a.pem", "a"), ("b.pem", "b")]).unwrap();
        assert_eq!(std::fs::read_to_string(folder.join("b.pem")).unwrap(), "b");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
