//! The catalogue of indicators: what each is, how it is counted, and what it should be.
//!
//! There is no other list: live indicators, the wall screen and `docs/kpis.md` are made from this one.

mod figures;
#[cfg(test)]
mod page;

pub(crate) use figures::Figures;

/// An indicator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kpi {
    /// Tables that are taken now.
    OccupiedTables,
    /// What bills come to.
    Revenue,
    /// Sessions that were opened.
    Sessions,
    /// How many openings succeed.
    OpenSuccess,
    /// How many payments succeed.
    PaymentSuccess,
    /// How many sessions are complained of.
    ComplaintRate,
    /// How long half of the openings take at most.
    OpenTimeP50,
    /// How long 99 of 100 openings take at most.
    OpenTimeP99,
    /// How long devices need for half of what is asked at most.
    DeviceResponseP50,
    /// How long devices need for 99 of 100 things that are asked at most.
    DeviceResponseP99,
}

/// What an indicator is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Tables.
    Tables,
    /// Fen.
    Fen,
    /// Sessions.
    Sessions,
    /// Hundredths of a per cent, of a share.
    BasisPoints,
    /// Milliseconds.
    Milliseconds,
}

/// What is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// More is better: the target is the least that will do.
    AtLeast,
    /// Less is better: the target is the most that will do.
    AtMost,
}

/// What is known of an indicator.
#[derive(Debug, Clone, Copy)]
pub struct Definition {
    /// Stable, for programs.
    pub code: &'static str,
    /// For people, in Chinese.
    pub name_zh: &'static str,
    /// For people, in English.
    pub name_en: &'static str,
    /// What is counted, added up or measured.
    pub numerator: &'static str,
    /// Of what it is a share; empty if of nothing.
    pub denominator: &'static str,
    /// For which stretches of time there is a figure.
    pub grain: &'static str,
    /// What it is counted in.
    pub unit: Unit,
    /// What it should be, in its unit.
    pub target: Option<i64>,
    /// What is better.
    pub direction: Direction,
}

const HOURS: &str = "hour, business day";

impl Kpi {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 10] = [
        Self::OccupiedTables,
        Self::Revenue,
        Self::Sessions,
        Self::OpenSuccess,
        Self::PaymentSuccess,
        Self::ComplaintRate,
        Self::OpenTimeP50,
        Self::OpenTimeP99,
        Self::DeviceResponseP50,
        Self::DeviceResponseP99,
    ];

    /// What is known of it.
    pub const fn definition(self) -> Definition {
        match self {
            Self::OccupiedTables => Definition {
                code: "occupied_tables",
                name_zh: "在用球台",
                name_en: "Tables in use",
                numerator: "tables that a session has, or that are kept for one that waits for its payment",
                denominator: "tables of the hall that are not retired",
                grain: "now",
                unit: Unit::Tables,
                target: None,
                direction: Direction::AtLeast,
            },
            Self::Revenue => Definition {
                code: "revenue",
                name_zh: "今日营业额",
                name_en: "Revenue today",
                numerator: "bills, after discounts, of the sessions in which play ended, paid or not",
                denominator: "",
                grain: HOURS,
                unit: Unit::Fen,
                target: None,
                direction: Direction::AtLeast,
            },
            Self::Sessions => Definition {
                code: "sessions",
                name_zh: "今日开台",
                name_en: "Sessions today",
                numerator: "sessions that were opened, also those that were cancelled then",
                denominator: "",
                grain: HOURS,
                unit: Unit::Sessions,
                target: None,
                direction: Direction::AtLeast,
            },
            Self::OpenSuccess => Definition {
                code: "open_success",
                name_zh: "开台成功率",
                name_en: "Opening success",
                numerator: "sessions opened in the time whose light was confirmed",
                denominator: "these, and those that were cancelled because it was not",
                grain: HOURS,
                unit: Unit::BasisPoints,
                target: Some(9_950),
                direction: Direction::AtLeast,
            },
            Self::PaymentSuccess => Definition {
                code: "payment_success",
                name_zh: "支付成功率",
                name_en: "Payment success",
                numerator: "payments through a provider, for openings and bills, that succeeded in the time",
                denominator: "these, and those that failed or that somebody has to look at; not those that the payer gave up or let expire",
                grain: HOURS,
                unit: Unit::BasisPoints,
                target: Some(9_990),
                direction: Direction::AtLeast,
            },
            Self::ComplaintRate => Definition {
                code: "complaint_rate",
                name_zh: "投诉率",
                name_en: "Complaint rate",
                numerator: "complaints that were filed in the time, about a session or about the hall",
                denominator: "sessions that were opened in the time",
                grain: HOURS,
                unit: Unit::BasisPoints,
                target: Some(10),
                direction: Direction::AtMost,
            },
            Self::OpenTimeP50 => Definition {
                code: "open_time_p50",
                name_zh: "开台时间 P50",
                name_en: "Opening time, p50",
                numerator: "time from the opening, when the light is asked for, to the light's first confirmation, that half of the openings do not exceed",
                denominator: "",
                grain: HOURS,
                unit: Unit::Milliseconds,
                target: Some(30_000),
                direction: Direction::AtMost,
            },
            Self::OpenTimeP99 => Definition {
                code: "open_time_p99",
                name_zh: "开台时间 P99",
                name_en: "Opening time, p99",
                numerator: "the same, that 99 of 100 do not exceed",
                denominator: "",
                grain: HOURS,
                unit: Unit::Milliseconds,
                target: Some(30_000),
                direction: Direction::AtMost,
            },
            Self::DeviceResponseP50 => Definition {
                code: "device_response_p50",
                name_zh: "设备响应 P50",
                name_en: "Device response, p50",
                numerator: "time from asking a device for a state, on or off, to its confirmation, that half of the confirmations do not exceed",
                denominator: "",
                grain: HOURS,
                unit: Unit::Milliseconds,
                target: Some(2_000),
                direction: Direction::AtMost,
            },
            Self::DeviceResponseP99 => Definition {
                code: "device_response_p99",
                name_zh: "设备响应 P99",
                name_en: "Device response, p99",
                numerator: "the same, that 99 of 100 do not exceed",
                denominator: "",
                grain: HOURS,
                unit: Unit::Milliseconds,
                target: Some(2_000),
                direction: Direction::AtMost,
            },
        }
    }

    /// Whether a value is as good as it should be; `None` if nothing was aimed at.
    pub fn met(self, value: i64) -> Option<bool> {
        let Definition { target, direction, .. } = self.definition();
        target.map(|target| match direction {
            Direction::AtLeast => value >= target,
            Direction::AtMost => value <= target,
        })
    }
}
