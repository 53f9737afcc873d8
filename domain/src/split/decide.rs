//! What a split decides.

use jiff::Timestamp;

use crate::ids::MemberId;
use crate::money::Fen;
use crate::tariff::pricing::seconds_after;
use crate::wallet::Split;

use super::division::by_weight;
use super::{
    BillSplit, CancelCause, OPENER, Phase, Share, ShareState, SplitCommand, SplitError, SplitEvent, SplitTerms,
};

/// How long the opener has to decide after the links are over, in minutes; then the split is cancelled.
pub const DECIDE_MINUTES: u32 = 30;
/// A share that could not be paid is tried again so many times; then the opener is asked.
pub const RETRIES_MAX: u8 = 3;
/// So many seconds lie between two tries.
pub const RETRY_SECONDS: u32 = 60;

/// Decides a command.
///
/// # Errors
/// Why it is refused.
pub fn decide(split: &BillSplit, command: SplitCommand) -> Result<Vec<SplitEvent>, SplitError> {
    match command {
        SplitCommand::Start { terms, anew, at } => start(split, *terms, anew, at),
        SplitCommand::Confirm { token, member_id, at } => confirm(split, &token, member_id, at),
        SplitCommand::Decline { token, member_id, at } => decline(split, &token, member_id, at),
        SplitCommand::Remove { ordinal, at } => remove(split, ordinal, at),
        SplitCommand::TakeOver { ordinal, at } => take_over(split, ordinal, at),
        SplitCommand::Stall { at } => stall(split, at),
        SplitCommand::Cancel { cause, at } => cancel(split, cause, at),
        SplitCommand::Pay { ordinal, amount, at } => pay(split, ordinal, amount, at),
        SplitCommand::Fail { ordinal, shortfall, at } => fail(split, ordinal, shortfall, at),
        SplitCommand::Deliver { ordinal, at } => Ok(deliver(split, ordinal, at)),
        SplitCommand::Return { ordinal, at } => Ok(give_back(split, ordinal, at)),
    }
}

/// Begins it; `anew` replaces shares of which none is paid.
///
/// # Errors
/// [`SplitError::Open`], [`SplitError::Completed`], [`SplitError::StillReturning`], [`SplitError::SharesPaid`], [`SplitError::Cancelled`] and
/// [`SplitError::NotFound`] (anew).
pub fn start(split: &BillSplit, terms: SplitTerms, anew: bool, at: Timestamp) -> Result<Vec<SplitEvent>, SplitError> {
    match (split.phase, anew) {
        (Phase::Completed, _) => return Err(SplitError::Completed),
        (Phase::Unstarted, true) => return Err(SplitError::NotFound),
        (Phase::Cancelled, true) => return Err(SplitError::Cancelled),
        (Phase::Confirming | Phase::Charging, false) => return Err(SplitError::Open),
        (Phase::Confirming | Phase::Charging, true) if others_paid(split) => return Err(SplitError::SharesPaid),
        (Phase::Cancelled, false) if others_paid(split) => return Err(SplitError::StillReturning),
        _ => {}
    }
    let (confirm_by, ends_at) = times(&terms, at);
    Ok(vec![SplitEvent::SplitStarted {
        terms: Box::new(terms),
        confirm_by,
        ends_at,
        at,
    }])
}

/// Somebody agrees to pay the share of a link; the same again changes nothing. With the last word charging begins.
///
/// # Errors
/// [`SplitError::LinkUnknown`], [`SplitError::Completed`], [`SplitError::Cancelled`], [`SplitError::LinkExpired`], [`SplitError::ShareTaken`],
/// [`SplitError::HasShare`].
pub fn confirm(
    split: &BillSplit,
    token: &str,
    member_id: MemberId,
    at: Timestamp,
) -> Result<Vec<SplitEvent>, SplitError> {
    let (terms, ordinal, share) = by_link(split, token)?;
    open(split)?;
    let theirs = share.member_id == Some(member_id);
    match share.state {
        ShareState::Confirmed | ShareState::Paid { .. } if theirs => return Ok(Vec::new()),
        ShareState::Open | ShareState::Declined if theirs || share.member_id.is_none() => {}
        _ => return Err(SplitError::ShareTaken),
    }
    if at >= split.confirm_by {
        return Err(SplitError::LinkExpired(split.confirm_by));
    }
    if split.share_of(member_id).is_some_and(|other| other != ordinal) {
        return Err(SplitError::HasShare);
    }
    let confirmed = SplitEvent::ShareConfirmed {
        round: terms.round,
        ordinal,
        member_id,
        amount: share.amount,
        at,
    };
    Ok(and_charge(split, vec![confirmed], at))
}

