//! A toy aggregate.

use baize_eventlog::{CacheOptions, Repository, Upcasters};
use cqrs_es::{Aggregate, DomainEvent, event_sink::EventSink, test::TestFramework};
use serde::{Deserialize, Serialize};

use crate::support::Database;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Account {
    pub balance: i64,
    pub entries: u64,
}

pub enum Command {
    Deposit(i64),
    Withdraw(i64),
    Close,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Event {
    Deposited { amount: i64 },
    Withdrawn { amount: i64 },
}

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("the balance is too low")]
pub struct TooLow;

impl DomainEvent for Event {
    fn event_type(&self) -> String {
        match self {
            Self::Deposited { .. } => "Deposited".into(),
            Self::Withdrawn { .. } => "Withdrawn".into(),
        }
    }

    fn event_version(&self) -> String {
        "1.0".into()
    }
}

impl Aggregate for Account {
    const TYPE: &'static str = "Account";
    type Command = Command;
    type Event = Event;
    type Error = TooLow;
    type Services = ();

    async fn handle(&mut self, command: Command, (): &(), sink: &EventSink<Self>) -> Result<(), TooLow> {
        match command {
            Command::Deposit(amount) => sink.write(Event::Deposited { amount }, self).await,
            Command::Withdraw(amount) if amount > self.balance => return Err(TooLow),
            Command::Withdraw(amount) => sink.write(Event::Withdrawn { amount }, self).await,
            Command::Close => {}
        }
        Ok(())
    }

    fn apply(&mut self, event: Event) {
        self.entries += 1;
        match event {
            Event::Deposited { amount } => self.balance += amount,
            Event::Withdrawn { amount } => self.balance -= amount,
        }
    }
}

pub async fn repository(database: &Database, options: CacheOptions) -> Repository {
    Repository::new(database.log().await, options, Upcasters::none())
}

#[test]
fn the_test_framework_of_cqrs_es_drives_an_aggregate() {
    let framework = TestFramework::<Account>::with(());
    framework
        .given(vec![Event::Deposited { amount: 100 }])
        .when(Command::Withdraw(60))
        .then_expect_events(vec![Event::Withdrawn { amount: 60 }]);
    TestFramework::<Account>::with(())
        .given(vec![Event::Deposited { amount: 50 }])
        .when(Command::Withdraw(60))
        .then_expect_error(TooLow);
}
