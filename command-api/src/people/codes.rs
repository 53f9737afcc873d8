//! Codes that are sent to phones: six digits, good once and for minutes, few for one phone number and one address, locked after
//! wrong tries. Everything is counted in the database, under a lock of the number and the address, so that neither a restart nor
//! many requests at once get around a limit.

use baize_domain::ids::MemberId;
use baize_eventlog::SqlTimestamp;
use jiff::{SignedDuration, Timestamp};
use sqlx::{PgConnection, PgPool, Row as _};
use uuid::Uuid;

use super::vault::Vault;
use super::{CodeLimits, Error, PhoneNumber};

/// The spans that limits are counted over.
const SPANS: [SignedDuration; 3] = [
    SignedDuration::from_mins(1),
    SignedDuration::from_hours(1),
    SignedDuration::from_hours(24),
];

/// The codes of all phones.
pub struct Codes {
    pool: PgPool,
    limits: CodeLimits,
}

/// A code to be sent. It exists nowhere else.
pub struct NewCode {
    pub digits: String,
    pub expires_at: Timestamp,
    pub next_at: Timestamp,
}

impl Codes {
    pub fn new(pool: PgPool, limits: CodeLimits) -> Self {
        Self { pool, limits }
    }

    /// How long a code is good.
    pub fn lifetime(&self) -> std::time::Duration {
        self.limits.lifetime
    }

    /// A new code for a phone, in place of an earlier one, asked for from the address `peer`.
    ///
    /// # Errors
    /// [`Error::PhoneLocked`], [`Error::TooManyCodes`], or the database is away.
    pub async fn make(&self, vault: &Vault, phone: &PhoneNumber, peer: &str, now: Timestamp) -> Result<NewCode, Error> {
        let (phone_id, peer_id) = (key(vault, phone), vault.recognise(&["peer", peer]));
        let mut transaction = self.pool.begin().await?;
        // The number before the address, always: two who wait for each other would wait for ever.
        for id in [phone_id, peer_id] {
            let lock = "SELECT pg_advisory_xact_lock(hashtextextended($1::text, 0))";
            sqlx::query(lock)
                .bind(id.to_string())
                .execute(&mut *transaction)
                .await?;
        }
        self.unlocked(&mut transaction, phone_id, now).await?;
        within(&mut transaction, "phone", phone_id, self.limits.per_phone, now).await?;
        within(&mut transaction, "peer", peer_id, self.limits.per_peer, now).await?;
        let digits = six_digits(vault)?;
        let expires_at = now + self.limits.lifetime;
        let send = "INSERT INTO phone_code_sends (phone, peer, at) VALUES ($1, $2, $3)";
        sqlx::query(send)
            .bind(phone_id)
            .bind(peer_id)
            .bind(SqlTimestamp(now))
            .execute(&mut *transaction)
            .await?;
        let store = "INSERT INTO phone_codes (phone, code, expires_at) VALUES ($1, $2, $3)
             ON CONFLICT (phone) DO UPDATE SET code = excluded.code, expires_at = excluded.expires_at,
             wrong = 0, used = false, locked_until = NULL, proved_by = NULL, proved_until = NULL";
        sqlx::query(store)
            .bind(phone_id)
            .bind(vault.tag(&parts(phone, &digits)).as_ref())
            .bind(SqlTimestamp(expires_at))
            .execute(&mut *transaction)
            .await?;
        let forget = "DELETE FROM phone_code_sends WHERE ctid IN
             (SELECT ctid FROM phone_code_sends WHERE at < $1 ORDER BY at LIMIT 100)";
        sqlx::query(forget)
            .bind(SqlTimestamp(now - SPANS[2]))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(NewCode {
            digits,
            expires_at,
            next_at: now + SPANS[0],
        })
    }

