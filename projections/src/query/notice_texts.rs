//! The words of notices, in both languages: one place for each kind, so that neither language can lack one.

use baize_domain::Fen;
use baize_proto::hall::view::v1::{Notice, NoticeKind as Wire, NoticeText};
use jiff::tz::TimeZone;

use super::encode::stored;
use crate::views::notices::{NoticeKind, NoticeRow};

/// A notice with its words. Up to `read_to` they are read.
pub(super) fn notice(row: NoticeRow, read_to: i64) -> Notice {
    let (kind, [zh, en]) = words(&row);
    let text = |(title, body): (&str, String)| {
        Some(NoticeText {
            title: title.to_owned(),
            body,
        })
    };
    Notice {
        position: row.position.unsigned_abs(),
        kind: kind.into(),
        zh: text(zh),
        en: text(en),
        session_id: row.session_id.map(|id| id.to_string()).unwrap_or_default(),
        hall_id: row.hall_id.map(|id| id.to_string()).unwrap_or_default(),
        table_label: row.table_label,
        amount_fen: row.amount_fen,
        minutes: row.minutes.unsigned_abs(),
        until: stored(row.until),
        at: stored(Some(row.at)),
        read: row.position <= read_to,
        level: row.level.unwrap_or_default(),
        points: row.points,
    }
}

/// Words about a gift of points; none without one.
fn gift(points: i64, before: &str, after: &str) -> String {
    match points {
        0 => String::new(),
        points => format!("{before}{points}{after}"),
    }
}

