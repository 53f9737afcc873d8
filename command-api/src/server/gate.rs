//! What every request passes first: is there room, and how long may it take.
//!
//! tonic's own timeout answers `CANCELLED`, and its load shedding counts connections one by one; clients need
//! `DEADLINE_EXCEEDED`, and a limit for all of them.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::Semaphore;
use tonic::body::Body;
use tonic::codegen::http::{HeaderMap, Request, Response};
use tower::{Layer, Service};

use crate::errors;

/// Health and reflection answer also when there is no room.
const OWN_SERVICES: &str = "/grpc.";

/// The layer.
#[derive(Clone)]
pub struct Gate {
    room: Arc<Semaphore>,
    deadline_max: Duration,
}

/// A service behind the gate.
#[derive(Clone)]
pub struct Gated<S> {
    gate: Gate,
    inner: S,
}

impl Gate {
    /// Lets `requests_max` requests in at a time, none for longer than `deadline_max`.
    pub fn new(requests_max: usize, deadline_max: Duration) -> Self {
        Self {
            room: Arc::new(Semaphore::new(requests_max)),
            deadline_max,
        }
    }
}

impl<S> Layer<S> for Gate {
    type Service = Gated<S>;

    fn layer(&self, inner: S) -> Gated<S> {
        Gated {
            gate: self.clone(),
            inner,
        }
    }
}

impl<S> Service<Request<Body>> for Gated<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Future: Send + 'static,
    S::Error: Send,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        if request.uri().path().starts_with(OWN_SERVICES) {
            return Box::pin(self.inner.call(request));
        }
        let Ok(place) = Arc::clone(&self.gate.room).try_acquire_owned() else {
            return Box::pin(async { Ok(errors::overloaded().into_http()) });
        };
        let limit = limit(request.headers(), self.gate.deadline_max);
        let answer = self.inner.call(request);
        Box::pin(async move {
            let _place = place;
            match tokio::time::timeout(limit, answer).await {
                Ok(answer) => answer,
                Err(_) => Ok(errors::deadline_exceeded().into_http()),
            }
        })
    }
}

/// The client's deadline, if it is shorter than ours.
fn limit(headers: &HeaderMap, max: Duration) -> Duration {
    let asked = headers
        .get("grpc-timeout")
        .and_then(|value| grpc_timeout(value.to_str().ok()?));
    asked.map_or(max, |asked| asked.min(max))
}

/// Up to eight digits and a unit, as in <https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>.
fn grpc_timeout(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let amount: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(amount * 3_600)),
        "M" => Some(Duration::from_secs(amount * 60)),
        "S" => Some(Duration::from_secs(amount)),
        "m" => Some(Duration::from_millis(amount)),
        "u" => Some(Duration::from_micros(amount)),
        "n" => Some(Duration::from_nanos(amount)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use tonic::{Code, Status};
    use tonic_types::StatusExt as _;

    use super::*;

    #[test]
    fn a_deadline_is_read_as_the_protocol_has_it() {
        assert_eq!(grpc_timeout("1H"), Some(Duration::from_secs(3_600)));
        assert_eq!(grpc_timeout("250m"), Some(Duration::from_millis(250)));
        assert_eq!(grpc_timeout("99999999n"), Some(Duration::from_nanos(99_999_999)));
        for bad in ["", "S", "1", "1s", "-1S", "123456789S", "1 S", "一S"] {
            assert_eq!(grpc_timeout(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_shorter_deadline_counts() {
        let mut headers = HeaderMap::new();
        let max = Duration::from_secs(10);
        assert_eq!(limit(&headers, max), max);
        headers.insert("grpc-timeout", "1M".parse().unwrap());
        assert_eq!(limit(&headers, max), max);
        headers.insert("grpc-timeout", "20m".parse().unwrap());
        assert_eq!(limit(&headers, max), Duration::from_millis(20));
    }

    type Answer = Result<Response<Body>, std::convert::Infallible>;

    /// A service that never answers; its requests in work are counted by the gate alone.
    async fn never(_: Request<Body>) -> Answer {
        std::future::pending().await
    }

    async fn at_once(_: Request<Body>) -> Answer {
        Ok(Response::new(Body::empty()))
    }

    fn to(path: &str) -> Request<Body> {
        Request::builder().uri(path).body(Body::empty()).unwrap()
    }

    fn status(answer: &Response<Body>) -> Option<Status> {
        Status::from_header_map(answer.headers())
    }

    #[tokio::test]
    async fn a_client_that_gives_little_time_is_told_in_time() {
        let mut gated = Gate::new(1, Duration::from_secs(3_600)).layer(tower::service_fn(never));
        let mut request = to("/hall.table.v1.TableService/OpenTable");
        request.headers_mut().insert("grpc-timeout", "5m".parse().unwrap());
        let answer = gated.call(request).await.unwrap();
        assert_eq!(status(&answer).unwrap().code(), Code::DeadlineExceeded);
        // Its place is free again.
        assert_eq!(gated.gate.room.available_permits(), 1);
    }

    #[tokio::test]
    async fn beyond_the_limit_requests_are_refused_at_once_and_told_when_to_come_again() {
        let gate = Gate::new(1, Duration::from_secs(3_600));
        let mut busy = gate.layer(tower::service_fn(never));
        let mut free = gate.layer(tower::service_fn(at_once));
        let in_work = busy.call(to("/hall.table.v1.TableService/OpenTable"));
        let refused = free.call(to("/hall.table.v1.TableService/OpenTable")).await.unwrap();
        let refused = status(&refused).unwrap();
        assert_eq!(refused.code(), Code::ResourceExhausted);
        assert!(refused.get_details_retry_info().unwrap().retry_delay.is_some());
        let health = free.call(to("/grpc.health.v1.Health/Check")).await.unwrap();
        assert!(status(&health).is_none());
        drop(in_work);
        let again = free.call(to("/hall.table.v1.TableService/OpenTable")).await.unwrap();
        assert!(status(&again).is_none());
    }
}
