//! WeChat Pay as a program.

use std::path::PathBuf;

use anyhow::Context as _;
use baize_eventlog::Clock;
use clap::Args as ClapArgs;

use super::{
    MERCHANT_CERTIFICATE, MERCHANT_KEY, MERCHANT_SERIAL, Merchant, PLATFORM_CERTIFICATE, PLATFORM_KEY_ID,
    PLATFORM_PUBLIC_KEY, PLATFORM_SERIAL, WechatPay,
};
use crate::provider::{DeskOptions, Seeded};
use crate::signals;

/// A simulated WeChat Pay for one merchant, until SIGTERM or Ctrl-C.
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// Port of loopback; 0 lets the system choose.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// The merchant's number.
    #[arg(long, default_value = "1900000001")]
    mch_id: String,
    /// The mini-program.
    #[arg(long, default_value = "wx-app")]
    app_id: String,
    /// 32 characters.
    #[arg(long, default_value = "0123456789abcdef0123456789ABCDEF")]
    api_v3_key: String,
    /// Its clock: `real`, or speed,virtual origin,unix ms of the real origin.
    #[arg(long, default_value = "real")]
    clock: String,
    /// Where to write the keys that the merchant needs.
    #[arg(long)]
    keys: Option<PathBuf>,
    /// Draws a fault for some orders from this seed.
    #[arg(long, requires = "fault_rate")]
    seed: Option<u64>,
    /// The share of orders that meet a fault, 0–1.
    #[arg(long, requires = "seed")]
    fault_rate: Option<f64>,
}

impl Args {
    /// Serves until it is told to stop.
    ///
    /// # Errors
    /// The port is not free, or the keys cannot be written.
    pub async fn run(self) -> anyhow::Result<()> {
        if let Some(folder) = &self.keys {
            for (name, text) in [
                ("merchant.pem", MERCHANT_KEY),
                ("merchant.crt", MERCHANT_CERTIFICATE),
                ("platform.crt", PLATFORM_CERTIFICATE),
                ("platform.pub", PLATFORM_PUBLIC_KEY),
            ] {
                std::fs::write(folder.join(name), text).with_context(|| format!("writing {name}"))?;
            }
        }
        let Self {
            mch_id,
            app_id,
            api_v3_key,
            ..
        } = self;
        let options = DeskOptions {
            clock: Clock::from_spec(&self.clock)?,
            faults: self.seed.zip(self.fault_rate).map(|(seed, rate)| Seeded { seed, rate }),
            ..DeskOptions::default()
        };
        let provider = WechatPay::start_at(
            Merchant {
                mch_id,
                app_id,
                api_v3_key,
            },
            options,
            self.port,
        )
        .await?;
        println!(
            "merchant_serial {MERCHANT_SERIAL}\nplatform_serial {PLATFORM_SERIAL}\nplatform_key_id {PLATFORM_KEY_ID}"
        );
        println!("listening {}\nready", provider.base_url());
        signals::stop().await?;
        Ok(())
    }
}
