//! Every command of the system. gRPC requests, process managers, timers and devices all end up here: one door.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::calendar::CalendarYear;
use crate::chain::{Level, LevelPolicy};
use crate::complaint::{Category, Grievance};
use crate::device::{Driver, FailureKind, LightChannel};
use crate::gift::GiftContent;
use crate::hall::{Goods, HallChange, HallPolicy};
use crate::ids::{
    CalendarId, ChainId, CompensationId, ComplaintId, DeviceId, DisplayId, EarningId, GiftId, HallId, MemberId,
    PaymentIntentId, ReconciliationId, RedemptionId, RefundId, RepairId, SessionId, SplitId, TableId, TariffPlanId,
    TopUpId,
};
use crate::level::LevelCode;
use crate::member::{MessageChannel, MessageKind, MessageNote, PaymentMethod};
use crate::money::Fen;
use crate::payment::{
    Channel, OrderNo, OrderOutcome, PaymentPolicy, PaymentResolution, Presentation, RefundNo, TopUpTier, Wanted,
};
use crate::personal::{Identifier, Sealed};
use crate::points_account::PointsPolicy;
use crate::reconciliation::{Closing, Comparison};
use crate::refund::{RefundOutcome, RefundResolution};
use crate::session::{BillingStartCause, CancelReason, CloseCause, LapseReason, ResumeCause, Warning};
use crate::split::Division;
use crate::staff::StaffRole;
use crate::table::{TableChange, TableClass};
use crate::tariff::Tariff;
use crate::wallet::{Split, TopUpChannel};

/// How a customer wants to pay for play.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum OpenMode {
    /// At the end, secured by a hold on the wallet.
    Postpaid,
    /// At the end, from a set sum that is secured first (押金); what is not played goes back.
    Deposit,
    /// Before, for a number of minutes.
    Prepaid {
        /// 1–1440.
        minutes: u32,
    },
    /// Before, as a package that the table's tariff has on offer.
    Package {
        /// Its code in the tariff.
        code: String,
    },
}

