//! How customers call: with deadlines, again under the same request id while the service is away, and noted down.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use baize_eventlog::Clock;
use baize_proto::access::{Badge, Bearing, Claims, Keys, Role, Signer};
use baize_proto::hall::complaint::v1::complaint_service_client::ComplaintServiceClient;
use baize_proto::hall::device::v1::repair_service_client::RepairServiceClient;
use baize_proto::hall::identity::v1::identity_service_client::IdentityServiceClient;
use baize_proto::hall::member::v1::member_service_client::MemberServiceClient;
use baize_proto::hall::table::v1::table_service_client::TableServiceClient;
use baize_proto::hall::venue::v1::venue_service_client::VenueServiceClient;
use baize_proto::hall::view::v1::bill_service_client::BillServiceClient;
use baize_proto::hall::view::v1::board_service_client::BoardServiceClient;
use baize_proto::hall::view::v1::complaint_queue_service_client::ComplaintQueueServiceClient;
use baize_proto::hall::view::v1::directory_service_client::DirectoryServiceClient;
use baize_proto::hall::view::v1::statement_service_client::StatementServiceClient;
use baize_proto::hall::wallet::v1::wallet_service_client::WalletServiceClient;
use jiff::Timestamp;
use tonic::transport::Endpoint;
use tonic::{Code, Request, Response, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

use super::Options;
use super::ledger::Refusal;

/// How long one attempt may take, in real time.
const DEADLINE: Duration = Duration::from_secs(5);
/// Waits between attempts grow from the first to the second.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(500));

/// Connections to the two services.
#[derive(Clone)]
pub(crate) struct Wire {
    command_url: String,
    command: Bearing,
    query: Bearing,
    keys: Keys,
    counter: Badge,
    retry_for: Duration,
    pub(crate) clock: Clock,
}

/// Why a call did not succeed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Failed {
    /// Nothing was done, for a reason.
    Refused(Refusal),
    /// Nobody knows.
    Unknown(String),
}

/// What came of a call, and how often it was sent.
pub(crate) struct Asked<T> {
    pub(crate) result: Result<T, Failed>,
    pub(crate) attempts: u32,
    pub(crate) took: Duration,
}

impl Wire {
    /// Connects when first used, and again whenever a connection is lost. Calls as the hall's counter.
    pub(crate) fn new(options: &Options) -> anyhow::Result<Self> {
        let staff = claims(Role::Staff, Uuid::new_v4())
            .in_halls([options.hall_id])
            .in_chain(options.chain_id);
        let counter = Badge::signed(Signer::new(options.keys.clone()), staff);
        let connected = |url: &str| anyhow::Ok(Bearing::new(endpoint(url)?.connect_lazy(), counter.clone()));
        Ok(Self {
            command: connected(&options.command_url)?,
            query: connected(&options.query_url)?,
            command_url: options.command_url.clone(),
            keys: options.keys.clone(),
            counter,
            retry_for: options.retry_for,
            clock: options.clock.clone(),
        })
    }

    /// The same connections with the token of a customer. What the counter does is still done by the counter.
    pub(crate) fn of_customer(&self, member_id: Uuid) -> Self {
        let badge = Badge::signed(Signer::new(self.keys.clone()), claims(Role::Customer, member_id));
        Self {
            command: self.command.with(badge.clone()),
            query: self.query.with(badge),
            ..self.clone()
        }
    }

    /// The same connections with a token that was given at a login.
    pub(crate) fn showing(&self, token: &str) -> Self {
        let badge = Badge::fixed(token);
        Self {
            command: self.command.with(badge.clone()),
            query: self.query.with(badge),
            ..self.clone()
        }
    }

    /// The same with a connection of its own for commands, to be lost.
    pub(crate) fn fresh(&self) -> anyhow::Result<Self> {
        Ok(Self {
            command: Bearing::new(endpoint(&self.command_url)?.connect_lazy(), self.command.badge()),
            ..self.clone()
        })
    }

