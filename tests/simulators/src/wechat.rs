//! WeChat's servers, as far as a mini program's server sees them: codes that are good once and for five minutes, the documented
//! error codes, access tokens that are checked, and messages that their readers allowed one by one.
//!
//! `code2Session` <https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/user-login/code2Session.html>, `getStableAccessToken`
//! <https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/mp-access-token/getStableAccessToken.html>, `getPhoneNumber`
//! <https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/user-info/phone-number/getPhoneNumber.html>, `sendMessage`
//! <https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/mp-message-management/subscribe-message/sendMessage.html>.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;
use uuid::Uuid;

use crate::listener::Listener;

/// How long a code is good.
const CODE_LIFETIME: Duration = Duration::from_secs(300);
/// Exchanges of one person's codes in a minute; more are answered 45011.
const EXCHANGES_PER_MINUTE: usize = 100;

const BUSY: i64 = -1;
const INVALID_TOKEN: i64 = 40_001;
const INVALID_APP_ID: i64 = 40_013;
const INVALID_CODE: i64 = 40_029;
const INVALID_SECRET: i64 = 40_125;
const CODE_USED: i64 = 40_163;
const BLOCKED: i64 = 40_226;
const TOO_OFTEN: i64 = 45_011;
const INVALID_TEMPLATE: i64 = 40_037;
const NOT_ALLOWED: i64 = 43_101;
const INVALID_DATA: i64 = 47_003;

/// A WeChat of one mini program.
#[derive(Clone, Debug)]
pub struct Wechat {
    shared: Arc<Shared>,
    listener: Arc<Listener>,
}

#[derive(Debug)]
struct Shared {
    app_id: String,
    app_secret: String,
    state: Mutex<WechatState>,
}

#[derive(Debug, Default)]
struct WechatState {
    logins: HashMap<String, Code>,
    phones: HashMap<String, Code>,
    blocked: Vec<String>,
    exchanges: HashMap<String, VecDeque<Instant>>,
    token: Option<String>,
    templates: HashMap<String, BTreeSet<String>>,
    /// How often somebody still allows a template, by openid and template.
    allowed: HashMap<(String, String), u32>,
    messages: Vec<Message>,
    /// Messages that are taken and not answered.
    silent: u32,
    busy: u32,
    calls: u32,
}

/// A message that was delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// To whom.
    pub openid: String,
    /// From which template.
    pub template_id: String,
    /// What went into it, by its keys.
    pub data: BTreeMap<String, String>,
}

#[derive(Debug)]
struct Code {
    /// The openid or the phone number.
    of: String,
    good_until: Instant,
    used: bool,
}

impl Wechat {
    /// Starts to listen.
    ///
    /// # Errors
    /// There is no port.
    pub async fn start(app_id: &str, app_secret: &str) -> anyhow::Result<Self> {
        let shared = Arc::new(Shared {
            app_id: app_id.to_owned(),
            app_secret: app_secret.to_owned(),
            state: Mutex::default(),
        });
        let router = Router::new()
            .route("/sns/jscode2session", get(code_to_session))
            .route("/cgi-bin/stable_token", post(stable_token))
            .route("/wxa/business/getuserphonenumber", post(phone_number))
            .route("/cgi-bin/message/subscribe/send", post(subscribe_send))
            .with_state(Arc::clone(&shared));
        let listener = Arc::new(Listener::start(router).await?);
        Ok(Self { shared, listener })
    }

    /// Where it listens.
    pub fn base_url(&self) -> String {
        self.listener.base_url()
    }

    /// What `wx.login` gives the phone of this person.
    pub fn login(&self, openid: &str) -> String {
        let code = Uuid::new_v4().simple().to_string();
        self.shared.state().logins.insert(code.clone(), Code::new(openid));
        code
    }

    /// What the getPhoneNumber button gives on a phone with this number.
    pub fn phone(&self, number: &str) -> String {
        let code = Uuid::new_v4().simple().to_string();
        self.shared.state().phones.insert(code.clone(), Code::new(number));
        code
    }

