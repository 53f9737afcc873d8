//! A real browser: Chromium, driven over its DevTools protocol.
//!
//! The protocol (<https://chromedevtools.github.io/devtools-protocol/>) is JSON over a pair of pipes, `--remote-debugging-pipe`: messages end with a
//! NUL, requests come in on descriptor 3, answers go out on 4. A shell puts its own input and output there. The few methods that are
//! needed here are called by name; `docs/adr/0012-browser-over-pipes.md` tells why there is no more than this.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use base64::Engine as _;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::{Mutex as Turn, oneshot};

use crate::eventually::eventually;

/// The names that distributions give it.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
/// The browser starts slowly on a busy machine.
const ANSWER_LIMIT: Duration = Duration::from_secs(60);

/// A browser of one test, with a profile of its own.
#[derive(Debug)]
pub struct Browser {
    wire: Arc<Wire>,
    _child: Child,
    _profile: tempfile::TempDir,
}

/// A page of it.
#[derive(Debug)]
pub struct Page {
    wire: Arc<Wire>,
    session_id: String,
}

type Answers = HashMap<u64, oneshot::Sender<Value>>;

#[derive(Debug)]
struct Wire {
    input: Turn<ChildStdin>,
    next: AtomicU64,
    waiting: Mutex<Answers>,
    /// What scripts have thrown, in any page.
    faults: Mutex<Vec<String>>,
}

