//! One notification of a payment, written and signed apart from any book: for tests that tell what happened, or did not.

use std::sync::Arc;

use jiff::Timestamp;

use super::letters::Writer;
use super::{Merchant, PlatformKeys};
use crate::provider::{Flaw, Letter, Letters as _, NewOrder, Order, OrderState, Payment, Told};

/// Writes notifications for a merchant.
pub struct Teller(Writer);

impl Teller {
    /// In the name of the simulated platform.
    ///
    /// # Errors
    /// The merchant's API v3 key is none.
    pub fn new(merchant: Merchant) -> anyhow::Result<Self> {
        Writer::new(merchant, Arc::new(PlatformKeys::read()?)).map(Self)
    }

    /// That an order was paid at `told_at`, and is told then.
    pub fn paid(
        &self,
        order_no: &str,
        amount_fen: i64,
        transaction_id: &str,
        told_at: Timestamp,
        flaw: Option<Flaw>,
    ) -> Letter {
        let order = Order {
            made: NewOrder {
                order_no: order_no.to_owned(),
                amount_fen,
                description: "simulated".to_owned(),
                code: String::new(),
                payer: None,
                notify_url: String::new(),
                expires_at: told_at,
            },
            made_at: told_at,
            seen: true,
            state: OrderState::Paid(Payment {
                transaction_id: transaction_id.to_owned(),
                payer: "anybody".to_owned(),
                at: told_at,
            }),
        };
        self.0.write(&Told::Paid(order), told_at, flaw)
    }
}
