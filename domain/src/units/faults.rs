//! A light is faulty: its table leaves sale, the game there ends as of the fault, a repair is opened; and a test that is passed puts the table back. Each is
//! one unit of work, so that no table is ever sold whose repair is not over, and no game is ended without its ticket.

use jiff::Timestamp;

use crate::device::{Device, FailureKind, LightChannel, Trouble};
use crate::hall::HallPolicy;
use crate::ids::{MemberId, goodwill_top_up};
use crate::journal::Journal;
use crate::member::Member;
use crate::money::Fen;
use crate::refusal::{Refusal, RefusalKind};
use crate::repair::{self, Fault, Repair, RepairError, RepairEvent, Ticket};
use crate::session::{self, BillingStartCause, CloseCause, Phase, TableSession};
use crate::table::{self, Table, TableError, TableEvent};
use crate::tariff::pricing::seconds_after;
use crate::wallet::{Split, TopUpChannel, Wallet};

use super::close_session::ended;
use super::{Changes, CloseSessionInput, CreditTopUpInput, credit_top_up};

/// What is wrong with a light for so long that its table has to leave sale; nothing if nothing is.
///
/// # Errors
/// `FAULT_NOT_CERTAIN` with the fact `until`: it may come back until then, or the opening that waits for it may be cancelled.
pub fn certain_fault(
    device: &Device,
    channel: u8,
    session: Option<&TableSession>,
    policy: &HallPolicy,
    now: Timestamp,
) -> Result<Option<(Fault, Timestamp)>, Refusal> {
    let mut certain_at = None;
    for trouble in device.troubles(channel) {
        let (fault, since, wait) = match trouble {
            Trouble::Failed(FailureKind::Mismatch, since) => (Fault::Mismatch, since, policy.fault_seconds),
            Trouble::Failed(_, since) => (Fault::Unreachable, since, policy.fault_seconds),
            Trouble::Offline(since) => (Fault::Offline, since, policy.offline_fault_seconds),
        };
        let until = seconds_after(since, wait).max(session.map_or(since, opening_ends));
        if until <= now {
            return Ok(Some((fault, since)));
        }
        certain_at = Some(certain_at.map_or(until, |known: Timestamp| known.min(until)));
    }
    certain_at.map_or(Ok(None), |until| {
        Err(Refusal::new(
            RefusalKind::Precondition,
            "FAULT_NOT_CERTAIN",
            "the light may come back",
            "Look again at the time in `until`.",
        )
        .with("until", until))
    })
}

/// When it is known whether a session has begun: until then, a light that does not come cancels it.
fn opening_ends(session: &TableSession) -> Timestamp {
    match (&session.opening, session.phase) {
        (Some(opening), Phase::Open) if session.played.is_empty() && !was_lit(session) => seconds_after(
            opening.opened_at,
            opening.policy.light_timeout_seconds.saturating_add(1),
        ),
        _ => Timestamp::MIN,
    }
}

fn was_lit(session: &TableSession) -> bool {
    session
        .billing
        .is_some_and(|billing| billing.cause == BillingStartCause::LightConfirmed)
}

/// What a table is taken off sale by.
#[derive(Clone, Debug)]
pub struct FaultInput<'a> {
    /// What is wrong, and where.
    pub ticket: Ticket,
    /// The stream of the ticket's repair.
    pub repair: &'a Repair,
    /// The table.
    pub table: &'a Table,
    /// The device with the table's light.
    pub device: &'a Device,
    /// The game at the table, and whose it is; nothing if nobody plays.
    pub game: Option<Game<'a>>,
    /// When.
    pub now: Timestamp,
}

/// A game, and whoever plays it.
#[derive(Clone, Copy, Debug)]
pub struct Game<'a> {
    /// The session.
    pub session: &'a TableSession,
    /// Who plays.
    pub member: &'a Member,
    /// Their wallet.
    pub wallet: &'a Wallet,
    /// The stream of the goodwill's transaction.
    pub goodwill: &'a Journal,
}

/// Takes a table off sale and ends the game there as of the fault; a table that is under repair stays as it is.
///
/// # Errors
/// `TABLE_NOT_FOUND`, `TABLE_RETIRED`, `REPAIR_EXISTS`, `INVALID_ARGUMENT`.
pub fn take_out(input: FaultInput<'_>) -> Result<Changes, Refusal> {
    let FaultInput {
        ticket,
        repair,
        table,
        device,
        game,
        now,
    } = input;
    let (session_id, since) = (ticket.session_id, ticket.since);
    let (taken_out, repair) = take_out_of_service(table, repair, ticket, now)?;
    if repair.is_empty() {
        return Ok(Changes::default());
    }
    let mut changes = match game.filter(|game| session_id.is_some() && game.session.phase == Phase::Open) {
        Some(game) => end_game(game, table, device, since, now)?,
        None => Changes::default(),
    };
    changes.table.extend(taken_out);
    changes.repair = repair;
    Ok(changes)
}

