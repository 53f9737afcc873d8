//! Given a split, when it is asked, then …; and shares that sum to the bill whatever it is cut by.

use cqrs_es::test::{AggregateTestExecutor, TestFramework};
use jiff::Timestamp;
use proptest::prelude::*;
use uuid::Uuid;

use crate::ids::{ChainId, HallId, MemberId, SessionId, ShareId, SplitId};
use crate::money::Fen;
use crate::wallet::Split;

use super::{
    BillSplit, CancelCause, Division, OPENER, Phase, RETRIES_MAX, ShareState, ShareTerms, SplitCommand, SplitError,
    SplitEvent, SplitTerms, decide,
};

const SPLIT: SplitId = SplitId(Uuid::from_u128(1));
const OPENING: MemberId = person(7);

const fn person(n: u128) -> MemberId {
    MemberId(Uuid::from_u128(n))
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("a timestamp")
}

fn terms(amounts: &[i64]) -> SplitTerms {
    let share = |(place, amount): (u128, &i64)| ShareTerms {
        share_id: ShareId(Uuid::from_u128(0x10 + place)),
        token: if place == 0 {
            String::new()
        } else {
            format!("link-{place}")
        },
        amount: Fen(*amount),
    };
    SplitTerms {
        split_id: SPLIT,
        round: 1,
        chain_id: ChainId::default(),
        hall_id: HallId::default(),
        session_id: SessionId::default(),
        opener: OPENING,
        bill: Fen(amounts.iter().sum()),
        shares: (0u128..).zip(amounts).map(share).collect(),
        link_minutes: 10,
    }
}

fn start(amounts: &[i64], anew: bool, second: i64) -> SplitCommand {
    SplitCommand::Start {
        terms: Box::new(terms(amounts)),
        anew,
        at: at(second),
    }
}

fn confirm(place: u8, member: u128, second: i64) -> SplitCommand {
    SplitCommand::Confirm {
        token: format!("link-{place}"),
        member_id: person(member),
        at: at(second),
    }
}

fn decline(place: u8, member: u128) -> SplitCommand {
    SplitCommand::Decline {
        token: format!("link-{place}"),
        member_id: person(member),
        at: at(5),
    }
}

fn pay(ordinal: u8) -> SplitCommand {
    SplitCommand::Pay {
        ordinal,
        amount: Split::default(),
        at: at(20),
    }
}

fn cancel(cause: CancelCause, second: i64) -> SplitCommand {
    SplitCommand::Cancel { cause, at: at(second) }
}

/// The events that the commands lead to, each of which must be accepted.
fn events(commands: &[SplitCommand]) -> Vec<SplitEvent> {
    let mut split = BillSplit::default();
    let mut all = Vec::new();
    for command in commands {
        let events = decide(&split, command.clone()).unwrap_or_else(|error| panic!("{command:?}: {error}"));
        events.iter().for_each(|event| split.evolve(event));
        all.extend(events);
    }
    all
}

fn state(commands: &[SplitCommand]) -> BillSplit {
    let mut split = BillSplit::default();
    events(commands).iter().for_each(|event| split.evolve(event));
    split
}

fn given(commands: &[SplitCommand]) -> AggregateTestExecutor<BillSplit> {
    TestFramework::<BillSplit>::with(()).given(events(commands))
}

/// Of three, everybody has confirmed.
fn charging() -> Vec<SplitCommand> {
    vec![start(&[34, 33, 33], false, 0), confirm(1, 1, 1), confirm(2, 2, 2)]
}

fn names(events: &[SplitEvent]) -> Vec<&'static str> {
    events.iter().map(SplitEvent::name).collect()
}

#[test]
fn everybody_is_charged_with_the_last_confirmation_and_not_before() {
    let said = events(&charging());
    assert_eq!(
        names(&said),
        ["SplitStarted", "ShareConfirmed", "ShareConfirmed", "ChargingBegan"]
    );
    assert!(matches!(&said[3], SplitEvent::ChargingBegan { ordinals, .. } if *ordinals == [0, 1, 2]));
    given(&charging()).when(confirm(1, 1, 3)).then_expect_events(vec![]);
}

#[test]
fn a_share_is_one_persons_and_a_person_has_one_share() {
    let one = [start(&[34, 33, 33], false, 0), confirm(1, 1, 1)];
    given(&one)
        .when(confirm(1, 2, 2))
        .then_expect_error(SplitError::ShareTaken);
    given(&one)
        .when(confirm(2, 1, 2))
        .then_expect_error(SplitError::HasShare);
    let mut by_opener = confirm(2, 7, 2);
    given(&one)
        .when(by_opener.clone())
        .then_expect_error(SplitError::HasShare);
    if let SplitCommand::Confirm { token, .. } = &mut by_opener {
        token.clear();
    }
    given(&one).when(by_opener).then_expect_error(SplitError::LinkUnknown);
}

