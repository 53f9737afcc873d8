//! Whose things are: known for every aggregate, so that no command can read one without it being asked.

use baize_domain::Command;
use baize_domain::calendar::Calendar;
use baize_domain::chain::Chain;
use baize_domain::compensation::Compensation;
use baize_domain::complaint::Complaint;
use baize_domain::device::Device;
use baize_domain::gift::Gift;
use baize_domain::hall::Hall;
use baize_domain::identity::Identity;
use baize_domain::journal::Journal;
use baize_domain::member::Member;
use baize_domain::payment::Payment;
use baize_domain::points_account::PointsAccount;
use baize_domain::reconciliation::Reconciliation;
use baize_domain::redemption::Redemption;
use baize_domain::refund::Refund;
use baize_domain::repair::Repair;
use baize_domain::session::TableSession;
use baize_domain::split::BillSplit;
use baize_domain::staff::Staff;
use baize_domain::table::Table;
use baize_domain::tariff::TariffPlan;
use baize_domain::wallet::Wallet;
use baize_proto::access::Belonging;
use uuid::Uuid;

/// Says to whom an aggregate belongs.
pub trait Belongs {
    /// To whom it belongs; to nobody while it is not there. `id` is that of its stream.
    fn belonging(&self, id: &str) -> Belonging;
}

/// For whom a command says that it is given, before anything is read.
pub fn named(command: &Command) -> Option<Belonging> {
    match command {
        Command::OpenTable { member_id, .. }
        | Command::StartPayment { member_id, .. }
        | Command::StartSplit { member_id, .. }
        | Command::ConfirmShare { member_id, .. }
        | Command::DeclineShare { member_id, .. }
        | Command::PayShare { member_id, .. }
        | Command::RemoveShare { member_id, .. }
        | Command::TakeOverShare { member_id, .. }
        | Command::CancelSplit { member_id, .. }
        | Command::FileComplaint { member_id, .. }
        | Command::RequestPrincipalRefund { member_id, .. } => Some(Belonging::to_member(member_id.0)),
        _ => None,
    }
}

impl Belongs for Calendar {
    /// Holidays are everybody's; only operators may publish them.
    fn belonging(&self, _: &str) -> Belonging {
        Belonging::default()
    }
}

impl Belongs for Chain {
    fn belonging(&self, id: &str) -> Belonging {
        match (&self.profile, Uuid::try_parse(id)) {
            (Some(_), Ok(chain)) => Belonging::default().and_chain(Some(chain)),
            _ => Belonging::default(),
        }
    }
}

impl Belongs for Member {
    /// A person is their own, and of their chain.
    fn belonging(&self, id: &str) -> Belonging {
        let chain = self.profile.as_ref().map(|profile| profile.chain_id.0);
        let person = Uuid::try_parse(id).map_or_else(|_| Belonging::default(), Belonging::to_member);
        person.and_chain(chain)
    }
}

impl Belongs for Identity {
    /// An openid or a phone number: whose it is, is what is asked. What is written to it follows from whoever claims it.
    fn belonging(&self, _: &str) -> Belonging {
        Belonging::default()
    }
}

impl Belongs for Hall {
    fn belonging(&self, id: &str) -> Belonging {
        match (&self.profile, Uuid::try_parse(id)) {
            (Some(_), Ok(hall)) => Belonging::to_hall(hall),
            _ => Belonging::default(),
        }
    }
}

impl Belongs for Table {
    fn belonging(&self, _: &str) -> Belonging {
        self.profile
            .as_ref()
            .map_or_else(Belonging::default, |profile| Belonging::to_hall(profile.hall_id.0))
    }
}

impl Belongs for TariffPlan {
    fn belonging(&self, _: &str) -> Belonging {
        self.published
            .as_ref()
            .map_or_else(Belonging::default, |published| Belonging::to_hall(published.hall_id.0))
    }
}

impl Belongs for Device {
    fn belonging(&self, _: &str) -> Belonging {
        self.profile
            .as_ref()
            .map_or_else(Belonging::default, |profile| Belonging::to_hall(profile.hall_id.0))
    }
}

