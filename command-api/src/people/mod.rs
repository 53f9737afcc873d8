//! People beyond the log: who they are to WeChat, what reaches their phones, and the tokens by which they are known.
//!
//! Personal data comes in here and leaves sealed: commands and events carry ciphertext and keyed hashes, never a phone
//! number or an openid. WeChat's `session_key` is not even read.
//!
//! - `keys` and `vault`: the keys of a chain's people, one a person, and what is done with them.
//! - `wechat`, `sms`: the providers' clients; `client` talks, `wire` says what bytes mean, `signature` signs.
//! - `codes`: codes sent to phones, their limits and locks. `logins`: refresh tokens. `acting`: roles that were granted.
//! - `sending`: messages to people, beyond codes.
//! - `flows`: what a person does, step by step. `complaints`: what a person writes, and is answered.

mod acting;
mod codes;
mod complaints;
mod error;
mod flows;
pub(crate) mod http;
mod keys;
mod logins;
mod options;
mod phone;
mod rewrap;
mod sending;
mod sms;
mod vault;
mod wechat;

pub use acting::{ActAs, Acting};
pub use error::Error;
pub use flows::{Asked, People, Proof};
pub use keys::{PersonalKeys, PersonalKeysError};
pub use logins::Tokens;
pub use options::{CodeLimits, LoginLimits, PeopleOptions, TencentSmsOptions, WechatOptions};
pub use phone::PhoneNumber;
pub use rewrap::{Rewrapped, rewrap_keys};
pub(crate) use sending::{SendError, WechatMessage};
