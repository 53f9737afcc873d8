//! Messages beyond the app: each goes out once, through WeChat as often as it was allowed, by text when it is critical.

use baize_command_api::{MessageOptions, Options};
use baize_domain::complaint::ComplaintEvent;
use baize_domain::ids::MemberId;
use baize_domain::member::{MemberEvent, MessageChannel, MessageKind, MessageOutcome};
use baize_domain::personal::Sealed;
use baize_domain::{Event, member};
use baize_eventlog::Clock;
use baize_proto::hall::member::v1::{
    AllowMessagesRequest, ChooseMessagesRequest, GetMessageSettingsRequest, GetMessageSettingsResponse,
    MessageKind as Wire,
};
use jiff::{SignedDuration, Timestamp};
use sqlx::PgPool;
use tonic::Code;
use uuid::Uuid;

use super::entrance::Entrance;
use super::world::{Hall, World, decoded, fast, patient, refused, request_id, until};

const PHONE: &str = "+8613800138000";
const TABLE_OPEN: &str = "T-open";
const ANSWERED: &str = "T-answered";

/// An entrance whose customers get messages, and a hall with a table.
struct Street {
    entrance: Entrance,
    hall: Hall,
    clock: Clock,
    /// Of the service, so that another one can be started.
    options: Options,
}

fn messages() -> MessageOptions {
    let text = format!(
        r#"
        [[message]]
        kind = "table_open"
        wechat = {{ template_id = "{TABLE_OPEN}", page = "pages/table", data = {{ thing1 = "hall", thing2 = "table", time3 = "time" }} }}
        [[message]]
        kind = "complaint_answered"
        wechat = {{ template_id = "{ANSWERED}", data = {{ time1 = "time" }} }}
        [[message]]
        kind = "bill_due"
        wechat = {{ template_id = "T-due", data = {{ amount1 = "amount" }} }}
        sms = {{ template_id = "2220", parameters = ["table", "amount"] }}
        "#
    );
    MessageOptions::read(&text).unwrap()
}

impl Street {
    async fn open() -> Self {
        Box::pin(Self::with(messages())).await
    }

    async fn with(messages: MessageOptions) -> Self {
        let clock = fast(5.0);
        let mut kept = None;
        let set = |options: &mut Options| {
            options.clock = clock.clone();
            options.messages = messages;
            kept = Some(options.clone());
        };
        let mut entrance = Box::pin(Entrance::with(set)).await;
        entrance.wechat.template(TABLE_OPEN, &["thing1", "thing2", "time3"]);
        entrance.wechat.template(ANSWERED, &["time1"]);
        entrance.wechat.template("T-due", &["amount1"]);
        let hall = entrance.clients.hall_with(1, patient()).await;
        Self {
            entrance,
            hall,
            clock,
            options: kept.unwrap(),
        }
    }

    /// A member who came through WeChat with a phone number, and has money.
    async fn member(&mut self, openid: &str) -> String {
        let quick = self.entrance.quick(openid, PHONE);
        let member = self.entrance.identity.quick_register(quick).await.unwrap().into_inner();
        self.entrance.clients.top_up(&member.member_id, 100_000).await;
        member.member_id
    }

    /// The person accepts a template on the phone, and the mini program says so.
    async fn allow(&mut self, member_id: &str, openid: &str, template: &str, kind: Wire) {
        self.entrance.wechat.accept(openid, template);
        let request = AllowMessagesRequest {
            request_id: request_id(),
            member_id: member_id.to_owned(),
            kinds: vec![kind.into()],
        };
        self.entrance.clients.member.allow_messages(request).await.unwrap();
    }

    async fn settings(&mut self, member_id: &str) -> GetMessageSettingsResponse {
        let request = GetMessageSettingsRequest {
            member_id: member_id.to_owned(),
        };
        let answer = self.entrance.clients.member.get_message_settings(request).await;
        answer.unwrap().into_inner()
    }

    /// Opens the table, whose light comes on. Returns the session.
    async fn play(&mut self, member_id: &str) -> String {
        let clients = &mut self.entrance.clients;
        let opened = clients.open(&self.hall.tables[0], member_id).await.unwrap();
        let lit_at = self.clock.now();
        clients.confirm(&self.hall, 1, 1, true, lit_at).await.unwrap();
        opened.session_id
    }

    /// A complaint of the person is answered: something that is told without a table.
    async fn answer(&self, member_id: &str) {
        let answered = ComplaintEvent::ComplaintAnswered {
            member_id: member_id.parse::<MemberId>().unwrap(),
            words: Sealed("sealed".to_owned()),
            promised: None,
            by: Uuid::nil(),
            at: self.clock.now(),
        };
        let stream = Uuid::new_v4().to_string();
        self.entrance
            .world
            .happened(&[(&stream, Event::Complaint(answered))])
            .await;
    }

