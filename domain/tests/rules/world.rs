//! A small world of streams: commands in, events out, every stream folded by its aggregate. No clock: the caller says what time it is.

use std::collections::BTreeMap;

use baize_domain::calendar::{self, Calendar, CalendarCommand};
use baize_domain::chain::{self, Chain, ChainCommand};
use baize_domain::command::{Command, OpenMode};
use baize_domain::compensation::Compensation;
use baize_domain::device::{self, Device, DeviceCommand, DeviceProfile, Driver, LightChannel};
use baize_domain::gift::Gift;
use baize_domain::hall::{self, Hall, HallCommand, HallPolicy};
use baize_domain::identity::Identity;
use baize_domain::ids::{
    CalendarId, ChainId, DeviceId, GiftId, HallId, IdentityId, MemberId, PaymentIntentId, RedemptionId, RefundId,
    RepairId, SessionId, SplitId, StaffId, TableId, TariffPlanId, TopUpId, TransactionId, staff_id, top_up_transaction,
};
use baize_domain::journal::{Account, Journal, JournalEvent};
use baize_domain::member::Member;
use baize_domain::payment::Payment;
use baize_domain::points_account::PointsAccount;
use baize_domain::redemption::Redemption;
use baize_domain::refund::Refund;
use baize_domain::repair::{Repair, RepairEvent};
use baize_domain::session::{self, CloseCause, TableSession, TableSessionCommand};
use baize_domain::split::BillSplit;
use baize_domain::staff::{self, Staff, StaffCommand};
use baize_domain::table::{self, Table, TableClass, TableCommand, TableProfile};
use baize_domain::tariff::{self, Discount, Tariff, TariffPlan, TariffPlanCommand};
use baize_domain::units::{self, Changes, VenueChanges};
use baize_domain::wallet::{Split, TopUpChannel, Wallet, WalletEvent};
use baize_domain::{Event, Fen, Refusal};
use jiff::Timestamp;
use uuid::Uuid;

use super::money;

pub(crate) const CHAIN: ChainId = ChainId(Uuid::from_u128(4));
pub(crate) const HALL: HallId = HallId(Uuid::from_u128(1));
pub(crate) const PLAN: TariffPlanId = TariffPlanId(Uuid::from_u128(2));
pub(crate) const DEVICE: DeviceId = DeviceId(Uuid::from_u128(3));

/// How many members a new world has.
pub(crate) const MEMBERS: u8 = 8;

pub(crate) const fn table_id(n: u8) -> TableId {
    TableId(Uuid::from_u128(0x100 + n as u128))
}

pub(crate) const fn member_id(n: u8) -> MemberId {
    MemberId(Uuid::from_u128(0x200 + n as u128))
}

pub(crate) const fn session_id(n: u16) -> SessionId {
    SessionId(Uuid::from_u128(0x1_0000 + n as u128))
}

pub(crate) const fn top_up_id(n: u16) -> TopUpId {
    TopUpId(Uuid::from_u128(0x2_0000 + n as u128))
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().expect("a timestamp")
}

/// One yuan a minute; no minimum, no cap, no grace.
pub(crate) fn yuan_a_minute() -> Tariff {
    Tariff {
        name: "日场".into(),
        price_per_hour: Fen(6000),
        bands: Vec::new(),
        step_minutes: 1,
        minimum: Fen::ZERO,
        cap: None,
        grace_seconds: 0,
        ..Tariff::default()
    }
}

/// All streams, and the log of their events in order.
#[derive(Clone, Default)]
pub(crate) struct World {
    pub chains: BTreeMap<ChainId, Chain>,
    pub calendars: BTreeMap<CalendarId, Calendar>,
    pub halls: BTreeMap<HallId, Hall>,
    pub staff: BTreeMap<StaffId, Staff>,
    pub plans: BTreeMap<TariffPlanId, TariffPlan>,
    pub tables: BTreeMap<TableId, Table>,
    pub devices: BTreeMap<DeviceId, Device>,
    pub sessions: BTreeMap<SessionId, TableSession>,
    pub members: BTreeMap<MemberId, Member>,
    pub identities: BTreeMap<IdentityId, Identity>,
    pub wallets: BTreeMap<MemberId, Wallet>,
    pub points: BTreeMap<MemberId, PointsAccount>,
    pub gifts: BTreeMap<GiftId, Gift>,
    pub redemptions: BTreeMap<RedemptionId, Redemption>,
    pub compensations: BTreeMap<SessionId, Compensation>,
    pub journal: BTreeMap<TransactionId, Journal>,
    pub payments: BTreeMap<PaymentIntentId, Payment>,
    pub refunds: BTreeMap<RefundId, Refund>,
    pub splits: BTreeMap<SplitId, BillSplit>,
    pub repairs: BTreeMap<RepairId, Repair>,
    /// What the levels of those who open take off.
    pub discount: Option<Discount>,
    pub log: Vec<(String, Event)>,
    books: BTreeMap<(MemberId, Account), Fen>,
}

