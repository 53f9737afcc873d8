//! The parts of the bench and what each compares.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::ValueEnum;
use sqlx::PgPool;

use crate::commands;
use crate::hall;
use crate::place::{self, Place};
use crate::report::{Report, Target, median};
use crate::{append, confirmed, lights, projection, raw, replay, stock, storm};

/// Callers of the append comparison and the least ratio for each.
const WRITERS: [(usize, f64); 4] = [(1, 0.75), (8, 0.75), (32, 2.0), (128, 4.0)];
/// Callers of the command comparison.
const CALLERS: usize = 32;
/// Sessions that one caller may play in a second: more than any machine we know lets it.
const SESSIONS_PER_SECOND: u64 = 80;
/// The least rate of a rebuild, in events per second.
const REBUILT: f64 = 50_000.0;
const RAW_1: &str = "raw single-row INSERT, 1 connection";

/// A part of the bench.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Raw INSERTs and the library's append.
    Append,
    /// Commands through gRPC, and stock cqrs-es.
    Commands,
    /// Replay, COPY and projection.
    Read,
    /// Command to MQTT publish.
    Lights,
    /// Command to the light's confirmation.
    Confirmed,
    /// Command latency in large logs and long streams.
    Latency,
    /// A thousand who want the last ten pieces of a gift.
    Storm,
}

impl Part {
    /// Those asked for, or all.
    pub fn chosen(only: &[Self]) -> Vec<Self> {
        if only.is_empty() {
            Self::value_variants().to_vec()
        } else {
            only.to_vec()
        }
    }
}

/// A run of the bench.
pub struct Bench {
    place: Place,
    rounds: u32,
    time: Duration,
    events: u64,
    report: Report,
}

impl Bench {
    /// Starts Postgres.
    ///
    /// # Errors
    /// It does not start.
    pub async fn start(rounds: u32, time: Duration, events: u64) -> anyhow::Result<Self> {
        let place = Place::start()?;
        let (_, pool) = place.empty("settings").await?;
        let mut report = Report::default();
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        report.machine.push(("cores".to_owned(), cores.to_string()));
        report.machine.extend(place.settings(&pool).await?);
        pool.close().await;
        Ok(Self {
            place,
            rounds,
            time,
            events,
            report,
        })
    }

    /// Runs one part.
    ///
    /// # Errors
    /// Anything fails: a part with errors has no ratios.
    pub async fn run(&mut self, part: Part) -> anyhow::Result<()> {
        eprintln!("{part:?}");
        match part {
            Part::Append => self.append().await,
            Part::Commands => self.commands().await,
            Part::Read => self.read().await,
            Part::Lights => self.lights().await,
            Part::Confirmed => self.confirmed().await,
            Part::Latency => self.latency().await,
            Part::Storm => self.storm().await,
        }
    }

    /// All figures.
    pub fn finish(self) -> Report {
        self.report
    }

