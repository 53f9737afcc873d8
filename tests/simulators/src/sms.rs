//! Tencent Cloud SMS: takes what is signed rightly, and keeps it for the test to read.
//!
//! `SendSms` <https://www.tencentcloud.com/document/product/382/40610>, the signature
//! <https://www.tencentcloud.com/document/product/1021/34193>.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use axum::{Json, Router};
use jiff::{SignedDuration, Timestamp};
use ring::digest::{SHA256, digest};
use ring::hmac;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::listener::Listener;

/// Requests whose time is further off are refused, as the provider does.
const SKEW_MAX: SignedDuration = SignedDuration::from_mins(5);

/// An account at the provider.
#[derive(Clone, Debug)]
pub struct Sms {
    shared: Arc<Shared>,
    listener: Arc<Listener>,
}

#[derive(Debug)]
struct Shared {
    secret_id: String,
    secret_key: String,
    outbox: Mutex<Outbox>,
}

#[derive(Debug, Default)]
struct Outbox {
    sent: Vec<Message>,
    refuse: Option<String>,
    /// Where messages are written to, one a line, for phones in another process.
    file: Option<File>,
}

/// A message that was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// As `+8613800138000`.
    pub phone: String,
    /// Which of the account's templates.
    pub template_id: String,
    /// What goes into the template.
    pub parameters: Vec<String>,
}

impl Message {
    /// The code in it, if it is a message with one: six digits, before anything else.
    pub fn code(&self) -> Option<&str> {
        let first = self.parameters.first()?;
        (first.len() == 6 && first.bytes().all(|byte| byte.is_ascii_digit())).then_some(first)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SendSms {
    phone_number_set: Vec<String>,
    sms_sdk_app_id: String,
    sign_name: String,
    template_id: String,
    template_param_set: Vec<String>,
}

impl Sms {
    /// Starts to listen.
    ///
    /// # Errors
    /// There is no port.
    pub async fn start(secret_id: &str, secret_key: &str) -> anyhow::Result<Self> {
        let shared = Arc::new(Shared {
            secret_id: secret_id.to_owned(),
            secret_key: secret_key.to_owned(),
            outbox: Mutex::default(),
        });
        let router = Router::new().route("/", post(send)).with_state(Arc::clone(&shared));
        let listener = Arc::new(Listener::start(router).await?);
        Ok(Self { shared, listener })
    }

    /// Writes every message to a file too, from now on.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn write_to(&self, path: &Path) -> anyhow::Result<()> {
        let file = File::create(path).with_context(|| format!("making {}", path.display()))?;
        self.shared.outbox().file = Some(file);
        Ok(())
    }

    /// Where it listens.
    pub fn base_url(&self) -> String {
        self.listener.base_url()
    }

    /// Everything that was taken, in order.
    pub fn outbox(&self) -> Vec<Message> {
        self.shared.outbox().sent.clone()
    }

    /// The newest code that came to that phone.
    pub fn code(&self, phone: &str) -> Option<String> {
        let outbox = self.shared.outbox();
        let mut newest = outbox.sent.iter().rev().filter(|message| message.phone == phone);
        newest.find_map(|message| message.code().map(str::to_owned))
    }

    /// Refuses everything with this code, such as `InternalError.Timeout`; `None` ends that.
    pub fn refuse(&self, code: Option<&str>) {
        self.shared.outbox().refuse = code.map(str::to_owned);
    }
}

impl Outbox {
    fn write(&mut self, message: &Message) -> std::io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let mut line = serde_json::to_vec(message)?;
        line.push(b'\n');
        // In one piece: whoever reads meanwhile sees no half of it.
        file.write_all(&line)
    }
}

/// The provider as a program: says `listening URL` and then `ready`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// SecretId of the account.
    #[arg(long)]
    secret_id: String,
    /// File with its SecretKey.
    #[arg(long)]
    secret_key_file: PathBuf,
    /// Where messages are written to, one JSON object a line: the phones that get them.
    #[arg(long)]
    outbox: PathBuf,
}

