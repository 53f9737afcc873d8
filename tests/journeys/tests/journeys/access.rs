//! Every method of the contract, tried with every role on one's own things and on others', and with tokens that are none.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use anyhow::Context as _;
use baize_domain::Fen;
use baize_domain::ids::{EarningId, SessionId, SplitId, split_share};
use baize_domain::points_account::PointsAccountEvent;
use baize_domain::split::{ShareTerms, SplitEvent, SplitTerms};
use baize_eventlog::{EventLog, LogOptions, Metadata, NewEvent, RequestKey, StreamAppend, StreamId, Unit};
use baize_journeys::clients::{new_id, timed};
use baize_journeys::hall::{Hall, plain_tariff};
use baize_journeys::world::World;
use baize_proto::DESCRIPTOR_SET;
use baize_proto::access::{Badge, Bearing, Claims, Key, KeyRing, Policies, Role, Signer};
use baize_proto::hall::complaint::v1 as complaint;
use baize_proto::hall::complaint::v1::complaint_service_client::ComplaintServiceClient;
use baize_proto::hall::loyalty::v1 as loyalty;
use baize_proto::hall::view::v1 as view;
use baize_proto::hall::view::v1::split_service_client::SplitServiceClient;
use jiff::{SignedDuration, Timestamp};
use prost::Message as _;
use prost::bytes::{Buf, BufMut, Bytes};
use prost_reflect::{DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value};
use ring::hmac;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::patient_policy;

/// What is expected, for people to read.
const EXPECTED: &str = include_str!("access.txt");

/// The halls, chains and people that the calls are about.
struct Ours {
    fields: BTreeMap<&'static str, String>,
    chain: Uuid,
    hall: Uuid,
    member: Uuid,
}

impl Ours {
    async fn set_up(world: &World) -> anyhow::Result<Self> {
        let hall = Hall::open(&world.clients, patient_policy(), plain_tariff()).await?;
        let table = hall.table("access-1").await?;
        let member = hall.member(10_000, 0).await?;
        let opened = hall.open_postpaid(&table, &member).await?;
        hall.bill(&opened.session_id, opened.position).await?;
        let broken = hall.table("access-2").await?;
        let repair_id = hall.report_fault(&broken, "灯闪").await?;
        let (gift_id, redemption_id) = redeemed(world, &hall, &member).await?;
        let (split_id, token) = split(world, &hall, &member).await?;
        let complaint_id = complained(world, &member, &opened.session_id).await?;
        let id = |text: &str| Uuid::try_parse(text).context("an id");
        let (chain_id, hall_id, member_id) = (id(&hall.chain_id)?, id(&hall.hall_id)?, id(&member)?);
        let fields = [
            ("chain_id", hall.chain_id.clone()),
            ("hall_id", hall.hall_id.clone()),
            ("plan_id", hall.plan_id.clone()),
            ("tariff_plan_id", hall.plan_id.clone()),
            ("table_id", table.table_id.clone()),
            ("display_id", Uuid::now_v7().to_string()),
            ("device_id", table.device_id.clone()),
            ("light_device_id", table.device_id.clone()),
            ("session_id", opened.session_id),
            ("stream", format!("Wallet/{member}")),
            ("member_id", member),
            ("time_zone", "Asia/Shanghai".to_owned()),
            ("level", "member".to_owned()),
            ("date", "2026-10-01".to_owned()),
            ("business_date", "2026-10-01".to_owned()),
            ("calendar_id", String::new()),
            // Of nobody: without a provider no payment begins here. Whose a payment is has a test of its own beside the service.
            ("intent_id", Uuid::now_v7().to_string()),
            ("refund_id", Uuid::now_v7().to_string()),
            ("reconciliation_id", Uuid::now_v7().to_string()),
            ("compensation_id", Uuid::now_v7().to_string()),
            ("page_token", String::new()),
            ("business_date", "2026-11-20".to_owned()),
            ("phone", "+8613800138000".to_owned()),
            ("code", "123456".to_owned()),
            ("gift_id", gift_id),
            ("redemption_id", redemption_id),
            ("split_id", split_id),
            ("token", token),
            ("repair_id", repair_id),
            ("incident_id", String::new()),
            ("complaint_id", complaint_id),
            ("staff_id", String::new()),
            ("assigned_to", String::new()),
            ("picture_url", String::new()),
        ];
        Ok(Self {
            fields: fields.into(),
            chain: chain_id,
            hall: hall_id,
            member: member_id,
        })
    }

