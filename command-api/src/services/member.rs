//! `hall.member.v1.MemberService`.

use baize_domain::ids::{ChainId, MemberId};
use baize_domain::member::{Member, MessageChannel, MessageKind};
use baize_proto::access::{Access, Belonging};
use baize_proto::hall::member::v1::member_service_server::MemberService;
use baize_proto::hall::member::v1::{
    AllowMessagesRequest, AllowMessagesResponse, BindPaymentMethodRequest, BindPaymentMethodResponse, BlacklistRequest,
    BlacklistResponse, ChooseMessagesRequest, ChooseMessagesResponse, ErasePersonRequest, ErasePersonResponse,
    GetMessageSettingsRequest, GetMessageSettingsResponse, MarkNoticesReadRequest, MarkNoticesReadResponse,
    MessageTemplate, RegisterMemberRequest, RegisterMemberResponse, SetLevelRequest, SetLevelResponse,
    UnbindPaymentMethodRequest, UnbindPaymentMethodResponse, UnblacklistRequest, UnblacklistResponse,
};
use tonic::{Request, Response, Status, async_trait};

use super::identity::Identified;
use super::{Services, permit, traceparent};
use crate::dispatch::{Caller, CommandError};
use crate::errors;
use crate::messages::MessageTemplates;
use crate::wire::{Fields, REASON_CHARS_MAX, WithPhone, registration_with_phone, told_kind};

#[async_trait]
impl MemberService for Services {
    async fn register_member(
        &self,
        request: Request<RegisterMemberRequest>,
    ) -> Result<Response<RegisterMemberResponse>, Status> {
        if request.get_ref().phone.is_empty() {
            return self.execute(request).await;
        }
        let (metadata, extensions, message) = request.into_parts();
        let mut fields = Fields::default();
        let registration = registration_with_phone(&message, &mut fields);
        let registration = fields.finish(registration).map_err(errors::invalid)?;
        let registration = registration.ok_or_else(|| Status::internal("a phone number that is none"))?;
        let WithPhone {
            request_id,
            member_id,
            chain_id,
            phone,
        } = registration;
        let people = self.people().ok_or_else(no_people)?;
        let caller = Caller::over_grpc(extensions.get::<Access>().cloned(), traceparent(&metadata));
        of_chain("RegisterMember", &caller, chain_id)?;
        let identified = Identified::new(request_id, "RegisterMember", &message, caller);
        let registered = people
            .register_with_phone(identified.asked(), chain_id, member_id, &phone, &message.code)
            .await;
        let (member_id, position) = registered.map_err(|error| error.status(people.now()))?;
        let member_id = member_id.to_string();
        Ok(Response::new(RegisterMemberResponse { member_id, position }))
    }

    async fn bind_payment_method(
        &self,
        request: Request<BindPaymentMethodRequest>,
    ) -> Result<Response<BindPaymentMethodResponse>, Status> {
        self.execute(request).await
    }

    async fn unbind_payment_method(
        &self,
        request: Request<UnbindPaymentMethodRequest>,
    ) -> Result<Response<UnbindPaymentMethodResponse>, Status> {
        self.execute(request).await
    }

    async fn set_level(&self, request: Request<SetLevelRequest>) -> Result<Response<SetLevelResponse>, Status> {
        self.execute(request).await
    }

    async fn blacklist(&self, request: Request<BlacklistRequest>) -> Result<Response<BlacklistResponse>, Status> {
        self.execute(request).await
    }

    async fn mark_notices_read(
        &self,
        request: Request<MarkNoticesReadRequest>,
    ) -> Result<Response<MarkNoticesReadResponse>, Status> {
        let head = self.dispatcher.head().await.map_err(errors::status)?;
        if request.get_ref().up_to_position > head {
            let mut fields = Fields::default();
            fields.refuse("up_to_position", format!("is beyond the last position, {head}"));
            fields.finish(()).map_err(errors::invalid)?;
        }
        self.execute(request).await
    }

    async fn get_message_settings(
        &self,
        request: Request<GetMessageSettingsRequest>,
    ) -> Result<Response<GetMessageSettingsResponse>, Status> {
        let mut fields = Fields::default();
        let member_id: MemberId = fields.id("member_id", &request.get_ref().member_id);
        let member_id = fields.finish(member_id).map_err(errors::invalid)?;
        let caller = Caller::over_grpc(request.extensions().get::<Access>().cloned(), None);
        permit("GetMessageSettings", &caller, Belonging::to_member(member_id.0))?;
        let member = self
            .dispatcher
            .anew::<Member>(member_id)
            .await
            .map_err(errors::status)?;
        let profile = member
            .active()
            .map_err(|error| errors::status(CommandError::refuse(error)))?;
        let template = |(kind, templates): (&MessageKind, &MessageTemplates)| {
            let wechat = templates.wechat.as_ref()?;
            Some(MessageTemplate {
                kind: told_kind(*kind).into(),
                template_id: wechat.template_id.clone(),
                allowed: profile.messages.allowance(*kind),
            })
        };
        Ok(Response::new(GetMessageSettingsResponse {
            templates: self.messages.templates.iter().filter_map(template).collect(),
            wechat: profile.messages.wants(MessageChannel::Wechat),
            sms: profile.messages.wants(MessageChannel::Sms),
        }))
    }

    async fn allow_messages(
        &self,
        request: Request<AllowMessagesRequest>,
    ) -> Result<Response<AllowMessagesResponse>, Status> {
        self.execute(request).await
    }

    async fn choose_messages(
        &self,
        request: Request<ChooseMessagesRequest>,
    ) -> Result<Response<ChooseMessagesResponse>, Status> {
        self.execute(request).await
    }

    async fn erase_person(
        &self,
        request: Request<ErasePersonRequest>,
    ) -> Result<Response<ErasePersonResponse>, Status> {
        let (metadata, extensions, message) = request.into_parts();
        let mut fields = Fields::default();
        let request_id = fields.id("request_id", &message.request_id);
        let member_id = fields.id("member_id", &message.member_id);
        let reason = fields.text("reason", message.reason.clone(), REASON_CHARS_MAX);
        let reason = fields.finish(reason).map_err(errors::invalid)?;
        let people = self.people().ok_or_else(no_people)?;
        let caller = Caller::over_grpc(extensions.get::<Access>().cloned(), traceparent(&metadata));
        let identified = Identified::new(request_id, "ErasePerson", &message, caller);
        let erased = people.erase(identified.asked(), member_id, reason).await;
        let position = erased.map_err(|error| error.status(people.now()))?;
        Ok(Response::new(ErasePersonResponse { position }))
    }

    async fn unblacklist(&self, request: Request<UnblacklistRequest>) -> Result<Response<UnblacklistResponse>, Status> {
        self.execute(request).await
    }
}

pub(super) fn no_people() -> Status {
    Status::unimplemented("this service holds no personal data")
}

/// Asked before a code is entered: what is tried counts, so only those may try whose chain it is.
fn of_chain(method: &str, caller: &Caller, chain_id: ChainId) -> Result<(), Status> {
    permit(method, caller, Belonging::default().and_chain(Some(chain_id.0)))
}
