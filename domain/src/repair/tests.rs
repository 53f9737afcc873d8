//! Given a repair, when it is asked, then …

use cqrs_es::test::{AggregateTestExecutor, TestFramework};
use jiff::Timestamp;
use uuid::Uuid;

use crate::device::LightChannel;
use crate::ids::{HallId, RepairId, TableId};

use super::{Fault, Repair, RepairCommand, RepairError, RepairEvent, Ticket};

const AT: Timestamp = Timestamp::UNIX_EPOCH;
const ID: RepairId = RepairId(Uuid::from_u128(1));
const FITTER: Uuid = Uuid::from_u128(9);

fn ticket(table: u128) -> Ticket {
    Ticket {
        repair_id: ID,
        hall_id: HallId::default(),
        table_id: TableId(Uuid::from_u128(table)),
        light: LightChannel::default(),
        fault: Fault::Offline,
        since: AT,
        session_id: None,
    }
}

fn opened() -> RepairEvent {
    RepairEvent::RepairOpened {
        ticket: ticket(2),
        at: AT,
    }
}

fn started() -> RepairEvent {
    RepairEvent::RepairStarted { by: FITTER, at: AT }
}

fn completed() -> RepairEvent {
    RepairEvent::RepairCompleted {
        by: FITTER,
        note: "换了继电器".to_owned(),
        at: AT,
    }
}

fn testing(test: u32) -> RepairEvent {
    RepairEvent::RepairTestStarted {
        test,
        light: LightChannel::default(),
        answer_seconds: 10,
        at: AT,
    }
}

fn complete() -> RepairCommand {
    RepairCommand::Complete {
        by: FITTER,
        note: "换了继电器".to_owned(),
        at: AT,
    }
}

const START: RepairCommand = RepairCommand::Start { by: FITTER, at: AT };

fn test() -> RepairCommand {
    RepairCommand::StartTest {
        light: LightChannel::default(),
        answer_seconds: 10,
        at: AT,
    }
}

fn given(events: Vec<RepairEvent>) -> AggregateTestExecutor<Repair> {
    TestFramework::<Repair>::with(()).given(events)
}

#[test]
fn a_repair_is_opened_once_for_one_table() {
    let open = |table| RepairCommand::Open {
        ticket: ticket(table),
        at: AT,
    };
    given(vec![]).when(open(2)).then_expect_events(vec![opened()]);
    given(vec![opened()]).when(open(2)).then_expect_events(vec![]);
    given(vec![opened()])
        .when(open(3))
        .then_expect_error(RepairError::Exists(ID));
}

#[test]
fn a_repair_is_started_completed_and_tested_in_that_order() {
    given(vec![]).when(START).then_expect_error(RepairError::NotFound);
    given(vec![opened()])
        .when(complete())
        .then_expect_error(RepairError::NotStarted);
    given(vec![opened()]).when(START).then_expect_events(vec![started()]);
    given(vec![opened(), started()]).when(START).then_expect_events(vec![]);
    given(vec![opened(), started()])
        .when(test())
        .then_expect_error(RepairError::NotCompleted);
    given(vec![opened(), started()])
        .when(complete())
        .then_expect_events(vec![completed()]);
    given(vec![opened(), started(), completed()])
        .when(test())
        .then_expect_events(vec![testing(1)]);
    given(vec![opened(), started(), completed(), testing(1)])
        .when(START)
        .then_expect_error(RepairError::UnderTest);
}

#[test]
fn a_test_that_fails_goes_back_to_repair_and_its_late_result_decides_nothing_any_more() {
    let failed = RepairEvent::RepairTestFailed {
        test: 1,
        step: 4,
        at: AT,
    };
    let fail = RepairCommand::FailTest {
        test: 1,
        step: 4,
        at: AT,
    };
    given(vec![opened(), started(), completed(), testing(1)])
        .when(fail.clone())
        .then_expect_events(vec![failed.clone()]);
    let again = vec![opened(), started(), completed(), testing(1), failed.clone()];
    given(again.clone())
        .when(test())
        .then_expect_error(RepairError::NotCompleted);
    let second = [again, vec![started(), completed(), testing(2)]].concat();
    given(second.clone())
        .when(RepairCommand::PassTest { test: 1, at: AT })
        .then_expect_events(vec![]);
    given(second.clone()).when(fail).then_expect_events(vec![]);
    given(second)
        .when(RepairCommand::PassTest { test: 2, at: AT })
        .then_expect_events(vec![RepairEvent::RepairTestPassed { test: 2, at: AT }]);
}

#[test]
fn what_has_passed_its_test_is_over() {
    let passed = RepairEvent::RepairTestPassed { test: 1, at: AT };
    let closed = vec![opened(), started(), completed(), testing(1), passed];
    given(closed.clone()).when(START).then_expect_error(RepairError::Closed);
    given(closed.clone())
        .when(test())
        .then_expect_error(RepairError::Closed);
    given(closed)
        .when(RepairCommand::PassTest { test: 1, at: AT })
        .then_expect_events(vec![]);
}
