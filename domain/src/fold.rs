//! Any aggregate folded from its stored events: for auditors, who ask what it was.

use cqrs_es::Aggregate;
use serde_json::Value;

use crate::calendar::Calendar;
use crate::chain::Chain;
use crate::compensation::Compensation;
use crate::complaint::Complaint;
use crate::device::Device;
use crate::gift::Gift;
use crate::hall::Hall;
use crate::identity::Identity;
use crate::journal::Journal;
use crate::member::Member;
use crate::payment::Payment;
use crate::points_account::PointsAccount;
use crate::reconciliation::Reconciliation;
use crate::redemption::Redemption;
use crate::refund::Refund;
use crate::repair::Repair;
use crate::session::TableSession;
use crate::split::BillSplit;
use crate::staff::Staff;
use crate::table::Table;
use crate::tariff::TariffPlan;
use crate::wallet::Wallet;

/// An aggregate's state while its events are taken in.
pub trait Fold: Send {
    /// Takes in the next event, as it is stored.
    ///
    /// # Errors
    /// No known version of the aggregate's events reads so.
    fn apply(&mut self, payload: &str) -> Result<(), serde_json::Error>;

    /// The state after all that was taken in.
    ///
    /// # Errors
    /// It is not JSON; never so for the aggregates that there are.
    fn state(&self) -> Result<Value, serde_json::Error>;
}

impl<A: Aggregate> Fold for A {
    fn apply(&mut self, payload: &str) -> Result<(), serde_json::Error> {
        Aggregate::apply(self, serde_json::from_str(payload)?);
        Ok(())
    }

    fn state(&self) -> Result<Value, serde_json::Error> {
        serde_json::to_value(self)
    }
}

/// An aggregate of this type before its first event; `None` if there are none of that type.
pub fn begin(aggregate_type: &str) -> Option<Box<dyn Fold>> {
    Some(match aggregate_type {
        "Calendar" => Box::new(Calendar::default()),
        "Chain" => Box::new(Chain::default()),
        "Compensation" => Box::new(Compensation::default()),
        "Complaint" => Box::new(Complaint::default()),
        "Device" => Box::new(Device::default()),
        "Gift" => Box::new(Gift::default()),
        "Hall" => Box::new(Hall::default()),
        "Identity" => Box::new(Identity::default()),
        "Journal" => Box::new(Journal::default()),
        "Member" => Box::new(Member::default()),
        "Payment" => Box::new(Payment::default()),
        "PointsAccount" => Box::new(PointsAccount::default()),
        "Reconciliation" => Box::new(Reconciliation::default()),
        "Redemption" => Box::new(Redemption::default()),
        "BillSplit" => Box::new(BillSplit::default()),
        "Refund" => Box::new(Refund::default()),
        "Repair" => Box::new(Repair::default()),
        "Staff" => Box::new(Staff::default()),
        "Table" => Box::new(Table::default()),
        "TableSession" => Box::new(TableSession::default()),
        "TariffPlan" => Box::new(TariffPlan::default()),
        "Wallet" => Box::new(Wallet::default()),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_aggregate_has_a_state() {
        for (aggregate_type, _) in crate::event::CATALOGUE {
            let fold = begin(aggregate_type);
            fold.expect(aggregate_type).state().expect("JSON");
        }
        assert!(begin("Cue").is_none());
    }

    #[test]
    fn an_event_that_cannot_be_read_is_not_passed_over() {
        let mut wallet = begin("Wallet").expect("wallets");
        assert!(wallet.apply(r#"{"Melted":{}}"#).is_err());
    }
}
