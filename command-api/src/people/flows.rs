//! What people do to be let in, step by step. Each step that changes anything is one command, under the request id of its request: a
//! repeated request is answered from the command's stored answer, without asking a provider again, and only the tokens are new.

use std::sync::Arc;
use std::time::Duration;

use baize_domain::ids::{ChainId, IdentityId, MemberId};
use baize_domain::member::MemberKind;
use baize_domain::personal::{Identifier, Sealed};
use baize_domain::{Command, Refusal};
use baize_eventlog::{Clock, RequestKey};
use jiff::Timestamp;
use sqlx::PgPool;
use uuid::Uuid;

use super::codes::Codes;
use super::logins::{Bearer, Logins};
use super::sms::{SmsSender, TencentSms};
use super::vault::{Field, Vault};
use super::wechat::Wechat;
use super::{ActAs, Acting, Error, PeopleOptions, PhoneNumber, Tokens};
use crate::dispatch::{Caller, Dispatcher, Done, Reply};

/// A guest may have been merged into a guest who was merged.
const MERGES_MAX: usize = 8;

/// Lets people in.
pub struct People {
    pub(super) dispatcher: Arc<Dispatcher>,
    clock: Clock,
    pub(super) vault: Vault,
    codes: Codes,
    logins: Logins,
    pub(super) wechat: Option<Wechat>,
    pub(super) sms: Option<Box<dyn SmsSender>>,
    /// The template of codes at the provider of text messages.
    code_template: String,
}

/// Somebody who was let in.
#[derive(Debug)]
pub struct Admitted {
    pub member_id: MemberId,
    pub is_new: bool,
    pub tokens: Tokens,
    pub position: u64,
}

/// How a guest proves to be a member.
#[derive(Debug)]
pub enum Proof {
    /// A login code of the member's WeChat account.
    Wechat(String),
    /// The member's phone number, whose code the guest entered.
    Phone(PhoneNumber),
}

/// A request's identity and its caller.
#[derive(Clone, Copy)]
pub struct Asked<'r> {
    pub key: &'r RequestKey,
    pub caller: &'r Caller,
}

impl People {
    /// # Errors
    /// A provider's client cannot be made.
    pub fn new(
        options: PeopleOptions,
        dispatcher: Arc<Dispatcher>,
        pool: PgPool,
        clock: Clock,
    ) -> anyhow::Result<Self> {
        let code_template = options.sms.as_ref().map(|sms| sms.template_id.clone());
        let sms = options.sms.map(TencentSms::new).transpose()?;
        Ok(Self {
            dispatcher,
            clock,
            vault: Vault::new(options.keys, pool.clone()),
            codes: Codes::new(pool.clone(), options.codes),
            logins: Logins::new(pool, options.signer, options.logins),
            wechat: options.wechat.map(Wechat::new).transpose()?,
            sms: sms.map(|sms| Box::new(sms) as Box<dyn SmsSender>),
            code_template: code_template.unwrap_or_default(),
        })
    }

