//! Ten thousand notifications that no provider sent, at a command service that runs, with true ones in between.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use baize_domain::Event;
use baize_domain::ids::PaymentIntentId;
use baize_domain::payment::{OrderNo, PaymentEvent};
use baize_domain::wallet::WalletEvent;
use baize_journeys::hall::{Hall, plain_tariff};
use baize_journeys::world::World;
use baize_proto::hall::payment::v1::start_payment_request::Purpose;
use baize_proto::hall::payment::v1::{Channel, Presentation, TopUp};
use baize_simulators::alipay::{AlipayOptions, PaidNotice};
use baize_simulators::provider::{Flaw, Letter, http};
use baize_simulators::wechat_pay::{Merchant, Teller};
use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::payments::{CHANNELS, sheet, start};
use crate::{all_is_well, patient_policy};

const FORGERIES: usize = 10_000;
const SENDERS: usize = 8;
/// Payments begun through each provider; every other one is truly paid.
const PAYMENTS: usize = 8;
const FEN: i64 = 4_200;

/// A payment that waits, and may be told of.
#[derive(Clone, Debug)]
struct Target {
    channel: Channel,
    order_no: String,
}

/// What is sent, and to which address.
struct Notification {
    path: &'static str,
    letter: Letter,
}

/// Writes notifications: true ones, and such as must not be believed.
struct Forger {
    app_id: String,
    ours: Teller,
    /// Signs as the platform does, and encrypts for somebody else.
    of_another_key: Teller,
}

impl Forger {
    fn new() -> anyhow::Result<Self> {
        let ours = Merchant {
            app_id: "wx-journeys".to_owned(),
            ..Merchant::default()
        };
        let other = Merchant {
            api_v3_key: "ABCDEF0123456789abcdef0123456789".to_owned(),
            ..ours.clone()
        };
        Ok(Self {
            app_id: AlipayOptions::default().app_id,
            ours: Teller::new(ours)?,
            of_another_key: Teller::new(other)?,
        })
    }

    fn genuine(&self, target: &Target) -> anyhow::Result<Notification> {
        let now = Timestamp::now();
        Ok(match target.channel {
            Channel::WechatPay => Notification {
                path: "wechat_pay",
                letter: self.ours.paid(&target.order_no, FEN, &transaction(target), now, None),
            },
            _ => Notification {
                path: "alipay",
                letter: form(self.notice(target, now).body(true)?),
            },
        })
    }

    fn notice(&self, target: &Target, at: Timestamp) -> PaidNotice {
        PaidNotice {
            app_id: self.app_id.clone(),
            seller_id: AlipayOptions::default().seller_id,
            order_no: target.order_no.clone(),
            trade_no: transaction(target),
            amount_fen: FEN,
            paid_at: at,
            told_at: at,
        }
    }

    fn forged(&self, target: &Target, random: &mut StdRng) -> anyhow::Result<Notification> {
        match target.channel {
            Channel::WechatPay => Ok(self.forged_wechat_pay(target, random)),
            _ => self.forged_alipay(target, random),
        }
    }

    fn forged_wechat_pay(&self, target: &Target, random: &mut StdRng) -> Notification {
        let now = Timestamp::now();
        let paid = |at, flaw| self.ours.paid(&target.order_no, FEN, &transaction(target), at, flaw);
        let mut path = "wechat_pay";
        let mut letter = paid(now, None);
        match random.random_range(0..11) {
            0 => flip(&mut letter.body, random),
            1 => letter.body.push(b' '),
            2 => letter.body.truncate(random.random_range(0..letter.body.len())),
            3 => letter = paid(now - SignedDuration::from_secs(random.random_range(310..100_000)), None),
            4 => letter = paid(now + SignedDuration::from_secs(random.random_range(310..100_000)), None),
            5 => letter = paid(now, Some(Flaw::Merchant)),
            6 => letter = paid(now, Some(Flaw::Signature)),
            7 => drop(letter.headers.remove(random.random_range(0..4))),
            8 => letter.body = noise(random),
            9 => letter = self.of_another_key.paid(&target.order_no, FEN, "42", now, None),
            _ => path = "alipay",
        }
        Notification { path, letter }
    }

    fn forged_alipay(&self, target: &Target, random: &mut StdRng) -> anyhow::Result<Notification> {
        let now = Timestamp::now();
        let notice = self.notice(target, now);
        let mut path = "alipay";
        let at = |by: SignedDuration| PaidNotice {
            told_at: now + by,
            ..notice.clone()
        };
        let body = match random.random_range(0..11) {
            0 => notice.body(true)?.replace("total_amount=42.00", "total_amount=420.00"),
            1 => notice.body(true)? + "&total_amount=420.00",
            2 => {
                let mut body = notice.body(true)?;
                body.truncate(random.random_range(0..body.len()));
                body
            }
            3 => at(SignedDuration::from_hours(-random.random_range(27..1_000))).body(true)?,
            4 => at(SignedDuration::from_mins(random.random_range(6..1_000))).body(true)?,
            5 => PaidNotice {
                seller_id: "2088000000000002".to_owned(),
                ..notice
            }
            .body(true)?,
            6 => PaidNotice {
                app_id: "2021000000000002".to_owned(),
                ..notice
            }
            .body(true)?,
            7 => notice.body(false)?,
            8 => notice.body(true)?.replace("sign_type=RSA2", "sign_type=RSA"),
            9 => String::from_utf8_lossy(&noise(random)).into_owned(),
            _ => {
                path = "wechat_pay";
                notice.body(true)?
            }
        };
        let letter = form(body);
        Ok(Notification { path, letter })
    }
}

