//! Both providers of payments as programs of their own, and what the command service is told of them.

use std::ffi::OsString;
use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};
use baize_simulators::provider::Steering;
use baize_simulators::{alipay, wechat_pay};

use crate::eventually::eventually;
use crate::program;

/// How long a provider may take to listen.
const READY_LIMIT: Duration = Duration::from_secs(60);

/// WeChat Pay and Alipay, and where they notify.
#[derive(Debug)]
pub struct Providers {
    /// WeChat Pay.
    pub wechat_pay: Provider,
    /// Alipay.
    pub alipay: Provider,
    /// Where the command service hears them.
    pub callbacks: SocketAddr,
    flags: Vec<OsString>,
}

/// A provider that runs.
#[derive(Debug)]
pub struct Provider {
    /// What payers do and what goes wrong.
    pub steering: Steering,
    base_url: String,
    keys: PathBuf,
    child: Child,
}

/// What the providers do wrong, and how the command service is set for it.
#[derive(Clone, Debug)]
pub struct Trouble {
    /// Seed, and the share of orders with a fault; all faults are drawn.
    pub drawn: Option<(u64, f64)>,
    /// How long the service waits for an answer, 100–15,000 ms.
    pub timeout_ms: u32,
    /// How long a slow answer takes: longer than the service waits.
    pub slow_for: Duration,
    /// From which hour on yesterday's bill is made, and is reconciled a quarter past, Beijing's time.
    pub bill_hour: i8,
}

impl Default for Trouble {
    /// None, unless it is asked for.
    fn default() -> Self {
        Self {
            drawn: None,
            timeout_ms: 3_000,
            slow_for: Duration::from_secs(30),
            bill_hour: 10,
        }
    }
}

impl Trouble {
    /// As flags of the providers.
    fn flags(&self) -> Vec<String> {
        let slow = ["--slow-for".to_owned(), self.slow_for.as_secs_f64().to_string()];
        let bills = ["--bill-hour".to_owned(), self.bill_hour.to_string()];
        let drawn = self.drawn.map(|(seed, rate)| {
            let (seed, rate) = (seed.to_string(), rate.to_string());
            ["--seed".to_owned(), seed, "--fault-rate".to_owned(), rate]
        });
        slow.into_iter()
            .chain(bills)
            .chain(drawn.into_iter().flatten())
            .collect()
    }
}

impl Providers {
    /// Starts both on a clock, for a mini program whose service hears them at `callbacks`.
    ///
    /// # Errors
    /// One does not start.
    pub async fn start(
        dir: &Path,
        clock: &str,
        app_id: &str,
        callbacks: SocketAddr,
        trouble: &Trouble,
    ) -> anyhow::Result<Self> {
        let mut own = trouble.flags();
        let alipay = Provider::start("alipay", dir, clock, &own).await?;
        own.extend(["--app-id".to_owned(), app_id.to_owned()]);
        let wechat_pay = Provider::start("wechat-pay", dir, clock, &own).await?;
        let v3_key = dir.join("v3.key");
        let (merchant, options) = (wechat_pay::Merchant::default(), alipay::AlipayOptions::default());
        std::fs::write(&v3_key, &merchant.api_v3_key)?;
        let notify = |code: &str| OsString::from(format!("http://{callbacks}/callbacks/{code}"));
        let (keys, their_keys) = (&wechat_pay.keys, &alipay.keys);
        let flags: [(&str, OsString); 14] = [
            ("--callback-listen", callbacks.to_string().into()),
            ("--wechat-pay-mch-id", merchant.mch_id.into()),
            ("--wechat-pay-serial", wechat_pay::MERCHANT_SERIAL.into()),
            ("--wechat-pay-key-file", keys.join("merchant.pem").into()),
            ("--wechat-pay-v3-key-file", v3_key.into()),
            ("--wechat-pay-platform-key-file", keys.join("platform.pub").into()),
            ("--wechat-pay-platform-key-id", wechat_pay::PLATFORM_KEY_ID.into()),
            ("--wechat-pay-notify-url", notify("wechat_pay")),
            ("--wechat-pay-url", wechat_pay.base_url.clone().into()),
            ("--alipay-app-id", options.app_id.into()),
            ("--alipay-seller-id", options.seller_id.into()),
            ("--alipay-key-file", their_keys.join("app.pem").into()),
            ("--alipay-public-key-file", their_keys.join("alipay.pub.pem").into()),
            ("--alipay-notify-url", notify("alipay")),
        ];
        let mut flags: Vec<OsString> = flags
            .into_iter()
            .flat_map(|(flag, value)| [flag.into(), value])
            .collect();
        flags.extend(["--alipay-url".into(), format!("{}/gateway.do", alipay.base_url).into()]);
        flags.extend(["--provider-timeout-ms".into(), trouble.timeout_ms.to_string().into()]);
        for bill_from in ["--wechat-pay-bill-from", "--alipay-bill-from"] {
            flags.extend([bill_from.into(), format!("{:02}:15", trouble.bill_hour).into()]);
        }
        Ok(Self {
            wechat_pay,
            alipay,
            callbacks,
            flags,
        })
    }

    /// What the command service is started with.
    pub fn flags(&self) -> &[OsString] {
        &self.flags
    }
}

impl Provider {
    async fn start(kind: &str, dir: &Path, clock: &str, own: &[String]) -> anyhow::Result<Self> {
        let (keys, log) = (dir.join(kind), dir.join(kind).with_extension("log"));
        std::fs::create_dir(&keys)?;
        let output = File::create(&log)?;
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "KILL", "--"])
            .arg(program::simulators())
            .args([kind, "--clock", clock, "--keys"])
            .arg(&keys)
            .args(own);
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let mut child = command.spawn().with_context(|| format!("starting {kind}"))?;
        let said = eventually("a provider that is ready", READY_LIMIT, async || {
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            let ended = !matches!(child.try_wait(), Ok(None));
            (ended || said.lines().any(|line| line == "ready")).then_some(said)
        });
        let said = said.await?;
        let Some(base_url) = said.lines().find_map(|line| line.strip_prefix("listening ")) else {
            bail!("{kind} did not start: {said}");
        };
        Ok(Self {
            steering: Steering::new(base_url)?,
            base_url: base_url.to_owned(),
            keys,
            child,
        })
    }

    /// Ends it: from then on nobody answers where it was.
    pub fn kill(&mut self) {
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.kill();
    }
}
