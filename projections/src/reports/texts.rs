//! What reports say, in both languages.

use crate::web::Language;

use super::Kind;

/// The words of a report.
#[derive(Debug)]
pub(super) struct ReportTexts {
    pub(super) daily: &'static str,
    pub(super) weekly: &'static str,
    pub(super) monthly: &'static str,
    pub(super) revenue: &'static str,
    pub(super) sessions: &'static str,
    pub(super) taken: &'static str,
    pub(super) utilisation: &'static str,
    pub(super) players: &'static str,
    pub(super) new_players: &'static str,
    pub(super) returning_players: &'static str,
    pub(super) before: &'static str,
    pub(super) change: &'static str,
    pub(super) indicators: &'static str,
    pub(super) value: &'static str,
    pub(super) target: &'static str,
    pub(super) met: &'static str,
    pub(super) missed: &'static str,
    pub(super) revenue_by_day: &'static str,
    pub(super) taken_by_hour: &'static str,
    pub(super) by_table: &'static str,
    pub(super) by_line: &'static str,
    pub(super) by_payment: &'static str,
    pub(super) by_provider: &'static str,
    pub(super) by_level: &'static str,
    pub(super) hall: &'static str,
    pub(super) table: &'static str,
    pub(super) date: &'static str,
    pub(super) hour: &'static str,
    pub(super) item: &'static str,
    pub(super) count: &'static str,
    pub(super) amount: &'static str,
    pub(super) principal: &'static str,
    pub(super) bonus: &'static str,
    pub(super) level: &'static str,
    pub(super) overview: &'static str,
    pub(super) as_of: &'static str,
    pub(super) attached: &'static str,
}

impl ReportTexts {
    pub(super) const fn of(language: Language) -> &'static Self {
        match language {
            Language::ZhCn => &ZH_CN,
            Language::En => &EN,
        }
    }

    pub(super) const fn kind(&self, kind: Kind) -> &'static str {
        match kind {
            Kind::Daily => self.daily,
            Kind::Weekly => self.weekly,
            Kind::Monthly => self.monthly,
        }
    }
}

/// What a line of a bill, a way of paying or a provider is called; what is not known keeps its code.
pub(super) fn named(language: Language, code: &str) -> &str {
    let (zh_cn, en) = match code {
        "Time" => ("台费", "Time"),
        "Prepaid" => ("预付时长", "Prepaid time"),
        "Package" => ("套餐", "Package"),
        "Goods" => ("商品", "Goods"),
        "Discount" => ("会员折扣", "Discount"),
        "MinimumCharge" => ("最低消费", "Minimum charge"),
        "Cap" => ("封顶优惠", "Cap"),
        "Overnight" => ("包夜优惠", "Overnight"),
        "Surcharge" => ("换台补差", "Surcharge"),
        "prepaid" => ("预付", "Prepaid"),
        "refund" => ("预付退回", "Prepaid, given back"),
        "settlement" => ("结账", "Settlement"),
        "debt" => ("补缴欠费", "Debts paid later"),
        "wechat_pay" => ("微信支付", "WeChat Pay"),
        "alipay" => ("支付宝", "Alipay"),
        other => return other,
    };
    language.of(zh_cn, en)
}

const ZH_CN: ReportTexts = ReportTexts {
    daily: "日报",
    weekly: "周报",
    monthly: "月报",
    revenue: "营业额",
    sessions: "开台数",
    taken: "占用台时",
    utilisation: "球台利用率",
    players: "到店人数",
    new_players: "新客",
    returning_players: "回头客",
    before: "上期",
    change: "变化",
    indicators: "指标",
    value: "本期",
    target: "目标",
    met: "达标",
    missed: "未达标",
    revenue_by_day: "每日营业额（元）",
    taken_by_hour: "各时段占用台时",
    by_table: "各球台",
    by_line: "账单构成",
    by_payment: "支付方式",
    by_provider: "渠道收款",
    by_level: "会员等级",
    hall: "门店",
    table: "球台",
    date: "日期",
    hour: "时段",
    item: "项目",
    count: "笔数",
    amount: "金额（元）",
    principal: "本金（元）",
    bonus: "赠金（元）",
    level: "等级",
    overview: "概览",
    as_of: "数据截至事件",
    attached: "明细见附件。",
};

const EN: ReportTexts = ReportTexts {
    daily: "Daily report",
    weekly: "Weekly report",
    monthly: "Monthly report",
    revenue: "Revenue",
    sessions: "Sessions",
    taken: "Table hours taken",
    utilisation: "Utilisation",
    players: "Players",
    new_players: "New",
    returning_players: "Returning",
    before: "Before",
    change: "Change",
    indicators: "Indicators",
    value: "Now",
    target: "Target",
    met: "met",
    missed: "missed",
    revenue_by_day: "Revenue by day (yuan)",
    taken_by_hour: "Table hours taken, by hour of the day",
    by_table: "Tables",
    by_line: "What bills are made of",
    by_payment: "How sessions were paid",
    by_provider: "Through providers",
    by_level: "Levels",
    hall: "Hall",
    table: "Table",
    date: "Date",
    hour: "Hour",
    item: "Item",
    count: "Count",
    amount: "Amount (yuan)",
    principal: "Principal (yuan)",
    bonus: "Bonus (yuan)",
    level: "Level",
    overview: "Overview",
    as_of: "As of event",
    attached: "The details are attached.",
};
