//! What a tariff plan is: its newest version.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ids::HallId;

use super::{PinnedTariff, TariffPlanEvent};

/// A tariff plan, published or not yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TariffPlan {
    /// The newest version; nothing before the first.
    pub published: Option<Arc<PublishedTariff>>,
}

/// A published version of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedTariff {
    /// The hall it is for.
    pub hall_id: HallId,
    /// What a session opened now keeps.
    pub pinned: Arc<PinnedTariff>,
}

impl TariffPlan {
    /// Folds an event in.
    pub fn evolve(&mut self, event: &TariffPlanEvent) {
        match event {
            TariffPlanEvent::TariffPublished {
                plan_id,
                hall_id,
                version,
                tariff,
                ..
            } => {
                self.published = Some(Arc::new(PublishedTariff {
                    hall_id: *hall_id,
                    pinned: Arc::new(PinnedTariff {
                        plan_id: *plan_id,
                        version: *version,
                        tariff: tariff.clone(),
                    }),
                }));
            }
        }
    }
}