fn transaction(target: &Target) -> String {
    format!("42{}", target.order_no)
}

fn form(body: String) -> Letter {
    Letter {
        headers: vec![("Content-Type", "application/x-www-form-urlencoded".to_owned())],
        body: body.into_bytes(),
    }
}

fn flip(body: &mut [u8], random: &mut StdRng) {
    let index = random.random_range(0..body.len());
    body[index] ^= 1 << random.random_range(0..7);
}

fn noise(random: &mut StdRng) -> Vec<u8> {
    (0..random.random_range(0..400)).map(|_| random.random()).collect()
}

/// One sender: forgeries about anything, and between them the true notification of each of its own payments, twice.
async fn sender(
    callbacks: SocketAddr,
    targets: Arc<Vec<Target>>,
    own: Vec<Target>,
    seed: u64,
) -> anyhow::Result<usize> {
    let (forger, http) = (Forger::new()?, http(Duration::from_secs(30))?);
    let mut random = StdRng::seed_from_u64(seed);
    let send = async |Notification { path, letter }: &Notification| -> anyhow::Result<u16> {
        let url = format!("http://{callbacks}/callbacks/{path}");
        let mut request = http.post(url).body(letter.body.clone());
        for (name, value) in &letter.headers {
            request = request.header(*name, value);
        }
        let answer = request.send().await.context("no answer")?;
        let status = answer.status().as_u16();
        // Read to its end, the connection serves the next one too.
        answer.bytes().await?;
        Ok(status)
    };
    let mut answered = 0;
    let rounds = FORGERIES / SENDERS;
    for round in 0..rounds {
        let target = &targets[random.random_range(0..targets.len())];
        let status = send(&forger.forged(target, &mut random)?).await?;
        ensure!((400..500).contains(&status), "round {round} of {seed}: {status}");
        answered += 1;
        if let Some(target) = own.get(round / 100).filter(|_| round % 100 == 50) {
            let genuine = forger.genuine(target)?;
            for repeat in 0..2 {
                let status = send(&genuine).await?;
                ensure!(
                    status == 200 || status == 204,
                    "{target:?} told rightly, {repeat}: {status}"
                );
            }
        }
    }
    Ok(answered)
}

/// Payments through both providers that wait for their payers.
async fn targets(world: &World, hall: &Hall) -> anyhow::Result<Vec<Target>> {
    let mut targets = Vec::new();
    for channel in CHANNELS {
        for _ in 0..PAYMENTS {
            let member = hall.newcomer().await?;
            let top_up = Purpose::TopUp(TopUp { amount_fen: FEN });
            let started = start(world, &member, top_up, (channel, Presentation::QrCode)).await?;
            sheet(world, &started.intent_id).await?;
            let intent_id = PaymentIntentId(Uuid::try_parse(&started.intent_id)?);
            let order_no = OrderNo::new(intent_id, 1).context("a number")?.to_string();
            targets.push(Target { channel, order_no });
        }
    }
    Ok(targets)
}

#[tokio::test]
async fn of_ten_thousand_forged_callbacks_none_is_believed_and_every_true_one_between_them_is() -> anyhow::Result<()> {
    let world = World::start_with_providers(1.0).await?;
    let fleet = world.relays(&[]).await?;
    let hall = Hall::open(&world.clients, patient_policy(), plain_tariff()).await?;
    let targets = Arc::new(targets(&world, &hall).await?);
    let paid: Vec<Target> = targets.iter().step_by(2).cloned().collect();
    let callbacks = world.providers.as_ref().context("no providers")?.callbacks;
    let mut senders = JoinSet::new();
    for index in 0..SENDERS {
        let own = paid.iter().skip(index).step_by(SENDERS).cloned().collect();
        senders.spawn(sender(callbacks, Arc::clone(&targets), own, index as u64));
    }
    let mut answered = 0;
    while let Some(sent) = senders.join_next().await {
        answered += sent??;
    }
    assert_eq!(answered, FORGERIES, "each was answered");

    let entries = world.log().await?.entries;
    let credited = entries
        .iter()
        .filter(|entry| matches!(&entry.event, Event::Wallet(WalletEvent::TopUpCredited { .. })));
    assert_eq!(
        credited.count(),
        paid.len(),
        "each true one was credited once, and nothing else was"
    );
    let told: BTreeSet<&str> = paid.iter().map(|target| &*target.order_no).collect();
    for target in targets.iter() {
        let taken = entries.iter().any(|entry| match &entry.event {
            Event::Payment(PaymentEvent::AttemptPaid { paid, .. }) => paid.transaction_id == transaction(target),
            _ => false,
        });
        assert_eq!(taken, told.contains(&*target.order_no), "{target:?}");
    }
    all_is_well(&world, &fleet).await
}
