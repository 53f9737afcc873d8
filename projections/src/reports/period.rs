//! The days that a report is about: business days of the hall, weeks from Monday to Sunday, months of the calendar.

use std::fmt;

use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::Deserialize;

/// How long a report's period is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A business day.
    Daily,
    /// Monday to Sunday.
    Weekly,
    /// A month.
    Monthly,
}

/// The business days of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    /// How long it is.
    pub kind: Kind,
    /// Its first day.
    pub first: Date,
    /// Its last day.
    pub last: Date,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Daily, Self::Weekly, Self::Monthly];

    /// As the ledger and the command line know it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
        }
    }

    /// The period that a day belongs to.
    pub fn period_of(self, date: Date) -> Period {
        let (first, last) = match self {
            Self::Daily => (date, date),
            Self::Weekly => {
                let back = i64::from(date.weekday().to_monday_zero_offset());
                let first = date.saturating_sub(back.days());
                (first, first.saturating_add(6.days()))
            }
            Self::Monthly => (date.first_of_month(), date.last_of_month()),
        };
        Period {
            kind: self,
            first,
            last,
        }
    }
}

impl Period {
    /// The one before.
    #[must_use]
    pub fn previous(self) -> Self {
        self.kind.period_of(self.first.saturating_sub(1.day()))
    }

    /// The one after.
    #[must_use]
    pub fn next(self) -> Self {
        self.kind.period_of(self.last.saturating_add(1.day()))
    }

    /// Its days, in order.
    pub fn days(self) -> impl Iterator<Item = Date> {
        self.first.series(1.day()).take_while(move |date| *date <= self.last)
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Daily => write!(f, "{}", self.first),
            Kind::Weekly => write!(f, "{} – {}", self.first, self.last),
            Kind::Monthly => write!(f, "{}", self.first.strftime("%Y-%m")),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn weeks_begin_on_monday_and_months_on_the_first_also_over_the_end_of_the_year() {
        let new_year = date(2027, 1, 1);
        let week = Kind::Weekly.period_of(new_year);
        assert_eq!((week.first, week.last), (date(2026, 12, 28), date(2027, 1, 3)));
        assert_eq!(week.previous().last, date(2026, 12, 27));
        let month = Kind::Monthly.period_of(date(2028, 2, 10));
        assert_eq!(month.last, date(2028, 2, 29));
        assert_eq!(month.previous().to_string(), "2028-01");
        assert_eq!(Kind::Daily.period_of(new_year).previous().first, date(2026, 12, 31));
    }

    proptest! {
        #[test]
        fn periods_follow_each_other_without_gap(offset in 0_i64..20_000) {
            let day = date(2000, 1, 1).saturating_add(offset.days());
            for kind in Kind::ALL {
                let period = kind.period_of(day);
                prop_assert!(period.days().any(|of_it| of_it == day));
                prop_assert_eq!(period.next().previous(), period);
                prop_assert_eq!(period.next().first, period.last.tomorrow().unwrap());
            }
        }
    }
}
