//! An event as a step of a timeline.

use baize_proto::hall::audit::v1::RecordedEvent;
use prost_types::Timestamp;
use serde_json::Value;

use super::super::language::Language;
use super::words::Words;

/// An event, as people read it and as it was recorded.
pub(super) struct Step {
    pub(super) at: String,
    /// After the first step: `+1.204 s`.
    pub(super) after: String,
    /// What happened, in words.
    pub(super) what: String,
    /// Which part of the house it happened in: a word of the style sheet.
    pub(super) part: &'static str,
    pub(super) event_type: String,
    pub(super) stream: String,
    pub(super) sequence: u64,
    pub(super) position: u64,
    /// Who asked for it.
    pub(super) actor: String,
    pub(super) request_id: String,
    /// What made it happen; empty for what somebody asked for.
    pub(super) caused_by: String,
    /// The recorded JSON, laid out.
    pub(super) json: String,
}

impl Step {
    pub(super) fn new(event: &RecordedEvent, began: Option<Timestamp>, language: Language, words: &Words) -> Self {
        let meta = |key: &str| event.metadata.get(key).cloned().unwrap_or_default();
        let json: Result<Value, _> = serde_json::from_str(&event.payload);
        Self {
            at: words.precise(event.recorded_at.as_ref()),
            after: after(began.as_ref(), event.recorded_at.as_ref()),
            what: named(&event.r#type, language).to_owned(),
            part: part(&event.stream),
            event_type: event.r#type.clone(),
            stream: event.stream.clone(),
            sequence: event.sequence,
            position: event.position,
            actor: meta(baize_eventlog::META_ACTOR),
            request_id: meta(baize_eventlog::META_REQUEST_ID),
            caused_by: meta(baize_eventlog::META_CAUSATION_ID),
            json: json
                .and_then(|json| serde_json::to_string_pretty(&json))
                .unwrap_or_else(|_| event.payload.clone()),
        }
    }
}

fn after(began: Option<&Timestamp>, at: Option<&Timestamp>) -> String {
    let millis = |at: &Timestamp| at.seconds * 1_000 + i64::from(at.nanos) / 1_000_000;
    match began.zip(at) {
        Some((began, at)) => {
            let millis = millis(at) - millis(began);
            format!("+{}.{:03} s", millis / 1_000, millis.rem_euclid(1_000))
        }
        None => String::new(),
    }
}

fn part(stream: &str) -> &'static str {
    match stream.split('/').next().unwrap_or_default() {
        "TableSession" | "Table" => "play",
        "Device" => "device",
        "Wallet" | "Payment" | "Refund" | "Journal" | "BillSplit" => "money",
        "PointsAccount" | "Member" => "person",
        _ => "other",
    }
}

/// What happened, in words; of an event that has none here, its type.
fn named(event_type: &str, language: Language) -> &str {
    let (zh_cn, en) = match event_type {
        "OpeningAwaited" => ("等待付款开台", "Opening waits for its payment"),
        "OpeningLapsed" => ("未付款，开台取消", "Opening lapsed"),
        "SessionOpened" => ("开台", "Table opened"),
        "BillingStarted" => ("开始计费", "Billing began"),
        "SessionExtended" => ("续时", "Extended"),
        "HoldRenewed" => ("冻结金额更新", "Hold renewed"),
        "GoodsAdded" => ("点商品", "Goods ordered"),
        "GoodsRemoved" => ("退商品", "Goods taken off"),
        "SessionTransferred" => ("换台", "Moved to another table"),
        "SessionPaused" => ("暂停计费", "Paused"),
        "SessionResumed" => ("恢复计费", "Resumed"),
        "SessionClosed" => ("关台", "Closed"),
        "SessionSettled" => ("结清", "Settled"),
        "SessionCancelled" => ("会话取消", "Cancelled"),
        "TableOccupied" => ("球台占用", "Table taken"),
        "TableReleased" => ("球台释放", "Table free"),
        "LightDesired" => ("要求开关灯", "Light asked for"),
        "LightConfirmed" => ("灯已确认", "Light confirmed"),
        "LightFailed" => ("灯故障", "Light failed"),
        "LightExpired" => ("灯到时自动关", "Light went off at its end"),
        "FundsHeld" => ("冻结余额", "Money set aside"),
        "HoldCaptured" => ("扣款", "Paid from the balance"),
        "HoldReleased" => ("解冻余额", "Rest set free"),
        "PrepaidCharged" => ("预付扣款", "Prepaid"),
        "PrepaidRefunded" => ("预付退回", "Prepaid given back"),
        "GoodsCharged" => ("商品扣款", "Goods paid"),
        "DebtIncurred" => ("产生欠款", "Left owing"),
        "DebtPaid" => ("归还欠款", "Debt paid"),
        "TopUpCredited" => ("充值到账", "Top-up credited"),
        "TransactionPosted" => ("记账", "Posted to the journal"),
        "PaymentStarted" => ("发起支付", "Payment began"),
        "AttemptAsked" => ("向渠道下单", "Order asked for"),
        "AttemptPresented" => ("等待付款", "Order waits for its payer"),
        "AttemptPaid" => ("渠道已收款", "Provider took the money"),
        "AttemptClosed" => ("订单已关闭", "Order closed"),
        "AttemptFailed" => ("渠道下单失败", "Order failed"),
        "PaymentSucceeded" => ("支付成功", "Payment succeeded"),
        "PaymentFailed" => ("支付失败", "Payment failed"),
        "RefundRequested" => ("申请退款", "Refund asked for"),
        "RefundSucceeded" => ("退款到账", "Refund arrived"),
        "PointsEarned" => ("获得积分", "Points earned"),
        "PointsReversed" => ("扣回积分", "Points taken back"),
        "CompensationAsked" => ("给予补偿", "Something given back"),
        "ComplaintFiled" => ("投诉", "Complaint"),
        "ComplaintAssigned" => ("投诉指派", "Complaint assigned"),
        "ComplaintAnswered" => ("投诉回复", "Complaint answered"),
        "ComplaintClosed" => ("投诉关闭", "Complaint closed"),
        "ComplaintReopened" => ("再次投诉", "Complaint reopened"),
        "SplitStarted" => ("发起分摊", "Split began"),
        "SharePaid" => ("分摊已付", "Share paid"),
        "SplitCompleted" => ("分摊完成", "Split complete"),
        other => return other,
    };
    language.of(zh_cn, en)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_says_how_long_after_the_first_it_was() {
        let at = |seconds, nanos| Timestamp { seconds, nanos };
        assert_eq!(after(Some(&at(10, 0)), Some(&at(11, 204_000_000))), "+1.204 s");
        assert_eq!(after(None, Some(&at(1, 0))), "");
    }

    /// A name for what no aggregate records any more would never be seen.
    #[test]
    fn names_are_of_events_that_there_are() {
        let types = baize_domain::event::CATALOGUE.iter().flat_map(|(_, types)| *types);
        let unnamed: Vec<_> = types.filter(|name| named(name, Language::ZhCn) == **name).collect();
        for expected in [
            "SessionOpened",
            "LightConfirmed",
            "HoldCaptured",
            "PaymentSucceeded",
            "SessionSettled",
        ] {
            assert!(!unnamed.contains(&&expected), "{expected}");
        }
    }
}
