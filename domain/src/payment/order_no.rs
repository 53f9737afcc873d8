//! The numbers under which providers know our orders and refunds.
//!
//! A number says whose it is: 26 characters of Crockford's base 32 for the 128 bits of the intent (or refund), and for orders two digits for the
//! attempt. So a notification finds its intent without a look-up, the same attempt always has the same number, and both providers' limits hold
//! (WeChat Pay: 6–32 of `[0-9A-Za-z_\-|*@]`; Alipay: ≤ 64 of letters, digits, underscore).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ids::{PaymentIntentId, RefundId};

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// ⌈128 / 5⌉
const ID_LENGTH: usize = 26;

/// Number of one attempt at one intent; the `out_trade_no` of both providers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(into = "String", try_from = "String")]
pub struct OrderNo {
    /// The intent.
    pub intent_id: PaymentIntentId,
    /// 1–99, counted within the intent.
    attempt: u8,
}

/// Number of one refund; WeChat Pay's `out_refund_no`, Alipay's `out_request_no`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(into = "String", try_from = "String")]
pub struct RefundNo(pub RefundId);

/// A number that is not one of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a number of ours")]
pub struct InvalidNumber;

impl OrderNo {
    /// Attempts that one intent can have.
    pub const ATTEMPTS_MAX: u8 = 99;

    /// The number of an attempt, counted from 1.
    ///
    /// # Errors
    /// [`InvalidNumber`] for 0 and above [`Self::ATTEMPTS_MAX`].
    pub fn new(intent_id: PaymentIntentId, attempt: u8) -> Result<Self, InvalidNumber> {
        match attempt {
            1..=Self::ATTEMPTS_MAX => Ok(Self { intent_id, attempt }),
            _ => Err(InvalidNumber),
        }
    }

    /// 1–99, counted within the intent.
    pub const fn attempt(self) -> u8 {
        self.attempt
    }
}

impl fmt::Display for OrderNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:02}", encode(self.intent_id.0), self.attempt)
    }
}

impl FromStr for OrderNo {
    type Err = InvalidNumber;

    fn from_str(text: &str) -> Result<Self, InvalidNumber> {
        let (id, attempt) = text.split_at_checked(ID_LENGTH).ok_or(InvalidNumber)?;
        if attempt.len() != 2 || !attempt.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(InvalidNumber);
        }
        let intent_id = PaymentIntentId(decode(id)?);
        Self::new(intent_id, attempt.parse().map_err(|_| InvalidNumber)?)
    }
}

impl fmt::Display for RefundNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&encode(self.0.0))
    }
}

impl FromStr for RefundNo {
    type Err = InvalidNumber;

    fn from_str(text: &str) -> Result<Self, InvalidNumber> {
        decode(text).map(|id| Self(RefundId(id)))
    }
}

macro_rules! as_text {
    ($($name:ident),+) => {$(
        impl From<$name> for String {
            fn from(number: $name) -> Self {
                number.to_string()
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidNumber;

            fn try_from(text: String) -> Result<Self, InvalidNumber> {
                text.parse()
            }
        }
    )+};
}

as_text!(OrderNo, RefundNo);

/// The most significant digit comes first and is worth three bits, so the numbers sort as the ids do.
fn encode(id: Uuid) -> String {
    let bits = id.as_u128();
    (0..ID_LENGTH)
        .rev()
        .map(|digit| {
            let index = (bits >> (5 * digit)) & 31;
            char::from(ALPHABET[usize::try_from(index).unwrap_or_default()])
        })
        .collect()
}

fn decode(text: &str) -> Result<Uuid, InvalidNumber> {
    if text.len() != ID_LENGTH {
        return Err(InvalidNumber);
    }
    let mut bits: u128 = 0;
    for (index, byte) in text.bytes().enumerate() {
        let digit = ALPHABET
            .iter()
            .position(|&letter| letter == byte)
            .ok_or(InvalidNumber)?;
        if index == 0 && digit > 7 {
            return Err(InvalidNumber);
        }
        bits = bits << 5 | u128::try_from(digit).unwrap_or_default();
    }
    Ok(Uuid::from_u128(bits))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_number_says_whose_it_is(id: u128, attempt in 1..=99u8) {
            let order = OrderNo::new(PaymentIntentId(Uuid::from_u128(id)), attempt).unwrap();
            prop_assert_eq!(order.to_string().parse(), Ok(order));
            prop_assert_eq!(order.to_string().len(), 28);
            let refund = RefundNo(RefundId(Uuid::from_u128(id)));
            prop_assert_eq!(refund.to_string().parse(), Ok(refund));
        }

        #[test]
        fn what_is_not_a_number_of_ours_is_refused(text in "\\PC{0,40}") {
            if let Ok(order) = text.parse::<OrderNo>() {
                prop_assert_eq!(order.to_string(), text);
            }
        }
    }

    #[test]
    fn no_two_texts_are_the_same_number() {
        for text in [
            "8ZZZZZZZZZZZZZZZZZZZZZZZZZ01",
            "0ooooooooooooooooooooooooo01",
            "0000000000000000000000000000",
            "00000000000000000000000000+1",
        ] {
            assert_eq!(text.parse::<OrderNo>(), Err(InvalidNumber), "{text}");
        }
        assert_eq!(OrderNo::new(PaymentIntentId::default(), 0), Err(InvalidNumber));
    }
}