impl World {
    /// A hall in Shanghai with `tables` tables on one device, and members 1 to [`MEMBERS`].
    pub fn new(tariff: Tariff, policy: HallPolicy, tables: u8) -> Self {
        let mut world = Self::default();
        let now = at("2026-03-02T00:00:00Z");
        let chain = Command::RegisterChain {
            chain_id: CHAIN,
            name: "白泽".into(),
        };
        let hall = Command::RegisterHall {
            hall_id: HALL,
            chain_id: CHAIN,
            name: "白泽台球".into(),
            time_zone: "Asia/Shanghai".into(),
            business_day_cutoff_minutes: 360,
            policy,
        };
        let device = Command::RegisterDevice {
            device_id: DEVICE,
            hall_id: HALL,
            driver: Driver::Tasmota,
            topic: "relay-1".into(),
            channels: tables,
        };
        let plan = Command::PublishTariff {
            plan_id: PLAN,
            hall_id: HALL,
            tariff,
        };
        let tables = (1..=tables).map(|n| Command::RegisterTable {
            table_id: table_id(n),
            hall_id: HALL,
            label: format!("A{n}"),
            class: TableClass::ChineseEightBall,
            tariff_plan_id: PLAN,
            light: LightChannel {
                device_id: DEVICE,
                channel: n,
            },
            qr_token: format!("token-of-table-{n}"),
        });
        let members = (1..=MEMBERS).map(|n| Command::RegisterMember {
            member_id: member_id(n),
            chain_id: CHAIN,
            phone: None,
            nickname: None,
        });
        for command in [chain, hall, device, plan].into_iter().chain(tables).chain(members) {
            world.run(&command, now);
        }
        world
    }

    /// One table by the default policy.
    pub fn with_tariff(tariff: Tariff) -> Self {
        Self::new(tariff, HallPolicy::default(), 1)
    }

    /// Runs a command that must be accepted; gives its events.
    pub fn run(&mut self, command: &Command, now: Timestamp) -> Vec<Event> {
        self.execute(command, now)
            .unwrap_or_else(|refusal| panic!("{command:?} was refused: {refusal}"))
    }

    /// Runs a command that must be refused; gives the reason.
    pub fn refused(&mut self, command: &Command, now: Timestamp) -> Refusal {
        match self.execute(command, now) {
            Ok(events) => panic!("{command:?} was accepted: {events:?}"),
            Err(refusal) => refusal,
        }
    }

    pub fn top_up(&mut self, member: u8, n: u16, principal: i64, bonus: i64, now: Timestamp) {
        let command = credit(member, n, principal, bonus);
        self.run(&command, now);
    }

    pub fn session(&self, n: u16) -> &TableSession {
        &self.sessions[&session_id(n)]
    }

    pub fn wallet(&self, member: u8) -> &Wallet {
        &self.wallets[&member_id(member)]
    }

    /// Decides a command and, if it is accepted, appends and folds all of its events.
    pub fn execute(&mut self, command: &Command, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        let events = self.decide(command, now)?;
        for (stream, event) in &events {
            self.evolve(stream, event);
        }
        self.log.extend(events.iter().cloned());
        Ok(events.into_iter().map(|(_, event)| event).collect())
    }

