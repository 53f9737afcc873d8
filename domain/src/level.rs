//! The code of a level of members, as bills, tariffs and chains name it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::refusal::InvalidField;

/// Characters of a level's code, at most.
const CODE_CHARS_MAX: usize = 32;

/// The code of a level, such as `guest`, `member` or `vip`: 1–32 of `a`–`z`, `0`–`9` and `_`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct LevelCode(String);

impl LevelCode {
    /// The level of those who gave no name.
    pub const GUEST: &'static str = "guest";
    /// The level at which members begin.
    pub const MEMBER: &'static str = "member";

    /// A code, if it is well formed. `field` names it in the error.
    ///
    /// # Errors
    /// When it is empty, too long, or has other characters.
    pub fn try_new(code: &str, field: &str) -> Result<Self, InvalidField> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        InvalidField::unless(
            (1..=CODE_CHARS_MAX).contains(&code.len()) && code.bytes().all(plain),
            field,
            "must be 1 to 32 of a-z, 0-9 and _",
        )?;
        Ok(Self(code.to_owned()))
    }

    /// [`Self::GUEST`].
    pub fn guest() -> Self {
        Self(Self::GUEST.to_owned())
    }

    /// [`Self::MEMBER`].
    pub fn member() -> Self {
        Self(Self::MEMBER.to_owned())
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LevelCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_short_and_plain() {
        for good in ["guest", "vip_2", "a", &"x".repeat(32)] {
            assert_eq!(LevelCode::try_new(good, "level").expect("a code").as_str(), good);
        }
        for bad in ["", "VIP", "会员", "a b", "a-b", &"x".repeat(33)] {
            let invalid = LevelCode::try_new(bad, "level").expect_err("no code");
            assert_eq!(invalid.field, "level", "{bad}");
        }
    }
}
