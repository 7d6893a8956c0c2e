//! An engine with app servers of its own, kept running while configurations come and go.

use std::fs::File;
use std::io::{self, Read as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hopcheck_targets::conf::Scratch;
use hopcheck_targets::target::{Proxy, ProxyState, START_TIMEOUT, Signal, Target};
use mock_upstreams::ReservedPort;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use crate::app::{Apps, Seen};
use crate::client::{self, Received};

/// What is said of each request, with quotes between, which are escaped within. The ports tell whose it is; clients of two
/// servers may have the same.
const LOG_FORMAT: &str = "log_format differential '$server_port\"$remote_port\"$connection\"$request\"$status\"$body_bytes_sent\"$uri\"$args\"$server_protocol\"$host\"\
                          $http_host\"$http_referer\"$http_x_forwarded_for\"$upstream_status';";

/// One of the two.
#[derive(Debug)]
pub(crate) struct Engine {
    target: Box<dyn Target>,
    scratch: Scratch,
    /// Where configurations are checked: the files of what is running stay as they are.
    trial: Scratch,
    proxy: Option<Box<dyn Proxy>>,
    apps: Apps,
    /// Where clients ask, and where only this program does.
    ports: [ReservedPort; 2],
    access: Tail,
    errors: Tail,
}

/// All that one engine did with the bytes of a case.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Observation {
    pub(crate) received: Received,
    /// What the app servers saw.
    pub(crate) seen: Vec<Seen>,
    /// Lines of the access log.
    pub(crate) access: Vec<String>,
    /// Levels and first words of the error log, from `warn` on.
    pub(crate) errors: Vec<String>,
}

/// What a case sends.
#[derive(Debug)]
pub(crate) struct Sending<'a> {
    pub(crate) pieces: &'a [Vec<u8>],
    /// Which of the requests are HEAD.
    pub(crate) heads: &'a [bool],
    /// What app servers answer.
    pub(crate) reply: &'a [u8],
    /// How long silence must last to be called so.
    pub(crate) patience: Duration,
}

impl Engine {
    pub(crate) async fn new(target: Box<dyn Target>) -> io::Result<Engine> {
        let scratch = Scratch::new(target.scratch_parent())?;
        let (access, errors) = (scratch.prefix().join("access.log"), scratch.prefix().join("error.log"));
        for path in [&access, &errors] {
            File::create(path)?;
        }
        Ok(Engine {
            apps: Apps::start().await?,
            ports: [ReservedPort::any()?, ReservedPort::any()?],
            access: Tail::of(&access)?,
            errors: Tail::of(&errors)?,
            trial: Scratch::new(target.scratch_parent())?,
            target,
            scratch,
            proxy: None,
        })
    }

    /// A directory that this engine can read.
    pub(crate) fn directory(&self) -> PathBuf {
        self.target.scratch_parent().to_owned()
    }

    pub(crate) fn describe(&self) -> String {
        self.target.describe()
    }

    /// Writes a configuration with new ports, so that nobody but its own workers can answer there.
    pub(crate) fn write(&mut self, template: &str) -> io::Result<()> {
        self.ports = [ReservedPort::any()?, ReservedPort::any()?];
        let text = self.filled_in(template);
        std::fs::write(self.trial.conf(), &text)?;
        std::fs::write(self.scratch.conf(), text)
    }

    /// Checks what was written: `None` when it is accepted, else what is wrong with it.
    pub(crate) async fn refuses(&self) -> Result<Option<String>, String> {
        let verdict = self.target.test(&self.trial).await.map_err(|error| error.to_string())?;
        let line = verdict.output.lines().find(|line| line.contains("[emerg]")).unwrap_or_default();
        let said = line.split_once("[emerg] ").map_or(&*verdict.output, |(_, said)| said);
        // nginx names its process: `12#12: `.
        let number = said.split(": ").next().filter(|word| word.contains('#') && !word.contains(' '));
        let said = number.map_or(said, |number| &said[number.len() + 2..]);
        let said = self
            .generic(said)
            .replace(&self.trial.prefix().display().to_string(), "@PREFIX@")
            .replace("@PREFIX@/nginx.conf", "nginx.conf");
        Ok((!verdict.accepted).then_some(said))
    }

