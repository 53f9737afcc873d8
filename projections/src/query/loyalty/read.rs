//! What the queries about loyalty read.

use sqlx::Row as _;
use uuid::Uuid;

use crate::query::deadline::Deadline;
use crate::query::error::Error;
use crate::query::page::Page;
use crate::query::reader::{Found, Reader, Selection, Value};
use crate::store::{Row, TableNames};
use crate::views::loyalty::{GiftRow, PointsEntryRow, PointsRow, RedemptionRow};

/// A page of gifts, and the points of whoever asks, as of one position.
pub(super) struct Offers {
    pub(super) gifts: Vec<GiftRow>,
    pub(super) points: i64,
}

impl Reader {
    /// A member's points, if the member ever had any.
    pub(super) async fn points_of(
        &self,
        member_id: Uuid,
        deadline: Deadline,
    ) -> Result<(Option<PointsRow>, u64), Error> {
        let selection = Selection {
            tail: "member_id = $3",
            values: &[Value::Id(member_id)],
        };
        let Found { rows, position } = self.read(&self.loyalty, selection, deadline).await?;
        Ok((rows.into_iter().next(), position))
    }

    pub(super) async fn points_entries(
        &self,
        member_id: Uuid,
        page: &Page,
        deadline: Deadline,
    ) -> Result<Found<PointsEntryRow>, Error> {
        let selection = Selection {
            tail: "member_id = $3 AND position < $4 ORDER BY position DESC LIMIT $5",
            values: &page.newest_of(member_id),
        };
        self.read(&self.loyalty, selection, deadline).await
    }

    /// A hall's gifts that can be had, with the points of a member. One statement, so that both are of one position; a member's points are there without a
    /// gift as well.
    pub(super) async fn offers(
        &self,
        hall_id: Uuid,
        page: &Page,
        member_id: Uuid,
        deadline: Deadline,
    ) -> Result<(Offers, u64), Error> {
        let inner = |names: &TableNames| {
            format!(
                "SELECT coalesce(p.points, 0), g.* FROM (SELECT 1) one
                 LEFT JOIN {points} p ON p.member_id = $6
                 LEFT JOIN LATERAL (SELECT {columns} FROM {gifts} WHERE hall_id = $3 AND registered < $4 AND NOT retired
                                    ORDER BY registered DESC LIMIT $5) g ON true",
                points = names.of(&PointsRow::TABLE),
                gifts = names.of(&GiftRow::TABLE),
                columns = GiftRow::TABLE.column_list(""),
            )
        };
        let [hall_id, before, limit] = page.newest_of(hall_id);
        let values = [hall_id, before, limit, Value::Id(member_id)];
        let decode = |row: &sqlx::postgres::PgRow| {
            let there = row.try_get::<Option<Uuid>, _>(2)?.is_some();
            let gift = there.then(|| GiftRow::read(row, 2)).transpose()?;
            Ok::<_, sqlx::Error>((row.try_get::<i64, _>(1)?, gift))
        };
        let Found { rows, position } = self.read_as(&self.loyalty, &inner, &values, deadline, decode).await?;
        let points = rows.first().map_or(0, |(points, _)| *points);
        let gifts = rows.into_iter().filter_map(|(_, gift)| gift).collect();
        Ok((Offers { gifts, points }, position))
    }

    /// All gifts of a hall.
    pub(super) async fn stock(&self, hall_id: Uuid, page: &Page, deadline: Deadline) -> Result<Found<GiftRow>, Error> {
        let selection = Selection {
            tail: "hall_id = $3 AND registered < $4 ORDER BY registered DESC LIMIT $5",
            values: &page.newest_of(hall_id),
        };
        self.read(&self.loyalty, selection, deadline).await
    }

    /// The redemptions of a member or of a hall; `column` says which.
    pub(super) async fn redemptions(
        &self,
        column: &'static str,
        of: Uuid,
        page: &Page,
        deadline: Deadline,
    ) -> Result<Found<RedemptionRow>, Error> {
        let tail = format!("{column} = $3 AND made < $4 ORDER BY made DESC LIMIT $5");
        let selection = Selection {
            tail: &tail,
            values: &page.newest_of(of),
        };
        self.read(&self.loyalty, selection, deadline).await
    }
}
