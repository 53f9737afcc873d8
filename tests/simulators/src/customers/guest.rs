//! Somebody who comes without a name: looks around, and to open a table verifies a phone and becomes a member.

use baize_proto::hall::view::v1::TableStatus;
use jiff::SignedDuration;

use super::ledger::VisitEnd;
use super::person::{MEMBER, Visitor, told};
use super::phones::Phones;
use super::plan::{Habit, Mode};
use super::wire::Failed;

/// A code may expire before it is entered, where the hall's clock runs fast.
const CODES_MAX: usize = 3;

impl Visitor {
    /// Comes in; becomes a member if the person means to play.
    pub(super) async fn come_as_guest(&mut self) -> Result<(), VisitEnd> {
        let guest = self.caller.start_as_guest(self.day.chain_id).await;
        let guest = guest.map_err(|failed| self.end_of("coming as a guest", failed))?;
        self.member_id = guest.member_id;
        "guest".clone_into(&mut self.level);
        self.caller.wire = self.day.wire.showing(&guest.token);
        let table_id = self.some_table(TableStatus::Idle).await?;
        if let Some(table_id) = table_id {
            self.scan(table_id).await?;
            self.quote(table_id).await;
        }
        if self.person.habit == Habit::GuestLooks {
            return Err(VisitEnd::Looked);
        }
        if let Some(table_id) = table_id {
            self.is_refused_without_a_phone(table_id).await?;
        }
        self.verify_phone().await?;
        let upgraded = self.caller.upgrade(self.member_id).await;
        upgraded.map_err(|failed| self.end_of("becoming a member", failed))?;
        self.caller.wire = self.day.wire.of_customer(self.member_id);
        MEMBER.clone_into(&mut self.level);
        Ok(())
    }

    /// Nobody plays who cannot be reached.
    async fn is_refused_without_a_phone(&mut self, table_id: uuid::Uuid) -> Result<(), VisitEnd> {
        // Of the two rules that may refuse, the table's is asked first.
        let expected = ["PHONE_NOT_VERIFIED", "TABLE_OCCUPIED", "TABLE_IN_MAINTENANCE"];
        match self.open(table_id, Mode::Postpaid).await? {
            Err(refusal) if expected.contains(&refusal.reason.as_str()) => {}
            Err(refusal) => self
                .caller
                .complain(format!("opening as a guest without a phone: {}", told(&refusal))),
            Ok(opened) => self
                .caller
                .complain(format!("a guest without a phone opened {}: {opened:?}", self.member_id)),
        }
        Ok(())
    }

    async fn verify_phone(&mut self) -> Result<(), VisitEnd> {
        let day = std::sync::Arc::clone(&self.day);
        let Some(phones) = &day.phones else {
            return Err(VisitEnd::GaveUp);
        };
        let phone = phone_number(self.day.hall_id, self.person.number);
        let mut last = None;
        for _ in 0..CODES_MAX {
            match self.try_a_code(phones, &phone).await {
                Ok(()) => return Ok(()),
                Err(failed) => last = Some(failed),
            }
            // No number gets two codes within a minute.
            self.wait(SignedDuration::from_secs(61)).await;
        }
        let last = last.unwrap_or_else(|| Failed::Unknown("no code".to_owned()));
        Err(self.end_of("verifying a phone", last))
    }

    async fn try_a_code(&mut self, phones: &Phones, phone: &str) -> Result<(), Failed> {
        let seen = phones.count(phone);
        self.caller.ask_for_code(phone).await?;
        let Some(code) = phones.code(phone, seen).await else {
            self.caller.complain(format!("no code came to {phone}"));
            return Err(Failed::Unknown("no code came".to_owned()));
        };
        self.caller.enter_code(self.member_id, phone, &code).await.map(drop)
    }

    /// What a failure on the way in comes to; a refusal is one too many.
    fn end_of(&self, what: &str, failed: Failed) -> VisitEnd {
        if let Failed::Refused(refusal) = failed {
            self.caller.complain(format!("{what}: {}", told(&refusal)));
        }
        VisitEnd::GaveUp
    }
}

/// A mobile number that no other evening's guest has.
fn phone_number(hall_id: uuid::Uuid, number: u32) -> String {
    let last = (hall_id.as_u128() % 100_000_000 + u128::from(number)) % 100_000_000;
    format!("+86138{last:08}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_guest_has_a_mobile_number_of_the_guests_own() {
        let hall_id = uuid::Uuid::from_u128(99_999_999);
        assert_eq!(phone_number(hall_id, 1), "+8613800000000");
        assert_ne!(phone_number(hall_id, 2), phone_number(hall_id, 3));
        assert_eq!(phone_number(uuid::Uuid::max(), 7).len(), 14);
    }
}
