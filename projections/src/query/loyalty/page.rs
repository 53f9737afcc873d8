//! Pages of what a member or a hall has.

use uuid::Uuid;

use crate::query::error::Error;
use crate::query::fields::Fields;
use crate::query::page::PageToken;
use crate::query::reader::Value;

/// One page of what a member or a hall has, newest first.
pub(super) struct ListPage {
    /// The member or hall.
    pub(super) of: Uuid,
    size: u32,
    before: i64,
}

impl ListPage {
    pub(super) fn read(field: &str, of: &str, page_size: i32, page_token: &str) -> Result<Self, Error> {
        let mut fields = Fields::default();
        let of = fields.id(field, of);
        let size = fields.page_size(page_size);
        let before = match page_token {
            "" => Some(i64::MAX),
            token => PageToken::read(token, &[Some(of)]).map(|token| token.before),
        };
        if before.is_none() {
            fields.refuse("page_token", "is not of this query");
        }
        fields.finish()?;
        Ok(Self {
            of,
            size,
            before: before.unwrap_or(i64::MAX),
        })
    }

    /// What it selects by, one row more than it shows.
    pub(super) fn values(&self) -> [Value<'_>; 3] {
        [
            Value::Id(self.of),
            Value::Number(self.before),
            Value::Number(i64::from(self.size) + 1),
        ]
    }

    /// Takes the row off that shows that there are more, and says where they begin.
    pub(super) fn cut<R>(&self, rows: &mut Vec<R>, position: impl Fn(&R) -> i64) -> String {
        let more = rows.len() > self.size as usize;
        rows.truncate(self.size as usize);
        match rows.last().filter(|_| more) {
            Some(last) => PageToken { before: position(last) }.write(&[Some(self.of)]),
            None => String::new(),
        }
    }
}
