//! What everybody can know of the hall: the codes that hang on its tables, what it sells, and the levels of its chain.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use baize_proto::hall::view::v1::list_table_codes_request::Of;
use baize_proto::hall::view::v1::{GetChainRequest, ListGoodsRequest, ListTableCodesRequest};
use uuid::Uuid;

use super::caller::id;
use super::wire::{Failed, Wire, timed};

/// As many tables as one page can have; no simulated hall has more.
const TABLES_MAX: i32 = 200;
/// A hall that was set up a moment ago may not be known everywhere yet: looks at most, and real time between them.
const LOOKS_MAX: u32 = 100;
const PAUSE: Duration = Duration::from_millis(100);

/// A hall on the day.
pub(crate) struct Hall {
    hall_id: Uuid,
    /// For somebody who works there.
    wire: Wire,
    /// What a phone reads from each table's code.
    codes: Mutex<HashMap<Uuid, String>>,
    /// What each level takes off, 0 to 1.
    levels: HashMap<String, f64>,
    /// What is sold beside play: code and price in fen.
    goods: Vec<(String, i64)>,
}

impl Hall {
    /// Looks around until there are tables.
    pub(crate) async fn learn(wire: &Wire, chain_id: Uuid, hall_id: Uuid) -> anyhow::Result<Self> {
        let mut hall = Self {
            hall_id,
            wire: wire.clone(),
            codes: Mutex::default(),
            levels: HashMap::new(),
            goods: Vec::new(),
        };
        let mut position = 0;
        for _ in 0..LOOKS_MAX {
            position = hall.look().await.map_err(told).context("the codes of the tables")?;
            if !hall.known().is_empty() {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
        // The levels come before the tables.
        let chain = GetChainRequest {
            chain_id: chain_id.to_string(),
            min_position: position,
        };
        let asked = wire.ask(|| {
            let (mut client, message) = (wire.directory(), timed(chain.clone()));
            async move { client.get_chain(message).await }
        });
        let chain = asked.await.result.map_err(told).context("the levels of the chain")?;
        for level in chain.levels {
            let discount = level.discount.parse().unwrap_or(0.0);
            hall.levels.insert(level.code, discount);
        }
        hall.goods = hall
            .list_goods(position)
            .await
            .map_err(told)
            .context("the goods of the hall")?;
        Ok(hall)
    }

    /// What a phone reads from the code of a table that somebody sees.
    pub(crate) async fn code(&self, table_id: Uuid) -> Option<String> {
        for _ in 0..LOOKS_MAX {
            if let Some(code) = self.known().get(&table_id) {
                return Some(code.clone());
            }
            // A failure is told when none is left to be looked at.
            let _looked = self.look().await;
            tokio::time::sleep(PAUSE).await;
        }
        None
    }

    /// What a level takes off; `None` if there is no such level.
    pub(crate) fn discount(&self, level: &str) -> Option<f64> {
        self.levels.get(level).copied()
    }

    /// Something that is sold, the same for the same `taste`; `None` if nothing is.
    pub(crate) fn goods(&self, taste: u64) -> Option<(String, i64)> {
        let kinds = u64::try_from(self.goods.len()).ok().filter(|kinds| *kinds > 0)?;
        let chosen = usize::try_from(taste % kinds).ok()?;
        self.goods.get(chosen).cloned()
    }

    /// The cheapest of what is sold and costs something.
    pub(crate) fn cheapest_goods(&self) -> Option<(String, i64)> {
        let priced = self.goods.iter().filter(|(_, price_fen)| *price_fen > 0);
        priced.min_by_key(|(_, price_fen)| *price_fen).cloned()
    }

    async fn list_goods(&self, min_position: u64) -> Result<Vec<(String, i64)>, Failed> {
        let goods = ListGoodsRequest {
            hall_id: self.hall_id.to_string(),
            min_position,
            ..ListGoodsRequest::default()
        };
        let asked = self.wire.ask(|| {
            let (mut client, message) = (self.wire.directory(), timed(goods.clone()));
            async move { client.list_goods(message).await }
        });
        let listed = asked.await.result?.goods.into_iter();
        Ok(listed.map(|goods| (goods.code, goods.price_fen)).collect())
    }

    /// Reads all codes; gives the log position that they are of.
    async fn look(&self) -> Result<u64, Failed> {
        let codes = ListTableCodesRequest {
            of: Some(Of::HallId(self.hall_id.to_string())),
            page_size: TABLES_MAX,
            ..ListTableCodesRequest::default()
        };
        let asked = self.wire.ask(|| {
            let (mut client, message) = (self.wire.directory(), timed(codes.clone()));
            async move { client.list_table_codes(message).await }
        });
        let found = match asked.await.result {
            Ok(found) => found,
            // Not known yet.
            Err(Failed::Refused(refusal)) if refusal.reason == "HALL_NOT_FOUND" => return Ok(0),
            Err(failed) => return Err(failed),
        };
        let codes = found.codes.into_iter().map(|code| (id(&code.table_id), code.address));
        self.known().extend(codes);
        Ok(found.position)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<Uuid, String>> {
        self.codes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn told(failed: Failed) -> anyhow::Error {
    match failed {
        Failed::Refused(refusal) => anyhow!("refused as {}: {}", refusal.reason, refusal.message),
        Failed::Unknown(error) => anyhow!(error),
    }
}
