//! Who may see the pages. They show tables, not people: on loopback anybody may; elsewhere a token is asked for, as a
//! proxy in front would add it.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use baize_proto::access::{Belonging, Guard};
use uuid::Uuid;

/// What shows the same over gRPC: whoever may call that may see the page.
const SAME_OVER_GRPC: &str = "/hall.view.v1.BoardService/WatchBoard";
/// Asked by whatever watches the service.
const OPEN: [&str; 2] = ["/healthz", "/readyz"];

/// These pages are shown to whoever has a ticket for them, and look at it themselves.
const OWN_TICKET: &str = "/receipts/";
/// The console has its own sessions, on loopback too.
const CONSOLE: &str = "/console";
/// The wall screen is too, if it is asked for with one.
const SCREEN: &str = "/screen";

/// The pages, behind the guard unless they are served on loopback.
pub(crate) fn guarded(pages: Router, guard: Guard, listen: SocketAddr) -> Router {
    if listen.ip().is_loopback() {
        return pages;
    }
    pages.layer(axum::middleware::from_fn_with_state(guard, check))
}

async fn check(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let query = request.uri().query().unwrap_or_default();
    let screen = path.starts_with(SCREEN);
    let own = path.starts_with(OWN_TICKET) || path.starts_with(CONSOLE);
    if OPEN.contains(&path) || own || (screen && value(query, "ticket").is_some()) {
        return next.run(request).await;
    }
    let admitted = guard.admit(SAME_OVER_GRPC, request.headers());
    let permitted = admitted.and_then(|access| match access {
        Some(access) => access.permit(
            &hall(path)
                .or_else(|| shown(path, query))
                .map(Belonging::to_hall)
                .into_iter()
                .collect::<Vec<_>>(),
        ),
        None => Ok(()),
    });
    match permitted {
        Ok(()) => next.run(request).await,
        Err(denial) if denial.is_unauthenticated() => (StatusCode::UNAUTHORIZED, denial.to_string()).into_response(),
        Err(denial) => (StatusCode::FORBIDDEN, denial.to_string()).into_response(),
    }
}

/// The hall of the wall screen.
fn shown(path: &str, query: &str) -> Option<Uuid> {
    path.starts_with(SCREEN)
        .then(|| Uuid::try_parse(value(query, "hall")?).ok())
        .flatten()
}

/// The value of a name in a query; ids and tickets are written plainly.
fn value<'q>(query: &'q str, name: &str) -> Option<&'q str> {
    query
        .split('&')
        .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

/// The hall of `/halls/{hall_id}/…`.
fn hall(path: &str) -> Option<Uuid> {
    let rest = path.strip_prefix("/halls/")?;
    Uuid::try_parse(rest.split('/').next()?).ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::body::Body;
    use axum::http::header::AUTHORIZATION;
    use axum::routing::get;
    use baize_proto::access::{Claims, KeyRing, Keys, Role, Signer};
    use jiff::Timestamp;
    use tower::ServiceExt as _;

    use super::*;

    const HALL: Uuid = Uuid::from_u128(1);

    async fn status(listen: &str, path: &str, claims: Option<Claims>) -> StatusCode {
        let keys = Keys::new(KeyRing::generate().unwrap());
        let guard = Guard::new(keys.clone()).unwrap();
        let pages = Router::new().route("/healthz", get(|| async {})).fallback(|| async {});
        let mut request = Request::builder().uri(path);
        if let Some(claims) = claims {
            let token = Signer::new(keys).issue(&claims).unwrap();
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.body(Body::empty()).unwrap();
        let pages = guarded(pages, guard, listen.parse().unwrap());
        pages.oneshot(request).await.unwrap().status()
    }

    fn staff() -> Option<Claims> {
        let claims = Claims::new(
            Uuid::from_u128(7),
            Role::Staff,
            Timestamp::now(),
            Duration::from_secs(60),
        );
        Some(claims.in_halls([HALL]))
    }

    #[tokio::test]
    async fn off_loopback_pages_ask_for_a_token_of_their_hall() {
        let (own, other) = (
            format!("/halls/{HALL}/board"),
            format!("/halls/{}/board", Uuid::from_u128(2)),
        );
        assert_eq!(status("127.0.0.1:80", &own, None).await, StatusCode::OK);
        assert_eq!(status("0.0.0.0:80", &own, None).await, StatusCode::UNAUTHORIZED);
        assert_eq!(status("0.0.0.0:80", &own, staff()).await, StatusCode::OK);
        assert_eq!(status("0.0.0.0:80", &other, staff()).await, StatusCode::FORBIDDEN);
        assert_eq!(status("0.0.0.0:80", "/", staff()).await, StatusCode::FORBIDDEN);
        assert_eq!(
            status("0.0.0.0:80", "/receipts/1", None).await,
            StatusCode::OK,
            "looks at its ticket"
        );
        assert_eq!(
            status("0.0.0.0:80", "/console/books", None).await,
            StatusCode::OK,
            "has its own sessions"
        );
        let screen = format!("/screen?lang=en&hall={HALL}");
        assert_eq!(status("0.0.0.0:80", &screen, None).await, StatusCode::UNAUTHORIZED);
        assert_eq!(status("0.0.0.0:80", &screen, staff()).await, StatusCode::OK);
        assert_eq!(
            status("0.0.0.0:80", &format!("{screen}&ticket=x"), None).await,
            StatusCode::OK,
            "looks at its ticket"
        );
        assert_eq!(status("0.0.0.0:80", "/healthz", None).await, StatusCode::OK);
    }
}
