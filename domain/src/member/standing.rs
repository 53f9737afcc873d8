//! Levels that are reached by spending: upwards at once, downwards one step at the end of a period (business rules 8).

use jiff::Timestamp;

use crate::chain::{Chain, Level, LevelPolicy, earned_by};
use crate::level::LevelCode;
use crate::money::Fen;

use super::{Member, MemberError, MemberEvent};

/// What a member's level is judged by.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// The levels of the chain, the lowest first.
    pub levels: Vec<Level>,
    /// How spending counts for them.
    pub policy: LevelPolicy,
    /// What was spent within the window.
    pub spent: Fen,
}

impl Standing {
    /// Judged by the rules of a chain.
    pub fn new(chain: &Chain, spent: impl FnOnce(LevelPolicy) -> Fen) -> Self {
        let profile = chain.profile.as_deref();
        let policy = profile.map(|profile| profile.level_policy).unwrap_or_default();
        Self {
            levels: profile.map(|profile| profile.levels.clone()).unwrap_or_default(),
            policy,
            spent: spent(policy),
        }
    }

    fn rank(&self, code: &LevelCode) -> Option<usize> {
        self.levels.iter().position(|level| level.code == *code)
    }
}

/// Puts a member on the level that the spending is worth, if that is higher, with the gift packs of all levels on the way that the member has not
/// had. The same spending again changes nothing.
///
/// # Errors
/// [`Member::members_only`].
pub fn raise(member: &Member, standing: &Standing, at: Timestamp) -> Result<Vec<MemberEvent>, MemberError> {
    let profile = member.members_only()?;
    let Some(worth) = earned_by(&standing.levels, standing.spent) else {
        return Ok(Vec::new());
    };
    let (now, then) = (standing.rank(&profile.level), standing.rank(&worth.code));
    if now >= then {
        return Ok(Vec::new());
    }
    let passed = standing.levels.iter().enumerate().filter(|(rank, level)| {
        Some(*rank) > now && Some(*rank) <= then && level.upgrade_from.is_some() && level.gift_points > 0
    });
    let new: Vec<&Level> = passed
        .map(|(_, level)| level)
        .filter(|level| !profile.packs.contains(&level.code))
        .collect();
    Ok(vec![MemberEvent::LevelReached {
        from: profile.level.clone(),
        level: worth.code.clone(),
        spent: standing.spent,
        packs: new.iter().map(|level| level.code.clone()).collect(),
        gift_points: new.iter().map(|level| level.gift_points).sum(),
        until: standing.policy.period_end(at),
        at,
    }])
}