    /// Waits until so many messages have come to that state.
    async fn until(&self, state: &str, messages: i64) {
        let sql = format!("SELECT count(*) FROM messages WHERE state = '{state}'");
        until(&self.entrance.world.url, &sql, |found| found == messages).await;
    }

    /// What is on record about messages to a person.
    async fn notes(&self, member_id: &str) -> Vec<member::MessageNote> {
        let mut history = self.entrance.world.history().await;
        let last = self.entrance.world.count("SELECT max(position) FROM events").await;
        history.read_to(last.unsigned_abs()).await;
        let of_person = history
            .events
            .iter()
            .filter(|event| event.stream.aggregate_id == member_id);
        let note = |event| match decoded(event) {
            Event::Member(MemberEvent::MessageNoted { note, .. }) => Some(note),
            _ => None,
        };
        of_person.filter_map(note).collect()
    }
}

/// Puts a message into the outbox that another process left there.
async fn left(world: &World, position: i64, session_id: &str, state: &str, at: Timestamp) {
    let pool = PgPool::connect(&world.url).await.unwrap();
    let insert = "INSERT INTO messages (position, kind, member_id, session_id, amount_fen, minutes, happened_at, state, channel, due_at)
         SELECT $1, 'bill_due', (SELECT (payload->'SessionOpened'->>'member_id')::uuid FROM events
             WHERE aggregate_id = $2 AND event_type = 'SessionOpened'), $2::uuid, 1250, 0, $3::timestamptz, $4,
             CASE $4 WHEN 'sending' THEN 'wechat' END, $3::timestamptz";
    let insert = sqlx::query(insert).bind(position).bind(session_id);
    insert
        .bind(baize_eventlog::SqlTimestamp(at))
        .bind(state)
        .execute(&pool)
        .await
        .unwrap();
    pool.close().await;
}

#[tokio::test]
async fn a_message_goes_out_once_for_each_time_that_it_was_allowed() {
    let mut street = Street::open().await;
    let member = street.member("o-player").await;
    street.allow(&member, "o-player", TABLE_OPEN, Wire::TableOpen).await;
    let before = street.settings(&member).await;
    let offered: Vec<_> = before
        .templates
        .iter()
        .map(|one| (one.kind(), one.template_id.as_str(), one.allowed))
        .collect();
    assert_eq!(
        offered,
        [
            (Wire::TableOpen, TABLE_OPEN, 1),
            (Wire::BillDue, "T-due", 0),
            (Wire::ComplaintAnswered, ANSWERED, 0)
        ]
    );
    assert!(before.wechat && before.sms);

    street.play(&member).await;
    street.until("sent", 1).await;
    let delivered = street.entrance.wechat.messages();
    assert_eq!(delivered.len(), 1);
    assert_eq!(
        (delivered[0].openid.as_str(), delivered[0].template_id.as_str()),
        ("o-player", TABLE_OPEN)
    );
    assert_eq!(
        (
            delivered[0].data["thing1"].as_str(),
            delivered[0].data["thing2"].as_str()
        ),
        ("Green Cloth", "A1")
    );
    assert!(
        delivered[0].data["time3"].starts_with("2026-11-21 02:"),
        "by the hall's clocks: {:?}",
        delivered[0]
    );
    let expected = member::MessageNote {
        kind: MessageKind::TableOpen,
        channel: MessageChannel::Wechat,
        outcome: MessageOutcome::Sent,
    };
    assert_eq!(street.notes(&member).await, [expected]);
    assert_eq!(street.settings(&member).await.templates[0].allowed, 0);

    // What is not allowed is not even tried.
    street.answer(&member).await;
    street.until("unreachable", 1).await;
    assert_eq!(street.entrance.wechat.messages().len(), 1);
}

#[tokio::test]
async fn a_provider_that_is_busy_is_asked_again_and_one_that_falls_silent_is_not() {
    let mut street = Street::open().await;
    let member = street.member("o-busy").await;
    for _ in 0..2 {
        street.allow(&member, "o-busy", ANSWERED, Wire::ComplaintAnswered).await;
    }
    // Busy for longer than one message is tried: it waits, and comes.
    street.entrance.wechat.be_busy(4);
    street.answer(&member).await;
    street.until("sent", 1).await;
    assert_eq!(street.entrance.wechat.messages().len(), 1);

    street.entrance.wechat.be_silent(1);
    street.answer(&member).await;
    street.until("unclear", 1).await;
    assert_eq!(
        street.entrance.wechat.messages().len(),
        2,
        "it was delivered, and not a second time"
    );
    let outcomes: Vec<_> = street.notes(&member).await.iter().map(|note| note.outcome).collect();
    assert_eq!(outcomes, [MessageOutcome::Sent, MessageOutcome::Unclear]);
    assert_eq!(street.settings(&member).await.templates[2].allowed, 0);
}

