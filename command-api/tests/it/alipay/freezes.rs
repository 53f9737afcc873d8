//! Pre-authorisation.

use baize_command_api::payments::alipay::{Debit, Freeze, FreezeStatus, Frozen};
use baize_domain::Fen;
use baize_domain::payment::{Decline, OrderState, Presentation, ProviderAnswer};

use super::orders::declined;
use super::stage::{Stage, order};

fn freeze() -> Freeze {
    Freeze {
        order_no: "F001".to_owned(),
        request_no: "F001A".to_owned(),
        amount: Fen(10_000),
        title: "押金".to_owned(),
        minutes: 15,
    }
}

fn debit(frozen: &Frozen, fen: i64, completes: bool) -> Debit {
    Debit {
        auth_no: frozen.auth_no.clone(),
        order_no: order(Presentation::InApp, fen).order_no,
        amount: Fen(fen),
        title: "台费".to_owned(),
        completes,
    }
}

#[tokio::test]
async fn what_was_frozen_is_debited_and_the_rest_let_go() {
    let stage = Stage::new().await;
    let code = stage.client.freeze_code(&freeze()).await.unwrap();
    assert_eq!(
        stage.client.freeze_code(&freeze()).await.unwrap(),
        code,
        "asked twice, made once"
    );
    let waiting = stage.client.frozen("F001", "F001A").await.unwrap().unwrap();
    assert_eq!((waiting.status, waiting.rest), (FreezeStatus::Waiting, Fen(0)));
    stage.alipay.agree(&code).unwrap();
    let held = stage.client.frozen("F001", "F001A").await.unwrap().unwrap();
    assert_eq!(
        (held.status, held.total, held.rest),
        (FreezeStatus::Holds, Fen(10_000), Fen(10_000))
    );

    let part = debit(&held, 3_000, false);
    let first = stage.client.debit(&part).await;
    let ProviderAnswer::Order(OrderState::Paid(paid)) = &first else {
        panic!("{first:?}");
    };
    assert_eq!(paid.amount, Fen(3_000));
    assert_eq!(stage.client.debit(&part).await, first, "asked twice, debited once");
    let much = stage.client.debit(&debit(&held, 7_001, false)).await;
    assert_eq!(declined(&much), Some(Decline::PayerCannot));

    for _ in 0..2 {
        assert_eq!(
            stage.client.unfreeze(&held.auth_no, "F001B", Fen(7_000), "结束").await,
            Ok(true)
        );
    }
    let over = stage.client.unfreeze(&held.auth_no, "F001C", Fen(1), "结束").await;
    assert_eq!(declined(&over.unwrap_err()), Some(Decline::Merchant));
    let end = stage.client.frozen("F001", "F001A").await.unwrap().unwrap();
    assert_eq!(
        (end.status, end.rest, end.debited),
        (FreezeStatus::Finished, Fen(0), Fen(3_000))
    );
}

#[tokio::test]
async fn a_payer_agrees_in_the_app_and_the_last_debit_lets_the_rest_go() {
    let stage = Stage::new().await;
    assert_eq!(stage.client.frozen("F001", "F001A").await, Ok(None));
    let sheet = stage.client.freeze_sheet(&freeze()).unwrap();
    let altered = sheet.replace("100.00", "900.00");
    assert_ne!(altered, sheet);
    assert!(stage.alipay.agree_in_app(&altered).is_err());
    stage.alipay.agree_in_app(&sheet).unwrap();
    let held = stage.client.frozen("F001", "F001A").await.unwrap().unwrap();
    assert_eq!(held.status, FreezeStatus::Holds);
    let paid = stage.client.debit(&debit(&held, 4_000, true)).await;
    assert!(matches!(paid, ProviderAnswer::Order(OrderState::Paid(_))), "{paid:?}");
    let end = stage.client.frozen("F001", "F001A").await.unwrap().unwrap();
    assert_eq!(
        (end.status, end.rest, end.debited),
        (FreezeStatus::Finished, Fen(0), Fen(4_000))
    );
}
