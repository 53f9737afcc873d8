//! The configuration: flags, then the environment, then a TOML file, then defaults.
//!
//! One struct is all three: a field is the flag `--data-dir`, the variable `BAIZE_DATA_DIR` and the key `data_dir` in
//! the file. A key that is not here is refused, with its line.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use baize_domain::ids::HallId;
use baize_eventlog::Clock;
use baize_projections::codes;
use serde::Deserialize;

/// Where the services listen, so that clients and documents can name it.
const COMMAND_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 7401);
const CALLBACK_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 7403);
const QUERY_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 7402);
const WEB_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 7480);
const DATA_DIR: &str = ".baize";
const DRAIN_SECONDS: u64 = 10;
const PROVIDER_TIMEOUT_MS: u64 = 8_000;
const ANSWERS_KEPT_DAYS: u32 = 7;

/// What was set, and where nothing was set, nothing.
#[derive(Clone, Debug, Default, PartialEq, clap::Args, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[command(next_help_heading = "Configuration (also keys of the file)")]
pub struct Settings {
    /// Directory of the private Postgres and nats-server [default: ./.baize]
    #[arg(long, env = "BAIZE_DATA_DIR", value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Directory of the keys that sign and vouch for tokens [default: keys in the data directory]
    #[arg(long, env = "BAIZE_KEYS_DIR", value_name = "DIR")]
    pub keys_dir: Option<PathBuf>,
    /// Database, as postgres://user:password@host:port/database [default: a private Postgres in the data directory]
    #[arg(long, env = "BAIZE_DATABASE_URL", value_name = "URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// nats-server 2.14 or later with JetStream, as nats://user:password@host:port [default: a private one in the data directory]
    #[arg(long, env = "BAIZE_NATS_URL", value_name = "URL", hide_env_values = true)]
    pub nats_url: Option<String>,
    /// MQTT broker of the devices, as mqtt://user:password@host:port [default: the private nats-server's MQTT listener]
    #[arg(long, env = "BAIZE_MQTT_URL", value_name = "URL", hide_env_values = true)]
    pub mqtt_url: Option<String>,
    /// Directory where the device bridge keeps what is desired and what it has to report, for when the centre is away [default: bridge in the data
    /// directory]
    #[arg(long, env = "BAIZE_BRIDGE_DIR", value_name = "DIR")]
    pub bridge_dir: Option<PathBuf>,
    /// File that holds the password of the user in mqtt_url, as `baize devices provision` writes it [default: the password in mqtt_url]
    #[arg(long, env = "BAIZE_MQTT_PASSWORD_FILE", value_name = "FILE")]
    pub mqtt_password_file: Option<PathBuf>,
    /// PEM file of authorities that vouch for an mqtts:// broker [default: those the system trusts]
    #[arg(long, env = "BAIZE_MQTT_AUTHORITIES", value_name = "FILE")]
    pub mqtt_authorities: Option<PathBuf>,
    /// Ed25519 key (PEM) that signs tree heads; its public half is enough to check them [default: seal-key.pem in the data directory, made on
    /// first use by `serve all`]
    #[arg(long, env = "BAIZE_SEAL_KEY", value_name = "FILE")]
    pub seal_key: Option<PathBuf>,
    /// Directory that gets a copy of every tree head; best on storage that the operators cannot change [default: no copies]
    #[arg(long, env = "BAIZE_SEAL_COPIES", value_name = "DIR")]
    pub seal_copies: Option<PathBuf>,
    /// File of the keys of personal data [default: personal.keys in the data directory, made on first use by `serve all`; a command service
    /// of its own lets nobody in without it]
    #[arg(long, env = "BAIZE_PERSONAL_KEYS", value_name = "FILE")]
    pub personal_keys: Option<PathBuf>,
    /// AppID of the WeChat mini program [default: nobody logs in with WeChat]
    #[arg(long, env = "BAIZE_WECHAT_APP_ID", value_name = "ID")]
    pub wechat_app_id: Option<String>,
    /// File with the mini program's AppSecret [default: none; needed with wechat_app_id]
    #[arg(long, env = "BAIZE_WECHAT_SECRET_FILE", value_name = "FILE")]
    pub wechat_secret_file: Option<PathBuf>,
    /// WeChat's servers [default: https://api.weixin.qq.com]
    #[arg(long, env = "BAIZE_WECHAT_URL", value_name = "URL")]
    pub wechat_url: Option<String>,
    /// File that says which messages go to customers through WeChat and SMS [default: none are sent]
    #[arg(long, env = "BAIZE_MESSAGES_FILE", value_name = "FILE")]
    pub messages_file: Option<PathBuf>,
    /// Application at Tencent Cloud SMS [default: no codes are sent to phones]
    #[arg(long, env = "BAIZE_SMS_APP_ID", value_name = "ID")]
    pub sms_app_id: Option<String>,
    /// SecretId of the API key for Tencent Cloud SMS [default: none; needed with sms_app_id]
    #[arg(long, env = "BAIZE_SMS_SECRET_ID", value_name = "ID")]
    pub sms_secret_id: Option<String>,
    /// File with the SecretKey of that API key [default: none; needed with sms_app_id]
    #[arg(long, env = "BAIZE_SMS_SECRET_KEY_FILE", value_name = "FILE")]
    pub sms_secret_key_file: Option<PathBuf>,
    /// Approved signature of the messages [default: none; needed with sms_app_id]
    #[arg(long, env = "BAIZE_SMS_SIGN_NAME", value_name = "TEXT")]
    pub sms_sign_name: Option<String>,
    /// Approved template of codes: its parameters are the code and the minutes it is good for [default: none; needed with sms_app_id]
    #[arg(long, env = "BAIZE_SMS_TEMPLATE_ID", value_name = "ID")]
    pub sms_template_id: Option<String>,
    /// Region of Tencent Cloud SMS [default: ap-guangzhou]
    #[arg(long, env = "BAIZE_SMS_REGION", value_name = "REGION")]
    pub sms_region: Option<String>,
    /// Tencent Cloud SMS [default: https://sms.tencentcloudapi.com]
    #[arg(long, env = "BAIZE_SMS_URL", value_name = "URL")]
    pub sms_url: Option<String>,
    /// Application at Alipay [default: nobody pays with Alipay]
    #[arg(long, env = "BAIZE_ALIPAY_APP_ID", value_name = "ID")]
    pub alipay_app_id: Option<String>,
    /// The merchant's account at Alipay, 2088… [default: none; needed with alipay_app_id]
    #[arg(long, env = "BAIZE_ALIPAY_SELLER_ID", value_name = "ID")]
    pub alipay_seller_id: Option<String>,
    /// File with the application's private key, PEM or base64 [default: none; needed with alipay_app_id]
    #[arg(long, env = "BAIZE_ALIPAY_KEY_FILE", value_name = "FILE")]
    pub alipay_key_file: Option<PathBuf>,
    /// File with Alipay's public key, PEM or base64 [default: none; needed with alipay_app_id, unless that has a certificate]
    #[arg(long, env = "BAIZE_ALIPAY_PUBLIC_KEY_FILE", value_name = "FILE")]
    pub alipay_public_key_file: Option<PathBuf>,
    /// File with the application's certificate, appCertPublicKey_….crt [default: none; instead of alipay_public_key_file]
    #[arg(long, env = "BAIZE_ALIPAY_APP_CERTIFICATE_FILE", value_name = "FILE")]
    pub alipay_app_certificate_file: Option<PathBuf>,
    /// File with Alipay's certificate, alipayCertPublicKey_RSA2.crt [default: none; needed with alipay_app_certificate_file]
    #[arg(long, env = "BAIZE_ALIPAY_CERTIFICATE_FILE", value_name = "FILE")]
    pub alipay_certificate_file: Option<PathBuf>,
    /// File with Alipay's roots, alipayRootCert.crt [default: none; needed with alipay_app_certificate_file]
    #[arg(long, env = "BAIZE_ALIPAY_ROOT_CERTIFICATE_FILE", value_name = "FILE")]
    pub alipay_root_certificate_file: Option<PathBuf>,
    /// Where Alipay reaches callback_listen from outside, https://…/callbacks/alipay [default: none; needed with alipay_app_id]
    #[arg(long, env = "BAIZE_ALIPAY_NOTIFY_URL", value_name = "URL")]
    pub alipay_notify_url: Option<String>,
    /// Alipay's gateway [default: https://openapi.alipay.com/gateway.do]
    #[arg(long, env = "BAIZE_ALIPAY_URL", value_name = "URL")]
    pub alipay_url: Option<String>,
    /// From when on WeChat Pay's bill of the day before is reconciled, HH:MM in Beijing [default: 10:15]
    #[arg(long, env = "BAIZE_WECHAT_PAY_BILL_FROM", value_name = "TIME")]
    pub wechat_pay_bill_from: Option<String>,
    /// What WeChat Pay keeps of each payment, a share of 1 [default: 0.006]
    #[arg(long, env = "BAIZE_WECHAT_PAY_FEE_RATE", value_name = "RATE")]
    pub wechat_pay_fee_rate: Option<String>,
    /// From when on Alipay's bill of the day before is reconciled, HH:MM in Beijing [default: 09:30]
    #[arg(long, env = "BAIZE_ALIPAY_BILL_FROM", value_name = "TIME")]
    pub alipay_bill_from: Option<String>,
    /// What Alipay keeps of each payment, a share of 1 [default: 0.006]
    #[arg(long, env = "BAIZE_ALIPAY_FEE_RATE", value_name = "RATE")]
    pub alipay_fee_rate: Option<String>,
    /// Merchant at WeChat Pay, 8 to 10 digits; pays in the mini program of wechat_app_id [default: nobody pays with WeChat Pay]
    #[arg(long, env = "BAIZE_WECHAT_PAY_MCH_ID", value_name = "ID")]
    pub wechat_pay_mch_id: Option<String>,
    /// Serial number of the merchant's certificate, hexadecimal [default: none; needed with wechat_pay_mch_id]
    #[arg(long, env = "BAIZE_WECHAT_PAY_SERIAL", value_name = "SERIAL")]
    pub wechat_pay_serial: Option<String>,
    /// File with the merchant's private key, apiclient_key.pem [default: none; needed with wechat_pay_mch_id]
    #[arg(long, env = "BAIZE_WECHAT_PAY_KEY_FILE", value_name = "FILE")]
    pub wechat_pay_key_file: Option<PathBuf>,
    /// File with the API v3 key, 32 characters [default: none; needed with wechat_pay_mch_id]
    #[arg(long, env = "BAIZE_WECHAT_PAY_V3_KEY_FILE", value_name = "FILE")]
    pub wechat_pay_v3_key_file: Option<PathBuf>,
    /// File with WeChat Pay's certificate or public key, PEM [default: none; needed with wechat_pay_mch_id]
    #[arg(long, env = "BAIZE_WECHAT_PAY_PLATFORM_KEY_FILE", value_name = "FILE")]
    pub wechat_pay_platform_key_file: Option<PathBuf>,
    /// Id of that public key, PUB_KEY_ID_… [default: none; needed if the file holds a public key]
    #[arg(long, env = "BAIZE_WECHAT_PAY_PLATFORM_KEY_ID", value_name = "ID")]
    pub wechat_pay_platform_key_id: Option<String>,
    /// Where WeChat Pay reaches callback_listen from outside, https://…/callbacks/wechat_pay [default: none; needed with wechat_pay_mch_id]
    #[arg(long, env = "BAIZE_WECHAT_PAY_NOTIFY_URL", value_name = "URL")]
    pub wechat_pay_notify_url: Option<String>,
    /// WeChat Pay's servers [default: https://api.mch.weixin.qq.com, and api2 when that fails]
    #[arg(long, env = "BAIZE_WECHAT_PAY_URL", value_name = "URL")]
    pub wechat_pay_url: Option<String>,
    /// How long a provider of payments may take to answer one request, 100 to 15000 ms; then it is repeated or asked about [default: 8000]
    #[arg(long, env = "BAIZE_PROVIDER_TIMEOUT_MS", value_name = "MS")]
    pub provider_timeout_ms: Option<u64>,
    /// File that says who gets which report by mail [default: none are sent]; with it smtp_url and mail_from
    #[arg(long, env = "BAIZE_REPORTS_FILE", value_name = "FILE")]
    pub reports_file: Option<PathBuf>,
    /// Mail server, as smtps://user:password@host, smtp://user:password@host?tls=required for STARTTLS, or smtp://host:port [default: none]
    #[arg(long, env = "BAIZE_SMTP_URL", value_name = "URL", hide_env_values = true)]
    pub smtp_url: Option<String>,
    /// Who mail is from, as "Baize <reports@example.com>" [default: none]
    #[arg(long, env = "BAIZE_MAIL_FROM", value_name = "ADDRESS")]
    pub mail_from: Option<String>,
    /// Address where providers of payments notify [default: 127.0.0.1:7403]; listened on if a provider is set up
    #[arg(long, env = "BAIZE_CALLBACK_LISTEN", value_name = "IP:PORT")]
    pub callback_listen: Option<SocketAddr>,
    /// Address of the gRPC command service [default: 127.0.0.1:7401]
    #[arg(long, env = "BAIZE_COMMAND_LISTEN", value_name = "IP:PORT")]
    pub command_listen: Option<SocketAddr>,
    /// Address of the gRPC query service [default: 127.0.0.1:7402]
    #[arg(long, env = "BAIZE_QUERY_LISTEN", value_name = "IP:PORT")]
    pub query_listen: Option<SocketAddr>,
    /// Address of the web page [default: 127.0.0.1:7480]
    #[arg(long, env = "BAIZE_WEB_LISTEN", value_name = "IP:PORT")]
    pub web_listen: Option<SocketAddr>,
    /// Command service that a device bridge of its own reports to [default: http://127.0.0.1:7401]
    #[arg(long, env = "BAIZE_COMMAND_URL", value_name = "URL")]
    pub command_url: Option<String>,
    /// Query service that `qr` asks [default: http://127.0.0.1:7402]
    #[arg(long, env = "BAIZE_QUERY_URL", value_name = "URL")]
    pub query_url: Option<String>,
    /// Beginning of the address in tables' codes, which the token follows: a link that opens the mini program, such as
    /// https://play.example.com/t/ [default: baize://table/]
    #[arg(long, env = "BAIZE_CODE_BASE", value_name = "ADDRESS")]
    pub code_base: Option<String>,
    /// File that holds the token of a device bridge of its own, renewed by whoever made it [default: tokens signed with keys_dir]
    #[arg(long, env = "BAIZE_DEVICE_TOKEN", value_name = "FILE")]
    pub device_token: Option<PathBuf>,
    /// Name of a device bridge's part of the halls; only one bridge of a name may run [default: all]
    #[arg(long, env = "BAIZE_SHARD", value_name = "NAME")]
    pub shard: Option<String>,
    /// Halls that a device bridge serves, as UUIDs; bridges of different shards must serve different halls [default: all halls]
    #[arg(long, env = "BAIZE_HALLS", value_name = "UUID", value_delimiter = ',')]
    pub halls: Option<Vec<HallId>>,
    /// Whether the services describe themselves by gRPC reflection [default: true]
    #[arg(long, env = "BAIZE_REFLECTION", value_name = "BOOL")]
    pub reflection: Option<bool>,
    /// How long running work may take to end when the program is asked to stop [default: 10]
    #[arg(long, env = "BAIZE_DRAIN_SECONDS", value_name = "SECONDS")]
    pub drain_seconds: Option<u64>,
    /// Days for which the answer to a request is kept, so that its repetition gets the same, 1 to 3650 [default: 7]
    #[arg(long, env = "BAIZE_ANSWERS_KEPT_DAYS", value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3_650))]
    pub answers_kept_days: Option<u32>,
    /// Clock of the rules: `real`, or `speed,virtual origin,unix ms of the real origin` for demonstrations [default: real]
    #[arg(long, env = "BAIZE_CLOCK", value_name = "CLOCK")]
    pub clock: Option<String>,
    /// What is logged, such as `info` or `warn,baize_command_api=debug` [default: info]
    #[arg(long, env = "BAIZE_LOG", value_name = "FILTER")]
    pub log: Option<String>,
    /// How the log on stderr looks [default: text]
    #[arg(long, env = "BAIZE_LOG_FORMAT", value_enum, value_name = "FORMAT")]
    pub log_format: Option<LogFormat>,
}

