//! `baize-simulators alipay`.

use clap::Args as ClapArgs;

use super::{Alipay, AlipayOptions};
use crate::signals;

/// Alipay's gateway for one merchant, on a port of loopback. Prints `ready` and its address; `/control/…` does what payers do.
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
}

/// Runs until SIGTERM or Ctrl-C.
///
/// # Errors
/// There is no port.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let Args {
        app_id,
        seller_id,
        certificates,
    } = args;
    let alipay = Alipay::start(AlipayOptions {
        app_id,
        seller_id,
        certificates,
    })
    .await?;
    println!("ready {}", alipay.base_url());
    Ok(signals::stop().await?)
}
