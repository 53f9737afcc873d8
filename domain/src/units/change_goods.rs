//! Goods come onto a session's bill or off it. Postpaid, the hold grows with them, so that play stays secured for as long as it was; prepaid, they
//! are taken from the wallet at the close, and the wallet must have it when they are ordered.

use jiff::Timestamp;

use crate::device::Device;
use crate::hall::Hall;
use crate::refusal::{Refusal, RefusalKind};
use crate::session::reach::raise_for_goods;
use crate::session::{self, GoodsLine, TableSession, TableSessionError, TableSessionEvent};
use crate::wallet::{self, Wallet};

use super::Changes;
use super::extend_session::secure;

/// What it is decided from. The wallet is that of the session's member, the device that of its light.
#[derive(Clone, Copy, Debug)]
pub struct GoodsInput<'a> {
    /// The goods.
    pub code: &'a str,
    /// 1–99.
    pub quantity: u32,
    /// The session.
    pub session: &'a TableSession,
    /// The member's wallet.
    pub wallet: &'a Wallet,
    /// The device with the table's light.
    pub device: &'a Device,
    /// When.
    pub now: Timestamp,
}

/// Puts goods of the hall's list on the bill, at the price that they have now.
///
/// # Errors
/// `SESSION_NOT_FOUND`, `SESSION_CLOSED`, `SESSION_CANCELLED`, `SESSION_STARTING`, `GOODS_BY_STAFF_ONLY`, `GOODS_NOT_FOUND`, `INVALID_ARGUMENT`,
/// `TOO_MANY_GOODS`, `TOP_UP_REQUIRED`.
pub fn add_goods(input: GoodsInput<'_>, hall: &Hall, by_customer: bool) -> Result<Changes, Refusal> {
    let opening = session::decide::playing(input.session)?;
    if by_customer && !opening.policy.goods_by_customers {
        return Err(TableSessionError::GoodsByStaffOnly.into());
    }
    let sold = |goods: &&crate::hall::Goods| goods.code == input.code && !goods.retired;
    let goods = hall.goods.iter().find(sold).ok_or_else(|| not_sold(input.code))?;
    let line = GoodsLine {
        code: goods.code.clone(),
        name_zh: goods.name_zh.clone(),
        name_en: goods.name_en.clone(),
        quantity: input.quantity,
        price: goods.price,
    };
    changed(&input, session::goods::add(input.session, line, input.now)?)
}

/// Takes goods off the bill. What is held stays held, and reaches further.
///
/// # Errors
/// `SESSION_NOT_FOUND`, `SESSION_CLOSED`, `SESSION_CANCELLED`, `GOODS_NOT_ON_BILL`, `INVALID_ARGUMENT`.
pub fn remove_goods(input: GoodsInput<'_>, reason: &str) -> Result<Changes, Refusal> {
    let events = session::goods::remove(input.session, input.code, input.quantity, reason, input.now)?;
    changed(&input, events)
}

fn changed(input: &GoodsInput<'_>, mut events: Vec<TableSessionEvent>) -> Result<Changes, Refusal> {
    let opening = session::decide::playing(input.session)?;
    let mut after = input.session.clone();
    events.iter().for_each(|event| after.evolve(event));
    if opening.is_prepaid() {
        if after.goods_total() > input.session.goods_total() {
            wallet::decide::has(input.wallet, after.goods_total())?;
        }
        return Ok(Changes {
            session: events,
            ..Changes::default()
        });
    }
    let raise = raise_for_goods(&after, opening);
    let mut secured = secure(&after, opening, input.wallet, input.device, raise, input.now)?;
    events.append(&mut secured.session);
    if raise.covered_until == input.session.covered_until {
        secured.device.clear();
    }
    Ok(Changes {
        session: events,
        ..secured
    })
}

fn not_sold(code: &str) -> Refusal {
    Refusal::new(
        RefusalKind::NotFound,
        "GOODS_NOT_FOUND",
        "the hall sells no such goods",
        "Choose from the hall's list of goods.",
    )
    .with("code", code)
}