/// Somebody does not pay the share of a link: who had confirmed it, or anybody who has the link while nobody has.
///
/// # Errors
/// [`SplitError::LinkUnknown`], [`SplitError::Completed`], [`SplitError::Cancelled`], [`SplitError::Charging`], [`SplitError::ShareTaken`].
pub fn decline(
    split: &BillSplit,
    token: &str,
    member_id: MemberId,
    at: Timestamp,
) -> Result<Vec<SplitEvent>, SplitError> {
    let (terms, ordinal, share) = by_link(split, token)?;
    open(split)?;
    if split.phase == Phase::Charging {
        return Err(SplitError::Charging);
    }
    if share.member_id.is_some_and(|whose| whose != member_id) {
        return Err(SplitError::ShareTaken);
    }
    match share.state {
        ShareState::Declined => Ok(Vec::new()),
        ShareState::Open | ShareState::Confirmed => Ok(vec![SplitEvent::ShareDeclined {
            round: terms.round,
            ordinal,
            opener: terms.opener,
            amount: share.amount,
            at,
        }]),
        _ => Err(SplitError::ShareTaken),
    }
}

/// Takes a share out; the others grow by it in proportion, and who has to pay more has to confirm again.
///
/// # Errors
/// [`SplitError::NotFound`], [`SplitError::Completed`], [`SplitError::Cancelled`], [`SplitError::SharesPaid`], [`SplitError::ShareSettled`],
/// [`SplitError::LastShare`].
pub fn remove(split: &BillSplit, ordinal: u8, at: Timestamp) -> Result<Vec<SplitEvent>, SplitError> {
    let terms = open(split)?;
    if others_paid(split) {
        return Err(SplitError::SharesPaid);
    }
    others(split, ordinal)?;
    let weights = (0u8..).zip(&split.shares).map(|(place, share)| {
        let stays = share.stands() && place != ordinal;
        if stays { share.amount.0 } else { 0 }
    });
    let weights: Vec<_> = weights.collect();
    if weights.iter().skip(1).all(|weight| *weight == 0) {
        return Err(SplitError::LastShare);
    }
    let (confirm_by, ends_at) = times(terms, at);
    Ok(vec![SplitEvent::ShareRemoved {
        round: terms.round,
        ordinal,
        amounts: by_weight(terms.bill, &weights),
        confirm_by,
        ends_at,
        at,
    }])
}

/// The opener pays a share too; nobody else's changes. One that was taken over stays so.
///
/// # Errors
/// [`SplitError::NotFound`], [`SplitError::Completed`], [`SplitError::Cancelled`], [`SplitError::ShareSettled`], [`SplitError::LastShare`].
pub fn take_over(split: &BillSplit, ordinal: u8, at: Timestamp) -> Result<Vec<SplitEvent>, SplitError> {
    let terms = open(split)?;
    if split
        .share(ordinal)
        .is_some_and(|share| share.state == ShareState::TakenOver)
    {
        return Ok(Vec::new());
    }
    let share = others(split, ordinal)?;
    if split.others() == share.amount {
        return Err(SplitError::LastShare);
    }
    let taken = SplitEvent::ShareTakenOver {
        round: terms.round,
        ordinal,
        amount: share.amount,
        at,
    };
    Ok(and_charge(split, vec![taken], at))
}

/// Not everybody has confirmed in time: the opener is told, once for the present links.
///
/// # Errors
/// [`SplitError::NotFound`], [`SplitError::Completed`], [`SplitError::Cancelled`], [`SplitError::NotOver`].
pub fn stall(split: &BillSplit, at: Timestamp) -> Result<Vec<SplitEvent>, SplitError> {
    let terms = open(split)?;
    if split.phase == Phase::Charging || split.stalled {
        return Ok(Vec::new());
    }
    if at < split.confirm_by {
        return Err(SplitError::NotOver);
    }
    let unconfirmed = split
        .standing()
        .filter(|(_, share)| share.state != ShareState::Confirmed);
    Ok(vec![SplitEvent::SplitStalled {
        round: terms.round,
        opener: terms.opener,
        unconfirmed: unconfirmed.map(|(_, share)| share.amount).sum(),
        at,
    }])
}

