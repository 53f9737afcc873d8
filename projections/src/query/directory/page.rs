//! Pages in the order of registration.

use uuid::Uuid;

use crate::query::fields::Fields;
use crate::query::page::PageToken;

/// Where a page begins and how long it is.
pub(super) struct Page {
    pub(super) after: i64,
    pub(super) size: u32,
    filter: Vec<Option<Uuid>>,
}

/// A filter that is on or off, as part of what a token is good for.
pub(super) fn flag(on: bool) -> Option<Uuid> {
    on.then(Uuid::max)
}

impl Page {
    pub(super) fn read(fields: &mut Fields, size: i32, token: &str, filter: &[Option<Uuid>]) -> Self {
        let after = match token {
            "" => Some(0),
            token => PageToken::read(token, filter).map(|token| token.before),
        };
        if after.is_none() {
            fields.refuse("page_token", "is not of this query");
        }
        Self {
            after: after.unwrap_or_default(),
            size: fields.page_size(size),
            filter: filter.to_vec(),
        }
    }

    /// One more than the page holds: it shows whether there are more.
    pub(super) fn limit(&self) -> i64 {
        i64::from(self.size) + 1
    }

    /// Takes the row off that shows that there are more, and says where they begin. These pages go forward: the token's position is
    /// that of the last row.
    pub(super) fn cut<R>(&self, rows: &mut Vec<R>, registered: impl Fn(&R) -> i64) -> String {
        rows.sort_by_key(|row| registered(row));
        let more = rows.len() > self.size as usize;
        rows.truncate(self.size as usize);
        match rows.last().filter(|_| more) {
            Some(last) => PageToken {
                before: registered(last),
            }
            .write(&self.filter),
            None => String::new(),
        }
    }
}
