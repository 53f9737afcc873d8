//! `hall.venue.v1`.

use baize_domain::device::{Driver, LightChannel};
use baize_domain::hall::HallPolicy;
use baize_domain::table::TableClass;
use baize_domain::{Command, Fen};
use baize_proto::hall::venue::v1::{
    self, ChangeHallPolicyRequest, ChangeHallPolicyResponse, EndMaintenanceRequest, EndMaintenanceResponse,
    RegisterDeviceRequest, RegisterDeviceResponse, RegisterHallRequest, RegisterHallResponse, RegisterTableRequest,
    RegisterTableResponse, StartMaintenanceRequest, StartMaintenanceResponse,
};

use super::{Fields, Mutation};
use crate::dispatch::Reply;

/// Sessions that a hall may allow one person at a time.
const OPEN_SESSIONS_MAX: u32 = 20;
/// An hour.
const AUTO_CLOSE_MINUTES_MAX: u32 = 60;
const SPLIT_MINUTES_MAX: u32 = 60;
const TEST_ANSWER_SECONDS_MAX: u32 = 60;
/// Outputs of one device.
pub(super) const CHANNELS_MAX: u32 = 32;

pub(super) const NAME_CHARS_MAX: usize = 100;
pub(super) const LABEL_CHARS_MAX: usize = 32;
const TOPIC_CHARS_MAX: usize = 64;
const REASON_CHARS_MAX: usize = 200;
const WARNINGS_MAX: usize = 8;
pub(super) const DAY_MINUTES: u32 = 1_440;
const HOUR_SECONDS: u32 = 3_600;

impl Mutation for RegisterHallRequest {
    const METHOD: &'static str = "hall.venue.v1.VenueService/RegisterHall";
    type Response = RegisterHallResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::RegisterHall {
            hall_id: fields.new_id("hall_id", &self.hall_id),
            chain_id: fields.id("chain_id", &self.chain_id),
            name: fields.text("name", self.name, NAME_CHARS_MAX),
            time_zone: fields.time_zone("time_zone", self.time_zone),
            business_day_cutoff_minutes: fields.uint(
                "business_day_cutoff_minutes",
                self.business_day_cutoff_minutes,
                0..=DAY_MINUTES - 1,
            ),
            policy: policy(fields, self.policy),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        let Reply::HallRegistered { hall_id } = reply else {
            return None;
        };
        Some(RegisterHallResponse {
            hall_id: hall_id.to_string(),
            position,
        })
    }
}

impl Mutation for ChangeHallPolicyRequest {
    const METHOD: &'static str = "hall.venue.v1.VenueService/ChangeHallPolicy";
    type Response = ChangeHallPolicyResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        if self.policy.is_none() {
            fields.refuse("policy", "is required");
        }
        Command::ChangeHallPolicy {
            hall_id: fields.id("hall_id", &self.hall_id),
            policy: policy(fields, self.policy),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(ChangeHallPolicyResponse { position })
    }
}

impl Mutation for RegisterDeviceRequest {
    const METHOD: &'static str = "hall.venue.v1.VenueService/RegisterDevice";
    type Response = RegisterDeviceResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::RegisterDevice {
            device_id: fields.new_id("device_id", &self.device_id),
            hall_id: fields.id("hall_id", &self.hall_id),
            driver: fields.choice("driver", driver(self.driver()), Driver::Tasmota),
            topic: topic(fields, self.topic),
            channels: fields.uint("channels", self.channels, 1..=CHANNELS_MAX),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        let Reply::DeviceRegistered { device_id } = reply else {
            return None;
        };
        Some(RegisterDeviceResponse {
            device_id: device_id.to_string(),
            position,
        })
    }
}

impl Mutation for RegisterTableRequest {
    const METHOD: &'static str = "hall.venue.v1.VenueService/RegisterTable";
    type Response = RegisterTableResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::RegisterTable {
            table_id: fields.new_id("table_id", &self.table_id),
            hall_id: fields.id("hall_id", &self.hall_id),
            class: fields.choice("table_class", class(self.table_class()), TableClass::default()),
            label: fields.text("label", self.label, LABEL_CHARS_MAX),
            tariff_plan_id: fields.id("tariff_plan_id", &self.tariff_plan_id),
            light: LightChannel {
                device_id: fields.id("light_device_id", &self.light_device_id),
                channel: fields.uint("light_channel", self.light_channel, 1..=CHANNELS_MAX),
            },
            qr_token: super::venue_changes::qr_token(),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        let Reply::TableRegistered { table_id, qr_token } = reply else {
            return None;
        };
        Some(RegisterTableResponse {
            table_id: table_id.to_string(),
            qr_token,
            position,
        })
    }
}

impl Mutation for StartMaintenanceRequest {
    const METHOD: &'static str = "hall.venue.v1.VenueService/StartMaintenance";
    type Response = StartMaintenanceResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::StartMaintenance {
            table_id: fields.id("table_id", &self.table_id),
            reason: fields.text("reason", self.reason, REASON_CHARS_MAX),
            expected_end: fields.instant("expected_end", self.expected_end),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(StartMaintenanceResponse { position })
    }
}

