//! What happens in a hall, as events: single ones to tell a story with, and a long random evening.

use std::sync::Arc;

use baize_domain::compensation::{CompensationEvent, CompensationTerms};
use baize_domain::complaint::{Category, ComplaintEvent, ComplaintTerms};
use baize_domain::device::{DesireReason, DeviceEvent, Driver, FailureKind, LightChannel};
use baize_domain::hall::{HallEvent, HallPolicy};
use baize_domain::ids::{
    ChainId, CompensationId, ComplaintId, DeviceId, EarningId, HallId, HoldId, MemberId, RepairId, SessionId, ShareId,
    SplitId, TableId, TariffPlanId, TopUpId,
};
use baize_domain::member::MemberEvent;
use baize_domain::personal::Sealed;
use baize_domain::points_account::PointsAccountEvent;
use baize_domain::repair::{Fault, RepairEvent, Ticket};
use baize_domain::session::{
    Bill, BillLine, BillingStartCause, CancelReason, CloseCause, SessionMode, TableSessionEvent,
};
use baize_domain::split::{ShareTerms, SplitEvent, SplitTerms};
use baize_domain::table::{TableClass, TableEvent};
use baize_domain::tariff::{Days, PinnedTariff, Tariff};
use baize_domain::wallet::{Split, TopUpChannel, WalletEvent};
use baize_domain::{Event, Fen};
use jiff::{Timestamp, ToSpan};
use uuid::Uuid;

/// An event and the id of its stream.
#[derive(Debug, Clone)]
pub struct Happened {
    pub id: Uuid,
    pub event: Event,
}

pub const DEVICE_CHANNELS: u8 = 4;

pub fn at(second: i64) -> Timestamp {
    // With nanoseconds that no table keeps.
    "2026-11-20T11:00:00.123456789Z".parse::<Timestamp>().unwrap() + second.seconds()
}

pub fn hall(hall_id: Uuid, name: &str) -> Happened {
    let event = HallEvent::HallRegistered {
        hall_id: HallId(hall_id),
        chain_id: ChainId(Uuid::from_u128(1)),
        name: name.to_owned(),
        time_zone: "Asia/Shanghai".to_owned(),
        business_day_cutoff_minutes: 360,
        policy: HallPolicy::default(),
    };
    Happened {
        id: hall_id,
        event: Event::Hall(event),
    }
}

pub fn device(hall_id: Uuid, device_id: Uuid) -> Happened {
    let event = DeviceEvent::DeviceRegistered {
        device_id: DeviceId(device_id),
        hall_id: HallId(hall_id),
        driver: Driver::Tasmota,
        topic: format!("relay_{}", device_id.simple()),
        channels: DEVICE_CHANNELS,
    };
    Happened {
        id: device_id,
        event: Event::Device(event),
    }
}

/// A table and the light over it.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    pub hall_id: Uuid,
    pub table_id: Uuid,
    pub device_id: Uuid,
    pub channel: u8,
}

impl Table {
    pub fn registered(self, label: &str) -> Happened {
        self.happened(TableEvent::TableRegistered {
            table_id: TableId(self.table_id),
            hall_id: HallId(self.hall_id),
            label: label.to_owned(),
            class: TableClass::ChineseEightBall,
            tariff_plan_id: TariffPlanId(Uuid::from_u128(1)),
            light: self.light(),
            qr_token: format!("qr-{}", self.table_id.simple()),
        })
    }

    pub fn occupied(self, session_id: Uuid, second: i64) -> Happened {
        self.happened(TableEvent::TableOccupied {
            session_id: SessionId(session_id),
            at: at(second),
        })
    }

    pub fn released(self, session_id: Uuid, second: i64) -> Happened {
        self.happened(TableEvent::TableReleased {
            session_id: SessionId(session_id),
            at: at(second),
        })
    }

    pub fn maintenance(self, reason: &str, second: i64) -> Happened {
        self.happened(TableEvent::MaintenanceStarted {
            reason: reason.to_owned(),
            expected_end: Some(at(second + 3_600)),
            repair_id: None,
            at: at(second),
        })
    }

    pub fn repaired(self, second: i64) -> Happened {
        self.happened(TableEvent::MaintenanceEnded { at: at(second) })
    }

