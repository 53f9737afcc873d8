//! Given a hall, when it is asked, then …

use cqrs_es::test::TestFramework;
use uuid::Uuid;

use crate::ids::{ChainId, DisplayId, HallId};

use super::{Hall, HallCommand, HallError, HallEvent, HallPolicy, time_zone};

const HALL: HallId = HallId(Uuid::from_u128(1));
const CHAIN: ChainId = ChainId(Uuid::from_u128(2));

fn register(name: &str, zone: &str, cutoff: u16, policy: HallPolicy) -> HallCommand {
    HallCommand::Register {
        hall_id: HALL,
        chain_id: CHAIN,
        name: name.into(),
        time_zone: zone.into(),
        business_day_cutoff_minutes: cutoff,
        policy,
    }
}

fn registered() -> HallEvent {
    HallEvent::HallRegistered {
        hall_id: HALL,
        chain_id: CHAIN,
        name: "白泽".into(),
        time_zone: "Asia/Shanghai".into(),
        business_day_cutoff_minutes: 360,
        policy: HallPolicy::default(),
    }
}

fn given(events: Vec<HallEvent>) -> cqrs_es::test::AggregateTestExecutor<Hall> {
    TestFramework::<Hall>::with(()).given(events)
}

/// Breaks, or keeps, one limit.
type Change = fn(&mut HallPolicy);

#[test]
fn a_hall_is_registered_once() {
    let command = || register("白泽", "Asia/Shanghai", 360, HallPolicy::default());
    given(vec![]).when(command()).then_expect_events(vec![registered()]);
    given(vec![registered()]).when(command()).then_expect_events(vec![]);
    given(vec![registered()])
        .when(register("麒麟", "Asia/Shanghai", 360, HallPolicy::default()))
        .then_expect_error(HallError::Exists(HALL));
}

#[test]
fn a_policy_changes_for_a_registered_hall() {
    let policy = HallPolicy {
        linger_seconds: 60,
        ..HallPolicy::default()
    };
    let change = |policy: &HallPolicy| HallCommand::ChangePolicy { policy: policy.clone() };
    let changed = HallEvent::HallPolicyChanged { policy: policy.clone() };
    given(vec![])
        .when(change(&policy))
        .then_expect_error(HallError::NotFound);
    given(vec![registered()])
        .when(change(&policy))
        .then_expect_events(vec![changed.clone()]);
    given(vec![registered(), changed.clone()])
        .when(change(&policy))
        .then_expect_events(vec![]);
    given(vec![registered(), changed])
        .when(change(&HallPolicy::default()))
        .then_expect_events(vec![HallEvent::HallPolicyChanged {
            policy: HallPolicy::default(),
        }]);
}

#[test]
fn each_limit_names_its_field() {
    let field = |command: HallCommand| match given(vec![]).when(command).inspect_result() {
        Err(HallError::Invalid(invalid)) => invalid.field,
        other => panic!("{other:?}"),
    };
    let valid = HallPolicy::default;
    assert_eq!(field(register(" ", "UTC", 0, valid())), "name");
    assert_eq!(field(register("A", "Asia/Atlantis", 0, valid())), "time_zone");
    assert_eq!(
        field(register("A", "UTC", 1440, valid())),
        "business_day_cutoff_minutes"
    );
    let policies: [(&str, Change); 8] = [
        ("light_timeout_seconds", |p| p.light_timeout_seconds = 0),
        ("light_timeout_seconds", |p| p.light_timeout_seconds = 3601),
        ("billing_start_seconds_max", |p| {
            p.billing_start_seconds_max = 3601;
        }),
        ("linger_seconds", |p| p.linger_seconds = 3601),
        ("hold_minutes", |p| {
            p.hold_minutes = 1441;
        }),
        ("hold_renewal_minutes", |p| p.hold_renewal_minutes = 60),
        ("warning_minutes", |p| p.warning_minutes = vec![30, 0]),
        ("warning_minutes", |p| p.warning_minutes = vec![5; 9]),
    ];
    for (name, change) in policies {
        let mut policy = valid();
        change(&mut policy);
        assert_eq!(field(register("A", "UTC", 0, policy)), format!("policy.{name}"));
    }
}

#[test]
fn time_zones_are_known_without_asking_the_machine() {
    assert!(time_zone("Asia/Shanghai").is_some());
    assert!(time_zone("Europe/Berlin").is_some());
    assert!(time_zone("").is_none());
}

fn issue(display: u128, label: &str, days: u16, hours: i64) -> HallCommand {
    HallCommand::IssueDisplayLink {
        display_id: DisplayId(Uuid::from_u128(display)),
        label: label.to_owned(),
        days,
        at: instant(hours),
    }
}

fn issued(display: u128, hours: i64, until: i64) -> HallEvent {
    HallEvent::DisplayLinkIssued {
        display_id: DisplayId(Uuid::from_u128(display)),
        label: "吧台".to_owned(),
        expires_at: instant(until),
        at: instant(hours),
    }
}

fn revoke(display: u128, hours: i64) -> HallCommand {
    HallCommand::RevokeDisplayLink {
        display_id: DisplayId(Uuid::from_u128(display)),
        at: instant(hours),
    }
}

fn instant(hours: i64) -> jiff::Timestamp {
    jiff::Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_hours(hours)
}

#[test]
fn a_link_to_the_screen_is_good_for_its_days_and_until_it_is_revoked() {
    given(vec![])
        .when(issue(1, "吧台", 1, 0))
        .then_expect_error(HallError::NotFound);
    given(vec![registered()])
        .when(issue(1, "吧台", 2, 0))
        .then_expect_events(vec![issued(1, 0, 48)]);
    given(vec![registered(), issued(1, 0, 48)])
        .when(issue(1, "吧台", 2, 0))
        .then_expect_events(vec![]);
    let revoked = HallEvent::DisplayLinkRevoked {
        display_id: DisplayId(Uuid::from_u128(1)),
        at: instant(5),
    };
    given(vec![registered(), issued(1, 0, 48)])
        .when(revoke(1, 5))
        .then_expect_events(vec![revoked.clone()]);
    given(vec![registered(), issued(1, 0, 48), revoked])
        .when(revoke(1, 6))
        .then_expect_events(vec![]);
    given(vec![registered()])
        .when(revoke(1, 5))
        .then_expect_error(HallError::DisplayNotFound);
}

#[test]
fn a_hall_has_a_hundred_links_at_once_and_those_that_expired_do_not_count() {
    let full = || {
        let links = (0..100).map(|display| issued(display, 0, 48));
        std::iter::once(registered()).chain(links).collect::<Vec<_>>()
    };
    let (what, max) = ("links to screens", 100);
    given(full())
        .when(issue(200, "吧台", 1, 47))
        .then_expect_error(HallError::Full { what, max });
    given(full())
        .when(issue(200, "吧台", 1, 48))
        .then_expect_events(vec![issued(200, 48, 72)]);
}

#[test]
fn a_link_has_a_label_and_an_end() {
    let field = |command| match given(vec![registered()]).when(command).inspect_result() {
        Err(HallError::Invalid(invalid)) => invalid.field,
        other => panic!("{other:?}"),
    };
    assert_eq!(field(issue(1, " ", 1, 0)), "label");
    assert_eq!(field(issue(1, "吧台", 0, 0)), "days");
    assert_eq!(field(issue(1, "吧台", 401, 0)), "days");
}
