//! A table opens: table occupied, session begun, money held or taken, light asked for. Of two who scan at once, exactly one wins, since
//! both write to the table's stream.

use jiff::Timestamp;

use crate::calendar::Calendar;
use crate::command::OpenMode;
use crate::device::Device;
use crate::hall::{Hall, HallError, time_zone_or_utc};
use crate::ids::{MemberId, SessionId};
use crate::member::{Member, MemberError};
use crate::refusal::{Refusal, RefusalKind};
use crate::session::reach::check_minutes;
use crate::session::{Asked, Opening, SessionMode, TableSession, TableSessionError};
use crate::table::{self, Table, TableError, TableProfile};
use crate::tariff::pricing::whole_steps;
use crate::tariff::{Discount, PublishedTariff, TariffPlan};
use crate::wallet::{Wallet, WalletError};

use super::Changes;
use super::await_payment::{await_payment, opened};
use super::begin_session::{NotSecured, Secured, begin, secure};

/// What it is decided from. Plan, hall and device are those that the table names; the wallet is the member's.
#[derive(Clone, Copy, Debug)]
pub struct OpenTableInput<'a> {
    /// The new session's id.
    pub session_id: SessionId,
    /// Who wants to play.
    pub member_id: MemberId,
    /// How it shall be paid.
    pub mode: &'a OpenMode,
    /// If the wallet has too little: keep the table until the money is there.
    pub wait_for_payment: bool,
    /// What the person's level takes off the price of play.
    pub discount: Option<&'a Discount>,
    /// The stream of `session_id`, normally empty.
    pub session: &'a TableSession,
    /// The table.
    pub table: &'a Table,
    /// The table's hall.
    pub hall: &'a Hall,
    /// The table's tariff plan.
    pub plan: &'a TariffPlan,
    /// The calendar that the plan names; empty if it names none.
    pub calendar: &'a Calendar,
    /// Who that is.
    pub member: &'a Member,
    /// The member's wallet.
    pub wallet: &'a Wallet,
    /// The device with the table's light.
    pub device: &'a Device,
    /// When.
    pub now: Timestamp,
}

/// Opens a table; the same opening again changes nothing.
///
/// # Errors
/// In this order: `SESSION_EXISTS`, `TABLE_NOT_FOUND`, `HALL_NOT_FOUND`, `TABLE_OCCUPIED`, `TABLE_IN_MAINTENANCE`, `MEMBER_NOT_FOUND`,
/// `MEMBER_MERGED`, `MEMBER_ERASED`, `MEMBER_BLACKLISTED`, `PHONE_NOT_VERIFIED`, `OTHER_CHAIN`, `TARIFF_NOT_PUBLISHED`, `INVALID_ARGUMENT`, `PACKAGE_NOT_FOUND`, `PACKAGE_NOT_ON_OFFER`, `PAYMENT_METHOD_REQUIRED`, `UNPAID_BILL`, `MEMBER_HAS_OPEN_SESSION`, `TOP_UP_REQUIRED`, `DEVICE_NOT_FOUND`,
/// `DEVICE_CHANNEL_NOT_FOUND`.
pub fn open_table(input: OpenTableInput<'_>) -> Result<Changes, Refusal> {
    let profile = input.table.profile.as_ref().ok_or(TableError::NotFound)?;
    if let Some(existing) = existing(&input, profile)? {
        return Ok(existing);
    }
    let hall = input.hall.profile.as_ref().ok_or(HallError::NotFound)?;
    let occupied = table::decide::occupy(input.table, input.session_id, input.now)?;
    let member = input.member.may_open()?;
    if member.chain_id != hall.chain_id {
        return Err(MemberError::OtherChain.into());
    }
    let plan = plan_for(input.plan, profile)?;
    if let OpenMode::Prepaid { minutes } = input.mode {
        check_minutes(*minutes, "mode.prepaid.minutes")?;
    }
    let asked = Asked {
        session_id: input.session_id,
        table_id: profile.table_id,
        hall_id: profile.hall_id,
        member_id: input.member_id,
        mode: input.mode.clone(),
        light: profile.light,
        tariff: plan.pin(input.calendar, &time_zone_or_utc(&hall.time_zone), input.now),
        discount: input.discount.cloned(),
        time_zone: hall.time_zone.clone(),
        policy: hall.policy.clone(),
    };
    // Whoever has bound a way to pay lacks money, not a way to pay it.
    let (newly_opened, wallet) = match member.payment_methods.is_empty() {
        true => (Vec::new(), input.wallet.clone()),
        false => opened(input.wallet, input.member_id, input.now),
    };
    let mut secured = secure(&asked, &wallet, input.now);
    if let Err(NotSecured::Wallet(WalletError::NotOpened)) = secured
        && input.wait_for_payment
    {
        let (_, empty) = opened(input.wallet, input.member_id, input.now);
        // What costs nothing needs no payment to wait for.
        secured = secure(&asked, &empty, input.now).and(Err(WalletError::NotOpened.into()));
    }
    let secured = match secured {
        Err(NotSecured::Wallet(WalletError::TooLittle { needed, shortfall, .. })) if input.wait_for_payment => {
            let missing = (needed, shortfall);
            return await_payment(asked, occupied, input.session, input.wallet, missing, input.now);
        }
        secured => secured?,
    };
    let secured = Secured {
        wallet: newly_opened.into_iter().chain(secured.wallet).collect(),
        ..secured
    };
    Ok(Changes {
        table: occupied,
        ..begin(&asked, secured, input.session, input.device, input.now)?
    })
}

/// Nothing, if the session is there and is the one that is asked for.
fn existing(input: &OpenTableInput<'_>, table: &TableProfile) -> Result<Option<Changes>, Refusal> {
    let same = match (&input.session.awaited, &input.session.opening) {
        (None, None) => return Ok(None),
        (Some(awaited), _) => {
            let asked = &awaited.asked;
            asked.mode == *input.mode && asked.table_id == table.table_id && asked.member_id == input.member_id
        }
        (None, Some(opening)) => is_same(opening, input, table),
    };
    if same {
        return Ok(Some(Changes::default()));
    }
    Err(TableSessionError::Exists(input.session_id).into())
}

/// The published tariff of a table.
pub(super) fn plan_for<'a>(plan: &'a TariffPlan, table: &TableProfile) -> Result<&'a PublishedTariff, Refusal> {
    plan.published
        .as_deref()
        .filter(|published| published.hall_id == table.hall_id)
        .ok_or_else(|| {
            Refusal::new(
                RefusalKind::Precondition,
                "TARIFF_NOT_PUBLISHED",
                "the table has no published tariff",
                "Publish the table's tariff plan for its hall.",
            )
            .with("tariff_plan_id", table.tariff_plan_id)
        })
}

/// Whether an opened session is the one that is asked for.
fn is_same(existing: &Opening, input: &OpenTableInput<'_>, table: &TableProfile) -> bool {
    let same_mode = match (&existing.mode, input.mode) {
        (SessionMode::Postpaid { .. }, OpenMode::Postpaid) | (SessionMode::Deposit { .. }, OpenMode::Deposit) => true,
        (
            SessionMode::Prepaid {
                minutes: bought,
                package: None,
                ..
            },
            OpenMode::Prepaid { minutes },
        ) => *bought == whole_steps(existing.prices(), *minutes),
        (
            SessionMode::Prepaid {
                package: Some(sold), ..
            },
            OpenMode::Package { code },
        ) => sold.code == *code,
        _ => false,
    };
    same_mode && existing.table_id == table.table_id && existing.member_id == input.member_id
}
