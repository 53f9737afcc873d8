//! Given, when, then; and what holds for any two books.

use jiff::Timestamp;
use jiff::civil::{Date, date};
use proptest::prelude::*;
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::journal::{Account, JournalEvent};
use crate::money::Fen;
use crate::payment::Channel;
use crate::units::{ReconcileInput, record_comparison};

use super::*;

const RATE: FeeRate = FeeRate(Decimal::from_parts(6, 0, 0, false, 3));
const DAY: Date = date(2026, 11, 20);
const BY: Uuid = Uuid::from_u128(40);

fn at() -> Timestamp {
    "2026-11-21T02:15:00Z".parse().unwrap()
}

fn paid(number: &str, fen: i64) -> BillLine {
    BillLine {
        kind: RowKind::Payment,
        number: number.to_owned(),
        transaction_id: format!("T{number}"),
        amount: Fen(fen),
        fee: Fen((fen * 6 + 500) / 1_000),
        standing: Standing::Done,
    }
}

fn refunded(number: &str, fen: i64, standing: Standing) -> BillLine {
    let line = paid(number, fen);
    let fee = if standing == Standing::Not {
        Fen::ZERO
    } else {
        -line.fee
    };
    BillLine {
        kind: RowKind::Refund,
        standing,
        fee,
        ..line
    }
}

fn own(kind: RowKind, number: &str, fen: i64, standing: Standing) -> BookLine {
    BookLine {
        kind,
        number: number.to_owned(),
        amount: Fen(fen),
        standing,
        due: standing == Standing::Done,
    }
}

fn received(number: &str, fen: i64) -> BookLine {
    own(RowKind::Payment, number, fen, Standing::Done)
}

fn compared(bill: &[BillLine], book: &[BookLine]) -> Comparison {
    compare(format!("{bill:?}"), bill, book, RATE)
}

fn kinds(found: &Comparison) -> Vec<(&str, DifferenceKind)> {
    let differences = found.differences.iter();
    differences
        .map(|found| (found.row.number.as_str(), found.kind))
        .collect()
}

/// Takes in a comparison; what was written.
fn run(state: &mut Reconciliation, found: Comparison) -> Vec<ReconciliationEvent> {
    let events = decide::record(state, Channel::Alipay, DAY, found, at()).unwrap();
    events.iter().for_each(|event| state.evolve(event));
    events
}

fn told(state: &mut Reconciliation, events: Result<Vec<ReconciliationEvent>, ReconciliationError>) -> usize {
    let events = events.unwrap();
    events.iter().for_each(|event| state.evolve(event));
    events.len()
}

#[test]
fn a_day_on_which_both_books_are_equal_is_finished_at_once() {
    let mut state = Reconciliation::default();
    let events = run(&mut state, compared(&[paid("A", 8_888)], &[received("A", 8_888)]));
    assert!(matches!(
        &events[..],
        [
            ReconciliationEvent::ReconciliationStarted { .. },
            ReconciliationEvent::BillCompared {
                run: 1,
                matched: Sums {
                    rows: 1,
                    amount: Fen(8_888)
                },
                ..
            },
            ReconciliationEvent::ReconciliationFinished { .. }
        ]
    ));
}

#[test]
fn each_kind_of_difference_is_told_by_its_name() {
    let extra_fee = BillLine {
        fee: Fen(54),
        ..paid("fee", 8_888)
    };
    let bill = [
        paid("extra", 100),
        paid("amount", 200),
        paid("unpaid", 300),
        extra_fee,
        paid("same", 400),
    ];
    let book = [
        received("amount", 201),
        own(RowKind::Payment, "unpaid", 300, Standing::UnderWay),
        received("fee", 8_888),
        received("same", 400),
        received("there", 500),
        own(RowKind::Payment, "abandoned", 600, Standing::UnderWay),
    ];
    let found = compared(&bill, &book);
    let expected = [
        ("amount", DifferenceKind::AmountDiffers),
        ("extra", DifferenceKind::MissingHere),
        ("fee", DifferenceKind::FeeDiffers),
        ("there", DifferenceKind::MissingThere),
        ("unpaid", DifferenceKind::StateDiffers),
    ];
    assert_eq!(kinds(&found), expected);
    assert_eq!((found.bill.rows, found.book.rows, found.matched.rows), (5, 5, 1));
}

#[test]
fn a_refund_that_was_under_way_when_the_bill_was_made_may_be_done_since() {
    for ours in [Standing::Done, Standing::UnderWay] {
        let bill = [refunded("R", 500, Standing::UnderWay)];
        let found = compared(&bill, &[own(RowKind::Refund, "R", 500, ours)]);
        assert_eq!((kinds(&found), found.matched.amount), (vec![], Fen(-500)), "{ours:?}");
    }
    let closed = [refunded("R", 500, Standing::Not)];
    let done = compared(&closed, &[own(RowKind::Refund, "R", 500, Standing::Done)]);
    assert_eq!(kinds(&done), [("R", DifferenceKind::StateDiffers)]);
    let failed = compared(&closed, &[own(RowKind::Refund, "R", 500, Standing::Not)]);
    assert_eq!(kinds(&failed), []);
}

