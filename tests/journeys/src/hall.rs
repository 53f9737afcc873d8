//! A hall and its customers, as clients of the services see them: short forms for what every journey begins with.

use anyhow::Context as _;
use baize_proto::hall::device::v1 as device;
use baize_proto::hall::member::v1 as member;
use baize_proto::hall::table::v1 as table;
use baize_proto::hall::venue::v1 as venue;
use baize_proto::hall::view::v1 as view;
use baize_proto::hall::wallet::v1 as wallet;
use table::open_table_request::Mode;

use crate::clients::{Clients, Refusal, new_id, timed};

/// A hall with one tariff.
#[derive(Clone, Debug)]
pub struct Hall {
    /// The hall.
    pub hall_id: String,
    /// Its chain.
    pub chain_id: String,
    /// Its tariff: ¥12.00 an hour unless said otherwise.
    pub plan_id: String,
    clients: Clients,
}

/// A table with its light.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The table.
    pub table_id: String,
    /// The device over it.
    pub device_id: String,
    /// The device's MQTT topic.
    pub topic: String,
}

/// ¥12.00 an hour by the minute, nothing below, nothing above, no grace.
pub fn plain_tariff() -> venue::Tariff {
    venue::Tariff {
        name: "plain".to_owned(),
        price_per_hour_fen: 1200,
        bands: Vec::new(),
        step_minutes: 1,
        minimum_fen: 0,
        cap_fen: None,
        grace_seconds: 0,
        ..Default::default()
    }
}

impl Hall {
    /// Sets up a hall in Shanghai.
    ///
    /// # Errors
    /// A call fails.
    pub async fn open(clients: &Clients, policy: venue::HallPolicy, tariff: venue::Tariff) -> anyhow::Result<Self> {
        let mut clients = clients.clone();
        let chain = venue::RegisterChainRequest {
            request_id: new_id(),
            chain_id: String::new(),
            name: "白泽".to_owned(),
        };
        let chain_id = clients.venue.register_chain(timed(chain)).await?.into_inner().chain_id;
        let hall = venue::RegisterHallRequest {
            request_id: new_id(),
            hall_id: String::new(),
            chain_id: chain_id.clone(),
            name: "白泽".to_owned(),
            time_zone: "Asia/Shanghai".to_owned(),
            business_day_cutoff_minutes: 360,
            policy: Some(policy),
        };
        let hall_id = clients.venue.register_hall(timed(hall)).await?.into_inner().hall_id;
        let tariff = venue::PublishTariffRequest {
            request_id: new_id(),
            plan_id: String::new(),
            hall_id: hall_id.clone(),
            tariff: Some(tariff),
        };
        let plan_id = clients.venue.publish_tariff(timed(tariff)).await?.into_inner().plan_id;
        Ok(Self {
            hall_id,
            chain_id,
            plan_id,
            clients,
        })
    }

    /// The same hall through other clients.
    #[must_use]
    pub fn through(&self, clients: &Clients) -> Self {
        Self {
            clients: clients.clone(),
            ..self.clone()
        }
    }

    /// Sets up a table whose light is the relay at `topic`.
    ///
    /// # Errors
    /// A call fails.
    pub async fn table(&self, topic: &str) -> anyhow::Result<Table> {
        let mut venue = self.clients.venue.clone();
        let device = venue::RegisterDeviceRequest {
            request_id: new_id(),
            device_id: String::new(),
            hall_id: self.hall_id.clone(),
            driver: venue::Driver::Tasmota.into(),
            topic: topic.to_owned(),
            channels: 1,
        };
        let device_id = venue.register_device(timed(device)).await?.into_inner().device_id;
        let table = venue::RegisterTableRequest {
            request_id: new_id(),
            table_id: String::new(),
            hall_id: self.hall_id.clone(),
            label: topic.to_owned(),
            table_class: venue::TableClass::ChineseEightBall.into(),
            tariff_plan_id: self.plan_id.clone(),
            light_device_id: device_id.clone(),
            light_channel: 1,
        };
        let table_id = venue.register_table(timed(table)).await?.into_inner().table_id;
        Ok(Table {
            table_id,
            device_id,
            topic: topic.to_owned(),
        })
    }

    /// A member with this much principal and bonus.
    ///
    /// # Errors
    /// The call fails.
    pub async fn member(&self, principal_fen: i64, bonus_fen: i64) -> anyhow::Result<String> {
        let member_id = self.newcomer().await?;
        self.top_up(&member_id, principal_fen, bonus_fen).await?;
        Ok(member_id)
    }

    /// A new member without a wallet.
    ///
    /// # Errors
    /// The call fails.
    pub async fn newcomer(&self) -> anyhow::Result<String> {
        let request = member::RegisterMemberRequest {
            request_id: new_id(),
            chain_id: self.chain_id.clone(),
            ..member::RegisterMemberRequest::default()
        };
        let registered = self.clients.members.clone().register_member(timed(request)).await?;
        Ok(registered.into_inner().member_id)
    }

