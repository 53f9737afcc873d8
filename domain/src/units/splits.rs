//! Shares of a bill: who may take part, and the money of each share, moved in one unit with the split that it belongs to.

use jiff::Timestamp;

use crate::ids::{MemberId, SessionId, TransactionId, session_split, share_top_up, split_share};
use crate::journal::JournalEvent;
use crate::member::{Member, MemberError};
use crate::money::Fen;
use crate::refusal::{InvalidField, Refusal};
use crate::session::{self, TableSession};
use crate::split::{
    self, BillSplit, Division, OPENER, Phase, Share, ShareState, ShareTerms, SplitError, SplitEvent, SplitTerms,
};
use crate::units::credit_top_up::debt_postings;
use crate::units::postings::Context;
use crate::wallet::{self, Split, TopUpChannel, Wallet, WalletError, WalletEvent, shares};

/// What a unit about a split writes. Nothing at all means that it was so already.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SplitChanges {
    /// For the split.
    pub split: Vec<SplitEvent>,
    /// For the wallet of whoever pays the share.
    pub wallet: Vec<WalletEvent>,
    /// For the opener's wallet, if it is another.
    pub opener: Vec<WalletEvent>,
    /// For new streams of the journal, one per transaction.
    pub journal: Vec<(TransactionId, Vec<JournalEvent>)>,
}

/// What a start is decided from.
#[derive(Clone, Copy, Debug)]
pub struct StartSplitInput<'a> {
    /// The session whose bill it is.
    pub session: &'a TableSession,
    /// The split of that session.
    pub split: &'a BillSplit,
    /// Who splits it.
    pub member: &'a Member,
    /// How.
    pub division: &'a Division,
    /// What the links say, one for each share but the opener's own.
    pub tokens: &'a [String],
    /// In place of the present shares.
    pub anew: bool,
    /// When.
    pub now: Timestamp,
}

/// Splits a settled bill. Only members split: what the others pay comes into their wallet.
///
/// # Errors
/// `MEMBER_NOT_FOUND`, `MEMBER_MERGED`, `MEMBER_ERASED`, `GUEST_NOT_ALLOWED`, `SESSION_NOT_FOUND`, `SESSION_STILL_OPEN`, `SESSION_NOT_SETTLED`,
/// `SESSION_CANCELLED`, `SPLIT_NOT_FOUND`, `NOTHING_TO_SPLIT`, `INVALID_ARGUMENT`, `SPLIT_OPEN`, `BILL_SPLIT`, `SPLIT_CANCELLED`, `SHARES_PAID`,
/// `SHARES_RETURNING`.
pub fn start_split(input: StartSplitInput<'_>) -> Result<SplitChanges, Refusal> {
    let profile = input.member.members_only()?;
    let opening = session::decide::settled(input.session)?;
    if opening.member_id != profile.member_id {
        return Err(SplitError::NotFound.into());
    }
    let closing = input.session.closing.as_ref().ok_or(SplitError::NothingToSplit)?;
    let bill = closing.bill.total;
    if !bill.is_positive() {
        return Err(SplitError::NothingToSplit.into());
    }
    let amounts = input.division.of(bill)?;
    InvalidField::unless(
        input.tokens.len() + 1 == amounts.len(),
        "division",
        "must have a link for each share but the opener's own",
    )?;
    let split_id = session_split(opening.session_id);
    let round = input
        .split
        .terms
        .as_ref()
        .map_or(0, |terms| terms.round)
        .saturating_add(1);
    let tokens = std::iter::once(String::new()).chain(input.tokens.iter().cloned());
    let cut = (0u8..)
        .zip(tokens.zip(amounts))
        .map(|(ordinal, (token, amount))| ShareTerms {
            share_id: split_share(split_id, round, ordinal),
            token,
            amount,
        });
    let terms = SplitTerms {
        split_id,
        round,
        chain_id: profile.chain_id,
        hall_id: opening.hall_id,
        session_id: opening.session_id,
        opener: profile.member_id,
        bill,
        shares: cut.collect(),
        link_minutes: opening.policy.split_minutes,
    };
    Ok(SplitChanges {
        split: split::decide::start(input.split, terms, input.anew, input.now)?,
        ..SplitChanges::default()
    })
}