    fn evolve(&mut self, stream: &str, event: &Event) {
        let id: Uuid = stream.parse().expect("a stream id");
        match event {
            Event::Chain(event) => self.chains.entry(ChainId(id)).or_default().evolve(event),
            Event::Staff(event) => self.staff.entry(StaffId(id)).or_default().evolve(event),
            Event::Calendar(event) => self.calendars.entry(CalendarId(id)).or_default().evolve(event),
            Event::Hall(event) => self.halls.entry(HallId(id)).or_default().evolve(event),
            Event::Table(event) => self.tables.entry(TableId(id)).or_default().evolve(event),
            Event::TariffPlan(event) => {
                self.plans.entry(TariffPlanId(id)).or_default().evolve(event);
            }
            Event::TableSession(event) => {
                self.sessions.entry(SessionId(id)).or_default().evolve(event);
            }
            Event::Member(event) => self.members.entry(MemberId(id)).or_default().evolve(event),
            Event::Identity(event) => {
                self.identities.entry(IdentityId(id)).or_default().evolve(event);
            }
            Event::Wallet(event) => self.wallets.entry(MemberId(id)).or_default().evolve(event),
            Event::Gift(event) => self.gifts.entry(GiftId(id)).or_default().evolve(event),
            Event::BillSplit(event) => self.splits.entry(SplitId(id)).or_default().evolve(event),
            Event::Redemption(event) => self.redemptions.entry(RedemptionId(id)).or_default().evolve(event),
            // Nothing of this world makes bills; their tests are beside the aggregate.
            Event::Reconciliation(_) => {}
            // Nobody of this world complains by a command; who may is asked of its people and sessions.
            Event::Complaint(_) => {}
            Event::Compensation(event) => self.compensations.entry(SessionId(id)).or_default().evolve(event),
            Event::PointsAccount(event) => self.points.entry(MemberId(id)).or_default().evolve(event),
            Event::Device(event) => self.devices.entry(DeviceId(id)).or_default().evolve(event),
            Event::Payment(event) => self.payments.entry(PaymentIntentId(id)).or_default().evolve(event),
            Event::Repair(event) => self.repairs.entry(RepairId(id)).or_default().evolve(event),
            Event::Refund(event) => self.refunds.entry(RefundId(id)).or_default().evolve(event),
            Event::Journal(event) => {
                self.journal.entry(TransactionId(id)).or_default().evolve(event);
                let JournalEvent::TransactionPosted { member_id, entries, .. } = event;
                for entry in entries {
                    *self.books.entry((*member_id, entry.account)).or_default() += entry.amount;
                }
            }
        }
    }

