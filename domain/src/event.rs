//! Every event of the system, for those who follow the whole log: projectors, process managers, the bridge, auditors.

use serde::Serialize;
use serde::de::Error as _;

use crate::calendar::CalendarEvent;
use crate::chain::ChainEvent;
use crate::compensation::CompensationEvent;
use crate::complaint::ComplaintEvent;
use crate::device::DeviceEvent;
use crate::gift::GiftEvent;
use crate::hall::HallEvent;
use crate::identity::IdentityEvent;
use crate::journal::JournalEvent;
use crate::member::MemberEvent;
use crate::payment::PaymentEvent;
use crate::points_account::PointsAccountEvent;
use crate::reconciliation::ReconciliationEvent;
use crate::redemption::RedemptionEvent;
use crate::refund::RefundEvent;
use crate::repair::RepairEvent;
use crate::session::TableSessionEvent;
use crate::split::SplitEvent;
use crate::staff::StaffEvent;
use crate::table::TableEvent;
use crate::tariff::TariffPlanEvent;
use crate::wallet::WalletEvent;

/// Names an aggregate's events for the log. The `match` without a wildcard makes a forgotten variant a compile error.
macro_rules! domain_events {
    ($events:ident: $($variant:ident),+ $(,)?) => {
        impl $events {
            /// The types of all events of this aggregate.
            pub const TYPES: &'static [&'static str] = &[$(stringify!($variant)),+];

            /// The event's type: its variant's name.
            pub const fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => stringify!($variant)),+
                }
            }
        }

        impl cqrs_es::DomainEvent for $events {
            fn event_type(&self) -> String {
                self.name().to_owned()
            }

            fn event_version(&self) -> String {
                crate::event::VERSION.to_owned()
            }
        }
    };
}
pub(crate) use domain_events;

/// The version of every event type so far.
pub const VERSION: &str = "1.0.0";

/// The types of all events, by aggregate type.
pub const CATALOGUE: &[(&str, &[&str])] = &[
    ("Chain", ChainEvent::TYPES),
    ("Calendar", CalendarEvent::TYPES),
    ("Hall", HallEvent::TYPES),
    ("Table", TableEvent::TYPES),
    ("TariffPlan", TariffPlanEvent::TYPES),
    ("TableSession", TableSessionEvent::TYPES),
    ("Member", MemberEvent::TYPES),
    ("Identity", IdentityEvent::TYPES),
    ("Wallet", WalletEvent::TYPES),
    ("Device", DeviceEvent::TYPES),
    ("Journal", JournalEvent::TYPES),
    ("Staff", StaffEvent::TYPES),
    ("PointsAccount", PointsAccountEvent::TYPES),
    ("Payment", PaymentEvent::TYPES),
    ("Refund", RefundEvent::TYPES),
    ("Gift", GiftEvent::TYPES),
    ("Redemption", RedemptionEvent::TYPES),
    ("BillSplit", SplitEvent::TYPES),
    ("Reconciliation", ReconciliationEvent::TYPES),
    ("Repair", RepairEvent::TYPES),
    ("Compensation", CompensationEvent::TYPES),
    ("Complaint", ComplaintEvent::TYPES),
];

/// An event of any aggregate.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
#[allow(missing_docs, reason = "each variant is one aggregate's events")]
pub enum Event {
    Chain(ChainEvent),
    Calendar(CalendarEvent),
    Hall(HallEvent),
    Table(TableEvent),
    TariffPlan(TariffPlanEvent),
    TableSession(TableSessionEvent),
    Member(MemberEvent),
    Identity(IdentityEvent),
    Wallet(WalletEvent),
    Device(DeviceEvent),
    Journal(JournalEvent),
    Staff(StaffEvent),
    PointsAccount(PointsAccountEvent),
    Payment(PaymentEvent),
    Refund(RefundEvent),
    Gift(GiftEvent),
    Redemption(RedemptionEvent),
    BillSplit(SplitEvent),
    Reconciliation(ReconciliationEvent),
    Repair(RepairEvent),
    Compensation(CompensationEvent),
    Complaint(ComplaintEvent),
}