    /// Takes a code that `member_id` entered; the right one is used up, and proves the number for a while.
    ///
    /// # Errors
    /// [`Error::PhoneLocked`], [`Error::PhoneCodeExpired`], [`Error::PhoneCodeWrong`], or the database is away.
    pub async fn enter(
        &self,
        vault: &Vault,
        phone: &PhoneNumber,
        digits: &str,
        member_id: MemberId,
        now: Timestamp,
    ) -> Result<(), Error> {
        let phone_id = key(vault, phone);
        let mut transaction = self.pool.begin().await?;
        self.unlocked(&mut transaction, phone_id, now).await?;
        let read = "SELECT code, wrong, used, coalesce(used AND proved_by = $3 AND proved_until > $2, false)
             FROM phone_codes WHERE phone = $1 AND expires_at > $2 FOR UPDATE";
        let row = sqlx::query(read)
            .bind(phone_id)
            .bind(SqlTimestamp(now))
            .bind(member_id.0)
            .fetch_optional(&mut *transaction)
            .await?;
        let row = row.ok_or(Error::PhoneCodeExpired)?;
        let (code, wrong): (Vec<u8>, i32) = (row.try_get(0)?, row.try_get(1)?);
        let (used, by_the_same): (bool, bool) = (row.try_get(2)?, row.try_get(3)?);
        if used {
            // Who used it may have to send the request again: that is no second use.
            let again = by_the_same && vault.is_tag(&parts(phone, digits), &code);
            return if again { Ok(()) } else { Err(Error::PhoneCodeExpired) };
        }
        if vault.is_tag(&parts(phone, digits), &code) {
            let used = "UPDATE phone_codes SET used = true, proved_by = $2, proved_until = $3 WHERE phone = $1";
            sqlx::query(used)
                .bind(phone_id)
                .bind(member_id.0)
                .bind(SqlTimestamp(now + self.limits.proof))
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await?;
            return Ok(());
        }
        let wrong = u32::try_from(wrong).unwrap_or(u32::MAX).saturating_add(1);
        let left = self.limits.wrong_max.saturating_sub(wrong);
        let until = now + self.limits.lock;
        let count = "UPDATE phone_codes SET wrong = wrong + 1, used = $2, locked_until = $3 WHERE phone = $1";
        sqlx::query(count)
            .bind(phone_id)
            .bind(left == 0)
            .bind((left == 0).then_some(SqlTimestamp(until)))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        match left {
            0 => Err(Error::PhoneLocked { until }),
            left => Err(Error::PhoneCodeWrong { left }),
        }
    }

    /// Whether `member_id` has proved of late to have the phone.
    ///
    /// # Errors
    /// [`Error::PhoneNotProved`], or the database is away.
    pub async fn proved(
        &self,
        vault: &Vault,
        phone: &PhoneNumber,
        member_id: MemberId,
        now: Timestamp,
    ) -> Result<(), Error> {
        let proved =
            "SELECT EXISTS (SELECT FROM phone_codes WHERE phone = $1 AND proved_by = $2 AND proved_until > $3)";
        let proved: bool = sqlx::query_scalar(proved)
            .bind(key(vault, phone))
            .bind(member_id.0)
            .bind(SqlTimestamp(now))
            .fetch_one(&self.pool)
            .await?;
        if proved { Ok(()) } else { Err(Error::PhoneNotProved) }
    }

    /// The number's row is locked from here on, if there is one.
    async fn unlocked(&self, connection: &mut PgConnection, phone_id: Uuid, now: Timestamp) -> Result<(), Error> {
        let read = "SELECT locked_until FROM phone_codes WHERE phone = $1 AND locked_until > $2 FOR UPDATE";
        let until: Option<SqlTimestamp> = sqlx::query_scalar(read)
            .bind(phone_id)
            .bind(SqlTimestamp(now))
            .fetch_optional(connection)
            .await?;
        match until {
            Some(until) => Err(Error::PhoneLocked { until: until.0 }),
            None => Ok(()),
        }
    }
}

/// Fails if one more code would be more than `limits` allow.
async fn within(
    connection: &mut PgConnection,
    column: &'static str,
    id: Uuid,
    limits: [u32; 3],
    now: Timestamp,
) -> Result<(), Error> {
    for (span, limit) in SPANS.into_iter().zip(limits) {
        // The oldest of the newest `limit`: if it is within the span, the next must wait until it is not.
        let oldest = format!(
            "SELECT at FROM phone_code_sends WHERE {column} = $1 AND at > $2 ORDER BY at DESC OFFSET $3 LIMIT 1"
        );
        let oldest: Option<SqlTimestamp> = sqlx::query_scalar(&oldest)
            .bind(id)
            .bind(SqlTimestamp(now - span))
            .bind(i64::from(limit) - 1)
            .fetch_optional(&mut *connection)
            .await?;
        if let Some(oldest) = oldest {
            let next_at = oldest.0 + span;
            return Err(Error::TooManyCodes { next_at });
        }
    }
    Ok(())
}

/// Each code as likely as any other: what would make some likelier is drawn again.
fn six_digits(vault: &Vault) -> Result<String, Error> {
    loop {
        let number = u32::from_be_bytes(vault.random()?);
        if number < u32::MAX - u32::MAX % 1_000_000 {
            return Ok(format!("{:06}", number % 1_000_000));
        }
    }
}

fn key(vault: &Vault, phone: &PhoneNumber) -> Uuid {
    vault.recognise(&["phone code", phone.e164()])
}

fn parts<'t>(phone: &'t PhoneNumber, digits: &'t str) -> [&'t str; 3] {
    ["phone code", phone.e164(), digits]
}
