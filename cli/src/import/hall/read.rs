//! A hall as the document tells it, checked by the same rules as the commands that it becomes.

use baize_domain::chain::{self, Chain, ChainEvent, LevelPolicy};
use baize_domain::ids::derived;
use baize_domain::{Fen, LevelCode, chain::Level as DomainLevel};
use baize_proto::hall::venue::v1::{
    DefineLevelsRequest, Driver, HallPolicy, Level, PublishTariffRequest, RegisterChainRequest, RegisterDeviceRequest,
    RegisterHallRequest, RegisterTableRequest, TableClass,
};
use uuid::Uuid;

use super::document::{Faults, Fields, number};
use super::goods::goods;
use super::step::{Request, Step};
use super::tariff::tariff;

const CLASSES: [(&str, TableClass); 3] = [
    ("chinese_eight_ball", TableClass::ChineseEightBall),
    ("snooker", TableClass::Snooker),
    ("nine_ball", TableClass::NineBall),
];
pub(super) const AMOUNT_FEN_MAX: i64 = 1_000_000_000;

/// A name that other parts of the document use, and where it was given.
struct Named {
    name: String,
    id: String,
    line: usize,
    /// Outputs of a device; none of a tariff.
    channels: i64,
}

/// The commands of a document, in their order.
pub fn steps(root: &mut Fields<'_, '_>, faults: &mut Faults<'_>) -> Vec<Step> {
    let mut steps = Vec::new();
    let chain_id = chain(root, faults, &mut steps);
    let hall_id = hall(root, faults, &mut steps, &chain_id);
    let tariffs = tariffs(root, faults, &mut steps, &hall_id);
    let devices = devices(root, faults, &mut steps, &hall_id);
    tables(root, faults, &mut steps, &hall_id, &tariffs, &devices);
    root.end(faults);
    steps
}

/// The id that the document gives, or one that follows from names: the same document means the same things each time.
fn id(fields: &mut Fields<'_, '_>, faults: &mut Faults<'_>, parts: &[&str]) -> String {
    let given = fields.optional_text(faults, "id");
    match given.as_deref().map(Uuid::try_parse) {
        None => derived(&[&["import"], parts].concat()).to_string(),
        Some(Ok(id)) if !id.is_nil() => id.to_string(),
        Some(_) => {
            fields.refuse(faults, "id", "is not a UUID");
            String::new()
        }
    }
}

fn chain(root: &mut Fields<'_, '_>, faults: &mut Faults<'_>, steps: &mut Vec<Step>) -> String {
    let Some(mut fields) = root.table(faults, "chain") else {
        faults.add(1, "chain", "is missing: a table [chain] with its name");
        return String::new();
    };
    let name = limited(&mut fields, faults, "name", 100);
    let chain_id = id(&mut fields, faults, &["chain", &name]);
    let register = RegisterChainRequest {
        chain_id: chain_id.clone(),
        name: name.clone(),
        ..RegisterChainRequest::default()
    };
    steps.push(Step::new(
        fields.line,
        format!("chain {name}"),
        Request::Chain(register),
    ));
    let levels_line = fields.line_of(faults, "levels");
    let levels: Vec<Level> = fields
        .tables(faults, "levels")
        .into_iter()
        .map(|fields| level(fields, faults))
        .collect();
    fields.end(faults);
    if !levels.is_empty() {
        check_levels(faults, levels_line, &levels);
        let define = DefineLevelsRequest {
            chain_id: chain_id.clone(),
            levels,
            ..DefineLevelsRequest::default()
        };
        steps.push(Step::new(levels_line, "levels".to_owned(), Request::Levels(define)));
    }
    chain_id
}

