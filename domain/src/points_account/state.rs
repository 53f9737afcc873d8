//! What a member's points are.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::chain::SPENDING_DAYS_MAX;
use crate::ids::{EarningId, SessionId};
use crate::money::Fen;

use super::{PointsAccountEvent, PointsLots, PointsShare};

const SECONDS_A_DAY: i64 = 86_400;

/// A member's points; none before the first are earned.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PointsAccount {
    /// The points.
    pub lots: PointsLots,
    /// What reversals could not take any more.
    pub owed: u64,
    /// The sessions whose points have not expired, oldest first.
    pub sessions: Vec<PaidSession>,
    /// Principal spent, less what went back, by the day (UTC, counted from 1970) on which the session was first paid.
    #[serde(default)]
    pub spent: BTreeMap<i64, Fen>,
}

/// What a session has earned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaidSession {
    /// The session.
    pub session_id: SessionId,
    /// The payments that have earned.
    pub earnings: Vec<EarningId>,
    /// What was paid of principal.
    pub principal: Fen,
    /// What went back of it.
    pub refunded: Fen,
    /// How much principal earns one point.
    pub fen_per_point: Fen,
    /// When the last of its points expire.
    pub expires_at: Timestamp,
    /// The day (UTC, counted from 1970) on which it was first paid.
    #[serde(default)]
    pub day: i64,
}

/// A payment that earns points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Earning {
    /// The payment.
    pub earning_id: EarningId,
    /// What it was for.
    pub session_id: SessionId,
    /// What was paid of principal.
    pub principal: Fen,
}

impl PaidSession {
    /// What it has earned in all.
    pub fn points(&self) -> u64 {
        points_for(self.principal - self.refunded, self.fen_per_point)
    }
}

fn day(at: Timestamp) -> i64 {
    at.as_second().div_euclid(SECONDS_A_DAY)
}

/// What `principal` earns.
pub(super) fn points_for(principal: Fen, fen_per_point: Fen) -> u64 {
    u64::try_from(principal.0 / fen_per_point.0.max(1)).unwrap_or(0)
}

impl PointsAccount {
    /// What a session has earned, while that has not expired.
    pub fn session(&self, session_id: SessionId) -> Option<&PaidSession> {
        self.sessions.iter().find(|session| session.session_id == session_id)
    }

    /// What was spent within the last `days`, that of `at` included; what went back counts no more.
    pub fn spent_within(&self, days: u16, at: Timestamp) -> Fen {
        let today = day(at);
        self.spent
            .range(today - i64::from(days) + 1..=today)
            .map(|(_, spent)| *spent)
            .sum()
    }

    /// Folds an event in.
    pub fn evolve(&mut self, event: &PointsAccountEvent) {
        match event {
            PointsAccountEvent::PointsEarned {
                points,
                met_owed,
                expires_at,
                ..
            } => {
                self.note_earning(event);
                self.owed = self.owed.saturating_sub(*met_owed);
                self.lots.add(PointsShare {
                    expires_at: *expires_at,
                    points: points.saturating_sub(*met_owed),
                });
            }
            PointsAccountEvent::PointsGranted {
                points,
                met_owed,
                expires_at,
                ..
            } => {
                self.owed = self.owed.saturating_sub(*met_owed);
                self.lots.add(PointsShare {
                    expires_at: *expires_at,
                    points: points.saturating_sub(*met_owed),
                });
            }
            PointsAccountEvent::PointsReversed {
                session_id,
                refunded,
                shares,
                owed,
                ..
            } => {
                self.lots.take(shares);
                self.owed = self.owed.saturating_add(*owed);
                for session in &mut self.sessions {
                    if session.session_id == *session_id {
                        if let Some(spent) = self.spent.get_mut(&session.day) {
                            *spent -= *refunded - session.refunded;
                        }
                        session.refunded = *refunded;
                    }
                }
            }
            PointsAccountEvent::PointsRedeemed { shares, .. } => self.lots.take(shares),
            PointsAccountEvent::PointsRestored { shares, met_owed, .. } => {
                self.owed = self.owed.saturating_sub(*met_owed);
                shares.iter().for_each(|share| self.lots.add(*share));
            }
            PointsAccountEvent::PointsExpired { at, .. } => {
                self.lots.expire(*at);
                self.sessions.retain(|session| session.expires_at > *at);
            }
            PointsAccountEvent::PointsForfeited { .. } => *self = Self::default(),
        }
    }

    fn note_earning(&mut self, event: &PointsAccountEvent) {
        let PointsAccountEvent::PointsEarned {
            earning_id,
            session_id,
            principal,
            fen_per_point,
            expires_at,
            at,
            ..
        } = event
        else {
            return;
        };
        let today = day(*at);
        let known = self.session(*session_id).map(|session| session.day);
        *self.spent.entry(known.unwrap_or(today)).or_default() += *principal;
        self.spent.retain(|day, _| today - *day < i64::from(SPENDING_DAYS_MAX));
        for session in &mut self.sessions {
            if session.session_id == *session_id {
                session.earnings.push(*earning_id);
                session.principal += *principal;
                session.expires_at = session.expires_at.max(*expires_at);
                return;
            }
        }
        self.sessions.push(PaidSession {
            session_id: *session_id,
            earnings: vec![*earning_id],
            principal: *principal,
            refunded: Fen::ZERO,
            fen_per_point: *fen_per_point,
            expires_at: *expires_at,
            day: today,
        });
    }
}
