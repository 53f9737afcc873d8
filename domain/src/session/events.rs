//! What happened in a session.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::device::LightChannel;
use crate::hall::HallPolicy;
use crate::ids::{HallId, HoldId, MemberId, SessionId, TableId};
use crate::money::Fen;
use crate::tariff::{Discount, PinnedTariff, SoldPackage};

use super::{Awaited, Bill, GoodsLine};

/// How a session is paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum SessionMode {
    /// Time is billed at the end, secured by a hold on the wallet.
    Postpaid {
        /// The hold.
        hold_id: HoldId,
        /// What it sets aside at opening.
        held: Fen,
        /// Until when the hold covers play, counted from opening.
        covered_until: Timestamp,
    },
    /// Time is billed at the end; a set sum is secured for it, and what is not played goes back.
    Deposit {
        /// The hold.
        hold_id: HoldId,
        /// The sum.
        held: Fen,
        /// Until when it covers play, counted from opening.
        covered_until: Timestamp,
    },
    /// Time is bought first.
    Prepaid {
        /// Minutes bought.
        minutes: u32,
        /// What they cost.
        price: Fen,
        /// When they end, counted from opening; the start of billing moves it by the same delay, unless a package ends by the clock.
        ends_at: Timestamp,
        /// The package, if they were bought as one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        package: Option<SoldPackage>,
    },
}

impl SessionMode {
    /// Until when what is paid or secured at opening reaches.
    pub const fn reach(&self) -> Timestamp {
        match self {
            Self::Postpaid { covered_until, .. } | Self::Deposit { covered_until, .. } => *covered_until,
            Self::Prepaid { ends_at, .. } => *ends_at,
        }
    }
}

/// Why an opening that waited came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum LapseReason {
    /// Nobody paid in time.
    NotPaid,
    /// It was paid and still could not begin.
    Refused,
    /// Whoever asked for it wants it no more.
    Cancelled,
}

/// Why billing started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum BillingStartCause {
    /// The light was confirmed.
    LightConfirmed,
    /// The longest delay that the hall's policy allows was over.
    Deadline,
    /// The session was closed before either.
    Closed,
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum CloseCause {
    /// The customer closed it.
    Customer,
    /// Staff closed it.
    Staff,
    /// The prepaid time was over.
    PrepaidEnd,
    /// The hold was used up and could not be topped up.
    HoldExhausted,
    /// The light failed: it is billed until then, and what was bought beyond goes back.
    Fault,
}

/// Why a session came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum CancelReason {
    /// No confirmation from the light in time.
    LightNotConfirmed,
}

/// Why a paused session goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum ResumeCause {
    /// Staff let it go on.
    Staff,
    /// No pause is longer.
    Limit,
}

/// What a customer is warned of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum Warning {
    /// Prepaid time ends within this many minutes.
    PrepaidEnding {
        /// Minutes before the end.
        minutes: u32,
    },
    /// The wallet could not secure more play.
    HoldRunningShort,
}