    /// A request that could be granted: our ids where it asks for ids, and something plausible elsewhere.
    fn request(&self, of: &MessageDescriptor) -> DynamicMessage {
        let mut message = DynamicMessage::new(of.clone());
        let mut chosen = Vec::new();
        for field in of.fields() {
            if let Some(oneof) = field.containing_oneof() {
                if chosen.contains(&oneof.name().to_owned()) {
                    continue;
                }
                chosen.push(oneof.name().to_owned());
            }
            if let Some(value) = self.value(&field) {
                message.set_field(&field, value);
            }
        }
        message
    }

    fn value(&self, field: &FieldDescriptor) -> Option<Value> {
        // A quote is for minutes or a package, and for a person or a level.
        let instead = ["package_code", "level"].contains(&field.name());
        if instead && field.parent_message().name() == "QuoteSessionRequest" {
            return None;
        }
        if field.name() == "levels" {
            return Some(Value::List(["guest", "member"].map(|code| level(field, code)).into()));
        }
        if field.name() == "hall_ids" {
            return Some(Value::List(vec![Value::String(self.hall.to_string())]));
        }
        if field.name() == "kinds" {
            return Some(Value::List(vec![Value::EnumNumber(1)]));
        }
        if let ("days", Kind::Message(of)) = (field.name(), field.kind()) {
            return Some(Value::List(vec![Value::Message(self.request(&of))]));
        }
        if field.is_list() || field.is_map() || field.name() == "min_position" {
            return None;
        }
        Some(match field.kind() {
            Kind::String if field.name() == "request_id" => Value::String(Uuid::new_v4().to_string()),
            Kind::String => Value::String(
                self.fields
                    .get(field.name())
                    .cloned()
                    .unwrap_or_else(|| "a1".to_owned()),
            ),
            Kind::Uint32 if field.name() == "people" => Value::U32(2),
            Kind::Uint32 => Value::U32(1),
            Kind::Int32 if field.name() == "year" => Value::I32(2026),
            Kind::Int32 => Value::I32(1),
            Kind::Uint64 => Value::U64(1),
            Kind::Int64 => Value::I64(1),
            Kind::Bool => Value::Bool(true),
            Kind::Enum(_) => Value::EnumNumber(1),
            Kind::Message(of) if of.full_name() == "google.protobuf.Timestamp" => instant(of),
            // Every field of it has a default, and they bound each other.
            Kind::Message(of) if of.name() == "HallPolicy" => Value::Message(DynamicMessage::new(of)),
            // The least of each that a chain can set.
            Kind::Message(of) if of.full_name() == "hall.payment.v1.PaymentPolicy" => payment_policy(of),
            Kind::Message(of) => Value::Message(self.request(&of)),
            _ => return None,
        })
    }

    /// Who calls, by the name of the column.
    fn callers(&self) -> Vec<(&'static str, Claims)> {
        let of = |role: Role| Claims::new(Uuid::now_v7(), role, Timestamp::now(), role.lifetime_max());
        let customer = |subject| Claims {
            subject,
            ..of(Role::Customer)
        };
        let elsewhere = Uuid::now_v7();
        vec![
            ("customer", customer(self.member)),
            ("another", customer(elsewhere)),
            ("staff", of(Role::Staff).in_halls([self.hall]).in_chain(self.chain)),
            (
                "of another hall",
                of(Role::Staff).in_halls([elsewhere]).in_chain(elsewhere),
            ),
            ("owner", of(Role::Owner).in_chain(self.chain)),
            ("of another chain", of(Role::Owner).in_chain(elsewhere)),
            ("auditor", of(Role::Auditor)),
            ("device", of(Role::Device).in_halls([self.hall])),
            ("of another hall", of(Role::Device).in_halls([elsewhere])),
            ("operator", of(Role::Operator)),
        ]
    }
}

