//! `hall.venue.v1`: what changes of halls, tables and devices, and their end.

use baize_domain::Command;
use baize_domain::device::LightChannel;
use baize_domain::hall::HallChange;
use baize_domain::ids::TariffPlanId;
use baize_domain::table::{TableChange, TableClass};
use baize_proto::hall::venue::v1::{
    self, ChangeHallRequest, ChangeHallResponse, ChangeTableRequest, ChangeTableResponse, RetireDeviceRequest,
    RetireDeviceResponse, RetireHallRequest, RetireHallResponse, RetireTableRequest, RetireTableResponse,
    RotateQrTokenRequest, RotateQrTokenResponse,
};
use rand::Rng as _;

use super::venue::{CHANNELS_MAX, DAY_MINUTES, LABEL_CHARS_MAX, NAME_CHARS_MAX, class};
use super::{Fields, Mutation};
use crate::dispatch::Reply;

/// Letters and digits that nobody mistakes for each other (Crockford's base 32).
const QR_ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Five bits each: 130 random bits, so that nobody guesses a table's code.
const QR_TOKEN_CHARS: usize = 26;

/// A fresh text for a table's code.
pub(super) fn qr_token() -> String {
    let mut random = rand::rng();
    let letter = || char::from(QR_ALPHABET[random.random_range(0..QR_ALPHABET.len())]);
    std::iter::repeat_with(letter).take(QR_TOKEN_CHARS).collect()
}

impl Mutation for ChangeHallRequest {
    const METHOD: &'static str = "hall.venue.v1.VenueService/ChangeHall";
    type Response = ChangeHallResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        let cutoff = self.business_day_cutoff_minutes;
        Command::ChangeHall {
            hall_id: fields.id("hall_id", &self.hall_id),
            change: HallChange {
                name: self.name.map(|name| fields.text("name", name, NAME_CHARS_MAX)),
                time_zone: self.time_zone.map(|zone| fields.time_zone("time_zone", zone)),
                business_day_cutoff_minutes: cutoff
                    .map(|minutes| fields.uint("business_day_cutoff_minutes", minutes, 0..=DAY_MINUTES - 1)),
            },
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(ChangeHallResponse { position })
    }
}

impl Mutation for RetireHallRequest {
    const METHOD: &'static str = "hall.venue.v1.VenueService/RetireHall";
    type Response = RetireHallResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::RetireHall {
            hall_id: fields.id("hall_id", &self.hall_id),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(RetireHallResponse { position })
    }
}

impl Mutation for RetireDeviceRequest {
    const METHOD: &'static str = "hall.venue.v1.VenueService/RetireDevice";
    type Response = RetireDeviceResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::RetireDevice {
            device_id: fields.id("device_id", &self.device_id),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(RetireDeviceResponse { position })
    }
}

impl Mutation for ChangeTableRequest {
    const METHOD: &'static str = "hall.venue.v1.VenueService/ChangeTable";
    type Response = ChangeTableResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        let light = light(fields, &self);
        let tariff_plan_id = match self.tariff_plan_id.as_str() {
            "" => None,
            id => Some(fields.id::<TariffPlanId>("tariff_plan_id", id)),
        };
        Command::ChangeTable {
            table_id: fields.id("table_id", &self.table_id),
            change: TableChange {
                class: new_class(fields, self.table_class),
                label: self.label.map(|label| fields.text("label", label, LABEL_CHARS_MAX)),
                tariff_plan_id,
                light,
            },
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(ChangeTableResponse { position })
    }
}

impl Mutation for RotateQrTokenRequest {
    const METHOD: &'static str = "hall.venue.v1.VenueService/RotateQrToken";
    type Response = RotateQrTokenResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::RotateQrToken {
            table_id: fields.id("table_id", &self.table_id),
            qr_token: qr_token(),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        let Reply::QrTokenRotated { qr_token } = reply else {
            return None;
        };
        Some(RotateQrTokenResponse { qr_token, position })
    }
}

impl Mutation for RetireTableRequest {
    const METHOD: &'static str = "hall.venue.v1.VenueService/RetireTable";
    type Response = RetireTableResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::RetireTable {
            table_id: fields.id("table_id", &self.table_id),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(RetireTableResponse { position })
    }
}

/// A class that is named, or none if it is left open.
fn new_class(fields: &mut Fields, number: i32) -> Option<TableClass> {
    match v1::TableClass::try_from(number) {
        Ok(v1::TableClass::Unspecified) => None,
        Ok(named) => class(named),
        Err(_) => Some(fields.choice("table_class", None, TableClass::default())),
    }
}

/// Device and output go together.
fn light(fields: &mut Fields, sent: &ChangeTableRequest) -> Option<LightChannel> {
    if sent.light_device_id.is_empty() && sent.light_channel == 0 {
        return None;
    }
    Some(LightChannel {
        device_id: fields.id("light_device_id", &sent.light_device_id),
        channel: fields.uint("light_channel", sent.light_channel, 1..=CHANNELS_MAX),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn codes_are_long_plain_and_never_twice_the_same() {
        let tokens: HashSet<_> = std::iter::repeat_with(qr_token).take(1_000).collect();
        assert_eq!(tokens.len(), 1_000);
        let plain = |token: &String| token.len() == QR_TOKEN_CHARS && token.bytes().all(|b| QR_ALPHABET.contains(&b));
        assert!(tokens.iter().all(plain));
        let letters: HashSet<_> = tokens.iter().flat_map(|token| token.bytes()).collect();
        assert_eq!(letters.len(), QR_ALPHABET.len(), "every letter is used");
    }
}
