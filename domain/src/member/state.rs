//! What a person is.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{ChainId, MemberId};
use crate::level::LevelCode;
use crate::personal::{Identifier, Sealed};

use super::{MemberEvent, MessageRights, PaymentMethod};

/// Whether somebody gave a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MemberKind {
    /// No: limited rights.
    Guest,
    /// Yes.
    Member,
}

/// A person, known or not yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// What is known; nothing before registration.
    pub profile: Option<Arc<MemberProfile>>,
}

/// What a person joins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// Who.
    pub member_id: MemberId,
    /// The chain.
    pub chain_id: ChainId,
    /// The WeChat account.
    pub openid: Option<Identifier>,
    /// A phone number that was proved.
    pub phone: Option<Identifier>,
    /// As the person wants to be called.
    pub nickname: Option<Sealed>,
}

/// What is known of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberProfile {
    /// Who.
    pub member_id: MemberId,
    /// The chain.
    pub chain_id: ChainId,
    /// Guest or member.
    pub kind: MemberKind,
    /// The level, as the chain defines it.
    pub level: LevelCode,
    /// Until when it holds; nothing for one that nobody reaches by spending, or that was given by hand.
    #[serde(default)]
    pub level_until: Option<Timestamp>,
    /// Levels whose gift pack the member has had.
    #[serde(default)]
    pub packs: BTreeSet<LevelCode>,
    /// The WeChat account, sealed for this person.
    pub openid: Option<Identifier>,
    /// The phone number, sealed for this person.
    pub phone: Option<Identifier>,
    /// Why the person may not play, if so.
    pub blacklisted: Option<String>,
    /// Ways to pay.
    pub payment_methods: BTreeSet<PaymentMethod>,
    /// Who stands for this guest now.
    pub merged_into: Option<MemberId>,
    /// Guests that this person turned out to have been.
    pub absorbed: BTreeSet<MemberId>,
    /// When the person came or logged in last.
    pub last_login_at: Timestamp,
    /// The log position up to which the person has read the notices.
    #[serde(default)]
    pub notices_read_to: u64,
    /// What the person allows and wants of messages beyond the app.
    #[serde(default)]
    pub messages: MessageRights,
    /// Whether the person is forgotten.
    pub erased: bool,
}

impl MemberProfile {
    /// Whether a phone number was proved.
    pub const fn phone_verified(&self) -> bool {
        self.phone.is_some()
    }

    fn new(member_id: MemberId, chain_id: ChainId, kind: MemberKind, level: LevelCode, at: Timestamp) -> Self {
        Self {
            member_id,
            chain_id,
            kind,
            level,
            level_until: None,
            packs: BTreeSet::new(),
            openid: None,
            phone: None,
            blacklisted: None,
            payment_methods: BTreeSet::new(),
            merged_into: None,
            absorbed: BTreeSet::new(),
            last_login_at: at,
            notices_read_to: 0,
            messages: MessageRights::default(),
            erased: false,
        }
    }
}

impl Member {
    /// Folds an event in.
    pub fn evolve(&mut self, event: &MemberEvent) {
        match event {
            MemberEvent::MemberRegistered {
                member_id,
                chain_id,
                openid,
                phone,
                at,
                ..
            } => {
                let profile = MemberProfile::new(*member_id, *chain_id, MemberKind::Member, LevelCode::member(), *at);
                self.profile = Some(Arc::new(MemberProfile {
                    openid: openid.clone(),
                    phone: phone.clone(),
                    ..profile
                }));
            }
            MemberEvent::GuestStarted {
                member_id,
                chain_id,
                at,
            } => {
                let profile = MemberProfile::new(*member_id, *chain_id, MemberKind::Guest, LevelCode::guest(), *at);
                self.profile = Some(Arc::new(profile));
            }
            change => {
                if let Some(profile) = &mut self.profile {
                    Arc::make_mut(profile).evolve(change);
                }
            }
        }
    }
}

impl MemberProfile {
    fn evolve(&mut self, event: &MemberEvent) {
        match event {
            MemberEvent::MemberRegistered { .. } | MemberEvent::GuestStarted { .. } => {}
            MemberEvent::PhoneVerified { phone, .. } => self.phone = Some(phone.clone()),
            MemberEvent::GuestUpgraded { openid, .. } => {
                self.kind = MemberKind::Member;
                self.level = LevelCode::member();
                if let Some(openid) = openid {
                    self.openid = Some(openid.clone());
                }
            }
            MemberEvent::GuestMerged { target_id, .. } => {
                self.merged_into = Some(*target_id);
                self.phone = None;
            }
            MemberEvent::GuestAbsorbed { guest_id, phone, .. } => {
                self.absorbed.insert(*guest_id);
                if let Some(phone) = phone {
                    self.phone = Some(phone.clone());
                }
            }
            MemberEvent::OpenidAttached { openid, .. } => self.openid = Some(openid.clone()),
            MemberEvent::LevelReached {
                level, packs, until, ..
            } => {
                self.level = level.clone();
                self.level_until = Some(*until);
                self.packs.extend(packs.iter().cloned());
            }
            MemberEvent::LevelKept { until, .. } => self.level_until = Some(*until),
            MemberEvent::LevelLost { level, until, .. } => {
                self.level = level.clone();
                self.level_until = *until;
            }
            MemberEvent::LevelChanged { level, .. } => {
                self.level = level.clone();
                self.level_until = None;
            }
            MemberEvent::MemberBlacklisted { reason, .. } => self.blacklisted = Some(reason.clone()),
            MemberEvent::MemberUnblacklisted { .. } => self.blacklisted = None,
            MemberEvent::PaymentMethodBound { method, .. } => {
                self.payment_methods.insert(*method);
            }
            MemberEvent::PaymentMethodUnbound { method, .. } => {
                self.payment_methods.remove(method);
            }
            MemberEvent::LoginRecorded { at } => self.last_login_at = *at,
            MemberEvent::NoticesRead { up_to, .. } => self.notices_read_to = *up_to,
            MemberEvent::MessagesAllowed { kinds, .. } => self.messages.allow(kinds),
            MemberEvent::MessagesChosen { unwanted, .. } => self.messages.unwanted.clone_from(unwanted),
            MemberEvent::MessageNoted { note, .. } => self.messages.note(*note),
            MemberEvent::PersonErased { .. } => {
                self.erased = true;
                self.openid = None;
                self.phone = None;
                self.payment_methods.clear();
                self.messages = MessageRights::default();
            }
        }
    }
}