fn end_game(
    game: Game<'_>,
    table: &Table,
    device: &Device,
    since: Timestamp,
    now: Timestamp,
) -> Result<Changes, Refusal> {
    let events = session::decide::close_for_fault(game.session, since, now)?;
    let mut changes = ended(
        events,
        &CloseSessionInput {
            cause: CloseCause::Fault,
            reason: None,
            session: game.session,
            table,
            device,
            now,
        },
    );
    let opening = game.session.opening.as_ref().filter(|_| !changes.session.is_empty());
    let given = opening.map(|opening| (opening.session_id, opening.member_id, opening.policy.goodwill));
    if let Some((session_id, member_id, bonus)) = given.filter(|(_, _, bonus)| bonus.is_positive()) {
        // Who cannot have a balance gets no bonus, and the game ends all the same.
        let goodwill = goodwill(game, goodwill_top_up(session_id), member_id, bonus, now).unwrap_or_default();
        changes.wallet = goodwill.wallet;
        changes.journal = goodwill.journal;
    }
    Ok(changes)
}

fn goodwill(
    game: Game<'_>,
    top_up_id: crate::ids::TopUpId,
    member_id: MemberId,
    bonus: Fen,
    now: Timestamp,
) -> Result<Changes, Refusal> {
    credit_top_up(CreditTopUpInput {
        member_id,
        top_up_id,
        channel: TopUpChannel::Goodwill,
        amount: Split {
            principal: Fen::ZERO,
            bonus,
        },
        member: game.member,
        wallet: game.wallet,
        journal: game.goodwill,
        now,
    })
}

/// Opens a repair and takes its table off sale; one that is under repair stays so.
pub(super) fn take_out_of_service(
    table: &Table,
    repair: &Repair,
    ticket: Ticket,
    now: Timestamp,
) -> Result<(Vec<TableEvent>, Vec<RepairEvent>), Refusal> {
    let profile = table.profile.as_ref().ok_or(TableError::NotFound)?;
    if table.retired {
        return Err(TableError::Retired {
            table_id: profile.table_id,
            label: profile.label.clone(),
        }
        .into());
    }
    let (repair_id, reason) = (ticket.repair_id, told(&ticket.fault));
    let taken_out = table::decide::take_out(table, repair_id, reason, now);
    if taken_out.is_empty() {
        return Ok(Default::default());
    }
    let repair = repair::decide::open(repair, ticket, now)?;
    if repair.is_empty() {
        // A repair that is over: what is told of its fault again is old.
        return Ok(Default::default());
    }
    Ok((taken_out, repair))
}

/// What customers read who want the table.
const fn told(fault: &Fault) -> &'static str {
    match fault {
        Fault::NotConfirmed | Fault::Unreachable | Fault::Offline => "The light did not answer.",
        Fault::Mismatch => "The light does not do what it should.",
        Fault::Reported { .. } => "The table is being repaired.",
    }
}

/// Tests the light that hangs over the table by now.
///
/// # Errors
/// `REPAIR_NOT_FOUND`, `REPAIR_NOT_COMPLETED`, `REPAIR_CLOSED`, `TABLE_NOT_FOUND`.
pub fn test_device(
    repair: &Repair,
    table: &Table,
    policy: &HallPolicy,
    now: Timestamp,
) -> Result<Vec<RepairEvent>, Refusal> {
    let profile = table.profile.as_ref().ok_or(TableError::NotFound)?;
    Ok(repair::decide::start_test(
        repair,
        profile.light,
        policy.test_answer_seconds,
        now,
    )?)
}

/// A test was passed: the repair is over, and its table back on sale.
///
/// # Errors
/// `REPAIR_NOT_FOUND`.
pub fn pass_test(repair: &Repair, table: &Table, test: u32, now: Timestamp) -> Result<Changes, Refusal> {
    let ticket = repair.ticket.as_ref().ok_or(RepairError::NotFound)?;
    let events = repair::decide::pass_test(repair, test, now)?;
    let back = match events.is_empty() {
        true => Vec::new(),
        false => table::decide::repaired(table, ticket.repair_id, now),
    };
    Ok(Changes {
        table: back,
        repair: events,
        ..Changes::default()
    })
}

/// Whether the light hangs over the table.
pub fn hangs_over(light: LightChannel, table: &Table) -> bool {
    !table.retired && table.profile.as_ref().is_some_and(|profile| profile.light == light)
}
