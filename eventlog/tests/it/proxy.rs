//! A TCP proxy that loses replies.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// Passes everything on, until it is told to lose a reply: then the next answer of the server is swallowed and
/// the connection cut.
pub struct Proxy {
    pub address: SocketAddr,
    lose_next: Arc<AtomicBool>,
    hang: Arc<AtomicBool>,
    lost: Arc<AtomicUsize>,
}

impl Proxy {
    pub async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Self {
            address: listener.local_addr().unwrap(),
            lose_next: Arc::default(),
            hang: Arc::default(),
            lost: Arc::default(),
        };
        let (lose_next, hang, lost) = (proxy.lose_next.clone(), proxy.hang.clone(), proxy.lost.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (lose_next, hang, lost) = (lose_next.clone(), hang.clone(), lost.clone());
                tokio::spawn(async move {
                    if let Ok(server) = TcpStream::connect(server).await {
                        pass(client, server, &lose_next, &hang, &lost).await;
                    }
                });
            }
        });
        proxy
    }

    /// The next reply is lost, the connection cut.
    pub fn lose_next_reply(&self) {
        self.lose_next.store(true, Ordering::SeqCst);
    }

    /// The next reply never comes; the connection stays open.
    pub fn hang_next_reply(&self) {
        self.hang.store(true, Ordering::SeqCst);
    }

    pub fn lost(&self) -> usize {
        self.lost.load(Ordering::SeqCst)
    }
}

async fn pass(client: TcpStream, server: TcpStream, lose_next: &AtomicBool, hang: &AtomicBool, lost: &AtomicUsize) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let requests = tokio::io::copy(&mut from_client, &mut to_server);
    let replies = async {
        let mut buffer = vec![0; 64 << 10];
        loop {
            let Ok(length @ 1..) = from_server.read(&mut buffer).await else {
                return;
            };
            if lose_next.swap(false, Ordering::SeqCst) {
                lost.fetch_add(1, Ordering::SeqCst);
                return;
            }
            if hang.swap(false, Ordering::SeqCst) {
                lost.fetch_add(1, Ordering::SeqCst);
                std::future::pending::<()>().await;
            }
            if to_client.write_all(&buffer[..length]).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        _ = requests => {}
        () = replies => {}
    }
}