    /// Pays into a member's wallet at the counter.
    ///
    /// # Errors
    /// The call fails.
    pub async fn top_up(
        &self,
        member_id: &str,
        principal_fen: i64,
        bonus_fen: i64,
    ) -> anyhow::Result<wallet::CreditTopUpResponse> {
        let request = wallet::CreditTopUpRequest {
            request_id: new_id(),
            member_id: member_id.to_owned(),
            channel: wallet::TopUpChannel::Counter.into(),
            principal_fen,
            bonus_fen,
        };
        Ok(self
            .clients
            .wallets
            .clone()
            .credit_top_up(timed(request))
            .await?
            .into_inner())
    }

    /// Opens a table, paid at the end.
    ///
    /// # Errors
    /// It is refused.
    pub async fn open_postpaid(&self, table: &Table, member_id: &str) -> Result<table::OpenTableResponse, Refusal> {
        self.open_table(table, member_id, Mode::Postpaid(table::Postpaid {}), false)
            .await
    }

    /// Opens a table for a time bought first.
    ///
    /// # Errors
    /// It is refused.
    pub async fn open_prepaid(
        &self,
        table: &Table,
        member_id: &str,
        minutes: u32,
    ) -> Result<table::OpenTableResponse, Refusal> {
        self.open_table(table, member_id, Mode::Prepaid(table::Prepaid { minutes }), false)
            .await
    }

    /// Opens a table on a deposit, and waits for the money if there is too little.
    ///
    /// # Errors
    /// It is refused.
    pub async fn open_on_deposit(&self, table: &Table, member_id: &str) -> Result<table::OpenTableResponse, Refusal> {
        self.open_table(table, member_id, Mode::Deposit(table::Deposit {}), true)
            .await
    }

    /// Opens a table for a time bought first, and waits for the money if there is too little.
    ///
    /// # Errors
    /// It is refused.
    pub async fn open_when_paid(
        &self,
        table: &Table,
        member_id: &str,
        minutes: u32,
    ) -> Result<table::OpenTableResponse, Refusal> {
        self.open_table(table, member_id, Mode::Prepaid(table::Prepaid { minutes }), true)
            .await
    }

    /// Prolongs a session.
    ///
    /// # Errors
    /// It is refused.
    pub async fn extend(&self, session_id: &str, minutes: u32) -> Result<table::ExtendSessionResponse, Refusal> {
        let request = table::ExtendSessionRequest {
            request_id: new_id(),
            session_id: session_id.to_owned(),
            minutes,
        };
        Ok(self
            .clients
            .tables
            .clone()
            .extend_session(timed(request))
            .await?
            .into_inner())
    }

    /// Moves a session to another table.
    ///
    /// # Errors
    /// It is refused.
    pub async fn transfer(&self, session_id: &str, to: &Table) -> Result<table::TransferSessionResponse, Refusal> {
        let request = table::TransferSessionRequest {
            request_id: new_id(),
            session_id: session_id.to_owned(),
            table_id: to.table_id.clone(),
        };
        let mut tables = self.clients.tables.clone();
        Ok(tables.transfer_session(timed(request)).await?.into_inner())
    }

    /// Stops a session's clock, as staff do.
    ///
    /// # Errors
    /// It is refused.
    pub async fn pause(&self, session_id: &str, reason: &str) -> Result<table::PauseSessionResponse, Refusal> {
        let request = table::PauseSessionRequest {
            request_id: new_id(),
            session_id: session_id.to_owned(),
            reason: reason.to_owned(),
        };
        let mut tables = self.clients.tables.clone();
        Ok(tables.pause_session(timed(request)).await?.into_inner())
    }

    /// Closes a session, as staff do.
    ///
    /// # Errors
    /// It is refused.
    pub async fn close_by_staff(
        &self,
        session_id: &str,
        reason: &str,
    ) -> Result<table::CloseSessionByStaffResponse, Refusal> {
        let request = table::CloseSessionByStaffRequest {
            request_id: new_id(),
            session_id: session_id.to_owned(),
            reason: reason.to_owned(),
        };
        let mut tables = self.clients.tables.clone();
        Ok(tables.close_session_by_staff(timed(request)).await?.into_inner())
    }

    /// Says that a table's light is faulty, as staff do. Gives the repair.
    ///
    /// # Errors
    /// It is refused.
    pub async fn report_fault(&self, table: &Table, words: &str) -> Result<String, Refusal> {
        let request = device::ReportFaultRequest {
            request_id: new_id(),
            table_id: table.table_id.clone(),
            words: words.to_owned(),
        };
        let mut repairs = self.clients.repairs.clone();
        Ok(repairs.report_fault(timed(request)).await?.into_inner().repair_id)
    }