/// What a member has to say about a session.
pub(crate) async fn complained(world: &World, member_id: &str, session_id: &str) -> anyhow::Result<String> {
    let request = complaint::FileComplaintRequest {
        request_id: new_id(),
        member_id: member_id.to_owned(),
        about: Some(complaint::file_complaint_request::About::SessionId(
            session_id.to_owned(),
        )),
        category: complaint::Category::Other.into(),
        words: "太吵".to_owned(),
    };
    let mut complaints = ComplaintServiceClient::new(world.commands.clone());
    Ok(complaints
        .file_complaint(timed(request))
        .await?
        .into_inner()
        .complaint_id)
}

/// Puts an event into the log that would be long in coming.
async fn happened(world: &World, stream: StreamId, event_type: &str, payload: String) -> anyhow::Result<()> {
    let log = EventLog::connect(LogOptions::new((*world.pool.connect_options()).clone())).await?;
    let unit = Unit {
        request: RequestKey::new("test", Uuid::new_v4(), b""),
        streams: vec![StreamAppend {
            stream,
            expected_version: 0,
            events: vec![NewEvent {
                event_type: event_type.to_owned(),
                event_version: baize_domain::event::VERSION.to_owned(),
                payload,
            }],
        }],
        metadata: Metadata::default(),
        response: Vec::new(),
    };
    log.append(unit).await?;
    log.close().await;
    Ok(())
}

/// The id of a bill's split that a member has started, and the token of the other share.
async fn split(world: &World, hall: &Hall, member_id: &str) -> anyhow::Result<(String, String)> {
    let split_id = SplitId(Uuid::now_v7());
    let token = format!("{}a1", split_id.0.simple());
    let share = |ordinal, token: &str| ShareTerms {
        share_id: split_share(split_id, 1, ordinal),
        token: token.to_owned(),
        amount: Fen(50),
    };
    let ends_at = Timestamp::now() + SignedDuration::from_hours(24);
    let started = SplitEvent::SplitStarted {
        terms: Box::new(SplitTerms {
            split_id,
            round: 1,
            chain_id: hall.chain_id.parse()?,
            hall_id: hall.hall_id.parse()?,
            session_id: SessionId(Uuid::now_v7()),
            opener: member_id.parse()?,
            bill: Fen(100),
            shares: vec![share(0, ""), share(1, &token)],
            link_minutes: 10,
        }),
        confirm_by: ends_at,
        ends_at,
        at: Timestamp::now(),
    };
    let stream = StreamId::new("BillSplit", split_id.to_string());
    happened(world, stream, started.name(), serde_json::to_string(&started)?).await?;
    // Until the view shows it.
    let look = view::GetSplitRequest {
        split_id: split_id.to_string(),
        min_position: 0,
    };
    let splits = SplitServiceClient::new(world.queries.clone());
    let seen = crate::eventually("the split is seen", crate::PATIENCE, async || {
        splits.clone().get_split(timed(look.clone())).await.ok()
    });
    seen.await?;
    Ok((split_id.to_string(), token))
}

