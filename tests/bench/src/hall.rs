//! A hall for the commands to play in, set up through gRPC: one table and a few members for each caller.

use baize_proto::access::Bearing;
use baize_proto::hall::member::v1::RegisterMemberRequest;
use baize_proto::hall::member::v1::member_service_client::MemberServiceClient;
use baize_proto::hall::table::v1::table_service_client::TableServiceClient;
use baize_proto::hall::table::v1::{
    CloseSessionRequest, ExtendSessionRequest, OpenTableRequest, Postpaid, open_table_request,
};
use baize_proto::hall::venue::v1::venue_service_client::VenueServiceClient;
use baize_proto::hall::venue::v1::{
    Driver, HallPolicy, PublishTariffRequest, RegisterChainRequest, RegisterDeviceRequest, RegisterHallRequest,
    RegisterTableRequest, TableClass, Tariff,
};
use baize_proto::hall::wallet::v1::wallet_service_client::WalletServiceClient;
use baize_proto::hall::wallet::v1::{CreditTopUpRequest, TopUpChannel};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use uuid::Uuid;

/// A table and who plays at it.
#[derive(Clone, Debug)]
pub struct Seat {
    /// The table.
    pub table_id: String,
    /// The topic of the relay of its light.
    pub topic: String,
    members: Vec<String>,
}

/// A chain and a hall of it.
pub struct Place {
    /// The chain.
    pub chain_id: String,
    /// The hall.
    pub hall_id: String,
}

/// Registers a chain with a hall.
///
/// # Errors
/// A command is refused.
pub async fn register(channel: &Bearing) -> anyhow::Result<Place> {
    let mut venue = VenueServiceClient::new(channel.clone());
    let chain = RegisterChainRequest {
        request_id: request_id(),
        name: "Bench".to_owned(),
        ..Default::default()
    };
    let chain_id = venue.register_chain(chain).await?.into_inner().chain_id;
    let hall = RegisterHallRequest {
        request_id: request_id(),
        chain_id: chain_id.clone(),
        name: "Bench".to_owned(),
        time_zone: "Asia/Shanghai".to_owned(),
        business_day_cutoff_minutes: 360,
        // No lingering: the next ON that is heard belongs to the next opening.
        policy: Some(HallPolicy {
            linger_seconds: Some(0),
            ..Default::default()
        }),
        ..Default::default()
    };
    let hall_id = venue.register_hall(hall).await?.into_inner().hall_id;
    Ok(Place { chain_id, hall_id })
}

/// New members of a chain, without money.
///
/// # Errors
/// A command is refused.
pub async fn register_members(channel: &Bearing, chain_id: &str, members: usize) -> anyhow::Result<Vec<String>> {
    stream::iter(0..members)
        .map(|_| register_member(channel.clone(), chain_id))
        .buffer_unordered(8)
        .try_collect()
        .await
}

/// Sets up a hall with `seats` tables and `members` for each: every session is another member's, so that one whose bill is
/// still being settled is never in the way.
///
/// # Errors
/// A command is refused.
pub async fn set_up(channel: &Bearing, seats: usize, members: usize) -> anyhow::Result<Vec<Seat>> {
    let mut venue = VenueServiceClient::new(channel.clone());
    let Place { chain_id, hall_id } = register(channel).await?;
    let tariff = Tariff {
        name: "Standard".to_owned(),
        price_per_hour_fen: 3_800,
        step_minutes: 1,
        minimum_fen: 1_000,
        grace_seconds: 180,
        ..Default::default()
    };
    let tariff = PublishTariffRequest {
        request_id: request_id(),
        hall_id: hall_id.clone(),
        tariff: Some(tariff),
        ..Default::default()
    };
    let plan_id = venue.publish_tariff(tariff).await?.into_inner().plan_id;
    stream::iter(0..seats)
        .map(|seat| {
            set_up_seat(
                channel.clone(),
                &chain_id,
                hall_id.clone(),
                plan_id.clone(),
                seat,
                members,
            )
        })
        .buffer_unordered(8)
        .try_collect()
        .await
}

