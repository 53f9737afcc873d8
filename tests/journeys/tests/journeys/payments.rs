//! Paying through WeChat Pay and Alipay: both providers run as programs, and the service hears them as it would the real ones.

use anyhow::Context as _;
use baize_journeys::clients::{Refusal, new_id, timed};
use baize_journeys::eventually::eventually;
use baize_journeys::hall::{Hall, plain_tariff};
use baize_journeys::providers::Provider;
use baize_journeys::world::World;
use baize_proto::hall::identity::v1::LoginWithWechatRequest;
use baize_proto::hall::identity::v1::identity_service_client::IdentityServiceClient;
use baize_proto::hall::payment::v1::get_pay_sheet_response::Sheet;
use baize_proto::hall::payment::v1::payment_service_client::PaymentServiceClient;
use baize_proto::hall::payment::v1::start_payment_request::Purpose;
use baize_proto::hall::payment::v1::{
    Bill, Channel, GetPaySheetRequest, Opening, PaymentState, Presentation, RequestPrincipalRefundRequest,
    StartPaymentRequest, StartPaymentResponse, TopUp,
};
use baize_proto::hall::view::v1::payment_refund::State as RefundState;
use baize_proto::hall::view::v1::payment_service_client::PaymentServiceClient as PaymentViewClient;
use baize_proto::hall::view::v1::{BillStatus, GetPaymentRequest, ProviderPayment, WatchPaymentRequest};
use baize_simulators::wechat_pay::sheet_is_signed;

use crate::goods::{order, sells_cola};
use crate::{PATIENCE, all_is_well, lamp_is, patient_policy};

pub const CHANNELS: [Channel; 2] = [Channel::WechatPay, Channel::Alipay];

pub fn provider(world: &World, channel: Channel) -> anyhow::Result<&Provider> {
    let providers = world.providers.as_ref().context("a world without providers")?;
    Ok(match channel {
        Channel::WechatPay => &providers.wechat_pay,
        _ => &providers.alipay,
    })
}

pub async fn start(
    world: &World,
    member_id: &str,
    purpose: Purpose,
    (channel, presentation): (Channel, Presentation),
) -> Result<StartPaymentResponse, Refusal> {
    let request = StartPaymentRequest {
        request_id: new_id(),
        member_id: member_id.to_owned(),
        purpose: Some(purpose),
        channel: channel.into(),
        presentation: presentation.into(),
        ..StartPaymentRequest::default()
    };
    let mut payments = PaymentServiceClient::new(world.commands.clone());
    Ok(payments.start_payment(timed(request)).await?.into_inner())
}

/// What the payer needs, as soon as the provider has presented it.
pub async fn sheet(world: &World, intent_id: &str) -> anyhow::Result<Sheet> {
    let payments = PaymentServiceClient::new(world.commands.clone());
    let found = eventually("a pay sheet", PATIENCE, async || {
        let request = GetPaySheetRequest {
            intent_id: intent_id.to_owned(),
        };
        let sheet = payments.clone().get_pay_sheet(timed(request)).await.ok()?.into_inner();
        sheet.sheet
    });
    found.await
}

/// The text of the code that the payer scans.
async fn code(world: &World, intent_id: &str) -> anyhow::Result<String> {
    match sheet(world, intent_id).await? {
        Sheet::Code(code) => Ok(code),
        other => anyhow::bail!("{other:?} is no code"),
    }
}

/// How the payment ended, as the client hears it, and where in the log.
async fn outcome(world: &World, started: &StartPaymentResponse) -> anyhow::Result<(ProviderPayment, u64)> {
    let request = WatchPaymentRequest {
        intent_id: started.intent_id.clone(),
        min_position: started.position,
    };
    let mut payments = PaymentViewClient::new(world.queries.clone());
    let mut changes = payments.watch_payment(timed(request)).await?.into_inner();
    let mut last = None;
    while let Some(change) = changes.message().await? {
        last = Some((change.payment.context("a change without a payment")?, change.position));
    }
    last.context("nothing was told")
}

/// Pays by a code at a provider, and waits until the client is told that it succeeded.
async fn paid_by_code(
    world: &World,
    member_id: &str,
    purpose: Purpose,
    channel: Channel,
) -> anyhow::Result<(ProviderPayment, u64)> {
    let started = start(world, member_id, purpose, (channel, Presentation::QrCode)).await?;
    let code = code(world, &started.intent_id).await?;
    provider(world, channel)?.steering.pay(&code).await?;
    let (payment, position) = outcome(world, &started).await?;
    assert_eq!(payment.state(), PaymentState::Succeeded);
    assert_eq!(payment.paid_fen, started.amount_fen);
    Ok((payment, position))
}