    /// Five minutes pass for all codes.
    pub fn expire_codes(&self) {
        let mut state = self.shared.state();
        let WechatState { logins, phones, .. } = &mut *state;
        for code in logins.values_mut().chain(phones.values_mut()) {
            code.good_until = Instant::now();
        }
    }

    /// Access tokens given so far are good no more.
    pub fn revoke_token(&self) {
        self.shared.state().token = None;
    }

    /// The mini program has a template with these keys.
    pub fn template(&self, template_id: &str, keys: &[&str]) {
        let keys = keys.iter().map(|key| (*key).to_owned()).collect();
        self.shared.state().templates.insert(template_id.to_owned(), keys);
    }

    /// Somebody accepts a template in `wx.requestSubscribeMessage`: one message more.
    pub fn accept(&self, openid: &str, template_id: &str) {
        let key = (openid.to_owned(), template_id.to_owned());
        *self.shared.state().allowed.entry(key).or_default() += 1;
    }

    /// Everything that was delivered, in order.
    pub fn messages(&self) -> Vec<Message> {
        self.shared.state().messages.clone()
    }

    /// Delivers so many messages without saying so: the connection ends instead.
    pub fn be_silent(&self, messages: u32) {
        self.shared.state().silent = messages;
    }

    /// Bars a person.
    pub fn block(&self, openid: &str) {
        self.shared.state().blocked.push(openid.to_owned());
    }

    /// Answers so many calls with "busy".
    pub fn be_busy(&self, calls: u32) {
        self.shared.state().busy = calls;
    }

    /// Calls so far.
    pub fn calls(&self) -> u32 {
        self.shared.state().calls
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, WechatState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_app(&self, app_id: &str, secret: &str) -> Result<(), i64> {
        match (app_id == self.app_id, secret == self.app_secret) {
            (false, _) => Err(INVALID_APP_ID),
            (true, false) => Err(INVALID_SECRET),
            (true, true) => Ok(()),
        }
    }
}

impl Code {
    fn new(of: &str) -> Self {
        Self {
            of: of.to_owned(),
            good_until: Instant::now() + CODE_LIFETIME,
            used: false,
        }
    }

    /// Uses the code up.
    fn take(code: Option<&mut Self>) -> Result<String, i64> {
        let code = code.ok_or(INVALID_CODE)?;
        if code.used {
            return Err(CODE_USED);
        }
        if Instant::now() >= code.good_until {
            return Err(INVALID_CODE);
        }
        code.used = true;
        Ok(code.of.clone())
    }
}

impl WechatState {
    fn called(&mut self) -> Result<(), i64> {
        self.calls += 1;
        if self.busy > 0 {
            self.busy -= 1;
            return Err(BUSY);
        }
        Ok(())
    }

