//! Calls that are made again until they are answered: the service is killed while they are under way.

use std::time::{Duration, Instant};

use tonic::{Code, Status};

use crate::clients::Refusal;

/// Longer than a killed service needs to be back.
const ANSWERED_WITHIN: Duration = Duration::from_secs(90);
/// Between two tries.
pub const PAUSE: Duration = Duration::from_millis(100);

/// The answer to a call. What is not answered is asked again, under the same request id.
///
/// # Errors
/// It is refused, or not answered for very long.
pub async fn answered<T, F>(mut call: impl FnMut() -> F) -> Result<T, Refusal>
where
    F: Future<Output = Result<T, Status>>,
{
    let since = Instant::now();
    loop {
        match call().await {
            Ok(answer) => return Ok(answer),
            Err(status) if is_unanswered(status.code()) && since.elapsed() < ANSWERED_WITHIN => {
                tokio::time::sleep(PAUSE).await;
            }
            Err(status) => return Err(status.into()),
        }
    }
}

const fn is_unanswered(code: Code) -> bool {
    matches!(
        code,
        Code::Unavailable | Code::Unknown | Code::Cancelled | Code::DeadlineExceeded | Code::Aborted | Code::Internal
    )
}

/// The answer to one method of a client, as [`answered`] gets it.
macro_rules! ask {
    ($client:expr, $method:ident, $request:expr) => {
        $crate::soak::calls::answered(|| {
            let (mut client, request) = ($client.clone(), $crate::clients::timed($request.clone()));
            async move { client.$method(request).await }
        })
    };
}
pub(super) use ask;
