//! Codes, sums and instants as people read them.

use baize_domain::Fen;
use baize_proto::hall::payment::v1::{Channel, PaymentState};
use baize_proto::hall::table::v1::{BillLine, bill_line};
use baize_proto::hall::view::v1::{
    BillStatus, BookAccount, DeviceHistoryKind, OutputStanding, PaymentPurpose, RepairFault, RepairPhase,
    manual_review, payment, payment_attempt, payment_refund, wallet_entry,
};
use jiff::tz::TimeZone;
use prost_types::Timestamp;

use super::super::language::Language;
use super::codes::spoken;

/// A sum, or nothing if there is none.
pub(super) fn some_fen(fen: i64) -> String {
    match fen {
        0 => String::new(),
        fen => Fen(fen).to_string(),
    }
}

/// How a page writes.
#[derive(Clone)]
pub(super) struct Words {
    language: Language,
    zone: TimeZone,
}

impl Words {
    pub(super) fn new(language: Language, time_zone: &str) -> Self {
        Self {
            language,
            zone: TimeZone::get(time_zone).unwrap_or(TimeZone::UTC),
        }
    }

    fn of(&self, zh_cn: &'static str, en: &'static str) -> &'static str {
        self.language.of(zh_cn, en)
    }

    /// `2026-11-20 21:04:10`; nothing for an instant that is not there.
    pub(super) fn instant(&self, at: Option<&Timestamp>) -> String {
        self.written(at, "%Y-%m-%d %H:%M:%S")
    }

    /// `11-20 21:04`.
    pub(super) fn short(&self, at: Option<&Timestamp>) -> String {
        self.written(at, "%m-%d %H:%M")
    }

    /// `21:04:10.123`.
    pub(super) fn precise(&self, at: Option<&Timestamp>) -> String {
        self.written(at, "%H:%M:%S%.3f")
    }

    fn written(&self, at: Option<&Timestamp>, shape: &str) -> String {
        at.and_then(|at| jiff::Timestamp::new(at.seconds, at.nanos).ok())
            .map(|at| at.to_zoned(self.zone.clone()).strftime(shape).to_string())
            .unwrap_or_default()
    }

    pub(super) fn bill_status(&self, status: BillStatus) -> (&'static str, &'static str) {
        match status {
            BillStatus::Running => (self.of("进行中", "running"), "now"),
            BillStatus::Closed => (self.of("结算中", "settling"), "now"),
            BillStatus::Paid => (self.of("已付清", "paid"), "good"),
            BillStatus::Outstanding => (self.of("有欠款", "owed"), "bad"),
            BillStatus::Cancelled => (self.of("已取消", "cancelled"), "quiet"),
            BillStatus::Unspecified => ("", "quiet"),
        }
    }

    /// What a line of a bill is for.
    pub(super) fn bill_line(&self, line: &BillLine) -> String {
        use bill_line::Kind;
        let between = || {
            format!(
                "{}–{}",
                self.written(line.from.as_ref(), "%H:%M"),
                self.written(line.to.as_ref(), "%H:%M")
            )
        };
        match line.kind() {
            Kind::Time => format!(
                "{} {} · {} {} · {}{}",
                line.band,
                between(),
                line.minutes,
                self.of("分钟", "min"),
                Fen(line.price_per_hour_fen),
                self.of("/小时", "/h")
            ),
            Kind::MinimumCharge => self.of("最低消费", "Minimum charge").to_owned(),
            Kind::Cap => self.of("封顶", "Cap").to_owned(),
            Kind::Prepaid => format!(
                "{} {} {}",
                self.of("预付时长", "Prepaid"),
                line.minutes,
                self.of("分钟", "min")
            ),
            Kind::Discount => format!(
                "{} {} ({})",
                self.of("等级折扣", "Level discount"),
                line.rate,
                line.level
            ),
            Kind::Goods => line.goods.as_ref().map_or_else(String::new, |goods| {
                let name = self.language.of(&goods.name_zh, &goods.name_en);
                format!("{name} {} × {}", goods.quantity, Fen(goods.price_fen))
            }),
            Kind::Surcharge => self.of("换台补差", "Surcharge for a dearer table").to_owned(),
            Kind::Overnight | Kind::Package => format!("{} {}", line.band, between()),
            Kind::Unspecified => String::new(),
        }
    }

    pub(super) fn bill_payment(&self, kind: payment::Kind) -> &'static str {
        match kind {
            payment::Kind::Prepaid => self.of("余额预付", "Prepaid from the balance"),
            payment::Kind::Refund => self.of("退回余额", "Back to the balance"),
            payment::Kind::Settlement => self.of("余额结算", "From the balance at the end"),
            payment::Kind::Debt => self.of("余额补付", "Paid later from the balance"),
            payment::Kind::Unspecified => "",
        }
    }

    pub(super) fn entry(&self, kind: wallet_entry::Kind) -> String {
        use wallet_entry::Kind;
        let known = match kind {
            Kind::TopUp => self.of("充值", "Top-up"),
            Kind::Hold => self.of("冻结", "Set aside for play"),
            Kind::Release => self.of("解冻", "Set free again"),
            Kind::Capture => self.of("打球扣款", "Paid for play"),
            Kind::Prepaid => self.of("预付", "Prepaid play"),
            Kind::PrepaidRefund => self.of("预付退回", "Prepaid play given back"),
            Kind::Debt => self.of("产生欠款", "Left owing"),
            Kind::DebtPaid => self.of("归还欠款", "Debt paid"),
            Kind::Refund => self.of("退款", "Refunded to the payer"),
            Kind::RefundRejected => self.of("退款被拒，退回余额", "Refund rejected, back in the balance"),
            Kind::Goods => self.of("商品", "Goods"),
            Kind::Share => self.of("分摊付款", "Share of a bill"),
            Kind::ShareReturned => self.of("分摊退回", "Share given back"),
            Kind::ShareReceived => self.of("收到分摊", "Share received"),
            Kind::HandedOver => self.of("并入会员钱包", "Handed over to the member"),
            Kind::TakenOver => self.of("接收游客钱包", "Taken over from the guest"),
            Kind::Compensation => self.of("店员补偿", "Given back by the staff"),
            // A kind that a later release added: better its code than nothing.
            other => return other.as_str_name().to_owned(),
        };
        known.to_owned()
    }

    pub(super) fn channel(&self, channel: Channel) -> &'static str {
        match channel {
            Channel::WechatPay => self.of("微信支付", "WeChat Pay"),
            Channel::Alipay => self.of("支付宝", "Alipay"),
            _ => "",
        }
    }

    pub(super) fn purpose(&self, purpose: PaymentPurpose) -> &'static str {
        match purpose {
            PaymentPurpose::TopUp => self.of("充值", "Top-up"),
            PaymentPurpose::Opening => self.of("开台", "Opening"),
            PaymentPurpose::Bill => self.of("账单", "Bill"),
            PaymentPurpose::Share => self.of("分摊", "Share"),
            PaymentPurpose::Unspecified => "",
        }
    }

    pub(super) fn payment_state(&self, state: PaymentState) -> (String, &'static str) {
        let code = state.as_str_name().trim_start_matches("PAYMENT_STATE_");
        let tone = match code {
            "SUCCEEDED" | "RESOLVED" => "good",
            "FAILED" | "CONFLICTED" | "MANUAL_REVIEW" => "bad",
            "EXPIRED" | "CANCELLED" => "quiet",
            _ => "now",
        };
        (spoken(self.language, code), tone)
    }

    pub(super) fn attempt_state(&self, state: payment_attempt::State) -> String {
        spoken(self.language, state.as_str_name().trim_start_matches("STATE_"))
    }

    pub(super) fn refund_state(&self, state: payment_refund::State) -> String {
        spoken(self.language, state.as_str_name().trim_start_matches("STATE_"))
    }

    pub(super) fn why(&self, why: manual_review::Why) -> String {
        spoken(self.language, why.as_str_name().trim_start_matches("WHY_"))
    }

    pub(super) fn action(&self, action: manual_review::Action) -> String {
        spoken(self.language, action.as_str_name().trim_start_matches("ACTION_"))
    }

    pub(super) fn standing(&self, standing: OutputStanding) -> String {
        spoken(
            self.language,
            standing.as_str_name().trim_start_matches("OUTPUT_STANDING_"),
        )
    }

    pub(super) fn fault(&self, fault: RepairFault) -> String {
        spoken(self.language, fault.as_str_name().trim_start_matches("REPAIR_FAULT_"))
    }

    pub(super) fn repair_phase(&self, phase: RepairPhase) -> String {
        spoken(self.language, phase.as_str_name().trim_start_matches("REPAIR_PHASE_"))
    }

    pub(super) fn device_history(&self, kind: DeviceHistoryKind) -> String {
        spoken(
            self.language,
            kind.as_str_name().trim_start_matches("DEVICE_HISTORY_KIND_"),
        )
    }

    pub(super) fn account(&self, account: BookAccount) -> String {
        spoken(self.language, account.as_str_name().trim_start_matches("BOOK_ACCOUNT_"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_the_hall_s_own() {
        let words = Words::new(Language::En, "Asia/Shanghai");
        let at = Timestamp {
            seconds: 1_763_640_000,
            nanos: 250_000_000,
        };
        assert_eq!(words.instant(Some(&at)), "2025-11-20 20:00:00");
        assert_eq!(words.precise(Some(&at)), "20:00:00.250");
        assert_eq!(words.instant(None), "");
        assert_eq!(Words::new(Language::En, "no/where").short(Some(&at)), "11-20 12:00");
    }

    #[test]
    fn a_line_of_time_says_when_and_at_what_price() {
        let at = |seconds| Some(Timestamp { seconds, nanos: 0 });
        let line = BillLine {
            kind: bill_line::Kind::Time.into(),
            band: "夜场".to_owned(),
            from: at(1_763_640_000),
            to: at(1_763_645_400),
            minutes: 90,
            price_per_hour_fen: 6_000,
            amount_fen: 9_000,
            ..BillLine::default()
        };
        let zh = Words::new(Language::ZhCn, "Asia/Shanghai").bill_line(&line);
        assert_eq!(zh, "夜场 20:00–21:30 · 90 分钟 · ¥60.00/小时");
    }
}
