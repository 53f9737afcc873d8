//! Logins: an access token that is good for minutes, and a refresh token that is good once. The database knows refresh tokens by
//! their hash alone. One that is shown a second time was copied by somebody: the whole login ends, for the thief and for the owner.

use std::fmt;
use std::time::Duration;

use baize_domain::ids::{ChainId, MemberId};
use baize_eventlog::SqlTimestamp;
use baize_proto::access::{Claims, Role, Signer};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use ring::digest::{SHA256, digest};
use sqlx::{PgConnection, PgPool, Row as _};
use uuid::Uuid;

use super::vault::Vault;
use super::{Acting, Error, LoginLimits};

/// Bytes of a refresh token.
const TOKEN_BYTES: usize = 32;
/// The advisory lock of whoever deletes what is over.
const FORGETTING: i64 = 0x6261_697a_655f_6c67;

/// What a person shows from now on.
#[derive(Clone)]
pub struct Tokens {
    pub access: String,
    pub access_expires_at: Timestamp,
    pub refresh: String,
    pub refresh_expires_at: Timestamp,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tokens(until {})", self.refresh_expires_at)
    }
}

/// Whom tokens are for.
#[derive(Clone, Debug)]
pub struct Bearer {
    pub member_id: MemberId,
    pub chain_id: ChainId,
    pub guest: bool,
    /// The role that they act in; none: the customer that they are.
    pub acting: Option<Acting>,
}

/// The logins of all people.
pub struct Logins {
    pool: PgPool,
    signer: Signer,
    limits: LoginLimits,
}

/// A refresh token that was good, and is no more.
pub struct Rotation {
    pub family: Uuid,
    pub member_id: MemberId,
}

impl Logins {
    pub fn new(pool: PgPool, signer: Signer, limits: LoginLimits) -> Self {
        Self { pool, signer, limits }
    }

    /// A new login.
    ///
    /// # Errors
    /// The database is away, or nothing can be signed.
    pub async fn begin(&self, vault: &Vault, bearer: Bearer, now: Timestamp) -> Result<Tokens, Error> {
        let family = Uuid::now_v7();
        let mut transaction = self.pool.begin().await?;
        sqlx::query("INSERT INTO refresh_families (family, member, created_at) VALUES ($1, $2, $3)")
            .bind(family)
            .bind(bearer.member_id.0)
            .bind(SqlTimestamp(now))
            .execute(&mut *transaction)
            .await?;
        let tokens = self.issue(&mut transaction, vault, family, &bearer, now).await?;
        transaction.commit().await?;
        Ok(tokens)
    }

    /// Whose a refresh token is that is still good; `None` if it is not.
    ///
    /// # Errors
    /// The database is away.
    pub async fn whose(&self, token: &str, now: Timestamp) -> Result<Option<MemberId>, Error> {
        let read = "SELECT f.member FROM refresh_tokens t JOIN refresh_families f ON f.family = t.family
             WHERE t.token = $1 AND t.rotated_at IS NULL AND f.revoked_at IS NULL AND t.expires_at > $2";
        let member: Option<Uuid> = sqlx::query_scalar(read)
            .bind(hash(token))
            .bind(SqlTimestamp(now))
            .fetch_optional(&self.pool)
            .await?;
        Ok(member.map(MemberId))
    }

    /// Takes a refresh token out of use.
    ///
    /// # Errors
    /// [`Error::RefreshTokenInvalid`], [`Error::RefreshTokenReused`], or the database is away.
    pub async fn rotate(&self, token: &str, now: Timestamp) -> Result<Rotation, Error> {
        let mut transaction = self.pool.begin().await?;
        let read = "SELECT t.family, f.member, t.rotated_at IS NOT NULL, f.revoked_at IS NULL AND t.expires_at > $2
             FROM refresh_tokens t JOIN refresh_families f ON f.family = t.family WHERE t.token = $1 FOR UPDATE";
        let row = sqlx::query(read)
            .bind(hash(token))
            .bind(SqlTimestamp(now))
            .fetch_optional(&mut *transaction)
            .await?;
        let row = row.ok_or(Error::RefreshTokenInvalid)?;
        let family: Uuid = row.try_get(0)?;
        let (rotated, good): (bool, bool) = (row.try_get(2)?, row.try_get(3)?);
        if rotated {
            end(&mut transaction, family, now).await?;
            transaction.commit().await?;
            tracing::warn!(%family, "a refresh token was shown twice: the login is ended");
            return Err(Error::RefreshTokenReused);
        }
        if !good {
            return Err(Error::RefreshTokenInvalid);
        }
        sqlx::query("UPDATE refresh_tokens SET rotated_at = $2 WHERE token = $1")
            .bind(hash(token))
            .bind(SqlTimestamp(now))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(Rotation {
            family,
            member_id: MemberId(row.try_get(1)?),
        })
    }

