//! Why somebody is not let in, and what the caller is told.

use std::collections::HashMap;
use std::time::Duration;

use baize_domain::Refusal;
use baize_domain::refusal::RefusalKind;
use jiff::Timestamp;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::dispatch::CommandError;
use crate::errors;

/// A failure of a step.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A command was refused or failed.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// WeChat does not know the code, or not any more.
    #[error("the WeChat code is not valid")]
    WechatCodeInvalid,
    /// The code was exchanged before.
    #[error("the WeChat code was used before")]
    WechatCodeUsed,
    /// WeChat bars the account.
    #[error("WeChat blocks this account")]
    WechatBlocked,
    /// A provider wants fewer calls.
    #[error("{0} wants fewer requests")]
    ProviderRateLimited(&'static str),
    /// A provider does not answer, or says that it cannot.
    #[error("{0} does not answer")]
    ProviderUnavailable(&'static str),
    /// Nothing was set up for that.
    #[error("{0} is not set up")]
    NotSetUp(&'static str),
    /// Too many codes for a phone number or an address.
    #[error("too many codes were asked for")]
    TooManyCodes {
        /// When there may be another.
        next_at: Timestamp,
    },
    /// The phone number is locked after wrong codes.
    #[error("the phone number is locked after too many wrong codes")]
    PhoneLocked {
        /// Until when.
        until: Timestamp,
    },
    /// The code is wrong.
    #[error("the code is wrong")]
    PhoneCodeWrong {
        /// Tries that are left.
        left: u32,
    },
    /// There is no code that could be entered.
    #[error("the code has expired or was used")]
    PhoneCodeExpired,
    /// The person did not enter the code of that number of late.
    #[error("the phone number was not proved")]
    PhoneNotProved,
    /// Nobody is known by what was shown.
    #[error("nobody is known by this")]
    NobodyKnown,
    /// The refresh token is none, or good no more.
    #[error("the refresh token is not valid")]
    RefreshTokenInvalid,
    /// The refresh token was used before: all tokens of its login are revoked.
    #[error("the refresh token was used before")]
    RefreshTokenReused,
    /// The person's key is destroyed.
    #[error("the member was erased")]
    Erased,
    /// The database is away.
    #[error("the database is unavailable: {0}")]
    Database(#[from] sqlx::Error),
    /// A fault of ours.
    #[error("{0:#}")]
    Internal(anyhow::Error),
}

impl Error {
    /// What the caller is told at the instant `now`.
    pub fn status(self, now: Timestamp) -> Status {
        let message = self.to_string();
        let after = |at: Timestamp| Duration::try_from(at.duration_since(now)).unwrap_or_default();
        let refuse = |reason: &str, next_step: &str| {
            let refusal = Refusal::new(RefusalKind::Precondition, reason, message.clone(), next_step);
            errors::status(CommandError::refuse(refusal))
        };
        match self {
            Self::Command(error) => errors::status(error),
            Self::WechatCodeInvalid => plain(Code::InvalidArgument, "WECHAT_CODE_INVALID", message),
            Self::WechatCodeUsed => plain(Code::InvalidArgument, "WECHAT_CODE_USED", message),
            Self::WechatBlocked => plain(Code::PermissionDenied, "WECHAT_ACCOUNT_BLOCKED", message),
            Self::ProviderRateLimited(_) => retry(
                Code::ResourceExhausted,
                "PROVIDER_RATE_LIMITED",
                message,
                PROVIDER_PAUSE,
            ),
            Self::ProviderUnavailable(_) => retry(Code::Unavailable, "PROVIDER_UNAVAILABLE", message, PROVIDER_RETRY),
            Self::NotSetUp(_) => refuse("NOT_SET_UP", "Ask the hall to set it up, or take another way in."),
            Self::TooManyCodes { next_at } => retry(Code::ResourceExhausted, "TOO_MANY_CODES", message, after(next_at)),
            Self::PhoneLocked { until } => retry(Code::ResourceExhausted, "PHONE_LOCKED", message, after(until)),
            Self::PhoneCodeWrong { left } => {
                let mut details = ErrorDetails::with_error_info("PHONE_CODE_WRONG", errors::DOMAIN, facts(left));
                details.add_bad_request_violation("code", "is not the code that was sent");
                Status::with_error_details(Code::InvalidArgument, message, details)
            }
            Self::PhoneCodeExpired => refuse("PHONE_CODE_EXPIRED", "Ask for another code."),
            Self::PhoneNotProved => refuse("PHONE_NOT_PROVED", "Enter a code that was sent to that phone first."),
            Self::NobodyKnown => refuse("NOBODY_KNOWN", "Go on as a guest, or become a member."),
            Self::Erased => refuse("MEMBER_ERASED", "Register anew."),
            Self::RefreshTokenInvalid => plain(Code::Unauthenticated, "REFRESH_TOKEN_INVALID", message),
            Self::RefreshTokenReused => plain(Code::Unauthenticated, "REFRESH_TOKEN_REUSED", message),
            Self::Database(error) => errors::status(CommandError::Unavailable(error.to_string())),
            Self::Internal(error) => errors::internal(&error),
        }
    }
}

/// WeChat counts calls by the minute.
const PROVIDER_PAUSE: Duration = Duration::from_secs(60);
const PROVIDER_RETRY: Duration = Duration::from_secs(2);

fn facts(left: u32) -> HashMap<String, String> {
    HashMap::from([("tries_left".to_owned(), left.to_string())])
}

fn plain(code: Code, reason: &str, message: String) -> Status {
    tracing::info!(target: "baize::business", reason, "refused");
    let details = ErrorDetails::with_error_info(reason, errors::DOMAIN, HashMap::new());
    Status::with_error_details(code, message, details)
}

fn retry(code: Code, reason: &str, message: String, after: Duration) -> Status {
    tracing::info!(target: "baize::business", reason, "refused");
    let mut details = ErrorDetails::with_error_info(reason, errors::DOMAIN, HashMap::new());
    details.set_retry_info(Some(after));
    Status::with_error_details(code, message, details)
}