/// Agrees to pay the share of a link, for somebody who could open a table: not barred, a guest only with a verified phone number, and without debts.
///
/// # Errors
/// `MEMBER_NOT_FOUND`, `MEMBER_MERGED`, `MEMBER_ERASED`, `MEMBER_BLACKLISTED`, `PHONE_NOT_VERIFIED`, `OTHER_CHAIN`, `UNPAID_BILL`, and as
/// [`split::decide::confirm`].
pub fn confirm_share(
    split: &BillSplit,
    member: &Member,
    wallet: &Wallet,
    token: &str,
    now: Timestamp,
) -> Result<SplitChanges, Refusal> {
    let profile = member.may_open()?;
    let events = split::decide::confirm(split, token, profile.member_id, now)?;
    if split
        .terms
        .as_ref()
        .is_some_and(|terms| terms.chain_id != profile.chain_id)
    {
        return Err(MemberError::OtherChain.into());
    }
    if let Some(debt) = wallet.debts.first() {
        return Err(WalletError::Unpaid {
            session_id: debt.session_id,
            outstanding: debt.outstanding,
        }
        .into());
    }
    Ok(SplitChanges {
        split: events,
        ..SplitChanges::default()
    })
}

/// Takes a share from the wallet of whoever confirmed it, or notes that it could not be. A share that does not wait to be paid stays as it is.
///
/// # Errors
/// None that a state of its aggregates can lead to.
pub fn charge_share(
    split: &BillSplit,
    wallet: &Wallet,
    round: u32,
    ordinal: u8,
    now: Timestamp,
) -> Result<SplitChanges, Refusal> {
    match split::decide::due(split, round, ordinal) {
        Some(_) => charge(split, wallet, ordinal, now),
        None => Ok(SplitChanges::default()),
    }
}

/// Pays a person's own share from the wallet.
///
/// # Errors
/// As [`lacking`], and `TOP_UP_REQUIRED`.
pub fn pay_share(
    split: &BillSplit,
    wallet: &Wallet,
    member_id: MemberId,
    now: Timestamp,
) -> Result<SplitChanges, Refusal> {
    let (ordinal, needed, missing) = due_of(split, member_id, wallet)?;
    if missing.is_positive() {
        return Err(WalletError::too_little(needed, needed.saturating_sub_zero(missing)).into());
    }
    charge(split, wallet, ordinal, now)
}

/// Takes a share that waits to be paid.
pub(super) fn charge(split: &BillSplit, wallet: &Wallet, ordinal: u8, now: Timestamp) -> Result<SplitChanges, Refusal> {
    let terms = split.terms.as_deref().ok_or(SplitError::NotFound)?;
    let share = split.share(ordinal).ok_or(SplitError::NotFound)?;
    if ordinal == OPENER {
        let missing = opener_lacks(split, wallet, terms.session_id);
        let paid = Split::default();
        return Ok(SplitChanges {
            split: match missing.is_positive() {
                true => split::decide::fail(split, ordinal, missing, now)?,
                false => split::decide::pay(split, ordinal, paid, now)?,
            },
            ..SplitChanges::default()
        });
    }
    let events = match shares::charge(wallet, share.share_id, share.amount, now) {
        Ok(events) => events,
        Err(_) => {
            let missing = share.amount.saturating_sub_zero(wallet.available()).max(Fen(1));
            return Ok(SplitChanges {
                split: split::decide::fail(split, ordinal, missing, now)?,
                ..SplitChanges::default()
            });
        }
    };
    let Some(WalletEvent::ShareCharged { amount, .. }) = events.first() else {
        return Ok(SplitChanges::default());
    };
    let context = context(terms, share.member_id.unwrap_or_default(), now);
    Ok(SplitChanges {
        split: split::decide::pay(split, ordinal, *amount, now)?,
        journal: context.share_charged(share.share_id, *amount)?.into_iter().collect(),
        wallet: events,
        ..SplitChanges::default()
    })
}

/// Moves a share to the opener's wallet, where it pays debts first. One that has arrived stays there.
///
/// # Errors
/// `SPLIT_NOT_FOUND`, `TOO_MANY_TOP_UPS`.
pub fn deliver_share(
    split: &BillSplit,
    payer: &Wallet,
    opener: &Wallet,
    (round, ordinal): (u32, u8),
    now: Timestamp,
) -> Result<SplitChanges, Refusal> {
    let Some((terms, share, amount)) = moving(split, round, ordinal)? else {
        return Ok(SplitChanges::default());
    };
    let noted = split::decide::deliver(split, ordinal, now);
    if noted.is_empty() {
        return Ok(SplitChanges::default());
    }
    let (share_id, top_up_id) = (share.share_id, share_top_up(share.share_id));
    let channel = TopUpChannel::Share { share_id };
    let credited = wallet::decide::credit_top_up(opener, terms.opener, top_up_id, channel, amount, now)?;
    let context = context(terms, terms.opener, now);
    let mut journal: Vec<_> = context.share_moved(share_id, amount)?.into_iter().collect();
    journal.extend(debt_postings(opener, &credited, top_up_id, context)?);
    Ok(SplitChanges {
        split: noted,
        wallet: shares::deliver(payer, share_id, now),
        opener: credited,
        journal,
    })
}

