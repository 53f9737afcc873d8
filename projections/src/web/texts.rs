//! The words of the pages. Both languages are values of one struct, so neither can lack a text.

/// The words of one language.
#[derive(Debug)]
pub(crate) struct Texts {
    /// The product's name.
    pub(crate) product: &'static str,
    pub(crate) halls: &'static str,
    pub(crate) no_halls: &'static str,
    pub(crate) all_halls: &'static str,
    pub(crate) board: &'static str,
    pub(crate) no_tables: &'static str,
    pub(crate) idle: &'static str,
    pub(crate) occupied: &'static str,
    pub(crate) maintenance: &'static str,
    pub(crate) retired: &'static str,
    pub(crate) chinese_eight_ball: &'static str,
    pub(crate) snooker: &'static str,
    pub(crate) nine_ball: &'static str,
    pub(crate) light_off: &'static str,
    pub(crate) light_turning_on: &'static str,
    pub(crate) light_on: &'static str,
    pub(crate) light_turning_off: &'static str,
    pub(crate) light_failed: &'static str,
    /// Beside the running time.
    pub(crate) elapsed: &'static str,
    /// Instead of the running time, before billing has begun.
    pub(crate) opening: &'static str,
    /// Before the time at which prepaid play ends.
    pub(crate) prepaid_until: &'static str,
    pub(crate) postpaid: &'static str,
    /// In the place of the running time at a free table.
    pub(crate) welcome: &'static str,
    /// Before the time at which maintenance is expected to end.
    pub(crate) back_at: &'static str,
    /// Before the page has heard anything.
    pub(crate) connecting: &'static str,
    pub(crate) live: &'static str,
    pub(crate) lost: &'static str,
    /// Before the position and the time that the board shows.
    pub(crate) as_of: &'static str,
    pub(crate) position: &'static str,
    /// The other language's name, in that language.
    pub(crate) switch_language: &'static str,
    pub(crate) not_found: &'static str,
    /// Of an address that was good for a while.
    pub(crate) not_shown: &'static str,
    pub(crate) unavailable: &'static str,
    /// Where scripts are off.
    pub(crate) no_script: &'static str,
}

/// 简体中文.
pub(crate) static ZH_CN: Texts = Texts {
    product: "白泽台球",
    halls: "球厅",
    no_halls: "还没有球厅。",
    all_halls: "全部球厅",
    board: "球台看板",
    no_tables: "这个球厅还没有球台。",
    idle: "空闲",
    occupied: "使用中",
    maintenance: "维护中",
    retired: "已撤台",
    chinese_eight_ball: "中式八球",
    snooker: "斯诺克",
    nine_ball: "九球",
    light_off: "灯已关",
    light_turning_on: "正在开灯",
    light_on: "灯已开",
    light_turning_off: "正在关灯",
    light_failed: "灯光故障",
    elapsed: "已打",
    opening: "正在开台",
    prepaid_until: "预付至",
    postpaid: "按时计费",
    welcome: "扫码开台",
    back_at: "预计恢复",
    connecting: "正在连接……",
    live: "实时",
    lost: "连接中断，正在重连……",
    as_of: "数据截至",
    position: "位置",
    switch_language: "English",
    not_found: "没有这个页面。",
    not_shown: "这个地址已失效，请重新打开。",
    unavailable: "暂时无法显示，请稍后再试。",
    no_script: "未启用脚本：页面每 15 秒自动刷新。",
};

/// English.
pub(crate) static EN: Texts = Texts {
    product: "Baize Billiards",
    halls: "Halls",
    no_halls: "There is no hall yet.",
    all_halls: "All halls",
    board: "Table board",
    no_tables: "This hall has no tables yet.",
    idle: "Free",
    occupied: "In play",
    maintenance: "Maintenance",
    retired: "Gone",
    chinese_eight_ball: "Chinese eight-ball",
    snooker: "Snooker",
    nine_ball: "Nine-ball",
    light_off: "Light off",
    light_turning_on: "Light turning on",
    light_on: "Light on",
    light_turning_off: "Light turning off",
    light_failed: "Light fault",
    elapsed: "Playing for",
    opening: "Opening",
    prepaid_until: "Prepaid until",
    postpaid: "Billed by time",
    welcome: "Scan to play",
    back_at: "Back at about",
    connecting: "Connecting…",
    live: "Live",
    lost: "Connection lost, reconnecting…",
    as_of: "As of",
    position: "position",
    switch_language: "中文",
    not_found: "There is no such page.",
    not_shown: "This address shows nothing any more. Please open it anew.",
    unavailable: "This cannot be shown at the moment. Please try again soon.",
    no_script: "Scripts are off: the page reloads every 15 seconds.",
};
