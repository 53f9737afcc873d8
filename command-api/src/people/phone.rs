//! Mobile numbers of mainland China, the only ones that codes are sent to.

use std::fmt;

/// A mobile number: eleven digits, the first 1, the second 3 to 9.
#[derive(Clone, PartialEq, Eq)]
pub struct PhoneNumber {
    e164: String,
}

impl PhoneNumber {
    /// The number, with or without `+86` or `86` before it, and with blanks or hyphens in it.
    pub fn parse(text: &str) -> Option<Self> {
        let plain: String = text.chars().filter(|sign| !matches!(sign, ' ' | '-')).collect();
        let national = match plain.strip_prefix("+86") {
            Some(national) => national,
            None if plain.len() == 13 => plain.strip_prefix("86")?,
            None => plain.as_str(),
        };
        let digits = national.as_bytes();
        let is_mobile = digits.len() == 11
            && digits.iter().all(u8::is_ascii_digit)
            && digits[0] == b'1'
            && (b'3'..=b'9').contains(&digits[1]);
        is_mobile.then(|| Self {
            e164: format!("+86{national}"),
        })
    }

    /// As `+8613800138000`.
    pub fn e164(&self) -> &str {
        &self.e164
    }
}

/// Masked, as people are shown it: `+86138****8000`.
impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}****{}", &self.e164[..6], &self.e164[10..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_the_same_however_it_is_written() {
        let number = PhoneNumber::parse("13800138000").unwrap();
        assert_eq!(number.e164(), "+8613800138000");
        for same in ["+8613800138000", "8613800138000", "138 0013 8000", "+86 138-0013-8000"] {
            assert_eq!(PhoneNumber::parse(same).unwrap(), number, "{same}");
        }
    }

    #[test]
    fn what_is_no_mobile_number_is_refused() {
        for text in [
            "",
            "1380013800",
            "138001380000",
            "12800138000",
            "+1 4155550123",
            "1380013800x",
            "１３８００１３８０００",
        ] {
            assert_eq!(PhoneNumber::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_number_is_masked_when_it_is_logged() {
        let number = PhoneNumber::parse("13812345678").unwrap();
        assert_eq!(format!("{number:?}"), "+86138****5678");
    }
}
