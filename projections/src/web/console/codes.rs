//! Codes of the contract as words.

use super::super::language::Language;

/// A code in the reader's words. What has no Chinese here, such as what a later release added, is told in the words of the contract.
pub(super) fn spoken(language: Language, code: &str) -> String {
    match language {
        Language::ZhCn => chinese(code).map_or_else(|| plain(code), str::to_owned),
        Language::En => plain(code),
    }
}

/// `OTHER_AMOUNT_PAID` is "other amount paid": the words of the API, so that both can be looked up.
fn plain(code: &str) -> String {
    code.to_lowercase().replace('_', " ")
}

fn chinese(code: &str) -> Option<&'static str> {
    Some(match code {
        // Payments.
        "SUCCEEDED" => "已成功",
        "FAILED" => "失败",
        "EXPIRED" => "已过期",
        "CANCELLED" => "已取消",
        "PROCESSING" => "处理中",
        "CONFLICTED" => "实付与应付不符",
        "MANUAL_REVIEW" => "待人工处理",
        "RESOLVED" => "已人工处理",
        // Attempts.
        "ASKED" => "已下单",
        "PRESENTED" => "等待付款",
        "UNKNOWN" => "结果未知",
        "UNCLEAR" => "长时间未明",
        "PAID" => "已付",
        "CLOSED" => "已关闭",
        "DECLINED" => "被拒绝",
        "CHANNEL_UNAVAILABLE" => "渠道不可用",
        // Refunds.
        "WAITING" => "待复核",
        "APPROVED" => "已批准",
        "SENT" => "退款中",
        "REJECTED" => "已驳回",
        "REPLACED" => "已换单",
        "SETTLED_BY_HAND" => "已线下处理",
        // Why something waits.
        "OTHER_AMOUNT_PAID" => "实付金额不符",
        "PAYMENT_UNCLEAR" => "支付结果长时间未明",
        "REFUND_NEEDS_APPROVAL" => "退款待第二人复核",
        "REFUND_ABNORMAL" => "退款异常：付款账户不可用",
        "REFUND_CLOSED" => "退款被渠道关闭",
        "REFUND_DECLINED" => "退款被渠道拒绝",
        "REFUND_UNANSWERED" => "退款结果长时间未明",
        "REFUND_OTHER_AMOUNT" => "退款金额不符",
        // What can be done.
        "TAKE_IN" => "确认入账",
        "NOT_PAID" => "确认未付",
        "GIVE_BACK" => "退回付款人",
        "APPROVE_REFUND" => "批准退款",
        "REJECT_REFUND" => "驳回退款",
        "RETRY_REFUND" => "原单重试",
        "REPLACE_REFUND" => "换单重退",
        "SETTLE_REFUND_BY_HAND" => "登记线下退款",
        // Devices.
        "PENDING" => "等待确认",
        "CONFIRMED" => "已确认",
        "LATE" => "超时，仍在尝试",
        "UNREACHABLE" => "无法联系",
        "MISMATCH" => "状态不符",
        "NOT_CONFIRMED" => "未亮灯",
        "OFFLINE" => "离线",
        "REPORTED" => "店员报修",
        "OPEN" => "待维修",
        "STARTED" => "维修中",
        "COMPLETED" => "待测试",
        "TESTING" => "测试中",
        "DESIRED" => "期望",
        "WENT_OFFLINE" => "离线",
        "CAME_BACK" => "恢复在线",
        "FLAPPED" => "反复掉线",
        // Accounts.
        "COUNTER_CLEARING" => "前台收款",
        "WECHAT_PAY_CLEARING" => "微信支付清算",
        "ALIPAY_CLEARING" => "支付宝清算",
        "REFUNDS_PAYABLE" => "应退款",
        "SUSPENSE" => "待查款项",
        "MEMBER_PRINCIPAL" => "会员本金",
        "MEMBER_BONUS" => "会员赠金",
        "BONUS_COST" => "赠送成本",
        "PREPAID_DEFERRED" => "预付未消费",
        "REVENUE" => "营业收入",
        "RECEIVABLE" => "会员欠款",
        "SHARES_HELD" => "分摊代管",
        "WALLET_TRANSFERS" => "钱包转移",
        "PROVIDER_FEES" => "渠道手续费",
        "COMPENSATION" => "补偿成本",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use baize_proto::hall::payment::v1::PaymentState;
    use baize_proto::hall::view::v1::{
        BookAccount, DeviceHistoryKind, OutputStanding, RepairFault, RepairPhase, manual_review, payment_attempt,
        payment_refund,
    };

    use super::*;

    /// All codes of an enum but the unspecified one, without their common beginning.
    fn codes<E: TryFrom<i32>>(prefix: &str, name: impl Fn(E) -> &'static str) -> Vec<&'static str> {
        let known = (1..100).map_while(|number| E::try_from(number).ok());
        known.map(|code| name(code).trim_start_matches(prefix)).collect()
    }

    #[test]
    fn every_code_that_a_page_shows_has_its_chinese_words() {
        let all = [
            codes("PAYMENT_STATE_", |code: PaymentState| code.as_str_name()),
            codes("STATE_", |code: payment_attempt::State| code.as_str_name()),
            codes("STATE_", |code: payment_refund::State| code.as_str_name()),
            codes("WHY_", |code: manual_review::Why| code.as_str_name()),
            codes("ACTION_", |code: manual_review::Action| code.as_str_name()),
            codes("OUTPUT_STANDING_", |code: OutputStanding| code.as_str_name()),
            codes("REPAIR_FAULT_", |code: RepairFault| code.as_str_name()),
            codes("REPAIR_PHASE_", |code: RepairPhase| code.as_str_name()),
            codes("DEVICE_HISTORY_KIND_", |code: DeviceHistoryKind| code.as_str_name()),
            codes("BOOK_ACCOUNT_", |code: BookAccount| code.as_str_name()),
        ];
        for code in all.concat() {
            assert!(chinese(code).is_some(), "{code}");
        }
        assert_eq!(spoken(Language::En, "OTHER_AMOUNT_PAID"), "other amount paid");
        assert_eq!(spoken(Language::ZhCn, "NEW_CODE"), "new code");
    }
}
