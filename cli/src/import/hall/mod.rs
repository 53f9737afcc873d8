//! `baize import hall`: a hall from one TOML file, as docs/import.md describes it.
//!
//! The file is read and checked as a whole before anything is asked of the service: with one line wrong, nothing is imported. Ids and
//! request ids follow from the file, so the same file again changes nothing, and an import that was interrupted goes on where it was.

mod document;
mod goods;
mod read;
mod step;
mod tariff;

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use baize_proto::access::Bearing;
use baize_proto::hall::venue::v1::RegisterDeviceRequest;
use baize_proto::hall::venue::v1::venue_service_client::VenueServiceClient;
use indicatif::{ProgressBar, ProgressStyle};

use tonic::transport::Endpoint;

use crate::credentials::Credentials;
use crate::settings::Settings;

use document::{Fault, Faults, Fields};
use step::Step;

/// Arguments of `baize import hall`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The hall, as docs/import.md describes it
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Check the file and say what would be done, but do nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    credentials: Credentials,
}

impl Args {
    /// Imports the file; false if it was not imported whole.
    ///
    /// # Errors
    /// The file cannot be read, or the service not be reached.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<bool> {
        let file = self.file.display().to_string();
        let text = load(&self.file)?;
        let steps = match read_steps(&text) {
            Ok(steps) => steps,
            Err(faults) => {
                for fault in &faults {
                    println!("{file}: {fault}");
                }
                println!("{file}: {} found; nothing was imported", counted(faults.len(), "fault"));
                return Ok(false);
            }
        };
        if self.dry_run {
            for step in &steps {
                println!("line {}: {}", step.line, step.what);
            }
            println!("{file}: no fault found; {} would be done", counted(steps.len(), "step"));
            return Ok(true);
        }
        let url = settings.command_url();
        let channel = Endpoint::from_shared(url.clone())?.connect().await;
        let channel = channel.with_context(|| format!("connecting to the command service at {url}"))?;
        let venue = VenueServiceClient::new(Bearing::new(channel, self.credentials.badge(settings)?));
        import(&file, &steps, venue).await
    }
}

/// The largest file that is read: far more than the largest hall.
const FILE_BYTES_MAX: u64 = 4 << 20;

fn load(path: &Path) -> anyhow::Result<String> {
    let about = || format!("cannot read {}", path.display());
    let size = std::fs::metadata(path).with_context(about)?.len();
    anyhow::ensure!(
        size <= FILE_BYTES_MAX,
        "{} has more than {FILE_BYTES_MAX} bytes",
        path.display()
    );
    std::fs::read_to_string(path).with_context(about)
}

/// What the file asks for, or all that is wrong with it.
fn read_steps(text: &str) -> Result<Vec<Step>, Vec<Fault>> {
    let mut faults = Faults::new(text);
    let root = document::parse(text, &mut faults);
    let steps = read::steps(&mut Fields::of_document(&root), &mut faults);
    let faults = faults.sorted();
    if faults.is_empty() { Ok(steps) } else { Err(faults) }
}

/// The devices that a file lists.
///
/// # Errors
/// The file cannot be read, or something is wrong with it.
pub fn devices(file: &Path) -> anyhow::Result<Vec<RegisterDeviceRequest>> {
    let steps = read_steps(&load(file)?).map_err(|faults| {
        let faults: Vec<_> = faults.iter().map(Fault::to_string).collect();
        anyhow::anyhow!("{}: {}", file.display(), faults.join("; "))
    })?;
    Ok(steps.iter().filter_map(|step| step.device().cloned()).collect())
}

/// What an import set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// The chain.
    pub chain_id: String,
}

/// Imports a document without a word.
///
/// # Errors
/// Something is wrong with the document, or the service does not accept it.
pub async fn set_up(text: &str, mut venue: VenueServiceClient<Bearing>) -> anyhow::Result<Imported> {
    let steps = read_steps(text).map_err(|faults| anyhow::anyhow!("the document has faults: {faults:?}"))?;
    for step in &steps {
        let done = step.execute(&mut venue).await;
        done.map_err(|status| anyhow::anyhow!("line {}: {}: {}", step.line, step.what, status.message()))?;
    }
    let chain_id = steps
        .iter()
        .find_map(Step::chain_id)
        .context("a document has a chain")?;
    Ok(Imported {
        chain_id: chain_id.to_owned(),
    })
}