    pub fn light_desired(self, rev: u64, on: bool, second: i64) -> Happened {
        self.lit(DeviceEvent::LightDesired {
            channel: self.channel,
            rev,
            on,
            session_id: None,
            not_after: on.then(|| at(second + 7_200)),
            reason: if on {
                DesireReason::SessionOpened
            } else {
                DesireReason::SessionOver
            },
            issued_at: at(second),
        })
    }

    pub fn light_confirmed(self, rev: u64, on: bool, second: i64) -> Happened {
        let (channel, at) = (self.channel, at(second));
        self.lit(DeviceEvent::LightConfirmed {
            channel,
            rev,
            on,
            session_id: None,
            latency_ms: 80,
            attempts: 1,
            at,
        })
    }

    /// The light is on for that session.
    pub fn lit_for(self, session_id: Uuid, second: i64) -> Happened {
        let (channel, at) = (self.channel, at(second));
        self.lit(DeviceEvent::LightConfirmed {
            channel,
            rev: 1,
            on: true,
            session_id: Some(SessionId(session_id)),
            latency_ms: 80,
            attempts: 1,
            at,
        })
    }

    pub fn light_failed(self, rev: u64, kind: FailureKind, second: i64) -> Happened {
        let (channel, at) = (self.channel, at(second));
        self.lit(DeviceEvent::LightFailed {
            channel,
            rev,
            kind,
            session_id: None,
            at,
        })
    }

    pub fn light_expired(self, rev: u64, second: i64) -> Happened {
        let (channel, at) = (self.channel, at(second));
        self.lit(DeviceEvent::LightExpired {
            channel,
            rev,
            session_id: None,
            at,
        })
    }

    fn light(self) -> LightChannel {
        LightChannel {
            device_id: DeviceId(self.device_id),
            channel: self.channel,
        }
    }

    fn happened(self, event: TableEvent) -> Happened {
        Happened {
            id: self.table_id,
            event: Event::Table(event),
        }
    }

    fn lit(self, event: DeviceEvent) -> Happened {
        Happened {
            id: self.device_id,
            event: Event::Device(event),
        }
    }
}

/// A session at a table.
#[derive(Debug, Clone, Copy)]
pub struct Session {
    pub table: Table,
    pub session_id: Uuid,
    pub member_id: Uuid,
}

impl Session {
    pub fn opened_postpaid(self, held: i64, second: i64) -> Happened {
        let hold_id = HoldId(self.session_id);
        let covered_until = at(second + 3_600);
        self.opened(
            SessionMode::Postpaid {
                hold_id,
                held: Fen(held),
                covered_until,
            },
            second,
        )
    }

    pub fn opened_prepaid(self, minutes: u32, second: i64) -> Happened {
        let ends_at = at(second + 60 * i64::from(minutes));
        self.opened(
            SessionMode::Prepaid {
                minutes,
                price: Fen(2_000),
                ends_at,
                package: None,
            },
            second,
        )
    }

    fn opened(self, mode: SessionMode, second: i64) -> Happened {
        self.happened(TableSessionEvent::SessionOpened {
            session_id: SessionId(self.session_id),
            table_id: TableId(self.table.table_id),
            hall_id: HallId(self.table.hall_id),
            member_id: MemberId(self.member_id),
            mode,
            light: self.table.light(),
            tariff: Arc::new(tariff()),
            discount: None,
            time_zone: "Asia/Shanghai".to_owned(),
            policy: HallPolicy::default(),
            opened_at: at(second),
        })
    }

    pub fn billing_started(self, second: i64) -> Happened {
        self.happened(TableSessionEvent::BillingStarted {
            at: at(second),
            cause: BillingStartCause::LightConfirmed,
            covered_until: at(second + 3_600),
        })
    }

    pub fn extended(self, minutes: u32, second: i64) -> Happened {
        self.happened(TableSessionEvent::SessionExtended {
            minutes,
            price: Fen(1_000),
            ends_at: at(second + 60 * i64::from(minutes)),
            at: at(second),
        })
    }

    pub fn closed(self, bill: Bill, second: i64) -> Happened {
        self.happened(TableSessionEvent::SessionClosed {
            at: at(second),
            cause: CloseCause::Customer,
            reason: None,
            bill,
            light: self.table.light(),
            light_until: at(second + 180),
        })
    }

