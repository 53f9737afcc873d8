//! Who pays how much less: levels and their discounts as the chain's and the people's events tell them.

use std::collections::BTreeMap;

use baize_domain::chain::ChainEvent;
use baize_domain::ids::{MemberId, SessionId};
use baize_domain::member::MemberEvent;
use baize_domain::tariff::Discount;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::Check;

const GUEST: &str = "guest";
const MEMBER: &str = "member";

/// People, levels, and what sessions were opened with.
#[derive(Debug, Default)]
pub struct People {
    /// What each level of each chain takes off.
    levels: BTreeMap<(Uuid, String), Decimal>,
    /// Chain and level of each person.
    people: BTreeMap<MemberId, (Uuid, String)>,
    /// Sessions with a discount.
    discounted: usize,
    sessions: usize,
    faults: Vec<String>,
}

impl People {
    pub(super) fn chain(&mut self, chain_id: Uuid, event: &ChainEvent) {
        let ChainEvent::LevelsDefined { levels, .. } = event else {
            return;
        };
        self.levels.retain(|(chain, _), _| *chain != chain_id);
        for level in levels {
            self.levels.insert((chain_id, level.code.to_string()), level.discount);
        }
    }

    pub(super) fn member(&mut self, member_id: MemberId, event: &MemberEvent) {
        match event {
            MemberEvent::MemberRegistered { chain_id, .. } => self.is(member_id, chain_id.0, MEMBER),
            MemberEvent::GuestStarted { chain_id, .. } => self.is(member_id, chain_id.0, GUEST),
            MemberEvent::GuestUpgraded { .. } => self.rises(member_id, MEMBER),
            MemberEvent::LevelChanged { level, .. }
            | MemberEvent::LevelReached { level, .. }
            | MemberEvent::LevelLost { level, .. } => self.rises(member_id, level.as_str()),
            _ => {}
        }
    }

    fn is(&mut self, member_id: MemberId, chain_id: Uuid, level: &str) {
        self.people.insert(member_id, (chain_id, level.to_owned()));
    }

    fn rises(&mut self, member_id: MemberId, level: &str) {
        if let Some((_, held)) = self.people.get_mut(&member_id) {
            level.clone_into(held);
        }
    }

    pub(super) fn opened(&mut self, session_id: SessionId, member_id: MemberId, discount: Option<&Discount>) {
        self.sessions += 1;
        let found = discount.filter(|discount| !discount.rate.is_zero());
        let found = found.map(|discount| (discount.level.as_str(), discount.rate));
        self.discounted += usize::from(found.is_some());
        let Some((chain_id, level)) = self.people.get(&member_id) else {
            self.faults
                .push(format!("session {session_id} was opened by nobody known"));
            return;
        };
        let rate = self
            .levels
            .get(&(*chain_id, level.clone()))
            .copied()
            .unwrap_or_default();
        let due = (!rate.is_zero()).then_some((level.as_str(), rate));
        if found != due {
            let fault = format!("session {session_id} was opened with {found:?}, due {due:?}");
            self.faults.push(fault);
        }
    }

    /// The check, and how many sessions had a discount at all.
    pub fn check(&self) -> Check {
        let Self {
            sessions, discounted, ..
        } = self;
        Check {
            actual: format!(
                "{} ({discounted} discounted)",
                sessions.saturating_sub(self.faults.len())
            ),
            ..Check::all(
                "every session has the discount of its person's level",
                *sessions,
                self.faults.clone(),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use baize_domain::LevelCode;
    use baize_domain::chain::{Level, LevelPolicy};

    use super::*;

    const CHAIN: Uuid = Uuid::from_u128(1);

    fn code(text: &str) -> LevelCode {
        LevelCode::try_new(text, "code").unwrap()
    }

    fn people() -> People {
        let mut people = People::default();
        let level = |name: &str, discount| Level {
            code: code(name),
            name_zh: name.to_owned(),
            name_en: name.to_owned(),
            discount: Decimal::new(discount, 2),
            upgrade_from: None,
            gift_points: 0,
        };
        let levels = vec![level(GUEST, 0), level(MEMBER, 5), level("vip", 12)];
        people.chain(
            CHAIN,
            &ChainEvent::LevelsDefined {
                version: 2,
                levels,
                policy: LevelPolicy::default(),
            },
        );
        people
    }

    fn off(level: &str, rate: i64) -> Option<Discount> {
        Some(Discount {
            level: code(level),
            rate: Decimal::new(rate, 2),
        })
    }

    #[test]
    fn a_session_with_another_discount_than_that_of_its_persons_level_is_a_fault() {
        let at = jiff::Timestamp::UNIX_EPOCH;
        let (member_id, session_id) = (MemberId(Uuid::from_u128(2)), SessionId(Uuid::from_u128(3)));
        let joined = MemberEvent::GuestStarted {
            member_id,
            chain_id: CHAIN.into(),
            at,
        };
        for (events, right, wrong) in [
            (vec![], None, off("member", 5)),
            (
                vec![MemberEvent::GuestUpgraded {
                    openid: None,
                    nickname: None,
                    at,
                }],
                off("member", 5),
                None,
            ),
            (
                vec![MemberEvent::LevelChanged { level: code("vip"), at }],
                off("vip", 12),
                off("vip", 5),
            ),
        ] {
            for (discount, ok) in [(right, true), (wrong, false)] {
                let mut people = people();
                people.member(member_id, &joined);
                for event in &events {
                    people.member(member_id, event);
                }
                people.opened(session_id, member_id, discount.as_ref());
                assert_eq!(people.check().ok(), ok, "{events:?} {discount:?}");
            }
        }
    }
}
