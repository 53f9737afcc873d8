//! A tariff in words, one price or rule a line.

use baize_domain::Fen;
use baize_domain::calendar::DayKind;
use baize_domain::tariff::{Band, Hours, Overnight, Package, PackageTime, Tariff, Weekday};

const WEEK: [(Weekday, &str, &str); 7] = [
    (Weekday::Monday, "一", "Mon"),
    (Weekday::Tuesday, "二", "Tue"),
    (Weekday::Wednesday, "三", "Wed"),
    (Weekday::Thursday, "四", "Thu"),
    (Weekday::Friday, "五", "Fri"),
    (Weekday::Saturday, "六", "Sat"),
    (Weekday::Sunday, "日", "Sun"),
];

/// The lines in Chinese and in English, in the same order.
pub(super) fn lines(tariff: &Tariff) -> (Vec<String>, Vec<String>) {
    let mut lines: Vec<(String, String)> = tariff.bands.iter().map(band).collect();
    lines.extend(tariff.overnights.iter().map(overnight));
    let price = yuan(tariff.price_per_hour);
    lines.push(if tariff.bands.is_empty() {
        (format!("每小时 {price}"), format!("{price} an hour"))
    } else {
        (
            format!("其他时间：每小时 {price}"),
            format!("At other times: {price} an hour"),
        )
    });
    let step = tariff.step_minutes;
    lines.push((
        format!("每 {step} 分钟计费一次，不足按 {step} 分钟计"),
        format!("Billed by {step} minutes; a part counts whole"),
    ));
    if tariff.minimum > Fen::ZERO {
        let minimum = yuan(tariff.minimum);
        lines.push((format!("最低消费 {minimum}"), format!("At least {minimum}")));
    }
    if let Some(cap) = tariff.cap {
        let cap = yuan(cap);
        lines.push((format!("单次封顶 {cap}"), format!("At most {cap} a session")));
    }
    if tariff.grace_seconds > 0 {
        let (zh, en) = duration(tariff.grace_seconds);
        lines.push((format!("开台 {zh}内结束免费"), format!("Free if closed within {en}")));
    }
    lines.extend(tariff.packages.iter().map(package));
    lines.into_iter().unzip()
}

fn band(band: &Band) -> (String, String) {
    let (name, price) = (&band.name, yuan(band.price_per_hour));
    let (zh, en) = hours(&band.hours);
    (
        format!("{name}：{zh}，每小时 {price}"),
        format!("{name}: {en}, {price} an hour"),
    )
}

fn overnight(overnight: &Overnight) -> (String, String) {
    let (name, price) = (&overnight.name, yuan(overnight.price));
    let (zh, en) = hours(&overnight.hours);
    (
        format!("{name}：{zh}，最高 {price}"),
        format!("{name}: {en}, at most {price}"),
    )
}

fn package(package: &Package) -> (String, String) {
    let (name, price) = (&package.name, yuan(package.price));
    let (zh, en) = match &package.time {
        PackageTime::Minutes { minutes, sold: None } => (format!("{minutes} 分钟"), format!("{minutes} minutes")),
        PackageTime::Minutes {
            minutes,
            sold: Some(sold),
        } => {
            let (zh, en) = hours(sold);
            (
                format!("{minutes} 分钟（{zh}有售）"),
                format!("{minutes} minutes (sold {en})"),
            )
        }
        PackageTime::Window(window) => hours(window),
    };
    (format!("{name}：{zh}，{price}"), format!("{name}: {en}, {price}"))
}

fn hours(hours: &Hours) -> (String, String) {
    let times = format!("{}–{}", clock(hours.from_minute), clock(hours.to_minute));
    let (days_zh, days_en) = days(hours);
    (format!("{days_zh} {times}"), format!("{days_en} {times}"))
}

fn days(hours: &Hours) -> (String, String) {
    let named =
        |(day, zh, en): &(Weekday, &'static str, &'static str)| hours.weekdays.contains(day).then_some((*zh, *en));
    let (week_zh, mut days_en): (Vec<_>, Vec<_>) = WEEK.iter().filter_map(named).unzip();
    if week_zh.len() == WEEK.len() {
        return ("每天".to_owned(), "every day".to_owned());
    }
    let mut days_zh = Vec::new();
    if !week_zh.is_empty() {
        days_zh.push(format!("周{}", week_zh.join("、")));
    }
    for kind in &hours.day_kinds {
        let (zh, en) = match kind {
            DayKind::Holiday => ("节假日", "holidays"),
            DayKind::AdjustedWorkday => ("调休上班日", "adjusted workdays"),
        };
        days_zh.push(zh.to_owned());
        days_en.push(en);
    }
    (days_zh.join("、"), days_en.join(", "))
}

fn clock(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

fn duration(seconds: u32) -> (String, String) {
    match (seconds / 60, seconds % 60) {
        (minutes, 0) => (format!("{minutes} 分钟"), format!("{minutes} minutes")),
        _ => (format!("{seconds} 秒"), format!("{seconds} seconds")),
    }
}

fn yuan(amount: Fen) -> String {
    format!("¥{}.{:02}", amount.0 / 100, amount.0 % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tariff_is_told_line_by_line_in_both_languages() {
        let tariff = Tariff {
            name: "平场".to_owned(),
            price_per_hour: Fen(2_450),
            bands: vec![
                Band {
                    name: "夜场".to_owned(),
                    hours: Hours {
                        weekdays: vec![Weekday::Saturday, Weekday::Friday],
                        day_kinds: vec![DayKind::Holiday],
                        from_minute: 22 * 60,
                        to_minute: 2 * 60,
                    },
                    price_per_hour: Fen(3_600),
                },
                Band {
                    name: "日场".to_owned(),
                    hours: Hours {
                        weekdays: WEEK.map(|(day, ..)| day).to_vec(),
                        day_kinds: Vec::new(),
                        from_minute: 9 * 60 + 30,
                        to_minute: 1_440,
                    },
                    price_per_hour: Fen(3_005),
                },
            ],
            step_minutes: 10,
            minimum: Fen(1_000),
            cap: Some(Fen(20_000)),
            grace_seconds: 180,
            packages: vec![Package {
                code: "three_hours".to_owned(),
                name: "三小时套餐".to_owned(),
                price: Fen(9_900),
                time: PackageTime::Minutes {
                    minutes: 180,
                    sold: None,
                },
            }],
            ..Tariff::default()
        };
        let (zh, en) = lines(&tariff);
        let expected_zh = [
            "夜场：周五、六、节假日 22:00–02:00，每小时 ¥36.00",
            "日场：每天 09:30–24:00，每小时 ¥30.05",
            "其他时间：每小时 ¥24.50",
            "每 10 分钟计费一次，不足按 10 分钟计",
            "最低消费 ¥10.00",
            "单次封顶 ¥200.00",
            "开台 3 分钟内结束免费",
            "三小时套餐：180 分钟，¥99.00",
        ];
        let expected_en = [
            "夜场: Fri, Sat, holidays 22:00–02:00, ¥36.00 an hour",
            "日场: every day 09:30–24:00, ¥30.05 an hour",
            "At other times: ¥24.50 an hour",
            "Billed by 10 minutes; a part counts whole",
            "At least ¥10.00",
            "At most ¥200.00 a session",
            "Free if closed within 3 minutes",
            "三小时套餐: 180 minutes, ¥99.00",
        ];
        assert_eq!(zh, expected_zh);
        assert_eq!(en, expected_en);
    }
}
