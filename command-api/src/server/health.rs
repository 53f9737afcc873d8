//! Health: a service is serving while the database answers and its process runner has not stopped for good.

use std::time::Duration;

use sqlx::PgPool;
use tokio::sync::watch;
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};

use super::NAMES;
use crate::processes::RunnerStatus;

/// A database that takes longer than this for nothing is of no use to commands either.
const ANSWER_MAX: Duration = Duration::from_secs(2);

/// The health of all services: they stand on the same database.
#[derive(Clone, Default)]
pub struct Health {
    reporter: HealthReporter,
}

impl Health {
    /// The service that tells.
    pub fn service(&self) -> HealthServer<HealthService> {
        HealthServer::new(HealthService::from_health_reporter(self.reporter.clone()))
    }

    /// Looks at the database and the runner every `interval`, for ever. Commands are answered even while this says no: sessions can
    /// be closed by hand where nothing ends by itself any more.
    pub async fn watch(&self, pool: PgPool, runner: watch::Receiver<RunnerStatus>, interval: Duration) {
        let mut serving = true;
        loop {
            let trouble = trouble(&pool, &runner).await;
            self.set(trouble.is_none()).await;
            if serving != trouble.is_none() {
                serving = trouble.is_none();
                match trouble {
                    None => tracing::info!("serving"),
                    Some(why) => tracing::warn!(why, "not serving"),
                }
            }
            tokio::time::sleep(interval).await;
        }
    }

    /// Sets the health of every service, and of the whole.
    pub async fn set(&self, serving: bool) {
        let status = if serving {
            ServingStatus::Serving
        } else {
            ServingStatus::NotServing
        };
        for name in NAMES.into_iter().chain([""]) {
            self.reporter.set_service_status(name, status).await;
        }
    }
}

/// What is in the way, if something is.
async fn trouble(pool: &PgPool, runner: &watch::Receiver<RunnerStatus>) -> Option<String> {
    if !answers(pool).await {
        return Some("the database does not answer".to_owned());
    }
    match &*runner.borrow() {
        RunnerStatus::Failed { why } => Some(format!("the process runner has stopped: {why}")),
        _ => None,
    }
}

async fn answers(pool: &PgPool) -> bool {
    let asked = sqlx::query("SELECT 1").execute(pool);
    matches!(tokio::time::timeout(ANSWER_MAX, asked).await, Ok(Ok(_)))
}
