//! A client of a simulated provider's control API, for tests that run it as a program.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use super::courier::http;

/// No control call takes longer.
const CALL_MAX: Duration = Duration::from_secs(10);

/// Steers a provider: WeChat Pay or Alipay.
#[derive(Clone, Debug)]
pub struct Steering {
    base_url: String,
    http: reqwest::Client,
}

impl Steering {
    /// Of the provider that listens there.
    ///
    /// # Errors
    /// There is no HTTP client.
    pub fn new(base_url: &str) -> anyhow::Result<Self> {
        Ok(Self {
            base_url: base_url.to_owned(),
            http: http(CALL_MAX)?,
        })
    }

    /// A payer pays the order with that number or code.
    ///
    /// # Errors
    /// It cannot be paid.
    pub async fn pay(&self, order: &str) -> anyhow::Result<()> {
        self.post("pay", &json!({ "order": order })).await
    }

    /// Something is to go wrong with an order, by the name that the provider has for it.
    ///
    /// # Errors
    /// The provider knows no such fault.
    pub async fn fault(&self, order: &str, fault: &str) -> anyhow::Result<()> {
        self.post("fault", &json!({ "order": order, "fault": fault })).await
    }

    /// Everything in its book: `orders` by the merchant's number, `amount_fen` among what each has.
    ///
    /// # Errors
    /// The provider is not there.
    pub async fn book(&self) -> anyhow::Result<Value> {
        let answer = self.http.get(format!("{}/control/book", self.base_url)).send().await?;
        serde_json::from_str(&answer.text().await?).context("the book")
    }

    async fn post(&self, what: &str, body: &Value) -> anyhow::Result<()> {
        let url = format!("{}/control/{what}", self.base_url);
        let answer = self.http.post(url).json(body).send().await?;
        let status = answer.status();
        ensure!(status.is_success(), "{what} {body}: {status} {}", answer.text().await?);
        Ok(())
    }
}
