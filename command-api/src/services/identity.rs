//! `hall.identity.v1.IdentityService`.

use std::net::SocketAddr;
use std::sync::Arc;

use baize_domain::ids::MemberId;
use baize_eventlog::RequestKey;
use baize_proto::access::{Access, Belonging};
use baize_proto::hall::identity::v1::identity_service_server::IdentityService;
use baize_proto::hall::identity::v1::{
    LoginWithWechatRequest, LoginWithWechatResponse, LogoutRequest, LogoutResponse, MergeGuestRequest,
    MergeGuestResponse, QuickRegisterRequest, QuickRegisterResponse, RefreshTokenRequest, RefreshTokenResponse,
    RequestPhoneCodeRequest, RequestPhoneCodeResponse, RevokeSessionsRequest, RevokeSessionsResponse,
    StartGuestSessionRequest, StartGuestSessionResponse, UpgradeGuestRequest, UpgradeGuestResponse,
    VerifyPhoneCodeRequest, VerifyPhoneCodeResponse,
};
use tonic::codegen::http::Extensions;
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status, async_trait};

use super::{told, traceparent};
use crate::dispatch::{Caller, CommandError};
use crate::errors;
use crate::people::{Asked, Error, People};
use crate::wire::{Fields, identity as wire, timestamp};

/// The service.
pub struct IdentityServer {
    people: Arc<People>,
}

impl IdentityServer {
    /// A service that lets people in through `people`.
    pub fn new(people: Arc<People>) -> Self {
        Self { people }
    }

    fn status(&self, error: Error) -> Status {
        error.status(self.people.now())
    }
}

/// A request's identity, kept while its steps are taken.
pub(super) struct Identified {
    key: RequestKey,
    caller: Caller,
}

impl Identified {
    /// The content is what came over the wire, after the method's name.
    pub(super) fn new(request_id: uuid::Uuid, method: &str, message: &impl prost::Message, caller: Caller) -> Self {
        let content = [method.as_bytes(), &message.encode_to_vec()].concat();
        Self {
            key: RequestKey::new(&caller.actor, request_id, &content),
            caller,
        }
    }

    pub(super) fn asked(&self) -> Asked<'_> {
        Asked {
            key: &self.key,
            caller: &self.caller,
        }
    }
}

/// Who calls a method that is open to anybody.
fn anybody(metadata: &MetadataMap) -> Caller {
    Caller::over_grpc(None, traceparent(metadata))
}

/// Who calls a method about `person`, if it is theirs to call. What such a method does beyond that person (a guest who proves to be a
/// member becomes one with them) follows from the proof, so nothing else is asked.
fn in_person(
    method: &str,
    extensions: &Extensions,
    metadata: &MetadataMap,
    person: MemberId,
) -> Result<Caller, Status> {
    let caller = Caller::over_grpc(extensions.get::<Access>().cloned(), traceparent(metadata));
    let access = caller.access.as_ref();
    let permitted = access.map_or(Ok(()), |access| access.permit(&[Belonging::to_member(person.0)]));
    match permitted {
        Ok(()) => Ok(Caller { access: None, ..caller }),
        Err(denial) => Err(told(method, &caller, CommandError::Denied(denial))),
    }
}

#[async_trait]
impl IdentityService for IdentityServer {
    async fn login_with_wechat(
        &self,
        request: Request<LoginWithWechatRequest>,
    ) -> Result<Response<LoginWithWechatResponse>, Status> {
        let (metadata, _, message) = request.into_parts();
        let mut fields = Fields::default();
        let login = wire::login(&message, &mut fields);
        let login = fields.finish(login).map_err(errors::invalid)?;
        let identified = Identified::new(login.request_id, "LoginWithWechat", &message, anybody(&metadata));
        let admitted = self
            .people
            .log_in_with_wechat(
                identified.asked(),
                login.chain_id,
                &login.code,
                None,
                login.nickname,
                login.act_as,
            )
            .await;
        let admitted = admitted.map_err(|error| self.status(error))?;
        Ok(Response::new(LoginWithWechatResponse {
            member_id: admitted.member_id.to_string(),
            is_new: admitted.is_new,
            tokens: Some(wire::tokens(admitted.tokens)),
            position: admitted.position,
        }))
    }

