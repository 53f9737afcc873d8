//! Somebody begins to pay: what is owed is looked up, so that nobody pays what is not.

use jiff::Timestamp;

use crate::chain::{Chain, ChainError};
use crate::ids::{HallId, MemberId, PaymentIntentId, SessionId};
use crate::member::{Member, MemberKind};
use crate::money::Fen;
use crate::payment::{
    self, Channel, Intent, Payment, PaymentError, PaymentPolicy, Presentation, Purpose, TopUpTier, Wanted,
};
use crate::refusal::{InvalidField, Refusal};
use crate::session::{self, TableSession};
use crate::split::{BillSplit, SplitError};
use crate::tariff::pricing::seconds_after;
use crate::units::await_payment::shortfall;
use crate::units::splits::lacking;
use crate::wallet::Wallet;

use super::PaymentChanges;

/// What it is decided from.
#[derive(Clone, Copy, Debug)]
pub struct StartInput<'a> {
    /// The new intent's id.
    pub intent_id: PaymentIntentId,
    /// Who pays.
    pub member_id: MemberId,
    /// What for.
    pub wanted: Wanted,
    /// Through whom first.
    pub channel: Channel,
    /// How the payer meets the order.
    pub presentation: Presentation,
    /// The stream of `intent_id`, normally empty.
    pub payment: &'a Payment,
    /// Who pays.
    pub member: &'a Member,
    /// The payer's chain.
    pub chain: &'a Chain,
    /// The payer's wallet.
    pub wallet: &'a Wallet,
    /// The session that is to be paid for, if one is.
    pub session: Option<&'a TableSession>,
    /// The split of which a share is to be paid, if one is.
    pub split: Option<&'a BillSplit>,
    /// When.
    pub now: Timestamp,
}

/// What is owed, where, and until when that can be paid.
struct Owed {
    purpose: Purpose,
    amount: Fen,
    hall_id: Option<HallId>,
    until: Option<Timestamp>,
    description: &'static str,
}

/// Begins an intent; the same intent again changes nothing.
///
/// # Errors
/// `MEMBER_NOT_FOUND`, `MEMBER_MERGED`, `MEMBER_ERASED`, `GUEST_NOT_ALLOWED` (top-ups), `CHAIN_NOT_FOUND`, `PAYMENT_EXISTS`, `SESSION_NOT_FOUND`,
/// `OPENING_LAPSED`, `SESSION_NOT_SETTLED`, `SPLIT_NOT_FOUND`, `SPLIT_NOT_CHARGING`, `SHARE_SETTLED`, `UNPAID_BILL`, `NOTHING_TO_PAY`, `CHANNEL_NOT_OFFERED`, `INVALID_ARGUMENT`.
pub fn start_payment(input: StartInput<'_>) -> Result<PaymentChanges, Refusal> {
    if let Some(existing) = &input.payment.intent {
        return if existing.payer == input.member_id && is_for(existing, input.wanted) {
            Ok(PaymentChanges::default())
        } else {
            Err(PaymentError::Exists(existing.intent_id).into())
        };
    }
    let profile = match input.wanted {
        Wanted::TopUp { .. } => input.member.members_only()?,
        Wanted::Opening { .. } | Wanted::Bill { .. } | Wanted::Share { .. } => input.member.active()?,
    };
    let chain = input.chain.profile.as_deref().ok_or(ChainError::NotFound)?;
    let policy = chain.payment_policy.clone();
    let owed = match (input.wanted, input.session) {
        (Wanted::TopUp { amount }, _) => top_up(amount, &chain.top_up_tiers, &policy)?,
        (Wanted::Opening { session_id }, Some(session)) => opening(&input, session_id, session)?,
        (Wanted::Bill { session_id }, Some(session)) => bill(&input, session_id, session)?,
        (Wanted::Share { .. }, _) => share(&input)?,
        (_, None) => return Err(PaymentError::NothingToPay.into()),
    };
    let latest = seconds_after(input.now, policy.expiry_seconds);
    let intent = Intent {
        intent_id: input.intent_id,
        chain_id: profile.chain_id,
        hall_id: owed.hall_id,
        payer: input.member_id,
        guest: profile.kind == MemberKind::Guest,
        purpose: owed.purpose,
        amount: owed.amount,
        description: owed.description.to_owned(),
        policy,
        expires_at: owed.until.map_or(latest, |until| until.min(latest)),
    };
    Ok(PaymentChanges {
        payment: payment::decide::start(input.payment, intent, input.channel, input.presentation, input.now)?,
        ..PaymentChanges::default()
    })
}

