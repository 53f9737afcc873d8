//! The calls that people make about tables, each with what of its answer is noted.

use baize_proto::hall::table::v1 as table;
use baize_proto::hall::venue::v1 as venue;
use baize_proto::hall::view::v1 as view;
use jiff::Timestamp;
use uuid::Uuid;

use super::caller::{Caller, id};
use super::ledger::{Answer, Method, Subject};
use super::plan::Mode;
use super::wire::{Failed, Wire, timed};

impl Caller {
    pub(crate) async fn open(
        &mut self,
        request_id: Uuid,
        table_id: Uuid,
        member_id: Uuid,
        mode: Mode,
        wait_for_payment: bool,
    ) -> Result<Answer, Failed> {
        let prepaid_minutes = match mode {
            Mode::Prepaid { minutes } => Some(minutes),
            Mode::Postpaid | Mode::Deposit | Mode::Package { .. } => None,
        };
        let mode = match mode {
            Mode::Postpaid => table::open_table_request::Mode::Postpaid(table::Postpaid {}),
            Mode::Prepaid { minutes } => table::open_table_request::Mode::Prepaid(table::Prepaid { minutes }),
            Mode::Deposit => table::open_table_request::Mode::Deposit(table::Deposit {}),
            Mode::Package { code } => table::open_table_request::Mode::Package(table::Package { code }),
        };
        let message = table::OpenTableRequest {
            request_id: request_id.to_string(),
            table_id: table_id.to_string(),
            member_id: member_id.to_string(),
            mode: Some(mode),
            wait_for_payment,
        };
        let subject = Subject {
            member_id: Some(member_id),
            table_id: Some(table_id),
            session_id: None,
        };
        let call = |wire: &Wire| {
            let (mut client, message) = (wire.tables(), timed(message.clone()));
            async move { client.open_table(message).await }
        };
        let answer = |answer: &table::OpenTableResponse| {
            let (session_id, position) = (id(&answer.session_id), answer.position);
            match answer.pay_by {
                None => Answer::Opened {
                    session_id,
                    prepaid_minutes,
                    secured_fen: answer.secured_fen,
                    secured_until: instant(answer.secured_until),
                    position,
                },
                pay_by => Answer::Awaited {
                    session_id,
                    due_fen: answer.due_fen,
                    shortfall_fen: answer.shortfall_fen,
                    pay_by: instant(pay_by),
                    position,
                },
            }
        };
        self.command(Method::OpenTable, &message.request_id, subject, call, answer)
            .await
    }

    pub(crate) async fn extend(&mut self, session_id: Uuid, minutes: u32) -> Result<Answer, Failed> {
        let message = table::ExtendSessionRequest {
            request_id: Uuid::new_v4().to_string(),
            session_id: session_id.to_string(),
            minutes,
        };
        let subject = Subject {
            session_id: Some(session_id),
            ..Subject::default()
        };
        let call = |wire: &Wire| {
            let (mut client, message) = (wire.tables(), timed(message.clone()));
            async move { client.extend_session(message).await }
        };
        let answer = |answer: &table::ExtendSessionResponse| Answer::Extended {
            minutes,
            amount_fen: answer.amount_fen,
            secured_until: instant(answer.secured_until),
            position: answer.position,
        };
        self.command(Method::ExtendSession, &message.request_id, subject, call, answer)
            .await
    }

    pub(crate) async fn close(&mut self, session_id: Uuid) -> Result<Answer, Failed> {
        let message = table::CloseSessionRequest {
            request_id: Uuid::new_v4().to_string(),
            session_id: session_id.to_string(),
        };
        let subject = Subject {
            session_id: Some(session_id),
            ..Subject::default()
        };
        let call = |wire: &Wire| {
            let (mut client, message) = (wire.tables(), timed(message.clone()));
            async move { client.close_session(message).await }
        };
        let answer = |answer: &table::CloseSessionResponse| {
            let bill = answer.bill.clone().unwrap_or_default();
            Answer::Closed {
                total_fen: bill.total_fen,
                closed_at: instant(answer.closed_at),
                position: answer.position,
            }
        };
        self.command(Method::CloseSession, &message.request_id, subject, call, answer)
            .await
    }

    pub(crate) async fn end_maintenance(&mut self, table_id: Uuid) -> Result<Answer, Failed> {
        let message = venue::EndMaintenanceRequest {
            request_id: Uuid::new_v4().to_string(),
            table_id: table_id.to_string(),
        };
        let subject = Subject {
            table_id: Some(table_id),
            ..Subject::default()
        };
        let call = |wire: &Wire| {
            let (mut client, message) = (wire.venues(), timed(message.clone()));
            async move { client.end_maintenance(message).await }
        };
        let answer = |answer: &venue::EndMaintenanceResponse| Answer::Repaired {
            position: answer.position,
        };
        self.command(Method::EndMaintenance, &message.request_id, subject, call, answer)
            .await
    }