    pub fn settled(self, paid: i64, outstanding: i64, second: i64) -> Happened {
        let at = at(second);
        self.happened(TableSessionEvent::SessionSettled {
            paid: Fen(paid),
            outstanding: Fen(outstanding),
            at,
        })
    }

    pub fn cancelled(self, second: i64) -> Happened {
        self.happened(TableSessionEvent::SessionCancelled {
            reason: CancelReason::LightNotConfirmed,
            at: at(second),
        })
    }

    pub fn held(self, amount: i64, second: i64) -> Happened {
        let (hold_id, session_id, at) = (HoldId(self.session_id), SessionId(self.session_id), at(second));
        self.paid(WalletEvent::FundsHeld {
            hold_id,
            session_id,
            amount: Fen(amount),
            at,
        })
    }

    pub fn captured(self, principal: i64, bonus: i64, released: i64, second: i64) -> Happened {
        self.paid(WalletEvent::HoldCaptured {
            hold_id: HoldId(self.session_id),
            session_id: SessionId(self.session_id),
            captured: split(principal, bonus),
            released: Fen(released),
            at: at(second),
        })
    }

    pub fn hold_released(self, released: i64, second: i64) -> Happened {
        let (hold_id, session_id, at) = (HoldId(self.session_id), SessionId(self.session_id), at(second));
        self.paid(WalletEvent::HoldReleased {
            hold_id,
            session_id,
            released: Fen(released),
            at,
        })
    }

    pub fn prepaid(self, principal: i64, second: i64) -> Happened {
        let (session_id, at) = (SessionId(self.session_id), at(second));
        let amount = split(principal, 0);
        self.paid(WalletEvent::PrepaidCharged { session_id, amount, at })
    }

    pub fn prepaid_back(self, principal: i64, second: i64) -> Happened {
        let (session_id, at) = (SessionId(self.session_id), at(second));
        let amount = split(principal, 0);
        self.paid(WalletEvent::PrepaidRefunded { session_id, amount, at })
    }

    pub fn owes(self, amount: i64, second: i64) -> Happened {
        let (session_id, hall_id) = (SessionId(self.session_id), HallId(self.table.hall_id));
        self.paid(WalletEvent::DebtIncurred {
            session_id,
            hall_id,
            amount: Fen(amount),
            at: at(second),
        })
    }

    pub fn debt_paid(self, principal: i64, outstanding: i64, second: i64) -> Happened {
        let (session_id, at) = (SessionId(self.session_id), at(second));
        let (paid, outstanding) = (split(principal, 0), Fen(outstanding));
        self.paid(WalletEvent::DebtPaid {
            session_id,
            paid,
            outstanding,
            at,
        })
    }

    fn happened(self, event: TableSessionEvent) -> Happened {
        Happened {
            id: self.session_id,
            event: Event::TableSession(event),
        }
    }

    fn paid(self, event: WalletEvent) -> Happened {
        Happened {
            id: self.member_id,
            event: Event::Wallet(event),
        }
    }
}

pub fn joined(member_id: Uuid, chain_id: Uuid) -> Happened {
    let event = MemberEvent::MemberRegistered {
        member_id: MemberId(member_id),
        chain_id: ChainId(chain_id),
        openid: None,
        phone: None,
        nickname: None,
        at: at(0),
    };
    Happened {
        id: member_id,
        event: Event::Member(event),
    }
}

/// A bill of ten yuan that two people share.
pub fn split_started(split_id: Uuid, second: i64) -> Happened {
    let share = |token: &str| ShareTerms {
        share_id: ShareId(split_id),
        token: token.to_owned(),
        amount: Fen(500),
    };
    let event = SplitEvent::SplitStarted {
        terms: Box::new(SplitTerms {
            split_id: SplitId(split_id),
            round: 1,
            chain_id: ChainId(split_id),
            hall_id: HallId(split_id),
            session_id: SessionId(split_id),
            opener: MemberId(split_id),
            bill: Fen(1_000),
            shares: vec![share(""), share("a1")],
            link_minutes: 10,
        }),
        confirm_by: at(second + 600),
        ends_at: at(second + 2_400),
        at: at(second),
    };
    Happened {
        id: split_id,
        event: Event::BillSplit(event),
    }
}