/// The kind on the wire; title and body in Chinese, then in English.
fn words(row: &NoticeRow) -> (Wire, [(&'static str, String); 2]) {
    let (table, amount, minutes) = (&row.table_label, Fen(row.amount_fen), row.minutes);
    let until = local_time(row);
    match row.kind {
        NoticeKind::PaymentAwaited => (
            Wire::PaymentAwaited,
            [
                (
                    "等待付款",
                    format!("球台 {table} 为您保留至 {until}，还差 {amount}，到账后自动开台。"),
                ),
                (
                    "Payment awaited",
                    format!(
                        "Table {table} is kept for you until {until}. It opens by itself as soon as the missing {amount} is there."
                    ),
                ),
            ],
        ),
        NoticeKind::OpeningLapsed => (
            Wire::OpeningLapsed,
            [
                (
                    "开台已取消",
                    format!("球台 {table} 未能按时付款开台，已释放；已付的钱在余额中。"),
                ),
                (
                    "Opening lapsed",
                    format!(
                        "Table {table} was not opened in time and is free again. What you paid is in your balance."
                    ),
                ),
            ],
        ),
        NoticeKind::TableOpen => (
            Wire::TableOpen,
            [
                ("开台成功", format!("球台 {table} 已开台，灯已亮，祝您玩得愉快！")),
                (
                    "Table open",
                    format!("Table {table} is open and its light is on. Enjoy your game!"),
                ),
            ],
        ),
        NoticeKind::OpeningCancelled => (
            Wire::OpeningCancelled,
            [
                (
                    "开台失败",
                    format!("球台 {table} 的灯没有亮，本次不收费，请换一张球台。"),
                ),
                (
                    "Opening failed",
                    format!(
                        "The light over table {table} did not come on. Nothing is charged; please choose another table."
                    ),
                ),
            ],
        ),
        NoticeKind::Moved => (
            Wire::Moved,
            [
                ("已换台", format!("您已换到球台 {table}，继续计时。")),
                ("Moved", format!("You play on at table {table}.")),
            ],
        ),
        NoticeKind::Paused => (
            Wire::Paused,
            [
                ("计时已暂停", format!("球台 {table} 暂停计费，最晚 {until} 恢复。")),
                (
                    "Paused",
                    format!("Table {table} is not billed for now. The clock goes on at {until} at the latest."),
                ),
            ],
        ),
        NoticeKind::Resumed => (
            Wire::Resumed,
            [
                ("计时已恢复", format!("球台 {table} 恢复计费。")),
                ("Resumed", format!("Table {table} is billed again.")),
            ],
        ),
        NoticeKind::TimeEnding => (
            Wire::TimeEnding,
            [
                (
                    "时间将到",
                    format!("球台 {table} 的时间还剩约 {minutes} 分钟，可以续时。"),
                ),
                (
                    "Time is running out",
                    format!("About {minutes} minutes are left at table {table}. You can buy more."),
                ),
            ],
        ),
        NoticeKind::BalanceShort => (
            Wire::BalanceShort,
            [
                (
                    "余额不足",
                    format!("余额不够球台 {table} 继续计费，请充值，否则到时自动结束。"),
                ),
                (
                    "Balance running short",
                    format!(
                        "Your balance does not cover table {table} much longer. Please top up, or the game ends by itself."
                    ),
                ),
            ],
        ),
        NoticeKind::LightFailed => (
            Wire::LightFailed,
            [
                (
                    "灯光故障",
                    format!("球台 {table} 的灯没有响应，我们正在处理；也可以联系店员换台。"),
                ),
                (
                    "Light fault",
                    format!(
                        "The light over table {table} does not answer. It is being seen to; the staff can move you to another table."
                    ),
                ),
            ],
        ),
        NoticeKind::EndedByFault => (
            Wire::EndedByFault,
            [
                (
                    "非常抱歉",
                    format!(
                        "球台 {table} 的灯于 {until} 发生故障，本局已结束，只收到故障为止的 {amount}，未用的时间已退回。"
                    ),
                ),
                (
                    "We are sorry",
                    format!(
                        "The light over table {table} failed at {until} and your game has ended. You pay {amount} for the time until then; what you did not play goes back."
                    ),
                ),
            ],
        ),
        NoticeKind::Settled => (
            Wire::Settled,
            [
                ("已结算", format!("球台 {table} 已结算，从余额支付 {amount}。")),
                (
                    "Settled",
                    format!("Table {table} is settled: {amount} was paid from your balance."),
                ),
            ],
        ),
        NoticeKind::BillDue => (
            Wire::BillDue,
            [
                (
                    "账单待付",
                    format!("球台 {table} 还有 {amount} 待付，付清后才能再次开台。"),
                ),
                (
                    "Bill due",
                    format!("{amount} is still owed for table {table}. Please pay it before you open another table."),
                ),
            ],
        ),
        NoticeKind::BillPaid => (
            Wire::BillPaid,
            [
                ("账单已付清", format!("从余额支付 {amount}，账单已付清。")),
                (
                    "Bill paid",
                    format!("{amount} was paid from your balance. Nothing is owed any more."),
                ),
            ],
        ),
        NoticeKind::Compensated => (
            Wire::Compensated,
            [
                ("补偿到账", format!("抱歉给您带来不便，补偿 {amount} 已存入您的余额。")),
                (
                    "Given back",
                    format!("We are sorry for the trouble: {amount} of what you paid is in your balance."),
                ),
            ],
        ),
        NoticeKind::ComplaintAnswered => (
            Wire::ComplaintAnswered,
            [
                ("投诉有回复", "您的投诉已有回复，请查看。".to_owned()),
                (
                    "Your complaint is answered",
                    "The hall has answered your complaint. Please read it.".to_owned(),
                ),
            ],
        ),
        NoticeKind::ComplaintClosed => (
            Wire::ComplaintClosed,
            [
                (
                    "投诉已处理",
                    "您的投诉已处理完毕；如不满意，可再次提出一次。".to_owned(),
                ),
                (
                    "Your complaint is closed",
                    "Your complaint is closed. If it is not settled for you, you can reopen it once.".to_owned(),
                ),
            ],
        ),
        NoticeKind::ComplaintAssigned => (
            Wire::ComplaintAssigned,
            [
                ("投诉待处理", "有一条投诉交由您处理。".to_owned()),
                (
                    "A complaint is yours",
                    "A complaint was assigned to you. Please see to it.".to_owned(),
                ),
            ],
        ),
        NoticeKind::ToppedUp => (
            Wire::ToppedUp,
            [
                ("充值到账", format!("{amount} 已到账。")),
                ("Topped up", format!("{amount} has come into your balance.")),
            ],
        ),
        NoticeKind::LevelReached => (
            Wire::LevelReached,
            [
                (
                    "恭喜升级",
                    format!(
                        "您的会员等级已提升，新权益从下次开台起生效{}。",
                        gift(row.points, "，升级礼包 ", " 积分已到账")
                    ),
                ),
                (
                    "You have reached a higher level",
                    format!(
                        "Your new benefits hold from your next table on{}.",
                        gift(row.points, "; a gift of ", " points is on your account")
                    ),
                ),
            ],
        ),
        NoticeKind::LevelLost => (
            Wire::LevelLost,
            [
                (
                    "会员等级调整",
                    "等级有效期已满，消费未达保级条件，会员等级下调一级。".to_owned(),
                ),
                (
                    "Your level has changed",
                    "Your level's period is over and your spending was not enough to keep it: it is one step lower."
                        .to_owned(),
                ),
            ],
        ),
        NoticeKind::SplitDeclined => (
            Wire::SplitDeclined,
            [
                (
                    "有人不参与分摊",
                    format!("有人不支付 {amount} 的一份，您可以重新分摊、移除或代付。"),
                ),
                (
                    "A share is declined",
                    format!(
                        "Somebody does not pay a share of {amount}. You can split the bill anew, take the share out, or pay it too."
                    ),
                ),
            ],
        ),
        NoticeKind::SplitStalled => (
            Wire::SplitStalled,
            [
                (
                    "分摊还未确认",
                    format!("还有 {amount} 无人确认，您可以重新分摊、移除、代付或取消。"),
                ),
                (
                    "Not everybody has confirmed",
                    format!(
                        "Nobody has confirmed {amount} in time. You can split the bill anew, take shares out, pay them too, or cancel."
                    ),
                ),
            ],
        ),
        NoticeKind::SplitCharging => (
            Wire::SplitCharging,
            [
                ("所有人已确认", format!("账单 {amount} 的分摊已全部确认，开始扣费。")),
                (
                    "Everybody has confirmed",
                    format!("Everybody has confirmed a share of the {amount} and is being charged."),
                ),
            ],
        ),
        NoticeKind::ShareTaken => (
            Wire::ShareTaken,
            [
                ("分摊扣费", format!("您的分摊 {amount} 已扣除，等待其他人付款。")),
                (
                    "Your share is paid",
                    format!("Your share of {amount} is set aside until everybody has paid."),
                ),
            ],
        ),
        NoticeKind::ShareDue => (
            Wire::ShareDue,
            [
                ("分摊待付", format!("您的分摊还差 {amount}，请尽快付款。")),
                (
                    "Your share is due",
                    format!("{amount} is missing for your share of the bill. Please pay it soon."),
                ),
            ],
        ),
        NoticeKind::ShareUnpaid => (
            Wire::ShareUnpaid,
            [
                ("有一份未付", format!("{amount} 的一份多次扣费失败，是否由您代付？")),
                (
                    "A share is not paid",
                    format!("A share of {amount} could not be taken. Would you pay it too? Nothing is taken unasked."),
                ),
            ],
        ),
        NoticeKind::SplitDone => (
            Wire::SplitDone,
            [
                (
                    "分摊成功",
                    format!("账单 {amount} 已由所有人付清，分摊款进入您的余额。"),
                ),
                (
                    "Everybody has paid",
                    format!(
                        "Everybody has paid a share of the {amount}. What the others paid comes into your balance."
                    ),
                ),
            ],
        ),
        NoticeKind::ShareDone => (
            Wire::ShareDone,
            [
                ("分摊成功", format!("所有人都已付款，您的分摊为 {amount}。")),
                (
                    "Everybody has paid",
                    format!("Everybody has paid. Your share was {amount}."),
                ),
            ],
        ),
        NoticeKind::SplitCancelled => (
            Wire::SplitCancelled,
            [
                ("分摊已取消", format!("账单 {amount} 的分摊已取消，已付的分摊退回。")),
                (
                    "Split cancelled",
                    format!("The split of the {amount} is cancelled. Shares that were paid go back."),
                ),
            ],
        ),
        NoticeKind::ShareReturned => (
            Wire::ShareReturned,
            [
                ("分摊已退回", format!("分摊已取消，您的 {amount} 已退回。")),
                (
                    "Your share is back",
                    format!("The split is cancelled. Your {amount} came back."),
                ),
            ],
        ),
    }
}

/// The instant a notice is about, by the hall's clocks.
fn local_time(row: &NoticeRow) -> String {
    let zone = TimeZone::get(&row.time_zone).unwrap_or(TimeZone::UTC);
    let until = row.until.map(|until| until.timestamp().to_zoned(zone));
    until
        .map(|until| until.strftime("%H:%M").to_string())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;

    fn row(kind: NoticeKind) -> NoticeRow {
        NoticeRow {
            position: 9,
            member_id: Uuid::from_u128(1),
            kind,
            session_id: Some(Uuid::from_u128(2)),
            hall_id: None,
            table_label: "A1".to_owned(),
            time_zone: "Asia/Shanghai".to_owned(),
            amount_fen: 4_000,
            minutes: 0,
            level: None,
            points: 0,
            until: Some("2026-11-20T12:03:00Z".parse::<Timestamp>().unwrap().into()),
            at: Timestamp::UNIX_EPOCH.into(),
        }
    }

    #[test]
    fn a_notice_speaks_both_languages_with_its_table_amount_and_local_time() {
        let row = row(NoticeKind::PaymentAwaited);
        let unread = notice(row.clone(), 8);
        assert!(!unread.read && notice(row, 9).read);
        let (zh, en) = (unread.zh.unwrap(), unread.en.unwrap());
        assert_eq!(zh.body, "球台 A1 为您保留至 20:03，还差 ¥40.00，到账后自动开台。");
        assert!(
            en.body.starts_with("Table A1 is kept for you until 20:03."),
            "{}",
            en.body
        );
        assert!(en.body.contains("¥40.00"));
    }

    #[test]
    fn a_higher_level_is_told_with_its_gift_pack_if_there_is_one() {
        let zh = |points| {
            let reached = NoticeRow {
                points,
                ..row(NoticeKind::LevelReached)
            };
            notice(reached, 0).zh.unwrap().body
        };
        assert!(zh(500).ends_with("升级礼包 500 积分已到账。"), "{}", zh(500));
        assert!(zh(0).ends_with("生效。"), "{}", zh(0));
    }
}