    pub(crate) fn tables(&self) -> TableServiceClient<Bearing> {
        TableServiceClient::new(self.command.clone())
    }

    pub(crate) fn identity(&self) -> IdentityServiceClient<Bearing> {
        IdentityServiceClient::new(self.command.clone())
    }

    pub(crate) fn wallets(&self) -> WalletServiceClient<Bearing> {
        WalletServiceClient::new(self.command.with(self.counter.clone()))
    }

    /// The customer's own, to pay from; who pays in does so at the counter.
    pub(crate) fn own_wallet(&self) -> WalletServiceClient<Bearing> {
        WalletServiceClient::new(self.command.clone())
    }

    pub(crate) fn members(&self) -> MemberServiceClient<Bearing> {
        MemberServiceClient::new(self.command.with(self.counter.clone()))
    }

    pub(crate) fn repairs(&self) -> RepairServiceClient<Bearing> {
        RepairServiceClient::new(self.command.with(self.counter.clone()))
    }

    /// The customer's own, to complain; the counter's where the counter calls.
    pub(crate) fn complaints(&self) -> ComplaintServiceClient<Bearing> {
        ComplaintServiceClient::new(self.command.clone())
    }

    pub(crate) fn complaint_queue(&self) -> ComplaintQueueServiceClient<Bearing> {
        ComplaintQueueServiceClient::new(self.query.clone())
    }

    pub(crate) fn venues(&self) -> VenueServiceClient<Bearing> {
        VenueServiceClient::new(self.command.with(self.counter.clone()))
    }

    pub(crate) fn directory(&self) -> DirectoryServiceClient<Bearing> {
        DirectoryServiceClient::new(self.query.clone())
    }

    pub(crate) fn boards(&self) -> BoardServiceClient<Bearing> {
        BoardServiceClient::new(self.query.clone())
    }

    pub(crate) fn bills(&self) -> BillServiceClient<Bearing> {
        BillServiceClient::new(self.query.clone())
    }

    pub(crate) fn statements(&self) -> StatementServiceClient<Bearing> {
        StatementServiceClient::new(self.query.clone())
    }

    /// Calls until there is an answer or a refusal, or patience ends. Only for what may be repeated: queries, and
    /// commands under one request id.
    pub(crate) async fn ask<T, F>(&self, mut call: impl FnMut() -> F) -> Asked<T>
    where
        F: Future<Output = Result<Response<T>, Status>>,
    {
        let began = Instant::now();
        let mut wait = BACKOFF.0;
        let mut attempts = 0;
        loop {
            attempts += 1;
            // The client's own deadline too: a server that hangs does not answer its deadline either.
            let answer = tokio::time::timeout(DEADLINE + Duration::from_secs(1), call()).await;
            let status = match answer {
                Ok(Ok(answer)) => {
                    return Asked {
                        result: Ok(answer.into_inner()),
                        attempts,
                        took: began.elapsed(),
                    };
                }
                Ok(Err(status)) => status,
                Err(_) => Status::deadline_exceeded("no answer"),
            };
            if !may_pass(&status) {
                return Asked {
                    result: Err(Failed::Refused(refusal(&status))),
                    attempts,
                    took: began.elapsed(),
                };
            }
            tracing::debug!(%status, attempts, "trying again");
            if began.elapsed() + wait > self.retry_for {
                let error = format!("{:?}: {}", status.code(), status.message());
                return Asked {
                    result: Err(Failed::Unknown(error)),
                    attempts,
                    took: began.elapsed(),
                };
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(BACKOFF.1);
        }
    }
}

/// A request with its deadline, which the server is told.
pub(crate) fn timed<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(DEADLINE);
    request
}

/// Whether the same call may succeed later. `Unknown` and `Internal` are what a connection that breaks looks like.
fn may_pass(status: &Status) -> bool {
    matches!(
        status.code(),
        Code::Unavailable
            | Code::DeadlineExceeded
            | Code::Aborted
            | Code::Cancelled
            | Code::ResourceExhausted
            | Code::Unknown
            | Code::Internal
    )
}