    /// Runs what was written.
    pub(crate) async fn run(&mut self) -> Result<(), String> {
        match &self.proxy {
            Some(proxy) => proxy.signal(Signal::Hup).await,
            None => self.target.start(&self.scratch).await.map(|proxy| self.proxy = Some(proxy)),
        }
        .map_err(|error| error.to_string())?;
        let deadline = Instant::now() + START_TIMEOUT;
        for port in &self.ports {
            while TcpStream::connect(port.address()).await.is_err() {
                if let Some(ProxyState::Ended(said)) = match &self.proxy {
                    Some(proxy) => Some(proxy.state().await),
                    None => None,
                } {
                    return Err(format!("{} ended: {said}", self.target.name()));
                }
                if Instant::now() > deadline {
                    return Err(format!("{} does not listen", self.target.name()));
                }
                sleep(Duration::from_millis(2)).await;
            }
        }
        self.settle().await?;
        self.forget();
        Ok(())
    }

    /// Sends a case's bytes and collects what came of them.
    pub(crate) async fn observe(&mut self, sending: &Sending<'_>) -> Result<Observation, String> {
        self.apps.reply_with(&self.specific(sending.reply));
        let conversation = client::converse(self.ports[0].address(), sending.pieces, sending.patience).await;
        let (port, bytes, waits) =
            conversation.map_err(|error| format!("{}: {error}", self.target.name()))?;
        self.settle().await?;
        let access = String::from_utf8_lossy(&self.access.take()).into_owned();
        let errors = String::from_utf8_lossy(&self.errors.take()).into_owned();
        let own = |line: &str| {
            let line = line.strip_prefix(&format!("{}\"{port}\"", self.ports[0].port()))?;
            let (connection, line) = line.split_once('"')?;
            let line = line.replace('|', "\\x7C").replace('"', "|");
            Some((format!("*{connection} "), self.generic(&line)))
        };
        let (connections, access): (Vec<String>, Vec<String>) = access.lines().filter_map(own).unzip();
        let bytes = self.generic_bytes(&bytes);
        // What was sent as a request may have been read as a part of the one before.
        let logged = |number: usize| access.get(number).map(|line: &String| line.starts_with("HEAD "));
        let sent = |number: usize| sending.heads.get(number).copied().unwrap_or(false);
        let received = client::parse(&bytes, waits, |number| logged(number).unwrap_or_else(|| sent(number)));
        let seen = self.apps.take().into_iter().map(|seen| Seen {
            line: self.generic_bytes(&seen.line),
            fields: seen.fields.iter().map(|field| self.generic_bytes(field)).collect(),
            ..seen
        });
        Ok(Observation {
            received,
            seen: seen.collect(),
            access,
            // Of another connection is what a worker says that has been told to end.
            errors: errors
                .lines()
                .filter(|line| connections.first().is_none_or(|connection| line.contains(connection)))
                .filter_map(|line| self.kind(line))
                .collect(),
        })
    }

    pub(crate) async fn stop(mut self) {
        if let Some(mut proxy) = self.proxy.take() {
            proxy.stop().await;
        }
    }

    /// Waits until everything begun before is over: one worker does one thing after another, and logs this last.
    async fn settle(&mut self) -> Result<(), String> {
        let ask = [b"GET / HTTP/1.0\r\n\r\n".to_vec()];
        let (port, ..) = client::converse(self.ports[1].address(), &ask, START_TIMEOUT)
            .await
            .map_err(|error| format!("{}: {error}", self.target.name()))?;
        let (deadline, line) =
            (Instant::now() + START_TIMEOUT, format!("{}\"{port}\"", self.ports[1].port()));
        while !self.access.has_line(line.as_bytes()).map_err(|error| error.to_string())? {
            if Instant::now() > deadline {
                return Err(format!("{} does not log", self.target.name()));
            }
            tokio::task::yield_now().await;
        }
        self.errors.read().map_err(|error| error.to_string())
    }