impl Browser {
    /// Starts Chromium: the one that `BAIZE_CHROMIUM` names, else that on the path.
    ///
    /// # Errors
    /// There is none, or it does not start.
    pub fn launch() -> anyhow::Result<Self> {
        let program = program()?;
        let profile = tempfile::tempdir()?;
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "KILL", "--", "sh", "-c"])
            .arg(r#"exec "$0" "$@" 3<&0 4>&1 0</dev/null 1>/dev/null"#)
            .arg(&program)
            .args([
                "--headless=new",
                "--remote-debugging-pipe",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--no-first-run",
                "--hide-scrollbars",
                "--force-color-profile=srgb",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank");
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.kill_on_drop(true).spawn().context("starting Chromium")?;
        let input = child.stdin.take().context("a pipe to Chromium")?;
        let output = child.stdout.take().context("a pipe from Chromium")?;
        let wire = Arc::new(Wire {
            input: Turn::new(input),
            next: AtomicU64::new(1),
            waiting: Mutex::default(),
            faults: Mutex::default(),
        });
        let heard = Arc::clone(&wire);
        tokio::spawn(async move {
            let mut output = BufReader::new(output);
            let mut message = Vec::new();
            while matches!(output.read_until(0, &mut message).await, Ok(read) if read > 0) {
                heard.hear(message.strip_suffix(&[0]).unwrap_or(&message));
                message.clear();
            }
            // Whoever still waits is told by the end of their channel.
            heard.waiting().clear();
        });
        Ok(Self {
            wire,
            _child: child,
            _profile: profile,
        })
    }

    /// Opens an address in a window of that size.
    ///
    /// # Errors
    /// The browser ended.
    pub async fn open(&self, url: &str, width: u32, height: u32) -> anyhow::Result<Page> {
        let target = self
            .wire
            .call(None, "Target.createTarget", json!({ "url": "about:blank" }))
            .await?;
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = self.wire.call(None, "Target.attachToTarget", attach).await?;
        let session_id = attached["sessionId"].as_str().context("a session")?.to_owned();
        let page = Page {
            wire: Arc::clone(&self.wire),
            session_id,
        };
        page.call("Page.enable", json!({})).await?;
        page.call("Runtime.enable", json!({})).await?;
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        page.call("Emulation.setDeviceMetricsOverride", size).await?;
        page.go(url).await?;
        Ok(page)
    }
}

impl Page {
    /// Goes to another address.
    ///
    /// # Errors
    /// It cannot be reached.
    pub async fn go(&self, url: &str) -> anyhow::Result<()> {
        let went = self.call("Page.navigate", json!({ "url": url })).await?;
        let error = went["errorText"].as_str().unwrap_or_default();
        ensure!(error.is_empty(), "{url}: {error}");
        self.until("the page", "document.readyState === 'complete'").await
    }

    /// What an expression is worth in the page.
    ///
    /// # Errors
    /// It throws.
    pub async fn value(&self, expression: &str) -> anyhow::Result<Value> {
        let asked = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let answer = self.call("Runtime.evaluate", asked).await?;
        if let Some(thrown) = answer.get("exceptionDetails") {
            bail!("{expression}: {thrown}");
        }
        Ok(answer["result"]["value"].clone())
    }

    /// Waits until an expression is true.
    ///
    /// # Errors
    /// It never is; with what the page says instead.
    pub async fn until(&self, what: &str, expression: &str) -> anyhow::Result<()> {
        let found = eventually(what, ANSWER_LIMIT, async || {
            let value = self.value(expression).await.ok()?;
            (value == Value::Bool(true)).then_some(())
        });
        match found.await {
            Ok(()) => Ok(()),
            Err(late) => bail!(
                "{late}; the page says: {}",
                self.value("document.body.innerText").await?
            ),
        }
    }

    /// Lets the page believe a wish of its reader, such as `prefers-reduced-motion: reduce`.
    ///
    /// # Errors
    /// The browser ended.
    pub async fn prefer(&self, name: &str, value: &str) -> anyhow::Result<()> {
        let features = json!({ "features": [{ "name": name, "value": value }] });
        self.call("Emulation.setEmulatedMedia", features).await.map(drop)
    }

    /// Keeps a picture of what is seen.
    ///
    /// # Errors
    /// It cannot be written.
    pub async fn picture(&self, file: &Path) -> anyhow::Result<()> {
        let taken = self.call("Page.captureScreenshot", json!({ "format": "png" })).await?;
        let data = taken["data"].as_str().context("a picture")?;
        if let Some(dir) = file.parent() {
            std::fs::create_dir_all(dir)?;
        }
        std::fs::write(file, base64::engine::general_purpose::STANDARD.decode(data)?)?;
        Ok(())
    }

    /// What the page's scripts have thrown so far, in any page of the browser.
    pub fn faults(&self) -> Vec<String> {
        self.wire.faults.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn call(&self, method: &str, params: Value) -> anyhow::Result<Value> {
        self.wire.call(Some(&self.session_id), method, params).await
    }
}

impl Wire {
    async fn call(&self, session_id: Option<&str>, method: &str, params: Value) -> anyhow::Result<Value> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let mut request = json!({ "id": id, "method": method, "params": params });
        if let Some(session_id) = session_id {
            request["sessionId"] = json!(session_id);
        }
        let (sender, answer) = oneshot::channel();
        self.waiting().insert(id, sender);
        let mut message = request.to_string().into_bytes();
        message.push(0);
        self.input
            .lock()
            .await
            .write_all(&message)
            .await
            .context("Chromium has ended")?;
        let answer = tokio::time::timeout(ANSWER_LIMIT, answer).await;
        let answer = answer.with_context(|| format!("{method}: no answer"))?;
        let answer = answer.context("Chromium has ended")?;
        match answer.get("error") {
            Some(error) => bail!("{method}: {error}"),
            None => Ok(answer["result"].clone()),
        }
    }

    fn hear(&self, message: &[u8]) {
        let Ok(message) = serde_json::from_slice::<Value>(message) else {
            return;
        };
        if message["method"] == "Runtime.exceptionThrown" {
            let fault = message["params"]["exceptionDetails"].to_string();
            self.faults.lock().unwrap_or_else(PoisonError::into_inner).push(fault);
        }
        if let Some(waiting) = message["id"].as_u64().and_then(|id| self.waiting().remove(&id)) {
            // Whoever waited may have given up.
            let _gone = waiting.send(message);
        }
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Answers> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn program() -> anyhow::Result<PathBuf> {
    if let Some(named) = std::env::var_os("BAIZE_CHROMIUM") {
        return Ok(PathBuf::from(named));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut candidates = std::env::split_paths(&path).flat_map(|dir| NAMES.map(|name| dir.join(name)));
    let found = candidates.find(|file| file.is_file());
    found.context("there is no Chromium on this machine: `./justw setup` installs it, or BAIZE_CHROMIUM names one")
}