fn level(mut fields: Fields<'_, '_>, faults: &mut Faults<'_>) -> Level {
    let level = Level {
        code: fields.text(faults, "code"),
        name_zh: limited(&mut fields, faults, "name_zh", 50),
        name_en: limited(&mut fields, faults, "name_en", 50),
        discount: fields.optional_text(faults, "discount").unwrap_or_default(),
        upgrade_from_fen: fields
            .optional_number(faults, "upgrade_from_fen", 1..=1_000_000_000)
            .unwrap_or_default(),
        gift_points: fields
            .optional_number(faults, "gift_points", 0..=1_000_000)
            .unwrap_or_default()
            .unsigned_abs(),
    };
    if !level.code.is_empty()
        && let Err(invalid) = LevelCode::try_new(&level.code, "code")
    {
        fields.refuse(faults, "code", invalid.problem);
    }
    if !level.discount.is_empty() && decimal(&level.discount).is_none() {
        fields.refuse(
            faults,
            "discount",
            "is not a number from \"0\" to \"1\" with at most 4 decimals",
        );
    }
    fields.end(faults);
    level
}

fn decimal(text: &str) -> Option<rust_decimal::Decimal> {
    let value: rust_decimal::Decimal = text.parse().ok()?;
    let in_range = (rust_decimal::Decimal::ZERO..=rust_decimal::Decimal::ONE).contains(&value);
    (in_range && text.len() <= 6).then_some(value)
}

/// What concerns the levels together is the chain's to say.
fn check_levels(faults: &mut Faults<'_>, line: usize, levels: &[Level]) {
    let domain = levels.iter().map(|level| {
        Some(DomainLevel {
            code: LevelCode::try_new(&level.code, "code").ok()?,
            name_zh: level.name_zh.clone(),
            name_en: level.name_en.clone(),
            discount: decimal(&level.discount).unwrap_or_default(),
            upgrade_from: (level.upgrade_from_fen != 0).then_some(Fen(level.upgrade_from_fen)),
            gift_points: level.gift_points,
        })
    });
    let Some(domain) = domain.collect::<Option<Vec<_>>>() else {
        return;
    };
    let mut chain = Chain::default();
    chain.evolve(&ChainEvent::ChainRegistered {
        chain_id: Uuid::nil().into(),
        name: "-".to_owned(),
    });
    if let Err(error) = chain::decide::define_levels(&chain, domain, LevelPolicy::default()) {
        faults.add(line, "chain.levels", error.to_string());
    }
}

fn hall(root: &mut Fields<'_, '_>, faults: &mut Faults<'_>, steps: &mut Vec<Step>, chain_id: &str) -> String {
    let Some(mut fields) = root.table(faults, "hall") else {
        faults.add(1, "hall", "is missing: a table [hall] with its name and time zone");
        return String::new();
    };
    let name = limited(&mut fields, faults, "name", 100);
    let hall_id = id(&mut fields, faults, &["hall", chain_id, &name]);
    let time_zone = fields.text(faults, "time_zone");
    if !time_zone.is_empty() && baize_domain::hall::time_zone(&time_zone).is_none() {
        fields.refuse(
            faults,
            "time_zone",
            "is not an IANA time zone, such as \"Asia/Shanghai\"",
        );
    }
    let cutoff = fields.time(faults, "business_day_cutoff");
    if cutoff == 1_440 {
        fields.refuse(faults, "business_day_cutoff", "is not before 24:00");
    }
    let policy = fields
        .table(faults, "policy")
        .map(|policy| self::policy(policy, faults));
    let goods = goods(&mut fields, faults, &hall_id);
    fields.end(faults);
    let register = RegisterHallRequest {
        hall_id: hall_id.clone(),
        chain_id: chain_id.to_owned(),
        name: name.clone(),
        time_zone,
        business_day_cutoff_minutes: cutoff,
        policy,
        ..RegisterHallRequest::default()
    };
    steps.push(Step::new(fields.line, format!("hall {name}"), Request::Hall(register)));
    steps.extend(goods);
    hall_id
}