#[test]
fn a_link_is_good_for_its_minutes_and_the_opener_is_told_once_when_it_is_over() {
    let one = [start(&[50, 50], false, 0)];
    given(&one)
        .when(confirm(1, 1, 600))
        .then_expect_error(SplitError::LinkExpired(at(600)));
    let stall = |second| SplitCommand::Stall { at: at(second) };
    given(&one).when(stall(599)).then_expect_error(SplitError::NotOver);
    let stalled = SplitEvent::SplitStalled {
        round: 1,
        opener: OPENING,
        unconfirmed: Fen(50),
        at: at(600),
    };
    given(&one).when(stall(600)).then_expect_events(vec![stalled]);
    given(&[one[0].clone(), stall(600)])
        .when(stall(601))
        .then_expect_events(vec![]);
    given(&charging()).when(stall(600)).then_expect_events(vec![]);
}

#[test]
fn what_somebody_declines_another_may_confirm_and_nobody_declines_for_another() {
    let one = [start(&[34, 33, 33], false, 0), confirm(1, 1, 1)];
    given(&one)
        .when(decline(1, 2))
        .then_expect_error(SplitError::ShareTaken);
    let declined = state(&[one[0].clone(), one[1].clone(), decline(1, 1)]);
    assert_eq!(declined.shares[1].state, ShareState::Declined);
    assert_eq!(declined.share_of(person(1)), None);
    let again = state(&[one[0].clone(), one[1].clone(), decline(1, 1), confirm(1, 3, 6)]);
    assert_eq!(again.share_of(person(3)), Some(1));
    given(&charging())
        .when(decline(1, 1))
        .then_expect_error(SplitError::Charging);
}

#[test]
fn a_share_that_is_taken_out_makes_the_others_grow_and_be_confirmed_again() {
    let remove = SplitCommand::Remove { ordinal: 2, at: at(60) };
    let mut commands = charging();
    commands.push(remove);
    let split = state(&commands);
    assert_eq!(split.phase, Phase::Confirming);
    let amounts: Vec<_> = split.standing().map(|(_, share)| share.amount.0).collect();
    assert_eq!(amounts, [51, 49], "in proportion, to the fen");
    assert_eq!(split.shares[1].state, ShareState::Open);
    assert_eq!(split.confirm_by, at(660));
    given(&commands)
        .when(confirm(1, 5, 61))
        .then_expect_error(SplitError::ShareTaken);
    commands.push(confirm(1, 1, 61));
    assert_eq!(state(&commands).phase, Phase::Charging);
    given(&[start(&[50, 50], false, 0)])
        .when(SplitCommand::Remove { ordinal: 1, at: at(1) })
        .then_expect_error(SplitError::LastShare);
}

#[test]
fn a_share_that_the_opener_takes_over_changes_nobody_elses() {
    let take = SplitCommand::TakeOver { ordinal: 2, at: at(9) };
    let mut commands = vec![start(&[34, 33, 33], false, 0), confirm(1, 1, 1), take.clone()];
    let split = state(&commands);
    let amounts: Vec<_> = split.standing().map(|(_, share)| share.amount.0).collect();
    assert_eq!((amounts, split.phase), (vec![67, 33], Phase::Charging));
    given(&commands).when(take).then_expect_events(vec![]);
    commands.extend([pay(OPENER), pay(1)]);
    assert_eq!(state(&commands).phase, Phase::Completed);
    given(&[start(&[50, 50], false, 0)])
        .when(SplitCommand::TakeOver { ordinal: 1, at: at(1) })
        .then_expect_error(SplitError::LastShare);
}

#[test]
fn a_share_is_paid_once_and_with_the_last_the_split_is_complete() {
    let mut commands = charging();
    commands.extend([pay(1), pay(OPENER)]);
    given(&commands)
        .when(pay(1))
        .then_expect_error(SplitError::ShareSettled);
    commands.push(pay(2));
    let said = events(&commands);
    assert!(matches!(said.last(), Some(SplitEvent::SplitCompleted { ordinals, .. }) if *ordinals == [1, 2]));
    for late in [
        cancel(CancelCause::Opener, 30),
        SplitCommand::Remove { ordinal: 1, at: at(30) },
    ] {
        given(&commands).when(late).then_expect_error(SplitError::Completed);
    }
    let deliver = SplitCommand::Deliver { ordinal: 1, at: at(31) };
    commands.push(deliver.clone());
    given(&commands).when(deliver).then_expect_events(vec![]);
    given(&commands)
        .when(SplitCommand::Return { ordinal: 2, at: at(31) })
        .then_expect_events(vec![]);
    given(&commands)
        .when(start(&[50, 50], false, 40))
        .then_expect_error(SplitError::Completed);
}