async fn set_up_seat(
    channel: Bearing,
    chain_id: &str,
    hall_id: String,
    tariff_plan_id: String,
    seat: usize,
    members: usize,
) -> anyhow::Result<Seat> {
    let mut venue = VenueServiceClient::new(channel.clone());
    let topic = format!("bench-{}", Uuid::now_v7().simple());
    let device = RegisterDeviceRequest {
        request_id: request_id(),
        hall_id: hall_id.clone(),
        driver: Driver::Tasmota.into(),
        topic: topic.clone(),
        channels: 1,
        ..Default::default()
    };
    let light_device_id = venue.register_device(device).await?.into_inner().device_id;
    let table = RegisterTableRequest {
        request_id: request_id(),
        hall_id,
        label: format!("B{seat}"),
        table_class: TableClass::ChineseEightBall.into(),
        tariff_plan_id,
        light_device_id,
        light_channel: 1,
        ..Default::default()
    };
    let table_id = venue.register_table(table).await?.into_inner().table_id;
    let members = stream::iter(0..members)
        .map(|_| credit_member(channel.clone(), chain_id))
        .buffer_unordered(8)
        .try_collect()
        .await?;
    Ok(Seat {
        table_id,
        topic,
        members,
    })
}

async fn register_member(channel: Bearing, chain_id: &str) -> anyhow::Result<String> {
    let registration = RegisterMemberRequest {
        request_id: request_id(),
        chain_id: chain_id.to_owned(),
        ..Default::default()
    };
    let registered = MemberServiceClient::new(channel).register_member(registration).await?;
    Ok(registered.into_inner().member_id)
}

async fn credit_member(channel: Bearing, chain_id: &str) -> anyhow::Result<String> {
    let member_id = register_member(channel.clone(), chain_id).await?;
    let top_up = CreditTopUpRequest {
        request_id: request_id(),
        member_id: member_id.clone(),
        channel: TopUpChannel::Counter.into(),
        principal_fen: 1_000_000,
        bonus_fen: 0,
    };
    WalletServiceClient::new(channel).credit_top_up(top_up).await?;
    Ok(member_id)
}

/// A caller that plays one session after another: open, extend, close.
#[derive(Clone, Debug)]
pub struct Player {
    client: TableServiceClient<Bearing>,
    seat: Seat,
    sessions: usize,
    running: Option<(String, bool)>,
}

impl Player {
    /// A caller at `seat`.
    pub fn new(channel: &Bearing, seat: Seat) -> Self {
        Self {
            client: TableServiceClient::new(channel.clone()),
            seat,
            sessions: 0,
            running: None,
        }
    }

    /// The next command of the three.
    ///
    /// # Errors
    /// It is refused, or the service is away.
    pub async fn next(&mut self) -> Result<(), tonic::Status> {
        match self.running.take() {
            None => self.open().await,
            Some((session_id, false)) => {
                let extend = ExtendSessionRequest {
                    request_id: request_id(),
                    session_id: session_id.clone(),
                    minutes: 30,
                };
                self.client.extend_session(extend).await?;
                self.running = Some((session_id, true));
                Ok(())
            }
            Some((session_id, true)) => {
                self.client
                    .close_session(CloseSessionRequest {
                        request_id: request_id(),
                        session_id,
                    })
                    .await?;
                Ok(())
            }
        }
    }

    /// Closes the session that is running, if one is.
    ///
    /// # Errors
    /// It is refused, or the service is away.
    pub async fn finish(&mut self) -> Result<(), tonic::Status> {
        if let Some((session_id, _)) = self.running.take() {
            self.client
                .close_session(CloseSessionRequest {
                    request_id: request_id(),
                    session_id,
                })
                .await?;
        }
        Ok(())
    }

    /// Opens the table for the next member.
    ///
    /// # Errors
    /// It is refused, or the service is away.
    pub async fn open(&mut self) -> Result<(), tonic::Status> {
        let member_id = self.seat.members[self.sessions % self.seat.members.len()].clone();
        self.sessions += 1;
        let open = OpenTableRequest {
            request_id: request_id(),
            table_id: self.seat.table_id.clone(),
            member_id,
            mode: Some(open_table_request::Mode::Postpaid(Postpaid {})),
            wait_for_payment: false,
        };
        let opened = self.client.open_table(open).await?.into_inner();
        self.running = Some((opened.session_id, false));
        Ok(())
    }
}

/// A fresh request id.
pub fn request_id() -> String {
    Uuid::new_v4().to_string()
}