    /// The instant by the clock that the rules go by.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Lets the owner of a WeChat account in; with `phone_code`, the phone number that WeChat vouches for is noted too, and who is a member by it and
    /// has no account yet gets this one.
    ///
    /// # Errors
    /// WeChat does not accept a code, or a command is refused.
    pub async fn log_in_with_wechat(
        &self,
        asked: Asked<'_>,
        chain_id: ChainId,
        code: &str,
        phone_code: Option<&str>,
        nickname: Option<&str>,
        act_as: Option<ActAs>,
    ) -> Result<Admitted, Error> {
        if let Some(done) = self.dispatcher.answered(asked.key).await? {
            return self.admit(done, act_as).await;
        }
        let wechat = self.wechat()?;
        let openid = wechat.openid(code).await?;
        let phone = match phone_code {
            Some(phone_code) => Some(wechat.phone(phone_code).await?),
            None => None,
        };
        let openid_id = self.vault.openid(chain_id, &openid);
        let known = match (self.dispatcher.owner(openid_id).await?, &phone) {
            (Some(owner), _) => Some(owner),
            (None, Some(phone)) => self.known_by_phone_alone(chain_id, phone).await?,
            (None, None) => None,
        };
        let member_id = known.unwrap_or_else(|| MemberId(Uuid::now_v7()));
        // Asked before anything happens: who may not act in the role is not let in, and nobody is taken in for that.
        self.acting(member_id, act_as).await?;
        let command = Command::LogIn {
            member_id,
            chain_id,
            openid: self.identifier(member_id, Field::Openid, openid_id, &openid).await?,
            phone: match &phone {
                Some(phone) => Some(self.phone(member_id, chain_id, phone).await?),
                None => None,
            },
            nickname: self.nickname(member_id, nickname).await?,
        };
        let done = self.dispatch(command, asked).await?;
        if let (
            Reply::LoggedIn {
                member_id,
                phone_noted: false,
                ..
            },
            Some(phone),
        ) = (&done.reply, &phone)
        {
            let phone = self.phone(*member_id, chain_id, phone).await?;
            let command = Command::VerifyPhone {
                member_id: *member_id,
                phone,
            };
            let request_id = Uuid::new_v5(&asked.key.request_id, b"phone");
            let key = RequestKey {
                request_id,
                ..asked.key.clone()
            };
            self.dispatch(command, Asked { key: &key, ..asked }).await?;
        }
        let another = matches!(&done.reply, Reply::LoggedIn { member_id: other, .. } if *other != member_id);
        if another && known.is_none() {
            // Two logins of a newcomer at once: the other's member it is.
            self.vault.destroy(member_id, self.now()).await?;
        }
        self.admit(done, act_as).await
    }

    /// Lets somebody in who gives no name.
    ///
    /// # Errors
    /// The chain is not known.
    pub async fn start_guest(&self, asked: Asked<'_>, chain_id: ChainId) -> Result<Admitted, Error> {
        let member_id = MemberId(Uuid::now_v7());
        let done = self
            .dispatch(Command::StartGuest { member_id, chain_id }, asked)
            .await?;
        self.admit(done, None).await
    }

    /// Sends a code to a phone; gives the instants until which it is good and from which another can be had.
    ///
    /// # Errors
    /// A limit is reached, the number is locked, or the provider does not take the message.
    pub async fn send_code(&self, phone: &PhoneNumber, peer: &str) -> Result<(Timestamp, Timestamp), Error> {
        let sms = self.sms.as_ref().ok_or(Error::NotSetUp("sending codes to phones"))?;
        let code = self.codes.make(&self.vault, phone, peer, self.now()).await?;
        let minutes = (self.codes.lifetime().as_secs() / 60).to_string();
        sms.send(phone, &self.code_template, &[&code.digits, &minutes]).await?;
        Ok((code.expires_at, code.next_at))
    }

    /// Notes the phone number whose code a person entered.
    ///
    /// # Errors
    /// The code is wrong or no more good, or the number belongs to another person.
    pub async fn verify_phone(
        &self,
        asked: Asked<'_>,
        member_id: MemberId,
        phone: &PhoneNumber,
        digits: &str,
    ) -> Result<u64, Error> {
        if let Some(done) = self.dispatcher.answered(asked.key).await? {
            return Ok(done.position);
        }
        let chain_id = self.chain_of(member_id).await?;
        self.codes
            .enter(&self.vault, phone, digits, member_id, self.now())
            .await?;
        let phone = self.phone(member_id, chain_id, phone).await?;
        let done = self.dispatch(Command::VerifyPhone { member_id, phone }, asked).await?;
        Ok(done.position)
    }