    /// The next tokens of a login.
    ///
    /// # Errors
    /// The database is away, or nothing can be signed.
    pub async fn go_on(&self, vault: &Vault, family: Uuid, bearer: Bearer, now: Timestamp) -> Result<Tokens, Error> {
        let mut connection = self.pool.acquire().await?;
        self.issue(&mut connection, vault, family, &bearer, now).await
    }

    /// Ends the login of a refresh token, whichever of its tokens it is; nothing if there is none.
    ///
    /// # Errors
    /// The database is away.
    pub async fn log_out(&self, token: &str, now: Timestamp) -> Result<(), Error> {
        let end = "UPDATE refresh_families SET revoked_at = $2 WHERE revoked_at IS NULL
             AND family = (SELECT family FROM refresh_tokens WHERE token = $1)";
        sqlx::query(end)
            .bind(hash(token))
            .bind(SqlTimestamp(now))
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Ends all logins of a person; tells how many there were.
    ///
    /// # Errors
    /// The database is away.
    pub async fn end_all(&self, member_id: MemberId, now: Timestamp) -> Result<u64, Error> {
        let end = "UPDATE refresh_families SET revoked_at = $2 WHERE revoked_at IS NULL AND member = $1";
        let ended = sqlx::query(end)
            .bind(member_id.0)
            .bind(SqlTimestamp(now))
            .execute(&self.pool)
            .await?;
        Ok(ended.rows_affected())
    }

    /// Deletes tokens that expired before an instant, and those of logins that ended before it, at most `max`, and with its last token each login. A
    /// token that was used is kept until it expires: shown again, it tells of a theft.
    ///
    /// # Errors
    /// The database is away.
    pub async fn forget(&self, before: Timestamp, max: u32) -> Result<u64, Error> {
        let mut transaction = self.pool.begin().await?;
        // Of two who delete tokens of one login at once, neither would see it as empty.
        let alone: bool = sqlx::query_scalar("SELECT pg_try_advisory_xact_lock($1)")
            .bind(FORGETTING)
            .fetch_one(&mut *transaction)
            .await?;
        if !alone {
            return Ok(0);
        }
        let delete = "DELETE FROM refresh_tokens WHERE token IN (
                (SELECT token FROM refresh_tokens WHERE expires_at < $1 LIMIT $2)
                UNION ALL
                (SELECT t.token FROM refresh_families f JOIN refresh_tokens t ON t.family = f.family WHERE f.revoked_at < $1 LIMIT $2)
                LIMIT $2)
             RETURNING family";
        let mut families: Vec<Uuid> = sqlx::query_scalar(delete)
            .bind(SqlTimestamp(before))
            .bind(i64::from(max))
            .fetch_all(&mut *transaction)
            .await?;
        let gone = families.len() as u64;
        families.sort_unstable();
        families.dedup();
        let empty = "DELETE FROM refresh_families f WHERE family = ANY($1)
             AND NOT EXISTS (SELECT FROM refresh_tokens t WHERE t.family = f.family)";
        sqlx::query(empty).bind(families).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(gone)
    }

    async fn issue(
        &self,
        connection: &mut PgConnection,
        vault: &Vault,
        family: Uuid,
        bearer: &Bearer,
        now: Timestamp,
    ) -> Result<Tokens, Error> {
        let bytes: [u8; TOKEN_BYTES] = vault.random()?;
        let refresh = URL_SAFE_NO_PAD.encode(bytes);
        let refresh_expires_at = now + self.limits.refresh;
        sqlx::query("INSERT INTO refresh_tokens (token, family, expires_at) VALUES ($1, $2, $3)")
            .bind(hash(&refresh))
            .bind(family)
            .bind(SqlTimestamp(refresh_expires_at))
            .execute(connection)
            .await?;
        // Whoever reads it goes by real time, whatever time it is in the halls.
        let issued_at = Timestamp::now();
        let claims = claims(bearer, issued_at, self.limits.access);
        let access = self
            .signer
            .issue(&claims)
            .map_err(|error| Error::Internal(error.into()))?;
        Ok(Tokens {
            access,
            access_expires_at: claims.expires_at,
            refresh,
            refresh_expires_at,
        })
    }
}

fn claims(bearer: &Bearer, now: Timestamp, lifetime: Duration) -> Claims {
    if let Some(acting) = &bearer.acting {
        return acting.claims(bearer.member_id, now, lifetime);
    }
    let claims = Claims::new(bearer.member_id.0, Role::Customer, now, lifetime);
    let claims = claims.in_chain(bearer.chain_id.0);
    if bearer.guest { claims.as_guest() } else { claims }
}

async fn end(connection: &mut PgConnection, family: Uuid, now: Timestamp) -> Result<(), Error> {
    sqlx::query("UPDATE refresh_families SET revoked_at = $2 WHERE family = $1 AND revoked_at IS NULL")
        .bind(family)
        .bind(SqlTimestamp(now))
        .execute(connection)
        .await?;
    Ok(())
}

/// Tokens are random: a plain hash is enough to make a stolen table worthless.
fn hash(token: &str) -> Vec<u8> {
    digest(&SHA256, token.as_bytes()).as_ref().to_vec()
}