    /// Sees to a repair, says that it is done, and has the light tested. Gives the position at which the test began.
    ///
    /// # Errors
    /// It is refused.
    pub async fn repair(&self, repair_id: &str) -> Result<u64, Refusal> {
        let mut repairs = self.clients.repairs.clone();
        let start = device::StartRepairRequest {
            request_id: new_id(),
            repair_id: repair_id.to_owned(),
        };
        repairs.start_repair(timed(start)).await?;
        let complete = device::CompleteRepairRequest {
            request_id: new_id(),
            repair_id: repair_id.to_owned(),
            note: "换了继电器".to_owned(),
        };
        repairs.complete_repair(timed(complete)).await?;
        let test = device::TestDeviceRequest {
            request_id: new_id(),
            repair_id: repair_id.to_owned(),
        };
        Ok(repairs.test_device(timed(test)).await?.into_inner().position)
    }

    /// Puts a table back on sale, as staff do.
    ///
    /// # Errors
    /// It is refused.
    pub async fn end_maintenance(&self, table: &Table) -> Result<(), Refusal> {
        let request = venue::EndMaintenanceRequest {
            request_id: new_id(),
            table_id: table.table_id.clone(),
        };
        self.clients.venue.clone().end_maintenance(timed(request)).await?;
        Ok(())
    }

    /// Closes a session.
    ///
    /// # Errors
    /// It is refused.
    pub async fn close(&self, session_id: &str) -> Result<table::CloseSessionResponse, Refusal> {
        let request = table::CloseSessionRequest {
            request_id: new_id(),
            session_id: session_id.to_owned(),
        };
        Ok(self
            .clients
            .tables
            .clone()
            .close_session(timed(request))
            .await?
            .into_inner())
    }

    /// The bill, at least as new as `min_position`.
    ///
    /// # Errors
    /// The call fails.
    pub async fn bill(&self, session_id: &str, min_position: u64) -> anyhow::Result<view::SessionBill> {
        let request = view::GetBillRequest {
            session_id: session_id.to_owned(),
            min_position,
        };
        let answer = self.clients.bills.clone().get_bill(timed(request)).await?.into_inner();
        anyhow::ensure!(
            answer.position >= min_position,
            "position {} is older than {min_position}",
            answer.position
        );
        answer.bill.context("an answer without a bill")
    }

    /// The wallet, at least as new as `min_position`.
    ///
    /// # Errors
    /// The call fails.
    pub async fn wallet(&self, member_id: &str, min_position: u64) -> anyhow::Result<view::Wallet> {
        let request = view::GetWalletRequest {
            member_id: member_id.to_owned(),
            min_position,
        };
        let answer = self
            .clients
            .statements
            .clone()
            .get_wallet(timed(request))
            .await?
            .into_inner();
        answer.wallet.context("an answer without a wallet")
    }

    /// A table on the board, at least as new as `min_position`.
    ///
    /// # Errors
    /// The call fails, or the table is not on the board.
    pub async fn on_board(&self, table: &Table, min_position: u64) -> anyhow::Result<view::BoardTable> {
        let request = view::GetBoardRequest {
            hall_id: self.hall_id.clone(),
            min_position,
        };
        let answer = self
            .clients
            .boards
            .clone()
            .get_board(timed(request))
            .await?
            .into_inner();
        anyhow::ensure!(
            answer.position >= min_position,
            "position {} is older than {min_position}",
            answer.position
        );
        let row = answer.tables.into_iter().find(|row| row.table_id == table.table_id);
        row.context("the table is not on the board")
    }

    /// Watches the bill of a session that was opened at `position` until it is `status`, and returns it.
    ///
    /// # Errors
    /// It ends otherwise, or not in time.
    pub async fn bill_until(
        &self,
        session_id: &str,
        position: u64,
        status: view::BillStatus,
    ) -> anyhow::Result<(view::SessionBill, u64)> {
        // What is not in the view yet cannot be watched.
        self.bill(session_id, position).await?;
        let request = view::WatchBillRequest {
            session_id: session_id.to_owned(),
        };
        let mut updates = self
            .clients
            .bills
            .clone()
            .watch_bill(timed(request))
            .await?
            .into_inner();
        let mut last = None;
        while let Some(update) = updates.message().await? {
            let bill = update.bill.context("an update without a bill")?;
            if bill.status() == status {
                return Ok((bill, update.position));
            }
            last = Some(bill);
        }
        anyhow::bail!("the bill ended as {last:?}, not as {status:?}")
    }

    async fn open_table(
        &self,
        table: &Table,
        member_id: &str,
        mode: Mode,
        wait_for_payment: bool,
    ) -> Result<table::OpenTableResponse, Refusal> {
        let request = table::OpenTableRequest {
            request_id: new_id(),
            table_id: table.table_id.clone(),
            member_id: member_id.to_owned(),
            mode: Some(mode),
            wait_for_payment,
        };
        Ok(self
            .clients
            .tables
            .clone()
            .open_table(timed(request))
            .await?
            .into_inner())
    }
}
