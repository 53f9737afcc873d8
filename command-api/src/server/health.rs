//! Health: a service is serving while the database answers.

use std::time::Duration;

use sqlx::PgPool;
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};

use super::NAMES;

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

    /// Looks at the database every `interval`, for ever.
    pub async fn watch(&self, pool: PgPool, interval: Duration) {
        let mut serving = true;
        loop {
            let answers = answers(&pool).await;
            self.set(answers).await;
            if answers != serving {
                serving = answers;
                if serving {
                    tracing::info!("serving: the database answers");
                } else {
                    tracing::warn!("not serving: the database does not answer");
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

async fn answers(pool: &PgPool) -> bool {
    let asked = sqlx::query("SELECT 1").execute(pool);
    matches!(tokio::time::timeout(ANSWER_MAX, asked).await, Ok(Ok(_)))
}