/// A yuan that is to be given back for a session of long ago.
pub fn compensation_asked(session_id: Uuid, second: i64) -> Happened {
    let event = CompensationEvent::CompensationAsked {
        terms: Box::new(CompensationTerms {
            compensation_id: CompensationId(session_id),
            session_id: SessionId(session_id),
            hall_id: HallId(session_id),
            chain_id: ChainId(session_id),
            member_id: MemberId(session_id),
            amount: Fen(100),
            reason: "球台不平".to_owned(),
            asked_by: session_id,
        }),
        needs_approval: true,
        at: at(second),
    };
    Happened {
        id: session_id,
        event: Event::Compensation(event),
    }
}

/// Somebody was not content with a hall.
pub fn complaint_filed(complaint_id: Uuid, second: i64) -> Happened {
    let event = ComplaintEvent::ComplaintFiled {
        terms: Box::new(ComplaintTerms {
            complaint_id: ComplaintId(complaint_id),
            hall_id: HallId(complaint_id),
            chain_id: ChainId(complaint_id),
            session_id: None,
            member_id: MemberId(complaint_id),
            category: Category::Surroundings,
            words: Sealed("AYvWc2VhbGVk".to_owned()),
        }),
        at: at(second),
    };
    Happened {
        id: complaint_id,
        event: Event::Complaint(event),
    }
}

/// A light that flickers, in the words of the staff.
pub fn repair_opened(repair_id: Uuid, second: i64) -> Happened {
    let ticket = Ticket {
        repair_id: RepairId(repair_id),
        hall_id: HallId(repair_id),
        table_id: TableId(repair_id),
        light: LightChannel {
            device_id: DeviceId(repair_id),
            channel: 1,
        },
        fault: Fault::Reported {
            words: "灯闪".to_owned(),
        },
        since: at(second),
        session_id: None,
    };
    Happened {
        id: repair_id,
        event: Event::Repair(RepairEvent::RepairOpened { ticket, at: at(second) }),
    }
}

/// Seven points, for seven yuan in a session of long ago.
pub fn points_earned(member_id: Uuid, second: i64) -> Happened {
    let event = PointsAccountEvent::PointsEarned {
        earning_id: EarningId(member_id),
        session_id: SessionId(member_id),
        principal: Fen(700),
        fen_per_point: Fen(100),
        points: 7,
        met_owed: 0,
        expires_at: at(second + 86_400 * 365),
        at: at(second),
    };
    Happened {
        id: member_id,
        event: Event::PointsAccount(event),
    }
}

pub fn wallet_opened(member_id: Uuid, second: i64) -> Happened {
    let event = WalletEvent::WalletOpened {
        member_id: MemberId(member_id),
        at: at(second),
    };
    Happened {
        id: member_id,
        event: Event::Wallet(event),
    }
}

pub fn topped_up(member_id: Uuid, top_up_id: Uuid, principal: i64, bonus: i64, second: i64) -> Happened {
    let event = WalletEvent::TopUpCredited {
        top_up_id: TopUpId(top_up_id),
        channel: TopUpChannel::Counter,
        amount: split(principal, bonus),
        at: at(second),
    };
    Happened {
        id: member_id,
        event: Event::Wallet(event),
    }
}

/// A bill of one line.
pub fn bill(minutes: u32, amount: i64) -> Bill {
    let line = BillLine::Time {
        band: "夜场 <late>".to_owned(),
        from: at(0),
        to: at(60 * i64::from(minutes)),
        minutes,
        price_per_hour: Fen(4_000),
        amount: Fen(amount),
    };
    Bill {
        lines: vec![line],
        total: Fen(amount),
    }
}

fn tariff() -> PinnedTariff {
    PinnedTariff {
        plan_id: TariffPlanId(Uuid::from_u128(1)),
        version: 3,
        tariff: Tariff {
            name: "标准".to_owned(),
            price_per_hour: Fen(4_000),
            bands: Vec::new(),
            step_minutes: 10,
            minimum: Fen(1_000),
            cap: None,
            grace_seconds: 180,
            ..Tariff::default()
        },
        days: Days::default(),
    }
}

fn split(principal: i64, bonus: i64) -> Split {
    Split {
        principal: Fen(principal),
        bonus: Fen(bonus),
    }
}

