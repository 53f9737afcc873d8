//! Guests who leave.

use crate::command::Command;
use crate::event::Event;
use crate::ids::{ChainId, MemberId, PaymentIntentId};
use crate::money::Fen;
use crate::payment::{Intent, PaymentEvent, PaymentPolicy, Purpose};
use crate::processes::fixtures::{Instance, SESSION, at, dispatched, settled};
use crate::processes::{Effect, ProcessManager as _, Route};

use super::Leaving;

fn started(guest: bool) -> Event {
    let intent = Intent {
        intent_id: PaymentIntentId::default(),
        chain_id: ChainId::default(),
        hall_id: None,
        payer: MemberId::default(),
        guest,
        purpose: Purpose::Opening { session_id: SESSION },
        amount: Fen(500),
        description: "台球开台".to_owned(),
        policy: PaymentPolicy::default(),
        expires_at: at(180),
    };
    Event::Payment(PaymentEvent::PaymentStarted {
        intent: Box::new(intent),
        at: at(0),
    })
}

#[test]
fn only_guests_are_given_back_what_is_left() {
    let payment = PaymentIntentId::default().to_string();
    assert_eq!(Leaving::route(&payment, &started(false)), Route::Ignore);
    assert_eq!(Leaving::route(&payment, &started(true)), Route::Start(SESSION.0));
}

#[test]
fn what_a_guest_has_left_goes_back_when_the_session_is_settled() {
    let mut leaving = Instance::<Leaving>::new();
    assert!(leaving.event(&started(true), 0).is_empty());
    let effects = leaving.event(&settled(), 60);
    let expected = Command::ReturnLeftover {
        member_id: MemberId::default(),
    };
    assert_eq!(dispatched(&effects), [("return", &expected)]);
    assert_eq!(leaving.accepted("return", 61), [Effect::End]);
}