/// Puts a share back into the lots that it came from. One that is back stays there.
///
/// # Errors
/// `SPLIT_NOT_FOUND`.
pub fn return_share(
    split: &BillSplit,
    payer: &Wallet,
    (round, ordinal): (u32, u8),
    now: Timestamp,
) -> Result<SplitChanges, Refusal> {
    let Some((terms, share, amount)) = moving(split, round, ordinal)? else {
        return Ok(SplitChanges::default());
    };
    let noted = split::decide::give_back(split, ordinal, now);
    if noted.is_empty() {
        return Ok(SplitChanges::default());
    }
    let context = context(terms, share.member_id.unwrap_or_default(), now);
    Ok(SplitChanges {
        split: noted,
        wallet: shares::give_back(payer, share.share_id, now),
        journal: context.share_moved(share.share_id, amount)?.into_iter().collect(),
        ..SplitChanges::default()
    })
}

/// A person's share that waits to be paid, and what is missing for it.
///
/// # Errors
/// `SPLIT_NOT_FOUND` (also for those who have no share), `SPLIT_NOT_CHARGING`, `SPLIT_CANCELLED`, `SHARE_SETTLED`, `UNPAID_BILL`, `NOTHING_TO_PAY`.
pub(super) fn lacking(split: &BillSplit, member_id: MemberId, wallet: &Wallet) -> Result<(u8, Fen), Refusal> {
    let (ordinal, _, missing) = due_of(split, member_id, wallet)?;
    match missing.is_positive() {
        true => Ok((ordinal, missing)),
        false => Err(SplitError::NothingMissing(wallet.available()).into()),
    }
}

/// The place of a person's share that waits to be paid, what it needs, and what of that is missing.
fn due_of(split: &BillSplit, member_id: MemberId, wallet: &Wallet) -> Result<(u8, Fen, Fen), Refusal> {
    let terms = split.terms.as_deref().ok_or(SplitError::NotFound)?;
    let ordinal = split.share_of(member_id).ok_or(SplitError::NotFound)?;
    let share = split.share(ordinal).ok_or(SplitError::NotFound)?;
    match (split.phase, share.state) {
        (Phase::Charging, ShareState::Confirmed) => {}
        (Phase::Unstarted | Phase::Confirming, _) => return Err(SplitError::NotCharging.into()),
        (Phase::Cancelled, _) => return Err(SplitError::Cancelled.into()),
        (Phase::Charging | Phase::Completed, _) => return Err(SplitError::ShareSettled.into()),
    }
    let available = wallet.available();
    let needed = match (ordinal, wallet.debts.first()) {
        (OPENER, _) => {
            let lacks = opener_lacks(split, wallet, terms.session_id);
            return Ok((ordinal, lacks, lacks));
        }
        (_, Some(debt)) => {
            return Err(WalletError::Unpaid {
                session_id: debt.session_id,
                outstanding: debt.outstanding,
            }
            .into());
        }
        (_, None) => share.amount,
    };
    Ok((ordinal, needed, needed.saturating_sub_zero(available)))
}

/// What the opener still has to pay beyond what the others will bring: a credit pays the oldest debts first, so those before the bill count.
fn opener_lacks(split: &BillSplit, wallet: &Wallet, session_id: SessionId) -> Fen {
    let debts = &wallet.debts;
    let owed: Fen = match debts.iter().position(|debt| debt.session_id == session_id) {
        Some(place) => debts[..=place].iter().map(|debt| debt.outstanding).sum(),
        None => Fen::ZERO,
    };
    owed.saturating_sub_zero(split.others())
}

/// A share for which money is set aside, in the present round.
fn moving(split: &BillSplit, round: u32, ordinal: u8) -> Result<Option<(&SplitTerms, &Share, Split)>, Refusal> {
    let terms = split.terms.as_deref().ok_or(SplitError::NotFound)?;
    let share = split.share(ordinal).filter(|_| terms.round == round);
    Ok(share.and_then(|share| Some((terms, share, share.set_aside()?))))
}

const fn context(terms: &SplitTerms, member_id: MemberId, at: Timestamp) -> Context {
    Context {
        hall_id: Some(terms.hall_id),
        member_id,
        at,
    }
}
