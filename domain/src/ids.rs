//! Identities. Aggregates carry UUIDv7 (sorted by birth), effects UUIDv5 (repeatable), requests UUIDv4.
//! Each kind is its own type, so a table can never be passed where a session is meant.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::money::Fen;
use crate::payment::{Channel, OrderNo};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::from_str(text).map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
    )+};
}

ids! {
    /// A chain: the company that runs halls; its members are known in all of them.
    ChainId,
    /// A hall: one address, one time zone, one set of policies.
    HallId,
    /// A billiard table.
    TableId,
    /// A tariff plan; its published versions share the id.
    TariffPlanId,
    /// A calendar of holidays; its years share the id.
    CalendarId,
    /// One game at one table, from opening to settlement.
    SessionId,
    /// A person who plays; also the id of the person's wallet.
    MemberId,
    /// An openid or a phone number: a keyed hash of it, so that the number itself is nowhere in the log.
    IdentityId,
    /// A relay, lock or speaker in a hall.
    DeviceId,
    /// A wall screen's link: what it shows, it shows to whoever has the link.
    DisplayId,
    /// Money set aside in a wallet for one session.
    HoldId,
    /// One top-up of a wallet.
    TopUpId,
    /// Something to be paid through a provider.
    PaymentIntentId,
    /// Money that goes back through a provider.
    RefundId,
    /// What the staff give back for a session.
    CompensationId,
    /// What a customer is not content with.
    ComplaintId,
    /// A person's roles in one chain.
    StaffId,
    /// One balanced transaction of the journal.
    TransactionId,
    /// One payment that earns points.
    EarningId,
    /// Something that points are given for.
    GiftId,
    /// A piece of a gift that somebody gave points for.
    RedemptionId,
    /// The splitting of one bill.
    SplitId,
    /// One person's share of a split bill.
    ShareId,
    /// The comparison of a provider's bill of one day with our books.
    ReconciliationId,
    /// A table that has to be repaired, from the fault to the test that it passed.
    RepairId,
}

/// Namespace of all ids derived by [`derived`].
const NAMESPACE: Uuid = Uuid::from_u128(0xba12_e000_0000_5000_8000_0000_0000_0001);

/// The repair of a light that has been faulty since that instant.
pub fn fault_repair(table_id: TableId, since: Timestamp) -> RepairId {
    RepairId(derived(&["fault-repair", &table_id.to_string(), &since.to_string()]))
}

/// The repair of a light that did not come on for a session.
pub fn opening_repair(session_id: SessionId) -> RepairId {
    RepairId(derived(&["opening-repair", &session_id.to_string()]))
}

/// The bonus for a session that ended by a fault.
pub fn goodwill_top_up(session_id: SessionId) -> TopUpId {
    TopUpId(derived(&["goodwill", &session_id.to_string()]))
}

/// A person's roles in a chain.
pub fn staff_id(member_id: MemberId, chain_id: ChainId) -> StaffId {
    StaffId(derived(&["staff", &member_id.to_string(), &chain_id.to_string()]))
}

/// The hold that secures a postpaid session.
pub fn session_hold(session_id: SessionId) -> HoldId {
    HoldId(derived(&["hold", &session_id.to_string()]))
}

/// The posting of a top-up.
pub fn top_up_transaction(top_up_id: TopUpId) -> TransactionId {
    TransactionId(derived(&["top-up", &top_up_id.to_string()]))
}

/// The posting of a session's `ordinal`-th purchase of prepaid time, counted from 0.
pub fn prepaid_transaction(session_id: SessionId, ordinal: usize) -> TransactionId {
    TransactionId(derived(&["prepaid", &session_id.to_string(), &ordinal.to_string()]))
}

/// The posting that pays a session's prepaid time back.
pub fn prepaid_refund_transaction(session_id: SessionId) -> TransactionId {
    TransactionId(derived(&["prepaid-refund", &session_id.to_string()]))
}

/// The posting of a session's settlement.
pub fn settlement_transaction(session_id: SessionId) -> TransactionId {
    TransactionId(derived(&["settlement", &session_id.to_string()]))
}

/// The posting by which a top-up pays what a session left open.
pub fn debt_transaction(session_id: SessionId, top_up_id: TopUpId) -> TransactionId {
    TransactionId(derived(&["debt", &session_id.to_string(), &top_up_id.to_string()]))
}

/// The posting by which a member pays what a session left open.
pub fn bill_payment_transaction(session_id: SessionId) -> TransactionId {
    TransactionId(derived(&["bill-payment", &session_id.to_string()]))
}

/// The posting by which a merged guest's wallet is emptied.
pub fn handed_over_transaction(guest_id: MemberId) -> TransactionId {
    TransactionId(derived(&["wallet-handed-over", &guest_id.to_string()]))
}

/// The posting by which a member's wallet takes in what was a merged guest's.
pub fn taken_over_transaction(guest_id: MemberId) -> TransactionId {
    TransactionId(derived(&["wallet-taken-over", &guest_id.to_string()]))
}

/// Stands for what came from a merged guest's wallet where a top-up's id tells postings of one debt apart.
pub fn taken_over_credit(guest_id: MemberId) -> TopUpId {
    TopUpId(derived(&["wallet-taken-over", &guest_id.to_string()]))
}

/// Stands for what came back from a rejected refund where a top-up's id tells postings of one debt apart.
pub fn refund_credit(refund_id: RefundId) -> TopUpId {
    TopUpId(derived(&["refund-rejected", &refund_id.to_string()]))
}

/// The points of what a session's settlement took.
pub fn settlement_earning(session_id: SessionId) -> EarningId {
    EarningId(derived(&["settlement-earning", &session_id.to_string()]))
}

