//! What a unit of work writes.

use crate::device::DeviceEvent;
use crate::ids::TransactionId;
use crate::journal::JournalEvent;
use crate::repair::RepairEvent;
use crate::session::TableSessionEvent;
use crate::table::TableEvent;
use crate::wallet::WalletEvent;

/// The events of a unit, by the aggregates that its input named. Nothing at all means that it was so already.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// For the table.
    pub table: Vec<TableEvent>,
    /// For the table that a session moves to.
    pub to_table: Vec<TableEvent>,
    /// For the session.
    pub session: Vec<TableSessionEvent>,
    /// For the member's wallet.
    pub wallet: Vec<WalletEvent>,
    /// For the device with the table's light.
    pub device: Vec<DeviceEvent>,
    /// For the device with the light of the table that a session moves to, if it is another.
    pub to_device: Vec<DeviceEvent>,
    /// For the stream of a repair, which the first event names if it is new.
    pub repair: Vec<RepairEvent>,
    /// For new streams of the journal, one per transaction.
    pub journal: Vec<(TransactionId, Vec<JournalEvent>)>,
}

impl Changes {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
            && self.to_table.is_empty()
            && self.to_device.is_empty()
            && self.session.is_empty()
            && self.wallet.is_empty()
            && self.device.is_empty()
            && self.repair.is_empty()
            && self.journal.is_empty()
    }
}
