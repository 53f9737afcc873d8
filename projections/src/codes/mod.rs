//! What is printed on tables: the address that a phone scans, as an image, and sheets of them.
//!
//! An address is a beginning that the operator sets (a link that opens the mini program) and the table's token, which is
//! always the end of it: whatever the beginning was when a code was printed, the token is found again.

mod image;
mod sheet;

pub use image::{CodeImage, TooLong};
pub use sheet::{Sign, sheet};

/// The beginning that is used while none is set: the mini program's own scanner reads it, nothing else opens it.
pub const BASE_DEFAULT: &str = "baize://table/";
/// The longest beginning, in characters.
pub const BASE_CHARS_MAX: usize = 512;

/// The address of a token.
pub fn address(base: &str, qr_token: &str) -> String {
    format!("{base}{qr_token}")
}

/// What is wrong with a beginning, if something is.
///
/// # Errors
/// It is no beginning of an address that a token may follow.
pub fn check_base(base: &str) -> Result<(), &'static str> {
    if base.len() > BASE_CHARS_MAX {
        return Err("has more than 512 characters");
    }
    if !base.chars().all(|c| c.is_ascii_graphic()) {
        return Err("has other characters than those of an address");
    }
    if !base.contains("://") || token_of(&format!("{base}x")) != "x" {
        return Err("is no address that ends in /, =, # or %3D, such as https://example.com/t/");
    }
    Ok(())
}

/// The token of whatever a scanner read: an address as of [`address`], or the token alone.
pub fn token_of(scanned: &str) -> &str {
    if !scanned.contains("://") {
        return scanned;
    }
    // In the address of a mini program (weixin://dl/business/?…&query=t%3DTOKEN) the query is encoded once more.
    let ends = ["/", "=", "#", "%3D", "%3d"];
    let after = |end: &&str| scanned.rfind(end).map(|at| at + end.len());
    scanned
        .get(ends.iter().filter_map(after).max().unwrap_or(0)..)
        .unwrap_or(scanned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "3fzk7q2m9xw4c8v1b6n5t0r2ya";

    #[test]
    fn the_token_is_found_in_every_address_it_was_put_into() {
        for base in [
            BASE_DEFAULT,
            "https://play.example.com/t/",
            "https://play.example.com/?v=1&t=",
            "https://play.example.com/#",
            "weixin://dl/business/?appid=wx1&path=pages/table&query=t%3D",
        ] {
            assert_eq!(check_base(base), Ok(()), "{base}");
            assert_eq!(token_of(&address(base, TOKEN)), TOKEN, "{base}");
        }
        assert_eq!(token_of(TOKEN), TOKEN);
    }

    #[test]
    fn a_beginning_that_would_swallow_the_token_is_refused() {
        for base in [
            "",
            "play.example.com/",
            "https://play.example.com/t",
            "https://例.cn/",
            "https://a b/",
        ] {
            assert!(check_base(base).is_err(), "{base}");
        }
        assert!(check_base(&format!("https://{}/", "a".repeat(BASE_CHARS_MAX))).is_err());
    }
}
