//! Given a plan, when a version is published, then …

use cqrs_es::test::TestFramework;
use jiff::Timestamp;
use uuid::Uuid;

use crate::ids::{HallId, TariffPlanId};
use crate::money::Fen;
use crate::tariff::{Tariff, TariffPlan, TariffPlanCommand, TariffPlanError, TariffPlanEvent};

pub(super) fn tariff(price: i64) -> Tariff {
    Tariff {
        name: "日场".into(),
        price_per_hour: Fen(price),
        bands: Vec::new(),
        step_minutes: 15,
        minimum: Fen(1_000),
        cap: None,
        grace_seconds: 180,
        ..Tariff::default()
    }
}

const PLAN: TariffPlanId = TariffPlanId(Uuid::from_u128(1));
const HALL: HallId = HallId(Uuid::from_u128(2));
const OTHER_HALL: HallId = HallId(Uuid::from_u128(3));

fn publish(hall_id: HallId, price: i64) -> TariffPlanCommand {
    TariffPlanCommand::Publish {
        plan_id: PLAN,
        hall_id,
        tariff: tariff(price),
        at: Timestamp::UNIX_EPOCH,
    }
}

fn published(version: u32, price: i64) -> TariffPlanEvent {
    TariffPlanEvent::TariffPublished {
        plan_id: PLAN,
        hall_id: HALL,
        version,
        tariff: tariff(price),
        at: Timestamp::UNIX_EPOCH,
    }
}

#[test]
fn versions_count_from_one() {
    TestFramework::<TariffPlan>::with(())
        .given_no_previous_events()
        .when(publish(HALL, 4_000))
        .then_expect_events(vec![published(1, 4_000)]);
    TestFramework::<TariffPlan>::with(())
        .given(vec![published(1, 4_000), published(2, 5_000)])
        .when(publish(HALL, 4_000))
        .then_expect_events(vec![published(3, 4_000)]);
}

#[test]
fn what_is_in_force_is_not_published_again() {
    TestFramework::<TariffPlan>::with(())
        .given(vec![published(1, 4_000)])
        .when(publish(HALL, 4_000))
        .then_expect_events(Vec::new());
}

#[test]
fn a_plan_stays_with_its_hall() {
    TestFramework::<TariffPlan>::with(())
        .given(vec![published(1, 4_000)])
        .when(publish(OTHER_HALL, 5_000))
        .then_expect_error(TariffPlanError::OtherHall {
            plan_id: PLAN,
            hall_id: HALL,
        });
}

#[test]
fn an_invalid_tariff_is_not_published() {
    let result = TestFramework::<TariffPlan>::with(())
        .given_no_previous_events()
        .when(publish(HALL, -1))
        .inspect_result();
    assert!(matches!(result, Err(TariffPlanError::Invalid(invalid)) if invalid.field == "tariff.price_per_hour"));
}
