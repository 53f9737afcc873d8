//! Which messages are set up: the file `messages_file`.
//!
//! ```toml
//! wechat_version = "formal"     # or "trial", "developer": which version of the mini program a message opens
//!
//! [[message]]
//! kind = "time_ending"
//! # The keys are those of the template at WeChat; on the right stands what goes in.
//! wechat = { template_id = "…", page = "pages/table/index", data = { thing1 = "hall", thing2 = "table", number3 = "minutes" } }
//!
//! [[message]]
//! kind = "bill_due"
//! # The parameters {1}, {2} … of the approved template at the provider of text messages.
//! sms = { template_id = "1110", parameters = ["table", "amount"] }
//! ```

use std::collections::BTreeMap;

use baize_domain::member::{MessageChannel, MessageField, MessageKind};
use serde::Deserialize;

/// Characters of a page's address, at most.
const PAGE_CHARS_MAX: usize = 128;
/// Keys of a template at WeChat.
const KEYS_MAX: usize = 5;

/// What is set up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageOptions {
    /// Templates by kind.
    pub templates: BTreeMap<MessageKind, MessageTemplates>,
    /// Which version of the mini program a message opens.
    pub wechat_version: String,
}

/// The templates of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageTemplates {
    /// At WeChat.
    pub wechat: Option<WechatTemplate>,
    /// At the provider of text messages.
    pub sms: Option<SmsTemplate>,
}

/// A template of subscription messages.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WechatTemplate {
    /// As WeChat names it.
    pub template_id: String,
    /// The page that a tap opens; none if empty.
    #[serde(default)]
    pub page: String,
    /// What goes in, by the template's keys.
    pub data: BTreeMap<String, MessageField>,
}

/// A template of text messages.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmsTemplate {
    /// As the provider names it.
    pub template_id: String,
    /// What goes in, in order.
    #[serde(default)]
    pub parameters: Vec<MessageField>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    wechat_version: Version,
    #[serde(default)]
    message: Vec<Entry>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Version {
    #[default]
    Formal,
    Trial,
    Developer,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    kind: MessageKind,
    wechat: Option<WechatTemplate>,
    sms: Option<SmsTemplate>,
}

impl MessageOptions {
    /// Reads the file.
    ///
    /// # Errors
    /// What is wrong, and in which line or which message.
    pub fn read(text: &str) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
        let mut templates = BTreeMap::new();
        for (number, entry) in (1..).zip(file.message) {
            let kind = entry.kind;
            let checked = entry
                .checked()
                .map_err(|problem| format!("message {number}: {problem}"))?;
            if templates.insert(kind, checked).is_some() {
                return Err(format!("message {number}: its kind is there twice"));
            }
        }
        let wechat_version = match file.wechat_version {
            Version::Formal => "formal",
            Version::Trial => "trial",
            Version::Developer => "developer",
        };
        Ok(Self {
            templates,
            wechat_version: wechat_version.to_owned(),
        })
    }

    /// Whether there is a template for it.
    pub fn has(&self, kind: MessageKind, channel: MessageChannel) -> bool {
        self.templates.get(&kind).is_some_and(|templates| match channel {
            MessageChannel::Wechat => templates.wechat.is_some(),
            MessageChannel::Sms => templates.sms.is_some(),
        })
    }

    /// Whether anything goes through a channel.
    pub fn uses(&self, channel: MessageChannel) -> bool {
        self.templates.keys().any(|kind| self.has(*kind, channel))
    }
}

impl Entry {
    fn checked(self) -> Result<MessageTemplates, String> {
        let Self { kind, wechat, sms } = self;
        if let Some(wechat) = &wechat {
            wechat.check(kind)?;
        }
        if let Some(sms) = &sms {
            sms.check(kind)?;
        }
        match (&wechat, &sms) {
            (None, None) => Err("has neither wechat nor sms".to_owned()),
            _ => Ok(MessageTemplates { wechat, sms }),
        }
    }
}

impl WechatTemplate {
    fn check(&self, kind: MessageKind) -> Result<(), String> {
        if self.template_id.trim().is_empty() {
            return Err("wechat has an empty template_id".to_owned());
        }
        if self.page.chars().count() > PAGE_CHARS_MAX {
            return Err(format!("wechat has a page of more than {PAGE_CHARS_MAX} characters"));
        }
        if self.data.is_empty() || self.data.len() > KEYS_MAX {
            return Err(format!("wechat has data of 1 to {KEYS_MAX} keys"));
        }
        for (key, field) in &self.data {
            said(kind, *field)?;
            let shape = Shape::of(key).ok_or_else(|| format!("wechat: {key} is no key that something goes in here"))?;
            if !shape.takes(*field) {
                return Err(format!("wechat: {key} does not take what it is given"));
            }
        }
        Ok(())
    }
}

impl SmsTemplate {
    fn check(&self, kind: MessageKind) -> Result<(), String> {
        if !kind.is_critical() {
            return Err("is not critical, so no text message is sent".to_owned());
        }
        if self.template_id.trim().is_empty() {
            return Err("sms has an empty template_id".to_owned());
        }
        self.parameters.iter().try_for_each(|field| said(kind, *field))
    }
}

fn said(kind: MessageKind, field: MessageField) -> Result<(), String> {
    match kind.fields().contains(&field) {
        true => Ok(()),
        false => Err(format!("nothing is known of {field:?} there").to_lowercase()),
    }
}

