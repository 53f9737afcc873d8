//! Messages beyond the app: what of, through which channels, and what a person allows.
//!
//! WeChat lets a mini program send one message for each time that the person allowed it: an allowance. It is used up when a message was sent, when
//! nobody knows whether it was, and when WeChat says that there is none.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::refusal::InvalidField;

use super::{Member, MemberError, MemberEvent, MemberProfile};

/// Kinds that are allowed in one go; `wx.requestSubscribeMessage` asks for no more.
pub const ALLOWED_AT_ONCE_MAX: usize = 3;
/// Allowances of one kind that are counted.
pub const ALLOWANCES_MAX: u32 = 50;

/// What a message is about. A part of what the app tells: that which somebody should know who does not look at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// The table is open.
    TableOpen,
    /// Prepaid time ends soon.
    TimeEnding,
    /// The balance secures no more play.
    BalanceShort,
    /// A fault of the light ended the game.
    EndedByFault,
    /// The bill was paid.
    Settled,
    /// The bill was not paid whole.
    BillDue,
    /// A share of a bill could not be paid.
    ShareDue,
    /// A higher level was reached.
    LevelReached,
    /// A complaint was answered.
    ComplaintAnswered,
}

/// What can be said in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageField {
    /// The hall's name.
    Hall,
    /// What is written on the table.
    Table,
    /// When it happened, by the hall's clocks; by Beijing's for what happens in no hall.
    Time,
    /// An amount of money.
    Amount,
    /// Minutes that are left.
    Minutes,
    /// The name of a level.
    Level,
}

impl MessageKind {
    /// All.
    pub const ALL: [Self; 9] = [
        Self::TableOpen,
        Self::TimeEnding,
        Self::BalanceShort,
        Self::EndedByFault,
        Self::Settled,
        Self::BillDue,
        Self::ShareDue,
        Self::LevelReached,
        Self::ComplaintAnswered,
    ];

    /// What can be said in it.
    pub const fn fields(self) -> &'static [MessageField] {
        use MessageField::{Amount, Hall, Level, Minutes, Table, Time};
        match self {
            Self::TableOpen | Self::BalanceShort => &[Hall, Table, Time],
            Self::TimeEnding => &[Hall, Table, Time, Minutes],
            Self::EndedByFault | Self::Settled | Self::BillDue => &[Hall, Table, Time, Amount],
            Self::ShareDue => &[Time, Amount],
            Self::LevelReached => &[Time, Level],
            Self::ComplaintAnswered => &[Time],
        }
    }

    /// Whether it costs somebody money or play not to know it: only then a text message may be sent.
    pub const fn is_critical(self) -> bool {
        matches!(self, Self::BalanceShort | Self::EndedByFault | Self::BillDue)
    }

    /// After that it is no news any more, and is not sent.
    pub const fn lifetime(self) -> SignedDuration {
        match self {
            Self::TableOpen | Self::TimeEnding => SignedDuration::from_mins(5),
            Self::BalanceShort => SignedDuration::from_mins(10),
            Self::EndedByFault | Self::Settled | Self::ShareDue => SignedDuration::from_hours(1),
            Self::BillDue | Self::LevelReached | Self::ComplaintAnswered => SignedDuration::from_hours(24),
        }
    }
}

/// A way to reach somebody who does not look at the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageChannel {
    /// A subscription message of the WeChat mini program.
    Wechat,
    /// A text message.
    Sms,
}

/// How sending a message ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageOutcome {
    /// The provider took it.
    Sent,
    /// Nobody knows whether the provider has it.
    Unclear,
    /// WeChat says that the person does not allow it.
    NotAllowed,
}

/// A message that went out, or that WeChat did not let out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct MessageNote {
    /// What it is about.
    pub kind: MessageKind,
    /// Through whom.
    pub channel: MessageChannel,
    /// How it ended.
    pub outcome: MessageOutcome,
}

/// What a person allows and wants.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct MessageRights {
    /// Channels that the person does not want.
    #[serde(default)]
    pub unwanted: Vec<MessageChannel>,
    /// Messages that WeChat lets through, by kind.
    #[serde(default)]
    pub allowances: BTreeMap<MessageKind, u32>,
}

impl MessageRights {
    /// How many messages of a kind WeChat still lets through.
    pub fn allowance(&self, kind: MessageKind) -> u32 {
        self.allowances.get(&kind).copied().unwrap_or_default()
    }

    /// Whether the person wants messages that way.
    pub fn wants(&self, channel: MessageChannel) -> bool {
        !self.unwanted.contains(&channel)
    }

    pub(super) fn allow(&mut self, kinds: &[MessageKind]) {
        for kind in kinds {
            let allowance = self.allowances.entry(*kind).or_default();
            *allowance = (*allowance + 1).min(ALLOWANCES_MAX);
        }
    }

    pub(super) fn note(&mut self, note: MessageNote) {
        if note.channel != MessageChannel::Wechat {
            return;
        }
        match note.outcome {
            MessageOutcome::NotAllowed => drop(self.allowances.remove(&note.kind)),
            MessageOutcome::Sent | MessageOutcome::Unclear => {
                if let Some(allowance) = self.allowances.get_mut(&note.kind) {
                    *allowance = allowance.saturating_sub(1);
                }
            }
        }
    }
}

impl MemberProfile {
    /// The ways on which this message may reach the person, the best first.
    pub fn ways(&self, kind: MessageKind) -> Vec<MessageChannel> {
        let mut ways = Vec::new();
        if self.openid.is_some() && self.messages.allowance(kind) > 0 {
            ways.push(MessageChannel::Wechat);
        }
        if self.phone.is_some() && kind.is_critical() {
            ways.push(MessageChannel::Sms);
        }
        ways.retain(|way| self.messages.wants(*way));
        ways
    }
}

/// Notes that a person allowed one message each of these kinds.
///
/// # Errors
/// The person is not [`Member::active`]; there are no kinds, one is there twice, or there are too many.
pub fn allow_messages(member: &Member, kinds: &[MessageKind], at: Timestamp) -> Result<Vec<MemberEvent>, MemberError> {
    member.active()?;
    let twice = (1..kinds.len()).any(|index| kinds[..index].contains(&kinds[index]));
    if twice || kinds.is_empty() || kinds.len() > ALLOWED_AT_ONCE_MAX {
        let problem = format!("must be 1 to {ALLOWED_AT_ONCE_MAX} different kinds");
        return Err(InvalidField::new("kinds", problem).into());
    }
    let kinds = kinds.to_vec();
    Ok(vec![MemberEvent::MessagesAllowed { kinds, at }])
}

/// Notes on which ways somebody does not want to be reached; the same again changes nothing.
///
/// # Errors
/// The person is not [`Member::active`].
pub fn choose_messages(
    member: &Member,
    unwanted: &[MessageChannel],
    at: Timestamp,
) -> Result<Vec<MemberEvent>, MemberError> {
    let mut unwanted = unwanted.to_vec();
    unwanted.sort_unstable();
    unwanted.dedup();
    if member.active()?.messages.unwanted == unwanted {
        return Ok(Vec::new());
    }
    Ok(vec![MemberEvent::MessagesChosen { unwanted, at }])
}

/// Notes what became of a message. Also of somebody who is gone by now: it was sent.
///
/// # Errors
/// [`MemberError::NotFound`].
pub fn note_message(member: &Member, note: MessageNote, at: Timestamp) -> Result<Vec<MemberEvent>, MemberError> {
    if member.profile.is_none() {
        return Err(MemberError::NotFound);
    }
    Ok(vec![MemberEvent::MessageNoted { note, at }])
}
