//! Three play, one pays, and all share the bill.

use anyhow::Context as _;
use baize_domain::Event;
use baize_domain::session::TableSessionEvent;
use baize_domain::split::SplitEvent;
use baize_journeys::clients::{new_id, timed};
use baize_journeys::hall::{Hall, plain_tariff};
use baize_journeys::world::World;
use baize_proto::access::{Badge, Bearing, Claims, Role, Signer};
use baize_proto::hall::split::v1 as split;
use baize_proto::hall::split::v1::split_service_client::SplitServiceClient;
use baize_proto::hall::venue::v1::HallPolicy;
use baize_proto::hall::view::v1 as view;
use baize_proto::hall::view::v1::notice_service_client::NoticeServiceClient;
use baize_proto::hall::view::v1::split_service_client::SplitServiceClient as SplitViewClient;
use baize_proto::hall::view::v1::{BillStatus, NoticeKind};
use jiff::Timestamp;
use split::start_split_request::Division;
use tonic::Code;
use tonic_types::StatusExt as _;
use uuid::Uuid;
use view::bill_split::Status;
use view::split_share::State;

use crate::{all_is_well, patient_policy, recorded};

/// What one person can do with an own token.
struct Person {
    member_id: String,
    splits: SplitServiceClient<Bearing>,
    seen: SplitViewClient<Bearing>,
    notices: NoticeServiceClient<Bearing>,
}

impl Person {
    async fn with(world: &World, hall: &Hall, principal_fen: i64) -> anyhow::Result<Self> {
        let member_id = hall.member(principal_fen, 0).await?;
        let subject = Uuid::try_parse(&member_id)?;
        let claims = Claims::new(subject, Role::Customer, Timestamp::now(), Role::Customer.lifetime_max());
        let token = Signer::new(world.keys.clone()).issue(&claims)?;
        let badge = Badge::fixed(&token);
        Ok(Self {
            member_id,
            splits: SplitServiceClient::new(world.commands.with(badge.clone())),
            seen: SplitViewClient::new(world.queries.with(badge.clone())),
            notices: NoticeServiceClient::new(world.queries.with(badge)),
        })
    }

    async fn start(&self, session_id: &str, people: u32) -> anyhow::Result<split::StartSplitResponse> {
        let request = split::StartSplitRequest {
            request_id: new_id(),
            session_id: session_id.to_owned(),
            member_id: self.member_id.clone(),
            division: Some(Division::Equal(split::EqualShares { people })),
        };
        Ok(self.splits.clone().start_split(timed(request)).await?.into_inner())
    }

    async fn confirm(&self, token: &str) -> Result<split::ConfirmShareResponse, tonic::Status> {
        let request = split::ConfirmShareRequest {
            request_id: new_id(),
            token: token.to_owned(),
            member_id: self.member_id.clone(),
        };
        Ok(self.splits.clone().confirm_share(timed(request)).await?.into_inner())
    }

    async fn cancel(&self, split_id: &str) -> Result<u64, tonic::Status> {
        let request = split::CancelSplitRequest {
            request_id: new_id(),
            split_id: split_id.to_owned(),
            member_id: self.member_id.clone(),
        };
        let cancelled = self.splits.clone().cancel_split(timed(request)).await?;
        Ok(cancelled.into_inner().position)
    }

    async fn look(&self, split_id: &str, min_position: u64) -> Result<view::BillSplit, tonic::Status> {
        let request = view::GetSplitRequest {
            split_id: split_id.to_owned(),
            min_position,
        };
        let seen = self.seen.clone().get_split(timed(request)).await?.into_inner();
        seen.split.ok_or_else(|| tonic::Status::internal("no split"))
    }

    /// What the person was told about splits, oldest first.
    async fn told(&self, min_position: u64) -> anyhow::Result<Vec<(NoticeKind, i64)>> {
        let request = view::ListNoticesRequest {
            member_id: self.member_id.clone(),
            min_position,
            ..view::ListNoticesRequest::default()
        };
        let notices = self
            .notices
            .clone()
            .list_notices(timed(request))
            .await?
            .into_inner()
            .notices;
        let of_splits = notices.iter().rev().map(|notice| (notice.kind(), notice.amount_fen));
        Ok(of_splits
            .filter(|(kind, _)| *kind as i32 >= NoticeKind::SplitDeclined as i32)
            .collect())
    }
}

/// Links that are good for an hour, which is minutes by the clock of the test.
fn policy() -> HallPolicy {
    HallPolicy {
        split_minutes: Some(60),
        ..patient_policy()
    }
}

/// Half an hour, ¥6.00, was played and paid.
async fn played(world: &World, hall: &Hall, opener: &Person) -> anyhow::Result<String> {
    let table = hall.table("a1").await?;
    let opened = hall.open_prepaid(&table, &opener.member_id, 30).await?;
    recorded(world, "billing to start", |event| {
        matches!(event, Event::TableSession(TableSessionEvent::BillingStarted { .. }))
    })
    .await?;
    hall.close(&opened.session_id).await?;
    hall.bill_until(&opened.session_id, opened.position, BillStatus::Paid)
        .await?;
    Ok(opened.session_id)
}

async fn balance(hall: &Hall, person: &Person, min_position: u64) -> anyhow::Result<i64> {
    Ok(hall.wallet(&person.member_id, min_position).await?.principal_fen)
}

