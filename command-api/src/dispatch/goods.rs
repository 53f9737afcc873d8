//! Goods on a session's bill.

use std::sync::Arc;

use baize_domain::Refusal;
use baize_domain::device::Device;
use baize_domain::hall::Hall;
use baize_domain::ids::SessionId;
use baize_domain::session::{Opening, TableSession};
use baize_domain::units::{Changes, GoodsInput, add_goods, remove_goods};
use baize_domain::wallet::Wallet;

use super::session::opened_session;
use super::work::{Held, Work};
use super::{CommandError, Reply};

/// Puts goods on the bill.
pub async fn add(
    work: &Work<'_>,
    session_id: SessionId,
    code: &str,
    quantity: u32,
    by_customer: bool,
) -> Result<Reply, CommandError> {
    let (session, opening) = opened_session(work, session_id).await?;
    let hall = work.read::<Hall>(opening.hall_id).await?;
    let decide = |input: GoodsInput<'_>| add_goods(input, &hall, by_customer);
    change(work, (session, opening), (code, quantity), decide).await
}

/// Takes goods off the bill.
pub async fn remove(
    work: &Work<'_>,
    session_id: SessionId,
    code: &str,
    quantity: u32,
    reason: &str,
) -> Result<Reply, CommandError> {
    let opened = opened_session(work, session_id).await?;
    let decide = |input: GoodsInput<'_>| remove_goods(input, reason);
    change(work, opened, (code, quantity), decide).await
}

async fn change(
    work: &Work<'_>,
    (session, opening): (Held<TableSession>, Arc<Opening>),
    (code, quantity): (&str, u32),
    decide: impl FnOnce(GoodsInput<'_>) -> Result<Changes, Refusal>,
) -> Result<Reply, CommandError> {
    let (wallet, device) = tokio::try_join!(
        work.read::<Wallet>(opening.member_id),
        work.read::<Device>(session.place(&opening).light.device_id),
    )?;
    let changes = decide(GoodsInput {
        code,
        quantity,
        session: &session,
        wallet: &wallet,
        device: &device,
        now: work.now,
    })?;
    work.write(&wallet, changes.wallet)?;
    work.write(&device, changes.device)?;
    let after = work.write(&session, changes.session)?;
    Ok(Reply::Goods {
        goods: after.goods.clone(),
        total: after.goods_total(),
    })
}