    /// Takes somebody in at the counter who read a code from their phone aloud: by that number they are known when they come with WeChat.
    ///
    /// # Errors
    /// The code is wrong or no more good, the number belongs to another person, or the command is refused.
    pub async fn register_with_phone(
        &self,
        asked: Asked<'_>,
        chain_id: ChainId,
        member_id: MemberId,
        phone: &PhoneNumber,
        digits: &str,
    ) -> Result<(MemberId, u64), Error> {
        let done = match self.dispatcher.answered(asked.key).await? {
            Some(done) => done,
            None => {
                // Entered by the request: sent again, it is the same one.
                let entered_by = MemberId(asked.key.request_id);
                self.codes
                    .enter(&self.vault, phone, digits, entered_by, self.now())
                    .await?;
                let command = Command::RegisterMember {
                    member_id,
                    chain_id,
                    phone: Some(self.phone(member_id, chain_id, phone).await?),
                    nickname: None,
                };
                self.dispatch(command, asked).await?
            }
        };
        match done.reply {
            Reply::MemberRegistered { member_id } => Ok((member_id, done.position)),
            other => Err(Error::Internal(anyhow::anyhow!(
                "a registration was answered {other:?}"
            ))),
        }
    }

    /// Makes a guest a member.
    ///
    /// # Errors
    /// WeChat does not accept the code, or the command is refused.
    pub async fn upgrade(
        &self,
        asked: Asked<'_>,
        member_id: MemberId,
        wechat_code: Option<&str>,
        nickname: Option<&str>,
    ) -> Result<Admitted, Error> {
        let done = match self.dispatcher.answered(asked.key).await? {
            Some(done) => done,
            None => {
                let chain_id = self.chain_of(member_id).await?;
                let openid = match wechat_code {
                    Some(code) => Some(self.openid(member_id, chain_id, code).await?),
                    None => None,
                };
                let nickname = self.nickname(member_id, nickname).await?;
                let command = Command::UpgradeGuest {
                    member_id,
                    openid,
                    nickname,
                };
                self.dispatch(command, asked).await?
            }
        };
        self.admit_again(member_id, done.position).await
    }

    /// Makes a guest one with the member that the guest proves to be.
    ///
    /// # Errors
    /// The proof is none, nobody is known by it, or the command is refused.
    pub async fn merge(&self, asked: Asked<'_>, guest_id: MemberId, proof: &Proof) -> Result<Admitted, Error> {
        let done = match self.dispatcher.answered(asked.key).await? {
            Some(done) => done,
            None => {
                let chain_id = self.chain_of(guest_id).await?;
                let identity_id = self.proved(guest_id, chain_id, proof).await?;
                let target_id = self.dispatcher.owner(identity_id).await?.ok_or(Error::NobodyKnown)?;
                let phone = self.carried_phone(guest_id, target_id).await?;
                let command = Command::MergeGuest {
                    guest_id,
                    target_id,
                    phone,
                };
                self.dispatch(command, asked).await?
            }
        };
        self.admit_again(guest_id, done.position).await
    }

    /// New tokens for a refresh token, the access token in a role if one is named.
    ///
    /// # Errors
    /// It is none, was used before, or the person is no more; `ROLE_NOT_GRANTED`, and the token is as good as before.
    pub async fn refresh(&self, token: &str, act_as: Option<ActAs>) -> Result<Tokens, Error> {
        let now = self.now();
        let holder = match act_as {
            Some(_) => self.logins.whose(token, now).await?,
            None => None,
        };
        let acting = match holder {
            Some(member_id) => self.acting(member_id, act_as).await?,
            None => None,
        };
        let rotation = self.logins.rotate(token, now).await?;
        let bearer = match self.bearer(rotation.member_id).await {
            Err(Error::Erased) => return Err(Error::RefreshTokenInvalid),
            other => other?,
        };
        let bearer = Bearer { acting, ..bearer };
        self.logins.go_on(&self.vault, rotation.family, bearer, now).await
    }

    /// Ends the login of a refresh token.
    ///
    /// # Errors
    /// The database is away.
    pub async fn log_out(&self, token: &str) -> Result<(), Error> {
        self.logins.log_out(token, self.now()).await
    }

    /// Ends all logins of a person; tells how many there were.
    ///
    /// # Errors
    /// The database is away.
    pub async fn end_logins(&self, member_id: MemberId) -> Result<u64, Error> {
        self.logins.end_all(member_id, self.now()).await
    }

