//! The words of the wall screen. Both languages are values of one struct, so neither can lack a text.

use super::super::language::Language;

/// The words of one language.
#[derive(Debug)]
pub(super) struct ScreenTexts {
    /// What the page is.
    pub(super) screen: &'static str,
    pub(super) business_day: &'static str,
    pub(super) as_of: &'static str,
    /// Before the time of the last news, of a screen that is grey.
    pub(super) stale: &'static str,
    pub(super) gone: &'static str,
    /// Before a target.
    pub(super) target: &'static str,
    pub(super) met: &'static str,
    pub(super) missed: &'static str,
    /// In the place of a share of nothing.
    pub(super) nothing_yet: &'static str,
    pub(super) revenue_by_hour: &'static str,
    pub(super) occupancy_by_hour: &'static str,
    pub(super) today: &'static str,
    /// Before the figure of the same day a week ago.
    pub(super) week_ago: &'static str,
    pub(super) open_time: &'static str,
    pub(super) device_response: &'static str,
    pub(super) half: &'static str,
    pub(super) ninety_nine: &'static str,
    pub(super) tables: &'static str,
    pub(super) free_tables: &'static str,
    pub(super) weekdays: [&'static str; 7],
}

/// The words of a language.
pub(super) fn of(language: Language) -> &'static ScreenTexts {
    match language {
        Language::ZhCn => &ZH_CN,
        Language::En => &EN,
    }
}

static ZH_CN: ScreenTexts = ScreenTexts {
    screen: "实时大屏",
    business_day: "营业日",
    as_of: "截至",
    stale: "数据已停滞 · 截至",
    gone: "此链接已失效，请联系店主。",
    target: "目标",
    met: "达标",
    missed: "未达标",
    nothing_yet: "暂无",
    revenue_by_hour: "每小时营业额",
    occupancy_by_hour: "每小时上座率",
    today: "今日",
    week_ago: "上周同日",
    open_time: "开台时间",
    device_response: "设备响应",
    half: "P50",
    ninety_nine: "P99",
    tables: "球台",
    free_tables: "空闲",
    weekdays: ["周一", "周二", "周三", "周四", "周五", "周六", "周日"],
};

static EN: ScreenTexts = ScreenTexts {
    screen: "Live screen",
    business_day: "Business day",
    as_of: "as of",
    stale: "Out of date · as of",
    gone: "This link is no longer good. Please ask the owner.",
    target: "target",
    met: "on target",
    missed: "off target",
    nothing_yet: "none yet",
    revenue_by_hour: "Revenue by hour",
    occupancy_by_hour: "Occupancy by hour",
    today: "Today",
    week_ago: "A week ago",
    open_time: "Opening time",
    device_response: "Device response",
    half: "p50",
    ninety_nine: "p99",
    tables: "Tables",
    free_tables: "free",
    weekdays: ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
};