/// How the log looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl Settings {
    /// These settings, and where they are silent, those of the file.
    ///
    /// # Errors
    /// The file cannot be read, or has a key or value that is not understood.
    pub fn with_file(self, file: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = file else { return Ok(self) };
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the configuration {}", path.display()))?;
        let below: Self =
            toml::from_str(&text).with_context(|| format!("the configuration {} is refused", path.display()))?;
        Ok(self.or(below))
    }

    pub(crate) fn or(self, below: Self) -> Self {
        Self {
            data_dir: self.data_dir.or(below.data_dir),
            keys_dir: self.keys_dir.or(below.keys_dir),
            database_url: self.database_url.or(below.database_url),
            nats_url: self.nats_url.or(below.nats_url),
            mqtt_url: self.mqtt_url.or(below.mqtt_url),
            bridge_dir: self.bridge_dir.or(below.bridge_dir),
            mqtt_password_file: self.mqtt_password_file.or(below.mqtt_password_file),
            mqtt_authorities: self.mqtt_authorities.or(below.mqtt_authorities),
            seal_key: self.seal_key.or(below.seal_key),
            seal_copies: self.seal_copies.or(below.seal_copies),
            personal_keys: self.personal_keys.or(below.personal_keys),
            wechat_app_id: self.wechat_app_id.or(below.wechat_app_id),
            wechat_secret_file: self.wechat_secret_file.or(below.wechat_secret_file),
            wechat_url: self.wechat_url.or(below.wechat_url),
            messages_file: self.messages_file.or(below.messages_file),
            sms_app_id: self.sms_app_id.or(below.sms_app_id),
            sms_secret_id: self.sms_secret_id.or(below.sms_secret_id),
            sms_secret_key_file: self.sms_secret_key_file.or(below.sms_secret_key_file),
            sms_sign_name: self.sms_sign_name.or(below.sms_sign_name),
            sms_template_id: self.sms_template_id.or(below.sms_template_id),
            sms_region: self.sms_region.or(below.sms_region),
            sms_url: self.sms_url.or(below.sms_url),
            alipay_app_id: self.alipay_app_id.or(below.alipay_app_id),
            alipay_seller_id: self.alipay_seller_id.or(below.alipay_seller_id),
            alipay_key_file: self.alipay_key_file.or(below.alipay_key_file),
            alipay_public_key_file: self.alipay_public_key_file.or(below.alipay_public_key_file),
            alipay_app_certificate_file: self.alipay_app_certificate_file.or(below.alipay_app_certificate_file),
            alipay_certificate_file: self.alipay_certificate_file.or(below.alipay_certificate_file),
            alipay_root_certificate_file: self.alipay_root_certificate_file.or(below.alipay_root_certificate_file),
            alipay_notify_url: self.alipay_notify_url.or(below.alipay_notify_url),
            alipay_url: self.alipay_url.or(below.alipay_url),
            wechat_pay_bill_from: self.wechat_pay_bill_from.or(below.wechat_pay_bill_from),
            wechat_pay_fee_rate: self.wechat_pay_fee_rate.or(below.wechat_pay_fee_rate),
            alipay_bill_from: self.alipay_bill_from.or(below.alipay_bill_from),
            alipay_fee_rate: self.alipay_fee_rate.or(below.alipay_fee_rate),
            wechat_pay_mch_id: self.wechat_pay_mch_id.or(below.wechat_pay_mch_id),
            wechat_pay_serial: self.wechat_pay_serial.or(below.wechat_pay_serial),
            wechat_pay_key_file: self.wechat_pay_key_file.or(below.wechat_pay_key_file),
            wechat_pay_v3_key_file: self.wechat_pay_v3_key_file.or(below.wechat_pay_v3_key_file),
            wechat_pay_platform_key_file: self.wechat_pay_platform_key_file.or(below.wechat_pay_platform_key_file),
            wechat_pay_platform_key_id: self.wechat_pay_platform_key_id.or(below.wechat_pay_platform_key_id),
            wechat_pay_notify_url: self.wechat_pay_notify_url.or(below.wechat_pay_notify_url),
            wechat_pay_url: self.wechat_pay_url.or(below.wechat_pay_url),
            provider_timeout_ms: self.provider_timeout_ms.or(below.provider_timeout_ms),
            reports_file: self.reports_file.or(below.reports_file),
            smtp_url: self.smtp_url.or(below.smtp_url),
            mail_from: self.mail_from.or(below.mail_from),
            callback_listen: self.callback_listen.or(below.callback_listen),
            command_listen: self.command_listen.or(below.command_listen),
            query_listen: self.query_listen.or(below.query_listen),
            web_listen: self.web_listen.or(below.web_listen),
            command_url: self.command_url.or(below.command_url),
            query_url: self.query_url.or(below.query_url),
            code_base: self.code_base.or(below.code_base),
            device_token: self.device_token.or(below.device_token),
            shard: self.shard.or(below.shard),
            halls: self.halls.or(below.halls),
            reflection: self.reflection.or(below.reflection),
            drain_seconds: self.drain_seconds.or(below.drain_seconds),
            answers_kept_days: self.answers_kept_days.or(below.answers_kept_days),
            clock: self.clock.or(below.clock),
            log: self.log.or(below.log),
            log_format: self.log_format.or(below.log_format),
        }
    }

    /// Refuses what makes no sense, before anything is started.
    ///
    /// # Errors
    /// The first thing that makes none.
    pub fn check(&self) -> anyhow::Result<()> {
        self.clock().context("clock")?;
        if let Some(days) = self.answers_kept_days.filter(|days| !(1..=3_650).contains(days)) {
            anyhow::bail!("answers_kept_days is {days}, not 1 to 3650");
        }
        if let Some(ms) = self.provider_timeout_ms.filter(|ms| !(100..=15_000).contains(ms)) {
            anyhow::bail!("provider_timeout_ms is {ms}, not 100 to 15000");
        }
        if let Err(problem) = codes::check_base(self.code_base()) {
            anyhow::bail!("code_base {problem}");
        }
        Ok(())
    }

    /// The data directory.
    pub fn data_dir(&self) -> PathBuf {
        self.data_dir.clone().unwrap_or_else(|| DATA_DIR.into())
    }

    /// Where the device bridge keeps what it needs while the centre is away.
    pub fn bridge_dir(&self) -> PathBuf {
        self.bridge_dir
            .clone()
            .unwrap_or_else(|| self.data_dir().join("bridge"))
    }

    /// The directory of the keys.
    pub fn keys_dir(&self) -> PathBuf {
        self.keys_dir.clone().unwrap_or_else(|| self.data_dir().join("keys"))
    }

    /// How long a provider of payments may take to answer one request.
    pub fn provider_timeout(&self) -> Duration {
        Duration::from_millis(self.provider_timeout_ms.unwrap_or(PROVIDER_TIMEOUT_MS))
    }

    /// Where providers of payments notify.
    pub fn callback_listen(&self) -> SocketAddr {
        self.callback_listen.unwrap_or(CALLBACK_LISTEN)
    }

    /// Address of the command service.
    pub fn command_listen(&self) -> SocketAddr {
        self.command_listen.unwrap_or(COMMAND_LISTEN)
    }

    /// Address of the query service.
    pub fn query_listen(&self) -> SocketAddr {
        self.query_listen.unwrap_or(QUERY_LISTEN)
    }

    /// Address of the web page.
    pub fn web_listen(&self) -> SocketAddr {
        self.web_listen.unwrap_or(WEB_LISTEN)
    }

    /// Where a bridge of its own finds the command service.
    pub fn command_url(&self) -> String {
        self.command_url
            .clone()
            .unwrap_or_else(|| format!("http://{COMMAND_LISTEN}"))
    }

    /// Where `qr` finds the query service.
    pub fn query_url(&self) -> String {
        self.query_url
            .clone()
            .unwrap_or_else(|| format!("http://{QUERY_LISTEN}"))
    }

    /// Beginning of the address in codes.
    pub fn code_base(&self) -> &str {
        self.code_base.as_deref().unwrap_or(codes::BASE_DEFAULT)
    }

    /// Whether reflection is on.
    pub fn reflection(&self) -> bool {
        self.reflection.unwrap_or(true)
    }

    /// How long stopping may take.
    pub fn drain(&self) -> Duration {
        Duration::from_secs(self.drain_seconds.unwrap_or(DRAIN_SECONDS))
    }

    /// How long the answer to a request is kept.
    pub fn answers_kept(&self) -> Duration {
        Duration::from_secs(u64::from(self.answers_kept_days.unwrap_or(ANSWERS_KEPT_DAYS)) * 24 * 3_600)
    }

    /// The clock of the rules.
    ///
    /// # Errors
    /// The specification is none.
    pub fn clock(&self) -> anyhow::Result<Clock> {
        Ok(Clock::from_spec(self.clock.as_deref().unwrap_or_default())?)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Program {
        #[command(flatten)]
        settings: Settings,
    }

    fn file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    #[test]
    fn a_flag_wins_over_the_file_and_the_file_over_the_default() {
        let file = file("command_listen = \"127.0.0.1:1\"\nquery_listen = \"127.0.0.1:2\"\n");
        let program = Program::try_parse_from(["baize", "--command-listen", "127.0.0.1:9"]).unwrap();
        let settings = program.settings.with_file(Some(file.path())).unwrap();
        assert_eq!(settings.command_listen().port(), 9);
        assert_eq!(settings.query_listen().port(), 2);
        assert_eq!(settings.web_listen(), WEB_LISTEN);
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line_and_its_name() {
        let file = file("reflection = false\ncomand_listen = \"127.0.0.1:1\"\n");
        let error = format!("{:#}", Settings::default().with_file(Some(file.path())).unwrap_err());
        assert!(error.contains("line 2") && error.contains("comand_listen"), "{error}");
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_refused_with_its_line() {
        let file = file("\ndrain_seconds = \"soon\"\n");
        let error = format!("{:#}", Settings::default().with_file(Some(file.path())).unwrap_err());
        assert!(error.contains("line 2") && error.contains("drain_seconds"), "{error}");
    }

    /// Were a field forgotten in `or`, its key in the file would be read and ignored.
    #[test]
    fn every_key_of_the_file_counts() {
        let text = r#"
            data_dir = "/d"
            keys_dir = "/k"
            database_url = "postgres://x"
            nats_url = "nats://x"
            mqtt_url = "mqtt://x"
            bridge_dir = "/b"
            mqtt_password_file = "/mqtt"
            mqtt_authorities = "/ca.pem"
            seal_key = "/s.pem"
            seal_copies = "/s"
            personal_keys = "x"
            wechat_app_id = "x"
            wechat_secret_file = "x"
            wechat_url = "x"
            messages_file = "x"
            sms_app_id = "x"
            sms_secret_id = "x"
            sms_secret_key_file = "x"
            sms_sign_name = "x"
            sms_template_id = "x"
            sms_region = "x"
            sms_url = "x"
            alipay_app_id = "x"
            alipay_seller_id = "x"
            alipay_key_file = "x"
            alipay_public_key_file = "x"
            alipay_app_certificate_file = "x"
            alipay_certificate_file = "x"
            alipay_root_certificate_file = "x"
            alipay_notify_url = "x"
            alipay_url = "x"
            wechat_pay_bill_from = "x"
            wechat_pay_fee_rate = "x"
            alipay_bill_from = "x"
            alipay_fee_rate = "x"
            wechat_pay_mch_id = "x"
            wechat_pay_serial = "x"
            wechat_pay_key_file = "x"
            wechat_pay_v3_key_file = "x"
            wechat_pay_platform_key_file = "x"
            wechat_pay_platform_key_id = "x"
            wechat_pay_notify_url = "x"
            wechat_pay_url = "x"
            provider_timeout_ms = 500
            reports_file = "/r"
            smtp_url = "smtp://x"
            mail_from = "a@example.com"
            callback_listen = "127.0.0.1:4"
            command_listen = "127.0.0.1:1"
            query_listen = "127.0.0.1:2"
            web_listen = "127.0.0.1:3"
            command_url = "http://x"
            query_url = "http://x"
            code_base = "https://x/"
            device_token = "/t"
            shard = "east"
            halls = ["019358a0-0000-7000-8000-000000000001"]
            reflection = false
            drain_seconds = 1
            answers_kept_days = 30
            clock = "real"
            log = "debug"
            log_format = "json"
        "#;
        let all: Settings = toml::from_str(text).unwrap();
        let Settings {
            data_dir: Some(_),
            keys_dir: Some(_),
            database_url: Some(_),
            nats_url: Some(_),
            mqtt_url: Some(_),
            bridge_dir: Some(_),
            mqtt_password_file: Some(_),
            mqtt_authorities: Some(_),
            seal_key: Some(_),
            seal_copies: Some(_),
            personal_keys: Some(_),
            wechat_app_id: Some(_),
            wechat_secret_file: Some(_),
            wechat_url: Some(_),
            messages_file: Some(_),
            sms_app_id: Some(_),
            sms_secret_id: Some(_),
            sms_secret_key_file: Some(_),
            sms_sign_name: Some(_),
            sms_template_id: Some(_),
            sms_region: Some(_),
            sms_url: Some(_),
            alipay_app_id: Some(_),
            alipay_seller_id: Some(_),
            alipay_key_file: Some(_),
            alipay_public_key_file: Some(_),
            alipay_app_certificate_file: Some(_),
            alipay_certificate_file: Some(_),
            alipay_root_certificate_file: Some(_),
            alipay_notify_url: Some(_),
            alipay_url: Some(_),
            wechat_pay_bill_from: Some(_),
            wechat_pay_fee_rate: Some(_),
            alipay_bill_from: Some(_),
            alipay_fee_rate: Some(_),
            wechat_pay_mch_id: Some(_),
            wechat_pay_serial: Some(_),
            wechat_pay_key_file: Some(_),
            wechat_pay_v3_key_file: Some(_),
            wechat_pay_platform_key_file: Some(_),
            wechat_pay_platform_key_id: Some(_),
            wechat_pay_notify_url: Some(_),
            wechat_pay_url: Some(_),
            provider_timeout_ms: Some(_),
            reports_file: Some(_),
            smtp_url: Some(_),
            mail_from: Some(_),
            callback_listen: Some(_),
            command_listen: Some(_),
            query_listen: Some(_),
            web_listen: Some(_),
            command_url: Some(_),
            query_url: Some(_),
            code_base: Some(_),
            device_token: Some(_),
            shard: Some(_),
            halls: Some(_),
            reflection: Some(_),
            drain_seconds: Some(_),
            answers_kept_days: Some(_),
            clock: Some(_),
            log: Some(_),
            log_format: Some(_),
        } = all.clone()
        else {
            panic!("a key is missing in this test: {all:?}");
        };
        assert_eq!(Settings::default().or(all.clone()), all);
    }
}