fn policy(mut fields: Fields<'_, '_>, faults: &mut Faults<'_>) -> HallPolicy {
    let seconds = |fields: &mut Fields<'_, '_>, faults: &mut Faults<'_>, field, range| {
        let number = fields.optional_number(faults, field, range)?;
        u32::try_from(number).ok()
    };
    let policy = HallPolicy {
        light_timeout_seconds: seconds(&mut fields, faults, "light_timeout_seconds", 1..=3_600),
        billing_start_seconds_max: seconds(&mut fields, faults, "billing_start_seconds_max", 0..=3_600),
        linger_seconds: seconds(&mut fields, faults, "linger_seconds", 0..=3_600),
        hold_minutes: seconds(&mut fields, faults, "hold_minutes", 1..=1_440),
        hold_renewal_minutes: seconds(&mut fields, faults, "hold_renewal_minutes", 1..=1_440),
        open_sessions_max: seconds(&mut fields, faults, "open_sessions_max", 1..=20),
        pause_minutes_max: seconds(&mut fields, faults, "pause_minutes_max", 1..=1_440),
        payment_wait_seconds: seconds(&mut fields, faults, "payment_wait_seconds", 1..=3_600),
        auto_close_minutes: seconds(&mut fields, faults, "auto_close_minutes", 0..=60),
        goods_by_customers: fields.optional_flag(faults, "goods_by_customers"),
        split_minutes: seconds(&mut fields, faults, "split_minutes", 1..=60),
        fault_seconds: seconds(&mut fields, faults, "fault_seconds", 1..=3_600),
        offline_fault_seconds: seconds(&mut fields, faults, "offline_fault_seconds", 1..=3_600),
        test_answer_seconds: seconds(&mut fields, faults, "test_answer_seconds", 1..=60),
        goodwill_fen: fields.optional_number(faults, "goodwill_fen", 0..=AMOUNT_FEN_MAX),
        deposit_fen: fields.optional_number(faults, "deposit_fen", 1..=AMOUNT_FEN_MAX),
        warning_minutes: fields.list(faults, "warning_minutes", "whole numbers from 1 to 1440", |value| {
            let minutes = number(value).filter(|minutes| (1..=1_440).contains(minutes))?;
            u32::try_from(minutes).ok()
        }),
    };
    if policy.warning_minutes.len() > 8 {
        fields.refuse(faults, "warning_minutes", "has more than 8 entries");
    }
    let default = baize_domain::hall::HallPolicy::default();
    let hold = policy.hold_minutes.unwrap_or(default.hold_minutes);
    if policy.hold_renewal_minutes.unwrap_or(default.hold_renewal_minutes) >= hold {
        fields.refuse(faults, "hold_renewal_minutes", "is not less than hold_minutes");
    }
    fields.end(faults);
    policy
}

fn tariffs(root: &mut Fields<'_, '_>, faults: &mut Faults<'_>, steps: &mut Vec<Step>, hall_id: &str) -> Vec<Named> {
    let mut named: Vec<Named> = Vec::new();
    for mut fields in root.tables(faults, "tariffs") {
        let code = fields.text(faults, "code");
        unique(&fields, faults, "code", &code, &named);
        let plan_id = id(&mut fields, faults, &["tariff", hall_id, &code]);
        let tariff = tariff(&mut fields, faults);
        fields.end(faults);
        let what = format!("tariff {}", tariff.name);
        let publish = PublishTariffRequest {
            plan_id: plan_id.clone(),
            hall_id: hall_id.to_owned(),
            tariff: Some(tariff),
            ..PublishTariffRequest::default()
        };
        steps.push(Step::new(fields.line, what, Request::Tariff(publish)));
        named.push(Named {
            name: code,
            id: plan_id,
            line: fields.line,
            channels: 0,
        });
    }
    named
}

fn devices(root: &mut Fields<'_, '_>, faults: &mut Faults<'_>, steps: &mut Vec<Step>, hall_id: &str) -> Vec<Named> {
    let mut named: Vec<Named> = Vec::new();
    for mut fields in root.tables(faults, "devices") {
        let topic = limited(&mut fields, faults, "topic", 64);
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if !topic.chars().all(plain) {
            fields.refuse(
                faults,
                "topic",
                "has other characters than letters, digits, '_' and '-'",
            );
        }
        unique(&fields, faults, "topic", &topic, &named);
        let driver = match fields.optional_text(faults, "driver").as_deref() {
            None | Some("tasmota") => Driver::Tasmota,
            Some("shelly") => Driver::Shelly,
            Some("esphome") => Driver::Esphome,
            Some(_) => {
                fields.refuse(faults, "driver", "is not \"tasmota\", \"shelly\" or \"esphome\"");
                Driver::Unspecified
            }
        };
        let channels = fields.number(faults, "channels", 1..=32);
        let device_id = id(&mut fields, faults, &["device", hall_id, &topic]);
        fields.end(faults);
        let register = RegisterDeviceRequest {
            device_id: device_id.clone(),
            hall_id: hall_id.to_owned(),
            driver: driver.into(),
            topic: topic.clone(),
            channels: u32::try_from(channels).unwrap_or(1),
            ..RegisterDeviceRequest::default()
        };
        steps.push(Step::new(
            fields.line,
            format!("device {topic}"),
            Request::Device(register),
        ));
        named.push(Named {
            name: topic,
            id: device_id,
            line: fields.line,
            channels,
        });
    }
    named
}

