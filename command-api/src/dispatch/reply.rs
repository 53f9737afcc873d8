//! What a command is answered: kept with its events, so that a repeated request gets the same answer.

use baize_domain::ids::{
    CalendarId, ChainId, CompensationId, ComplaintId, DeviceId, DisplayId, GiftId, HallId, MemberId, PaymentIntentId,
    RedemptionId, RefundId, RepairId, SessionId, SplitId, TableId, TariffPlanId, TopUpId,
};
use baize_domain::session::{Bill, GoodsLine};
use baize_domain::{Fen, Refusal};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The answer to an accepted command, without its position, which is known only afterwards.
///
/// Stored answers are read again for as long as clients repeat requests: only ever add variants and optional fields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "fields are named as in the messages that they become")]
pub enum Reply {
    /// There is nothing to tell but that it is done.
    Done,
    /// To `RegisterChain`.
    ChainRegistered { chain_id: ChainId },
    /// To `DefineLevels`.
    LevelsDefined { version: u32 },
    /// To `RegisterHall`.
    HallRegistered { hall_id: HallId },
    /// To `IssueDisplayLink`.
    DisplayLinkIssued {
        display_id: DisplayId,
        expires_at: Timestamp,
    },
    /// To `PublishTariff`.
    TariffPublished { plan_id: TariffPlanId, version: u32 },
    /// To `PublishCalendarYear`.
    CalendarPublished { calendar_id: CalendarId },
    /// To `RegisterDevice`.
    DeviceRegistered { device_id: DeviceId },
    /// To `RegisterTable`.
    TableRegistered { table_id: TableId, qr_token: String },
    /// To `RegisterMember` and `StartGuest`.
    MemberRegistered { member_id: MemberId },
    /// To `LogIn`; `phone_noted` tells whether the phone number of the request was taken in.
    LoggedIn {
        member_id: MemberId,
        is_new: bool,
        phone_noted: bool,
    },
    /// To `RotateQrToken`.
    QrTokenRotated { qr_token: String },
    /// To `CreditTopUp`.
    ToppedUp {
        top_up_id: TopUpId,
        balance: Fen,
        available: Fen,
    },
    /// To `OpenTable`.
    Opened {
        session_id: SessionId,
        opened_at: Timestamp,
        secured: Fen,
        secured_until: Timestamp,
    },
    /// To `OpenTable`, if it waits for its payment.
    Awaited {
        session_id: SessionId,
        due: Fen,
        shortfall: Fen,
        pay_by: Timestamp,
    },
    /// To `ExtendSession` and `TransferSession`.
    Extended { secured_until: Timestamp, amount: Fen },
    /// To `PauseSession` and `ResumeSession`.
    Clock {
        paused_until: Option<Timestamp>,
        secured_until: Timestamp,
    },
    /// To `StartPayment`, `TryPayment`: the attempt that its payer can expect to be presented.
    PaymentStarted {
        intent_id: PaymentIntentId,
        attempt: u8,
        amount: Fen,
        bonus: Fen,
        expires_at: Timestamp,
    },
    /// To `RequestPrincipalRefund`.
    RefundsRequested {
        refunds: Vec<RequestedRefund>,
        needs_approval: bool,
    },
    /// To `AddGoods`, `OrderGoods` and `RemoveGoods`: what is on the bill now.
    Goods { goods: Vec<GoodsLine>, total: Fen },
    /// To `ListGoods`.
    GoodsListed { version: u32 },
    /// To `CompensateSession`.
    Compensated {
        compensation_id: CompensationId,
        needs_approval: bool,
    },
    /// To `FileComplaint`.
    ComplaintFiled { complaint_id: ComplaintId },
    /// To `AnswerComplaint`.
    ComplaintAnswered {
        compensation_id: Option<CompensationId>,
        needs_approval: bool,
    },
    /// To `PayBill`.
    BillPaid { paid: Fen },
    /// To `ReversePoints`.
    Points { points: u64, owed: u64 },
    /// To `RegisterGift`.
    GiftRegistered { gift_id: GiftId },
    /// To `ReceiveStock`, `CountStock`, `ChangeGift` and `RetireGift`.
    Stock { available: u64 },
    /// To `RedeemGift`.
    GiftRedeemed {
        redemption_id: RedemptionId,
        pick_up_code: String,
        points: u64,
    },
    /// To `StartSplit`: amount and token of each share.
    SplitStarted {
        split_id: SplitId,
        shares: Vec<(Fen, String)>,
        confirm_by: Timestamp,
    },
    /// To `ConfirmShare`.
    ShareConfirmed {
        split_id: SplitId,
        ordinal: u8,
        amount: Fen,
        charging: bool,
    },
    /// To `ReportFault`.
    RepairOpened { repair_id: RepairId },
    /// To `CloseSession`.
    Closed { closed_at: Timestamp, bill: Bill },
}

/// A part of a refund that goes back to one order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "fields are named as in the message that they become")]
pub struct RequestedRefund {
    pub refund_id: RefundId,
    pub intent_id: PaymentIntentId,
    pub amount: Fen,
}

/// A result as it is stored: a refusal is an answer like any other.
#[derive(Debug, Serialize, Deserialize)]
pub enum Stored {
    /// The command was accepted.
    Accepted(Reply),
    /// A rule refused it.
    Refused(Box<Refusal>),
}