/// Looks at a level whose time is over: it holds for another period if the spending is still worth it, else the member goes one step down. A level
/// without an end is left alone.
///
/// # Errors
/// [`Member::members_only`]; [`MemberError::LevelNotDue`].
pub fn review(member: &Member, standing: &Standing, at: Timestamp) -> Result<Vec<MemberEvent>, MemberError> {
    let profile = member.members_only()?;
    let Some(until) = profile.level_until else {
        return Ok(Vec::new());
    };
    if at < until {
        return Err(MemberError::LevelNotDue);
    }
    let (spent, next) = (standing.spent, standing.policy.period_end(at));
    let rank = standing.rank(&profile.level).unwrap_or(0);
    let needed = standing.levels.get(rank).and_then(|level| level.upgrade_from);
    if needed.is_some_and(|from| spent >= from) {
        return Ok(vec![MemberEvent::LevelKept { spent, until: next, at }]);
    }
    let below = standing.levels[..rank].iter().rev();
    let step = below.into_iter().find(|level| level.upgrade_from.is_some());
    Ok(vec![MemberEvent::LevelLost {
        from: profile.level.clone(),
        level: step.map_or_else(LevelCode::member, |level| level.code.clone()),
        spent,
        until: step.map(|_| next),
        at,
    }])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    use super::*;
    use crate::ids::{ChainId, MemberId};
    use crate::member::Registration;
    use crate::member::decide::register;

    const AT: Timestamp = Timestamp::UNIX_EPOCH;

    fn level(code: &str, upgrade_from: Option<i64>, gift_points: u64) -> Level {
        Level {
            code: LevelCode::try_new(code, "code").expect("a code"),
            name_zh: code.to_owned(),
            name_en: code.to_owned(),
            discount: Decimal::ZERO,
            upgrade_from: upgrade_from.map(Fen),
            gift_points,
        }
    }

    fn spent(fen: i64) -> Standing {
        Standing {
            levels: vec![
                level("guest", None, 0),
                level("member", None, 0),
                level("silver", Some(100), 5),
                level("staff", None, 0),
                level("gold", Some(300), 20),
            ],
            policy: LevelPolicy::default(),
            spent: Fen(fen),
        }
    }

    fn member() -> Member {
        let registration = Registration {
            member_id: MemberId::default(),
            chain_id: ChainId::default(),
            openid: None,
            phone: None,
            nickname: None,
        };
        let mut member = Member::default();
        let events = register(&member, registration, AT).expect("registered");
        events.iter().for_each(|event| member.evolve(event));
        member
    }

    fn raised(member: &mut Member, fen: i64) -> Vec<MemberEvent> {
        let events = raise(member, &spent(fen), AT).expect("decided");
        events.iter().for_each(|event| member.evolve(event));
        events
    }

    fn level_of(member: &Member) -> &str {
        member.profile.as_ref().expect("a member").level.as_str()
    }

    #[test]
    fn whoever_has_spent_enough_comes_to_the_level_at_once_and_gets_its_gift_pack() {
        let mut member = member();
        assert!(raised(&mut member, 99).is_empty(), "spending goes on counting");
        let events = raised(&mut member, 100);
        assert!(
            matches!(&events[..], [MemberEvent::LevelReached { gift_points: 5, level, .. }] if level.as_str() == "silver")
        );
        assert!(raised(&mut member, 299).is_empty());
    }

    #[test]
    fn a_leap_over_levels_brings_the_packs_of_all_of_them() {
        let events = raised(&mut member(), 300);
        assert!(matches!(
            &events[..],
            [MemberEvent::LevelReached { gift_points: 25, .. }]
        ));
    }

    #[test]
    fn a_gift_pack_comes_once_for_a_member_and_level() {
        let mut member = member();
        raised(&mut member, 100);
        let level = LevelCode::member();
        member.evolve(&MemberEvent::LevelChanged { level, at: AT });
        let events = raised(&mut member, 100);
        assert!(matches!(
            &events[..],
            [MemberEvent::LevelReached { gift_points: 0, .. }]
        ));
    }

    #[test]
    fn a_level_that_was_given_by_hand_is_only_left_upwards() {
        let mut member = member();
        let level = LevelCode::try_new("staff", "code").expect("a code");
        member.evolve(&MemberEvent::LevelChanged { level, at: AT });
        assert!(raised(&mut member, 299).is_empty());
        assert!(review(&member, &spent(0), Timestamp::MAX).expect("decided").is_empty());
        raised(&mut member, 300);
        assert_eq!(level_of(&member), "gold");
    }

    #[test]
    fn at_the_end_of_its_period_a_level_is_kept_or_goes_one_step_down() {
        let mut member = member();
        raised(&mut member, 300);
        let until = member.profile.as_ref().expect("a member").level_until.expect("an end");
        assert_eq!(review(&member, &spent(0), AT), Err(MemberError::LevelNotDue));
        let kept = review(&member, &spent(300), until).expect("decided");
        assert!(matches!(&kept[..], [MemberEvent::LevelKept { .. }]));
        for (step, ends) in [("silver", true), ("member", false)] {
            let until = member.profile.as_ref().expect("a member").level_until.expect("an end");
            let lost = review(&member, &spent(0), until).expect("decided");
            lost.iter().for_each(|event| member.evolve(event));
            assert_eq!(level_of(&member), step);
            assert_eq!(member.profile.as_ref().expect("a member").level_until.is_some(), ends);
        }
    }

    proptest! {
        #[test]
        fn spending_never_lowers_a_level_and_no_pack_comes_twice(spending in proptest::collection::vec(0..400i64, 0..20)) {
            let mut member = member();
            let rank = |member: &Member| spent(0).rank(&member.profile.as_ref().expect("a member").level);
            let mut points = 0;
            for fen in spending {
                let before = rank(&member);
                for event in raised(&mut member, fen) {
                    if let MemberEvent::LevelReached { gift_points, .. } = event {
                        points += gift_points;
                    }
                }
                prop_assert!(rank(&member) >= before);
            }
            prop_assert!(points <= 25);
        }
    }
}
