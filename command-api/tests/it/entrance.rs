//! Where people come in: a service with WeChat and the provider of text messages, simulated beyond HTTP.

use std::time::Duration;

use baize_command_api::{Options, PeopleOptions, PersonalKeys, TencentSmsOptions, WechatOptions};
use baize_proto::access::{Bearing, KeyRing, Keys, Signer};
use baize_proto::hall::identity::v1::identity_service_client::IdentityServiceClient;
use baize_proto::hall::identity::v1::{
    LoginWithWechatRequest, LoginWithWechatResponse, QuickRegisterRequest, RefreshTokenRequest,
    RequestPhoneCodeRequest, StartGuestSessionRequest, Tokens, VerifyPhoneCodeRequest,
};
use baize_proto::hall::member::v1::RegisterMemberRequest;
use baize_simulators::sms::Sms;
use baize_simulators::wechat::Wechat;
use tonic::Status;

use super::world::{Clients, World, fast, request_id};

/// A service with its providers.
pub struct Entrance {
    pub world: World,
    pub wechat: Wechat,
    pub sms: Sms,
    pub keys: Keys,
    pub identity: IdentityServiceClient<Bearing>,
    pub clients: Clients,
    pub chain: String,
}

impl Entrance {
    pub async fn open() -> Self {
        Self::with(|_| {}).await
    }

    /// With other options; how people are let in can be changed in `people`, which is there.
    pub async fn with(set: impl FnOnce(&mut Options)) -> Self {
        let wechat = Wechat::start("wx-app", "app-secret").await.unwrap();
        let sms = Sms::start("AKID", "sms-secret").await.unwrap();
        let keys = Keys::new(KeyRing::generate().unwrap());
        let mut people = PeopleOptions::new(PersonalKeys::generate().unwrap(), Signer::new(keys.clone()));
        people.wechat = Some(mini_program(&wechat));
        people.sms = Some(TencentSmsOptions {
            base_url: sms.base_url(),
            secret_id: "AKID".to_owned(),
            secret_key: "sms-secret".to_owned(),
            region: "ap-guangzhou".to_owned(),
            sdk_app_id: "1400006666".to_owned(),
            sign_name: "白泽台球".to_owned(),
            template_id: "1110".to_owned(),
            timeout: Duration::from_secs(5),
        });
        let world = World::with(|options| {
            options.people = Some(people);
            // The evening of some other day: tokens must not go by it.
            options.clock = fast(1.0);
            set(options);
        });
        let world = world.await;
        let mut clients = world.clients.clone();
        Self {
            identity: IdentityServiceClient::new(world.clients.channel.clone()),
            chain: clients.chain().await,
            world,
            wechat,
            sms,
            keys,
            clients,
        }
    }

    pub fn login(&self, openid: &str) -> LoginWithWechatRequest {
        LoginWithWechatRequest {
            request_id: request_id(),
            chain_id: self.chain.clone(),
            code: self.wechat.login(openid),
            ..LoginWithWechatRequest::default()
        }
    }

    pub async fn log_in(&mut self, openid: &str) -> LoginWithWechatResponse {
        let login = self.login(openid);
        self.identity.login_with_wechat(login).await.unwrap().into_inner()
    }

    pub async fn guest(&mut self) -> (String, Tokens) {
        let request = StartGuestSessionRequest {
            request_id: request_id(),
            chain_id: self.chain.clone(),
        };
        let guest = self.identity.start_guest_session(request).await.unwrap().into_inner();
        (guest.member_id, guest.tokens.unwrap())
    }

    pub async fn ask_for_code(&mut self, phone: &str) -> Result<String, Status> {
        let request = RequestPhoneCodeRequest {
            phone: phone.to_owned(),
        };
        self.identity.request_phone_code(request).await?;
        Ok(self.sms.code(phone).unwrap())
    }

    pub async fn enter(&mut self, member_id: &str, phone: &str, code: &str) -> Result<u64, Status> {
        let request = VerifyPhoneCodeRequest {
            request_id: request_id(),
            member_id: member_id.to_owned(),
            phone: phone.to_owned(),
            code: code.to_owned(),
        };
        Ok(self.identity.verify_phone_code(request).await?.into_inner().position)
    }

    pub fn quick(&self, openid: &str, number: &str) -> QuickRegisterRequest {
        QuickRegisterRequest {
            request_id: request_id(),
            chain_id: self.chain.clone(),
            code: self.wechat.login(openid),
            phone_code: self.wechat.phone(number),
            nickname: String::new(),
        }
    }

    /// Takes somebody in at the counter, who reads the code aloud.
    pub async fn at_the_counter(&mut self, phone: &str, code: &str) -> Result<String, Status> {
        let request = RegisterMemberRequest {
            request_id: request_id(),
            chain_id: self.chain.clone(),
            phone: phone.to_owned(),
            code: code.to_owned(),
            ..RegisterMemberRequest::default()
        };
        let registered = self.clients.member.register_member(request).await?;
        Ok(registered.into_inner().member_id)
    }

    pub async fn refresh(&mut self, tokens: &Tokens) -> Result<Tokens, Status> {
        let request = RefreshTokenRequest {
            refresh_token: tokens.refresh_token.clone(),
            ..RefreshTokenRequest::default()
        };
        Ok(self.identity.refresh_token(request).await?.into_inner().tokens.unwrap())
    }

    pub async fn events(&self, event_type: &str) -> i64 {
        self.world
            .count(&format!(
                "SELECT count(*) FROM events WHERE event_type = '{event_type}'"
            ))
            .await
    }
}

pub fn mini_program(wechat: &Wechat) -> WechatOptions {
    WechatOptions {
        base_url: wechat.base_url(),
        app_id: "wx-app".to_owned(),
        app_secret: "app-secret".to_owned(),
        timeout: Duration::from_secs(5),
    }
}