    fn decide(&self, command: &Command, now: Timestamp) -> Result<Vec<(String, Event)>, Refusal> {
        match command.clone() {
            Command::RegisterChain { chain_id, name } => {
                self.chain(chain_id, ChainCommand::Register { chain_id, name })
            }
            Command::RenameChain { chain_id, name } => self.chain(chain_id, ChainCommand::Rename { name }),
            Command::DefineLevels {
                chain_id,
                levels,
                policy,
            } => self.chain(chain_id, ChainCommand::DefineLevels { levels, policy }),
            Command::DefineTopUpTiers { chain_id, tiers } => {
                self.chain(chain_id, ChainCommand::DefineTopUpTiers { tiers })
            }
            Command::ChangePaymentPolicy { chain_id, policy } => {
                self.chain(chain_id, ChainCommand::ChangePaymentPolicy { policy })
            }
            command @ (Command::StartPayment { .. }
            | Command::TryPayment { .. }
            | Command::CancelPayment { .. }
            | Command::ExpirePayment { .. }
            | Command::RecordOrder { .. }
            | Command::ResolvePayment { .. }
            | Command::RequestPrincipalRefund { .. }
            | Command::ReturnLeftover { .. }
            | Command::ApproveRefund { .. }
            | Command::RejectRefund { .. }
            | Command::RecordRefund { .. }
            | Command::ResolveRefund { .. }
            | Command::CompensateSession { .. }
            | Command::ApproveCompensation { .. }
            | Command::RejectCompensation { .. }) => money::decide(self, command, now),
            Command::RegisterHall {
                hall_id,
                chain_id,
                name,
                time_zone,
                business_day_cutoff_minutes,
                policy,
            } => {
                let command = HallCommand::Register {
                    hall_id,
                    chain_id,
                    name,
                    time_zone,
                    business_day_cutoff_minutes,
                    policy,
                };
                let events = hall::decide(&get(&self.halls, hall_id), command)?;
                Ok(one(hall_id, events, Event::Hall))
            }
            Command::ChangeHall { hall_id, change } => {
                let hall = get(&self.halls, hall_id);
                let tables: Vec<_> = hall.tables.keys().map(|id| &self.tables[id]).collect();
                Ok(one(hall_id, units::change_hall(&hall, &tables, change)?, Event::Hall))
            }
            Command::IssueDisplayLink {
                hall_id,
                display_id,
                label,
                days,
            } => {
                let at = now;
                let command = HallCommand::IssueDisplayLink {
                    display_id,
                    label,
                    days,
                    at,
                };
                let events = hall::decide(&get(&self.halls, hall_id), command)?;
                Ok(one(hall_id, events, Event::Hall))
            }
            Command::RevokeDisplayLink { hall_id, display_id } => {
                let command = HallCommand::RevokeDisplayLink { display_id, at: now };
                let events = hall::decide(&get(&self.halls, hall_id), command)?;
                Ok(one(hall_id, events, Event::Hall))
            }
            Command::RetireHall { hall_id } => {
                let events = hall::decide(&get(&self.halls, hall_id), HallCommand::Retire { at: now })?;
                Ok(one(hall_id, events, Event::Hall))
            }
            Command::ChangeHallPolicy { hall_id, policy } => {
                let command = HallCommand::ChangePolicy { policy };
                let events = hall::decide(&get(&self.halls, hall_id), command)?;
                Ok(one(hall_id, events, Event::Hall))
            }
            Command::PublishCalendarYear {
                calendar_id,
                year,
                content,
            } => {
                let command = CalendarCommand::PublishYear {
                    calendar_id,
                    year,
                    content,
                    at: now,
                };
                let events = calendar::decide(&get(&self.calendars, calendar_id), command)?;
                Ok(one(calendar_id, events, Event::Calendar))
            }
            Command::PublishTariff {
                plan_id,
                hall_id,
                tariff,
            } => {
                let command = TariffPlanCommand::Publish {
                    plan_id,
                    hall_id,
                    tariff,
                    at: now,
                };
                let events = tariff::decide(&get(&self.plans, plan_id), command)?;
                Ok(one(plan_id, events, Event::TariffPlan))
            }
            Command::RegisterDevice {
                device_id,
                hall_id,
                driver,
                topic,
                channels,
            } => {
                let profile = DeviceProfile {
                    device_id,
                    hall_id,
                    driver,
                    topic,
                    channels,
                };
                let (hall, device) = (get(&self.halls, hall_id), get(&self.devices, device_id));
                let changes = units::register_device(&hall, &device, profile)?;
                Ok(venue(hall_id, TableId::default(), device_id, changes))
            }
            Command::RetireDevice { device_id } => {
                let device = get(&self.devices, device_id);
                let hall_id = device
                    .profile
                    .as_ref()
                    .map(|profile| profile.hall_id)
                    .unwrap_or_default();
                let changes = units::retire_device(&get(&self.halls, hall_id), &device, now)?;
                Ok(venue(hall_id, TableId::default(), device_id, changes))
            }
            Command::RegisterTable {
                table_id,
                hall_id,
                label,
                class,
                tariff_plan_id,
                light,
                qr_token,
            } => {
                let profile = TableProfile {
                    table_id,
                    hall_id,
                    label,
                    class,
                    tariff_plan_id,
                    light,
                    qr_token,
                };
                let (hall, table) = (get(&self.halls, hall_id), get(&self.tables, table_id));
                let changes = units::register_table(&hall, &get(&self.devices, light.device_id), &table, profile)?;
                Ok(venue(hall_id, table_id, DeviceId::default(), changes))
            }
            Command::ChangeTable { table_id, change } => {
                let (hall_id, hall, table) = self.hall_of(table_id);
                let light = change.light.or(table.profile.as_ref().map(|profile| profile.light));
                let light = light.map_or_else(Device::default, |light| get(&self.devices, light.device_id));
                let changes = units::change_table(&hall, &light, &table, change)?;
                Ok(venue(hall_id, table_id, DeviceId::default(), changes))
            }
            Command::RotateQrToken { table_id, qr_token } => {
                self.table(table_id, TableCommand::RotateQrToken { qr_token })
            }
            Command::RetireTable { table_id } => {
                let (hall_id, hall, table) = self.hall_of(table_id);
                let changes = units::retire_table(&hall, &table, now)?;
                Ok(venue(hall_id, table_id, DeviceId::default(), changes))
            }
            Command::StartMaintenance {
                table_id,
                reason,
                expected_end,
            } => self.table(
                table_id,
                TableCommand::StartMaintenance {
                    reason,
                    expected_end,
                    at: now,
                },
            ),
            Command::EndMaintenance { table_id } => self.table(table_id, TableCommand::EndMaintenance { at: now }),
            Command::GrantRole {
                member_id,
                chain_id,
                role,
                halls,
            } => {
                let grant = StaffCommand::Grant {
                    member_id,
                    chain_id,
                    role,
                    halls,
                };
                self.staff(staff_id(member_id, chain_id), grant)
            }
            Command::RevokeRole {
                member_id,
                chain_id,
                role,
                reason,
            } => self.staff(staff_id(member_id, chain_id), StaffCommand::Revoke { role, reason }),
            Command::CreditTopUp {
                member_id,
                top_up_id,
                channel,
                amount,
            } => {
                let changes = units::credit_top_up(units::CreditTopUpInput {
                    member_id,
                    top_up_id,
                    channel,
                    amount,
                    member: &get(&self.members, member_id),
                    wallet: &get(&self.wallets, member_id),
                    journal: &get(&self.journal, top_up_transaction(top_up_id)),
                    now,
                })?;
                Ok(Streams {
                    member_id,
                    ..Streams::default()
                }
                .events(changes))
            }
            Command::OpenTable {
                session_id,
                table_id,
                member_id,
                mode,
                wait_for_payment,
            } => self.open(session_id, table_id, member_id, (&mode, wait_for_payment), now),
            Command::PayOpening { session_id } => self.awaited(session_id, units::pay_opening, now),
            Command::LapseOpening { session_id, reason } => {
                self.awaited(session_id, |input| units::lapse_opening(input, reason), now)
            }
            Command::ExtendSession { session_id, minutes } => self.unit(session_id, |unit| {
                units::extend_session(units::ExtendSessionInput {
                    minutes,
                    session: &unit.session,
                    wallet: &unit.wallet,
                    device: &unit.device,
                    now,
                })
            }),
            Command::ListGoods { hall_id, goods } => {
                let events = hall::decide(&get(&self.halls, hall_id), HallCommand::ListGoods { goods })?;
                Ok(one(hall_id, events, Event::Hall))
            }
            Command::AddGoods {
                session_id,
                code,
                quantity,
                by_customer,
            } => self.unit(session_id, |unit| {
                units::add_goods(unit.goods(&code, quantity, now), &get(&self.halls, HALL), by_customer)
            }),
            Command::RemoveGoods {
                session_id,
                code,
                quantity,
                reason,
            } => self.unit(session_id, |unit| {
                units::remove_goods(unit.goods(&code, quantity, now), &reason)
            }),
            Command::TransferSession { session_id, table_id } => self.transfer(session_id, table_id, now),
            Command::PauseSession { session_id, reason } => self.unit(session_id, |unit| {
                units::pause_session(
                    units::PauseInput {
                        session: &unit.session,
                        device: &unit.device,
                        now,
                    },
                    &reason,
                )
            }),
            Command::ResumeSession { session_id, cause } => self.unit(session_id, |unit| {
                units::resume_session(
                    units::PauseInput {
                        session: &unit.session,
                        device: &unit.device,
                        now,
                    },
                    cause,
                )
            }),
            Command::CloseSessionByStaff { session_id, reason } => self.unit(session_id, |unit| {
                units::close_session(units::CloseSessionInput {
                    cause: CloseCause::Staff,
                    reason: Some(&reason),
                    session: &unit.session,
                    table: &unit.table,
                    device: &unit.device,
                    now,
                })
            }),
            Command::CloseSession { session_id, cause } => self.unit(session_id, |unit| {
                units::close_session(units::CloseSessionInput {
                    cause,
                    reason: None,
                    session: &unit.session,
                    table: &unit.table,
                    device: &unit.device,
                    now,
                })
            }),
            Command::CancelSession { session_id, reason } => self.unit(session_id, |unit| {
                units::cancel_session(units::CancelSessionInput {
                    reason,
                    session: &unit.session,
                    table: &unit.table,
                    wallet: &unit.wallet,
                    device: &unit.device,
                    now,
                })
            }),
            Command::RenewHold { session_id } => self.unit(session_id, |unit| {
                units::renew_hold(units::RenewHoldInput {
                    session: &unit.session,
                    wallet: &unit.wallet,
                    device: &unit.device,
                    now,
                })
            }),
            Command::SettleSession { session_id } => self.unit(session_id, |unit| {
                units::settle_session(units::SettleSessionInput {
                    session: &unit.session,
                    wallet: &unit.wallet,
                    now,
                })
            }),
            Command::PayBill { session_id } => self.unit(session_id, |unit| {
                units::pay_bill(units::PayBillInput {
                    session: &unit.session,
                    payer: money::stands_for(self, unit.member_id),
                    wallet: &unit.wallet,
                    now,
                })
            }),
            Command::StartBilling { session_id, cause, at } => {
                self.session_only(session_id, TableSessionCommand::StartBilling { cause, at })
            }
            Command::WarnCustomer { session_id, warning } => {
                self.session_only(session_id, TableSessionCommand::Warn { warning, at: now })
            }
            Command::SwitchOffLight { light, session_id } => {
                let device = get(&self.devices, light.device_id);
                let events = device::decide::switch_off_after_time(&device, light.channel, session_id, now)?;
                Ok(one(light.device_id, events, Event::Device))
            }
            Command::ConfirmLight {
                device_id,
                channel,
                rev,
                on,
                attempts,
                at,
            } => self.device(
                device_id,
                DeviceCommand::Confirm {
                    channel,
                    rev,
                    on,
                    attempts,
                    at,
                },
            ),
            Command::ReportLightExpired {
                device_id,
                channel,
                rev,
                at,
            } => self.device(device_id, DeviceCommand::ReportExpired { channel, rev, at }),
            Command::ReportLightFailure {
                device_id,
                channel,
                rev,
                kind,
                at,
            } => self.device(device_id, DeviceCommand::ReportFailure { channel, rev, kind, at }),
            command @ (Command::ChangePointsPolicy { .. }
            | Command::EarnPoints { .. }
            | Command::ReversePoints { .. }
            | Command::ReviewLevel { .. }
            | Command::ExpirePoints { .. }) => self.decide_points(command, now),
            command @ (Command::RegisterGift { .. }
            | Command::ChangeGift { .. }
            | Command::RetireGift { .. }
            | Command::ReceiveStock { .. }
            | Command::CountStock { .. }
            | Command::RedeemGift { .. }
            | Command::HandOverGift { .. }
            | Command::CancelRedemption { .. }) => self.decide_gifts(command, now),
            command @ (Command::StartSplit { .. }
            | Command::ConfirmShare { .. }
            | Command::DeclineShare { .. }
            | Command::RemoveShare { .. }
            | Command::TakeOverShare { .. }
            | Command::CancelSplit { .. }
            | Command::StallSplit { .. }
            | Command::LapseSplit { .. }
            | Command::PayShare { .. }
            | Command::ChargeShare { .. }
            | Command::DeliverShare { .. }
            | Command::ReturnShare { .. }) => self.decide_splits(command, now),
            command @ (Command::ReportDeviceOffline { .. }
            | Command::ReportDeviceBack { .. }
            | Command::ReportDeviceFlapping { .. }
            | Command::CheckLight { .. }
            | Command::ReportFault { .. }
            | Command::StartRepair { .. }
            | Command::CompleteRepair { .. }
            | Command::TestDevice { .. }
            | Command::TestLight { .. }
            | Command::PassTest { .. }
            | Command::FailTest { .. }) => self.decide_faults(command, now),
            command => self.decide_people(command, now),
        }
    }

