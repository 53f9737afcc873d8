//! Stock cqrs-es with postgres-es, as its documentation sets it up: the yardstick that a command must beat.

use std::sync::Arc;
use std::time::Duration;

use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent};
use postgres_es::postgres_cqrs;
use serde::{Deserialize, Serialize};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Executor as _, PgPool};
use uuid::Uuid;

use crate::load::{Measured, closed_loop};

/// A game as small as can be: opened, extended, closed. The same aggregate stands for the table, the wallet and the device that
/// change with it.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Game {
    minutes: u32,
    closed: bool,
}

#[derive(Debug)]
enum GameCommand {
    Open,
    Extend,
    Close,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum GameEvent {
    Opened {
        table_id: Uuid,
        member_id: Uuid,
        minutes: u32,
    },
    Extended {
        minutes: u32,
    },
    Closed {
        total_fen: i64,
    },
}

impl DomainEvent for GameEvent {
    fn event_type(&self) -> String {
        match self {
            Self::Opened { .. } => "Opened",
            Self::Extended { .. } => "Extended",
            Self::Closed { .. } => "Closed",
        }
        .to_owned()
    }

    fn event_version(&self) -> String {
        "1.0.0".to_owned()
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the game is over")]
struct GameOver;

impl Aggregate for Game {
    const TYPE: &'static str = "Game";
    type Command = GameCommand;
    type Event = GameEvent;
    type Error = GameOver;
    type Services = ();

    async fn handle(&mut self, command: GameCommand, _: &(), sink: &EventSink<Self>) -> Result<(), GameOver> {
        if self.closed {
            return Err(GameOver);
        }
        let event = match command {
            GameCommand::Open => GameEvent::Opened {
                table_id: Uuid::nil(),
                member_id: Uuid::nil(),
                minutes: 60,
            },
            GameCommand::Extend => GameEvent::Extended { minutes: 30 },
            GameCommand::Close => GameEvent::Closed {
                total_fen: i64::from(self.minutes) * 60,
            },
        };
        sink.write(event, self).await;
        Ok(())
    }

    fn apply(&mut self, event: GameEvent) {
        match event {
            GameEvent::Opened { minutes, .. } | GameEvent::Extended { minutes } => self.minutes += minutes,
            GameEvent::Closed { .. } => self.closed = true,
        }
    }
}

/// The table that postgres-es documents.
///
/// # Errors
/// The database refuses.
pub async fn prepare(pool: &PgPool) -> anyhow::Result<()> {
    pool.execute(
        "CREATE TABLE events (aggregate_type text NOT NULL, aggregate_id text NOT NULL, sequence bigint CHECK (sequence >= 0) NOT NULL, \
         event_type text NOT NULL, event_version text NOT NULL, payload json NOT NULL, metadata json NOT NULL, \
         PRIMARY KEY (aggregate_type, aggregate_id, sequence))",
    )
    .await?;
    Ok(())
}

/// Streams that a command changes: open, extend and close write to as many when they go through our service, in one unit of work.
/// Stock cqrs-es has no such unit, so it executes one command after another.
const STREAMS: [usize; 3] = [4, 3, 3];

/// What a caller does next.
struct Round {
    ids: Vec<String>,
    step: usize,
}

impl Round {
    /// The next command and the streams it is for. All streams of a game are fresh: stock reads a stream from its start each time, and
    /// long ones would make it look worse than it is.
    fn next(&mut self, streams: [usize; 3]) -> (usize, Vec<String>) {
        let step = self.step % 3;
        if step == 0 {
            self.ids = (0..streams[0]).map(|_| Uuid::now_v7().to_string()).collect();
        }
        self.step += 1;
        (step, self.ids.iter().take(streams[step]).cloned().collect())
    }
}

/// Open, extend, close on fresh games of one stream each: commands per second.
///
/// # Errors
/// A command fails.
pub async fn commands(options: &PgConnectOptions, callers: usize, time: Duration) -> anyhow::Result<Measured> {
    play(options, callers, time, [1, 1, 1]).await
}

/// Open, extend, close on as many streams as ours: how often per second all of one are done.
///
/// # Errors
/// A command fails.
pub async fn same_work(options: &PgConnectOptions, callers: usize, time: Duration) -> anyhow::Result<Measured> {
    play(options, callers, time, STREAMS).await
}

async fn play(
    options: &PgConnectOptions,
    callers: usize,
    time: Duration,
    streams: [usize; 3],
) -> anyhow::Result<Measured> {
    let pool = PgPoolOptions::new()
        .min_connections(u32::try_from(callers)?)
        .max_connections(u32::try_from(callers)?)
        .connect_with(options.clone())
        .await?;
    let cqrs = Arc::new(postgres_cqrs::<Game>(pool.clone(), Vec::new(), ()));
    let measured = closed_loop(callers, time, |_| {
        let cqrs = Arc::clone(&cqrs);
        let mut round = Round {
            ids: Vec::new(),
            step: 0,
        };
        move || {
            let (step, ids) = round.next(streams);
            let cqrs = Arc::clone(&cqrs);
            async move {
                for id in ids {
                    let command = match step {
                        0 => GameCommand::Open,
                        1 => GameCommand::Extend,
                        _ => GameCommand::Close,
                    };
                    cqrs.execute(&id, command).await?;
                }
                Ok(())
            }
        }
    })
    .await?;
    pool.close().await;
    Ok(measured)
}