/// Undoes it; one that was cancelled stays so.
///
/// # Errors
/// [`SplitError::NotFound`], [`SplitError::Completed`], [`SplitError::NotOver`].
pub fn cancel(split: &BillSplit, cause: CancelCause, at: Timestamp) -> Result<Vec<SplitEvent>, SplitError> {
    if split.phase == Phase::Cancelled {
        return Ok(Vec::new());
    }
    let terms = open(split)?;
    if cause == CancelCause::TimeOver && at < split.ends_at {
        return Err(SplitError::NotOver);
    }
    Ok(vec![SplitEvent::SplitCancelled {
        round: terms.round,
        cause,
        opener: terms.opener,
        bill: terms.bill,
        ordinals: set_aside(split).collect(),
        people: people(split),
        at,
    }])
}

/// Whether a share waits to be paid by its person: the share, if so.
pub fn due(split: &BillSplit, round: u32, ordinal: u8) -> Option<(&Share, MemberId)> {
    let terms = split.terms.as_ref()?;
    let share = split.share(ordinal)?;
    let waits = split.phase == Phase::Charging && terms.round == round && share.state == ShareState::Confirmed;
    Some((share, share.member_id.filter(|_| waits)?))
}

/// A share is paid; with the last the split is complete.
///
/// # Errors
/// [`SplitError::NotFound`], [`SplitError::ShareSettled`].
pub fn pay(split: &BillSplit, ordinal: u8, amount: Split, at: Timestamp) -> Result<Vec<SplitEvent>, SplitError> {
    let terms = split.terms.as_ref().ok_or(SplitError::NotFound)?;
    let (_, member_id) = due(split, terms.round, ordinal).ok_or(SplitError::ShareSettled)?;
    let mut events = vec![SplitEvent::SharePaid {
        round: terms.round,
        ordinal,
        member_id,
        amount,
        at,
    }];
    let after = with(split, &events);
    let all = after.standing().all(|(_, share)| share.set_aside().is_some());
    if all {
        events.push(SplitEvent::SplitCompleted {
            round: terms.round,
            opener: terms.opener,
            bill: terms.bill,
            ordinals: set_aside(&after).collect(),
            people: people(&after),
            at,
        });
    }
    Ok(events)
}

/// A share could not be paid; when it was tried often enough, the opener is asked.
///
/// # Errors
/// [`SplitError::NotFound`], [`SplitError::ShareSettled`].
pub fn fail(split: &BillSplit, ordinal: u8, shortfall: Fen, at: Timestamp) -> Result<Vec<SplitEvent>, SplitError> {
    let terms = split.terms.as_ref().ok_or(SplitError::NotFound)?;
    let (share, member_id) = due(split, terms.round, ordinal).ok_or(SplitError::ShareSettled)?;
    let failures = share.failures.saturating_add(1);
    let failed = SplitEvent::ShareFailed {
        round: terms.round,
        ordinal,
        member_id,
        shortfall,
        failures,
        at,
    };
    let asked = SplitEvent::OpenerAsked {
        round: terms.round,
        ordinal,
        opener: terms.opener,
        amount: share.amount,
        at,
    };
    Ok(match failures > RETRIES_MAX && share.failures <= RETRIES_MAX {
        true => vec![failed, asked],
        false => vec![failed],
    })
}

/// A share has arrived; one that had, or that is not on its way, changes nothing.
pub fn deliver(split: &BillSplit, ordinal: u8, at: Timestamp) -> Vec<SplitEvent> {
    let on_its_way = (split.phase == Phase::Completed)
        .then(|| moving(split, ordinal))
        .flatten();
    let delivered = on_its_way.map(|(round, member_id, amount)| SplitEvent::ShareDelivered {
        round,
        ordinal,
        member_id,
        amount,
        at,
    });
    delivered.into_iter().collect()
}