impl Args {
    /// Takes messages until it is asked to end.
    ///
    /// # Errors
    /// There is no port, or a file cannot be read or made.
    pub async fn run(self) -> anyhow::Result<()> {
        let path = self.secret_key_file.display().to_string();
        let key = std::fs::read_to_string(&self.secret_key_file).with_context(|| format!("reading {path}"))?;
        let sms = Sms::start(&self.secret_id, key.trim()).await?;
        sms.write_to(&self.outbox)?;
        println!("listening {}\nready", sms.base_url());
        Ok(crate::signals::stop().await?)
    }
}

impl Shared {
    fn outbox(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, headers: &HeaderMap, body: &[u8]) -> Result<String, String> {
        self.check(headers, body)?;
        let malformed = |_| "InvalidParameter".to_owned();
        let message: SendSms = serde_json::from_slice(body).map_err(malformed)?;
        let named = [&message.sms_sdk_app_id, &message.sign_name, &message.template_id];
        if named.iter().any(|text| text.is_empty()) {
            return Err("InvalidParameterValue.IncorrectSign".to_owned());
        }
        let mut outbox = self.outbox();
        if let Some(code) = &outbox.refuse {
            return Err(code.clone());
        }
        let [phone] = message.phone_number_set.as_slice() else {
            return Err("InvalidParameterValue.IncorrectPhoneNumber".to_owned());
        };
        let phone = phone.clone();
        let message = Message {
            phone: phone.clone(),
            template_id: message.template_id,
            parameters: message.template_param_set,
        };
        outbox.write(&message).map_err(|_| "InternalError.Unknown".to_owned())?;
        outbox.sent.push(message);
        Ok(phone)
    }

    fn check(&self, headers: &HeaderMap, body: &[u8]) -> Result<(), String> {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
        if (header("x-tc-action"), header("x-tc-version")) != ("SendSms", "2021-01-11") {
            return Err("InvalidAction".to_owned());
        }
        let second: i64 = header("x-tc-timestamp").parse().unwrap_or(0);
        let at = Timestamp::from_second(second).unwrap_or_default();
        if Timestamp::now().duration_since(at).abs() > SKEW_MAX {
            return Err("AuthFailure.SignatureExpire".to_owned());
        }
        let date = at.strftime("%Y-%m-%d").to_string();
        let scope = format!("{date}/sms/tc3_request");
        let canonical = format!(
            "POST\n/\n\ncontent-type:{}\nhost:{}\n\ncontent-type;host\n{}",
            header("content-type"),
            header("host"),
            sha256(body)
        );
        let to_sign = format!("TC3-HMAC-SHA256\n{second}\n{scope}\n{}", sha256(canonical.as_bytes()));
        let key = ["sms", "tc3_request", to_sign.as_str()]
            .iter()
            .fold(mac(format!("TC3{}", self.secret_key).as_bytes(), &date), |key, text| {
                mac(&key, text)
            });
        let expected = format!(
            "TC3-HMAC-SHA256 Credential={}/{scope}, SignedHeaders=content-type;host, Signature={}",
            self.secret_id,
            hex(&key)
        );
        match header("authorization") == expected {
            true => Ok(()),
            false => Err("AuthFailure.SignatureFailure".to_owned()),
        }
    }
}

async fn send(State(sms): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Json<Value> {
    Json(match sms.take(&headers, &body) {
        Ok(phone) => json!({ "Response": {
            "SendStatusSet": [{
                "SerialNo": "simulated", "PhoneNumber": phone, "Fee": 1, "SessionContext": "",
                "Code": "Ok", "Message": "send success", "IsoCode": "CN",
            }],
            "RequestId": "simulated",
        } }),
        Err(code) => {
            json!({ "Response": { "Error": { "Code": code, "Message": "simulated" }, "RequestId": "simulated" } })
        }
    })
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
}

fn sha256(bytes: &[u8]) -> String {
    hex(digest(&SHA256, bytes).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