impl Belongs for TableSession {
    fn belonging(&self, _: &str) -> Belonging {
        let begun = self
            .opening
            .as_ref()
            .map(|opening| (opening.hall_id, opening.member_id));
        let asked = self
            .awaited
            .as_ref()
            .map(|awaited| (awaited.asked.hall_id, awaited.asked.member_id));
        begun.or(asked).map_or_else(Belonging::default, |(hall_id, member_id)| {
            Belonging::to_hall(hall_id.0).and_member(member_id.0)
        })
    }
}

impl Belongs for Wallet {
    /// A wallet has its member's id, and is the member's before anything is in it.
    fn belonging(&self, id: &str) -> Belonging {
        Uuid::try_parse(id).map_or_else(|_| Belonging::default(), Belonging::to_member)
    }
}

impl Belongs for PointsAccount {
    /// Points have their member's id, and are the member's before there are any.
    fn belonging(&self, id: &str) -> Belonging {
        Uuid::try_parse(id).map_or_else(|_| Belonging::default(), Belonging::to_member)
    }
}

impl Belongs for Payment {
    /// A payment is its payer's, and of the chain that is paid.
    fn belonging(&self, _: &str) -> Belonging {
        self.intent.as_ref().map_or_else(Belonging::default, |intent| {
            Belonging::to_member(intent.payer.0).and_chain(Some(intent.chain_id.0))
        })
    }
}

impl Belongs for Refund {
    /// A refund is theirs who are paid back, and of the chain that pays.
    fn belonging(&self, _: &str) -> Belonging {
        self.request.as_ref().map_or_else(Belonging::default, |request| {
            Belonging::to_member(request.member_id.0).and_chain(Some(request.chain_id.0))
        })
    }
}

impl Belongs for Reconciliation {
    /// A merchant's account at a provider is the operator's, of all chains together.
    fn belonging(&self, _: &str) -> Belonging {
        Belonging::default()
    }
}

impl Belongs for Compensation {
    /// What is given back for a session is its hall's to give, and the player's to know.
    fn belonging(&self, _: &str) -> Belonging {
        self.parts.first().map_or_else(Belonging::default, |part| {
            Belonging::to_hall(part.terms.hall_id.0)
                .and_member(part.terms.member_id.0)
                .and_chain(Some(part.terms.chain_id.0))
        })
    }
}

impl Belongs for Complaint {
    /// A complaint is theirs who complain, and for the hall to answer.
    fn belonging(&self, _: &str) -> Belonging {
        self.terms.as_ref().map_or_else(Belonging::default, |terms| {
            Belonging::to_hall(terms.hall_id.0)
                .and_member(terms.member_id.0)
                .and_chain(Some(terms.chain_id.0))
        })
    }
}

impl Belongs for Gift {
    fn belonging(&self, _: &str) -> Belonging {
        self.profile
            .as_ref()
            .map_or_else(Belonging::default, |profile| Belonging::to_hall(profile.hall_id.0))
    }
}

impl Belongs for Redemption {
    fn belonging(&self, _: &str) -> Belonging {
        self.terms.as_ref().map_or_else(Belonging::default, |terms| {
            Belonging::to_hall(terms.hall_id.0).and_member(terms.member_id.0)
        })
    }
}

impl Belongs for BillSplit {
    /// Several people have to do with a split: who may do what in it is for its rules to say, and each command names who gives it.
    fn belonging(&self, _: &str) -> Belonging {
        self.terms
            .as_ref()
            .map_or_else(Belonging::default, |terms| Belonging::to_hall(terms.hall_id.0))
    }
}

impl Belongs for Repair {
    fn belonging(&self, _: &str) -> Belonging {
        self.ticket
            .as_ref()
            .map_or_else(Belonging::default, |ticket| Belonging::to_hall(ticket.hall_id.0))
    }
}

impl Belongs for Staff {
    fn belonging(&self, _: &str) -> Belonging {
        let chain = self.person.map(|(_, chain_id)| chain_id.0);
        Belonging::default().and_chain(chain)
    }
}

impl Belongs for Journal {
    /// The books are the house's; what is posted is judged by what it is posted for.
    fn belonging(&self, _: &str) -> Belonging {
        Belonging::default()
    }
}