fn tables(
    root: &mut Fields<'_, '_>,
    faults: &mut Faults<'_>,
    steps: &mut Vec<Step>,
    hall_id: &str,
    tariffs: &[Named],
    devices: &[Named],
) {
    let mut named: Vec<Named> = Vec::new();
    for mut fields in root.tables(faults, "tables") {
        let label = limited(&mut fields, faults, "label", 32);
        unique(&fields, faults, "label", &label, &named);
        let table_id = id(&mut fields, faults, &["table", hall_id, &label]);
        let class = fields.text(faults, "class");
        let known_class = chosen(&CLASSES, &class);
        if known_class.is_none() && !class.is_empty() {
            fields.refuse(faults, "class", "is not chinese_eight_ball, snooker or nine_ball");
        }
        let tariff = reference(&mut fields, faults, "tariff", tariffs, "[[tariffs]] has that code");
        let device = reference(&mut fields, faults, "device", devices, "[[devices]] has that topic");
        let outputs = device.map_or(32, |device| device.channels);
        let channel = fields.number(faults, "channel", 1..=outputs);
        fields.end(faults);
        let register = RegisterTableRequest {
            table_id: table_id.clone(),
            hall_id: hall_id.to_owned(),
            label: label.clone(),
            table_class: known_class.unwrap_or_default().into(),
            tariff_plan_id: tariff.map(|tariff| tariff.id.clone()).unwrap_or_default(),
            light_device_id: device.map(|device| device.id.clone()).unwrap_or_default(),
            light_channel: u32::try_from(channel).unwrap_or(1),
            ..RegisterTableRequest::default()
        };
        steps.push(Step::new(
            fields.line,
            format!("table {label}"),
            Request::Table(register),
        ));
        named.push(Named {
            name: label,
            id: table_id,
            line: fields.line,
            channels: 0,
        });
    }
}

fn unique(fields: &Fields<'_, '_>, faults: &mut Faults<'_>, field: &str, name: &str, named: &[Named]) {
    if let Some(first) = named.iter().find(|other| other.name == name && !name.is_empty()) {
        let problem = format!("is {name:?} again, as on line {}", first.line);
        fields.refuse(faults, field, problem);
    }
}

fn reference<'n>(
    fields: &mut Fields<'_, '_>,
    faults: &mut Faults<'_>,
    field: &'static str,
    named: &'n [Named],
    what: &str,
) -> Option<&'n Named> {
    let name = fields.text(faults, field);
    let found = named.iter().find(|named| named.name == name);
    if found.is_none() && !name.is_empty() {
        fields.refuse(faults, field, format!("is {name:?}, but no {what}"));
    }
    found
}

pub(super) fn limited(fields: &mut Fields<'_, '_>, faults: &mut Faults<'_>, field: &'static str, max: usize) -> String {
    let text = fields.text(faults, field);
    if text.chars().count() > max {
        fields.refuse(faults, field, format!("has more than {max} characters"));
    } else if text.chars().any(char::is_control) {
        fields.refuse(faults, field, "has control characters");
    }
    text
}

pub(super) fn whole(
    fields: &mut Fields<'_, '_>,
    faults: &mut Faults<'_>,
    field: &'static str,
    min: i64,
    max: i64,
) -> u32 {
    u32::try_from(fields.number(faults, field, min..=max)).unwrap_or_default()
}

pub(super) fn chosen<T: Copy>(choices: &[(&str, T)], text: &str) -> Option<T> {
    choices
        .iter()
        .find(|(name, _)| *name == text)
        .map(|(_, choice)| *choice)
}
