//! `baize-simulators`: the world outside as a program.

use std::process::ExitCode;

use baize_simulators::{alipay, customers, fleet, sms, wechat_pay};
use clap::{Parser, Subcommand};

/// Simulated relays, customers and payment providers for a running Baize.
#[derive(Debug, Parser)]
#[command(name = "baize-simulators", version)]
struct Cli {
    #[command(subcommand)]
    simulator: Simulator,
}

#[derive(Debug, Subcommand)]
enum Simulator {
    /// Alipay for one merchant, until SIGTERM or Ctrl-C.
    Alipay(alipay::Args),
    /// Relays that speak Tasmota over MQTT, until SIGTERM or Ctrl-C.
    Fleet(fleet::cli::Args),
    /// A day of customers who act only through gRPC.
    Customers(customers::Args),
    /// A provider of text messages (Tencent Cloud SMS), until SIGTERM or Ctrl-C.
    Sms(sms::Args),
    /// WeChat Pay for one merchant, over HTTP, until SIGTERM or Ctrl-C.
    WechatPay(wechat_pay::Args),
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let ended = match Cli::parse().simulator {
        Simulator::Alipay(args) => args.run().await,
        Simulator::Fleet(args) => fleet::cli::run(args).await,
        Simulator::Customers(args) => args.run().await,
        Simulator::Sms(args) => args.run().await,
        Simulator::WechatPay(args) => args.run().await,
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("baize-simulators: {error:#}");
            ExitCode::FAILURE
        }
    }
}