    /// The price for this very person.
    pub(crate) async fn quote(
        &self,
        table_id: Uuid,
        minutes: u32,
        member_id: Uuid,
    ) -> Result<table::QuoteSessionResponse, Failed> {
        let message = table::QuoteSessionRequest {
            table_id: table_id.to_string(),
            minutes,
            member_id: member_id.to_string(),
            ..table::QuoteSessionRequest::default()
        };
        let subject = Subject {
            table_id: Some(table_id),
            ..Subject::default()
        };
        let asked = self.wire.ask(|| {
            let (mut client, message) = (self.wire.tables(), timed(message.clone()));
            async move { client.quote_session(message).await }
        });
        let answer = |answer: &table::QuoteSessionResponse| Answer::Quoted {
            total_fen: answer.bill.as_ref().map_or(0, |bill| bill.total_fen),
            hold_fen: answer.hold_fen,
        };
        let at = self.now();
        self.note(Method::QuoteSession, None, subject, at, asked.await, answer)
    }

    pub(crate) async fn bill(&self, session_id: Uuid, min_position: u64) -> Result<view::SessionBill, Failed> {
        let message = view::GetBillRequest {
            session_id: session_id.to_string(),
            min_position,
        };
        let subject = Subject {
            session_id: Some(session_id),
            ..Subject::default()
        };
        let asked = self.wire.ask(|| {
            let (mut client, message) = (self.wire.bills(), timed(message.clone()));
            async move { client.get_bill(message).await }
        });
        let answer = |answer: &view::GetBillResponse| {
            let bill = answer.bill.clone().unwrap_or_default();
            Answer::Bill {
                status: bill.status().as_str_name().to_owned(),
                total_fen: bill.bill.as_ref().map_or(0, |bill| bill.total_fen),
                paid_fen: bill.paid_fen,
                outstanding_fen: bill.outstanding_fen,
                position: answer.position,
            }
        };
        let at = self.now();
        let answered = self.note(Method::GetBill, None, subject, at, asked.await, answer)?;
        answered
            .bill
            .ok_or_else(|| Failed::Unknown("a bill without content".to_owned()))
    }

    pub(crate) async fn wallet(&self, member_id: Uuid, min_position: u64) -> Result<view::Wallet, Failed> {
        let message = view::GetWalletRequest {
            member_id: member_id.to_string(),
            min_position,
        };
        let subject = Subject {
            member_id: Some(member_id),
            ..Subject::default()
        };
        let asked = self.wire.ask(|| {
            let (mut client, message) = (self.wire.statements(), timed(message.clone()));
            async move { client.get_wallet(message).await }
        });
        let answer = |answer: &view::GetWalletResponse| {
            let wallet = answer.wallet.clone().unwrap_or_default();
            Answer::Wallet {
                principal_fen: wallet.principal_fen,
                bonus_fen: wallet.bonus_fen,
                held_fen: wallet.held_fen,
                available_fen: wallet.available_fen,
                owed_fen: wallet.owed_fen,
                position: answer.position,
            }
        };
        let at = self.now();
        let answered = self.note(Method::GetWallet, None, subject, at, asked.await, answer)?;
        answered
            .wallet
            .ok_or_else(|| Failed::Unknown("a wallet without content".to_owned()))
    }

    /// What the code that was photographed leads to; not recorded.
    pub(crate) async fn scan(&self, photographed: &str) -> Result<view::ScanTableResponse, Failed> {
        let message = view::ScanTableRequest {
            qr_token: photographed.to_owned(),
            min_position: 0,
        };
        let asked = self.wire.ask(|| {
            let (mut client, message) = (self.wire.directory(), timed(message.clone()));
            async move { client.scan_table(message).await }
        });
        asked.await.result
    }

    /// The board as it is; not recorded.
    pub(crate) async fn board(&self, hall_id: Uuid, min_position: u64) -> Result<Vec<view::BoardTable>, Failed> {
        let message = view::GetBoardRequest {
            hall_id: hall_id.to_string(),
            min_position,
        };
        let asked = self.wire.ask(|| {
            let (mut client, message) = (self.wire.boards(), timed(message.clone()));
            async move { client.get_board(message).await }
        });
        asked.await.result.map(|answer| answer.tables)
    }
}

pub(super) fn instant(timestamp: Option<prost_types::Timestamp>) -> Timestamp {
    let timestamp = timestamp.unwrap_or_default();
    Timestamp::new(timestamp.seconds, timestamp.nanos).unwrap_or(Timestamp::UNIX_EPOCH)
}