impl Event {
    /// Reads the stored payload of an event of `aggregate_type`.
    ///
    /// # Errors
    /// An unknown aggregate type, or a payload that no known version of its events can read.
    pub fn decode(aggregate_type: &str, payload: &str) -> Result<Self, serde_json::Error> {
        Ok(match aggregate_type {
            "Chain" => Self::Chain(serde_json::from_str(payload)?),
            "Calendar" => Self::Calendar(serde_json::from_str(payload)?),
            "Hall" => Self::Hall(serde_json::from_str(payload)?),
            "Table" => Self::Table(serde_json::from_str(payload)?),
            "TariffPlan" => Self::TariffPlan(serde_json::from_str(payload)?),
            "TableSession" => Self::TableSession(serde_json::from_str(payload)?),
            "Member" => Self::Member(serde_json::from_str(payload)?),
            "Identity" => Self::Identity(serde_json::from_str(payload)?),
            "Wallet" => Self::Wallet(serde_json::from_str(payload)?),
            "Device" => Self::Device(serde_json::from_str(payload)?),
            "Journal" => Self::Journal(serde_json::from_str(payload)?),
            "Staff" => Self::Staff(serde_json::from_str(payload)?),
            "PointsAccount" => Self::PointsAccount(serde_json::from_str(payload)?),
            "Payment" => Self::Payment(serde_json::from_str(payload)?),
            "Refund" => Self::Refund(serde_json::from_str(payload)?),
            "Gift" => Self::Gift(serde_json::from_str(payload)?),
            "Redemption" => Self::Redemption(serde_json::from_str(payload)?),
            "BillSplit" => Self::BillSplit(serde_json::from_str(payload)?),
            "Reconciliation" => Self::Reconciliation(serde_json::from_str(payload)?),
            "Repair" => Self::Repair(serde_json::from_str(payload)?),
            "Compensation" => Self::Compensation(serde_json::from_str(payload)?),
            "Complaint" => Self::Complaint(serde_json::from_str(payload)?),
            other => {
                return Err(serde_json::Error::custom(format!("unknown aggregate type {other:?}")));
            }
        })
    }
    /// The type of the aggregate whose stream it is in.
    pub const fn aggregate_type(&self) -> &'static str {
        match self {
            Self::Chain(_) => "Chain",
            Self::Calendar(_) => "Calendar",
            Self::Hall(_) => "Hall",
            Self::Table(_) => "Table",
            Self::TariffPlan(_) => "TariffPlan",
            Self::TableSession(_) => "TableSession",
            Self::Member(_) => "Member",
            Self::Identity(_) => "Identity",
            Self::Wallet(_) => "Wallet",
            Self::Device(_) => "Device",
            Self::Journal(_) => "Journal",
            Self::Staff(_) => "Staff",
            Self::PointsAccount(_) => "PointsAccount",
            Self::Payment(_) => "Payment",
            Self::Refund(_) => "Refund",
            Self::Gift(_) => "Gift",
            Self::Redemption(_) => "Redemption",
            Self::BillSplit(_) => "BillSplit",
            Self::Reconciliation(_) => "Reconciliation",
            Self::Repair(_) => "Repair",
            Self::Compensation(_) => "Compensation",
            Self::Complaint(_) => "Complaint",
        }
    }

    /// The event's type: its variant's name.
    pub const fn event_type(&self) -> &'static str {
        match self {
            Self::Chain(event) => event.name(),
            Self::Calendar(event) => event.name(),
            Self::Hall(event) => event.name(),
            Self::Table(event) => event.name(),
            Self::TariffPlan(event) => event.name(),
            Self::TableSession(event) => event.name(),
            Self::Member(event) => event.name(),
            Self::Identity(event) => event.name(),
            Self::Wallet(event) => event.name(),
            Self::Device(event) => event.name(),
            Self::Journal(event) => event.name(),
            Self::Staff(event) => event.name(),
            Self::PointsAccount(event) => event.name(),
            Self::Payment(event) => event.name(),
            Self::Refund(event) => event.name(),
            Self::Gift(event) => event.name(),
            Self::Redemption(event) => event.name(),
            Self::BillSplit(event) => event.name(),
            Self::Reconciliation(event) => event.name(),
            Self::Repair(event) => event.name(),
            Self::Compensation(event) => event.name(),
            Self::Complaint(event) => event.name(),
        }
    }
}
