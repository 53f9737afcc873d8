//! JSON Schemas (draft 2020-12) of all events, made from the types themselves: what a follower of the log can rely on.
//!
//! An event is an object with one field, named as its type, as in the samples of the catalogue.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};

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

/// The schema of each aggregate's events, by aggregate type.
pub fn event_schemas() -> Vec<(&'static str, Schema)> {
    vec![
        ("BillSplit", of::<SplitEvent>()),
        ("Calendar", of::<CalendarEvent>()),
        ("Chain", of::<ChainEvent>()),
        ("Compensation", of::<CompensationEvent>()),
        ("Complaint", of::<ComplaintEvent>()),
        ("Device", of::<DeviceEvent>()),
        ("Gift", of::<GiftEvent>()),
        ("Hall", of::<HallEvent>()),
        ("Identity", of::<IdentityEvent>()),
        ("Journal", of::<JournalEvent>()),
        ("Member", of::<MemberEvent>()),
        ("Payment", of::<PaymentEvent>()),
        ("PointsAccount", of::<PointsAccountEvent>()),
        ("Reconciliation", of::<ReconciliationEvent>()),
        ("Redemption", of::<RedemptionEvent>()),
        ("Refund", of::<RefundEvent>()),
        ("Repair", of::<RepairEvent>()),
        ("Staff", of::<StaffEvent>()),
        ("Table", of::<TableEvent>()),
        ("TableSession", of::<TableSessionEvent>()),
        ("TariffPlan", of::<TariffPlanEvent>()),
        ("Wallet", of::<WalletEvent>()),
    ]
}

/// As it is written, not as it may be read: what older versions left out is there.
fn of<E: JsonSchema>() -> Schema {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    settings.into_generator().into_root_schema_for::<E>()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::event::CATALOGUE;

    #[test]
    fn every_event_of_the_catalogue_has_its_schema_and_no_other() {
        let schemas = event_schemas();
        let aggregates: BTreeSet<_> = schemas.iter().map(|(aggregate, _)| *aggregate).collect();
        assert_eq!(aggregates, CATALOGUE.iter().map(|(aggregate, _)| *aggregate).collect());
        for (aggregate, schema) in schemas {
            let known = CATALOGUE.iter().find(|(known, _)| *known == aggregate);
            let types: BTreeSet<_> = known.into_iter().flat_map(|(_, types)| types.iter().copied()).collect();
            let variants = schema
                .get("oneOf")
                .and_then(serde_json::Value::as_array)
                .expect("one of several");
            let told = variants.iter().filter_map(|variant| variant["required"][0].as_str());
            assert_eq!(told.collect::<BTreeSet<_>>(), types, "{aggregate}");
        }
    }
}
