//! The fold of splits, without a database.

use baize_domain::ids::{ChainId, HallId, MemberId, SessionId, ShareId, SplitId};
use baize_domain::split::{Phase, ShareState, ShareTerms, SplitEvent, SplitTerms};
use baize_domain::{Event, Fen};
use jiff::Timestamp;
use uuid::Uuid;

use super::{Splits, SplitsState};
use crate::engine::{Contradiction, fold_all};

const SPLIT: Uuid = Uuid::from_u128(1);
const AT: Timestamp = Timestamp::UNIX_EPOCH;

fn started(amounts: &[i64]) -> SplitEvent {
    let share = |(place, amount): (u128, &i64)| ShareTerms {
        share_id: ShareId(Uuid::from_u128(place)),
        token: format!("token-{place}"),
        amount: Fen(*amount),
    };
    SplitEvent::SplitStarted {
        terms: Box::new(SplitTerms {
            split_id: SplitId(SPLIT),
            round: 1,
            chain_id: ChainId::default(),
            hall_id: HallId::default(),
            session_id: SessionId::default(),
            opener: MemberId(Uuid::from_u128(7)),
            bill: Fen(100),
            shares: (0u128..).zip(amounts).map(share).collect(),
            link_minutes: 10,
        }),
        confirm_by: AT,
        ends_at: AT,
        at: AT,
    }
}

fn taken_over() -> SplitEvent {
    SplitEvent::ShareTakenOver {
        round: 1,
        ordinal: 2,
        amount: Fen(33),
        at: AT,
    }
}

fn fold(events: Vec<SplitEvent>) -> Result<SplitsState, Contradiction> {
    fold_all::<Splits>(
        events
            .into_iter()
            .map(|event| (SPLIT, Event::BillSplit(event)))
            .collect(),
    )
}

#[test]
fn a_split_shows_its_shares_which_sum_to_the_bill() {
    let state = fold(vec![started(&[34, 33, 33]), taken_over()]).unwrap();
    let row = state.splits.get(SPLIT).unwrap();
    assert_eq!(row.split.phase, Phase::Confirming);
    let amounts: Vec<_> = row.split.standing().map(|(_, share)| share.amount.0).collect();
    assert_eq!(amounts, [67, 33]);
    assert_eq!(row.split.shares[2].state, ShareState::TakenOver);
}

#[test]
fn shares_that_do_not_sum_to_the_bill_and_splits_that_never_began_stop_the_view() {
    assert!(fold(vec![started(&[34, 33, 32])]).is_err());
    assert!(fold(vec![taken_over()]).is_err());
}
