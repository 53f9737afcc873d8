//! The views for analysts: what each column is, and where it comes from.

/// A view for analysts.
#[derive(Debug)]
pub struct BiView {
    /// Its name in the schema `bi_v1`.
    pub name: &'static str,
    /// What a row is.
    pub about: &'static str,
    /// What it reads: `{view.table}` stands for the live table of a view of the log.
    pub from: &'static str,
    /// Its columns.
    pub columns: &'static [BiColumn],
}

/// A column of a view for analysts.
#[derive(Debug)]
pub struct BiColumn {
    /// Its name.
    pub name: &'static str,
    /// What it is made of.
    pub sql: &'static str,
    /// What it is.
    pub about: &'static str,
}

/// `name = "sql", "about"` for each column; without `= "sql"` the column of that name.
macro_rules! columns {
    ($($name:ident $(= $sql:literal)?, $about:literal;)+) => {
        &[$(BiColumn { name: stringify!($name), sql: columns!(@ $name $($sql)?), about: $about }),+]
    };
    (@ $name:ident) => { stringify!($name) };
    (@ $name:ident $sql:literal) => { $sql };
}

/// Every view for analysts.
pub const BI_VIEWS: &[BiView] = &[
    BiView {
        name: "halls",
        about: "a hall",
        from: "{indicators.halls}",
        columns: columns! {
            hall_id, "the hall";
            chain_id, "the chain it belongs to";
            name, "what customers read";
            time_zone, "IANA time zone";
            business_day_cutoff_minutes, "minutes after local midnight at which a business day ends";
            retired, "closed for good";
        },
    },
    BiView {
        name: "tables",
        about: "a table",
        from: "{directory.tables}",
        columns: columns! {
            table_id, "the table";
            hall_id, "where it stands";
            label, "what is written on it";
            class, "what is played on it";
            status, "whether it can be had";
        },
    },
    BiView {
        name: "sessions",
        about: "a game: from the opening of a table to its settlement",
        from: "{bills.sessions} s JOIN {indicators.halls} h USING (hall_id)",
        columns: columns! {
            session_id, "the session";
            hall_id, "where";
            chain_id = "h.chain_id", "the chain";
            business_date = "((s.closed_at AT TIME ZONE h.time_zone) - make_interval(mins => h.business_day_cutoff_minutes))::date", "the business day on which play ended; null while it goes on";
            table_id, "the table it was opened on";
            member_id, "who plays and pays";
            status, "running, or how it stands with the bill";
            opened_at, "when the table was opened";
            billing_started_at, "from when on time is billed; null if it never was";
            closed_at, "when play ended; null while it goes on";
            tariff_plan_id, "the tariff plan";
            tariff_version, "its version, pinned at the opening";
            tariff_name, "its name";
            total_fen, "what the bill comes to, fen; so far, while play goes on";
            paid_fen, "what was paid of it, fen";
            outstanding_fen, "what is still owed, fen";
        },
    },
    BiView {
        name: "bill_lines",
        about: "a line of the bill of a game that is over; the lines of a session sum to its total",
        from: "{bills.sessions} s JOIN {indicators.halls} h USING (hall_id) CROSS JOIN LATERAL jsonb_array_elements(s.lines) WITH ORDINALITY AS l (line, number) CROSS JOIN LATERAL jsonb_each(l.line) AS k (kind, content) WHERE s.closed_at IS NOT NULL",
        columns: columns! {
            session_id, "the session";
            number = "l.number::int", "place on the bill, from 1";
            hall_id, "where";
            business_date = "((s.closed_at AT TIME ZONE h.time_zone) - make_interval(mins => h.business_day_cutoff_minutes))::date", "the business day on which play ended";
            kind = "k.kind", "what it is about, such as Time, Package, Goods, Discount";
            band = "k.content->>'band'", "the band of the tariff, of lines about time";
            minutes = "(k.content->>'minutes')::int", "minutes billed, of lines about time";
            amount_fen = "coalesce((k.content->>'amount')::bigint, (k.content->>'price')::bigint * (k.content->>'quantity')::bigint)", "what it adds to the bill, fen; negative for what is taken off";
        },
    },
    BiView {
        name: "session_payments",
        about: "money that moved for a game",
        from: "{bills.payments} p JOIN {bills.sessions} s USING (session_id)",
        columns: columns! {
            position = "p.position", "place in the log; unique";
            session_id, "the session";
            hall_id = "s.hall_id", "where";
            kind = "p.kind", "what moved";
            principal_fen = "p.principal_fen", "of money that was paid in, fen";
            bonus_fen = "p.bonus_fen", "of bonuses, fen";
            at = "p.at", "when";
        },
    },
    BiView {
        name: "wallet_entries",
        about: "a movement in a wallet",
        from: "{wallets.entries}",
        columns: columns! {
            position, "place in the log; unique";
            member_id, "whose wallet";
            kind, "why it moved";
            principal_fen, "change of what was paid in, fen";
            bonus_fen, "change of bonuses, fen";
            held_fen, "change of what is set aside, fen";
            owed_fen, "change of what is owed, fen";
            reference, "the session, top-up, hold or refund that it is about";
            at, "when";
        },
    },
    BiView {
        name: "payments",
        about: "a payment through a provider, from its start to its outcome",
        from: "{payments.intents}",
        columns: columns! {
            intent_id, "the payment";
            chain_id, "the chain";
            hall_id, "for which hall; null for a top-up";
            member_id, "who pays";
            status, "how it stands";
            channel, "the provider that was used last; null before the first";
            started_at, "when it was started";
            changed_at, "when it last changed";
        },
    },
    BiView {
        name: "compensations",
        about: "something given back for a game",
        from: "{payments.compensations}",
        columns: columns! {
            compensation_id, "the compensation";
            session_id, "the game";
            hall_id, "where";
            chain_id, "the chain";
            member_id, "who gets it";
            amount_fen, "how much, fen";
            reason, "in the words of the staff";
            status, "asked for, given or rejected";
            asked_at, "when it was asked for";
            decided_at, "when it was decided; null before";
        },
    },
    BiView {
        name: "members",
        about: "somebody who plays, without anything that tells who it is",
        from: "{members.people}",
        columns: columns! {
            member_id, "the person";
            chain_id, "the chain";
            kind, "guest or member";
            level, "the code of the level";
            merged_into, "the member that a guest turned out to be";
            erased, "forgotten at their own request or by law";
            joined_at, "when the person came";
            last_login_at, "when the person came or logged in last";
            sessions, "games so far";
            last_visit_at, "when the last one was opened";
        },
    },
    BiView {
        name: "points_entries",
        about: "a movement of points",
        from: "{loyalty.points_entries}",
        columns: columns! {
            position, "place in the log; unique";
            member_id, "whose";
            kind, "why";
            points, "change of the points that can be spent";
            owed, "change of what is owed after a reversal";
            reference, "the session or redemption that it is about";
            at, "when";
        },
    },
    BiView {
        name: "redemptions",
        about: "a gift that was had for points",
        from: "{loyalty.redemptions} r JOIN {loyalty.gifts} g USING (gift_id)",
        columns: columns! {
            redemption_id, "the redemption";
            member_id = "r.member_id", "who";
            hall_id = "r.hall_id", "where";
            gift_id, "the gift";
            gift_name_zh = "g.name_zh", "its name in Chinese";
            gift_name_en = "g.name_en", "its name in English";
            status = "r.status", "waiting, handed over or cancelled";
            points = "r.points", "what it cost";
            made_at = "r.made_at", "when it was redeemed";
            ended_at = "r.ended_at", "when it was handed over or cancelled; null before";
        },
    },
    BiView {
        name: "complaints",
        about: "a complaint",
        from: "{complaints.complaints}",
        columns: columns! {
            complaint_id, "the complaint";
            hall_id, "about which hall";
            chain_id, "the chain";
            member_id, "who complains";
            session_id, "about which game; null if about none";
            category, "what it is about";
            status, "how far it is";
            answers, "how often it was answered";
            promised_fen, "what was promised in the answers, fen";
            reopened, "whether the answer did not settle it";
            filed_at, "when";
            answered_at, "when it was first answered; null before";
            closed_at, "when it was closed; null before";
        },
    },
    BiView {
        name: "repairs",
        about: "a fault of a table and its repair",
        from: "{devices.repairs}",
        columns: columns! {
            repair_id, "the repair";
            hall_id, "where";
            table_id, "the table";
            device_id, "the device";
            channel, "its output";
            fault, "what is wrong";
            session_id, "the game that it ended; null if nobody played";
            phase, "how far it is";
            tests, "device tests so far";
            since = "\"since\"", "since when the fault was there";
            opened_at, "when the repair was opened";
            closed_at, "when the table was back; null before";
        },
    },
    BiView {
        name: "hours",
        about: "an hour of the clock in a hall: the figures of the wall screen",
        from: "{indicators.hours}",
        columns: columns! {
            hall_id, "the hall";
            business_date = "business_date::date", "the business day";
            starts_at, "when the hour began";
            sessions, "sessions that were opened";
            opened, "of them, those whose light was confirmed";
            open_failed, "of them, those that were cancelled because it was not";
            closed, "sessions in which play ended";
            revenue_fen, "what their bills come to, fen";
            paid, "payments through providers that succeeded";
            pay_failed, "payments through providers that failed";
        },
    },
];