    fn hall_of(&self, table_id: TableId) -> (HallId, Hall, Table) {
        let table = get(&self.tables, table_id);
        let hall_id = table
            .profile
            .as_ref()
            .map(|profile| profile.hall_id)
            .unwrap_or_default();
        (hall_id, get(&self.halls, hall_id), table)
    }

    /// Leaves a session's payment open, as a settlement with too little in the wallet does.
    pub(crate) fn owe(&mut self, member: u8, session_id: SessionId, amount: Fen) {
        let owed = Event::Wallet(WalletEvent::DebtIncurred {
            session_id,
            hall_id: HALL,
            amount,
            at: Timestamp::UNIX_EPOCH,
        });
        let stream = member_id(member).to_string();
        self.evolve(&stream, &owed);
        self.log.push((stream, owed));
    }

    pub(crate) fn chain(&self, chain_id: ChainId, command: ChainCommand) -> Result<Vec<(String, Event)>, Refusal> {
        let events = chain::decide(&get(&self.chains, chain_id), command)?;
        Ok(one(chain_id, events, Event::Chain))
    }

    fn staff(&self, staff_id: StaffId, command: StaffCommand) -> Result<Vec<(String, Event)>, Refusal> {
        let events = staff::decide(&get(&self.staff, staff_id), command)?;
        Ok(one(staff_id, events, Event::Staff))
    }