    async fn quick_register(
        &self,
        request: Request<QuickRegisterRequest>,
    ) -> Result<Response<QuickRegisterResponse>, Status> {
        let (metadata, _, message) = request.into_parts();
        let mut fields = Fields::default();
        let login = wire::quick_registration(&message, &mut fields);
        let (login, phone_code) = fields.finish(login).map_err(errors::invalid)?;
        let identified = Identified::new(login.request_id, "QuickRegister", &message, anybody(&metadata));
        let phone_code = Some(phone_code.as_str());
        let admitted = self
            .people
            .log_in_with_wechat(
                identified.asked(),
                login.chain_id,
                &login.code,
                phone_code,
                login.nickname,
                login.act_as,
            )
            .await;
        let admitted = admitted.map_err(|error| self.status(error))?;
        Ok(Response::new(QuickRegisterResponse {
            member_id: admitted.member_id.to_string(),
            is_new: admitted.is_new,
            tokens: Some(wire::tokens(admitted.tokens)),
            position: admitted.position,
        }))
    }

    async fn start_guest_session(
        &self,
        request: Request<StartGuestSessionRequest>,
    ) -> Result<Response<StartGuestSessionResponse>, Status> {
        let (metadata, _, message) = request.into_parts();
        let mut fields = Fields::default();
        let request_id = fields.id("request_id", &message.request_id);
        let chain_id = fields.id("chain_id", &message.chain_id);
        let chain_id = fields.finish(chain_id).map_err(errors::invalid)?;
        let identified = Identified::new(request_id, "StartGuestSession", &message, anybody(&metadata));
        let admitted = self.people.start_guest(identified.asked(), chain_id).await;
        let admitted = admitted.map_err(|error| self.status(error))?;
        Ok(Response::new(StartGuestSessionResponse {
            member_id: admitted.member_id.to_string(),
            tokens: Some(wire::tokens(admitted.tokens)),
            position: admitted.position,
        }))
    }

    async fn request_phone_code(
        &self,
        request: Request<RequestPhoneCodeRequest>,
    ) -> Result<Response<RequestPhoneCodeResponse>, Status> {
        let peer = request.remote_addr().as_ref().map(SocketAddr::ip);
        let peer = peer.map_or_else(String::new, |peer| peer.to_string());
        let mut fields = Fields::default();
        let phone = wire::phone("phone", &request.get_ref().phone, &mut fields);
        let phone = fields.finish(phone).map_err(errors::invalid)?;
        let phone = phone.ok_or_else(|| Status::internal("a phone number that is none"))?;
        let sent = self.people.send_code(&phone, &peer).await;
        let (expires_at, next_at) = sent.map_err(|error| self.status(error))?;
        Ok(Response::new(RequestPhoneCodeResponse {
            expires_at: Some(timestamp(expires_at)),
            next_at: Some(timestamp(next_at)),
        }))
    }

    async fn verify_phone_code(
        &self,
        request: Request<VerifyPhoneCodeRequest>,
    ) -> Result<Response<VerifyPhoneCodeResponse>, Status> {
        let (metadata, extensions, message) = request.into_parts();
        let mut fields = Fields::default();
        let request_id = fields.id("request_id", &message.request_id);
        let member_id = fields.id("member_id", &message.member_id);
        let phone = wire::phone("phone", &message.phone, &mut fields);
        wire::digits("code", &message.code, &mut fields);
        let phone = fields.finish(phone).map_err(errors::invalid)?;
        let phone = phone.ok_or_else(|| Status::internal("a phone number that is none"))?;
        let caller = in_person("VerifyPhoneCode", &extensions, &metadata, member_id)?;
        let identified = Identified::new(request_id, "VerifyPhoneCode", &message, caller);
        let verified = self
            .people
            .verify_phone(identified.asked(), member_id, &phone, &message.code)
            .await;
        let position = verified.map_err(|error| self.status(error))?;
        Ok(Response::new(VerifyPhoneCodeResponse { position }))
    }