#[tokio::test]
async fn a_top_up_by_code_is_told_paid_credited_and_goes_back_to_the_channel_it_came_from() -> anyhow::Result<()> {
    let world = World::start_with_providers(10.0).await?;
    let fleet = world.relays(&[]).await?;
    let hall = Hall::open(&world.clients, patient_policy(), plain_tariff()).await?;
    for channel in CHANNELS {
        let member = hall.newcomer().await?;
        let top_up = Purpose::TopUp(TopUp { amount_fen: 5_000 });
        let (payment, position) = paid_by_code(&world, &member, top_up, channel).await?;
        assert_eq!(hall.wallet(&member, position).await?.principal_fen, 5_000);
        let order_no = payment.attempts.first().map(|attempt| attempt.order_no.clone());
        let book = provider(&world, channel)?.steering.book().await?;
        let order = &book["orders"][order_no.unwrap_or_default()];
        assert_eq!(
            order["amount_fen"], 5_000,
            "the provider has the same in its book: {book}"
        );

        let refund = RequestPrincipalRefundRequest {
            request_id: new_id(),
            member_id: member.clone(),
            amount_fen: 2_000,
            reason: "不再需要".to_owned(),
        };
        let mut payments = PaymentServiceClient::new(world.commands.clone());
        payments.request_principal_refund(timed(refund)).await?;
        let views = PaymentViewClient::new(world.queries.clone());
        let back = eventually("the refund", PATIENCE, async || {
            let request = GetPaymentRequest {
                intent_id: payment.intent_id.clone(),
                ..GetPaymentRequest::default()
            };
            let known = views.clone().get_payment(timed(request)).await.ok()?.into_inner();
            let payment = known.payment?;
            let done = payment
                .refunds
                .iter()
                .any(|refund| refund.state() == RefundState::Succeeded);
            done.then_some((payment, known.position))
        });
        let (payment, position) = back.await?;
        assert_eq!(payment.refunded_fen, 2_000);
        assert_eq!(hall.wallet(&member, position).await?.principal_fen, 3_000);
    }
    all_is_well(&world, &fleet).await
}

#[tokio::test]
async fn a_deposit_and_a_bought_hour_open_by_themselves_when_the_provider_has_the_money() -> anyhow::Result<()> {
    let world = World::start_with_providers(10.0).await?;
    let mut policy = patient_policy();
    (policy.deposit_fen, policy.payment_wait_seconds) = (Some(1_000), Some(3_600));
    let hall = Hall::open(&world.clients, policy, plain_tariff()).await?;
    let fleet = world.relays(&["a1", "a2"]).await?;
    for (channel, topic) in CHANNELS.into_iter().zip(["a1", "a2"]) {
        let table = hall.table(topic).await?;
        for on_deposit in [true, false] {
            let member = hall.newcomer().await?;
            let waiting = match on_deposit {
                true => hall.open_on_deposit(&table, &member).await?,
                false => hall.open_when_paid(&table, &member, 60).await?,
            };
            assert!(waiting.opened_at.is_none(), "it waits for the money");
            let session_id = waiting.session_id.clone();
            let opening = Purpose::Opening(Opening { session_id });
            let (payment, _) = paid_by_code(&world, &member, opening, channel).await?;
            assert_eq!(payment.paid_fen, waiting.shortfall_fen);
            lamp_is(&fleet, topic, true).await?;
            let closed = hall.close(&waiting.session_id).await?;
            hall.bill_until(&waiting.session_id, closed.position, BillStatus::Paid)
                .await?;
            lamp_is(&fleet, topic, false).await?;
        }
    }
    all_is_well(&world, &fleet).await
}

#[tokio::test]
async fn an_open_bill_is_paid_by_a_code_of_either_provider() -> anyhow::Result<()> {
    let world = World::start_with_providers(10.0).await?;
    let hall = Hall::open(&world.clients, patient_policy(), plain_tariff()).await?;
    let fleet = world.relays(&["a1", "a2"]).await?;
    sells_cola(&world, &hall).await?;
    for (channel, topic) in CHANNELS.into_iter().zip(["a1", "a2"]) {
        let table = hall.table(topic).await?;
        let member = hall.member(1_800, 0).await?;
        let opened = hall.open_prepaid(&table, &member, 60).await?;
        let session_id = opened.session_id.as_str();
        lamp_is(&fleet, topic, true).await?;
        eventually("time to be billed", PATIENCE, async || {
            let bill = hall.bill(session_id, opened.position).await.ok()?;
            bill.billing_started_at
        })
        .await?;
        // The money for the drink goes into more play.
        order(&world, session_id, "cola", 1).await?;
        hall.extend(session_id, 20).await?;
        let closed = hall.close(session_id).await?;
        let (owed, _) = hall
            .bill_until(session_id, closed.position, BillStatus::Outstanding)
            .await?;
        let bill = Purpose::Bill(Bill {
            session_id: session_id.to_owned(),
        });
        let (payment, position) = paid_by_code(&world, &member, bill, channel).await?;
        assert_eq!(payment.paid_fen, owed.outstanding_fen);
        let paid = hall.bill(session_id, position).await?;
        assert_eq!((paid.status(), paid.outstanding_fen), (BillStatus::Paid, 0));
        lamp_is(&fleet, topic, false).await?;
    }
    all_is_well(&world, &fleet).await
}