async fn import(file: &str, steps: &[Step], mut venue: VenueServiceClient<Bearing>) -> anyhow::Result<bool> {
    let bar = bar(steps.len());
    for (done, step) in steps.iter().enumerate() {
        bar.set_message(step.what.clone());
        if let Err(status) = step.execute(&mut venue).await {
            bar.finish_and_clear();
            println!("{file}: line {}: {}: {}", step.line, step.what, status.message());
            println!(
                "{file}: stopped after {done} of {}. What was done stays; import the file again to go on.",
                counted(steps.len(), "step")
            );
            return Ok(false);
        }
        if bar.is_hidden() {
            println!("line {}: {}", step.line, step.what);
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    println!(
        "{file}: {} done. What was there already was left as it is; the same file again changes nothing.",
        counted(steps.len(), "step")
    );
    Ok(true)
}

/// A bar at a terminal; elsewhere lines tell how far it is.
fn bar(steps: usize) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("import [{bar:40}] {pos}/{len} {msg}");
    ProgressBar::new(steps as u64).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn counted(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}

/// What is wrong with a document.
#[cfg(test)]
pub fn faults(text: &str) -> Vec<String> {
    match read_steps(text) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.iter().map(ToString::to_string).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = include_str!("../../../../docs/examples/hall.toml");

    #[test]
    fn the_example_has_no_fault() {
        assert_eq!(faults(EXAMPLE), Vec::<String>::new());
    }

    #[test]
    fn one_changed_line_is_one_fault_at_that_line() {
        for (good, bad, field) in [
            (
                "time_zone = \"Asia/Shanghai\"",
                "time_zone = \"Asia/Atlantis\"",
                "hall.time_zone",
            ),
            (
                "business_day_cutoff = \"06:00\"",
                "business_day_cutoff = \"24:00\"",
                "hall.business_day_cutoff",
            ),
            ("code = \"vip\"", "code = \"VIP\"", "chain.levels.code"),
            ("discount = \"0.12\"", "discount = \"1.2\"", "chain.levels.discount"),
            ("step_minutes = 10", "step_minutes = 61", "tariffs.step_minutes"),
            ("cap_fen = 20000", "cap_fen = 999", "tariffs.cap_fen"),
            ("from = \"22:00\"", "from = \"10 pm\"", "tariffs.bands.from"),
            (
                "day_kinds = [\"holiday\"]",
                "day_kinds = [\"feast\"]",
                "tariffs.bands.day_kinds",
            ),
            (
                "calendar_id = \"f88b50fa",
                "calendar_id = \"x88b50fa",
                "tariffs.calendar_id",
            ),
            ("code = \"water\"", "code = \"Water\"", "hall.goods.code"),
            ("code = \"cola\"", "code = \"water\"", "hall.goods.code"),
            ("price_fen = 600", "price_fen = -600", "hall.goods.price_fen"),
            ("name_zh = \"可乐\"", "name_zh = 1", "hall.goods.name_zh"),
            ("price_fen = 9800", "price_fen = -1", "tariffs.overnights.price_fen"),
            ("code = \"three_hours\"", "code = \"3 hours\"", "tariffs.packages.code"),
            ("minutes = 180", "minutes = 1441", "tariffs.packages.minutes"),
            ("to = \"17:00\"", "to = \"5 pm\"", "tariffs.packages.to"),
            ("driver = \"tasmota\"", "driver = \"zigbee\"", "devices.driver"),
            ("topic = \"relay-2\"", "topic = \"relay-1\"", "devices.topic"),
            ("label = \"A2\"", "label = \"A1\"", "tables.label"),
            ("class = \"snooker\"", "class = \"snoker\"", "tables.class"),
            ("channel = 2", "channel = 5", "tables.channel"),
        ] {
            assert!(EXAMPLE.contains(good), "{good}");
            let text = EXAMPLE.replacen(good, bad, 1);
            let line = 1 + text.lines().position(|line| line.contains(bad)).unwrap();
            let found = faults(&text);
            let expected = format!("line {line}: {field} ");
            let named = found.iter().any(|fault| {
                let (line_part, rest) = fault.split_once(": ").unwrap_or_default();
                format!("{line_part}: {rest}").starts_with(&expected)
            });
            // A label or topic that is there twice is told at the second place.
            let twice = found
                .iter()
                .any(|fault| fault.contains(&format!(": {field} is ")) && fault.contains("again"));
            assert!(named || twice, "{expected}: {found:?}");
        }
    }

    #[test]
    fn all_faults_are_told_at_once_and_in_order() {
        let text = EXAMPLE
            .replacen("time_zone = \"Asia/Shanghai\"", "time_zone = \"Mars\"", 1)
            .replacen("step_minutes = 10", "step_minutes = \"ten\"", 1)
            .replacen("tariff = \"standard\"", "tariff = \"standart\"", 1)
            + "\n[[tables]]\n";
        let found = faults(&text);
        let lines: Vec<usize> = found
            .iter()
            .filter_map(|fault| fault.strip_prefix("line ")?.split(':').next()?.parse().ok())
            .collect();
        assert_eq!(lines.len(), found.len());
        assert!(lines.is_sorted(), "{found:?}");
        for field in [
            "hall.time_zone",
            "tariffs.step_minutes",
            "tables.tariff",
            "tables.label",
            "tables.class",
        ] {
            assert!(found.iter().any(|fault| fault.contains(field)), "{field}: {found:?}");
        }
    }

    #[test]
    fn special_days_without_a_calendar_and_packages_without_a_time_are_faults() {
        let text: String = EXAMPLE
            .lines()
            .filter(|line| !line.starts_with("calendar_id") && !line.starts_with("minutes"))
            .map(|line| format!("{line}\n"))
            .collect();
        let found = faults(&text);
        let told = |what: &str| found.iter().any(|fault| fault.contains(what));
        assert!(told("tariffs.bands.day_kinds needs a calendar_id"), "{found:?}");
        assert!(
            told("tariffs.packages.minutes is missing, or else from and to are"),
            "{found:?}"
        );
    }

    #[test]
    fn a_device_speaks_tasmota_shelly_or_esphome() {
        let spoken = |name: &str| EXAMPLE.replacen("driver = \"tasmota\"", &format!("driver = \"{name}\""), 1);
        for known in ["tasmota", "shelly", "esphome"] {
            assert_eq!(faults(&spoken(known)), Vec::<String>::new(), "{known}");
        }
        let found = faults(&spoken("modbus"));
        assert!(
            matches!(found.as_slice(), [fault] if fault.contains("driver")),
            "{found:?}"
        );
    }

    #[test]
    fn levels_without_guest_or_member_are_a_fault() {
        let text = EXAMPLE.replacen("code = \"guest\"", "code = \"visitor\"", 1);
        let found = faults(&text);
        assert!(
            matches!(found.as_slice(), [fault] if fault.contains("must hold the level guest")),
            "{found:?}"
        );
    }

    #[test]
    fn an_empty_file_says_what_is_missing() {
        let found = faults("");
        assert_eq!(found.len(), 2, "{found:?}");
    }
}
