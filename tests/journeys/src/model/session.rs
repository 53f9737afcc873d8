//! A session, from its own stream.

use baize_domain::Fen;
use baize_domain::ids::{HallId, MemberId, TableId};
use baize_domain::session::{Bill, BillLine, SessionMode, TableSessionEvent};
use jiff::Timestamp;

use super::Claims;

/// A session.
#[derive(Clone, Debug)]
pub struct Session {
    /// Where.
    pub table_id: TableId,
    /// In which hall.
    pub hall_id: HallId,
    /// Who pays.
    pub member_id: MemberId,
    /// Bought before, or paid at the end.
    pub prepaid: bool,
    /// The tariff's version.
    pub tariff_version: u32,
    /// When it began.
    pub opened_at: Timestamp,
    /// From when on it is billed.
    pub billed_from: Option<Timestamp>,
    /// Until when play is paid for or secured.
    pub covered_until: Timestamp,
    /// The clock stands.
    pub paused: bool,
    /// The bill, once closed.
    pub bill: Option<Bill>,
    /// Paid and outstanding, once settled.
    pub settled: Option<(Fen, Fen)>,
    /// True if it came to nothing.
    pub cancelled: bool,
}

impl Session {
    /// True when nothing more can happen to it.
    pub fn is_over(&self) -> bool {
        self.cancelled || self.settled.is_some()
    }

    pub(super) fn opened(event: &TableSessionEvent) -> Option<Self> {
        let TableSessionEvent::SessionOpened {
            table_id,
            hall_id,
            member_id,
            mode,
            tariff,
            opened_at,
            ..
        } = event
        else {
            return None;
        };
        let (prepaid, covered_until) = (matches!(mode, SessionMode::Prepaid { .. }), mode.reach());
        Some(Self {
            table_id: *table_id,
            hall_id: *hall_id,
            member_id: *member_id,
            prepaid,
            tariff_version: tariff.version,
            opened_at: *opened_at,
            billed_from: None,
            covered_until,
            paused: false,
            bill: None,
            settled: None,
            cancelled: false,
        })
    }

    pub(super) fn apply(&mut self, event: &TableSessionEvent, mut claims: Claims<'_>) {
        let playing = self.bill.is_none() && !self.cancelled;
        match event {
            TableSessionEvent::BillingStarted { at, covered_until, .. } => {
                claims.that(
                    self.billed_from.is_none() && playing,
                    "billing started twice, or after the end",
                );
                (self.billed_from, self.covered_until) = (Some(*at), *covered_until);
            }
            TableSessionEvent::SessionExtended { ends_at: until, .. }
            | TableSessionEvent::HoldRenewed {
                covered_until: until, ..
            } => {
                claims.that(playing, "prolonged after the end");
                self.covered_until = *until;
            }
            TableSessionEvent::SessionTransferred {
                from_table_id,
                table_id,
                tariff,
                covered_until,
                ..
            } => {
                claims.that(playing, "moved after the end");
                claims.that(self.table_id == *from_table_id, "moved from where it was not");
                claims.that(*covered_until >= self.covered_until, "moved to an earlier end");
                (self.table_id, self.tariff_version) = (*table_id, tariff.version);
                self.covered_until = *covered_until;
            }
            TableSessionEvent::SessionPaused { .. } => {
                claims.that(playing && !self.paused, "paused after the end, or twice");
                self.paused = true;
            }
            TableSessionEvent::SessionResumed { covered_until, .. } => {
                claims.that(playing && self.paused, "resumed after the end, or without a pause");
                claims.that(*covered_until >= self.covered_until, "a pause took time away");
                (self.paused, self.covered_until) = (false, *covered_until);
            }
            TableSessionEvent::SessionClosed { bill, .. } => {
                let sum: Fen = bill.lines.iter().map(BillLine::amount).sum();
                claims.that(playing, "closed twice, or after it was cancelled");
                claims.that(sum == bill.total, "the lines do not sum to the total");
                claims.that(bill.total >= Fen::ZERO, "a negative bill");
                self.bill = Some(bill.clone());
            }
            TableSessionEvent::SessionSettled { paid, outstanding, .. } => {
                let total = self.bill.as_ref().map(|bill| bill.total);
                claims.that(self.settled.is_none(), "settled twice");
                claims.that(
                    total == Some(*paid + *outstanding),
                    "paid and outstanding are not the bill",
                );
                self.settled = Some((*paid, *outstanding));
            }
            TableSessionEvent::SessionCancelled { .. } => {
                claims.that(playing, "cancelled twice, or after it was closed");
                self.cancelled = true;
            }
            TableSessionEvent::OpeningAwaited { .. }
            | TableSessionEvent::OpeningLapsed { .. }
            | TableSessionEvent::GoodsAdded { .. }
            | TableSessionEvent::GoodsRemoved { .. }
            | TableSessionEvent::CustomerWarned { .. }
            | TableSessionEvent::SessionOpened { .. } => {}
        }
    }
}
