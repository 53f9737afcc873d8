//! A mail server that takes mail and keeps it: RFC 5321 as far as one client needs it, without TLS, on loopback.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

/// Lines and mails are no longer than that.
const BYTES_MAX: usize = 16 << 20;

/// A mail as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// To whom, as the envelope says.
    pub to: Vec<String>,
    /// Headers and body.
    pub message: Vec<u8>,
}

/// How the server answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    /// Takes everything.
    #[default]
    Good,
    /// Takes nothing now: 451 to each mail.
    Busy,
    /// Takes a mail and hangs up before it says so.
    HangsUp,
}

/// A mail server. Dropping it ends it.
#[derive(Debug)]
pub struct MailServer {
    port: u16,
    shared: Arc<Shared>,
    _server: AbortOnDropHandle<()>,
}

#[derive(Debug, Default)]
struct Shared {
    mood: Mutex<Mood>,
    received: watch::Sender<Vec<Received>>,
    /// Mails that it did not take.
    refused: watch::Sender<usize>,
}

impl MailServer {
    /// Starts it on a free port.
    ///
    /// # Errors
    /// There is none.
    pub async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("a port")?;
        let port = listener.local_addr()?.port();
        let shared = Arc::new(Shared::default());
        let serving = Arc::clone(&shared);
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&serving);
                tokio::spawn(async move { shared.serve(stream).await });
            }
        });
        Ok(Self {
            port,
            shared,
            _server: AbortOnDropHandle::new(server),
        })
    }

    /// Its address for clients.
    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// From now on.
    pub fn set(&self, mood: Mood) {
        *self.shared.mood.lock().unwrap_or_else(PoisonError::into_inner) = mood;
    }

    /// All mails that it took, now and whenever there is another.
    pub fn received(&self) -> watch::Receiver<Vec<Received>> {
        self.shared.received.subscribe()
    }

    /// How many mails it did not take, now and whenever it is one more.
    pub fn refused(&self) -> watch::Receiver<usize> {
        self.shared.refused.subscribe()
    }
}

impl Shared {
    async fn serve(&self, stream: TcpStream) -> Option<()> {
        let mut stream = BufReader::new(stream);
        say(&mut stream, "220 baize").await?;
        let mut to = Vec::new();
        loop {
            let line = line(&mut stream).await?;
            let text = String::from_utf8_lossy(&line).trim().to_owned();
            let verb = text.split([' ', ':']).next().unwrap_or_default().to_uppercase();
            match verb.as_str() {
                "EHLO" => say(&mut stream, "250-baize\r\n250 8BITMIME").await?,
                "RCPT" => {
                    let address = text.split(['<', '>']).nth(1).unwrap_or_default();
                    to.push(address.to_owned());
                    say(&mut stream, "250 OK").await?;
                }
                "DATA" => self.data(&mut stream, std::mem::take(&mut to)).await?,
                "QUIT" => {
                    say(&mut stream, "221 bye").await?;
                    return None;
                }
                "MAIL" | "NOOP" | "RSET" => say(&mut stream, "250 OK").await?,
                _ => say(&mut stream, "502 unknown").await?,
            }
        }
    }

    async fn data(&self, stream: &mut BufReader<TcpStream>, to: Vec<String>) -> Option<()> {
        say(stream, "354 go on").await?;
        let mut message = Vec::new();
        loop {
            let line = line(stream).await?;
            match line.as_slice() {
                b".\r\n" => break,
                [b'.', rest @ ..] => message.extend_from_slice(rest),
                line => message.extend_from_slice(line),
            }
            if message.len() > BYTES_MAX {
                return None;
            }
        }
        let mood = *self.mood.lock().unwrap_or_else(PoisonError::into_inner);
        if mood == Mood::Busy {
            say(stream, "451 later").await?;
            self.refused.send_modify(|refused| *refused += 1);
            return Some(());
        }
        self.received.send_modify(|all| all.push(Received { to, message }));
        match mood {
            Mood::HangsUp => None,
            Mood::Good | Mood::Busy => say(stream, "250 taken").await,
        }
    }
}

async fn line(stream: &mut BufReader<TcpStream>) -> Option<Vec<u8>> {
    let mut line = Vec::new();
    let read = stream.read_until(b'\n', &mut line).await.ok()?;
    (read > 0 && line.len() <= BYTES_MAX).then_some(line)
}

async fn say(stream: &mut BufReader<TcpStream>, text: &str) -> Option<()> {
    stream.get_mut().write_all(format!("{text}\r\n").as_bytes()).await.ok()
}