    /// Deletes logins that have been over for `kept`, their tokens expired or revoked: at most `max` tokens. Tells how many went.
    ///
    /// # Errors
    /// The database is away.
    pub async fn forget_logins(&self, kept: Duration, max: u32) -> Result<u64, Error> {
        self.logins.forget(self.now() - kept, max).await
    }

    /// Forgets who a person is: everything that was sealed for the person, and for the guests that the person was, can never be opened again.
    ///
    /// # Errors
    /// The command is refused, or the database is away; then it is to be repeated.
    pub async fn erase(&self, asked: Asked<'_>, member_id: MemberId, reason: String) -> Result<u64, Error> {
        let done = self.dispatch(Command::ErasePerson { member_id, reason }, asked).await?;
        let member = self.dispatcher.member(member_id).await?;
        let absorbed = member
            .profile
            .iter()
            .flat_map(|profile| profile.absorbed.iter().copied());
        for person in absorbed.chain([member_id]) {
            self.vault.destroy(person, self.now()).await?;
            self.end_logins(person).await?;
        }
        Ok(done.position)
    }

    fn wechat(&self) -> Result<&Wechat, Error> {
        self.wechat.as_ref().ok_or(Error::NotSetUp("logging in with WeChat"))
    }

    pub(super) async fn dispatch(&self, command: Command, asked: Asked<'_>) -> Result<Done, Error> {
        Ok(self
            .dispatcher
            .dispatch(command, asked.key.clone(), asked.caller)
            .await?)
    }

    async fn admit(&self, done: Done, act_as: Option<ActAs>) -> Result<Admitted, Error> {
        let (member_id, is_new) = match done.reply {
            Reply::LoggedIn { member_id, is_new, .. } => (member_id, is_new),
            Reply::MemberRegistered { member_id } => (member_id, true),
            other => return Err(Error::Internal(anyhow::anyhow!("a login was answered {other:?}"))),
        };
        let bearer = self.bearer(member_id).await?;
        let acting = self.acting(bearer.member_id, act_as).await?;
        Ok(Admitted {
            member_id: bearer.member_id,
            is_new,
            tokens: self
                .logins
                .begin(&self.vault, Bearer { acting, ..bearer }, self.now())
                .await?,
            position: done.position,
        })
    }

    /// The role that a person wants to act in, if it was granted and not revoked.
    async fn acting(&self, member_id: MemberId, act_as: Option<ActAs>) -> Result<Option<Acting>, Error> {
        let Some(act_as) = act_as else { return Ok(None) };
        let halls = self.dispatcher.role_of(member_id, act_as.chain_id, act_as.role).await?;
        Ok(Some(Acting { act_as, halls }))
    }

    /// Admits a guest as whoever the guest is by now; the guest's own logins end.
    async fn admit_again(&self, guest_id: MemberId, position: u64) -> Result<Admitted, Error> {
        self.end_logins(guest_id).await?;
        let bearer = self.bearer(guest_id).await?;
        Ok(Admitted {
            member_id: bearer.member_id,
            is_new: false,
            tokens: self.logins.begin(&self.vault, bearer, self.now()).await?,
            position,
        })
    }

    /// Whom tokens are for: the person, or into whom the person was merged.
    pub(super) async fn bearer(&self, mut member_id: MemberId) -> Result<Bearer, Error> {
        for _ in 0..MERGES_MAX {
            let member = self.dispatcher.member(member_id).await?;
            let Some(profile) = member.profile.as_deref().filter(|profile| !profile.erased) else {
                return Err(Error::Erased);
            };
            match profile.merged_into {
                Some(target_id) => member_id = target_id,
                None => {
                    return Ok(Bearer {
                        member_id,
                        chain_id: profile.chain_id,
                        guest: profile.kind == MemberKind::Guest,
                        acting: None,
                    });
                }
            }
        }
        Err(Error::Internal(anyhow::anyhow!("{member_id} was merged in a circle")))
    }