/// What WeChat lets into a template's key, told by the key's beginning:
/// <https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/mp-message-management/subscribe-message/sendMessage.html>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// At most 20 characters.
    Thing,
    /// At most 5 Chinese characters.
    Phrase,
    /// At most 32 digits.
    Number,
    /// A currency's sign and at most 10 digits.
    Amount,
    /// A date and a time of 24 hours.
    Time,
}

impl Shape {
    /// Of a key such as `thing1`.
    pub fn of(key: &str) -> Option<Self> {
        let name = key.trim_end_matches(|sign: char| sign.is_ascii_digit());
        let shape = match name {
            "thing" => Self::Thing,
            "phrase" => Self::Phrase,
            "number" => Self::Number,
            "amount" => Self::Amount,
            "time" | "date" => Self::Time,
            _ => return None,
        };
        (name.len() < key.len()).then_some(shape)
    }

    const fn takes(self, field: MessageField) -> bool {
        match self {
            Self::Thing => true,
            Self::Phrase => matches!(field, MessageField::Level),
            Self::Number => matches!(field, MessageField::Minutes),
            Self::Amount => matches!(field, MessageField::Amount),
            Self::Time => matches!(field, MessageField::Time),
        }
    }

    /// The text as WeChat takes it: no signs that cannot be seen, and not too long.
    pub fn fit(self, text: &str) -> String {
        let plain: String = text
            .chars()
            .map(|sign| if sign.is_control() { ' ' } else { sign })
            .collect();
        let chars_max = match self {
            Self::Thing => 20,
            Self::Phrase => 5,
            Self::Number | Self::Amount | Self::Time => 32,
        };
        if plain.chars().count() <= chars_max {
            return plain;
        }
        let kept: String = plain.chars().take(chars_max - 1).collect();
        kept + "…"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(message: &str) -> String {
        MessageOptions::read(&format!("[[message]]\n{message}")).expect_err(message)
    }

    #[test]
    fn a_file_sets_up_both_ways() {
        let text = r#"
            wechat_version = "trial"
            [[message]]
            kind = "bill_due"
            wechat = { template_id = "T1", page = "pages/bill", data = { thing1 = "table", amount2 = "amount", time3 = "time" } }
            sms = { template_id = "9", parameters = ["table", "amount"] }
        "#;
        let options = MessageOptions::read(text).unwrap();
        assert_eq!(options.wechat_version, "trial");
        let templates = &options.templates[&MessageKind::BillDue];
        assert_eq!(templates.wechat.as_ref().unwrap().data["amount2"], MessageField::Amount);
        assert_eq!(
            templates.sms.as_ref().unwrap().parameters,
            [MessageField::Table, MessageField::Amount]
        );
        assert!(options.uses(MessageChannel::Sms) && options.has(MessageKind::BillDue, MessageChannel::Wechat));
        assert!(!options.has(MessageKind::Settled, MessageChannel::Wechat));
        assert_eq!(MessageOptions::read("").unwrap().wechat_version, "formal");
    }

    #[test]
    fn the_example_in_the_documents_has_every_kind() {
        let options = MessageOptions::read(include_str!("../../../docs/examples/messages.toml")).unwrap();
        for kind in MessageKind::ALL {
            assert!(options.has(kind, MessageChannel::Wechat), "{kind:?}");
            assert_eq!(options.has(kind, MessageChannel::Sms), kind.is_critical(), "{kind:?}");
        }
    }

    #[test]
    fn what_cannot_be_sent_is_refused_before_anything_starts() {
        let wechat = |kind: &str, data: &str| {
            problem(&format!(
                "kind = \"{kind}\"\nwechat = {{ template_id = \"T\", data = {{ {data} }} }}"
            ))
        };
        assert!(wechat("share_due", "thing1 = \"table\"").contains("nothing is known of table"));
        assert!(wechat("bill_due", "amount1 = \"table\"").contains("amount1 does not take"));
        assert!(wechat("bill_due", "car_number1 = \"table\"").contains("car_number1 is no key"));
        assert!(wechat("bill_due", "thing = \"table\"").contains("thing is no key"));
        assert!(wechat("bill_due", "").contains("1 to 5 keys"));
        assert!(problem("kind = \"bill_due\"").contains("neither wechat nor sms"));
        assert!(problem("kind = \"settled\"\nsms = { template_id = \"1\" }").contains("not critical"));
        assert!(problem("kind = \"billdue\"").contains("line 2"));
        let twice = "kind = \"bill_due\"\nsms = { template_id = \"1\" }\n[[message]]\nkind = \"bill_due\"\nsms = { template_id = \"2\" }";
        assert!(problem(twice).contains("message 2: its kind is there twice"));
    }

    #[test]
    fn a_text_is_cut_to_what_wechat_takes() {
        assert_eq!(Shape::Thing.fit("白泽台球\n人民路店"), "白泽台球 人民路店");
        let long = "一二三四五六七八九十一二三四五六七八九十一";
        assert_eq!(Shape::Thing.fit(long).chars().count(), 20);
        assert!(Shape::Thing.fit(long).ends_with("九…"));
        assert_eq!(Shape::Phrase.fit("黄金会员"), "黄金会员");
    }
}
