//! The words of alerts, in both languages.

use baize_proto::hall::view::v1::NoticeText;

use crate::views::devices::AlertKind;

/// In Chinese, then in English. `name` is a table's label or a device's topic.
pub(crate) fn words(kind: AlertKind, name: &str) -> [NoticeText; 2] {
    let [(zh_title, zh), (en_title, en)] = match kind {
        AlertKind::DeviceLost => [
            ("设备离线", format!("设备 {name} 没有响应。")),
            ("Device lost", format!("Nothing is heard of device {name}.")),
        ],
        AlertKind::HallLost => [
            (
                "门店设备大面积离线",
                "超过一半的设备同时离线，请检查电源和网络。".to_owned(),
            ),
            (
                "Half of the hall is lost",
                "More than half of the devices were lost at once. Look at power and network.".to_owned(),
            ),
        ],
        AlertKind::DeviceBack => [
            ("设备恢复", format!("设备 {name} 已恢复在线。")),
            ("Device back", format!("Device {name} is heard again.")),
        ],
        AlertKind::DeviceFlapping => [
            ("设备不稳定", format!("设备 {name} 十分钟内多次掉线。")),
            (
                "Device flapping",
                format!("Device {name} was lost several times within ten minutes."),
            ),
        ],
        AlertKind::Fault => [
            ("球台故障", format!("球台 {name} 的灯有故障，已转入维护，请派人维修。")),
            (
                "Table out of order",
                format!("The light over table {name} is faulty. The table is off sale; please see to its repair."),
            ),
        ],
        AlertKind::TestFailed => [
            ("测试未通过", format!("球台 {name} 的灯没有通过测试，已退回维修。")),
            (
                "Test failed",
                format!("The light over table {name} did not pass its test and is back in repair."),
            ),
        ],
        AlertKind::Complaint => [
            ("新的投诉", "有顾客提出投诉，请尽快处理。".to_owned()),
            (
                "A complaint",
                "A customer is not content. Please see to it soon.".to_owned(),
            ),
        ],
        AlertKind::Repaired => [
            ("球台恢复", format!("球台 {name} 的灯已通过测试，球台恢复使用。")),
            (
                "Table back in order",
                format!("The light over table {name} has passed its test. The table is back on sale."),
            ),
        ],
    };
    let text = |title: &str, body| NoticeText {
        title: title.to_owned(),
        body,
    };
    [text(zh_title, zh), text(en_title, en)]
}
