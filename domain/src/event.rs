//! Every event of the system, for those who follow the whole log: projectors, process managers, the bridge, auditors.

use serde::Serialize;
use serde::de::Error as _;

use crate::device::DeviceEvent;
use crate::hall::HallEvent;
use crate::journal::JournalEvent;
use crate::session::TableSessionEvent;
use crate::table::TableEvent;
use crate::tariff::TariffPlanEvent;
use crate::wallet::WalletEvent;

/// An event of any aggregate.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
#[allow(missing_docs, reason = "each variant is one aggregate's events")]
pub enum Event {
    Hall(HallEvent),
    Table(TableEvent),
    TariffPlan(TariffPlanEvent),
    TableSession(TableSessionEvent),
    Wallet(WalletEvent),
    Device(DeviceEvent),
    Journal(JournalEvent),
}

impl Event {
    /// Reads the stored payload of an event of `aggregate_type`.
    ///
    /// # Errors
    /// An unknown aggregate type, or a payload that no known version of its events can read.
    pub fn decode(aggregate_type: &str, payload: &str) -> Result<Self, serde_json::Error> {
        Ok(match aggregate_type {
            "Hall" => Self::Hall(serde_json::from_str(payload)?),
            "Table" => Self::Table(serde_json::from_str(payload)?),
            "TariffPlan" => Self::TariffPlan(serde_json::from_str(payload)?),
            "TableSession" => Self::TableSession(serde_json::from_str(payload)?),
            "Wallet" => Self::Wallet(serde_json::from_str(payload)?),
            "Device" => Self::Device(serde_json::from_str(payload)?),
            "Journal" => Self::Journal(serde_json::from_str(payload)?),
            other => return Err(serde_json::Error::custom(format!("unknown aggregate type {other:?}"))),
        })
    }
}
