//! Points, gifts and redemptions in memory, and the entries not yet written.

use baize_domain::Event;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::engine::{Decoded, State, Visitor};
use crate::store::{Rows, TableNames};

use super::fold::stream_id;
use super::rows::{GiftRow, PointsEntryRow, PointsRow, RedemptionRow};

/// Points by member, entries by position, gifts and redemptions by their ids.
#[derive(Debug, Default)]
pub struct LoyaltyState {
    pub(super) points: Rows<PointsRow>,
    pub(super) entries: Rows<PointsEntryRow>,
    pub(super) gifts: Rows<GiftRow>,
    pub(super) redemptions: Rows<RedemptionRow>,
}

impl LoyaltyState {
    pub(super) async fn load(
        &mut self,
        connection: &mut PgConnection,
        names: &TableNames,
        events: &[Decoded<'_>],
    ) -> sqlx::Result<()> {
        let wanted = |is_it: fn(&Event) -> bool, known: &dyn Fn(Uuid) -> bool| {
            let of_it = events.iter().filter(|decoded| is_it(&decoded.event));
            let ids = of_it.filter_map(|decoded| stream_id(decoded).ok());
            let mut ids: Vec<_> = ids.filter(|id| !known(*id)).collect();
            ids.sort_unstable();
            ids.dedup();
            ids
        };
        let members = wanted(|event| matches!(event, Event::PointsAccount(_)), &|id| {
            self.points.get(id).is_some()
        });
        let gifts = wanted(|event| matches!(event, Event::Gift(_)), &|id| {
            self.gifts.get(id).is_some()
        });
        let redemptions = wanted(|event| matches!(event, Event::Redemption(_)), &|id| {
            self.redemptions.get(id).is_some()
        });
        self.points.load(connection, names, "member_id", members).await?;
        self.gifts.load(connection, names, "gift_id", gifts).await?;
        self.redemptions
            .load(connection, names, "redemption_id", redemptions)
            .await?;
        Ok(())
    }
}

impl State for LoyaltyState {
    async fn visit<V: Visitor>(&mut self, visitor: &mut V) -> Result<(), V::Error> {
        visitor.rows(&mut self.points).await?;
        visitor.rows(&mut self.entries).await?;
        visitor.rows(&mut self.gifts).await?;
        visitor.rows(&mut self.redemptions).await
    }

    fn held(&self) -> usize {
        self.points.count() + self.entries.count() + self.gifts.count() + self.redemptions.count()
    }
}
