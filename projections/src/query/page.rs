//! Pages of lists. A page token is opaque to callers and the place where the next page begins for us.

use std::cmp::Reverse;

use uuid::Uuid;

use super::error::Error;
use super::fields::Fields;
use super::reader::Value;

/// Raised when the content changes; older tokens are then refused.
const VERSION: u8 = 1;

/// One page of a list: how long it is, and where the page before it ended.
pub(crate) struct Page {
    from: Option<i64>,
    size: u32,
    filter: Vec<Option<Uuid>>,
}

/// A filter that is on or off, as part of what a token is good for.
pub(super) fn flag(on: bool) -> Option<Uuid> {
    on.then(Uuid::max)
}

impl Page {
    /// What was asked for. A token is good only for the query that it came from: `filter` is all that narrows this one.
    pub(super) fn read(fields: &mut Fields, size: i32, token: &str, filter: &[Option<Uuid>]) -> Self {
        let size = fields.page_size(size);
        let from = match token {
            "" => None,
            token => {
                let from = read_token(token, filter);
                if from.is_none() {
                    fields.refuse("page_token", "is not of this query");
                }
                from
            }
        };
        Self {
            from,
            size,
            filter: filter.to_vec(),
        }
    }

    /// A page of what one member or hall has.
    pub(super) fn of(field: &str, id: &str, size: i32, token: &str) -> Result<(Uuid, Self), Error> {
        let mut fields = Fields::default();
        let of = fields.id(field, id);
        let page = Self::read(&mut fields, size, token, &[Some(of)]);
        fields.finish()?;
        Ok((of, page))
    }

    /// In a list with the newest first: rows before this one.
    pub(super) fn before(&self) -> i64 {
        self.from.unwrap_or(i64::MAX)
    }

    /// In a list with the oldest first: rows after this one.
    pub(super) fn after(&self) -> i64 {
        self.from.unwrap_or_default()
    }

    /// One row more than the page holds: it shows whether there are more.
    pub(super) fn limit(&self) -> i64 {
        i64::from(self.size) + 1
    }

    /// What the newest of one member's or hall's rows are selected by: whose, before which, and how many.
    pub(super) fn newest_of(&self, of: Uuid) -> [Value<'static>; 3] {
        [Value::Id(of), Value::Number(self.before()), Value::Number(self.limit())]
    }

    /// Makes the rows that were read the page, newest first. Gives the token of the next one, or nothing if this is the last.
    pub(super) fn newest_first<R>(&self, rows: &mut Vec<R>, key: impl Fn(&R) -> i64) -> String {
        rows.sort_by_key(|row| Reverse(key(row)));
        self.cut(rows, key)
    }

    /// Makes the rows that were read the page, oldest first. Gives the token of the next one, or nothing if this is the last.
    pub(super) fn oldest_first<R>(&self, rows: &mut Vec<R>, key: impl Fn(&R) -> i64) -> String {
        rows.sort_by_key(|row| key(row));
        self.cut(rows, key)
    }

    fn cut<R>(&self, rows: &mut Vec<R>, key: impl Fn(&R) -> i64) -> String {
        let more = rows.len() > self.size as usize;
        rows.truncate(self.size as usize);
        match rows.last().filter(|_| more) {
            Some(last) => write_token(key(last), &self.filter),
            None => String::new(),
        }
    }
}

fn write_token(from: i64, filter: &[Option<Uuid>]) -> String {
    format!("{VERSION:02x}{from:016x}{:016x}", fingerprint(filter))
}

/// `None` if the text is not a token of the query with this filter.
fn read_token(text: &str, filter: &[Option<Uuid>]) -> Option<i64> {
    if text.len() != 34 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let version = u8::from_str_radix(&text[..2], 16).ok()?;
    let from = i64::from_str_radix(&text[2..18], 16).ok()?;
    let found = u64::from_str_radix(&text[18..], 16).ok()?;
    (version == VERSION && found == fingerprint(filter)).then_some(from)
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
        let text = write_token(12_345, &[hall, None]);
        assert_eq!(read_token(&text, &[hall, None]), Some(12_345));
        assert_eq!(read_token(&text, &[None, hall]), None);
        assert_eq!(read_token(&text, &[hall, member]), None);
        assert_eq!(read_token(&text[1..], &[hall, None]), None);
        assert_eq!(read_token(&format!("02{}", &text[2..]), &[hall, None]), None);
        assert_eq!(read_token("好好好好好好好好好好好好", &[hall, None]), None);
    }

    #[test]
    fn pages_show_every_row_once_in_either_order() {
        let all: Vec<i64> = (1..=7).collect();
        for newest in [true, false] {
            let (mut seen, mut token) = (Vec::new(), String::new());
            loop {
                let page = Page::read(&mut Fields::default(), 3, &token, &[]);
                let next = |row: &&i64| {
                    if newest {
                        **row < page.before()
                    } else {
                        **row > page.after()
                    }
                };
                let mut rows: Vec<i64> = all.iter().filter(next).copied().collect();
                if newest {
                    rows.reverse();
                }
                rows.truncate(page.limit() as usize);
                rows.rotate_left(1);
                token = match newest {
                    true => page.newest_first(&mut rows, |row| *row),
                    false => page.oldest_first(&mut rows, |row| *row),
                };
                seen.append(&mut rows);
                if token.is_empty() {
                    break;
                }
            }
            if newest {
                seen.reverse();
            }
            assert_eq!(seen, all);
        }
    }
}