/// A gift, and a redemption of it by a member who has the points for it.
async fn redeemed(world: &World, hall: &Hall, member_id: &str) -> anyhow::Result<(String, String)> {
    let earned = PointsAccountEvent::PointsEarned {
        earning_id: EarningId(Uuid::now_v7()),
        session_id: SessionId(Uuid::now_v7()),
        principal: Fen(100),
        fen_per_point: Fen(100),
        points: 1,
        met_owed: 0,
        expires_at: Timestamp::now() + SignedDuration::from_hours(24),
        at: Timestamp::now(),
    };
    happened(
        world,
        StreamId::new("PointsAccount", member_id.to_owned()),
        earned.name(),
        serde_json::to_string(&earned)?,
    )
    .await?;
    let mut loyalty = world.clients.loyalty.clone();
    let gift = loyalty::RegisterGiftRequest {
        request_id: new_id(),
        hall_id: hall.hall_id.clone(),
        gift: Some(loyalty::GiftContent {
            name_zh: "巧克粉".to_owned(),
            name_en: "Chalk".to_owned(),
            picture_url: String::new(),
            points: 1,
        }),
    };
    let gift_id = loyalty.register_gift(timed(gift)).await?.into_inner().gift_id;
    let stock = loyalty::ReceiveStockRequest {
        request_id: new_id(),
        gift_id: gift_id.clone(),
        pieces: 5,
    };
    loyalty.receive_stock(timed(stock)).await?;
    let redeem = loyalty::RedeemGiftRequest {
        request_id: new_id(),
        member_id: member_id.to_owned(),
        gift_id: gift_id.clone(),
    };
    let redeemed = loyalty.redeem_gift(timed(redeem)).await?.into_inner();
    Ok((gift_id, redeemed.redemption_id))
}

fn level(field: &FieldDescriptor, code: &str) -> Value {
    let Kind::Message(of) = field.kind() else {
        return Value::String(code.to_owned());
    };
    let mut level = DynamicMessage::new(of);
    for (name, text) in [("code", code), ("name_zh", "名"), ("name_en", "name")] {
        level.set_field_by_name(name, Value::String(text.to_owned()));
    }
    Value::Message(level)
}

fn payment_policy(of: MessageDescriptor) -> Value {
    let mut policy = DynamicMessage::new(of);
    for (name, seconds) in [
        ("expiry_seconds", 60),
        ("declines_max", 1),
        ("review_seconds", 60),
        ("query_seconds_max", 2),
    ] {
        policy.set_field_by_name(name, Value::U32(seconds));
    }
    policy.set_field_by_name("top_up_max_fen", Value::I64(1));
    Value::Message(policy)
}

fn instant(of: MessageDescriptor) -> Value {
    let mut instant = DynamicMessage::new(of);
    instant.set_field_by_name("seconds", Value::I64(Timestamp::now().as_second()));
    Value::Message(instant)
}

/// How a call ended, as the table has it.
fn told(answer: &Result<(), Status>) -> String {
    let Err(status) = answer else {
        return "yes".to_owned();
    };
    let reason = status
        .get_details_error_info()
        .map(|info| info.reason)
        .unwrap_or_default();
    match (status.code(), reason.as_str()) {
        (Code::PermissionDenied, "ROLE_NOT_ALLOWED") => "-".to_owned(),
        (Code::PermissionDenied, "NOT_YOURS") => "not theirs".to_owned(),
        // A rule may refuse what the caller may ask for.
        (Code::NotFound | Code::AlreadyExists | Code::FailedPrecondition, _) => "yes".to_owned(),
        // A refresh token that is none: the caller was let in to ask.
        (Code::Unauthenticated, "REFRESH_TOKEN_INVALID") => "yes".to_owned(),
        // And a code that WeChat never gave.
        (Code::InvalidArgument, "WECHAT_CODE_INVALID") => "yes".to_owned(),
        (code, reason) => format!("{code:?} {reason}"),
    }
}

#[tokio::test]
async fn every_method_lets_in_whom_it_should_and_nobody_else() -> anyhow::Result<()> {
    let world = World::start(1.0).await?;
    let ours = Ours::set_up(&world).await?;
    let signer = Signer::new(world.keys.clone());
    let callers = ours.callers();
    let mut table = String::from("method");
    for (name, _) in &callers {
        let _ = write!(table, " | {name}");
    }
    table.push('\n');
    for method in Method::all()? {
        let _ = write!(table, "{}", method.path);
        for (_, claims) in &callers {
            let answer = method.call(&world, &ours, &signer.issue(claims)?).await;
            let _ = write!(table, " | {}", told(&answer));
        }
        table.push('\n');
    }
    let (expected, found): (Vec<_>, Vec<_>) = (EXPECTED.lines().collect(), table.lines().collect());
    for line in found.iter().filter(|line| !expected.contains(line)) {
        println!("not in tests/journeys/tests/journeys/access.txt: {line}");
    }
    for line in expected.iter().filter(|line| !found.contains(line)) {
        println!("no longer so: {line}");
    }
    assert_eq!(table, EXPECTED, "who may call what is another now");
    Ok(())
}

