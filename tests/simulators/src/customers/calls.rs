//! The calls that people make, each with what of its answer is noted.

use baize_proto::hall::member::v1 as member;
use baize_proto::hall::table::v1 as table;
use baize_proto::hall::venue::v1 as venue;
use baize_proto::hall::view::v1 as view;
use baize_proto::hall::wallet::v1 as wallet;
use jiff::Timestamp;
use uuid::Uuid;

use super::caller::{Caller, id};
use super::ledger::{Answer, Method, Subject};
use super::plan::Mode;
use super::wire::{Failed, Wire, timed};

impl Caller {
    /// Becomes a member at the counter.
    pub(crate) async fn join(&mut self, chain_id: Uuid, member_id: Uuid) -> Result<Answer, Failed> {
        let message = member::RegisterMemberRequest {
            request_id: Uuid::new_v4().to_string(),
            member_id: member_id.to_string(),
            chain_id: chain_id.to_string(),
        };
        let subject = Subject {
            member_id: Some(member_id),
            ..Subject::default()
        };
        let call = |wire: &Wire| {
            let (mut client, message) = (wire.members(), timed(message.clone()));
            async move { client.register_member(message).await }
        };
        let answer = |answer: &member::RegisterMemberResponse| Answer::Joined {
            position: answer.position,
        };
        self.command(Method::RegisterMember, &message.request_id, subject, call, answer)
            .await
    }

    pub(crate) async fn top_up(
        &mut self,
        member_id: Uuid,
        (principal_fen, bonus_fen): (i64, i64),
    ) -> Result<Answer, Failed> {
        let message = wallet::CreditTopUpRequest {
            request_id: Uuid::new_v4().to_string(),
            member_id: member_id.to_string(),
            channel: wallet::TopUpChannel::Counter.into(),
            principal_fen,
            bonus_fen,
        };
        let subject = Subject {
            member_id: Some(member_id),
            ..Subject::default()
        };
        let call = |wire: &Wire| {
            let (mut client, message) = (wire.wallets(), timed(message.clone()));
            async move { client.credit_top_up(message).await }
        };
        let answer = |answer: &wallet::CreditTopUpResponse| Answer::ToppedUp {
            top_up_id: id(&answer.top_up_id),
            principal_fen,
            bonus_fen,
            balance_fen: answer.balance_fen,
            available_fen: answer.available_fen,
            position: answer.position,
        };
        self.command(Method::CreditTopUp, &message.request_id, subject, call, answer)
            .await
    }

    pub(crate) async fn open(
        &mut self,
        request_id: Uuid,
        table_id: Uuid,
        member_id: Uuid,
        mode: Mode,
    ) -> Result<Answer, Failed> {
        let prepaid_minutes = match mode {
            Mode::Postpaid => None,
            Mode::Prepaid { minutes } => Some(minutes),
        };
        let mode = match mode {
            Mode::Postpaid => table::open_table_request::Mode::Postpaid(table::Postpaid {}),
            Mode::Prepaid { minutes } => table::open_table_request::Mode::Prepaid(table::Prepaid { minutes }),
        };
        let message = table::OpenTableRequest {
            request_id: request_id.to_string(),
            table_id: table_id.to_string(),
            member_id: member_id.to_string(),
            mode: Some(mode),
            wait_for_payment: false,
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
        let answer = |answer: &table::OpenTableResponse| Answer::Opened {
            session_id: id(&answer.session_id),
            prepaid_minutes,
            secured_fen: answer.secured_fen,
            secured_until: instant(answer.secured_until),
            position: answer.position,
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

    pub(crate) async fn quote(&self, table_id: Uuid, minutes: u32) -> Result<table::QuoteSessionResponse, Failed> {
        let message = table::QuoteSessionRequest {
            table_id: table_id.to_string(),
            minutes,
            ..Default::default()
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

fn instant(timestamp: Option<prost_types::Timestamp>) -> Timestamp {
    let timestamp = timestamp.unwrap_or_default();
    Timestamp::new(timestamp.seconds, timestamp.nanos).unwrap_or(Timestamp::UNIX_EPOCH)
}
