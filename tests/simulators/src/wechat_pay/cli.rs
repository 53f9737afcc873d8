//! WeChat Pay as a program.

use clap::Args as ClapArgs;

use super::{
    MERCHANT_CERTIFICATE, MERCHANT_KEY, MERCHANT_SERIAL, Merchant, PLATFORM_CERTIFICATE, PLATFORM_KEY_ID,
    PLATFORM_PUBLIC_KEY, PLATFORM_SERIAL, WechatPay,
};
use crate::provider::args::ProgramArgs;
use crate::signals;

/// A simulated WeChat Pay for one merchant, until SIGTERM or Ctrl-C.
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// The merchant's number.
    #[arg(long, default_value = "1900000001")]
    mch_id: String,
    /// The mini-program.
    #[arg(long, default_value = "wx-app")]
    app_id: String,
    /// 32 characters.
    #[arg(long, default_value = "0123456789abcdef0123456789ABCDEF")]
    api_v3_key: String,
    #[command(flatten)]
    program: ProgramArgs,
}

impl Args {
    /// Serves until it is told to stop.
    ///
    /// # Errors
    /// The port is not free, or the keys cannot be written.
    pub async fn run(self) -> anyhow::Result<()> {
        let Self {
            mch_id,
            app_id,
            api_v3_key,
            program,
        } = self;
        program.write_keys(&[
            ("merchant.pem", MERCHANT_KEY),
            ("merchant.crt", MERCHANT_CERTIFICATE),
            ("platform.crt", PLATFORM_CERTIFICATE),
            ("platform.pub", PLATFORM_PUBLIC_KEY),
        ])?;
        let merchant = Merchant {
            mch_id,
            app_id,
            api_v3_key,
        };
        let provider = WechatPay::start_at(merchant, program.options()?, program.port).await?;
        println!(
            "merchant_serial {MERCHANT_SERIAL}\nplatform_serial {PLATFORM_SERIAL}\nplatform_key_id {PLATFORM_KEY_ID}"
        );
        ProgramArgs::say_ready(&provider.base_url());
        signals::stop().await?;
        Ok(())
    }
}
