//! Which function decides which command.

use baize_domain::Command;
use baize_domain::device::{self, Device};
use baize_domain::gift;
use baize_domain::ids::reconciliation_id;
use baize_domain::member;
use baize_domain::payment;
use baize_domain::points_account::Earning;
use baize_domain::reconciliation::decide as reconciling;
use baize_domain::repair;
use baize_domain::session::CloseCause;
use baize_domain::split::{self, CancelCause};
use baize_domain::units::CompensationAsked;
use baize_domain::units::payments::Asked;

use super::work::Work;
use super::{
    CommandError, Reply, awaited, calendar, chain, compensation, complaints, gifts, goods, moves, payments, people,
    points, reconciliation, refunds, repairs, session, splits, staff, venue, wallet,
};

/// Reads what the command is about and decides it.
pub async fn decide(work: &Work<'_>, command: &Command) -> Result<Reply, CommandError> {
    match command {
        Command::RegisterChain { chain_id, name } => chain::register(work, *chain_id, name).await,
        Command::RenameChain { chain_id, name } => chain::rename(work, *chain_id, name).await,
        Command::DefineLevels {
            chain_id,
            levels,
            policy,
        } => chain::define_levels(work, *chain_id, levels, *policy).await,
        Command::RegisterHall {
            hall_id,
            chain_id,
            name,
            time_zone,
            business_day_cutoff_minutes,
            policy,
        } => {
            let profile = baize_domain::hall::HallProfile {
                hall_id: *hall_id,
                chain_id: *chain_id,
                name: name.clone(),
                time_zone: time_zone.clone(),
                business_day_cutoff_minutes: *business_day_cutoff_minutes,
                policy: policy.clone(),
            };
            venue::register_hall(work, profile).await
        }
        Command::ChangeHallPolicy { hall_id, policy } => venue::change_policy(work, *hall_id, policy).await,
        Command::ChangeHall { hall_id, change } => venue::change_hall(work, *hall_id, change).await,
        Command::ListGoods { hall_id, goods } => venue::list_goods(work, *hall_id, goods).await,
        Command::IssueDisplayLink {
            hall_id,
            display_id,
            label,
            days,
        } => venue::issue_display_link(work, *hall_id, *display_id, label, *days).await,
        Command::RevokeDisplayLink { hall_id, display_id } => {
            venue::revoke_display_link(work, *hall_id, *display_id).await
        }
        Command::RetireHall { hall_id } => venue::retire_hall(work, *hall_id).await,
        Command::RetireDevice { device_id } => venue::retire_device(work, *device_id).await,
        Command::ChangeTable { table_id, change } => venue::change_table(work, *table_id, change).await,
        Command::RotateQrToken { table_id, qr_token } => venue::rotate_qr_token(work, *table_id, qr_token).await,
        Command::RetireTable { table_id } => venue::retire_table(work, *table_id).await,
        Command::PublishTariff {
            plan_id,
            hall_id,
            tariff,
        } => venue::publish_tariff(work, *plan_id, *hall_id, tariff).await,
        Command::PublishCalendarYear {
            calendar_id,
            year,
            content,
        } => calendar::publish_year(work, *calendar_id, *year, content).await,
        Command::RegisterDevice {
            device_id,
            hall_id,
            driver,
            topic,
            channels,
        } => {
            let profile = device::DeviceProfile {
                device_id: *device_id,
                hall_id: *hall_id,
                driver: *driver,
                topic: topic.clone(),
                channels: *channels,
            };
            venue::register_device(work, profile).await
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
            let profile = baize_domain::table::TableProfile {
                table_id: *table_id,
                hall_id: *hall_id,
                label: label.clone(),
                class: *class,
                tariff_plan_id: *tariff_plan_id,
                light: *light,
                qr_token: qr_token.clone(),
            };
            venue::register_table(work, profile).await
        }
        Command::StartMaintenance {
            table_id,
            reason,
            expected_end,
        } => venue::start_maintenance(work, *table_id, reason, *expected_end).await,
        Command::EndMaintenance { table_id } => venue::end_maintenance(work, *table_id).await,
        Command::RegisterMember {
            member_id,
            chain_id,
            phone,
            nickname,
        } => {
            let registration = member::Registration {
                member_id: *member_id,
                chain_id: *chain_id,
                openid: None,
                phone: phone.clone(),
                nickname: nickname.clone(),
            };
            people::register(work, registration).await
        }
        Command::LogIn {
            member_id,
            chain_id,
            openid,
            phone,
            nickname,
        } => {
            let registration = member::Registration {
                member_id: *member_id,
                chain_id: *chain_id,
                openid: Some(openid.clone()),
                phone: phone.clone(),
                nickname: nickname.clone(),
            };
            people::log_in(work, openid.identity_id, registration).await
        }
        Command::StartGuest { member_id, chain_id } => people::start_guest(work, *member_id, *chain_id).await,
        Command::VerifyPhone { member_id, phone } => people::verify_phone(work, *member_id, phone).await,
        Command::UpgradeGuest {
            member_id,
            openid,
            nickname,
        } => people::upgrade(work, *member_id, openid.as_ref(), nickname.as_ref()).await,
        Command::MergeGuest {
            guest_id,
            target_id,
            phone,
        } => people::merge(work, *guest_id, *target_id, phone.as_ref()).await,
        Command::ChangeLevel { member_id, level } => people::change_level(work, *member_id, level).await,
        Command::Blacklist { member_id, reason } => {
            let decide = |person: &member::Member, now| member::decide::blacklist(person, reason.clone(), now);
            people::tell(work, *member_id, decide).await
        }
        Command::Unblacklist { member_id } => people::tell(work, *member_id, member::decide::unblacklist).await,
        Command::BindPaymentMethod { member_id, method } => {
            let decide = |person: &member::Member, now| member::decide::bind_payment_method(person, *method, now);
            people::tell(work, *member_id, decide).await
        }
        Command::UnbindPaymentMethod { member_id, method } => {
            let decide = |person: &member::Member, now| member::decide::unbind_payment_method(person, *method, now);
            people::tell(work, *member_id, decide).await
        }
        Command::ReadNotices { member_id, up_to } => {
            let decide = |person: &member::Member, now| member::decide::read_notices(person, *up_to, now);
            people::tell(work, *member_id, decide).await
        }
        Command::AllowMessages { member_id, kinds } => {
            let decide = |person: &member::Member, now| member::messages::allow_messages(person, kinds, now);
            people::tell(work, *member_id, decide).await
        }
        Command::ChooseMessages { member_id, unwanted } => {
            let decide = |person: &member::Member, now| member::messages::choose_messages(person, unwanted, now);
            people::tell(work, *member_id, decide).await
        }
        Command::NoteMessage { member_id, note } => {
            let decide = |person: &member::Member, now| member::messages::note_message(person, *note, now);
            people::tell(work, *member_id, decide).await
        }
        Command::ErasePerson { member_id, reason } => people::erase(work, *member_id, reason).await,
        Command::GrantRole {
            member_id,
            chain_id,
            role,
            halls,
        } => staff::grant(work, *member_id, *chain_id, *role, halls).await,
        Command::RevokeRole {
            member_id,
            chain_id,
            role,
            reason,
        } => staff::revoke(work, *member_id, *chain_id, *role, reason).await,
        Command::CreditTopUp {
            member_id,
            top_up_id,
            channel,
            amount,
        } => wallet::credit_top_up(work, *member_id, *top_up_id, *channel, *amount).await,
        Command::DefineTopUpTiers { chain_id, tiers } => chain::define_top_up_tiers(work, *chain_id, tiers).await,
        Command::ChangePaymentPolicy { chain_id, policy } => {
            chain::change_payment_policy(work, *chain_id, policy).await
        }
        Command::StartPayment {
            intent_id,
            member_id,
            wanted,
            channel,
            presentation,
        } => payments::start(work, *intent_id, *member_id, *wanted, *channel, *presentation).await,
        Command::TryPayment {
            intent_id,
            channel,
            presentation,
        } => payments::try_again(work, *intent_id, *channel, *presentation).await,
        Command::CancelPayment { intent_id } => {
            payments::tell(work, *intent_id, |payment| payment::decide::cancel(payment, work.now)).await
        }
        Command::ExpirePayment { intent_id } => {
            payments::tell(work, *intent_id, |payment| payment::decide::expire(payment, work.now)).await
        }
        Command::RecordOrder {
            channel,
            order_no,
            outcome,
        } => payments::record(work, *channel, *order_no, outcome).await,
        Command::ResolvePayment {
            intent_id,
            resolution,
            by,
            reason,
        } => payments::resolve(work, *intent_id, resolution, *by, reason).await,
        Command::RequestPrincipalRefund {
            request_id,
            member_id,
            amount,
            by,
            reason,
        } => {
            let asked = Asked {
                amount: *amount,
                by: *by,
                reason: reason.clone(),
            };
            refunds::request_principal(work, *request_id, *member_id, asked).await
        }
        Command::CompensateSession {
            compensation_id,
            session_id,
            amount,
            by,
            reason,
        } => {
            let asked = CompensationAsked {
                compensation_id: *compensation_id,
                amount: *amount,
                by: *by,
                reason: reason.clone(),
            };
            compensation::compensate(work, *session_id, asked).await
        }
        Command::ApproveCompensation {
            session_id,
            compensation_id,
            by,
        } => compensation::approve(work, *session_id, *compensation_id, *by).await,
        Command::RejectCompensation {
            session_id,
            compensation_id,
            by,
            reason,
        } => compensation::reject(work, *session_id, *compensation_id, *by, reason).await,
        Command::FileComplaint {
            member_id,
            about,
            category,
            words,
        } => complaints::file(work, *member_id, *about, *category, words).await,
        Command::AssignComplaint { complaint_id, to, by } => complaints::assign(work, *complaint_id, *to, *by).await,
        Command::AnswerComplaint {
            complaint_id,
            words,
            give_back,
            by,
        } => complaints::answer(work, *complaint_id, words, *give_back, *by).await,
        Command::CloseComplaint { complaint_id, by } => complaints::close(work, *complaint_id, *by).await,
        Command::ReopenComplaint { complaint_id, words } => complaints::reopen(work, *complaint_id, words).await,
        Command::ReturnLeftover { member_id } => refunds::return_leftover(work, *member_id).await,
        Command::ApproveRefund { refund_id, by } => refunds::approve(work, *refund_id, *by).await,
        Command::RejectRefund { refund_id, by, reason } => refunds::reject(work, *refund_id, *by, reason).await,
        Command::RecordRefund {
            channel,
            refund_no,
            outcome,
        } => payments::record_refund(work, *channel, refund_no.0, outcome).await,
        Command::ResolveRefund {
            refund_id,
            resolution,
            by,
            reason,
        } => payments::resolve_refund(work, *refund_id, *resolution, *by, reason).await,
        Command::OpenTable {
            session_id,
            table_id,
            member_id,
            mode,
            wait_for_payment,
        } => session::open(work, *session_id, *table_id, *member_id, mode, *wait_for_payment).await,
        Command::PayOpening { session_id } => awaited::pay(work, *session_id).await,
        Command::LapseOpening { session_id, reason } => awaited::lapse(work, *session_id, *reason).await,
        Command::ExtendSession { session_id, minutes } => session::extend(work, *session_id, *minutes).await,
        Command::CloseSession { session_id, cause } => session::close(work, *session_id, *cause, None).await,
        Command::CloseSessionByStaff { session_id, reason } => {
            session::close(work, *session_id, CloseCause::Staff, Some(reason)).await
        }
        Command::AddGoods {
            session_id,
            code,
            quantity,
            by_customer,
        } => goods::add(work, *session_id, code, *quantity, *by_customer).await,
        Command::RemoveGoods {
            session_id,
            code,
            quantity,
            reason,
        } => goods::remove(work, *session_id, code, *quantity, reason).await,
        Command::TransferSession { session_id, table_id } => moves::transfer(work, *session_id, *table_id).await,
        Command::PauseSession { session_id, reason } => moves::pause(work, *session_id, reason).await,
        Command::ResumeSession { session_id, cause } => moves::resume(work, *session_id, *cause).await,
        Command::StartBilling { session_id, cause, at } => session::start_billing(work, *session_id, *cause, *at).await,
        Command::CancelSession { session_id, reason } => session::cancel(work, *session_id, *reason).await,
        Command::RenewHold { session_id } => session::renew_hold(work, *session_id).await,
        Command::WarnCustomer { session_id, warning } => session::warn(work, *session_id, *warning).await,
        Command::PayBill { session_id } => session::pay_bill(work, *session_id).await,
        Command::ChangePointsPolicy { chain_id, policy } => points::change_policy(work, *chain_id, *policy).await,
        Command::EarnPoints {
            member_id,
            session_id,
            earning_id,
            principal,
        } => {
            let earning = Earning {
                earning_id: *earning_id,
                session_id: *session_id,
                principal: *principal,
            };
            points::earn(work, *member_id, earning).await
        }
        Command::ReversePoints {
            member_id,
            session_id,
            refunded,
            reason,
        } => points::reverse(work, *member_id, *session_id, *refunded, reason).await,
        Command::ReviewLevel { member_id } => points::review_level(work, *member_id).await,
        Command::ExpirePoints { member_id } => points::expire(work, *member_id).await,
        Command::RegisterGift {
            gift_id,
            hall_id,
            content,
        } => gifts::register(work, *gift_id, *hall_id, content).await,
        Command::ChangeGift { gift_id, content } => gifts::change(work, *gift_id, content).await,
        Command::RetireGift { gift_id } => gifts::tell(work, *gift_id, gift::decide::retire).await,
        Command::ReceiveStock { gift_id, pieces } => {
            gifts::tell(work, *gift_id, |gift, now| gift::decide::receive(gift, *pieces, now)).await
        }
        Command::CountStock { gift_id, found } => {
            gifts::tell(work, *gift_id, |gift, now| gift::decide::count(gift, *found, now)).await
        }
        Command::RedeemGift {
            redemption_id,
            gift_id,
            member_id,
            pick_up_code,
        } => gifts::redeem(work, *redemption_id, *gift_id, *member_id, pick_up_code).await,
        Command::HandOverGift {
            redemption_id,
            pick_up_code,
        } => gifts::hand_over(work, *redemption_id, pick_up_code).await,
        Command::CancelRedemption { redemption_id } => gifts::cancel(work, *redemption_id).await,
        Command::RecordComparison {
            channel,
            date,
            comparison,
        } => reconciliation::record(work, *channel, *date, comparison).await,
        Command::AskRerun { channel, date, by } => {
            let day = reconciliation_id(*channel, *date);
            reconciliation::tell(work, day, |state, now| reconciling::ask_rerun(state, *by, now)).await
        }
        Command::ExplainDifference {
            reconciliation_id,
            number,
            by,
            reason,
        } => {
            let decide = |state: &_, now| reconciling::explain(state, *number, *by, reason.clone(), now);
            reconciliation::tell(work, *reconciliation_id, decide).await
        }
        Command::CloseDifference {
            reconciliation_id,
            number,
            closing,
            by,
        } => {
            let decide = |state: &_, now| reconciling::close(state, *number, *closing, *by, now);
            reconciliation::tell(work, *reconciliation_id, decide).await
        }
        Command::SettleSession { session_id } => session::settle(work, *session_id).await,
        Command::StartSplit {
            session_id,
            member_id,
            division,
            tokens,
            anew,
        } => splits::start(work, *session_id, *member_id, (division, tokens), *anew).await,
        Command::ConfirmShare {
            split_id,
            token,
            member_id,
        } => splits::confirm(work, *split_id, token, *member_id).await,
        Command::DeclineShare {
            split_id,
            token,
            member_id,
        } => splits::decline(work, *split_id, token, *member_id).await,
        Command::RemoveShare {
            split_id,
            ordinal,
            member_id,
        } => {
            splits::by_opener(work, *split_id, *member_id, |split, now| {
                split::decide::remove(split, *ordinal, now)
            })
            .await
        }
        Command::TakeOverShare {
            split_id,
            ordinal,
            member_id,
        } => {
            splits::by_opener(work, *split_id, *member_id, |split, now| {
                split::decide::take_over(split, *ordinal, now)
            })
            .await
        }
        Command::CancelSplit { split_id, member_id } => {
            splits::by_opener(work, *split_id, *member_id, |split, now| {
                split::decide::cancel(split, CancelCause::Opener, now)
            })
            .await
        }
        Command::StallSplit { split_id, round } => {
            splits::in_round(work, *split_id, *round, split::decide::stall).await
        }
        Command::LapseSplit { split_id, round } => {
            splits::in_round(work, *split_id, *round, |split, now| {
                split::decide::cancel(split, CancelCause::TimeOver, now)
            })
            .await
        }
        Command::PayShare { split_id, member_id } => splits::pay(work, *split_id, *member_id).await,
        Command::ChargeShare {
            split_id,
            round,
            ordinal,
        } => splits::charge(work, *split_id, *round, *ordinal).await,
        Command::DeliverShare {
            split_id,
            round,
            ordinal,
        } => splits::deliver(work, *split_id, *round, *ordinal).await,
        Command::ReturnShare {
            split_id,
            round,
            ordinal,
        } => splits::give_back(work, *split_id, *round, *ordinal).await,
        Command::SwitchOffLight { light, session_id } => {
            work.of_session(*session_id);
            let decide =
                |state: &Device, now| device::decide::switch_off_after_time(state, light.channel, *session_id, now);
            super::device::tell(work, light.device_id, decide).await
        }
        Command::ConfirmLight {
            device_id,
            channel,
            rev,
            on,
            attempts,
            at,
        } => {
            let decide = |state: &Device, _| device::decide::confirm(state, *channel, *rev, *on, *attempts, *at);
            super::device::tell(work, *device_id, decide).await
        }
        Command::ReportDeviceOffline {
            device_id,
            last_heard_at,
            incident_id,
            at,
        } => {
            let decide = |state: &Device, _| device::decide::report_offline(state, *last_heard_at, *incident_id, *at);
            super::device::tell(work, *device_id, decide).await
        }
        Command::ReportDeviceBack { device_id, at } => {
            let decide = |state: &Device, _| device::decide::report_back(state, *at);
            super::device::tell(work, *device_id, decide).await
        }
        Command::ReportDeviceFlapping {
            device_id,
            drops,
            hold_until,
            at,
        } => {
            let decide = |state: &Device, _| device::decide::report_flapping(state, *drops, *hold_until, *at);
            super::device::tell(work, *device_id, decide).await
        }
        Command::CheckLight { light } => repairs::check(work, *light).await,
        Command::ReportFault {
            repair_id,
            table_id,
            words,
        } => repairs::report(work, *repair_id, *table_id, words).await,
        Command::StartRepair { repair_id, by } => {
            repairs::tell(work, *repair_id, |state, now| repair::decide::start(state, *by, now)).await
        }
        Command::CompleteRepair { repair_id, by, note } => {
            let decide = |state: &repair::Repair, now| repair::decide::complete(state, *by, note.clone(), now);
            repairs::tell(work, *repair_id, decide).await
        }
        Command::TestDevice { repair_id } => repairs::test_device(work, *repair_id).await,
        Command::TestLight { light, on } => repairs::test_light(work, *light, *on).await,
        Command::PassTest { repair_id, test } => repairs::pass_test(work, *repair_id, *test).await,
        Command::FailTest { repair_id, test, step } => {
            let decide = |state: &repair::Repair, now| repair::decide::fail_test(state, *test, *step, now);
            repairs::tell(work, *repair_id, decide).await
        }
        Command::ReportLightExpired {
            device_id,
            channel,
            rev,
            at,
        } => {
            let decide = |state: &Device, _| device::decide::report_expired(state, *channel, *rev, *at);
            super::device::tell(work, *device_id, decide).await
        }
        Command::ReportLightFailure {
            device_id,
            channel,
            rev,
            kind,
            at,
        } => {
            let decide = |state: &Device, _| device::decide::report_failure(state, *channel, *rev, *kind, *at);
            super::device::tell(work, *device_id, decide).await
        }
    }
}