impl Mutation for EndMaintenanceRequest {
    const METHOD: &'static str = "hall.venue.v1.VenueService/EndMaintenance";
    type Response = EndMaintenanceResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::EndMaintenance {
            table_id: fields.id("table_id", &self.table_id),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(EndMaintenanceResponse { position })
    }
}

/// A policy; what is absent has its default.
fn policy(fields: &mut Fields, sent: Option<v1::HallPolicy>) -> HallPolicy {
    let default = HallPolicy::default();
    let Some(sent) = sent else { return default };
    fields.within("policy", |fields| {
        let deposit = match sent.deposit_fen {
            Some(deposit) => fields.fen("deposit_fen", deposit, 1..=Fen::MAX_INPUT.0),
            None => default.deposit,
        };
        let goodwill = match sent.goodwill_fen {
            Some(goodwill) => fields.fen("goodwill_fen", goodwill, 0..=Fen::MAX_INPUT.0),
            None => default.goodwill,
        };
        let mut or = |field, value: Option<u32>, default, range| match value {
            Some(value) => fields.uint(field, value, range),
            None => default,
        };
        let policy = HallPolicy {
            light_timeout_seconds: or(
                "light_timeout_seconds",
                sent.light_timeout_seconds,
                default.light_timeout_seconds,
                1..=HOUR_SECONDS,
            ),
            billing_start_seconds_max: or(
                "billing_start_seconds_max",
                sent.billing_start_seconds_max,
                default.billing_start_seconds_max,
                0..=HOUR_SECONDS,
            ),
            linger_seconds: or(
                "linger_seconds",
                sent.linger_seconds,
                default.linger_seconds,
                0..=HOUR_SECONDS,
            ),
            hold_minutes: or("hold_minutes", sent.hold_minutes, default.hold_minutes, 1..=DAY_MINUTES),
            hold_renewal_minutes: or(
                "hold_renewal_minutes",
                sent.hold_renewal_minutes,
                default.hold_renewal_minutes,
                1..=DAY_MINUTES,
            ),
            open_sessions_max: or(
                "open_sessions_max",
                sent.open_sessions_max,
                default.open_sessions_max,
                1..=OPEN_SESSIONS_MAX,
            ),
            pause_minutes_max: or(
                "pause_minutes_max",
                sent.pause_minutes_max,
                default.pause_minutes_max,
                1..=DAY_MINUTES,
            ),
            payment_wait_seconds: or(
                "payment_wait_seconds",
                sent.payment_wait_seconds,
                default.payment_wait_seconds,
                1..=HOUR_SECONDS,
            ),
            auto_close_minutes: or(
                "auto_close_minutes",
                sent.auto_close_minutes,
                default.auto_close_minutes,
                0..=AUTO_CLOSE_MINUTES_MAX,
            ),
            goods_by_customers: sent.goods_by_customers.unwrap_or(default.goods_by_customers),
            split_minutes: or(
                "split_minutes",
                sent.split_minutes,
                default.split_minutes,
                1..=SPLIT_MINUTES_MAX,
            ),
            fault_seconds: or(
                "fault_seconds",
                sent.fault_seconds,
                default.fault_seconds,
                1..=HOUR_SECONDS,
            ),
            offline_fault_seconds: or(
                "offline_fault_seconds",
                sent.offline_fault_seconds,
                default.offline_fault_seconds,
                1..=HOUR_SECONDS,
            ),
            test_answer_seconds: or(
                "test_answer_seconds",
                sent.test_answer_seconds,
                default.test_answer_seconds,
                1..=TEST_ANSWER_SECONDS_MAX,
            ),
            goodwill,
            deposit,
            warning_minutes: if sent.warning_minutes.is_empty() {
                default.warning_minutes
            } else {
                sent.warning_minutes
            },
        };
        if policy.hold_renewal_minutes >= policy.hold_minutes {
            fields.refuse("hold_renewal_minutes", "is not less than hold_minutes");
        }
        if policy.warning_minutes.len() > WARNINGS_MAX {
            fields.refuse("warning_minutes", format!("has more than {WARNINGS_MAX} entries"));
        }
        for minutes in &policy.warning_minutes {
            fields.uint::<u32>("warning_minutes", *minutes, 1..=DAY_MINUTES);
        }
        policy
    })
}

/// One level of an MQTT topic, without its separators and wildcards.
fn topic(fields: &mut Fields, topic: String) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if topic.is_empty() || topic.len() > TOPIC_CHARS_MAX || !topic.chars().all(plain) {
        fields.refuse(
            "topic",
            format!("is not 1 to {TOPIC_CHARS_MAX} letters, digits, `_` and `-`"),
        );
    }
    topic
}

fn driver(driver: v1::Driver) -> Option<Driver> {
    match driver {
        v1::Driver::Unspecified => None,
        v1::Driver::Tasmota => Some(Driver::Tasmota),
        v1::Driver::Shelly => Some(Driver::Shelly),
        v1::Driver::Esphome => Some(Driver::EspHome),
    }
}

pub(super) fn class(class: v1::TableClass) -> Option<TableClass> {
    match class {
        v1::TableClass::Unspecified => None,
        v1::TableClass::ChineseEightBall => Some(TableClass::ChineseEightBall),
        v1::TableClass::Snooker => Some(TableClass::Snooker),
        v1::TableClass::NineBall => Some(TableClass::NineBall),
    }
}
