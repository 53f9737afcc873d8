//! The `baize` program: read the configuration, do one thing, stop in good order when asked.
//!
//! Each subcommand has a file or folder of its own. The services live in their own crates; what is here starts them,
//! gives them what they need and stops them.

mod attached;
mod audit;
mod checks;
mod credentials;
mod demo;
mod devices;
mod display;
mod doctor;
mod import;
mod infrastructure;
mod keys;
mod logging;
mod migrate;
mod progress;
mod qr;
mod ready;
mod rebuild;
mod reconcile;
mod report;
mod schemas;
mod seal;
mod serve;
mod settings;
mod signals;
mod token;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use settings::Settings;

/// Commands are many small allocations on several threads; the system's allocator takes twice as long for them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Self-service billiard halls: tables that open, light, bill and settle themselves.
#[derive(Debug, Parser)]
#[command(name = "baize", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the services.
    ///
    /// With no configuration `serve all` starts a private Postgres and nats-server in the data directory, and everything
    /// on loopback. `command-api`, `projections` and `device-bridge` run one service each, for several machines, and
    /// need their servers named. SIGINT and SIGTERM end it in good order.
    Serve(Configured<serve::Args>),
    /// Show an evening in a hall: tables open, lights go on, bills are paid, in minutes; then check everything.
    ///
    /// Starts all it needs privately and stops it at the end. Ends with 1 if a check fails.
    Demo(demo::Args),
    /// Create the roles and apply the migrations that a database lacks.
    ///
    /// Needs a login that owns the database; services need less. Safe to repeat. With no database_url it migrates the
    /// private database of the data directory (`baize serve all` does so by itself).
    Migrate(Configured<migrate::Args>),
    /// Build a view again from the log; the old one is served until the new one is equal and switched.
    ///
    /// Works beside running services, or with none. Shows a bar at a terminal, else one JSON object a line. Ends with 1
    /// if the new view differs and is not accepted.
    Rebuild(Configured<rebuild::Args>),
    /// Compare a provider's bill of a day with our books now, and print what differs.
    ///
    /// Works beside running services, which do so by themselves every morning. Ends with 1 if a difference is open.
    Reconcile(Configured<reconcile::Args>),
    /// Send a report by mail once more: of a day, a week or a month of a hall or a chain.
    ///
    /// Writes down that it is wanted; the projections service sends it, to whoever gets reports of it (reports_file). Services send each
    /// report once by themselves.
    Report(Configured<report::Args>),
    /// Write the contract of the event stream: JSON Schemas of all events and an AsyncAPI document.
    ///
    /// For programs that follow the events on NATS, in any language. Needs no configuration and no servers.
    Schemas(schemas::Args),
    /// Check the log, the bills, wallets and journal that follow from it, its seals, the published copy and the views.
    ///
    /// Reads only, and works beside running services. With a view it compares that view alone. Ends with 1 if a check
    /// fails.
    Verify(Configured<verify::Args>),
    /// Read the log as an auditor: replay events, see any state at any time, prove single events.
    ///
    /// Reads only, and works beside running services. `baize verify` checks everything at once.
    Audit(audit::Args),
    /// Import data from files into a running system.
    ///
    /// Goes through the command service, which must be running (command_url).
    Import(import::Args),
    /// Write the codes of a hall's tables, or of one table, as images or as a page to print.
    ///
    /// Asks the query service, which must be running (query_url). What the codes say begins as set there (code_base).
    Qr(Configured<qr::Args>),
    /// Make and revoke links that show a hall's wall screen to whoever has them.
    ///
    /// Goes through the command service, which must be running (command_url). A link shows the screen and nothing else, until
    /// it expires or is revoked.
    Display(Configured<display::Args>),
    /// Give each device its own key to the broker of the devices, and nothing more than its own topics.
    ///
    /// For mosquitto and for the MQTT listener of nats-server, with TLS.
    Devices(devices::Args),
    /// Check programs, data directory, ports, servers, roles, migrations, publication and views.
    ///
    /// Prints a line for each, and what to do where something is wrong. Changes nothing. Ends with 1 if something has
    /// failed.
    Doctor(Configured<doctor::Args>),
    /// Make, list, rotate and drop the keys that sign tokens.
    ///
    /// They lie in keys_dir, one PEM file each, for their owner only. Running services read the directory again by
    /// themselves.
    Keys(Configured<keys::Args>),
    /// Print a token for somebody who cannot log in: an operator, a device bridge, an auditor.
    ///
    /// Needs the key that signs, from keys_dir. A token cannot be taken back before it expires: keep it short.
    Token(Configured<token::Args>),
}

// No doc comment: clap would show it instead of the subcommand's.
#[derive(Debug, clap::Args)]
struct Configured<A: clap::Args> {
    #[command(flatten)]
    args: A,
    /// TOML file with the configuration; flags and the environment win over it
    #[arg(long, env = "BAIZE_CONFIG", value_name = "FILE", help_heading = "Configuration")]
    config: Option<PathBuf>,
    #[command(flatten)]
    settings: Settings,
}

impl<A: clap::Args> Configured<A> {
    /// The arguments, the settings with those of the file, and logging started.
    fn load(self, quiet: &str) -> anyhow::Result<(A, Settings)> {
        let settings = self.settings.with_file(self.config.as_deref())?;
        settings.check()?;
        logging::start(&settings, quiet)?;
        Ok((self.args, settings))
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failure(&error.into()),
    };
    // Everything that speaks TLS uses this one; without it the first that wants another would panic.
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        return failure(&anyhow::anyhow!("a TLS provider is installed already"));
    }
    match runtime.block_on(run(cli.command)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => failure(&error),
    }
}

/// False if the work was done and its result is bad.
async fn run(command: Command) -> anyhow::Result<bool> {
    match command {
        Command::Serve(configured) => {
            let (args, settings) = configured.load("info")?;
            args.run(settings).await.map(|()| true)
        }
        Command::Demo(args) => args.run().await,
        Command::Migrate(configured) => {
            let (args, settings) = configured.load("warn")?;
            args.run(&settings).await.map(|()| true)
        }
        Command::Rebuild(configured) => {
            let (args, settings) = configured.load("warn")?;
            args.run(&settings).await
        }
        Command::Reconcile(configured) => {
            let (args, settings) = configured.load("warn")?;
            args.run(&settings).await
        }
        Command::Schemas(args) => args.run().map(|()| true),
        Command::Report(configured) => {
            let (args, settings) = configured.load("warn")?;
            args.run(&settings).await.map(|()| true)
        }
        Command::Verify(configured) => {
            let (args, settings) = configured.load("warn")?;
            args.run(&settings).await
        }
        Command::Audit(args) => args.run().await,
        Command::Import(args) => args.run().await,
        Command::Qr(configured) => {
            let (args, settings) = configured.load("warn")?;
            args.run(&settings).await.map(|()| true)
        }
        Command::Display(configured) => {
            let (args, settings) = configured.load("warn")?;
            args.run(&settings).await.map(|()| true)
        }
        Command::Devices(args) => args.run().await,
        Command::Doctor(configured) => {
            let (args, settings) = configured.load("error")?;
            args.run(&settings).await
        }
        Command::Keys(configured) => {
            let (args, settings) = configured.load("warn")?;
            args.run(&settings).await.map(|()| true)
        }
        Command::Token(configured) => {
            let (args, settings) = configured.load("warn")?;
            args.run(&settings).map(|()| true)
        }
    }
}

fn failure(error: &anyhow::Error) -> ExitCode {
    eprintln!("baize: {error:#}");
    ExitCode::FAILURE
}