    async fn upgrade_guest(
        &self,
        request: Request<UpgradeGuestRequest>,
    ) -> Result<Response<UpgradeGuestResponse>, Status> {
        let (metadata, extensions, message) = request.into_parts();
        let mut fields = Fields::default();
        let request_id = fields.id("request_id", &message.request_id);
        let member_id = fields.id("member_id", &message.member_id);
        let nickname = wire::nickname(&message.nickname, &mut fields);
        let code = wire::optional_code("wechat_code", &message.wechat_code, &mut fields);
        let (nickname, code) = fields.finish((nickname, code)).map_err(errors::invalid)?;
        let caller = in_person("UpgradeGuest", &extensions, &metadata, member_id)?;
        let identified = Identified::new(request_id, "UpgradeGuest", &message, caller);
        let upgraded = self.people.upgrade(identified.asked(), member_id, code, nickname).await;
        let admitted = upgraded.map_err(|error| self.status(error))?;
        Ok(Response::new(UpgradeGuestResponse {
            tokens: Some(wire::tokens(admitted.tokens)),
            position: admitted.position,
        }))
    }

    async fn merge_guest(&self, request: Request<MergeGuestRequest>) -> Result<Response<MergeGuestResponse>, Status> {
        let (metadata, extensions, message) = request.into_parts();
        let mut fields = Fields::default();
        let request_id = fields.id("request_id", &message.request_id);
        let guest_id = fields.id("member_id", &message.member_id);
        let proof = wire::proof(message.proof.as_ref(), &mut fields);
        let proof = fields.finish(proof).map_err(errors::invalid)?;
        let proof = proof.ok_or_else(|| Status::internal("a proof that is none"))?;
        let caller = in_person("MergeGuest", &extensions, &metadata, guest_id)?;
        let identified = Identified::new(request_id, "MergeGuest", &message, caller);
        let merged = self.people.merge(identified.asked(), guest_id, &proof).await;
        let admitted = merged.map_err(|error| self.status(error))?;
        Ok(Response::new(MergeGuestResponse {
            member_id: admitted.member_id.to_string(),
            tokens: Some(wire::tokens(admitted.tokens)),
            position: admitted.position,
        }))
    }

    async fn refresh_token(
        &self,
        request: Request<RefreshTokenRequest>,
    ) -> Result<Response<RefreshTokenResponse>, Status> {
        let mut fields = Fields::default();
        let act_as = wire::act_as(request.get_ref().act_as.as_ref(), &mut fields);
        let act_as = fields.finish(act_as).map_err(errors::invalid)?;
        let refreshed = self.people.refresh(&request.get_ref().refresh_token, act_as).await;
        let tokens = refreshed.map_err(|error| self.status(error))?;
        Ok(Response::new(RefreshTokenResponse {
            tokens: Some(wire::tokens(tokens)),
        }))
    }

    async fn logout(&self, request: Request<LogoutRequest>) -> Result<Response<LogoutResponse>, Status> {
        let ended = self.people.log_out(&request.get_ref().refresh_token).await;
        ended.map_err(|error| self.status(error))?;
        Ok(Response::new(LogoutResponse {}))
    }

    async fn revoke_sessions(
        &self,
        request: Request<RevokeSessionsRequest>,
    ) -> Result<Response<RevokeSessionsResponse>, Status> {
        let (metadata, extensions, message) = request.into_parts();
        let mut fields = Fields::default();
        let member_id = fields.id("member_id", &message.member_id);
        let member_id = fields.finish(member_id).map_err(errors::invalid)?;
        in_person("RevokeSessions", &extensions, &metadata, member_id)?;
        let ended = self.people.end_logins(member_id).await;
        let ended = ended.map_err(|error| self.status(error))?;
        Ok(Response::new(RevokeSessionsResponse {
            revoked: u32::try_from(ended).unwrap_or(u32::MAX),
        }))
    }
}