#[tokio::test]
async fn no_method_takes_a_missing_an_expired_or_a_forged_token() -> anyhow::Result<()> {
    let world = World::start(1.0).await?;
    let ours = Ours::set_up(&world).await?;
    let policies = Policies::of_contract()?;
    let good = Claims::new(
        Uuid::now_v7(),
        Role::Operator,
        Timestamp::now(),
        Duration::from_secs(600),
    );
    let token = Signer::new(world.keys.clone()).issue(&good)?;
    let ring = world.keys.ring();
    let public = ring.keys().next().context("a key")?;
    let long_ago = Timestamp::now() - SignedDuration::from_hours(1);
    let expired = Claims::new(Uuid::now_v7(), Role::Operator, long_ago, Duration::from_secs(600));
    let other = KeyRing::generate()?;
    let tokens = [
        ("none", String::new(), "TOKEN_REQUIRED"),
        (
            "expired",
            Signer::new(world.keys.clone()).issue(&expired)?,
            "TOKEN_EXPIRED",
        ),
        ("another key", Signer::new(other).issue(&good)?, "TOKEN_INVALID"),
        ("alg none", reheaded(&token, public, "none", None)?, "TOKEN_INVALID"),
        (
            "HS256 with the public key",
            reheaded(&token, public, "HS256", Some(public.public_pem().as_bytes()))?,
            "TOKEN_INVALID",
        ),
        ("no token at all", "花".to_owned(), "TOKEN_INVALID"),
        ("longer than any", "a".repeat(6_000), "TOKEN_INVALID"),
    ];
    for method in Method::all()? {
        let open = policies.of(&method.path).is_some_and(|policy| policy.open);
        for (name, token, reason) in &tokens {
            let status = method.call(&world, &ours, token).await.err();
            let found = status.map(|status| {
                let info = status.get_details_error_info();
                (status.code(), info.map(|info| info.reason).unwrap_or_default())
            });
            let refused = Some((Code::Unauthenticated, (*reason).to_owned()));
            assert_eq!(found == refused, !open, "{} with {name}: {found:?}", method.path);
        }
    }
    Ok(())
}

#[tokio::test]
async fn after_a_rotation_old_tokens_are_good_until_their_key_is_dropped() -> anyhow::Result<()> {
    let world = World::start(1.0).await?;
    let ours = Ours::set_up(&world).await?;
    let board = Method::all()?
        .into_iter()
        .find(|method| method.path.ends_with("/GetBoard"));
    let board = board.context("the contract has a board")?;
    let auditor = Claims::new(
        Uuid::now_v7(),
        Role::Auditor,
        Timestamp::now(),
        Duration::from_secs(600),
    );
    let old = Signer::new(world.keys.clone()).issue(&auditor)?;
    let folder = world.key_folder();
    let second = folder.add()?;
    folder.sign_with(&second, Timestamp::now())?;
    let new = Signer::new(folder.read()?).issue(&auditor)?;
    let (now, forced) = (Timestamp::now(), true);
    let unknown = board.call(&world, &ours, &new).await;
    // Services look at their keys again within half a minute, by themselves.
    let taken = crate::eventually("the new key is trusted", crate::PATIENCE, async || {
        board.call(&world, &ours, &new).await.ok()
    });
    taken.await?;
    assert!(board.call(&world, &ours, &old).await.is_ok(), "{unknown:?}");
    let first = folder
        .list()?
        .into_iter()
        .find(|key| key.id != second)
        .context("two keys")?;
    folder.drop_key(&first.id, now, forced)?;
    let refused = crate::eventually("the old key is trusted no more", crate::PATIENCE, async || {
        board.call(&world, &ours, &old).await.err()
    });
    assert_eq!(refused.await?.code(), Code::Unauthenticated);
    Ok(())
}

