//! Decisions that span several aggregates, each written as one unit of work: all of it or nothing.
//!
//! | Command | decided by | states it needs |
//! |---|---|---|
//! | `CreditTopUp` | [`credit_top_up`] | member, wallet, journal of [`crate::ids::top_up_transaction`] |
//! | `OpenTable` | [`open_table`] | session, table, hall, plan and its calendar, member, wallet, device |
//! | `PayOpening` | [`pay_opening`] | session, wallet, device |
//! | `LapseOpening` | [`lapse_opening`] | session, table, wallet |
//! | `ExtendSession` | [`extend_session`] | session, wallet, device |
//! | `AddGoods`, `RemoveGoods` | [`add_goods`], [`remove_goods`] | session, hall, wallet, device |
//! | `RenewHold` | [`renew_hold`] | session, wallet, device |
//! | `TransferSession` | [`transfer_session`] | session, both tables, plan, wallet, device of each light |
//! | `PauseSession` | [`pause_session`] | session, device |
//! | `ResumeSession` | [`resume_session`] | session, device |
//! | `CloseSession`, `CloseSessionByStaff` | [`close_session`] | session, table, device |
//! | `CancelSession` | [`cancel_session`] | session, table, wallet, device |
//! | `CheckLight`, `ReportFault`, `TestDevice`, `PassTest` | [`faults`] | repair, table, its session, device, the player and wallet |
//! | `PayBill` | [`pay_bill`] | session, wallet |
//! | `SettleSession` | [`settle_session`] | session, wallet |
//! | `CompensateSession`, `ApproveCompensation` | [`compensate_session`], [`approve_compensation`] | session, compensation, member, wallet, chain |
//! | `FileComplaint` | [`complaint_terms`] | session, hall, member |
//! | `EarnPoints` | [`earn_points`] | member, points account, session, chain |
//! | `ReviewLevel` | [`review_level`] | member, points account, chain |
//! | `RegisterGift` | [`gifts::register_gift`] | hall, gift |
//! | `RedeemGift` | [`gifts::redeem_gift`] | hall, gift, member, points account, redemption |
//! | `HandOverGift` | [`gifts::hand_over_gift`] | gift, redemption |
//! | `CancelRedemption` | [`gifts::cancel_redemption`] | gift, member, points account, redemption |
//! | `StartPayment`, `RecordOrder`, `ResolvePayment`, `RequestPrincipalRefund`, `ReturnLeftover`, `RejectRefund`, `RecordRefund`, `ResolveRefund` | [`payments`] | payment, refund, payer, wallet, session |
//! | `StartSplit`, `ConfirmShare`, `ChargeShare`, `DeliverShare`, `ReturnShare` | [`splits`] | split, session, member, wallets of payer and opener |
//! | `RegisterMember`, `LogIn`, `VerifyPhone`, `UpgradeGuest`, `ErasePerson` | [`people`] | the persons, their identities |
//! | `MergeGuest` | [`people::merge_guest`] | both persons, the guest's phone number, both wallets |
//! | `RecordComparison` | [`record_comparison`] | reconciliation |
//! | `ChangeHall`, `RegisterTable`, `ChangeTable`, `RetireTable`, `RegisterDevice`, `RetireDevice` | [`change_hall`] … | hall, table, device |
//!
//! Every other command concerns one aggregate and is decided by its `decide`. Ids that a unit makes (holds, transactions) are derived from
//! stable facts, so a repeated command meets what it made before.

mod await_payment;
mod begin_session;
mod cancel_session;
mod change_goods;
mod changes;
mod close_session;
mod compensate_session;
mod credit_top_up;
mod earn_points;
mod extend_session;
pub mod faults;
mod file_complaint;
pub mod gifts;
mod merge_wallets;
mod open_table;
mod pause_session;
mod pay_bill;
pub mod payments;
pub mod people;
mod postings;
mod reconcile;
mod renew_hold;
mod settle_session;
pub mod splits;
mod transfer_session;
mod venue;

pub use await_payment::{AwaitedInput, lapse_opening, pay_opening};
pub use cancel_session::{CancelSessionInput, cancel_session};
pub use change_goods::{GoodsInput, add_goods, remove_goods};
pub use changes::Changes;
pub use close_session::{CloseSessionInput, close_session};
pub use compensate_session::{
    CompensateInput, CompensationAsked, CompensationChanges, approve_compensation, compensate_session,
};
pub use credit_top_up::{CreditTopUpInput, credit_top_up};
pub use earn_points::{EarnPointsChanges, EarnPointsInput, earn_points, review_level};
pub use extend_session::{ExtendSessionInput, extend_session};
pub use file_complaint::{ComplainInput, complaint_terms};
pub use open_table::{OpenTableInput, open_table};
pub use pause_session::{PauseInput, pause_session, resume_session};
pub use pay_bill::{PayBillInput, pay_bill};
pub use reconcile::{ReconcileInput, Reconciled, record_comparison};
pub use renew_hold::{RenewHoldInput, renew_hold};
pub use settle_session::{SettleSessionInput, settle_session};
pub use transfer_session::{TransferSessionInput, transfer_session};
pub use venue::{
    VenueChanges, change_hall, change_table, register_device, register_table, retire_device, retire_table,
};
