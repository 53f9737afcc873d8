//! What people ask for to be somebody: membership, levels, guests' logins and phones, money at the counter.

use baize_proto::hall::identity::v1 as identity;
use baize_proto::hall::member::v1 as member;
use baize_proto::hall::wallet::v1 as wallet;
use uuid::Uuid;

use super::caller::{Caller, id};
use super::ledger::{Answer, Method, Subject};
use super::wire::{Failed, Wire, timed};

/// A guest who was let in.
pub(super) struct Guest {
    pub(super) member_id: Uuid,
    /// For the guest's calls.
    pub(super) token: String,
}

fn about(member_id: Uuid) -> Subject {
    Subject {
        member_id: Some(member_id),
        ..Subject::default()
    }
}

impl Caller {
    /// Becomes a member at the counter.
    pub(super) async fn join(&mut self, chain_id: Uuid, member_id: Uuid) -> Result<Answer, Failed> {
        let message = member::RegisterMemberRequest {
            request_id: Uuid::new_v4().to_string(),
            member_id: member_id.to_string(),
            chain_id: chain_id.to_string(),
            ..member::RegisterMemberRequest::default()
        };
        let call = |wire: &Wire| {
            let (mut client, message) = (wire.members(), timed(message.clone()));
            async move { client.register_member(message).await }
        };
        let answer = |answer: &member::RegisterMemberResponse| Answer::Joined {
            position: answer.position,
        };
        let subject = about(member_id);
        self.command(Method::RegisterMember, &message.request_id, subject, call, answer)
            .await
    }

    /// Is put on a level by the staff.
    pub(super) async fn rise(&mut self, member_id: Uuid, level: &str) -> Result<Answer, Failed> {
        let message = member::SetLevelRequest {
            request_id: Uuid::new_v4().to_string(),
            member_id: member_id.to_string(),
            level: level.to_owned(),
        };
        let call = |wire: &Wire| {
            let (mut client, message) = (wire.members(), timed(message.clone()));
            async move { client.set_level(message).await }
        };
        let answer = |answer: &member::SetLevelResponse| Answer::LevelSet {
            position: answer.position,
        };
        let subject = about(member_id);
        self.command(Method::SetLevel, &message.request_id, subject, call, answer)
            .await
    }

    pub(super) async fn top_up(
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
        let subject = about(member_id);
        self.command(Method::CreditTopUp, &message.request_id, subject, call, answer)
            .await
    }

    /// Is let in without a name.
    pub(super) async fn start_as_guest(&mut self, chain_id: Uuid) -> Result<Guest, Failed> {
        let message = identity::StartGuestSessionRequest {
            request_id: Uuid::new_v4().to_string(),
            chain_id: chain_id.to_string(),
        };
        let at = self.now();
        let asked = self.wire.ask(|| {
            let (mut client, message) = (self.wire.identity(), timed(message.clone()));
            async move { client.start_guest_session(message).await }
        });
        let answer = |answer: &identity::StartGuestSessionResponse| Answer::GuestStarted {
            member_id: id(&answer.member_id),
            position: answer.position,
        };
        let request_id = Some(id(&message.request_id));
        let method = Method::StartGuestSession;
        let answered = self.note(method, request_id, Subject::default(), at, asked.await, answer)?;
        Ok(Guest {
            member_id: id(&answered.member_id),
            token: answered.tokens.unwrap_or_default().access_token,
        })
    }

    /// Asks for a code to a phone; not recorded.
    pub(super) async fn ask_for_code(&self, phone: &str) -> Result<(), Failed> {
        let message = identity::RequestPhoneCodeRequest {
            phone: phone.to_owned(),
        };
        let asked = self.wire.ask(|| {
            let (mut client, message) = (self.wire.identity(), timed(message.clone()));
            async move { client.request_phone_code(message).await }
        });
        asked.await.result.map(drop)
    }

    pub(super) async fn enter_code(&mut self, member_id: Uuid, phone: &str, code: &str) -> Result<Answer, Failed> {
        let message = identity::VerifyPhoneCodeRequest {
            request_id: Uuid::new_v4().to_string(),
            member_id: member_id.to_string(),
            phone: phone.to_owned(),
            code: code.to_owned(),
        };
        let call = |wire: &Wire| {
            let (mut client, message) = (wire.identity(), timed(message.clone()));
            async move { client.verify_phone_code(message).await }
        };
        let answer = |answer: &identity::VerifyPhoneCodeResponse| Answer::PhoneVerified {
            position: answer.position,
        };
        let subject = about(member_id);
        self.command(Method::VerifyPhoneCode, &message.request_id, subject, call, answer)
            .await
    }

    /// The guest becomes a member by the number that was verified.
    pub(super) async fn upgrade(&mut self, member_id: Uuid) -> Result<Answer, Failed> {
        let message = identity::UpgradeGuestRequest {
            request_id: Uuid::new_v4().to_string(),
            member_id: member_id.to_string(),
            ..identity::UpgradeGuestRequest::default()
        };
        let call = |wire: &Wire| {
            let (mut client, message) = (wire.identity(), timed(message.clone()));
            async move { client.upgrade_guest(message).await }
        };
        let answer = |answer: &identity::UpgradeGuestResponse| Answer::GuestUpgraded {
            position: answer.position,
        };
        let subject = about(member_id);
        self.command(Method::UpgradeGuest, &message.request_id, subject, call, answer)
            .await
    }
}
