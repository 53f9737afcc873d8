//! What is played on a table.

use serde::{Deserialize, Serialize};

/// The class of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub enum TableClass {
    /// 中式八球.
    #[default]
    ChineseEightBall,
    /// 斯诺克.
    Snooker,
    /// 九球.
    NineBall,
}