#[test]
fn an_order_that_the_bill_has_twice_is_missing_here_once() {
    let found = compared(&[paid("A", 100), paid("A", 100)], &[received("A", 100)]);
    assert_eq!(kinds(&found), [("A", DifferenceKind::MissingHere)]);
    assert_eq!(found.differences[0].row.nth, 1);
}

#[test]
fn what_is_on_the_bill_of_a_day_beside_is_met_but_not_due() {
    let late = BookLine {
        due: false,
        ..received("late", 100)
    };
    assert_eq!(kinds(&compared(&[paid("late", 100)], std::slice::from_ref(&late))), []);
    assert_eq!(kinds(&compared(&[], &[late])), []);
}

#[test]
fn a_corrected_bill_closes_what_vanished_and_opens_what_is_new() {
    let mut state = Reconciliation::default();
    run(&mut state, compared(&[], &[received("A", 100)]));
    assert_eq!((state.open(), state.finished), (1, false));
    run(
        &mut state,
        compared(&[paid("A", 100), paid("B", 200)], &[received("A", 100)]),
    );
    assert_eq!(state.differences[&1].status, Status::Vanished);
    assert_eq!(state.differences[&2].status, Status::Open);
    assert_eq!(state.differences[&2].difference.kind, DifferenceKind::MissingHere);
    run(&mut state, compared(&[paid("A", 100)], &[received("A", 100)]));
    assert!(state.finished);
}

#[test]
fn a_difference_keeps_its_number_when_it_comes_again() {
    let (mut state, missing) = (Reconciliation::default(), [received("A", 100)]);
    run(&mut state, compared(&[], &missing));
    run(&mut state, compared(&[paid("A", 100)], &missing));
    assert!(state.finished);
    run(&mut state, compared(&[], &missing));
    assert_eq!((state.open(), state.finished, state.differences.len()), (1, false, 1));
}

#[test]
fn a_difference_is_explained_before_it_is_closed_as_explained() {
    let mut state = Reconciliation::default();
    run(&mut state, compared(&[], &[received("A", 100)]));
    let closed = |state: &Reconciliation, closing| decide::close(state, 1, closing, BY, at());
    assert_eq!(
        closed(&state, Closing::Explained),
        Err(ReconciliationError::NotExplained(1))
    );
    let explained = decide::explain(&state, 1, BY, "the bill was cut off".to_owned(), at());
    assert_eq!(told(&mut state, explained), 1);
    let again = decide::explain(&state, 1, BY, "the bill was cut off".to_owned(), at());
    assert_eq!(told(&mut state, again), 0);
    let closing = closed(&state, Closing::Explained);
    assert_eq!(told(&mut state, closing), 2);
    assert!(state.finished);
    assert_eq!(closed(&state, Closing::Explained), Ok(vec![]));
    assert_eq!(closed(&state, Closing::Corrected), Err(ReconciliationError::NotOpen(1)));
    let late = decide::explain(&state, 1, BY, "no".to_owned(), at());
    assert_eq!(late, Err(ReconciliationError::NotOpen(1)));
}

#[test]
fn what_was_closed_as_explained_stays_closed_and_what_was_closed_as_corrected_opens_again_if_it_is_still_there() {
    for (closing, open) in [(Closing::Explained, 0), (Closing::Corrected, 1)] {
        let (mut state, missing) = (Reconciliation::default(), [received("A", 100)]);
        run(&mut state, compared(&[], &missing));
        let explained = decide::explain(&state, 1, BY, "looked into".to_owned(), at());
        told(&mut state, explained);
        let closed = decide::close(&state, 1, closing, BY, at());
        told(&mut state, closed);
        run(&mut state, compared(&[], &missing));
        assert_eq!(state.open(), open, "{closing:?}");
    }
}

#[test]
fn what_was_explained_is_open_again_if_it_differs_otherwise() {
    let (mut state, ours) = (Reconciliation::default(), [received("A", 100)]);
    run(&mut state, compared(&[paid("A", 101)], &ours));
    let explained = decide::explain(&state, 1, BY, "a fen more".to_owned(), at());
    told(&mut state, explained);
    let closed = decide::close(&state, 1, Closing::Explained, BY, at());
    told(&mut state, closed);
    run(&mut state, compared(&[paid("A", 102)], &ours));
    assert_eq!(state.differences[&1].status, Status::Open);
    assert_eq!(state.differences[&1].difference.theirs, Some(Fen(102)));
}

#[test]
fn a_run_that_was_asked_for_is_on_record_even_if_it_finds_nothing_new() {
    let mut state = Reconciliation::default();
    assert_eq!(decide::ask_rerun(&state, BY, at()), Err(ReconciliationError::NotFound));
    run(&mut state, compared(&[], &[]));
    let asked = decide::ask_rerun(&state, BY, at());
    assert_eq!(told(&mut state, asked), 1);
    assert_eq!(decide::ask_rerun(&state, BY, at()), Ok(vec![]));
    let later = at() + jiff::SignedDuration::from_hours(31 * 24);
    let late = decide::ask_rerun(&state, BY, later);
    assert!(matches!(late, Err(ReconciliationError::Invalid(_))));
    let events = run(&mut state, compared(&[], &[]));
    assert!(matches!(
        &events[..],
        [ReconciliationEvent::BillCompared { run: 2, .. }]
    ));
    assert!(!state.rerun_asked);
}

