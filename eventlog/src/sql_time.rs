//! `timestamptz` for `jiff`, whose own bridge knows no sqlx 0.8.

use jiff::{SignedDuration, Timestamp};
use sqlx::{
    Decode, Encode, Postgres, Type,
    encode::IsNull,
    error::BoxDynError,
    postgres::{PgArgumentBuffer, PgHasArrayType, PgTypeInfo, PgValueFormat, PgValueRef, types::Oid},
};

const TIMESTAMPTZ: Oid = Oid(1184);
const TIMESTAMPTZ_ARRAY: Oid = Oid(1185);
/// Postgres counts microseconds from 2000-01-01T00:00:00Z.
const POSTGRES_EPOCH_MICROS: i64 = 946_684_800_000_000;

/// A `jiff` timestamp as a parameter or a column of type `timestamptz` (microseconds).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SqlTimestamp(pub Timestamp);

impl SqlTimestamp {
    /// Reads the eight bytes that Postgres sends.
    pub(crate) fn from_wire(micros: i64) -> Result<Self, BoxDynError> {
        let micros = micros
            .checked_add(POSTGRES_EPOCH_MICROS)
            .ok_or("timestamp out of range")?;
        Ok(Self(Timestamp::from_microsecond(micros)?))
    }
}

impl Type<Postgres> for SqlTimestamp {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(TIMESTAMPTZ)
    }

    fn compatible(info: &PgTypeInfo) -> bool {
        info.oid() == Some(TIMESTAMPTZ)
    }
}

impl PgHasArrayType for SqlTimestamp {
    fn array_type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(TIMESTAMPTZ_ARRAY)
    }
}

impl Encode<'_, Postgres> for SqlTimestamp {
    fn encode_by_ref(&self, buf: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        // Rounded down, as a clock with a coarser hand shows it.
        let since_unix = self.0.duration_since(Timestamp::UNIX_EPOCH);
        let micros = floor_micros(since_unix) - POSTGRES_EPOCH_MICROS;
        buf.extend_from_slice(&micros.to_be_bytes());
        Ok(IsNull::No)
    }
}

impl<'r> Decode<'r, Postgres> for SqlTimestamp {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        match value.format() {
            PgValueFormat::Binary => Self::from_wire(i64::from_be_bytes(value.as_bytes()?.try_into()?)),
            PgValueFormat::Text => Ok(Self(value.as_str()?.parse()?)),
        }
    }
}

fn floor_micros(duration: SignedDuration) -> i64 {
    duration.as_nanos().div_euclid(1_000) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_epoch_of_postgres_is_zero() {
        let shown = |wire| SqlTimestamp::from_wire(wire).unwrap().0.to_string();
        assert_eq!(shown(0), "2000-01-01T00:00:00Z");
        assert_eq!(shown(1), "2000-01-01T00:00:00.000001Z");
        assert!(SqlTimestamp::from_wire(i64::MAX).is_err());
    }

    #[test]
    fn parts_of_a_microsecond_are_rounded_down() {
        assert_eq!(floor_micros(SignedDuration::from_nanos(1_999)), 1);
        assert_eq!(floor_micros(SignedDuration::from_nanos(-1)), -1);
    }
}
