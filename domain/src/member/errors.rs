//! Why a member refuses.

use crate::ids::MemberId;
use crate::refusal::{InvalidField, Refusal, RefusalKind};

/// An error of a member.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MemberError {
    /// There is no such person.
    #[error("there is no such member")]
    NotFound,
    /// The id is taken by a person with other content.
    #[error("member {0} exists with other content")]
    Exists(MemberId),
    /// The guest is somebody else now.
    #[error("the guest was merged into member {0}")]
    Merged(MemberId),
    /// The person is forgotten.
    #[error("the member was erased")]
    Erased,
    /// Guests may not do that.
    #[error("guests may not do this")]
    GuestNotAllowed,
    /// It takes a verified phone number.
    #[error("the phone number is not verified")]
    PhoneNotVerified,
    /// The person may not play.
    #[error("the member is on the blacklist: {0}")]
    Blacklisted(String),
    /// Only guests can be upgraded or merged.
    #[error("the person is a member already")]
    NotAGuest,
    /// The person is known in another chain.
    #[error("the person belongs to another chain")]
    OtherChain,
    /// The level still holds.
    #[error("the level's time is not over yet")]
    LevelNotDue,
    /// A field is out of its range.
    #[error(transparent)]
    Invalid(#[from] InvalidField),
}

impl MemberError {
    const fn reason(&self) -> &'static str {
        match self {
            Self::NotFound => "MEMBER_NOT_FOUND",
            Self::Exists(_) => "MEMBER_EXISTS",
            Self::Merged(_) => "MEMBER_MERGED",
            Self::Erased => "MEMBER_ERASED",
            Self::GuestNotAllowed => "GUEST_NOT_ALLOWED",
            Self::PhoneNotVerified => "PHONE_NOT_VERIFIED",
            Self::Blacklisted(_) => "MEMBER_BLACKLISTED",
            Self::NotAGuest => "NOT_A_GUEST",
            Self::OtherChain => "OTHER_CHAIN",
            Self::LevelNotDue => "LEVEL_NOT_DUE",
            Self::Invalid(_) => "INVALID_ARGUMENT",
        }
    }

    const fn next_step(&self) -> &'static str {
        match self {
            Self::NotFound => "Check the member's id, or register first.",
            Self::Exists(_) => "Use a new id.",
            Self::Merged(_) => "Log in again and go on as that member.",
            Self::Erased => "Register anew.",
            Self::GuestNotAllowed => "Become a member, then try again.",
            Self::PhoneNotVerified => "Verify a phone number, then try again.",
            Self::Blacklisted(_) => "Talk to the hall's staff.",
            Self::NotAGuest => "Go on as the member that you are.",
            Self::OtherChain => "Register in this chain, too.",
            Self::LevelNotDue => "Wait until its time is over.",
            Self::Invalid(_) => "Correct the field and send the request again.",
        }
    }
}

impl From<MemberError> for Refusal {
    fn from(error: MemberError) -> Self {
        let (message, reason, next_step) = (error.to_string(), error.reason(), error.next_step());
        let refusal = |kind| Self::new(kind, reason, message, next_step);
        match error {
            MemberError::Invalid(invalid) => invalid.into(),
            MemberError::NotFound => refusal(RefusalKind::NotFound),
            MemberError::Exists(member_id) => refusal(RefusalKind::AlreadyExists).with("member_id", member_id),
            MemberError::Merged(target_id) => refusal(RefusalKind::Precondition).with("member_id", target_id),
            MemberError::Blacklisted(why) => refusal(RefusalKind::Precondition).with("blacklist_reason", why),
            MemberError::Erased
            | MemberError::GuestNotAllowed
            | MemberError::PhoneNotVerified
            | MemberError::NotAGuest
            | MemberError::OtherChain
            | MemberError::LevelNotDue => refusal(RefusalKind::Precondition),
        }
    }
}