#[tokio::test]
async fn three_share_a_bill_by_link_are_charged_together_and_all_are_told() -> anyhow::Result<()> {
    let world = World::start(30.0).await?;
    let hall = Hall::open(&world.clients, policy(), plain_tariff()).await?;
    let fleet = world.relays(&["a1"]).await?;
    let opener = Person::with(&world, &hall, 10_000).await?;
    let second = Person::with(&world, &hall, 5_000).await?;
    let third = Person::with(&world, &hall, 5_000).await?;
    let session_id = played(&world, &hall, &opener).await?;

    // The opener gets a link and a code for each of the others.
    let started = opener.start(&session_id, 3).await?;
    let seen = opener.look(&started.split_id, started.position).await?;
    assert_eq!((seen.status(), seen.bill_fen), (Status::Confirming, 600));
    let links: Vec<_> = seen.shares.iter().map(|share| share.link.clone()).collect();
    assert!(links[0].is_empty(), "the own share needs no link");
    for (share, cut) in seen.shares.iter().zip(&started.shares).skip(1) {
        assert!(share.link.ends_with(&cut.token));
        assert!(share.svg.starts_with(b"<svg") || share.svg.starts_with(b"<?xml"));
    }
    // Whoever has a link sees what it asks for; whoever takes no part does not see the split.
    let request = view::LookAtShareRequest {
        token: links[1].clone(),
        min_position: started.position,
    };
    let asked = second.seen.clone().look_at_share(timed(request)).await?.into_inner();
    assert_eq!(
        (asked.people, asked.share.map(|share| share.amount_fen)),
        (3, Some(200))
    );
    let denied = second.look(&started.split_id, started.position).await.unwrap_err();
    assert_eq!(denied.code(), Code::PermissionDenied);

    let watch = view::WatchSplitRequest {
        split_id: started.split_id.clone(),
    };
    let mut watched = opener.seen.clone().watch_split(watch).await?.into_inner();
    let confirmed = second.confirm(&started.shares[1].token).await?;
    assert!(!confirmed.charging);
    let taken = third.confirm(&started.shares[1].token).await.unwrap_err();
    let reason = taken.get_details_error_info().map(|info| info.reason);
    assert_eq!(reason.as_deref(), Some("SHARE_TAKEN"));
    assert!(third.confirm(&started.shares[2].token).await?.charging);

    let mut last = None;
    while let Some(update) = watched.message().await? {
        last = update.split.map(|split| (split, update.position));
    }
    let (done, position) = last.context("the split was watched")?;
    assert_eq!(done.status(), Status::Completed);
    let states: Vec<_> = done.shares.iter().map(view::SplitShare::state).collect();
    assert_eq!(states, [State::Paid, State::Delivered, State::Delivered]);
    let balances = [
        balance(&hall, &opener, position).await?,
        balance(&hall, &second, position).await?,
        balance(&hall, &third, position).await?,
    ];
    assert_eq!(balances, [9_800, 4_800, 4_800], "each has paid a third");

    let told = [(NoticeKind::SplitCharging, 600), (NoticeKind::SplitDone, 600)];
    assert_eq!(opener.told(position).await?, told);
    for person in [&second, &third] {
        let told = [(NoticeKind::ShareTaken, 200), (NoticeKind::ShareDone, 200)];
        assert_eq!(person.told(position).await?, told);
    }
    all_is_well(&world, &fleet).await
}

#[tokio::test]
async fn a_split_that_is_cancelled_half_way_gives_back_what_was_paid() -> anyhow::Result<()> {
    let world = World::start(30.0).await?;
    let hall = Hall::open(&world.clients, policy(), plain_tariff()).await?;
    let fleet = world.relays(&["a1"]).await?;
    let opener = Person::with(&world, &hall, 10_000).await?;
    let second = Person::with(&world, &hall, 5_000).await?;
    let poor = Person::with(&world, &hall, 50).await?;
    let session_id = played(&world, &hall, &opener).await?;
    let started = opener.start(&session_id, 3).await?;
    second.confirm(&started.shares[1].token).await?;
    poor.confirm(&started.shares[2].token).await?;
    let of_split =
        |is_it: fn(&SplitEvent) -> bool| move |event: &Event| matches!(event, Event::BillSplit(event) if is_it(event));
    let paid = of_split(|event| matches!(event, SplitEvent::SharePaid { ordinal: 1, .. }));
    let paid = recorded(&world, "a share to be paid", paid).await?;
    let failed = of_split(|event| matches!(event, SplitEvent::ShareFailed { ordinal: 2, .. }));
    let failed = recorded(&world, "a share to fail", failed).await?;
    assert_eq!(balance(&hall, &second, paid.position).await?, 4_800);
    assert_eq!(poor.told(failed.position).await?[0], (NoticeKind::ShareDue, 150));

    // Nobody but the opener cancels it.
    let stranger = second.cancel(&started.split_id).await.unwrap_err();
    assert_eq!(stranger.code(), Code::NotFound);
    opener.cancel(&started.split_id).await?;
    let returned = of_split(|event| matches!(event, SplitEvent::ShareReturned { ordinal: 1, .. }));
    let returned = recorded(&world, "the share to come back", returned).await?;
    assert_eq!(balance(&hall, &second, returned.position).await?, 5_000);
    let back = second.told(returned.position).await?;
    assert_eq!(back.last(), Some(&(NoticeKind::ShareReturned, 200)));
    all_is_well(&world, &fleet).await
}
