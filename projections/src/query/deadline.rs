//! How long a call may take.

use std::time::Duration;

use tokio::time::Instant;
use tonic::metadata::MetadataMap;

/// For callers that set none.
const DEFAULT: Duration = Duration::from_secs(10);
const MAX: Duration = Duration::from_secs(60);
/// An answer that says what was reached must be there before the caller gives up.
const ANSWER: Duration = Duration::from_millis(50);

/// The instant by which the call must have been answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    /// From the header `grpc-timeout`.
    pub(crate) fn of(metadata: &MetadataMap) -> Self {
        let header = metadata.get("grpc-timeout").and_then(|value| value.to_str().ok());
        let limit = header.and_then(parse).unwrap_or(DEFAULT).min(MAX);
        Self::within(limit.saturating_sub(ANSWER.min(limit / 4)))
    }

    pub(crate) fn within(limit: Duration) -> Self {
        Self(Instant::now() + limit)
    }

    pub(crate) fn instant(self) -> Instant {
        self.0
    }
}

/// At most eight digits and a unit.
fn parse(header: &str) -> Option<Duration> {
    let (digits, unit) = header.split_at_checked(header.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let amount: u64 = digits.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(amount * 3_600),
        "M" => Duration::from_secs(amount * 60),
        "S" => Duration::from_secs(amount),
        "m" => Duration::from_millis(amount),
        "u" => Duration::from_micros(amount),
        "n" => Duration::from_nanos(amount),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_are_read_as_the_protocol_writes_them() {
        assert_eq!(parse("250m"), Some(Duration::from_millis(250)));
        assert_eq!(parse("99999999H"), Some(Duration::from_secs(99_999_999 * 3_600)));
        assert_eq!(parse("3S"), Some(Duration::from_secs(3)));
        for nonsense in ["", "S", "1", "-1S", "123456789S", "1 S", "1秒"] {
            assert_eq!(parse(nonsense), None, "{nonsense}");
        }
    }
}
