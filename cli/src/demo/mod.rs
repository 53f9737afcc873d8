//! `baize demo`: an evening in a hall, on real servers, in minutes; and at its end the sums.
//!
//! The services run in this process, on private servers and a clock that runs fast. The world outside, lamps and
//! customers, are processes of their own which reach the services over MQTT and gRPC like anybody else. What they saw
//! is compared with the log at the end.

mod evening;
mod figures;
mod hall;
mod inspection;
mod simulators;
mod tally;
mod texts;
mod told;
mod truth;

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use baize_eventlog::{Clock, EventLog, LogOptions};
use baize_proto::access::{Claims, KeyFolder, Role, Signer};
use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::checks::{self, Check};
use crate::serve::All;
use crate::settings::{LogFormat, Settings};
use crate::token::console_link;
use crate::{logging, signals};

use evening::Evening;
use texts::TextMessages;

/// Real time between the start and 18:00, for servers and hall to be set up in.
const LEAD: Duration = Duration::from_secs(5);
const DRAIN: Duration = Duration::from_secs(10);
const END_WITHIN: Duration = Duration::from_secs(90);

/// What the subcommand is told.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How many times faster than real time
    #[arg(long, default_value_t = 60.0, value_parser = speed)]
    speed: f64,
    /// Length of the evening, from 18:00
    #[arg(long, default_value_t = 5.0, value_parser = hours)]
    hours: f64,
    /// Tables in the hall
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=200))]
    tables: u32,
    /// The same seed brings the same people with the same habits [default: a new one, which is printed]
    #[arg(long)]
    seed: Option<u64>,
    /// Leave everything running after the checks, until Ctrl-C
    #[arg(long)]
    keep: bool,
    /// Keep the data in this directory [default: a temporary one, removed at the end]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Address of the web page
    #[arg(long, default_value = "127.0.0.1:0", value_name = "IP:PORT")]
    web_listen: std::net::SocketAddr,
    /// What is logged [default: error]
    #[arg(long, env = "BAIZE_LOG", value_name = "FILTER")]
    log: Option<String>,
    /// How the log on stderr looks [default: text]
    #[arg(long, env = "BAIZE_LOG_FORMAT", value_enum, value_name = "FORMAT")]
    log_format: Option<LogFormat>,
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(speed) if (1.0..=600.0).contains(&speed) => Ok(speed),
        _ => Err("1 to 600".to_owned()),
    }
}

fn hours(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(hours) if (0.1..=12.0).contains(&hours) => Ok(hours),
        _ => Err("0.1 to 12".to_owned()),
    }
}

impl Args {
    /// Runs the evening; false if a check fails.
    ///
    /// # Errors
    /// Something cannot be started, or the evening was interrupted.
    pub async fn run(self) -> anyhow::Result<bool> {
        let logging = Settings {
            log: self.log.clone(),
            log_format: self.log_format,
            ..Settings::default()
        };
        logging::start(&logging, "error")?;
        let simulators = simulators::program()?;
        let stop = signals::stop_token(END_WITHIN)?;
        let dir = Directory::new(self.data_dir.clone())?;
        let mut texts = TextMessages::start(&simulators, dir.path())?;
        let clock = self.clock()?;
        let settings = texts.settings(self.settings(&dir, &clock)).await?;
        println!(
            "starting Postgres, nats-server and the services in {} …",
            dir.path().display()
        );
        let all = All::start(&settings, &stop).await?;
        let shown = self.show(&all, &clock, &dir, &mut texts, simulators, &stop).await;
        if shown.is_ok() && self.keep && !stop.is_cancelled() {
            println!("everything is left running; Ctrl-C ends it");
            stop.cancelled().await;
        }
        all.stop(DRAIN).await;
        texts.stop().await?;
        shown
    }

