//! Many orders at once, of which a third go wrong: what the client was told in the end is what Alipay's book says.

use std::collections::HashMap;
use std::sync::Arc;

use baize_command_api::payments::provider::Provider as _;
use baize_domain::Fen;
use baize_domain::payment::{Order, OrderState, Paid, Presentation, ProviderAnswer, RefundState};
use baize_simulators::alipay::{Fault, RefundStatus};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use tokio::sync::Semaphore;

use super::stage::{Stage, order, refund_of};

const ORDERS: u64 = 1_000;
const AT_ONCE: usize = 32;
const SEED: u64 = 8_888;
/// Queries until an order's state is known; more than any fault needs.
const QUERIES_MAX: u32 = 5;

/// Those that can happen to a call.
const FAULTS: [Fault; 6] = [
    Fault::ReplyLost,
    Fault::ChargedReplyLost,
    Fault::ServerError,
    Fault::Busy,
    Fault::AnswerForged,
    Fault::PaysWhileClosing,
];

/// What a payer does with an order.
#[derive(Clone, Copy, PartialEq)]
enum Payer {
    Pays,
    GoesAway,
    PaysAndHasSomeBack,
}

/// How an order ended, as the client was told.
struct End {
    order: Order,
    payer: Payer,
    paid: Option<Paid>,
    refunded: Fen,
}

async fn settled(stage: &Stage, order: &Order) -> OrderState {
    for _ in 0..QUERIES_MAX {
        if let ProviderAnswer::Order(state) = stage.client.query(order.order_no).await {
            return state;
        }
    }
    panic!("{}: nobody knows", order.order_no);
}

async fn one(stage: &Stage, number: u64) -> End {
    let mut random = StdRng::seed_from_u64(SEED + number);
    let order = order(Presentation::InApp, random.random_range(1..=50_000));
    let order_no = order.order_no.to_string();
    let payer = match random.random_range(0..10) {
        0..2 => Payer::GoesAway,
        2..4 => Payer::PaysAndHasSomeBack,
        _ => Payer::Pays,
    };
    if random.random_bool(0.3) {
        let fault = FAULTS[random.random_range(0..FAULTS.len())];
        let times = if random.random_bool(0.2) { 4 } else { 1 };
        stage.alipay.fault(&order_no, &vec![fault; times]);
    }
    stage.client.create(&order, Some("payer-1")).await;
    if settled(stage, &order).await == OrderState::NotFound {
        stage.client.create(&order, Some("payer-1")).await;
    }
    if payer != Payer::GoesAway {
        // With some faults it was paid by now.
        let _ = stage.alipay.pay(&order_no);
    }
    let mut state = settled(stage, &order).await;
    if state == OrderState::Waiting {
        stage.client.close(order.order_no).await;
        state = settled(stage, &order).await;
    }
    let paid = match state {
        OrderState::Paid(paid) => Some(paid),
        OrderState::Closed => None,
        other => panic!("{order_no} ends {other:?}"),
    };
    let mut refunded = Fen::ZERO;
    if payer == Payer::PaysAndHasSomeBack && paid.is_some() {
        refunded = some_back(stage, &order, random.random_range(1..=order.amount.0)).await;
    }
    End {
        order,
        payer,
        paid,
        refunded,
    }
}

async fn some_back(stage: &Stage, order: &Order, fen: i64) -> Fen {
    let refund = refund_of(order, fen);
    for _ in 0..QUERIES_MAX {
        if let ProviderAnswer::Refund(RefundState::Succeeded { amount, .. }) = stage.client.refund(&refund).await {
            return amount;
        }
    }
    panic!("{}: not refunded", order.order_no);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_thousand_orders_of_which_a_third_go_wrong_each_ends_as_the_book_says() {
    let stage = Arc::new(Stage::new().await);
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let tasks: Vec<_> = (0..ORDERS)
        .map(|number| {
            let (stage, turns) = (Arc::clone(&stage), Arc::clone(&turns));
            tokio::spawn(async move {
                let _turn = turns.acquire().await.unwrap();
                one(&stage, number).await
            })
        })
        .collect();
    let mut ends = Vec::new();
    for task in tasks {
        ends.push(task.await.unwrap());
    }
    let book = stage.alipay.book();
    let trades: HashMap<_, _> = book.iter().map(|trade| (trade.order_no.as_str(), trade)).collect();
    let (mut told, mut back) = (Fen::ZERO, Fen::ZERO);
    for End {
        order,
        payer,
        paid,
        refunded,
    } in ends
    {
        let order_no = order.order_no.to_string();
        let trade = trades[order_no.as_str()];
        assert_eq!(paid.is_some(), trade.paid_at.is_some(), "{order_no}");
        assert!(
            payer == Payer::GoesAway || paid.is_some(),
            "{order_no}: who pays, has paid"
        );
        assert!(trade.refunds.len() <= 1, "{order_no}: refunded once");
        told += paid.map_or(Fen::ZERO, |paid| paid.amount);
        back += refunded;
    }
    let paid = book.iter().filter(|trade| trade.paid_at.is_some());
    assert_eq!(told, Fen(paid.map(|trade| trade.amount_fen).sum()));
    let refunds = book.iter().flat_map(|trade| &trade.refunds);
    let went = refunds
        .filter(|refund| refund.state == RefundStatus::Success)
        .map(|refund| refund.amount_fen);
    assert_eq!(back, Fen(went.sum()));
    assert_eq!(book.len() as u64, ORDERS, "one order for each");
}