    fn table(&self, table_id: TableId, command: TableCommand) -> Result<Vec<(String, Event)>, Refusal> {
        let events = table::decide(&get(&self.tables, table_id), command)?;
        Ok(one(table_id, events, Event::Table))
    }

    pub(crate) fn device(&self, device_id: DeviceId, command: DeviceCommand) -> Result<Vec<(String, Event)>, Refusal> {
        let events = device::decide(&get(&self.devices, device_id), command)?;
        Ok(one(device_id, events, Event::Device))
    }

    fn session_only(
        &self,
        session_id: SessionId,
        command: TableSessionCommand,
    ) -> Result<Vec<(String, Event)>, Refusal> {
        let events = session::decide(&get(&self.sessions, session_id), command)?;
        Ok(one(session_id, events, Event::TableSession))
    }

    fn open(
        &self,
        session_id: SessionId,
        table_id: TableId,
        member_id: MemberId,
        (mode, wait_for_payment): (&OpenMode, bool),
        now: Timestamp,
    ) -> Result<Vec<(String, Event)>, Refusal> {
        let table = get(&self.tables, table_id);
        let profile = table.profile.clone();
        let (hall, plan, device_id) = profile.map_or_else(Default::default, |profile| {
            (
                get(&self.halls, profile.hall_id),
                get(&self.plans, profile.tariff_plan_id),
                profile.light.device_id,
            )
        });
        let changes = units::open_table(units::OpenTableInput {
            session_id,
            member_id,
            mode,
            wait_for_payment,
            discount: self.discount.as_ref(),
            session: &get(&self.sessions, session_id),
            table: &table,
            hall: &hall,
            plan: &plan,
            member: &get(&self.members, member_id),
            calendar: &self.calendar_of(&plan),
            wallet: &get(&self.wallets, member_id),
            device: &get(&self.devices, device_id),
            now,
        })?;
        Ok(Streams {
            session_id,
            table_id,
            member_id,
            device_id,
            ..Streams::default()
        }
        .events(changes))
    }