    async fn append(&mut self) -> anyhow::Result<()> {
        let (options, pool) = self.place.migrated("append").await?;
        raw::prepare(&pool).await?;
        let log = place::log(&options).await?;
        for (writers, least) in WRITERS {
            let (mut raws, mut owns, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
            for _ in 0..self.rounds {
                let raw = raw::single_rows(&options, writers, self.time).await?.rate();
                let own = append::single_events(&log, writers, self.time).await?.rate();
                ratios.push(own / raw);
                raws.push(raw);
                owns.push(own);
            }
            let plural = if writers == 1 { "" } else { "s" };
            self.report.figure(
                format!("raw single-row INSERT, {writers} connection{plural}"),
                "rows/s",
                raws,
            );
            self.report.figure(
                format!("library append of one event, {writers} writer{plural}"),
                "events/s",
                owns,
            );
            let name = format!("library append ÷ raw single-row INSERT, {writers} writer{plural}");
            self.report.ratio(name, median(&ratios), Target::AtLeast(least));
        }
        let mut batches = Vec::new();
        for _ in 0..self.rounds {
            batches.push(raw::batches(&options, 50, self.time).await?);
        }
        self.report
            .figure("raw INSERT of 50 rows a statement, 1 connection", "rows/s", batches);
        log.close().await;
        pool.close().await;
        Ok(())
    }

    async fn commands(&mut self) -> anyhow::Result<()> {
        let (raw_options, raw_pool) = self.place.migrated("commands_raw").await?;
        raw::prepare(&raw_pool).await?;
        let (stock_options, stock_pool) = self.place.empty("commands_stock").await?;
        stock::prepare(&stock_pool).await?;
        // Each its own log: what one leaves to be published must not burden the other.
        let (_, pool) = self.place.migrated("commands").await?;
        let (_, alone_pool) = self.place.migrated("commands_alone").await?;
        let nats = lights::nats(&self.place, "commands")?;
        let mut rates = [const { Vec::new() }; 7];
        let [raws, stocks, works, owns, written, alone, alone_written] = &mut rates;
        for _ in 0..self.rounds {
            raws.push(raw::single_rows(&raw_options, CALLERS, self.time).await?.rate());
            stocks.push(stock::commands(&stock_options, CALLERS, self.time).await?.rate());
            works.push(stock::same_work(&stock_options, CALLERS, self.time).await?.rate());
            let nats_url = Some(nats.url());
            let (commands, events) = self.played("commands", &pool, nats_url).await?;
            owns.push(commands);
            written.push(events);
            let (commands, events) = self.played("commands_alone", &alone_pool, None).await?;
            alone.push(commands);
            alone_written.push(events);
        }
        let over =
            |rates: &[f64], base: &[f64]| median(&rates.iter().zip(base).map(|(a, b)| a / b).collect::<Vec<_>>());
        let own = "gRPC open, extend, close, 32 callers";
        let targets = [
            (
                "gRPC commands ÷ raw single-row INSERT, 32 callers",
                over(owns, raws),
                1.0,
            ),
            (
                "events so written ÷ raw single-row INSERT, 32 callers",
                over(written, raws),
                1.0,
            ),
            (
                "gRPC commands ÷ stock cqrs-es + postgres-es doing the same work, 32 callers",
                over(owns, works),
                3.0,
            ),
            (
                "gRPC commands, not published, ÷ stock doing the same work, 32 callers",
                over(alone, works),
                3.0,
            ),
            (
                "gRPC commands ÷ stock commands of one event each, 32 callers",
                over(owns, stocks),
                3.0,
            ),
        ];
        let [raws, stocks, works, owns, written, alone, alone_written] = rates;
        let figures = [
            (
                "raw single-row INSERT beside the commands, 32 connections".to_owned(),
                "rows/s",
                raws,
            ),
            (
                "stock cqrs-es + postgres-es, one event a command, 32 callers, no gRPC".to_owned(),
                "commands/s",
                stocks,
            ),
            (
                "stock cqrs-es + postgres-es, open, extend, close of as many streams as ours".to_owned(),
                "commands/s",
                works,
            ),
            (format!("{own}, settled and published"), "commands/s", owns),
            (format!("{own}, settled and published"), "events/s", written),
            (format!("{own}, settled, not published"), "commands/s", alone),
            (format!("{own}, settled, not published"), "events/s", alone_written),
        ];
        for (name, unit, rates) in figures {
            self.report.figure(name, unit, rates);
        }
        for (name, value, least) in targets {
            self.report.ratio(name, value, Target::AtLeast(least));
        }
        for pool in [raw_pool, stock_pool, pool, alone_pool] {
            pool.close().await;
        }
        Ok(())
    }

    /// Plays in `database`; commands per second and the events that the log got meanwhile, per second.
    async fn played(&self, database: &str, pool: &PgPool, nats_url: Option<String>) -> anyhow::Result<(f64, f64)> {
        let (api, channel) = commands::serve(&self.place.postgres.url(database), nats_url, true).await?;
        let seats = hall::set_up(&channel, CALLERS, members_for(self.time)).await?;
        let before = place::head(pool).await?;
        commands::come_to_rest(&api, before).await?;
        let began = Instant::now();
        let measured = commands::play(&channel, &seats, CALLERS, self.time).await?;
        let events = (place::head(pool).await? - before) as f64 / began.elapsed().as_secs_f64();
        api.stop().await;
        Ok((measured.rate(), events))
    }

    async fn read(&mut self) -> anyhow::Result<()> {
        let (options, pool) = self.place.migrated("large").await?;
        let log = place::log(&options).await?;
        append::fill(&log, self.events).await?;
        replay::settle(&options).await?;
        let rows = log.head().await?;
        let (mut copies, mut folds, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..self.rounds {
            let copy = replay::copy_out(&pool, rows).await?;
            let fold = replay::fold(&log, rows).await?;
            ratios.push(fold / copy);
            copies.push(copy);
            folds.push(fold);
        }
        self.report.figure(format!("COPY out of {rows} rows"), "rows/s", copies);
        self.report
            .figure(format!("replay, decode and fold of {rows} events"), "events/s", folds);
        self.report.ratio(
            "replay and fold ÷ COPY out of the same rows",
            median(&ratios),
            Target::AtLeast(0.8),
        );
        log.close().await;
        pool.close().await;
        let url = self.place.postgres.url("large");
        let mut rates = Vec::new();
        for _ in 0..self.rounds {
            rates.push(projection::rate(&url, "trial_balance").await?);
        }
        let name = format!("rebuild of the trial balance, to which each of {rows} events belongs");
        self.report.figure(&name, "events/s", rates.clone());
        self.report
            .ratio(format!("{name}, events/s"), median(&rates), Target::AtLeast(REBUILT));
        self.project().await
    }

    /// Projects sessions that were really played, the mix of events that a hall has.
    async fn project(&mut self) -> anyhow::Result<()> {
        let (options, pool) = self.place.migrated("projected").await?;
        raw::prepare(&pool).await?;
        let url = self.place.postgres.url("projected");
        let (api, channel) = commands::serve(&url, None, true).await?;
        let time = self.time * 4;
        let seats = hall::set_up(&channel, CALLERS, members_for(time)).await?;
        commands::play(&channel, &seats, CALLERS, time).await?;
        api.stop().await;
        replay::settle(&options).await?;
        let (mut raws, mut rates, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..self.rounds {
            let raw = raw::single_rows(&options, 1, self.time).await?.rate();
            let rate = projection::rate(&url, "bills").await?;
            ratios.push(rate / raw);
            raws.push(raw);
            rates.push(rate);
        }
        self.report
            .figure(format!("{RAW_1}, beside the projection"), "rows/s", raws);
        self.report.figure(
            "projection of played sessions to the bills, 1 worker",
            "events/s",
            rates,
        );
        self.report.ratio(
            "projection to a table ÷ raw single-row INSERT, 1 worker",
            median(&ratios),
            Target::AtLeast(10.0),
        );
        let mut slowest = ("", f64::INFINITY);
        for view in baize_projections::VIEWS {
            let rate = projection::rate(&url, view).await?;
            if rate < slowest.1 {
                slowest = (view, rate);
            }
        }
        let name = format!(
            "rebuild of the slowest view, {}, from played sessions, events/s",
            slowest.0
        );
        self.report.ratio(name, slowest.1, Target::AtLeast(REBUILT));
        pool.close().await;
        Ok(())
    }

    async fn lights(&mut self) -> anyhow::Result<()> {
        let (_, pool) = self.place.migrated("lights").await?;
        let nats = lights::nats(&self.place, "lights")?;
        let (api, channel) = commands::serve(&self.place.postgres.url("lights"), Some(nats.url()), true).await?;
        let seats = hall::set_up(&channel, 8, 64).await?;
        let fleet = lights::relays(&nats, &seats).await?;
        let bridge = lights::bridge(&nats, &format!("http://{}", api.address()), channel.badge()).await?;
        lights::latency(&channel, &nats, &seats, 50).await?;
        let mut figures = [const { Vec::new() }; 4];
        for _ in 0..self.rounds {
            let lights::Latency { sent, accepted } = lights::latency(&channel, &nats, &seats, 300).await?;
            let quantiles = [(&sent, 0.5), (&sent, 0.99), (&accepted, 0.5), (&accepted, 0.99)];
            for (figure, (latency, quantile)) in figures.iter_mut().zip(quantiles) {
                figure.push(latency.value_at_quantile(quantile) as f64 / 1e3);
            }
        }
        let [sent_p50, sent_p99, accepted_p50, accepted_p99] = figures;
        self.report
            .figure("opening sent → MQTT publish heard, p50", "ms", sent_p50);
        self.report
            .figure("opening sent → MQTT publish heard, p99", "ms", sent_p99);
        self.report
            .figure("opening accepted → MQTT publish heard, p50", "ms", accepted_p50);
        let p99 = self
            .report
            .figure("opening accepted → MQTT publish heard, p99", "ms", accepted_p99);
        self.report.ratio(
            "opening accepted → MQTT publish heard, p99 in ms, unloaded",
            p99,
            Target::AtMost(10.0),
        );
        bridge.stop().await;
        fleet.stop().await;
        api.stop().await;
        pool.close().await;
        Ok(())
    }

    async fn confirmed(&mut self) -> anyhow::Result<()> {
        const PER_SECOND: u32 = 200;
        const AT_ONCE: usize = 10_000;
        let (options, pool) = self.place.migrated("confirmed").await?;
        let log = place::log(&options).await?;
        let nats = lights::nats(&self.place, "confirmed")?;
        let each = usize::try_from(u64::from(PER_SECOND) * self.time.as_secs().max(1))?;
        let lights = confirmed::install(&log, each * self.rounds as usize + AT_ONCE).await?;
        let (api, channel) = commands::serve(&self.place.postgres.url("confirmed"), Some(nats.url()), false).await?;
        let fleet = confirmed::relays(&nats, &lights).await?;
        let bridge = lights::bridge(&nats, &format!("http://{}", api.address()), channel.badge()).await?;
        let head = log.head().await?;
        bridge
            .status()
            .wait_for(|status| status.is_caught_up && status.is_connected && status.position >= head)
            .await?;
        let mut confirmations = confirmed::Confirmations::listen(&log).await?;
        let (one_by_one, together) = lights.split_at(each * self.rounds as usize);
        let (mut p50, mut p99, mut so_far) = (Vec::new(), Vec::new(), 0);
        for lights in one_by_one.chunks(each) {
            let sent = confirmed::one_by_one(&log, lights, PER_SECOND).await?;
            so_far += lights.len();
            let took = confirmations.took(&sent, so_far).await?;
            p50.push(took.value_at_quantile(0.5) as f64 / 1e3);
            p99.push(took.value_at_quantile(0.99) as f64 / 1e3);
        }
        let name = format!("command → confirmed in the log, {PER_SECOND} commands/s");
        self.report.figure(format!("{name}, p50"), "ms", p50);
        let p99 = self.report.figure(format!("{name}, p99"), "ms", p99);
        self.report
            .ratio(format!("{name}, p99 in ms"), p99, Target::AtMost(50.0));

        let since = jiff::Timestamp::now();
        let sent = confirmed::at_once(&log, together).await?;
        let took = confirmations.took(&sent, lights.len()).await?;
        let name = format!("{AT_ONCE} commands at once to {} relays", lights.len());
        let last = took.max() as f64 / 1e6;
        let lit = confirmed::all_lit(&fleet, since).context("some lamps are dark")?;
        let told = bridge.publish_latency().summary().max.as_secs_f64();
        self.report.figure(
            format!("{name}, event at the bridge → socket, the longest"),
            "s",
            vec![told],
        );
        self.report.figure(format!("{name}, all lamps on"), "s", vec![lit]);
        self.report.figure(
            format!("{name}, half of them confirmed"),
            "s",
            vec![took.value_at_quantile(0.5) as f64 / 1e6],
        );
        self.report
            .figure(format!("{name}, all confirmed in the log"), "s", vec![last]);
        self.report
            .ratio(format!("{name}, all confirmed, in s"), last, Target::AtMost(2.0));
        bridge.stop().await;
        fleet.stop().await;
        api.stop().await;
        log.close().await;
        pool.close().await;
        Ok(())
    }

    async fn latency(&mut self) -> anyhow::Result<()> {
        const CALLS: usize = 1_500;
        const LONG: usize = 10_000;
        let (_, empty_pool) = self.place.migrated("latency_empty").await?;
        let (large, large_pool) = self.place.migrated("latency_large").await?;
        let log = place::log(&large).await?;
        append::fill(&log, self.events).await?;
        log.close().await;
        replay::settle(&large).await?;
        let (empty_api, empty) = commands::serve(&self.place.postgres.url("latency_empty"), None, false).await?;
        let (large_api, large) = commands::serve(&self.place.postgres.url("latency_large"), None, false).await?;
        let empty_seats = hall::set_up(&empty, 2, 1).await?;
        let large_seats = hall::set_up(&large, 1, 1).await?;
        let [fresh, long] = empty_seats.as_slice() else {
            anyhow::bail!("two tables were set up")
        };
        let mut figures = [const { Vec::new() }; 4];
        for _ in 0..self.rounds {
            figures[0].push(commands::toggle_latency(&empty, &fresh.table_id, CALLS).await?);
            figures[1].push(commands::toggle_latency(&large, &large_seats[0].table_id, CALLS).await?);
        }
        commands::lengthen(&empty, &long.table_id, LONG).await?;
        for _ in 0..self.rounds {
            let fresh = hall::set_up(&empty, 1, 1).await?;
            figures[2].push(commands::toggle_latency(&empty, &fresh[0].table_id, CALLS).await?);
            figures[3].push(commands::toggle_latency(&empty, &long.table_id, CALLS).await?);
        }
        let over = |a: &[f64], b: &[f64]| median(&a.iter().zip(b).map(|(a, b)| a / b).collect::<Vec<_>>());
        let (size, length) = (over(&figures[1], &figures[0]), over(&figures[3], &figures[2]));
        let [on_empty, on_large, on_fresh, on_long] = figures;
        self.report.figure("command latency p50, empty log", "µs", on_empty);
        self.report.figure(
            format!("command latency p50, log of {} events", self.events),
            "µs",
            on_large,
        );
        self.report.figure("command latency p50, fresh stream", "µs", on_fresh);
        self.report
            .figure(format!("command latency p50, stream of {LONG} events"), "µs", on_long);
        self.report.ratio(
            format!("p50 command latency, log of {} events ÷ empty log", self.events),
            size,
            Target::AtMost(1.1),
        );
        self.report.ratio(
            format!("p50 command latency, stream of {LONG} events ÷ fresh stream"),
            length,
            Target::AtMost(1.2),
        );
        empty_api.stop().await;
        large_api.stop().await;
        empty_pool.close().await;
        large_pool.close().await;
        Ok(())
    }

    async fn storm(&mut self) -> anyhow::Result<()> {
        const PEOPLE: usize = 1_000;
        const PIECES: u32 = 10;
        let (options, pool) = self.place.migrated("storm").await?;
        let log = place::log(&options).await?;
        let (api, channel) = commands::serve(&self.place.postgres.url("storm"), None, true).await?;
        let (mut p50, mut p99, mut whole) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..self.rounds {
            let storm = storm::storm(&channel, &log, PEOPLE, PIECES).await?;
            p50.push(storm.took.value_at_quantile(0.5) as f64 / 1e3);
            p99.push(storm.took.value_at_quantile(0.99) as f64 / 1e3);
            whole.push(storm.whole.as_secs_f64() * 1e3);
        }
        let name = format!("{PEOPLE} redemptions of the last {PIECES} pieces at once");
        self.report.figure(format!("{name}, p50"), "ms", p50);
        let p99 = self.report.figure(format!("{name}, p99"), "ms", p99);
        self.report.figure(format!("{name}, all answered"), "ms", whole);
        self.report
            .ratio(format!("{name}, p99 in ms"), p99, Target::AtMost(1_000.0));
        api.stop().await;
        log.close().await;
        pool.close().await;
        Ok(())
    }
}

/// How many members one caller needs for `time` and its warm-up, which is a fifth of it.
fn members_for(time: Duration) -> usize {
    let sessions = SESSIONS_PER_SECOND * (time.as_secs() + 1) * 6 / 5;
    usize::try_from(sessions).unwrap_or(usize::MAX)
}