    /// By which WeChat knows a person, or whoever the person is by now; `None` if it knows nobody by that.
    ///
    /// # Errors
    /// The database is away.
    pub async fn openid_of(&self, member_id: MemberId) -> Result<Option<String>, Error> {
        let bearer = match self.bearer(member_id).await {
            Ok(bearer) => bearer,
            Err(Error::Erased) => return Ok(None),
            Err(error) => return Err(error),
        };
        let member = self.dispatcher.member(bearer.member_id).await?;
        let openid = member.profile.as_deref().and_then(|profile| profile.openid.as_ref());
        let Some(openid) = openid else { return Ok(None) };
        match self.vault.open(bearer.member_id, Field::Openid, &openid.sealed).await {
            Ok(openid) => Ok(Some(openid)),
            Err(Error::Erased) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn chain_of(&self, member_id: MemberId) -> Result<ChainId, Error> {
        let member = self.dispatcher.member(member_id).await?;
        let profile = member
            .active()
            .map_err(|error| Error::Command(Refusal::from(error).into()))?;
        Ok(profile.chain_id)
    }

    /// The member who is known by a phone number and by no WeChat account.
    async fn known_by_phone_alone(&self, chain_id: ChainId, phone: &PhoneNumber) -> Result<Option<MemberId>, Error> {
        let owner = self.dispatcher.owner(self.vault.phone(chain_id, phone)).await?;
        let Some(member_id) = owner else { return Ok(None) };
        let member = self.dispatcher.member(member_id).await?;
        let alone = member.members_only().is_ok_and(|profile| profile.openid.is_none());
        Ok(alone.then_some(member_id))
    }

    async fn proved(&self, guest_id: MemberId, chain_id: ChainId, proof: &Proof) -> Result<IdentityId, Error> {
        match proof {
            Proof::Wechat(code) => {
                let openid = self.wechat()?.openid(code).await?;
                Ok(self.vault.openid(chain_id, &openid))
            }
            Proof::Phone(phone) => {
                self.codes.proved(&self.vault, phone, guest_id, self.now()).await?;
                Ok(self.vault.phone(chain_id, phone))
            }
        }
    }

    /// The guest's phone number, sealed anew for the member, since each person's data has a key of its own.
    async fn carried_phone(&self, guest_id: MemberId, target_id: MemberId) -> Result<Option<Identifier>, Error> {
        let guest = self.dispatcher.member(guest_id).await?;
        let Some(phone) = guest.profile.as_ref().and_then(|profile| profile.phone.as_ref()) else {
            return Ok(None);
        };
        let number = self.vault.open(guest_id, Field::Phone, &phone.sealed).await?;
        let carried = self
            .identifier(target_id, Field::Phone, phone.identity_id, &number)
            .await?;
        Ok(Some(carried))
    }

    async fn openid(&self, member_id: MemberId, chain_id: ChainId, code: &str) -> Result<Identifier, Error> {
        let openid = self.wechat()?.openid(code).await?;
        let identity_id = self.vault.openid(chain_id, &openid);
        self.identifier(member_id, Field::Openid, identity_id, &openid).await
    }

    async fn phone(&self, member_id: MemberId, chain_id: ChainId, phone: &PhoneNumber) -> Result<Identifier, Error> {
        let identity_id = self.vault.phone(chain_id, phone);
        self.identifier(member_id, Field::Phone, identity_id, phone.e164())
            .await
    }

    async fn nickname(&self, member_id: MemberId, nickname: Option<&str>) -> Result<Option<Sealed>, Error> {
        match nickname {
            Some(nickname) => Ok(Some(self.vault.seal(member_id, Field::Nickname, nickname).await?)),
            None => Ok(None),
        }
    }

    async fn identifier(
        &self,
        member_id: MemberId,
        field: Field,
        identity_id: IdentityId,
        text: &str,
    ) -> Result<Identifier, Error> {
        self.vault.identifier(member_id, field, identity_id, text).await
    }
}
