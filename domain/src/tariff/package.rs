//! Packages: play bought beforehand at a fixed price.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::money::Fen;
use crate::refusal::{Refusal, RefusalKind};
use crate::session::{Bill, BillLine};

use super::pricing::minutes_after;
use super::{Hours, PinnedTariff};

/// Play at a fixed price. The level's discount leaves it as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Package {
    /// Its code within the tariff: 1–32 of `a`–`z`, `0`–`9` and `_`.
    pub code: String,
    /// What customers read, such as `三小时套餐`.
    pub name: String,
    /// What it costs.
    pub price: Fen,
    /// What it gives.
    pub time: PackageTime,
}

/// The time that a package gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum PackageTime {
    /// So many minutes from the opening on.
    Minutes {
        /// 1–1440.
        minutes: u32,
        /// When it is sold; always if there are none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sold: Option<Hours>,
    },
    /// What is left of the hours, whenever within them it is bought.
    Window(Hours),
}

/// A package that can be bought at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer<'a> {
    /// The package.
    pub package: &'a Package,
    /// From when on play is paid.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

/// A package as it was sold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SoldPackage {
    /// Its code within the tariff.
    pub code: String,
    /// What customers read.
    pub name: String,
    /// It ends by the clock on the wall, however late billing starts.
    pub ends_by_the_clock: bool,
}

impl PinnedTariff {
    /// The packages that can be bought at `at`, for play from then on.
    pub fn offers(&self, zone: &TimeZone, at: Timestamp) -> Vec<Offer<'_>> {
        let packages = self.tariff.packages.iter();
        packages.filter_map(|package| self.offered(package, zone, at)).collect()
    }

    /// The package of that code.
    ///
    /// # Errors
    /// `PACKAGE_NOT_FOUND`; `PACKAGE_NOT_ON_OFFER` if it is not sold at `at`.
    pub fn offer(&self, code: &str, zone: &TimeZone, at: Timestamp) -> Result<Offer<'_>, Refusal> {
        let package = self.tariff.packages.iter().find(|package| package.code == code);
        let package = package.ok_or_else(|| {
            Refusal::new(
                RefusalKind::NotFound,
                "PACKAGE_NOT_FOUND",
                "the table's tariff has no such package",
                "Choose one of the packages that a quote lists.",
            )
            .with("package_code", code)
        })?;
        self.offered(package, zone, at).ok_or_else(|| {
            Refusal::new(
                RefusalKind::Precondition,
                "PACKAGE_NOT_ON_OFFER",
                "the package is not sold at this hour",
                "Choose one of the packages that a quote lists.",
            )
            .with("package_code", code)
        })
    }

    fn offered<'a>(&'a self, package: &'a Package, zone: &TimeZone, at: Timestamp) -> Option<Offer<'a>> {
        let until = match &package.time {
            PackageTime::Minutes { minutes, sold } => {
                if let Some(hours) = sold {
                    hours.end_after(&self.days, zone, at)?;
                }
                minutes_after(at, *minutes)
            }
            PackageTime::Window(hours) => hours.end_after(&self.days, zone, at)?,
        };
        Some(Offer {
            package,
            from: at,
            until,
        })
    }
}

impl Offer<'_> {
    /// The package, sold as offered.
    pub fn sold(&self) -> SoldPackage {
        SoldPackage {
            code: self.package.code.clone(),
            name: self.package.name.clone(),
            ends_by_the_clock: matches!(self.package.time, PackageTime::Window(_)),
        }
    }

    /// What it costs, as a bill of one line.
    pub fn bill(&self) -> Bill {
        Bill {
            lines: vec![BillLine::Package {
                code: self.package.code.clone(),
                name: self.package.name.clone(),
                from: self.from,
                to: self.until,
                amount: self.package.price,
            }],
            total: self.package.price,
        }
    }
}