#[tokio::test]
async fn what_is_critical_goes_by_text_when_wechat_does_not_take_it_and_not_too_often() {
    let mut street = Street::open().await;
    let member = street.member("o-debtor").await;
    // The mini program says what WeChat does not know of.
    let request = AllowMessagesRequest {
        request_id: request_id(),
        member_id: member.clone(),
        kinds: vec![Wire::BillDue.into()],
    };
    street.entrance.clients.member.allow_messages(request).await.unwrap();
    let session = street.play(&member).await;
    street.until("unreachable", 1).await;
    let now = street.clock.now();
    for position in 1..=7 {
        left(&street.entrance.world, 1_000_000 + position, &session, "waiting", now).await;
    }
    street.answer(&member).await;
    street.until("sent", 5).await;
    street.until("unreachable", 4).await;
    let texts: Vec<_> = street
        .entrance
        .sms
        .outbox()
        .into_iter()
        .filter(|text| text.template_id == "2220")
        .collect();
    assert_eq!(texts.len(), 5, "five a day");
    assert_eq!(
        (texts[0].phone.as_str(), texts[0].parameters.as_slice()),
        (PHONE, &["A1".to_owned(), "¥12.50".to_owned()][..])
    );
    let first = street.notes(&member).await;
    assert_eq!(
        first
            .iter()
            .filter(|note| note.outcome == MessageOutcome::NotAllowed)
            .count(),
        1,
        "{first:?}"
    );
    assert_eq!(
        first.iter().filter(|note| note.channel == MessageChannel::Sms).count(),
        5
    );
    assert!(street.entrance.wechat.messages().is_empty());
}

#[tokio::test]
async fn what_was_being_sent_when_a_process_died_is_not_sent_again_and_what_is_late_is_not_sent() {
    let mut street = Street::with(MessageOptions::default()).await;
    let member = street.member("o-crash").await;
    let session = street.play(&member).await;
    let now = street.clock.now();
    left(&street.entrance.world, 2_000_001, &session, "sending", now).await;
    let yesterday = now - SignedDuration::from_hours(25);
    left(&street.entrance.world, 2_000_002, &session, "waiting", yesterday).await;
    // Another process begins to send.
    let options = Options {
        messages: messages(),
        ..street.options.clone()
    };
    let _heir = World::on(options).await;
    street.until("unclear", 1).await;
    street.until("late", 1).await;
    let note = street.notes(&member).await;
    assert_eq!(note.len(), 1);
    assert_eq!(
        (note[0].kind, note[0].outcome),
        (MessageKind::BillDue, MessageOutcome::Unclear)
    );
}

#[tokio::test]
async fn a_message_that_cannot_be_read_keeps_no_other_waiting() {
    let mut street = Street::open().await;
    let member = street.member("o-behind").await;
    street
        .allow(&member, "o-behind", ANSWERED, Wire::ComplaintAnswered)
        .await;
    let pool = PgPool::connect(&street.entrance.world.url).await.unwrap();
    sqlx::query(
        "INSERT INTO messages (position, kind, session_id, amount_fen, minutes, happened_at, due_at)
         VALUES (3000001, 'beer_cold', gen_random_uuid(), 0, 0, 'epoch', 'epoch')",
    )
    .execute(&pool)
    .await
    .unwrap();
    pool.close().await;
    street.answer(&member).await;
    street.until("sent", 1).await;
    street.until("refused", 1).await;
}

#[tokio::test]
async fn who_wants_no_messages_gets_none_and_more_than_three_kinds_are_refused() {
    let mut street = Street::open().await;
    let member = street.member("o-quiet").await;
    street
        .allow(&member, "o-quiet", ANSWERED, Wire::ComplaintAnswered)
        .await;
    let choose = ChooseMessagesRequest {
        request_id: request_id(),
        member_id: member.clone(),
        wechat: false,
        sms: true,
    };
    street.entrance.clients.member.choose_messages(choose).await.unwrap();
    let chosen = street.settings(&member).await;
    assert!(!chosen.wechat && chosen.sms);
    street.answer(&member).await;
    street.until("unreachable", 1).await;
    assert!(street.entrance.wechat.messages().is_empty());

    let request = AllowMessagesRequest {
        request_id: request_id(),
        member_id: member,
        kinds: vec![Wire::BillDue.into(); 4],
    };
    let too_many = street.entrance.clients.member.allow_messages(request).await;
    refused(too_many, Code::InvalidArgument, "INVALID_ARGUMENT");
}