/// A long evening in several halls: random, but the same for the same seed.
pub struct Evening {
    random: u64,
    second: i64,
    tables: Vec<(Table, Option<Session>, u64)>,
    members: Vec<Uuid>,
    sessions: u128,
    seed: u64,
}

impl Evening {
    pub fn new(seed: u64) -> Self {
        Self {
            random: seed | 1,
            second: 0,
            tables: Vec::new(),
            members: Vec::new(),
            sessions: 0,
            seed,
        }
    }

    /// The halls, tables and wallets to begin with.
    /// A table of a hall.
    pub fn table(&self) -> Table {
        self.tables[0].0
    }

    pub fn furnish(&mut self, halls: u64, tables: u64, members: u64) -> Vec<Happened> {
        let mut happened = Vec::new();
        for h in 0..halls {
            let hall_id = self.id("hall", h);
            happened.push(hall(hall_id, &format!("球厅 {h}")));
            for t in 0..tables {
                let device_id = self.id("device", h * 1_000 + t / u64::from(DEVICE_CHANNELS));
                let channel = (t % u64::from(DEVICE_CHANNELS)) as u8 + 1;
                if channel == 1 {
                    happened.push(device(hall_id, device_id));
                }
                let table = Table {
                    hall_id,
                    table_id: self.id("table", h * 1_000 + t),
                    device_id,
                    channel,
                };
                happened.push(table.registered(&format!("A{t}")));
                self.tables.push((table, None, 0));
            }
        }
        for m in 0..members {
            let member_id = self.id("member", m);
            happened.push(joined(member_id, Uuid::from_u128(1)));
            happened.push(wallet_opened(member_id, 0));
            happened.push(points_earned(member_id, 0));
            happened.push(topped_up(member_id, self.id("top-up", m), 1_000_000, 5_000, 0));
            self.members.push(member_id);
        }
        happened
    }

    /// The next unit of work: somebody opens or closes a table.
    pub fn next(&mut self) -> Vec<Happened> {
        self.second += 1 + self.random(30) as i64;
        let second = self.second;
        let chosen = self.random(self.tables.len() as u64) as usize;
        let (table, session, rev) = self.tables[chosen];
        let Some(session) = session else {
            let member = self.random(self.members.len() as u64) as usize;
            let member_id = self.members[member];
            self.sessions += 1;
            let session_id = self.id("session", self.sessions as u64);
            let session = Session {
                table,
                session_id,
                member_id,
            };
            let device_rev = self.next_rev(table.device_id);
            self.tables[chosen] = (table, Some(session), device_rev);
            return vec![
                table.occupied(session_id, second),
                session.opened_postpaid(4_000, second),
                session.held(4_000, second),
                table.light_desired(device_rev, true, second),
            ];
        };
        match self.random(8) {
            0..=3 => vec![
                table.light_confirmed(rev, true, second),
                session.billing_started(second),
            ],
            4 => {
                self.tables[chosen].1 = None;
                vec![
                    session.cancelled(second),
                    table.released(session.session_id, second),
                    session.hold_released(4_000, second),
                    table.maintenance("灯不亮", second),
                    table.repaired(second),
                ]
            }
            _ => {
                self.tables[chosen].1 = None;
                let amount = 1_000 + self.random(3_000) as i64;
                vec![
                    session.closed(bill(30, amount), second),
                    table.released(session.session_id, second),
                    session.captured(amount, 0, 4_000 - amount, second),
                    session.settled(amount, 0, second),
                ]
            }
        }
    }

    /// At least `count` events of further units.
    pub fn events(&mut self, count: usize) -> Vec<Vec<Happened>> {
        let mut units: Vec<Vec<Happened>> = Vec::new();
        let mut made = 0;
        while made < count {
            let unit = self.next();
            made += unit.len();
            units.push(unit);
        }
        units
    }

    fn next_rev(&self, device_id: Uuid) -> u64 {
        let of_device = self.tables.iter().filter(|(table, ..)| table.device_id == device_id);
        of_device.map(|(.., rev)| *rev).max().unwrap_or(0) + 1
    }

    fn id(&self, kind: &str, number: u64) -> Uuid {
        Uuid::new_v5(
            &Uuid::from_u128(self.seed.into()),
            format!("{kind} {number}").as_bytes(),
        )
    }

    /// Below `bound` (xorshift).
    fn random(&mut self, bound: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % bound
    }
}