/// A share is back; one that was, or that does not go back, changes nothing.
pub fn give_back(split: &BillSplit, ordinal: u8, at: Timestamp) -> Vec<SplitEvent> {
    let on_its_way = (split.phase == Phase::Cancelled)
        .then(|| moving(split, ordinal))
        .flatten();
    let returned = on_its_way.map(|(round, member_id, amount)| SplitEvent::ShareReturned {
        round,
        ordinal,
        member_id,
        amount,
        at,
    });
    returned.into_iter().collect()
}

/// The terms of a split that its opener asks about; to anybody else there is none.
///
/// # Errors
/// [`SplitError::NotFound`].
pub fn of_opener(split: &BillSplit, member_id: MemberId) -> Result<&SplitTerms, SplitError> {
    let terms = split.terms.as_deref().filter(|terms| terms.opener == member_id);
    terms.ok_or(SplitError::NotFound)
}

fn moving(split: &BillSplit, ordinal: u8) -> Option<(u32, MemberId, Split)> {
    let share = split.share(ordinal).filter(|_| ordinal != OPENER)?;
    Some((split.terms.as_ref()?.round, share.member_id?, share.set_aside()?))
}

fn times(terms: &SplitTerms, at: Timestamp) -> (Timestamp, Timestamp) {
    let confirm_by = seconds_after(at, terms.link_minutes.saturating_mul(60));
    (confirm_by, seconds_after(confirm_by, DECIDE_MINUTES * 60))
}

fn open(split: &BillSplit) -> Result<&SplitTerms, SplitError> {
    match split.phase {
        Phase::Unstarted => Err(SplitError::NotFound),
        Phase::Completed => Err(SplitError::Completed),
        Phase::Cancelled => Err(SplitError::Cancelled),
        Phase::Confirming | Phase::Charging => split.terms.as_deref().ok_or(SplitError::NotFound),
    }
}

fn by_link<'a>(split: &'a BillSplit, token: &str) -> Result<(&'a SplitTerms, u8, &'a Share), SplitError> {
    let terms = split.terms.as_deref().ok_or(SplitError::LinkUnknown)?;
    let mut others = split.standing().filter(|(ordinal, _)| *ordinal != OPENER);
    let found = others.find(|(_, share)| share.token == token);
    let (ordinal, share) = found.ok_or(SplitError::LinkUnknown)?;
    Ok((terms, ordinal, share))
}

/// Somebody else's share that is not paid.
fn others(split: &BillSplit, ordinal: u8) -> Result<&Share, SplitError> {
    let share = split.share(ordinal).filter(|_| ordinal != OPENER);
    let share = share.ok_or(SplitError::NotFound)?;
    match share.state {
        ShareState::Open | ShareState::Declined | ShareState::Confirmed => Ok(share),
        _ => Err(SplitError::ShareSettled),
    }
}

/// The shares for which money of others is set aside.
fn set_aside(split: &BillSplit) -> impl Iterator<Item = u8> {
    let others = split.standing().filter(|(ordinal, _)| *ordinal != OPENER);
    others.filter_map(|(ordinal, share)| share.set_aside().map(|_| ordinal))
}

fn others_paid(split: &BillSplit) -> bool {
    set_aside(split).next().is_some()
}

fn people(split: &BillSplit) -> Vec<MemberId> {
    let others = split.standing().filter(|(ordinal, _)| *ordinal != OPENER);
    others.filter_map(|(_, share)| share.member_id).collect()
}

fn with(split: &BillSplit, events: &[SplitEvent]) -> BillSplit {
    let mut after = split.clone();
    events.iter().for_each(|event| after.evolve(event));
    after
}

/// Charging begins with the event after which everybody has confirmed.
fn and_charge(split: &BillSplit, mut events: Vec<SplitEvent>, at: Timestamp) -> Vec<SplitEvent> {
    let after = with(split, &events);
    let all = after.standing().all(|(_, share)| share.state == ShareState::Confirmed);
    let Some(terms) = after
        .terms
        .as_deref()
        .filter(|_| all && after.phase == Phase::Confirming)
    else {
        return events;
    };
    events.push(SplitEvent::ChargingBegan {
        round: terms.round,
        opener: terms.opener,
        bill: terms.bill,
        ordinals: after.standing().map(|(ordinal, _)| ordinal).collect(),
        ends_at: after.ends_at,
        at,
    });
    events
}