#[tokio::test]
async fn what_a_caller_did_is_on_record_under_subject_and_role() -> anyhow::Result<()> {
    let world = World::start(1.0).await?;
    let ours = Ours::set_up(&world).await?;
    let close = Method::all()?
        .into_iter()
        .find(|method| method.path.ends_with("/CloseSession"));
    let customer = ours.callers().remove(0).1;
    let token = Signer::new(world.keys.clone()).issue(&customer)?;
    close
        .context("sessions can be closed")?
        .call(&world, &ours, &token)
        .await?;
    let actors: Vec<Option<String>> = sqlx::query_scalar(
        "SELECT metadata->>'actor' FROM events WHERE event_type = 'SessionClosed' AND aggregate_id = $1",
    )
    .bind(&ours.fields["session_id"])
    .fetch_all(&world.pool)
    .await?;
    assert_eq!(actors, [Some(format!("customer:{}", ours.member))]);
    Ok(())
}

/// The token with another header, signed with `secret` by HMAC or not at all.
fn reheaded(token: &str, key: &Key, algorithm: &str, secret: Option<&[u8]>) -> anyhow::Result<String> {
    let body = token.split('.').nth(1).context("a body")?;
    let header = format!(r#"{{"alg":"{algorithm}","typ":"JWT","kid":"{}"}}"#, key.id());
    let signed = format!("{}.{body}", base64url(header.as_bytes()));
    let mac = secret.map(|secret| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed.as_bytes()));
    Ok(format!(
        "{signed}.{}",
        base64url(mac.as_ref().map_or(&[], |mac| mac.as_ref()))
    ))
}

fn base64url(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let number = chunk
            .iter()
            .fold(0_u32, |number, byte| (number << 8) | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for place in 0..=chunk.len() {
            text.push(char::from(DIGITS[(number >> (18 - 6 * place)) as usize & 63]));
        }
    }
    text
}

/// A method of the contract, called as any client would.
struct Method {
    path: String,
    input: MessageDescriptor,
}

impl Method {
    /// All of them, by name.
    fn all() -> anyhow::Result<Vec<Self>> {
        let pool = DescriptorPool::decode(DESCRIPTOR_SET)?;
        let services = pool
            .services()
            .filter(|service| service.full_name().starts_with("hall."));
        let methods = services.flat_map(|service| service.methods().collect::<Vec<_>>());
        let mut methods: Vec<_> = methods
            .map(|method| Self {
                path: format!("/{}/{}", method.parent_service().full_name(), method.name()),
                input: method.input(),
            })
            .collect();
        methods.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(methods)
    }

    /// Calls it until the first answer. Commands and queries are two services: the other one knows what one does not.
    async fn call(&self, world: &World, ours: &Ours, token: &str) -> Result<(), Status> {
        let badge = Badge::fixed(token);
        let badge = if token.is_empty() { Badge::none() } else { badge };
        let request = Bytes::from(ours.request(&self.input).encode_to_vec());
        let mut answer = Err(Status::unimplemented(""));
        for channel in [&world.commands, &world.queries] {
            answer = once(channel.with(badge.clone()), &self.path, request.clone()).await;
            if !answer
                .as_ref()
                .is_err_and(|status| status.code() == Code::Unimplemented)
            {
                break;
            }
        }
        answer
    }
}

async fn once(channel: Bearing, path: &str, request: Bytes) -> Result<(), Status> {
    let path = PathAndQuery::try_from(path).map_err(|error| Status::internal(error.to_string()))?;
    let mut client = Grpc::new(channel);
    client
        .ready()
        .await
        .map_err(|error| Status::unavailable(error.to_string()))?;
    let answered = client.server_streaming(Request::new(request), path, Raw).await?;
    answered.into_inner().message().await.map(|_| ())
}

/// Messages as bytes, whatever they mean.
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}
