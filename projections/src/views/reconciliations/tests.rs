//! What is shown follows the domain's own fold, whatever happens to a day.

use baize_domain::Event;
use baize_domain::Fen;
use baize_domain::ids::reconciliation_id;
use baize_domain::payment::Channel;
use baize_domain::reconciliation::{
    BookLine, Closing, FeeRate, Reconciliation, ReconciliationEvent, RowKind, Standing, compare, decide,
};
use jiff::Timestamp;
use jiff::civil::{Date, date};
use proptest::prelude::*;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::{DifferenceStatus, Reconciliations, ReconciliationsState};
use crate::engine::fold_all;

const DAY: Date = date(2026, 11, 20);
const BY: Uuid = Uuid::from_u128(7);

/// What somebody or a run does.
#[derive(Clone, Debug)]
enum Step {
    Run(Vec<(u8, i64)>),
    Rerun,
    Explain(u32),
    Close(u32, bool),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        proptest::collection::vec((0..6u8, 1..4i64), 0..6).prop_map(Step::Run),
        Just(Step::Rerun),
        (1..8u32).prop_map(Step::Explain),
        (1..8u32, any::<bool>()).prop_map(|(number, explained)| Step::Close(number, explained)),
    ]
}

/// Payments of ours on a day whose bill is empty.
fn run(state: &Reconciliation, missing: &[(u8, i64)], at: Timestamp) -> Vec<ReconciliationEvent> {
    let line = |(number, fen): &(u8, i64)| BookLine {
        kind: RowKind::Payment,
        number: number.to_string(),
        amount: Fen(*fen),
        standing: Standing::Done,
        due: true,
    };
    let book: Vec<_> = missing.iter().map(line).collect();
    let found = compare(String::new(), &[], &book, FeeRate(Decimal::ZERO));
    decide::record(state, Channel::Alipay, DAY, found, at).unwrap()
}

fn decided(state: &Reconciliation, step: &Step) -> Vec<ReconciliationEvent> {
    let at = Timestamp::UNIX_EPOCH;
    let events = match step {
        Step::Run(missing) => Ok(run(state, missing, at)),
        Step::Rerun => decide::ask_rerun(state, BY, at),
        Step::Explain(number) => decide::explain(state, *number, BY, "looked into".to_owned(), at),
        Step::Close(number, true) => decide::close(state, *number, Closing::Explained, BY, at),
        Step::Close(number, false) => decide::close(state, *number, Closing::Corrected, BY, at),
    };
    events.unwrap_or_default()
}

fn shown(events: &[ReconciliationEvent]) -> ReconciliationsState {
    let id = reconciliation_id(Channel::Alipay, DAY).0;
    let happened = events.iter().map(|event| (id, Event::Reconciliation(event.clone())));
    fold_all::<Reconciliations>(happened.collect()).unwrap()
}

proptest! {
    #[test]
    fn a_day_is_shown_as_its_stream_tells_it(steps in proptest::collection::vec(step(), 1..20)) {
        let (mut state, mut happened) = (Reconciliation::default(), Vec::new());
        for step in &steps {
            for event in decided(&state, step) {
                state.evolve(&event);
                happened.push(event);
            }
        }
        let view = shown(&happened);
        let Some((id, ..)) = state.day else {
            prop_assert_eq!(view.days.count(), 0);
            return Ok(());
        };
        let day = view.days.get(id.0).unwrap();
        prop_assert_eq!(day.open as usize, state.open());
        prop_assert_eq!((day.finished, day.rerun_asked), (state.finished, state.rerun_asked));
        prop_assert_eq!(&day.compared.0, &state.compared);
        prop_assert_eq!(view.differences.count(), state.differences.len());
        for row in view.differences.iter() {
            let known = &state.differences[&u32::try_from(row.number).unwrap()];
            prop_assert_eq!(&row.difference.0, &known.difference);
            prop_assert_eq!(row.status.is_open(), known.status.is_open());
        }
    }
}

#[test]
fn who_explained_a_difference_and_why_is_shown() {
    let mut state = Reconciliation::default();
    let mut happened = Vec::new();
    let steps = [Step::Run(vec![(1, 100)]), Step::Explain(1), Step::Close(1, true)];
    for step in &steps {
        for event in decided(&state, step) {
            state.evolve(&event);
            happened.push(event);
        }
    }
    let view = shown(&happened);
    let row = view.differences.iter().next().unwrap();
    assert_eq!(row.status, DifferenceStatus::ClosedAsExplained);
    assert_eq!((row.reason.as_deref(), row.acted_by), (Some("looked into"), Some(BY)));
}

#[test]
fn a_difference_that_was_never_opened_stops_the_view() {
    let id = reconciliation_id(Channel::Alipay, DAY).0;
    let closed = ReconciliationEvent::DifferenceClosed {
        number: 1,
        closing: Closing::Corrected,
        by: BY,
        at: Timestamp::UNIX_EPOCH,
    };
    assert!(fold_all::<Reconciliations>(vec![(id, Event::Reconciliation(closed))]).is_err());
}
