//! The bench: every claim of speed, measured in one run on one private Postgres with default durability, as ratios to raw limits.
//!
//! Load generator, services and Postgres share the machine. What is compared is measured in turns, round by round, so that a machine that slows
//! down slows both; quoted are medians.

mod append;
mod commands;
mod confirmed;
mod hall;
mod lights;
mod load;
mod parts;
mod place;
mod projection;
mod raw;
mod replay;
mod report;
mod stock;
mod storm;

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

use crate::parts::Bench;

/// As in the program itself.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures the event log and the services against raw limits of the same Postgres, and prints one table.
#[derive(Debug, Parser)]
#[command(name = "baize-bench", version)]
struct Arguments {
    /// Rounds of each measurement; the median is quoted.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=25))]
    rounds: u32,
    /// Seconds of one round.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// Events in the large log.
    #[arg(long, default_value_t = 1_000_000)]
    events: u64,
    /// Ten million events in the large log.
    #[arg(long, conflicts_with = "events")]
    large: bool,
    /// Only these parts.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<parts::Part>,
    /// Where the JSON goes.
    #[arg(long, default_value = "target/bench/bench.json")]
    json: PathBuf,
    /// Fails if a ratio misses its target.
    #[arg(long)]
    strict: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    // Both async-nats and rumqttc can bring TLS; one provider serves them.
    let _installed_before = rustls::crypto::ring::default_provider().install_default();
    let mut bench = Bench::start(
        arguments.rounds,
        Duration::from_secs(arguments.seconds),
        if arguments.large { 10_000_000 } else { arguments.events },
    )
    .await?;
    let mut failed = Vec::new();
    for part in parts::Part::chosen(&arguments.only) {
        if let Err(error) = bench.run(part).await {
            eprintln!("{part:?} failed: {error:#}");
            failed.push(part);
        }
    }
    let report = bench.finish();
    println!("{}", report.render());
    report.write(&arguments.json)?;
    eprintln!("written to {}", arguments.json.display());
    anyhow::ensure!(failed.is_empty(), "without figures: {failed:?}");
    if arguments.strict && report.ratios.iter().any(|ratio| !ratio.met) {
        anyhow::bail!("a ratio misses its target");
    }
    Ok(())
}