/// The points of what was taken for the goods of a prepaid session.
pub fn goods_earning(session_id: SessionId) -> EarningId {
    EarningId(derived(&["goods-earning", &session_id.to_string()]))
}

/// The points of a payment of what a session left open, told from others by what it leaves open.
pub fn debt_earning(session_id: SessionId, outstanding: Fen) -> EarningId {
    EarningId(derived(&[
        "debt-earning",
        &session_id.to_string(),
        &outstanding.0.to_string(),
    ]))
}

/// The lot of what an order brought in.
pub fn order_top_up(order_no: OrderNo) -> TopUpId {
    TopUpId(derived(&["order-lot", &order_no.to_string()]))
}

/// The posting of what an order brought in.
pub fn order_transaction(order_no: OrderNo) -> TransactionId {
    TransactionId(derived(&["order", &order_no.to_string()]))
}

/// The posting by which somebody decided what is done with what an order brought in.
pub fn order_resolved_transaction(order_no: OrderNo) -> TransactionId {
    TransactionId(derived(&["order-resolved", &order_no.to_string()]))
}

/// The refund of an order that could not be served.
pub fn order_refund(order_no: OrderNo) -> RefundId {
    RefundId(derived(&["order-refund", &order_no.to_string()]))
}

/// The refund that takes the place of one that was closed.
pub fn replacement_refund(refund_id: RefundId) -> RefundId {
    RefundId(derived(&["replacement", &refund_id.to_string()]))
}

/// The refund of a part of what an order brought in, by whoever asked for it.
pub fn principal_refund(request_id: Uuid, order_no: OrderNo) -> RefundId {
    RefundId(derived(&[
        "principal-refund",
        &request_id.to_string(),
        &order_no.to_string(),
    ]))
}

/// The posting of a refund that was rejected.
pub fn refund_rejected_transaction(refund_id: RefundId) -> TransactionId {
    TransactionId(derived(&["refund-rejected", &refund_id.to_string()]))
}

/// The posting of a refund that somebody asked for.
pub fn refund_asked_transaction(refund_id: RefundId) -> TransactionId {
    TransactionId(derived(&["refund-asked", &refund_id.to_string()]))
}

/// The posting of a refund that arrived through its provider.
pub fn refund_transaction(refund_id: RefundId) -> TransactionId {
    TransactionId(derived(&["refund", &refund_id.to_string()]))
}

/// The lot that a compensation makes in the wallet.
pub fn compensation_top_up(compensation_id: CompensationId) -> TopUpId {
    TopUpId(derived(&["compensation-lot", &compensation_id.to_string()]))
}

/// The complaint about a session: a session has one.
pub fn session_complaint(session_id: SessionId) -> ComplaintId {
    ComplaintId(derived(&["session-complaint", &session_id.to_string()]))
}

/// A person's complaint about a hall on one of its business days, which has one.
pub fn hall_complaint(hall_id: HallId, member_id: MemberId, date: Date) -> ComplaintId {
    ComplaintId(derived(&[
        "hall-complaint",
        &hall_id.to_string(),
        &member_id.to_string(),
        &date.to_string(),
    ]))
}

/// What is given back with the answer of that number to a complaint.
pub fn complaint_compensation(complaint_id: ComplaintId, answer: usize) -> CompensationId {
    CompensationId(derived(&[
        "complaint-compensation",
        &complaint_id.to_string(),
        &answer.to_string(),
    ]))
}

/// The posting of a compensation.
pub fn compensation_transaction(compensation_id: CompensationId) -> TransactionId {
    TransactionId(derived(&["compensation", &compensation_id.to_string()]))
}

/// The posting of a refund that was settled by hand.
pub fn refund_by_hand_transaction(refund_id: RefundId) -> TransactionId {
    TransactionId(derived(&["refund-by-hand", &refund_id.to_string()]))
}

/// The splitting of a session's bill: a bill has one.
pub fn session_split(session_id: SessionId) -> SplitId {
    SplitId(derived(&["split", &session_id.to_string()]))
}

/// A share of a split, as it was cut in that round.
pub fn split_share(split_id: SplitId, round: u32, ordinal: u8) -> ShareId {
    ShareId(derived(&[
        "share",
        &split_id.to_string(),
        &round.to_string(),
        &ordinal.to_string(),
    ]))
}

/// The posting by which a share is set aside.
pub fn share_charged_transaction(share_id: ShareId) -> TransactionId {
    TransactionId(derived(&["share-charged", &share_id.to_string()]))
}

/// The posting by which a share that was set aside goes where it belongs: to the opener, or back.
pub fn share_moved_transaction(share_id: ShareId) -> TransactionId {
    TransactionId(derived(&["share-moved", &share_id.to_string()]))
}

/// The lot of a share in the wallet of whose bill it was.
pub fn share_top_up(share_id: ShareId) -> TopUpId {
    TopUpId(derived(&["share-lot", &share_id.to_string()]))
}

/// The reconciliation of a provider's bill of a day.
pub fn reconciliation_id(channel: Channel, date: Date) -> ReconciliationId {
    ReconciliationId(derived(&["reconciliation", channel.code(), &date.to_string()]))
}

/// The posting of what a provider keeps of a day, as the `run`-th comparison found it.
pub fn provider_fees_transaction(reconciliation_id: ReconciliationId, run: u32) -> TransactionId {
    TransactionId(derived(&[
        "provider-fees",
        &reconciliation_id.to_string(),
        &run.to_string(),
    ]))
}

/// The UUIDv5 of `parts`: the same parts give the same id for ever, so a repeated effect is recognised.
pub fn derived(parts: &[&str]) -> Uuid {
    Uuid::new_v5(&NAMESPACE, parts.join("\u{1f}").as_bytes())
}
