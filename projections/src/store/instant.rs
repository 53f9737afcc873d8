//! An instant as a view keeps it.

use baize_eventlog::SqlTimestamp;
use jiff::Timestamp;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArgumentBuffer, PgHasArrayType, PgTypeInfo, PgValueRef};
use sqlx::{Decode, Encode, Postgres, Type};

/// A timestamp in whole microseconds, which is what a `timestamptz` holds. Events may carry nanoseconds: were they
/// kept while folding, a row would differ from its own copy in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(Timestamp);

impl Instant {
    /// The timestamp.
    pub fn timestamp(self) -> Timestamp {
        self.0
    }
}

impl From<Timestamp> for Instant {
    fn from(exact: Timestamp) -> Self {
        let micros = exact.as_nanosecond().div_euclid(1_000);
        // Only the first microsecond of jiff's range has no microsecond below it.
        let floor = i64::try_from(micros)
            .ok()
            .and_then(|micros| Timestamp::from_microsecond(micros).ok());
        Self(floor.unwrap_or(Timestamp::MIN))
    }
}

impl Type<Postgres> for Instant {
    fn type_info() -> PgTypeInfo {
        SqlTimestamp::type_info()
    }

    fn compatible(info: &PgTypeInfo) -> bool {
        SqlTimestamp::compatible(info)
    }
}

impl PgHasArrayType for Instant {
    fn array_type_info() -> PgTypeInfo {
        SqlTimestamp::array_type_info()
    }
}

impl Encode<'_, Postgres> for Instant {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        SqlTimestamp(self.0).encode_by_ref(buffer)
    }
}

impl<'r> Decode<'r, Postgres> for Instant {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        SqlTimestamp::decode(value).map(|read| Self(read.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_microsecond_are_dropped_downwards() {
        let shown = |nanos| {
            Instant::from(Timestamp::from_nanosecond(nanos).unwrap())
                .timestamp()
                .as_nanosecond()
        };
        assert_eq!(shown(1_999), 1_000);
        assert_eq!(shown(-1), -1_000);
        assert_eq!(shown(2_000), 2_000);
    }
}