#[test]
fn a_bill_of_another_system_is_not_taken_in() {
    let bill: Vec<_> = (0..=decide::DIFFERENCES_MAX)
        .map(|n| paid(&n.to_string(), 100))
        .collect();
    let refused = decide::record(
        &Reconciliation::default(),
        Channel::Alipay,
        DAY,
        compared(&bill, &[]),
        at(),
    );
    assert_eq!(refused, Err(ReconciliationError::TooMany(decide::DIFFERENCES_MAX + 1)));
}

#[test]
fn what_a_provider_keeps_is_posted_once_and_a_corrected_bill_posts_the_rest() {
    let mut state = Reconciliation::default();
    let mut fees = Vec::new();
    let one = vec![paid("A", 10_000)];
    let two = vec![paid("A", 10_000), paid("B", 20_000)];
    for bill in [&one, &one, &two, &two, &one] {
        let input = ReconcileInput {
            reconciliation: &state,
            channel: Channel::Alipay,
            date: DAY,
            now: at(),
        };
        let changes = record_comparison(input, compared(bill, &[])).unwrap();
        for (_, events) in &changes.journal {
            for JournalEvent::TransactionPosted { entries, .. } in events {
                let entry = |account| entries.iter().find(|entry| entry.account == account).unwrap().amount;
                assert_eq!(entry(Account::AlipayClearing), -entry(Account::ProviderFees));
                fees.push(entry(Account::ProviderFees).0);
            }
        }
        changes.reconciliation.iter().for_each(|event| state.evolve(event));
    }
    assert_eq!(fees, [60, 120, -120]);
    assert_eq!(state.fees_posted, Fen(60));
}

fn standing() -> impl Strategy<Value = Standing> {
    prop_oneof![Just(Standing::Done), Just(Standing::UnderWay), Just(Standing::Not)]
}

fn kind() -> impl Strategy<Value = RowKind> {
    prop_oneof![Just(RowKind::Payment), Just(RowKind::Refund)]
}

prop_compose! {
    fn bill()(rows in proptest::collection::vec((kind(), 0..12u8, 1..400i64, -3..4i64, standing()), 0..16)) -> Vec<BillLine> {
        let line = |(kind, number, fen, fee, standing): (RowKind, u8, i64, i64, Standing)| BillLine {
            kind,
            standing,
            fee: Fen(fee),
            ..paid(&number.to_string(), fen)
        };
        rows.into_iter().map(line).collect()
    }
}

prop_compose! {
    fn book()(rows in proptest::collection::btree_map((0..2u8, 0..12u8), (1..400i64, standing(), any::<bool>()), 0..16)) -> Vec<BookLine> {
        let line = |((kind, number), (fen, standing, due)): ((u8, u8), (i64, Standing, bool))| BookLine {
            due: due && standing == Standing::Done,
            ..own([RowKind::Payment, RowKind::Refund][usize::from(kind)], &number.to_string(), fen, standing)
        };
        rows.into_iter().map(line).collect()
    }
}

proptest! {
    #[test]
    fn every_row_of_any_two_books_is_counted_once_and_differences_sum_to_the_fen(bill in bill(), book in book()) {
        let found = compared(&bill, &book);
        let theirs = found.differences.iter().filter(|found| found.theirs.is_some()).count();
        let ours = found.differences.iter().filter(|found| found.ours.is_some()).count();
        let matched = found.matched.rows as usize;
        prop_assert_eq!(found.bill.rows as usize, bill.len());
        prop_assert_eq!(matched + theirs, bill.len());
        prop_assert_eq!(matched + ours, found.book.rows as usize);
        let met = |line: &&BookLine| line.due || bill.iter().any(|row| (row.kind, &row.number) == (line.kind, &line.number));
        prop_assert_eq!(found.book.rows as usize, book.iter().filter(met).count());
        let excess: Fen = found.differences.iter().map(Difference::excess).sum();
        prop_assert_eq!(found.bill.amount - found.book.amount, excess);
        let fees: Fen = bill.iter().map(|line| line.fee).sum();
        prop_assert_eq!(found.fees.billed, fees);
    }

    #[test]
    fn the_same_books_again_change_nothing_and_any_later_ones_leave_open_what_they_differ_in(
        days in proptest::collection::vec((bill(), book()), 1..5)
    ) {
        let mut state = Reconciliation::default();
        for (bill, book) in days {
            let found = compared(&bill, &book);
            run(&mut state, found.clone());
            prop_assert_eq!(state.open(), found.differences.len());
            prop_assert_eq!(state.finished, found.differences.is_empty());
            prop_assert_eq!(run(&mut state, found), vec![]);
        }
    }
}
