//! App servers that write down what came, byte for byte, and answer what a case tells them to.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Two app servers behind one engine, which share what they know.
#[derive(Debug)]
pub(crate) struct Apps {
    pub(crate) addresses: [SocketAddr; 2],
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug, Default)]
struct Shared {
    seen: Vec<Seen>,
    reply: Vec<u8>,
}

/// A request as it reached an app server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Which of the two.
    pub(crate) server: usize,
    /// The request line without its version.
    pub(crate) line: Vec<u8>,
    /// Field lines, as they came, in their order.
    pub(crate) fields: Vec<Vec<u8>>,
    /// What the chunks or the length delimited.
    pub(crate) body: Vec<u8>,
    /// Whether all of it came.
    pub(crate) complete: bool,
}

impl Seen {
    /// The values of a field.
    pub(crate) fn values(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        self.fields.iter().filter_map(move |line| {
            let colon = line.iter().position(|&byte| byte == b':')?;
            let (found, value) = line.split_at(colon);
            found.eq_ignore_ascii_case(name.as_bytes()).then(|| value[1..].trim_ascii())
        })
    }
}

impl Apps {
    pub(crate) async fn start() -> io::Result<Apps> {
        let shared = Arc::new(Mutex::new(Shared::default()));
        let mut addresses = [SocketAddr::from(([127, 0, 0, 1], 0)); 2];
        for (server, address) in addresses.iter_mut().enumerate() {
            let listener = TcpListener::bind(*address).await?;
            *address = listener.local_addr()?;
            let shared = Arc::clone(&shared);
            tokio::spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(serve(server, stream, Arc::clone(&shared)));
                }
            });
        }
        Ok(Apps { addresses, shared })
    }

    /// What is answered from now on.
    pub(crate) fn reply_with(&self, reply: &[u8]) {
        lock(&self.shared).reply = reply.to_vec();
    }

    /// What came since this was last asked.
    pub(crate) fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut lock(&self.shared).seen)
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(server: usize, stream: TcpStream, shared: Arc<Mutex<Shared>>) {
    let mut wire = Wire { stream, bytes: Vec::new() };
    while let Some(head) = wire.head().await {
        let mut lines =
            head.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        let line = lines.next().unwrap_or_default();
        let version = line.iter().rposition(|&byte| byte == b' ').unwrap_or(line.len());
        let fields = lines.filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect();
        let mut seen =
            Seen { server, line: line[..version].to_vec(), fields, body: Vec::new(), complete: false };
        seen.complete = wire.body(&mut seen).await.is_some();
        let head = line.starts_with(b"HEAD ");
        let last = line.ends_with(b"/1.0")
            || seen.values("connection").any(|value| value.eq_ignore_ascii_case(b"close"))
            || !seen.complete;
        let reply = {
            let mut shared = lock(&shared);
            shared.seen.push(seen);
            shared.reply.clone()
        };
        let end = reply.windows(4).position(|four| four == b"\r\n\r\n").map_or(reply.len(), |at| at + 4);
        let reply = if head { &reply[..end] } else { &reply[..] };
        if wire.stream.write_all(reply).await.is_err() || last {
            return;
        }
    }
}

struct Wire {
    stream: TcpStream,
    bytes: Vec<u8>,
}

impl Wire {
    async fn more(&mut self) -> Option<()> {
        matches!(self.stream.read_buf(&mut self.bytes).await, Ok(1..)).then_some(())
    }

    async fn head(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(at) = self.bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                return Some(self.bytes.drain(..at + 4).collect());
            }
            self.more().await?;
        }
    }

    /// Reads a body into `seen`; `None` where it breaks off.
    async fn body(&mut self, seen: &mut Seen) -> Option<()> {
        if seen.values("transfer-encoding").next().is_some() {
            loop {
                let line = self.line().await?;
                let size = usize::from_str_radix(std::str::from_utf8(&line).ok()?.trim(), 16).ok()?;
                self.take(size, &mut seen.body).await?;
                self.line().await?;
                if size == 0 {
                    return Some(());
                }
            }
        }
        let length = seen.values("content-length").next().map(<[u8]>::to_vec);
        let length = length.and_then(|length| std::str::from_utf8(&length).ok()?.parse().ok());
        self.take(length.unwrap_or(0), &mut seen.body).await
    }

    async fn take(&mut self, mut size: usize, into: &mut Vec<u8>) -> Option<()> {
        loop {
            let count = size.min(self.bytes.len());
            into.extend(self.bytes.drain(..count));
            size -= count;
            if size == 0 {
                return Some(());
            }
            self.more().await?;
        }
    }

    async fn line(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(at) = self.bytes.iter().position(|&byte| byte == b'\n') {
                return Some(self.bytes.drain(..=at).collect());
            }
            self.more().await?;
        }
    }
}
