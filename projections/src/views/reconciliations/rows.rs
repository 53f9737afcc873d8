//! The tables of days and of their differences.

use baize_domain::payment::Channel;
use baize_domain::reconciliation::{Closing, Compared, Difference};
use sqlx::types::Json;
use uuid::Uuid;

use crate::store::{Instant, table, text_enum};

text_enum! {
    /// A provider.
    pub enum ProviderName {
        /// WeChat Pay.
        WechatPay = "wechat_pay",
        /// Alipay.
        Alipay = "alipay",
    }
}

text_enum! {
    /// How far a difference is.
    pub enum DifferenceStatus {
        /// Nobody has said anything.
        Open = "open",
        /// Somebody said why.
        Explained = "explained",
        /// It stays, and is explained.
        ClosedAsExplained = "closed_as_explained",
        /// It was put right.
        ClosedAsCorrected = "closed_as_corrected",
        /// A later run did not find it.
        Vanished = "vanished",
    }
}

impl From<Channel> for ProviderName {
    fn from(channel: Channel) -> Self {
        match channel {
            Channel::WechatPay => Self::WechatPay,
            Channel::Alipay => Self::Alipay,
        }
    }
}

impl From<Closing> for DifferenceStatus {
    fn from(closing: Closing) -> Self {
        match closing {
            Closing::Explained => Self::ClosedAsExplained,
            Closing::Corrected => Self::ClosedAsCorrected,
        }
    }
}

impl DifferenceStatus {
    /// Whether somebody still has to do something.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Open | Self::Explained)
    }
}

table! {
    /// A day of a provider.
    pub struct DayRow("days", key reconciliation_id: Uuid, append_only false, indexes ["started"]) {
        /// The reconciliation.
        reconciliation_id: Uuid = "uuid NOT NULL",
        /// The provider.
        channel: ProviderName = "text NOT NULL",
        /// The day of the bill, as `2026-11-20`.
        day: String = "text NOT NULL",
        /// What the last run found; nothing before it.
        compared: Json<Option<Compared>> = "jsonb NOT NULL",
        /// What was posted of what the provider keeps.
        fees_posted_fen: i64 = "bigint NOT NULL",
        /// Differences that somebody still has to do something about.
        open: i32 = "integer NOT NULL",
        /// Nothing is left open.
        finished: bool = "boolean NOT NULL",
        /// Another run was asked for.
        rerun_asked: bool = "boolean NOT NULL",
        /// Position at which it began: the order of lists.
        started: i64 = "bigint NOT NULL",
        /// Position of the last event that changed the row.
        position: i64 = "bigint NOT NULL",
    }
}

table! {
    /// A row that is not the same in the bill and our books.
    pub struct DifferenceRow("differences", key difference_id: Uuid, append_only false, indexes ["reconciliation_id, number"]) {
        /// Follows from the two that come next.
        difference_id: Uuid = "uuid NOT NULL",
        /// The day.
        reconciliation_id: Uuid = "uuid NOT NULL",
        /// Counted from 1.
        number: i64 = "bigint NOT NULL",
        /// What differs, as the last run found it that did.
        difference: Json<Difference> = "jsonb NOT NULL",
        /// How far it is.
        status: DifferenceStatus = "text NOT NULL",
        /// Why it differs, as somebody explained.
        reason: Option<String> = "text",
        /// Who explained or closed it last.
        acted_by: Option<Uuid> = "uuid",
        /// When it changed last.
        changed_at: Instant = "timestamptz NOT NULL",
        /// Position of the last event that changed the row.
        position: i64 = "bigint NOT NULL",
    }
}
