//! Alipay as a program.

use clap::Args as ClapArgs;

use super::{Alipay, AlipayOptions, keys};
use crate::provider::DeskOptions;
use crate::provider::args::ProgramArgs;
use crate::signals;

/// A simulated Alipay for one merchant, until SIGTERM or Ctrl-C.
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// The application that may ask.
    #[arg(long, default_value = "2021000000000001")]
    app_id: String,
    /// The merchant.
    #[arg(long, default_value = "2088000000000001")]
    seller_id: String,
    /// Requests and answers name certificates.
    #[arg(long)]
    certificates: bool,
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
            app_id,
            seller_id,
            certificates,
            program,
        } = self;
        program.write_keys(&[
            ("app.pem", keys::APP_PRIVATE),
            ("alipay.pub.pem", keys::ALIPAY_PUBLIC),
            ("app.crt", keys::APP_CERTIFICATE),
            ("alipay.crt", keys::ALIPAY_CERTIFICATE),
            ("root.crt", keys::ROOT_CERTIFICATE),
        ])?;
        let DeskOptions {
            clock,
            slow,
            delivery_max,
            faults,
            ..
        } = program.options()?;
        let options = AlipayOptions {
            app_id,
            seller_id,
            certificates,
            clock,
            slow,
            delivery_max,
            faults,
        };
        let alipay = Alipay::start_at(options, program.port).await?;
        ProgramArgs::say_ready(&alipay.base_url());
        signals::stop().await?;
        Ok(())
    }
}
