//! The words of the console. Both languages are values of one struct, so neither can lack a text.

use super::super::language::Language;

macro_rules! texts {
    ($($name:ident: $zh_cn:literal, $en:literal;)+) => {
        /// The words of one language.
        #[derive(Debug)]
        pub(super) struct ConsoleTexts {
            $(pub(super) $name: &'static str,)+
            pub(super) weekdays: [&'static str; 7],
        }

        static ZH_CN: ConsoleTexts = ConsoleTexts {
            $($name: $zh_cn,)+
            weekdays: ["周一", "周二", "周三", "周四", "周五", "周六", "周日"],
        };

        static EN: ConsoleTexts = ConsoleTexts {
            $($name: $en,)+
            weekdays: ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
        };
    };
}

texts! {
    console: "管理台", "Console";
    halls: "球厅", "Halls";
    members: "会员", "Members";
    payments: "支付", "Payments";
    books: "账目", "Books";
    system: "视图", "Views";
    staff: "店员", "Staff";
    owner: "店主", "Owner";
    auditor: "审计", "Auditor";
    operator: "运维", "Operator";
    leave: "退出", "Leave";
    enter: "进入管理台", "Enter the console";
    token: "访问令牌", "Access token";
    enter_help: "请打开管理台链接（baize token --console），或在此粘贴访问令牌。", "Open a link to the console (baize token --console), or paste an access token here.";
    entering: "正在进入……", "Entering…";
    token_refused: "令牌无效或已过期，请重新获取。", "The token is not valid or has expired. Get a new one.";
    role_refused: "此身份不能进入管理台，或授权已撤销。", "This role has no console, or its grant was taken back.";
    not_found: "没有找到。", "There is no such thing.";
    not_yours: "您的身份不能查看这一页。", "Your role may not see this.";
    not_yet: "现在还不能查看。", "This cannot be shown yet.";
    help_line: "求助时请提供", "When you ask for help, say";
    skip: "跳到正文", "Skip to the content";
    no_halls: "没有您可以查看的球厅。", "There is no hall that you may look into.";
    tables: "球台", "Tables";
    free: "空闲", "free";
    board: "实时看板", "Live board";
    day: "营业日", "Business day";
    history: "历史", "History";
    today: "今天", "Today";
    day_before: "前一天", "Day before";
    day_after: "后一天", "Day after";
    figure: "指标", "Figure";
    value: "数值", "Value";
    target: "目标", "Target";
    revenue: "营收", "Revenue";
    revenue_by_hour: "每小时营收（元）", "Revenue by hour (yuan)";
    revenue_by_day: "每日营收（元）", "Revenue by day (yuan)";
    taken_by_hour: "各时段平均占用台时", "Table hours taken, by weekday and hour";
    table_hours: "台时", "Table hours";
    days: "天", "days";
    sessions: "场次", "Sessions";
    newest_sessions: "最近的场次", "Newest sessions";
    session: "场次", "Session";
    no_sessions: "还没有人打球。", "Nobody has played yet.";
    opened: "开台", "Opened";
    closed: "关台", "Closed";
    who: "顾客", "Customer";
    status: "状态", "Status";
    total: "合计", "Total";
    owed: "欠款", "Owed";
    older: "更早", "Older";
    table: "球台", "Table";
    tariff: "价格方案", "Tariff";
    bill: "账单：为什么是这个数", "The bill: why it is what it is";
    no_bill: "还没有账单。", "There is no bill yet.";
    paid_how: "怎样付的", "How it was paid";
    receipt: "打印小票", "Print the receipt";
    timeline: "经过", "What happened";
    timeline_cut: "事件太多，只显示最早的 1000 条。", "There are more: these are the oldest 1,000.";
    time: "时间", "Time";
    event: "事件", "Event";
    because: "起因", "Because of";
    request: "请求", "Request";
    position: "位置", "position";
    json: "查看原始记录", "As it was recorded";
    find: "按会员编号查找", "Find by member id";
    find_button: "查找", "Find";
    no_id: "这不是会员编号。", "That is no member id.";
    chain: "连锁", "Chain";
    no_members: "还没有会员。", "There is nobody yet.";
    member: "会员", "Member";
    guest: "游客", "Guest";
    kind: "身份", "Kind";
    level: "等级", "Level";
    joined: "加入", "Joined";
    last_visit: "最近到店", "Last visit";
    blacklisted: "黑名单", "Blacklisted";
    wallet: "钱包", "Wallet";
    no_wallet: "此人没有钱包。", "This person has no wallet.";
    principal: "本金", "Principal";
    bonus: "赠金", "Bonus";
    held: "冻结", "Held";
    available: "可用", "Available";
    entries: "资金明细：每一笔与它的原因", "Statement: every movement and its reason";
    amount: "金额", "Amount";
    why: "原因", "Why";
    see_why: "查看这一场", "See the session";
    waiting: "待人工处理", "Waiting for somebody";
    nothing_waits: "没有待处理的支付或退款。", "No payment or refund waits for anybody.";
    since: "起于", "Since";
    can_be_done: "可做的处理", "What can be done";
    newest_payments: "最近的支付", "Newest payments";
    all_halls: "全部球厅", "All halls";
    show: "查看", "Show";
    no_payments: "还没有支付。", "There is no payment yet.";
    purpose: "用途", "Purpose";
    channel: "渠道", "Channel";
    refunded: "已退", "Refunded";
    payment: "支付", "Payment";
    paid: "实收", "Paid";
    changed: "最近变化", "Last changed";
    attempts: "渠道订单", "Orders at providers";
    order_no: "商户订单号", "Our order number";
    transaction: "渠道流水号", "Provider's number";
    refunds: "退款", "Refunds";
    reason: "事由", "Reason";
    requested: "申请", "Asked for";
    account: "科目", "Account";
    debit: "借方", "Debit";
    credit: "贷方", "Credit";
    balance: "余额", "Balance";
    trial_balance: "试算平衡", "Trial balance";
    balanced: "借贷相等", "Debit equals credit";
    not_balanced: "借贷不等！", "Debit and credit differ!";
    reconciled: "渠道对账", "Reconciled days";
    no_days: "还没有对过账。", "No day was reconciled yet.";
    billed: "渠道账单", "By the bill";
    booked: "我方账本", "By our books";
    matched: "相符", "Matched";
    open: "未处理差异", "Open differences";
    fees: "手续费", "Fees";
    as_of: "截至位置", "As of position";
    log_head: "事件日志位置", "Head of the log";
    from_stream: "事件来自 JetStream。", "Events come from JetStream.";
    from_log: "JetStream 不可用，直接读取日志。", "JetStream is away: events are read from the log itself.";
    view: "视图", "View";
    generation: "代", "Generation";
    behind: "落后", "Behind";
    devices: "设备", "Devices";
    device: "设备", "Device";
    no_devices: "还没有设备。", "There is no device yet.";
    complaints: "投诉", "Complaints";
    complaint: "投诉", "Complaint";
    complaints_sealed: "投诉内容按人加密，只能通过接口查看。", "What was said is sealed for each person, and is read through the API.";
    no_complaints: "没有投诉。", "There is no complaint.";
    filed_at: "提交时间", "Filed";
    category: "类别", "About";
    answers: "回复", "Answers";
    given_back: "补偿", "Given back";
    reopened: "再次投诉", "reopened";
    repairs: "维修中的球台", "Tables under repair";
    no_repairs: "没有需要维修的球台。", "No table needs a repair.";
    alerts: "告警", "Alerts";
    no_alerts: "没有告警。", "There is no alert.";
    fault: "故障", "Fault";
    assigned_to: "负责人", "Who sees to it";
    tests: "测试次数", "Tests";
    online: "在线", "online";
    offline: "离线", "lost";
    retired: "已撤", "gone";
    last_heard: "最近有消息", "Last heard";
    output: "输出", "Output";
    wanted: "期望", "Wanted";
    reported: "上报", "Reported";
    standing: "确认", "Standing";
    latency: "响应", "Response";
    tries: "尝试", "Tries";
    not_after: "最迟关灯", "Off at the latest";
    detail: "详情", "Detail";
    on: "开", "on";
    off: "关", "off";
    rebuild: "重建", "Rebuild";
}

/// The words of a language.
pub(super) fn of(language: Language) -> &'static ConsoleTexts {
    match language {
        Language::ZhCn => &ZH_CN,
        Language::En => &EN,
    }
}
