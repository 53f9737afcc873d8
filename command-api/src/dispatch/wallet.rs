//! Money that comes in.

use baize_domain::ids::{MemberId, TopUpId, top_up_transaction};
use baize_domain::journal::Journal;
use baize_domain::member::Member;
use baize_domain::units::{CreditTopUpInput, credit_top_up as decide};
use baize_domain::wallet::{Split, TopUpChannel, Wallet};

use super::work::Work;
use super::{CommandError, Reply};

/// Credits a wallet.
pub async fn credit_top_up(
    work: &Work<'_>,
    member_id: MemberId,
    top_up_id: TopUpId,
    channel: TopUpChannel,
    amount: Split,
) -> Result<Reply, CommandError> {
    let (member, wallet) = tokio::try_join!(work.read::<Member>(member_id), work.read::<Wallet>(member_id))?;
    let transaction_id = top_up_transaction(top_up_id);
    let journal = work.expect_new::<Journal>(transaction_id).await?;
    let changes = decide(CreditTopUpInput {
        member_id,
        top_up_id,
        channel,
        amount,
        member: &member,
        wallet: &wallet,
        journal: &journal,
        now: work.now,
    })?;
    for (posted, events) in changes.journal {
        if posted == transaction_id {
            work.write(&journal, events)?;
        } else {
            work.write_new::<Journal>(posted, &events)?;
        }
    }
    let wallet = work.write(&wallet, changes.wallet)?;
    Ok(Reply::ToppedUp {
        top_up_id,
        balance: wallet.balance().total(),
        available: wallet.available(),
    })
}