/// Events of the stream `TableSession/<session_id>`.
#[allow(
    clippy::large_enum_variant,
    reason = "an opening pins the hall's policy; events are few and short-lived in memory"
)]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum TableSessionEvent {
    /// A session was asked for that waits for its payment; the table is kept.
    OpeningAwaited {
        /// What was asked for, and by when what must be there.
        awaited: Arc<Awaited>,
        /// When.
        at: Timestamp,
    },
    /// It was not paid in time, or could not begin; the table is let go.
    OpeningLapsed {
        /// Why.
        reason: LapseReason,
        /// When.
        at: Timestamp,
    },
    /// A session began; its light was asked for.
    SessionOpened {
        /// The session.
        session_id: SessionId,
        /// The table.
        table_id: TableId,
        /// The hall.
        hall_id: HallId,
        /// Who plays and pays.
        member_id: MemberId,
        /// How it is paid.
        mode: SessionMode,
        /// The light over the table.
        light: LightChannel,
        /// The prices.
        tariff: Arc<PinnedTariff>,
        /// What the person's level takes off the price of play.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        discount: Option<Discount>,
        /// The hall's time zone (IANA).
        time_zone: String,
        /// The hall's policy.
        policy: HallPolicy,
        /// When.
        opened_at: Timestamp,
    },
    /// Billing began.
    BillingStarted {
        /// From when on time is billed.
        at: Timestamp,
        /// Why then.
        cause: BillingStartCause,
        /// Until when play is paid for or secured, counted from `at`: the new prepaid end, or the reach of the hold.
        covered_until: Timestamp,
    },
    /// More prepaid time was bought.
    SessionExtended {
        /// Minutes bought.
        minutes: u32,
        /// What they cost.
        price: Fen,
        /// The new end.
        ends_at: Timestamp,
        /// When.
        at: Timestamp,
    },
    /// A postpaid session's hold was raised.
    HoldRenewed {
        /// The whole hold now.
        held: Fen,
        /// Until when it covers play.
        covered_until: Timestamp,
        /// When.
        at: Timestamp,
    },
    /// Goods were put on the bill.
    GoodsAdded {
        /// Which, at which price.
        line: GoodsLine,
        /// When.
        at: Timestamp,
    },
    /// Goods were taken off the bill.
    GoodsRemoved {
        /// Their code.
        code: String,
        /// How many.
        quantity: u32,
        /// Why, as the staff said it.
        reason: String,
        /// When.
        at: Timestamp,
    },
    /// Play moved to another table of the hall.
    SessionTransferred {
        /// The table that was left.
        from_table_id: TableId,
        /// The light over it.
        left_light: LightChannel,
        /// Until when that light lingers; equal to `at` if it goes off at once.
        left_light_until: Timestamp,
        /// The table that is played at from now on.
        table_id: TableId,
        /// The light over it.
        light: LightChannel,
        /// Its prices.
        tariff: Arc<PinnedTariff>,
        /// Postpaid: the whole hold now.
        held: Fen,
        /// Prepaid: what was paid because the time that is left costs more there.
        surcharge: Fen,
        /// Prepaid: whole minutes that are left.
        minutes_left: u32,
        /// Until when play is paid for or secured.
        covered_until: Timestamp,
        /// When.
        at: Timestamp,
    },
    /// The clock was stopped.
    SessionPaused {
        /// In the words of the staff.
        reason: String,
        /// When it goes on at the latest.
        until: Timestamp,
        /// When.
        at: Timestamp,
    },
    /// The clock goes on.
    SessionResumed {
        /// Since when it stood.
        paused_at: Timestamp,
        /// Why it goes on.
        cause: ResumeCause,
        /// Until when play is paid for or secured.
        covered_until: Timestamp,
        /// When.
        at: Timestamp,
    },
    /// The customer was warned.
    CustomerWarned {
        /// Of what.
        warning: Warning,
        /// When.
        at: Timestamp,
    },
    /// Play ended; the price is fixed.
    SessionClosed {
        /// When play ended. Earlier than the recording if the close came late: nobody pays for time in the dark.
        at: Timestamp,
        /// Why.
        cause: CloseCause,
        /// In the words of the staff, if they closed it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// What it costs.
        bill: Bill,
        /// The light over the table.
        light: LightChannel,
        /// Until when the light lingers; equal to `at` if it goes off at once.
        light_until: Timestamp,
    },
    /// The bill was taken from the wallet; what the wallet could not give stays open.
    SessionSettled {
        /// What was paid.
        paid: Fen,
        /// What is still owed.
        outstanding: Fen,
        /// When.
        at: Timestamp,
    },
    /// The session came to nothing and costs nothing.
    SessionCancelled {
        /// Why.
        reason: CancelReason,
        /// When.
        at: Timestamp,
    },
}

crate::event::domain_events!(TableSessionEvent: OpeningAwaited, OpeningLapsed, SessionOpened, BillingStarted, SessionExtended, HoldRenewed, GoodsAdded, GoodsRemoved, SessionTransferred, SessionPaused, SessionResumed, CustomerWarned, SessionClosed, SessionSettled, SessionCancelled);