fn is_for(intent: &Intent, wanted: Wanted) -> bool {
    match (intent.purpose, wanted) {
        (Purpose::TopUp { .. }, Wanted::TopUp { amount }) => intent.amount == amount,
        (Purpose::Opening { session_id }, Wanted::Opening { session_id: wanted })
        | (Purpose::Bill { session_id }, Wanted::Bill { session_id: wanted }) => session_id == wanted,
        (Purpose::Share { split_id, .. }, Wanted::Share { split_id: wanted }) => split_id == wanted,
        _ => false,
    }
}

fn top_up(amount: Fen, tiers: &[TopUpTier], policy: &PaymentPolicy) -> Result<Owed, Refusal> {
    InvalidField::unless(
        amount.is_positive() && amount <= policy.top_up_max,
        "wanted.top_up.amount_fen",
        &format!("must be 1 to {}", policy.top_up_max.0),
    )?;
    Ok(Owed {
        purpose: Purpose::TopUp {
            tier: TopUpTier::of(tiers, amount),
        },
        amount,
        hall_id: None,
        until: None,
        description: "会员充值",
    })
}

fn opening(input: &StartInput<'_>, session_id: SessionId, session: &TableSession) -> Result<Owed, Refusal> {
    let awaited = session::decide::payable(session, input.now)?.ok_or(PaymentError::NothingToPay)?;
    if awaited.asked.member_id != input.member_id {
        return Err(PaymentError::NothingToPay.into());
    }
    Ok(Owed {
        purpose: Purpose::Opening { session_id },
        amount: shortfall(awaited, input.wallet, input.now).ok_or(PaymentError::NothingToPay)?,
        hall_id: Some(awaited.asked.hall_id),
        until: Some(awaited.pay_by),
        description: "台球开台",
    })
}

/// A credit pays the oldest debts first: those before the bill are part of what has to come.
fn bill(input: &StartInput<'_>, session_id: SessionId, session: &TableSession) -> Result<Owed, Refusal> {
    let opening = session::decide::settled(session)?;
    let debts = &input.wallet.debts;
    let place = debts.iter().position(|debt| debt.session_id == session_id);
    let place = place
        .filter(|_| opening.member_id == input.member_id)
        .ok_or(PaymentError::NothingToPay)?;
    let outstanding: Fen = debts[..=place].iter().map(|debt| debt.outstanding).sum();
    Ok(Owed {
        purpose: Purpose::Bill { session_id },
        amount: outstanding.saturating_sub_zero(input.wallet.available()),
        hall_id: Some(opening.hall_id),
        until: None,
        description: "台费结算",
    })
}

/// What the payer's own share lacks.
fn share(input: &StartInput<'_>) -> Result<Owed, Refusal> {
    let split = input.split.ok_or(SplitError::NotFound)?;
    let (ordinal, amount) = lacking(split, input.member_id, input.wallet)?;
    let terms = split.terms.as_deref().ok_or(SplitError::NotFound)?;
    Ok(Owed {
        purpose: Purpose::Share {
            split_id: terms.split_id,
            round: terms.round,
            ordinal,
        },
        amount,
        hall_id: Some(terms.hall_id),
        until: Some(split.ends_at),
        description: "台费分摊",
    })
}
