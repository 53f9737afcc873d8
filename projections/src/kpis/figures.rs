//! From what happened to the value of each indicator.

use super::Kpi;
use crate::views::indicators::{Buckets, HourRow};

/// What happened in a stretch of time, in one hall or several.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    /// Tables there are now, and of them those that are taken.
    pub(crate) tables: u64,
    pub(crate) occupied: u64,
    pub(crate) sessions: i64,
    pub(crate) opened: i64,
    pub(crate) open_failed: i64,
    pub(crate) revenue_fen: i64,
    pub(crate) paid: i64,
    pub(crate) pay_failed: i64,
    pub(crate) complaints: i64,
    pub(crate) open_time: Buckets,
    pub(crate) response: Buckets,
}

/// An indicator's value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Value {
    /// In the indicator's unit; `None` if there is nothing to tell it from.
    pub(crate) value: Option<i64>,
    /// Of a share: how many of how many.
    pub(crate) share: Option<(u64, u64)>,
}

impl Figures {
    /// Adds an hour.
    pub(crate) fn add(&mut self, hour: &HourRow) {
        self.sessions += hour.sessions;
        self.opened += hour.opened;
        self.open_failed += hour.open_failed;
        self.revenue_fen += hour.revenue_fen;
        self.paid += hour.paid;
        self.pay_failed += hour.pay_failed;
        self.complaints += hour.complaints;
        self.open_time.merge(&hour.open_time.0);
        self.response.merge(&hour.response.0);
    }

    /// The value of an indicator.
    pub(crate) fn value(&self, kpi: Kpi) -> Value {
        let alone = |value: Option<i64>| Value { value, share: None };
        let quantile = |buckets: &Buckets, percent| {
            let milliseconds = buckets.quantile_ms(percent);
            alone(milliseconds.map(|milliseconds| i64::try_from(milliseconds).unwrap_or(i64::MAX)))
        };
        match kpi {
            Kpi::OccupiedTables => Value {
                value: Some(i64::try_from(self.occupied).unwrap_or(i64::MAX)),
                share: Some((self.occupied, self.tables)),
            },
            Kpi::Revenue => alone(Some(self.revenue_fen)),
            Kpi::Sessions => alone(Some(self.sessions)),
            Kpi::OpenSuccess => share(self.opened, self.open_failed),
            Kpi::PaymentSuccess => share(self.paid, self.pay_failed),
            Kpi::ComplaintRate => rate(self.complaints, self.sessions),
            Kpi::OpenTimeP50 => quantile(&self.open_time, 50),
            Kpi::OpenTimeP99 => quantile(&self.open_time, 99),
            Kpi::DeviceResponseP50 => quantile(&self.response, 50),
            Kpi::DeviceResponseP99 => quantile(&self.response, 99),
        }
    }
}

/// Rounded down, so that a target is never met by rounding.
fn share(good: i64, bad: i64) -> Value {
    let (good, bad) = (good.unsigned_abs(), bad.unsigned_abs());
    let all = good + bad;
    let points = (good * 10_000).checked_div(all);
    Value {
        value: points.map(|points| i64::try_from(points).unwrap_or(i64::MAX)),
        share: Some((good, all)),
    }
}

/// Rounded up, so that a target is never met by rounding.
fn rate(bad: i64, all: i64) -> Value {
    let (bad, all) = (bad.unsigned_abs(), all.unsigned_abs());
    let points = (all > 0).then(|| (bad * 10_000).div_ceil(all));
    Value {
        value: points.map(|points| i64::try_from(points).unwrap_or(i64::MAX)),
        share: Some((bad, all)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_nothing_is_no_share_and_no_target_is_met_by_rounding() {
        assert_eq!(share(0, 0).value, None);
        assert_eq!(share(199, 1).value, Some(9_950));
        let almost = share(19_899, 101);
        assert_eq!((almost.value, almost.share), (Some(9_949), Some((19_899, 20_000))));
        assert_eq!(Kpi::OpenSuccess.met(9_949), Some(false));
        assert_eq!(Kpi::OpenSuccess.met(9_950), Some(true));
        assert_eq!(Kpi::OpenTimeP99.met(30_001), Some(false));
        assert_eq!(Kpi::Revenue.met(0), None);
    }

    #[test]
    fn a_rate_of_nothing_is_no_rate_and_no_target_is_met_by_rounding() {
        assert_eq!(rate(1, 0).value, None);
        assert_eq!(rate(0, 5).value, Some(0));
        assert_eq!((rate(1, 1_000).value, rate(1, 999).value), (Some(10), Some(11)));
        assert_eq!(Kpi::ComplaintRate.met(10), Some(true));
        assert_eq!(Kpi::ComplaintRate.met(11), Some(false));
    }
}