fn refusal(status: &Status) -> Refusal {
    let details = status.get_error_details();
    let info = details.error_info();
    let facts = info
        .map(|info| info.metadata.clone().into_iter().collect())
        .unwrap_or_default();
    Refusal {
        code: format!("{:?}", status.code()),
        reason: info.map(|info| info.reason.clone()).unwrap_or_default(),
        message: status.message().to_owned(),
        facts,
    }
}

fn claims(role: Role, subject: Uuid) -> Claims {
    // Tokens go by real time, whatever the hall's clock shows.
    Claims::new(subject, role, Timestamp::now(), role.lifetime_max())
}

fn endpoint(url: &str) -> anyhow::Result<Endpoint> {
    let endpoint = Endpoint::from_shared(url.to_owned()).with_context(|| format!("{url:?} is no URL"))?;
    Ok(endpoint
        .connect_timeout(Duration::from_secs(2))
        .http2_keep_alive_interval(Duration::from_secs(5))
        .keep_alive_timeout(Duration::from_secs(5))
        .tcp_nodelay(true))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tonic_types::ErrorDetails;

    use super::*;

    fn wire(retry_for: Duration) -> Wire {
        let nobody = "http://127.0.0.1:1".to_owned();
        let options = Options {
            command_url: nobody.clone(),
            query_url: nobody,
            keys: Keys::default(),
            chain_id: Uuid::nil(),
            hall_id: Uuid::nil(),
            clock: Clock::real(),
            opens_at: Timestamp::UNIX_EPOCH,
            closes_at: Timestamp::UNIX_EPOCH,
            time_zone: "UTC".to_owned(),
            seed: 1,
            arrivals_per_hour: 1.0,
            retry_for,
            phones: None,
            repair_after: None,
        };
        Wire::new(&options).unwrap()
    }

    #[tokio::test]
    async fn a_call_is_repeated_until_the_service_is_back() {
        let calls = AtomicU32::new(0);
        let wire = wire(Duration::from_secs(60));
        let asked = wire.ask(async || match calls.fetch_add(1, Ordering::Relaxed) {
            0 => Err(Status::unavailable("away")),
            1 => Err(Status::unknown("transport error")),
            _ => Ok(Response::new("here")),
        });
        let asked = asked.await;
        assert_eq!((asked.result, asked.attempts), (Ok("here"), 3));
    }

    #[tokio::test]
    async fn a_refusal_is_an_answer_and_is_not_repeated() {
        let facts = [("shortfall_fen".to_owned(), "500".to_owned())];
        let details = ErrorDetails::with_error_info("TOP_UP_REQUIRED", "baize", facts.clone());
        let status = Status::with_error_details(Code::FailedPrecondition, "too little", details);
        let asked = wire(Duration::from_secs(60))
            .ask(async || Err::<Response<()>, _>(status.clone()))
            .await;
        let refusal = Refusal {
            code: "FailedPrecondition".to_owned(),
            reason: "TOP_UP_REQUIRED".to_owned(),
            message: "too little".to_owned(),
            facts: facts.into(),
        };
        assert_eq!((asked.result, asked.attempts), (Err(Failed::Refused(refusal)), 1));
    }

    #[tokio::test]
    async fn a_service_that_stays_away_leaves_the_outcome_unknown() {
        let wire = wire(Duration::from_millis(50));
        let asked = wire.ask(|| {
            let mut client = wire.boards();
            async move {
                client
                    .get_board(timed(baize_proto::hall::view::v1::GetBoardRequest::default()))
                    .await
            }
        });
        let asked = asked.await;
        assert!(matches!(asked.result, Err(Failed::Unknown(_))), "{:?}", asked.result);
        assert!(asked.attempts > 1);
    }
}