#[test]
fn after_three_retries_the_opener_is_asked_once_and_not_charged() {
    let fail = SplitCommand::Fail {
        ordinal: 1,
        shortfall: Fen(3),
        at: at(20),
    };
    let mut commands = charging();
    commands.extend(std::iter::repeat_n(fail.clone(), usize::from(RETRIES_MAX)));
    assert!(!names(&events(&commands)).contains(&"OpenerAsked"));
    commands.extend([fail.clone(), fail]);
    let asked = names(&events(&commands));
    assert_eq!(asked.iter().filter(|name| **name == "OpenerAsked").count(), 1);
    let split = state(&commands);
    assert_eq!(
        split.shares[0].amount,
        Fen(34),
        "nothing is added to the opener's share"
    );
    assert_eq!(split.shares[1].state, ShareState::Confirmed);
}

#[test]
fn what_was_paid_goes_back_when_it_is_cancelled_and_then_it_may_start_again() {
    let mut commands = charging();
    commands.extend([pay(1), cancel(CancelCause::Opener, 30)]);
    let said = events(&commands);
    assert!(matches!(said.last(), Some(SplitEvent::SplitCancelled { ordinals, .. }) if *ordinals == [1]));
    given(&commands)
        .when(start(&[50, 50], false, 31))
        .then_expect_error(SplitError::StillReturning);
    given(&commands)
        .when(SplitCommand::Deliver { ordinal: 1, at: at(31) })
        .then_expect_events(vec![]);
    commands.extend([
        SplitCommand::Return { ordinal: 1, at: at(31) },
        start(&[50, 50], false, 32),
    ]);
    assert_eq!(state(&commands).phase, Phase::Confirming);
}

#[test]
fn a_bill_is_cut_anew_only_while_nobody_has_paid() {
    let mut commands = charging();
    commands.push(start(&[60, 40], true, 30));
    assert_eq!(state(&commands).phase, Phase::Confirming);
    let mut paid = charging();
    paid.push(pay(1));
    given(&paid)
        .when(start(&[60, 40], true, 30))
        .then_expect_error(SplitError::SharesPaid);
    given(&charging())
        .when(start(&[60, 40], false, 30))
        .then_expect_error(SplitError::Open);
    given(&[])
        .when(start(&[60, 40], true, 30))
        .then_expect_error(SplitError::NotFound);
}

#[test]
fn nobody_decides_for_too_long_and_it_is_cancelled() {
    let one = [start(&[50, 50], false, 0)];
    given(&one)
        .when(cancel(CancelCause::TimeOver, 2_399))
        .then_expect_error(SplitError::NotOver);
    let said = events(&[one[0].clone(), cancel(CancelCause::TimeOver, 2_400)]);
    assert_eq!(names(&said), ["SplitStarted", "SplitCancelled"]);
}

#[test]
fn divisions_that_cannot_be_are_refused() {
    let refused = |division: Division| division.of(Fen(100)).expect_err("refused").field;
    assert_eq!(refused(Division::Equal { people: 1 }), "division");
    assert_eq!(refused(Division::Equal { people: 21 }), "division");
    assert_eq!(refused(Division::Amounts(vec![Fen(50), Fen(49)])), "division.amounts");
    assert_eq!(refused(Division::Amounts(vec![Fen(150), Fen(-50)])), "division.amounts");
    assert_eq!(refused(Division::Weights(vec![1, 0])), "division");
    assert_eq!(refused(Division::Weights(vec![0, 1_001])), "division.weights");
    assert_eq!(Division::Weights(vec![0, 1]).of(Fen(100)), Ok(vec![Fen(0), Fen(100)]));
    assert_eq!(
        Division::Equal { people: 3 }.of(Fen(100)),
        Ok(vec![Fen(34), Fen(33), Fen(33)])
    );
    assert_eq!(
        Division::Weights(vec![1, 2, 4]).of(Fen(100)),
        Ok(vec![Fen(14), Fen(29), Fen(57)])
    );
}

proptest! {
    #[test]
    fn shares_by_weight_sum_to_the_bill_and_are_within_a_fen_of_their_part(
        bill in 1i64..=1_000_000_000,
        weights in proptest::collection::vec(0i64..=1_000, 2..20),
    ) {
        let whole: i64 = weights.iter().sum();
        prop_assume!(whole > 0);
        let shares = super::division::by_weight(Fen(bill), &weights);
        prop_assert_eq!(shares.iter().copied().sum::<Fen>(), Fen(bill));
        for (share, weight) in shares.iter().zip(&weights) {
            let exact = i128::from(bill) * i128::from(*weight);
            let off = i128::from(share.0) * i128::from(whole) - exact;
            prop_assert!(off.abs() < i128::from(whole), "{share:?} of weight {weight}");
        }
    }
}