    fn exchange(&mut self, code: &str) -> Result<String, i64> {
        if let Some(code) = self.logins.get(code) {
            let recent = self.exchanges.entry(code.of.clone()).or_default();
            let minute = Duration::from_secs(60);
            recent.retain(|at| at.elapsed() < minute);
            if recent.len() >= EXCHANGES_PER_MINUTE {
                return Err(TOO_OFTEN);
            }
            recent.push_back(Instant::now());
        }
        let openid = Code::take(self.logins.get_mut(code))?;
        if self.blocked.contains(&openid) {
            return Err(BLOCKED);
        }
        Ok(openid)
    }
}

#[derive(Deserialize)]
struct CodeToSession {
    appid: String,
    secret: String,
    js_code: String,
    grant_type: String,
}

async fn code_to_session(State(wechat): State<Arc<Shared>>, Query(asked): Query<CodeToSession>) -> Json<Value> {
    let exchange = || {
        let mut state = wechat.state();
        state.called()?;
        wechat.is_app(&asked.appid, &asked.secret)?;
        if asked.grant_type != "authorization_code" {
            return Err(40_002);
        }
        state.exchange(&asked.js_code)
    };
    Json(match exchange() {
        Ok(openid) => json!({ "openid": openid, "session_key": "tiihtNczf5v6AKRyjwEUhQ==" }),
        Err(errcode) => refused(errcode),
    })
}

#[derive(Deserialize)]
struct StableToken {
    grant_type: String,
    appid: String,
    secret: String,
}

async fn stable_token(State(wechat): State<Arc<Shared>>, Json(asked): Json<StableToken>) -> Json<Value> {
    let issue = || {
        let mut state = wechat.state();
        state.called()?;
        wechat.is_app(&asked.appid, &asked.secret)?;
        if asked.grant_type != "client_credential" {
            return Err(40_002);
        }
        let token = state.token.get_or_insert_with(|| Uuid::new_v4().simple().to_string());
        Ok(token.clone())
    };
    Json(match issue() {
        Ok(token) => json!({ "access_token": token, "expires_in": 7_200 }),
        Err(errcode) => refused(errcode),
    })
}

#[derive(Deserialize)]
struct WithToken {
    access_token: String,
}

#[derive(Deserialize)]
struct PhoneNumber {
    code: String,
}

async fn phone_number(
    State(wechat): State<Arc<Shared>>,
    Query(WithToken { access_token }): Query<WithToken>,
    Json(PhoneNumber { code }): Json<PhoneNumber>,
) -> Json<Value> {
    let tell = || {
        let mut state = wechat.state();
        state.called()?;
        if state.token.as_ref() != Some(&access_token) {
            return Err(INVALID_TOKEN);
        }
        Code::take(state.phones.get_mut(&code))
    };
    Json(match tell() {
        Ok(number) => json!({
            "errcode": 0,
            "errmsg": "ok",
            "phone_info": {
                "phoneNumber": number,
                "purePhoneNumber": number,
                "countryCode": "86",
                "watermark": { "timestamp": 1_637_744_274, "appid": wechat.app_id },
            },
        }),
        Err(errcode) => refused(errcode),
    })
}

#[derive(Deserialize)]
struct Subscribed {
    touser: String,
    template_id: String,
    miniprogram_state: String,
    lang: String,
    data: BTreeMap<String, Filled>,
}

#[derive(Deserialize)]
struct Filled {
    value: String,
}

impl WechatState {
    fn send(&mut self, asked: Subscribed) -> Result<(), i64> {
        let Subscribed {
            touser,
            template_id,
            miniprogram_state,
            lang,
            data,
        } = asked;
        let keys = self.templates.get(&template_id).ok_or(INVALID_TEMPLATE)?;
        let known = ["formal", "trial", "developer"].contains(&miniprogram_state.as_str()) && lang == "zh_CN";
        let fits = |(key, filled): (&String, &Filled)| {
            let chars = filled.value.chars().count();
            keys.contains(key) && (1..=if key.starts_with("thing") { 20 } else { 32 }).contains(&chars)
        };
        if !known || data.len() != keys.len() || !data.iter().all(fits) {
            return Err(INVALID_DATA);
        }
        let allowed = self.allowed.get_mut(&(touser.clone(), template_id.clone()));
        let allowed = allowed.filter(|allowed| **allowed > 0).ok_or(NOT_ALLOWED)?;
        *allowed -= 1;
        self.messages.push(Message {
            openid: touser,
            template_id,
            data: data.into_iter().map(|(key, filled)| (key, filled.value)).collect(),
        });
        Ok(())
    }

    fn is_silent(&mut self) -> bool {
        let silent = self.silent > 0;
        self.silent = self.silent.saturating_sub(1);
        silent
    }
}

async fn subscribe_send(
    State(wechat): State<Arc<Shared>>,
    Query(WithToken { access_token }): Query<WithToken>,
    Json(asked): Json<Subscribed>,
) -> Response {
    let send = || {
        let mut state = wechat.state();
        state.called()?;
        if state.token.as_ref() != Some(&access_token) {
            return Err(INVALID_TOKEN);
        }
        state.send(asked)
    };
    match send() {
        Ok(()) if wechat.state().is_silent() => {
            let broken = futures::stream::once(async { Err::<Bytes, _>(std::io::Error::other("the reply is lost")) });
            Body::from_stream(broken).into_response()
        }
        Ok(()) => Json(json!({ "errcode": 0, "errmsg": "ok" })).into_response(),
        Err(errcode) => Json(refused(errcode)).into_response(),
    }
}

fn refused(errcode: i64) -> Value {
    json!({ "errcode": errcode, "errmsg": "simulated" })
}
