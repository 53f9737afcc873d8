//! Page tokens: opaque to callers, the place where the next page begins for us.

use uuid::Uuid;

/// Raised when the content changes; older tokens are then refused.
const VERSION: u8 = 1;

/// The place behind a page: entries with lower log positions follow. A token is good only for the query it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PageToken {
    pub(crate) before: i64,
}

impl PageToken {
    /// As text, for the query with this filter.
    pub(crate) fn write(self, filter: &[Option<Uuid>]) -> String {
        format!("{VERSION:02x}{:016x}{:016x}", self.before, fingerprint(filter))
    }

    /// `None` if the text is not a token of the query with this filter.
    pub(crate) fn read(text: &str, filter: &[Option<Uuid>]) -> Option<Self> {
        if text.len() != 34 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let version = u8::from_str_radix(&text[..2], 16).ok()?;
        let before = i64::from_str_radix(&text[2..18], 16).ok()?;
        let found = u64::from_str_radix(&text[18..], 16).ok()?;
        (version == VERSION && found == fingerprint(filter)).then_some(Self { before })
    }
}

/// FNV-1a, the same in every build and process. No secret: a forged token reads what the query could read anyway.
fn fingerprint(filter: &[Option<Uuid>]) -> u64 {
    let bytes = filter.iter().flat_map(|id| match id {
        Some(id) => *id.as_bytes(),
        None => [0; 16],
    });
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_its_query_alone() {
        let (hall, member) = (Some(Uuid::from_u128(7)), Some(Uuid::from_u128(8)));
        let token = PageToken { before: 12_345 };
        let text = token.write(&[hall, None]);
        assert_eq!(PageToken::read(&text, &[hall, None]), Some(token));
        assert_eq!(PageToken::read(&text, &[None, hall]), None);
        assert_eq!(PageToken::read(&text, &[hall, member]), None);
        assert_eq!(PageToken::read(&text[1..], &[hall, None]), None);
        assert_eq!(PageToken::read(&format!("02{}", &text[2..]), &[hall, None]), None);
        assert_eq!(PageToken::read("好好好好好好好好好好好好", &[hall, None]), None);
    }
}