/// A command. The instant at which it is decided comes beside it, from the clock of the process that decides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(
    missing_docs,
    reason = "fields are named as in the events that they lead to, where they are documented"
)]
pub enum Command {
    /// Set up a chain.
    RegisterChain { chain_id: ChainId, name: String },
    /// Give a chain another name.
    RenameChain { chain_id: ChainId, name: String },
    /// Say which levels a chain's customers can have, and what each takes off.
    DefineLevels {
        chain_id: ChainId,
        levels: Vec<Level>,
        policy: LevelPolicy,
    },
    /// Change how a chain gives points.
    ChangePointsPolicy { chain_id: ChainId, policy: PointsPolicy },
    /// Set up a hall.
    RegisterHall {
        hall_id: HallId,
        chain_id: ChainId,
        name: String,
        time_zone: String,
        business_day_cutoff_minutes: u16,
        policy: HallPolicy,
    },
    /// Change a hall's limits and delays.
    ChangeHallPolicy { hall_id: HallId, policy: HallPolicy },
    /// Change a hall's name, time zone and business day.
    ChangeHall { hall_id: HallId, change: HallChange },
    /// Say what a hall sells beside play.
    ListGoods { hall_id: HallId, goods: Vec<Goods> },
    /// Make a link that shows a hall's wall screen.
    IssueDisplayLink {
        hall_id: HallId,
        display_id: DisplayId,
        label: String,
        days: u16,
    },
    /// Let a link to a wall screen show nothing any more.
    RevokeDisplayLink { hall_id: HallId, display_id: DisplayId },
    /// Close a hall for good.
    RetireHall { hall_id: HallId },
    /// Publish the next version of a tariff plan.
    PublishTariff {
        plan_id: TariffPlanId,
        hall_id: HallId,
        tariff: Tariff,
    },
    /// Publish a year of a calendar of holidays, or publish it anew.
    PublishCalendarYear {
        calendar_id: CalendarId,
        year: i16,
        content: CalendarYear,
    },
    /// Set up a device.
    RegisterDevice {
        device_id: DeviceId,
        hall_id: HallId,
        driver: Driver,
        topic: String,
        channels: u8,
    },
    /// Take a device out of its hall for good.
    RetireDevice { device_id: DeviceId },
    /// Set up a table.
    RegisterTable {
        table_id: TableId,
        hall_id: HallId,
        label: String,
        class: TableClass,
        tariff_plan_id: TariffPlanId,
        light: LightChannel,
        qr_token: String,
    },
    /// Change a table's label, class, tariff plan and light.
    ChangeTable { table_id: TableId, change: TableChange },
    /// Give a table another code.
    RotateQrToken { table_id: TableId, qr_token: String },
    /// Take a table out of its hall for good.
    RetireTable { table_id: TableId },
    /// Take a table off sale.
    StartMaintenance {
        table_id: TableId,
        reason: String,
        expected_end: Option<Timestamp>,
    },
    /// Put a table back on sale.
    EndMaintenance { table_id: TableId },
    /// Take somebody into the chain's members.
    RegisterMember {
        member_id: MemberId,
        chain_id: ChainId,
        phone: Option<Identifier>,
        nickname: Option<Sealed>,
    },
    /// Let the owner of an openid in: who is new becomes a member under `member_id`, and `phone` is noted; whose openid is known has a login noted
    /// and nothing else. If `member_id` is a member already, whose number `phone` is, the openid is attached to that member.
    LogIn {
        member_id: MemberId,
        chain_id: ChainId,
        openid: Identifier,
        phone: Option<Identifier>,
        nickname: Option<Sealed>,
    },
    /// Let somebody in who gives no name.
    StartGuest { member_id: MemberId, chain_id: ChainId },
    /// Note a phone number that its owner has proved to have.
    VerifyPhone { member_id: MemberId, phone: Identifier },
    /// Make a guest a member.
    UpgradeGuest {
        member_id: MemberId,
        openid: Option<Identifier>,
        nickname: Option<Sealed>,
    },
    /// Make a guest one with somebody who is known already. `phone` is the guest's number, sealed for the other.
    MergeGuest {
        guest_id: MemberId,
        target_id: MemberId,
        phone: Option<Identifier>,
    },
    /// Put a member on another level.
    ChangeLevel { member_id: MemberId, level: LevelCode },
    /// Bar somebody from playing.
    Blacklist { member_id: MemberId, reason: String },
    /// Let somebody play again.
    Unblacklist { member_id: MemberId },
    /// Add a way to pay.
    BindPaymentMethod { member_id: MemberId, method: PaymentMethod },
    /// Take a way to pay away.
    UnbindPaymentMethod { member_id: MemberId, method: PaymentMethod },
    /// Note how far a person has read the notices: up to this position of the log.
    ReadNotices { member_id: MemberId, up_to: u64 },
    /// Note that a person allowed one WeChat message each of these kinds.
    AllowMessages {
        member_id: MemberId,
        kinds: Vec<MessageKind>,
    },
    /// Note on which ways a person does not want to be reached.
    ChooseMessages {
        member_id: MemberId,
        unwanted: Vec<MessageChannel>,
    },
    /// Note what became of a message to a person.
    NoteMessage { member_id: MemberId, note: MessageNote },
    /// Forget who somebody is. What was played and paid stays.
    ErasePerson { member_id: MemberId, reason: String },
    /// Give a person a role in a chain.
    GrantRole {
        member_id: MemberId,
        chain_id: ChainId,
        role: StaffRole,
        halls: BTreeSet<HallId>,
    },
    /// Take a role from a person.
    RevokeRole {
        member_id: MemberId,
        chain_id: ChainId,
        role: StaffRole,
        reason: String,
    },
    /// Credit money to a wallet; opens the wallet if there is none.
    CreditTopUp {
        member_id: MemberId,
        top_up_id: TopUpId,
        channel: TopUpChannel,
        amount: Split,
    },
    /// Say what is given on top of top-ups.
    DefineTopUpTiers { chain_id: ChainId, tiers: Vec<TopUpTier> },
    /// Change how a chain's payments are collected.
    ChangePaymentPolicy { chain_id: ChainId, policy: PaymentPolicy },
    /// Begin to pay through a provider.
    StartPayment {
        intent_id: PaymentIntentId,
        member_id: MemberId,
        wanted: Wanted,
        channel: Channel,
        presentation: Presentation,
    },
    /// Try again, by another channel or in another way.
    TryPayment {
        intent_id: PaymentIntentId,
        channel: Channel,
        presentation: Presentation,
    },
    /// Do not pay after all.
    CancelPayment { intent_id: PaymentIntentId },
    /// Record what became known of an order: by an answer, a notification or a bill.
    RecordOrder {
        channel: Channel,
        order_no: OrderNo,
        outcome: OrderOutcome,
    },
    /// Give a payment up whose time is over.
    ExpirePayment { intent_id: PaymentIntentId },
    /// Settle a payment by hand. `by` is who does.
    ResolvePayment {
        intent_id: PaymentIntentId,
        resolution: PaymentResolution,
        by: Uuid,
        reason: String,
    },
    /// Give a member principal back through the providers that it came from. `by` is who asks.
    RequestPrincipalRefund {
        request_id: Uuid,
        member_id: MemberId,
        amount: Fen,
        by: Uuid,
        reason: String,
    },
    /// Give back a part of what was paid for a session, into the wallet. `by` is who gives it.
    CompensateSession {
        compensation_id: CompensationId,
        session_id: SessionId,
        amount: Fen,
        by: Uuid,
        reason: String,
    },
    /// Let a compensation be given that waits for a second person.
    ApproveCompensation {
        session_id: SessionId,
        compensation_id: CompensationId,
        by: Uuid,
    },
    /// Do not let it be given.
    RejectCompensation {
        session_id: SessionId,
        compensation_id: CompensationId,
        by: Uuid,
        reason: String,
    },
    /// Complain about a session, or about a hall on this day. `words` are sealed for the member.
    FileComplaint {
        member_id: MemberId,
        about: Grievance,
        category: Category,
        words: Sealed,
    },
    /// Let somebody of the staff see to a complaint; `by` does if nobody is named.
    AssignComplaint {
        complaint_id: ComplaintId,
        to: Option<MemberId>,
        by: Uuid,
    },
    /// Answer a complaint; an amount > 0 is given back for its session. `words` are sealed for whoever complained.
    AnswerComplaint {
        complaint_id: ComplaintId,
        words: Sealed,
        give_back: Fen,
        by: Uuid,
    },
    /// Lay a complaint to rest that was answered.
    CloseComplaint { complaint_id: ComplaintId, by: Uuid },
    /// Say that a closed complaint is not settled. `words` are sealed for whoever complained.
    ReopenComplaint { complaint_id: ComplaintId, words: Sealed },
    /// Give a guest back what is left.
    ReturnLeftover { member_id: MemberId },
    /// Let a refund go out that somebody else asked for.
    ApproveRefund { refund_id: RefundId, by: Uuid },
    /// Do not let a refund go out that somebody else asked for.
    RejectRefund {
        refund_id: RefundId,
        by: Uuid,
        reason: String,
    },
    /// Record what became known of a refund.
    RecordRefund {
        channel: Channel,
        refund_no: RefundNo,
        outcome: RefundOutcome,
    },
    /// Settle a refund that did not arrive. `by` is who does.
    ResolveRefund {
        refund_id: RefundId,
        resolution: RefundResolution,
        by: Uuid,
        reason: String,
    },
    /// Open a table.
    OpenTable {
        session_id: SessionId,
        table_id: TableId,
        member_id: MemberId,
        mode: OpenMode,
        /// If the wallet has too little: keep the table until the money is there, instead of refusing.
        wait_for_payment: bool,
    },
    /// Begin a session whose payment was awaited.
    PayOpening { session_id: SessionId },
    /// Let go of the table of an opening that waits.
    LapseOpening { session_id: SessionId, reason: LapseReason },
    /// Buy more prepaid time, or, postpaid, secure more play by raising the hold.
    ExtendSession { session_id: SessionId, minutes: u32 },
    /// Put goods of the hall's list on a session's bill.
    AddGoods {
        session_id: SessionId,
        code: String,
        quantity: u32,
        /// By the customer, if the hall lets them; else by staff.
        by_customer: bool,
    },
    /// Take goods off a session's bill. By staff.
    RemoveGoods {
        session_id: SessionId,
        code: String,
        quantity: u32,
        reason: String,
    },
    /// Play on at another free table of the hall.
    TransferSession { session_id: SessionId, table_id: TableId },
    /// Stop the clock. By staff.
    PauseSession { session_id: SessionId, reason: String },
    /// Let the clock go on.
    ResumeSession { session_id: SessionId, cause: ResumeCause },
    /// End play.
    CloseSession { session_id: SessionId, cause: CloseCause },
    /// End play, for a reason that the customer can read. By staff.
    CloseSessionByStaff { session_id: SessionId, reason: String },
    /// Start billing.
    StartBilling {
        session_id: SessionId,
        cause: BillingStartCause,
        at: Timestamp,
    },
    /// Give a session up that never began: everything released, table to maintenance, light off.
    CancelSession {
        session_id: SessionId,
        reason: CancelReason,
    },
    /// Raise a postpaid session's hold by another stretch of play.
    RenewHold { session_id: SessionId },
    /// Record that the customer is warned.
    WarnCustomer { session_id: SessionId, warning: Warning },
    /// Take the bill from the wallet.
    SettleSession { session_id: SessionId },
    /// Pay what a settlement left open from the wallet.
    PayBill { session_id: SessionId },
    /// Credit the points of a payment for a session, if a member made it.
    EarnPoints {
        member_id: MemberId,
        session_id: SessionId,
        earning_id: EarningId,
        principal: Fen,
    },
    /// Take back the points of money that went back.
    ReversePoints {
        member_id: MemberId,
        session_id: SessionId,
        /// The principal that went back for the session, in all so far.
        refunded: Fen,
        reason: String,
    },
    /// Look at a member's level whose time is over.
    ReviewLevel { member_id: MemberId },
    /// Drop a member's points whose time is over.
    ExpirePoints { member_id: MemberId },
    /// Put a gift into a hall's catalogue.
    RegisterGift {
        gift_id: GiftId,
        hall_id: HallId,
        content: GiftContent,
    },
    /// Change what the catalogue says of a gift.
    ChangeGift { gift_id: GiftId, content: GiftContent },
    /// Take a gift out of the catalogue.
    RetireGift { gift_id: GiftId },
    /// Take pieces of a gift in.
    ReceiveStock { gift_id: GiftId, pieces: u32 },
    /// Correct a gift's stock by what was counted.
    CountStock { gift_id: GiftId, found: u64 },
    /// Give points for a piece of a gift.
    RedeemGift {
        redemption_id: RedemptionId,
        gift_id: GiftId,
        member_id: MemberId,
        pick_up_code: String,
    },
    /// Hand a redeemed piece over to whoever shows its code.
    HandOverGift {
        redemption_id: RedemptionId,
        pick_up_code: String,
    },
    /// Undo a redemption: the piece goes back, and the points.
    CancelRedemption { redemption_id: RedemptionId },
    /// Split a settled bill; `anew`: replace the present shares. One token for each share but the opener's own.
    StartSplit {
        session_id: SessionId,
        member_id: MemberId,
        division: Division,
        tokens: Vec<String>,
        anew: bool,
    },
    /// Agree to pay the share of a link.
    ConfirmShare {
        split_id: SplitId,
        token: String,
        member_id: MemberId,
    },
    /// Do not pay the share of a link.
    DeclineShare {
        split_id: SplitId,
        token: String,
        member_id: MemberId,
    },
    /// Take a share out; the others grow by it. By the opener.
    RemoveShare {
        split_id: SplitId,
        ordinal: u8,
        member_id: MemberId,
    },
    /// Pay a share as well. By the opener.
    TakeOverShare {
        split_id: SplitId,
        ordinal: u8,
        member_id: MemberId,
    },
    /// Undo a split. By the opener.
    CancelSplit { split_id: SplitId, member_id: MemberId },
    /// Note that not everybody has confirmed in time.
    StallSplit { split_id: SplitId, round: u32 },
    /// Give a split up whose time is over.
    LapseSplit { split_id: SplitId, round: u32 },
    /// Pay the own share from the wallet.
    PayShare { split_id: SplitId, member_id: MemberId },
    /// Take a share from the wallet of whoever confirmed it.
    ChargeShare { split_id: SplitId, round: u32, ordinal: u8 },
    /// Move a share to the wallet of whose bill it is.
    DeliverShare { split_id: SplitId, round: u32, ordinal: u8 },
    /// Put a share back into the wallet that it came from.
    ReturnShare { split_id: SplitId, round: u32, ordinal: u8 },
    /// Take in what comparing a provider's bill of a day with our books found.
    RecordComparison {
        channel: Channel,
        date: Date,
        comparison: Box<Comparison>,
    },
    /// Have a day compared once more.
    AskRerun { channel: Channel, date: Date, by: Uuid },
    /// Say why a row of a bill differs from our books.
    ExplainDifference {
        reconciliation_id: ReconciliationId,
        number: u32,
        by: Uuid,
        reason: String,
    },
    /// Lay a difference to rest.
    CloseDifference {
        reconciliation_id: ReconciliationId,
        number: u32,
        closing: Closing,
        by: Uuid,
    },
    /// Switch the light off, unless another session has it by now.
    SwitchOffLight { light: LightChannel, session_id: SessionId },
    /// A device confirmed a desired state.
    ConfirmLight {
        device_id: DeviceId,
        channel: u8,
        rev: u64,
        on: bool,
        attempts: u32,
        at: Timestamp,
    },
    /// A light went off because its time was over.
    ReportLightExpired {
        device_id: DeviceId,
        channel: u8,
        rev: u64,
        at: Timestamp,
    },
    /// Nothing is heard of a device any more.
    ReportDeviceOffline {
        device_id: DeviceId,
        last_heard_at: Timestamp,
        incident_id: Option<Uuid>,
        at: Timestamp,
    },
    /// A device is heard again.
    ReportDeviceBack { device_id: DeviceId, at: Timestamp },
    /// A device comes and goes.
    ReportDeviceFlapping {
        device_id: DeviceId,
        drops: u32,
        hold_until: Timestamp,
        at: Timestamp,
    },
    /// Look whether a light has been faulty for so long that its table has to be taken off sale, and the game there ended.
    CheckLight { light: LightChannel },
    /// Take a table off sale whose light is faulty, as staff say.
    ReportFault {
        repair_id: RepairId,
        table_id: TableId,
        words: String,
    },
    /// See to a repair. `by` is who does.
    StartRepair { repair_id: RepairId, by: Uuid },
    /// The work of a repair is done. `by` is who says so.
    CompleteRepair {
        repair_id: RepairId,
        by: Uuid,
        note: String,
    },
    /// Switch the light of a repair on and off three times; if it answers each time, its table is back on sale.
    TestDevice { repair_id: RepairId },
    /// One command of a test.
    TestLight { light: LightChannel, on: bool },
    /// A test was passed.
    PassTest { repair_id: RepairId, test: u32 },
    /// A test was not passed; `step` is the command that was not answered, from 1.
    FailTest { repair_id: RepairId, test: u32, step: u32 },
    /// A desired state was missed.
    ReportLightFailure {
        device_id: DeviceId,
        channel: u8,
        rev: u64,
        kind: FailureKind,
        at: Timestamp,
    },
}