    fn forget(&mut self) {
        self.access.take();
        self.errors.take();
        self.apps.take();
    }

    fn kind(&self, line: &str) -> Option<String> {
        let (_, rest) = line.split_once('[')?;
        let (level, rest) = rest.split_once("] ")?;
        let (_, message) = rest.split_once(": ")?;
        let message = match message.strip_prefix('*') {
            Some(numbered) => numbered.split_once(' ')?.1,
            None => return None,
        };
        let message = message.split(", client: ").next().unwrap_or(message);
        matches!(level, "warn" | "error" | "crit" | "alert" | "emerg")
            .then(|| self.generic(&format!("{level}: {message}")))
    }

    /// What stands for what in templates and observations.
    fn names(&self) -> [(&'static str, String); 5] {
        let address = |address: SocketAddr| address.to_string();
        [
            ("@LISTEN@", address(self.ports[0].address())),
            ("@STATUS@", address(self.ports[1].address())),
            ("@BLUE@", address(self.apps.addresses[0])),
            ("@GREEN@", address(self.apps.addresses[1])),
            ("@PREFIX@", self.scratch.prefix().display().to_string()),
        ]
    }

    fn filled_in(&self, template: &str) -> String {
        let user =
            hopcheck_targets::scene::worker_account().map_or(String::new(), |user| format!("user {user};"));
        let status = "server { listen @STATUS@; return 200; }";
        let text = template
            .replace("@USER@", &user)
            .replace("@LOG@", &format!("{LOG_FORMAT} access_log @PREFIX@/access.log differential; {status}"));
        self.names().iter().fold(text, |text, (name, value)| text.replace(name, value))
    }

    fn specific(&self, reply: &[u8]) -> Vec<u8> {
        self.names()
            .iter()
            .fold(reply.to_vec(), |reply, (name, value)| replace(&reply, name.as_bytes(), value.as_bytes()))
    }

    fn generic(&self, text: &str) -> String {
        self.names().iter().fold(text.to_owned(), |text, (name, value)| text.replace(value, name))
    }

    fn generic_bytes(&self, bytes: &[u8]) -> Vec<u8> {
        let port = format!(":{}/", self.ports[0].port());
        // An address in a URI is named in this way, too.
        let bytes = replace(bytes, port.as_bytes(), b":@PORT@/");
        self.names()
            .iter()
            .fold(bytes.to_vec(), |bytes, (name, value)| replace(&bytes, value.as_bytes(), name.as_bytes()))
    }
}

fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::with_capacity(bytes.len()), bytes);
    while let Some(at) = rest.windows(from.len()).position(|window| window == from) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    out.extend_from_slice(rest);
    out
}

/// The end of a log.
#[derive(Debug)]
struct Tail {
    file: File,
    bytes: Vec<u8>,
}

impl Tail {
    fn of(path: &Path) -> io::Result<Tail> {
        Ok(Tail { file: File::open(path)?, bytes: Vec::new() })
    }

    fn read(&mut self) -> io::Result<()> {
        self.file.read_to_end(&mut self.bytes).map(drop)
    }

    /// Reads on, and tells whether a whole line begins so.
    fn has_line(&mut self, start: &[u8]) -> io::Result<bool> {
        self.read()?;
        let whole = self.bytes.iter().rposition(|&byte| byte == b'\n').unwrap_or(0);
        Ok(self.bytes[..whole].split(|&byte| byte == b'\n').any(|line| line.starts_with(start)))
    }

    fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }
}
