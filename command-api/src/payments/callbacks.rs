//! Where providers tell unasked: an HTTP listener of its own.
//!
//! Anybody can post here, so nothing is believed that the provider's client has not verified over the very bytes that came. A notification is
//! acknowledged only once what it tells is in the log; until then its sender is told to come again. Whatever is wrong with what was sent gets a
//! 4xx, never a 5xx; 5xx is for what is wrong with us. Notifications are only ever news that is heard early: orders are asked about as well.

use std::sync::Arc;

use anyhow::Context as _;
use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use baize_domain::Command;
use baize_domain::ids::derived;
use baize_domain::payment::{
    AMOUNT_UNCONFIRMED, Channel, OrderOutcome, OrderState, ProviderAnswer, ProviderRequest, RefundState,
};
use baize_domain::refund::RefundOutcome;
use baize_eventlog::{Clock, RequestKey};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::CallbackOptions;
use super::channels::Channels;
use super::provider::{Notice, Provider};
use crate::dispatch::{Caller, CommandError, Dispatcher};

/// Request ids of notifications are their own namespace.
const SCOPE: &str = "callback";

/// Where what a notification tells is stored.
#[async_trait]
pub trait Book: Send + Sync {
    /// Stores it; the same again is no news.
    async fn record(&self, channel: Channel, command: Command) -> Result<(), CommandError>;
}

#[async_trait]
impl Book for Dispatcher {
    async fn record(&self, channel: Channel, command: Command) -> Result<(), CommandError> {
        let content = serde_json::to_string(&command).map_err(|error| CommandError::Internal(error.into()))?;
        let request_id = derived(&[SCOPE, &content]);
        let request = RequestKey::new(SCOPE, request_id, content.as_bytes());
        let caller = Caller::process(SCOPE, channel.code());
        self.dispatch(command, request, &caller).await.map(|_| ())
    }
}

/// What the handlers share.
pub struct Callbacks {
    channels: Arc<Channels>,
    book: Arc<dyn Book>,
    clock: Clock,
    options: CallbackOptions,
    room: Semaphore,
}

impl Callbacks {
    /// Notifications of `channels` that go to `book`.
    pub fn new(channels: Arc<Channels>, book: Arc<dyn Book>, clock: Clock, options: CallbackOptions) -> Self {
        let room = Semaphore::new(options.concurrency_max);
        Self {
            channels,
            book,
            clock,
            options,
            room,
        }
    }

    /// The address `/callbacks/<code of the channel>` for each channel.
    pub fn router(self) -> Router {
        Router::new()
            .route("/callbacks/{channel}", post(told))
            .with_state(Arc::new(self))
    }
}

/// Takes connections in until `stop`, then until the notifications in work are answered.
///
/// # Errors
/// If the listener fails.
pub async fn serve(router: Router, listener: TcpListener, stop: CancellationToken) -> anyhow::Result<()> {
    let served = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned());
    served.await.context("the listener for notifications")
}

async fn told(
    State(callbacks): State<Arc<Callbacks>>,
    Path(code): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let channel = Channel::ALL.into_iter().find(|channel| channel.code() == code);
    let provider = channel.and_then(|channel| callbacks.channels.provider(channel));
    let Some(provider) = provider else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let Ok(_place) = callbacks.room.try_acquire() else {
        return again(&**provider);
    };
    match callbacks.read(body).await {
        Ok(body) => callbacks.take(&**provider, &headers, &body).await,
        Err(status) => status.into_response(),
    }
}

impl Callbacks {
    async fn read(&self, body: Body) -> Result<Bytes, StatusCode> {
        let bytes = axum::body::to_bytes(body, self.options.bytes_max);
        match tokio::time::timeout(self.options.read_time_max, bytes).await {
            Ok(bytes) => bytes.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE),
            Err(_) => Err(StatusCode::REQUEST_TIMEOUT),
        }
    }

    async fn take(&self, provider: &dyn Provider, headers: &HeaderMap, body: &[u8]) -> Response {
        let channel = provider.channel();
        let notice = match provider.notice(headers, body, self.clock.now()) {
            Ok(notice) => notice,
            Err(forged) => {
                tracing::warn!(channel = channel.code(), %forged, "a notification is not believed");
                return StatusCode::BAD_REQUEST.into_response();
            }
        };
        let Some(command) = command(channel, notice) else {
            return acknowledged(provider);
        };
        let stored = tokio::time::timeout(self.options.store_time_max, self.store(channel, command));
        match stored.await {
            Ok(Ok(())) => acknowledged(provider),
            Ok(Err(CommandError::Refused(refusal))) => {
                tracing::warn!(channel = channel.code(), %refusal, "a notification about what is not known here");
                StatusCode::CONFLICT.into_response()
            }
            Ok(Err(error)) => {
                tracing::warn!(channel = channel.code(), %error, "a notification could not be stored; it will come again");
                again(provider)
            }
            Err(_) => again(provider),
        }
    }
}

impl Callbacks {
    /// Stores what was told. If it is not what was asked, the provider is asked before anything is taken in.
    async fn store(&self, channel: Channel, command: Command) -> Result<(), CommandError> {
        let order_no = match &command {
            Command::RecordOrder { order_no, .. } => Some(*order_no),
            _ => None,
        };
        match (self.book.record(channel, command).await, order_no) {
            (Err(CommandError::Refused(refusal)), Some(order_no)) if refusal.reason == AMOUNT_UNCONFIRMED => {
                let question = ProviderRequest::Query { channel, order_no };
                let ProviderAnswer::Order(state) = self.channels.call(&question, None).await else {
                    return Err(CommandError::Refused(refusal));
                };
                let outcome = OrderOutcome::of(state).ok_or(CommandError::Refused(refusal))?;
                let command = Command::RecordOrder {
                    channel,
                    order_no,
                    outcome,
                };
                self.book.record(channel, command).await
            }
            (stored, _) => stored,
        }
    }
}

/// What a notification asks to be recorded; nothing, if it is no news.
fn command(channel: Channel, notice: Notice) -> Option<Command> {
    match notice {
        Notice::Order { order_no, state } => {
            let outcome = match state {
                OrderState::Paid(paid) => OrderOutcome::Told(paid),
                other => OrderOutcome::of(other)?,
            };
            Some(Command::RecordOrder {
                channel,
                order_no,
                outcome,
            })
        }
        Notice::Refund { refund_no, state } => {
            let outcome = match state {
                RefundState::Succeeded { amount, at } => RefundOutcome::Told { amount, at },
                other => RefundOutcome::of(other)?,
            };
            Some(Command::RecordRefund {
                channel,
                refund_no,
                outcome,
            })
        }
        Notice::Other { what } => {
            tracing::info!(
                channel = channel.code(),
                what,
                "a notification that does not concern us"
            );
            None
        }
    }
}

fn acknowledged(provider: &dyn Provider) -> Response {
    let answer = provider.acknowledgement(true);
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    (status, [(header::CONTENT_TYPE, answer.content_type)], answer.body).into_response()
}

/// To be told again later: our fault, whatever the provider's words for that are.
fn again(provider: &dyn Provider) -> Response {
    let answer = provider.acknowledgement(false);
    let status = StatusCode::from_u16(answer.status).ok();
    let status = status.filter(StatusCode::is_server_error);
    let status = status.unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    (status, [(header::CONTENT_TYPE, answer.content_type)], answer.body).into_response()
}

#[cfg(test)]
#[path = "callbacks_tests.rs"]
mod tests;
