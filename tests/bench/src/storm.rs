//! Many who want the last pieces of a gift at the same moment, through gRPC.

use std::time::{Duration, Instant};

use anyhow::ensure;
use baize_domain::event::VERSION;
use baize_domain::ids::{EarningId, MemberId, SessionId};
use baize_domain::points_account::PointsAccountEvent;
use baize_domain::{Event, Fen};
use baize_eventlog::{EventLog, Metadata, NewEvent, RequestKey, StreamAppend, StreamId, Unit};
use baize_proto::access::Bearing;
use baize_proto::hall::loyalty::v1::loyalty_service_client::LoyaltyServiceClient;
use baize_proto::hall::loyalty::v1::{GiftContent, ReceiveStockRequest, RedeemGiftRequest, RegisterGiftRequest};
use hdrhistogram::Histogram;
use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinSet;
use tonic::Code;
use uuid::Uuid;

use crate::hall::{self, Place, request_id};

/// What a piece costs, and what everybody has.
const POINTS: u64 = 30;

/// A storm that is over.
pub struct Storm {
    /// How long each request took, in microseconds.
    pub took: Histogram<u64>,
    /// From the first request to the last answer.
    pub whole: Duration,
}

/// `people` ask for one of `pieces` pieces at once; all of these are given away, and no more.
///
/// # Errors
/// Another number is, or the service fails.
pub async fn storm(channel: &Bearing, log: &EventLog, people: usize, pieces: u32) -> anyhow::Result<Storm> {
    let place = hall::register(channel).await?;
    let gift_id = gift(channel, &place, pieces).await?;
    let members = hall::register_members(channel, &place.chain_id, people).await?;
    for members in members.chunks(100) {
        log.append(earned(members)?).await?;
    }
    let began = Instant::now();
    let mut asked = JoinSet::new();
    for member_id in members {
        let mut loyalty = LoyaltyServiceClient::new(channel.clone());
        let request = RedeemGiftRequest {
            request_id: request_id(),
            member_id,
            gift_id: gift_id.clone(),
        };
        asked.spawn(async move {
            let asked = Instant::now();
            let answer = loyalty.redeem_gift(request).await;
            (asked.elapsed(), answer.map(drop))
        });
    }
    let (mut took, mut given) = (Histogram::new(3)?, 0);
    while let Some(answered) = asked.join_next().await {
        let (elapsed, answer) = answered?;
        took.record(u64::try_from(elapsed.as_micros())?)?;
        match answer {
            Ok(()) => given += 1,
            Err(status) => ensure!(status.code() == Code::FailedPrecondition, "{status}"),
        }
    }
    ensure!(given == pieces, "{given} of {pieces} pieces were given away");
    Ok(Storm {
        took,
        whole: began.elapsed(),
    })
}

async fn gift(channel: &Bearing, place: &Place, pieces: u32) -> anyhow::Result<String> {
    let mut loyalty = LoyaltyServiceClient::new(channel.clone());
    let gift = RegisterGiftRequest {
        request_id: request_id(),
        hall_id: place.hall_id.clone(),
        gift: Some(GiftContent {
            name_zh: "巧克粉".to_owned(),
            name_en: "Chalk".to_owned(),
            picture_url: String::new(),
            points: POINTS,
        }),
    };
    let gift_id = loyalty.register_gift(gift).await?.into_inner().gift_id;
    let stock = ReceiveStockRequest {
        request_id: request_id(),
        gift_id: gift_id.clone(),
        pieces,
    };
    loyalty.receive_stock(stock).await?;
    Ok(gift_id)
}

/// Everybody has the points for a piece, as if they had been earned.
fn earned(members: &[String]) -> anyhow::Result<Unit> {
    let at = Timestamp::now();
    let stream = |member_id: &String| {
        let member_id: MemberId = member_id.parse()?;
        let event = PointsAccountEvent::PointsEarned {
            earning_id: EarningId(Uuid::now_v7()),
            session_id: SessionId(Uuid::now_v7()),
            principal: Fen(100),
            fen_per_point: Fen(100),
            points: POINTS,
            met_owed: 0,
            expires_at: at + SignedDuration::from_hours(24 * 365),
            at,
        };
        let event = Event::PointsAccount(event);
        Ok(StreamAppend {
            stream: StreamId::new(event.aggregate_type(), member_id.to_string()),
            expected_version: 0,
            events: vec![NewEvent {
                event_type: event.event_type().to_owned(),
                event_version: VERSION.to_owned(),
                payload: serde_json::to_string(&event)?,
            }],
        })
    };
    Ok(Unit {
        request: RequestKey::new("bench", Uuid::now_v7(), b""),
        streams: members.iter().map(stream).collect::<anyhow::Result<_>>()?,
        metadata: Metadata::new(),
        response: Vec::new(),
    })
}