    fn awaited(
        &self,
        session_id: SessionId,
        decide: impl FnOnce(units::AwaitedInput<'_>) -> Result<Changes, Refusal>,
        now: Timestamp,
    ) -> Result<Vec<(String, Event)>, Refusal> {
        let session = get(&self.sessions, session_id);
        let asked = session.awaited.as_ref().map(|awaited| awaited.asked.clone());
        let (table_id, member_id, device_id) = asked.map_or_else(Default::default, |asked| {
            (asked.table_id, asked.member_id, asked.light.device_id)
        });
        let changes = decide(units::AwaitedInput {
            session: &session,
            table: &get(&self.tables, table_id),
            wallet: &get(&self.wallets, member_id),
            device: &get(&self.devices, device_id),
            now,
        })?;
        Ok(Streams {
            session_id,
            table_id,
            member_id,
            device_id,
            ..Streams::default()
        }
        .events(changes))
    }

    /// All lights of this world hang on one device.
    fn transfer(
        &self,
        session_id: SessionId,
        to_table_id: TableId,
        now: Timestamp,
    ) -> Result<Vec<(String, Event)>, Refusal> {
        let session = get(&self.sessions, session_id);
        let to = get(&self.tables, to_table_id);
        let plan_id = to.profile.as_ref().map(|profile| profile.tariff_plan_id);
        let Some(opening) = session.opening.clone() else {
            return Err(session::TableSessionError::NotFound.into());
        };
        let place = session.place(&opening);
        let plan = get(&self.plans, plan_id.unwrap_or_default());
        let changes = units::transfer_session(units::TransferSessionInput {
            session: &session,
            from: &get(&self.tables, place.table_id),
            to: &to,
            calendar: &self.calendar_of(&plan),
            plan: &plan,
            wallet: &get(&self.wallets, opening.member_id),
            device: &get(&self.devices, place.light.device_id),
            to_device: None,
            now,
        })?;
        Ok(Streams {
            session_id,
            table_id: place.table_id,
            member_id: opening.member_id,
            device_id: place.light.device_id,
            to_table_id,
        }
        .events(changes))
    }

    /// The calendar that a plan names; an empty one if it names none.
    fn calendar_of(&self, plan: &TariffPlan) -> Calendar {
        let published = plan.published.as_ref();
        let calendar_id = published.and_then(|published| published.pinned.tariff.calendar_id);
        calendar_id.map_or_else(Calendar::default, |id| get(&self.calendars, id))
    }

    /// A unit over everything that a session concerns.
    fn unit(
        &self,
        session_id: SessionId,
        decide: impl FnOnce(&Unit) -> Result<Changes, Refusal>,
    ) -> Result<Vec<(String, Event)>, Refusal> {
        let session = get(&self.sessions, session_id);
        let streams = session.opening.as_ref().map_or_else(Streams::default, |opening| {
            let place = session.place(opening);
            Streams {
                session_id,
                table_id: place.table_id,
                member_id: opening.member_id,
                device_id: place.light.device_id,
                ..Streams::default()
            }
        });
        let changes = decide(&Unit {
            session,
            table: get(&self.tables, streams.table_id),
            wallet: get(&self.wallets, money::stands_for(self, streams.member_id)),
            member_id: streams.member_id,
            device: get(&self.devices, streams.device_id),
        })?;
        let member_id = money::stands_for(self, streams.member_id);
        Ok(Streams { member_id, ..streams }.events(changes))
    }
}

struct Unit {
    session: TableSession,
    table: Table,
    member_id: MemberId,
    wallet: Wallet,
    device: Device,
}

impl Unit {
    fn goods<'a>(&'a self, code: &'a str, quantity: u32, now: Timestamp) -> units::GoodsInput<'a> {
        units::GoodsInput {
            code,
            quantity,
            session: &self.session,
            wallet: &self.wallet,
            device: &self.device,
            now,
        }
    }
}

#[derive(Default)]
pub(crate) struct Streams {
    pub session_id: SessionId,
    pub table_id: TableId,
    pub member_id: MemberId,
    pub device_id: DeviceId,
    pub to_table_id: TableId,
}

impl Streams {
    pub fn events(self, changes: Changes) -> Vec<(String, Event)> {
        let mut events = one(self.session_id, changes.session, Event::TableSession);
        events.extend(one(self.table_id, changes.table, Event::Table));
        events.extend(one(self.to_table_id, changes.to_table, Event::Table));
        events.extend(one(self.member_id, changes.wallet, Event::Wallet));
        events.extend(one(self.device_id, changes.device, Event::Device));
        if let Some(RepairEvent::RepairOpened { ticket, .. }) = changes.repair.first() {
            events.extend(one(ticket.repair_id, changes.repair.clone(), Event::Repair));
        }
        for (transaction_id, posted) in changes.journal {
            events.extend(one(transaction_id, posted, Event::Journal));
        }
        events
    }
}

pub(crate) fn get<K: Ord, V: Clone + Default>(streams: &BTreeMap<K, V>, id: K) -> V {
    streams.get(&id).cloned().unwrap_or_default()
}

pub(crate) fn one<E>(id: impl ToString, events: Vec<E>, wrap: impl Fn(E) -> Event) -> Vec<(String, Event)> {
    let id = id.to_string();
    events.into_iter().map(|event| (id.clone(), wrap(event))).collect()
}

pub(crate) fn credit(member: u8, n: u16, principal: i64, bonus: i64) -> Command {
    Command::CreditTopUp {
        member_id: member_id(member),
        top_up_id: top_up_id(n),
        channel: TopUpChannel::Counter,
        amount: Split {
            principal: Fen(principal),
            bonus: Fen(bonus),
        },
    }
}

pub(crate) fn open(session: u16, table: u8, member: u8, mode: OpenMode) -> Command {
    Command::OpenTable {
        session_id: session_id(session),
        table_id: table_id(table),
        member_id: member_id(member),
        mode,
        wait_for_payment: false,
    }
}

pub(crate) fn close(session: u16, cause: CloseCause) -> Command {
    Command::CloseSession {
        session_id: session_id(session),
        cause,
    }
}

pub(crate) fn settle(session: u16) -> Command {
    Command::SettleSession {
        session_id: session_id(session),
    }
}

/// The sum of every account that the journal knows, by member.
pub(crate) fn balances(world: &World) -> &BTreeMap<(MemberId, Account), Fen> {
    &world.books
}

fn venue(hall_id: HallId, table_id: TableId, device_id: DeviceId, changes: VenueChanges) -> Vec<(String, Event)> {
    let mut events = one(hall_id, changes.hall, Event::Hall);
    events.extend(one(table_id, changes.table, Event::Table));
    events.extend(one(device_id, changes.device, Event::Device));
    events
}