    async fn show(
        &self,
        all: &All,
        clock: &Clock,
        dir: &Directory,
        texts: &mut TextMessages,
        simulators: PathBuf,
        stop: &CancellationToken,
    ) -> anyhow::Result<bool> {
        let ready = all.ready();
        let address = |address: &Option<String>| address.clone().context("all services run");
        println!("live page: {}", address(&ready.web)?);
        let command_url = address(&ready.command)?;
        let hall = hall::set_up(&command_url, all.keys(), self.tables).await?;
        let options = LogOptions::new(address(&ready.database_url)?.parse()?).role(baize_schema::APP_ROLE);
        let log = EventLog::connect(options).await?;
        let seed = self
            .seed
            .unwrap_or_else(|| u64::from(std::process::id()) ^ Timestamp::now().as_second().unsigned_abs());
        let opens_at = opening_time(clock.now())?.max(clock.now());
        let evening = Evening {
            simulators,
            dir: dir.path().to_owned(),
            keys_dir: self.settings(dir, clock).keys_dir(),
            clock: clock.clone(),
            log: log.clone(),
            hall,
            phones: texts.outbox().to_owned(),
            command_url,
            query_url: address(&ready.query)?,
            mqtt_url: address(&ready.mqtt)?,
            seed,
            opens_at,
            closes_at: opens_at.checked_add(SignedDuration::from_secs_f64(self.hours * 3600.0))?,
        };
        let screen = format!("{}/screen?hall={}", address(&ready.web)?, evening.hall.hall_id);
        println!("wall screen: {screen}");
        let console = self.console(dir, clock, &address(&ready.web)?)?;
        println!("console: {console}");
        println!("{} tables, seed {seed}, {} times real time", self.tables, self.speed);
        let records = evening.run(stop).await?;
        texts.check_running()?;
        let mut checks = inspection::inspect(&log, &ready, &records, clock).await?;
        checks.push(inspection::texts_arrived(&log, texts.critical()?).await?);
        log.close().await;
        println!("\n{}", checks::render(&checks, std::io::stdout().is_terminal()));
        let failed = checks.iter().filter(|check| !check.ok()).count();
        match failed {
            0 => println!("all {} checks passed", checks.len()),
            failed => println!("{failed} of {} checks FAILED (seed {seed})", checks.len()),
        }
        match self.keep {
            true => {
                println!("the evening on the wall screen: {screen}\nand session by session in the console: {console}")
            }
            false => println!("`--keep` leaves the wall screen on at the end"),
        }
        Ok(checks.iter().all(Check::ok))
    }

    /// A link that opens the console as somebody who runs the system.
    fn console(&self, dir: &Directory, clock: &Clock, web: &str) -> anyhow::Result<String> {
        let role = Role::Operator;
        let claims = Claims::new(Uuid::now_v7(), role, Timestamp::now(), role.lifetime_max());
        let keys = KeyFolder::at(self.settings(dir, clock).keys_dir()).read()?;
        Ok(console_link(web, &Signer::new(keys).issue(&claims)?))
    }

    /// Shows 18:00 where the hall is some real seconds from now.
    fn clock(&self) -> anyhow::Result<Clock> {
        let now = Timestamp::now();
        Ok(Clock::scaled(now + LEAD, opening_time(now)?, self.speed))
    }

    fn settings(&self, dir: &Directory, clock: &Clock) -> Settings {
        let any_port = std::net::SocketAddr::from((std::net::Ipv4Addr::LOCALHOST, 0));
        Settings {
            data_dir: Some(dir.path().to_owned()),
            command_listen: Some(any_port),
            query_listen: Some(any_port),
            web_listen: Some(self.web_listen),
            clock: Some(clock.spec()),
            drain_seconds: Some(DRAIN.as_secs()),
            ..Settings::default()
        }
    }
}

/// 18:00 of the day where the hall is.
fn opening_time(at: Timestamp) -> anyhow::Result<Timestamp> {
    let zone = TimeZone::get(hall::TIME_ZONE)?;
    let opens_at = at
        .to_zoned(zone.clone())
        .date()
        .to_datetime(Time::constant(18, 0, 0, 0));
    Ok(opens_at.to_zoned(zone)?.timestamp())
}

/// Where the demo keeps its data.
enum Directory {
    /// As the user said; it stays.
    Given(PathBuf),
    /// Removed with this.
    Temporary(tempfile::TempDir),
}

impl Directory {
    fn new(given: Option<PathBuf>) -> anyhow::Result<Self> {
        match given {
            Some(dir) => {
                std::fs::create_dir_all(&dir).with_context(|| format!("making {}", dir.display()))?;
                Ok(Self::Given(dir))
            }
            None => Ok(Self::Temporary(
                tempfile::Builder::new().prefix("baize-demo-").tempdir()?,
            )),
        }
    }

    fn path(&self) -> &std::path::Path {
        match self {
            Self::Given(dir) => dir,
            Self::Temporary(dir) => dir.path(),
        }
    }
}
