//! Between the wire and the domain: what a request must look like to become a command, and how an answer is written.

mod bill;
mod calendar;
mod chain;
mod compensation;
mod complaint;
mod device;
mod display;
mod fields;
mod goods;
pub mod identity;
mod loyalty;
mod member;
mod payment;
mod reconciliation;
mod refund;
mod repair;
mod split;
mod staff;
mod table;
mod tariff;
mod venue;
mod venue_changes;
mod wallet;

use baize_domain::Command;
use jiff::Timestamp;
use uuid::Uuid;

pub use bill::bill;
pub use complaint::{answering, filing, reopening};
pub use fields::Fields;
pub use member::{REASON_CHARS_MAX, WithPhone, registration_with_phone, told_kind};
pub use payment::pay_sheet;
pub use staff::act_as_request;
pub use table::{free_tables, quote_request, quoted};

use crate::dispatch::Reply;

/// A request that changes something.
pub trait Mutation: prost::Message {
    /// The method. Part of the content that a request id stands for.
    const METHOD: &'static str;
    /// What the method answers.
    type Response;

    /// The caller's id of the request.
    fn request_id(&self) -> &str;

    /// The command that the request asks for; whatever is wrong with it is noted in `fields`.
    fn command(self, fields: &mut Fields) -> Command;

    /// The answer; `None` if the reply is another command's.
    fn response(reply: Reply, position: u64) -> Option<Self::Response>;
}

/// Names who calls in a command that puts it on record.
pub fn given_by(command: &mut Command, caller: Uuid) {
    if let Command::ResolvePayment { by, .. }
    | Command::ResolveRefund { by, .. }
    | Command::ApproveRefund { by, .. }
    | Command::RejectRefund { by, .. }
    | Command::RequestPrincipalRefund { by, .. }
    | Command::AskRerun { by, .. }
    | Command::ExplainDifference { by, .. }
    | Command::CloseDifference { by, .. }
    | Command::StartRepair { by, .. }
    | Command::CompleteRepair { by, .. }
    | Command::CompensateSession { by, .. }
    | Command::ApproveCompensation { by, .. }
    | Command::RejectCompensation { by, .. }
    | Command::AssignComplaint { by, .. }
    | Command::CloseComplaint { by, .. } = command
    {
        *by = caller;
    }
}

/// An instant as the wire has it.
pub fn timestamp(at: Timestamp) -> prost_types::Timestamp {
    // The wire counts nanoseconds forward from the whole second before.
    let nanos = at.as_nanosecond();
    prost_types::Timestamp {
        seconds: nanos.div_euclid(1_000_000_000) as i64,
        nanos: nanos.rem_euclid(1_000_000_000) as i32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_before_1970_count_forward() {
        let at: Timestamp = "1969-12-31T23:59:59.25Z".parse().unwrap();
        assert_eq!(
            timestamp(at),
            prost_types::Timestamp {
                seconds: -1,
                nanos: 250_000_000
            }
        );
    }
}