#[tokio::test]
async fn the_mini_programs_pay_sheet_is_signed_by_the_merchant_and_what_is_paid_with_it_is_told() -> anyhow::Result<()>
{
    let world = World::start_with_providers(1.0).await?;
    let fleet = world.relays(&[]).await?;
    let hall = Hall::open(&world.clients, patient_policy(), plain_tariff()).await?;
    let login = LoginWithWechatRequest {
        request_id: new_id(),
        chain_id: hall.chain_id.clone(),
        code: world.wechat.login("o-payer"),
        ..LoginWithWechatRequest::default()
    };
    let mut identity = IdentityServiceClient::new(world.commands.clone());
    let member = identity.login_with_wechat(timed(login)).await?.into_inner().member_id;
    let top_up = Purpose::TopUp(TopUp { amount_fen: 3_000 });
    let started = start(&world, &member, top_up, (Channel::WechatPay, Presentation::InApp)).await?;
    let Sheet::WechatPay(sheet) = sheet(&world, &started.intent_id).await? else {
        anyhow::bail!("not a sheet of WeChat Pay's");
    };
    assert_eq!(sheet.sign_type, "RSA");
    let prepay_id = sheet.package.strip_prefix("prepay_id=").context("no prepay_id")?;
    let fields = [&*sheet.app_id, &sheet.time_stamp, &sheet.nonce_str, &sheet.package];
    assert!(sheet_is_signed(fields, &sheet.pay_sign), "{sheet:?}");
    let altered = [&*sheet.app_id, &sheet.time_stamp, &sheet.nonce_str, "prepay_id=another"];
    assert!(
        !sheet_is_signed(altered, &sheet.pay_sign),
        "the signature is over the order"
    );
    provider(&world, Channel::WechatPay)?.steering.pay(prepay_id).await?;
    let (payment, position) = outcome(&world, &started).await?;
    assert_eq!(payment.state(), PaymentState::Succeeded);
    assert_eq!(hall.wallet(&member, position).await?.principal_fen, 3_000);
    all_is_well(&world, &fleet).await
}

#[tokio::test]
async fn whatever_a_provider_does_wrong_that_can_be_healed_the_payer_is_served_once() -> anyhow::Result<()> {
    let world = World::start_with_providers(30.0).await?;
    let fleet = world.relays(&[]).await?;
    let hall = Hall::open(&world.clients, patient_policy(), plain_tariff()).await?;
    let faults = [
        (Channel::WechatPay, "notice_dropped"),
        (Channel::WechatPay, "notice_forged"),
        (Channel::WechatPay, "notice_doubled"),
        (Channel::Alipay, "notification_dropped"),
        (Channel::Alipay, "notification_forged"),
        (Channel::Alipay, "notification_doubled"),
        (Channel::Alipay, "notifications_out_of_order"),
    ];
    for (channel, fault) in faults {
        let member = hall.newcomer().await?;
        let top_up = Purpose::TopUp(TopUp { amount_fen: 4_200 });
        let started = start(&world, &member, top_up, (channel, Presentation::QrCode)).await?;
        let code = code(&world, &started.intent_id).await?;
        let request = GetPaymentRequest {
            intent_id: started.intent_id.clone(),
            min_position: started.position,
        };
        let mut views = PaymentViewClient::new(world.queries.clone());
        let known = views.get_payment(timed(request)).await?.into_inner().payment;
        let attempt = known.unwrap_or_default().attempts.pop().context("no attempt")?;
        let steering = &provider(&world, channel)?.steering;
        steering.fault(&attempt.order_no, fault).await?;
        steering.pay(&code).await?;
        let (payment, position) = outcome(&world, &started).await?;
        assert_eq!(payment.state(), PaymentState::Succeeded, "{fault}");
        assert_eq!(hall.wallet(&member, position).await?.principal_fen, 4_200, "{fault}");
    }
    all_is_well(&world, &fleet).await
}

#[tokio::test]
async fn a_provider_that_is_away_is_taken_out_and_the_other_is_offered_and_works() -> anyhow::Result<()> {
    for (away, works, channels) in [
        (Channel::WechatPay, Channel::Alipay, "alipay,balance"),
        (Channel::Alipay, Channel::WechatPay, "wechat_pay,balance"),
    ] {
        let mut world = World::start_with_providers(1.0).await?;
        let fleet = world.relays(&[]).await?;
        let hall = Hall::open(&world.clients, patient_policy(), plain_tariff()).await?;
        let providers = world.providers()?;
        match away {
            Channel::WechatPay => providers.wechat_pay.kill(),
            _ => providers.alipay.kill(),
        }
        let top_up = || Purpose::TopUp(TopUp { amount_fen: 2_000 });
        let refused = eventually("a refusal", PATIENCE, async || {
            let member = hall.newcomer().await.ok()?;
            let started = start(&world, &member, top_up(), (away, Presentation::QrCode)).await;
            started.err()
        });
        let refused = refused.await?;
        assert_eq!(refused.reason, "CHANNEL_UNAVAILABLE");
        assert_eq!(refused.facts["channels"], channels);
        let member = hall.newcomer().await?;
        let (_, position) = paid_by_code(&world, &member, top_up(), works).await?;
        assert_eq!(hall.wallet(&member, position).await?.principal_fen, 2_000);
        all_is_well(&world, &fleet).await?;
    }
    Ok(())
}
