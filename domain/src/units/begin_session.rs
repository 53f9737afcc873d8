//! A session begins: money is held or taken, the light is asked for. Shared by openings that are paid at once and those that waited.

use std::sync::Arc;

use jiff::Timestamp;

use crate::command::OpenMode;
use crate::device::{self, DesireReason, Device};
use crate::ids::session_hold;
use crate::refusal::Refusal;
use crate::session::reach::light_until;
use crate::session::{self, Asked, Opening, SessionMode, TableSession};
use crate::tariff::Course;
use crate::tariff::pricing::{minutes_after, minutes_between, whole_steps};
use crate::wallet::{self, Wallet, WalletError, WalletEvent};

use super::Changes;
use super::postings::Context;

/// What secures a session.
pub(super) struct Secured {
    pub mode: SessionMode,
    pub wallet: Vec<WalletEvent>,
}

/// Why a session is not secured.
pub(super) enum NotSecured {
    Wallet(WalletError),
    Package(Refusal),
}

impl From<WalletError> for NotSecured {
    fn from(error: WalletError) -> Self {
        Self::Wallet(error)
    }
}

impl From<NotSecured> for Refusal {
    fn from(why: NotSecured) -> Self {
        match why {
            NotSecured::Wallet(error) => error.into(),
            NotSecured::Package(refusal) => refusal,
        }
    }
}

/// Sets aside or takes what the mode needs.
pub(super) fn secure(asked: &Asked, wallet: &Wallet, now: Timestamp) -> Result<Secured, NotSecured> {
    let zone = crate::hall::time_zone_or_utc(&asked.time_zone);
    let course = Course {
        zone: &zone,
        past: &[],
        prices: &asked.tariff,
        from: now,
        discount: asked.discount.as_ref(),
        goods: &[],
    };
    let (hold_id, sessions_max) = (session_hold(asked.session_id), asked.policy.open_sessions_max);
    let hold = |amount| wallet::decide::hold(wallet, hold_id, asked.session_id, amount, sessions_max, now);
    match &asked.mode {
        OpenMode::Postpaid => {
            let held = course.prepaid(asked.policy.hold_minutes).total;
            let covered_until = course.covered_until(held);
            Ok(Secured {
                mode: SessionMode::Postpaid {
                    hold_id,
                    held,
                    covered_until,
                },
                wallet: hold(held)?,
            })
        }
        OpenMode::Deposit => {
            let held = asked.policy.deposit;
            let covered_until = course.covered_until(held);
            Ok(Secured {
                mode: SessionMode::Deposit {
                    hold_id,
                    held,
                    covered_until,
                },
                wallet: hold(held)?,
            })
        }
        OpenMode::Prepaid { minutes } => {
            let minutes = whole_steps(&asked.tariff.tariff, *minutes);
            let price = course.prepaid(minutes).total;
            Ok(Secured {
                mode: SessionMode::Prepaid {
                    minutes,
                    price,
                    ends_at: minutes_after(now, minutes),
                    package: None,
                },
                wallet: wallet::decide::charge_prepaid(wallet, asked.session_id, price, sessions_max, now)?,
            })
        }
        OpenMode::Package { code } => {
            let offer = asked.tariff.offer(code, &zone, now).map_err(NotSecured::Package)?;
            let price = offer.package.price;
            Ok(Secured {
                mode: SessionMode::Prepaid {
                    minutes: minutes_between(now, offer.until),
                    price,
                    ends_at: offer.until,
                    package: Some(offer.sold()),
                },
                wallet: wallet::decide::charge_prepaid(wallet, asked.session_id, price, sessions_max, now)?,
            })
        }
    }
}

/// Begins a session that is secured. The table is another's to occupy.
pub(super) fn begin(
    asked: &Asked,
    secured: Secured,
    session: &TableSession,
    device: &Device,
    now: Timestamp,
) -> Result<Changes, Refusal> {
    let opening = Opening {
        session_id: asked.session_id,
        table_id: asked.table_id,
        hall_id: asked.hall_id,
        member_id: asked.member_id,
        light: asked.light,
        tariff: Arc::clone(&asked.tariff),
        discount: asked.discount.clone(),
        time_zone: asked.time_zone.clone(),
        policy: asked.policy.clone(),
        opened_at: now,
        mode: secured.mode,
    };
    let device_events = device::decide::desire_on(
        device,
        asked.light.channel,
        asked.session_id,
        light_until(&opening, false, opening.mode.reach()),
        DesireReason::SessionOpened,
        now,
    )?;
    let context = Context {
        hall_id: Some(asked.hall_id),
        member_id: asked.member_id,
        at: now,
    };
    let journal = match secured.wallet.as_slice() {
        [.., WalletEvent::PrepaidCharged { amount, .. }] => context.prepaid(asked.session_id, 0, *amount)?,
        _ => None,
    };
    Ok(Changes {
        session: session::decide::open(session, opening)?,
        wallet: secured.wallet,
        device: device_events,
        journal: journal.into_iter().collect(),
        ..Changes::default()
    })
}
