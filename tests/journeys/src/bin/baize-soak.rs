//! The soak of payments as a program: `just soak`. It ends everything that it starts.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context as _;
use baize_journeys::soak::{Plan, run};
use clap::Parser;

/// Many payments through both simulated providers, a share of their orders faulty, while command-api is killed with -9; then the log is
/// held against the providers' own books. Ends with 1 if anything does not hold.
#[derive(Debug, Parser)]
#[command(name = "baize-soak", version)]
struct Arguments {
    /// Payments, 1–100,000.
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    payments: u32,
    /// How often command-api is killed meanwhile, 0–1,000.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(0..=1_000))]
    kills: u32,
    /// Draws faults, payers and amounts.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The share of orders with a fault, 0–1.
    #[arg(long, default_value_t = 0.3)]
    faulty: f64,
    /// Seconds of the services' clock in a real one, 1–1,000.
    #[arg(long, default_value_t = 100.0)]
    speed: f64,
    /// Payers at the same time, 1–1,000.
    #[arg(long, default_value_t = 48, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    payers: u16,
    /// Where the JSON goes.
    #[arg(long, default_value = "target/soak/soak.json")]
    json: PathBuf,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let plan = Plan {
        payments: arguments.payments,
        kills: arguments.kills,
        seed: arguments.seed,
        faulty: arguments.faulty.clamp(0.0, 1.0),
        speed: arguments.speed.clamp(1.0, 1_000.0),
        payers: arguments.payers.into(),
        own_postgres: true,
    };
    let since = Instant::now();
    let report = run(&plan, |line| {
        eprintln!("{:>7.1} s  {line}", since.elapsed().as_secs_f64())
    })
    .await?;
    println!("{}", report.render());
    if let Some(folder) = arguments.json.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let json = serde_json::to_vec_pretty(&report.json())?;
    std::fs::write(&arguments.json, json).with_context(|| format!("writing {}", arguments.json.display()))?;
    eprintln!("written to {}", arguments.json.display());
    Ok(if report.holds() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
