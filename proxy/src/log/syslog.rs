//! `syslog:`: each line is a message of its own (RFC 3164), sent and forgotten.

use std::io::{self, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::unix::net::UnixDatagram;
use std::sync::{Arc, Mutex, PoisonError};

use nginx_conf::model::{Syslog, SyslogServer};

/// The longest message of an error log: `NGX_SYSLOG_MAX_STR`.
const MAX_ERROR_LENGTH: usize = 2048 + "<255>Jan 01 00:00:00 ".len() + 255 + 1 + 32 + 2;

/// Sends messages to one server. Its socket is opened for the first of them, and anew after a failure.
#[derive(Debug)]
pub(super) struct SyslogSender {
    syslog: Arc<Syslog>,
    host: String,
    socket: Mutex<Option<Socket>>,
}

#[derive(Debug)]
enum Socket {
    Udp(UdpSocket),
    Unix(UnixDatagram),
}

impl SyslogSender {
    /// For what `access_log` or `error_log` names.
    pub(super) fn new(syslog: &Arc<Syslog>) -> SyslogSender {
        let host = rustix::system::uname().nodename().to_string_lossy().to_ascii_lowercase();
        SyslogSender { syslog: Arc::clone(syslog), host, socket: Mutex::default() }
    }

    /// Sends a line of an access log, without its end. Does not wait.
    pub(super) fn access(&self, time: &str, line: &[u8]) -> io::Result<()> {
        self.send(&self.message(time, self.syslog.severity, line))
    }

    /// The same of an error log, with its severity.
    pub(super) fn error(&self, time: &str, severity: u8, line: &[u8]) -> io::Result<()> {
        let mut message = self.message(time, severity, line);
        message.truncate(MAX_ERROR_LENGTH);
        self.send(&message)
    }

    fn message(&self, time: &str, severity: u8, line: &[u8]) -> Vec<u8> {
        let Syslog { facility, tag, hostname, .. } = &*self.syslog;
        let mut message = Vec::with_capacity(line.len() + 64);
        let priority = u32::from(*facility) * 8 + u32::from(severity);
        let (host, blank) = if *hostname { (self.host.as_str(), " ") } else { ("", "") };
        // Writing to memory cannot fail.
        let _ = write!(message, "<{priority}>{time} {host}{blank}{tag}: ");
        message.extend_from_slice(line.strip_suffix(b"\n").unwrap_or(line));
        message
    }

    fn send(&self, message: &[u8]) -> io::Result<()> {
        let mut socket = self.socket.lock().unwrap_or_else(PoisonError::into_inner);
        let open = match &*socket {
            Some(open) => open,
            None => socket.insert(Socket::open(&self.syslog.server)?),
        };
        let sent = open.send(message);
        if sent.is_err() {
            *socket = None;
        }
        sent.map(drop)
    }
}

impl Socket {
    fn open(server: &SyslogServer) -> io::Result<Socket> {
        match server {
            SyslogServer::Address(address) => {
                let any: SocketAddr = match address {
                    SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
                    SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
                };
                let socket = UdpSocket::bind(any)?;
                socket.connect(address)?;
                socket.set_nonblocking(true)?;
                Ok(Socket::Udp(socket))
            }
            SyslogServer::Socket(path) => {
                let socket = UnixDatagram::unbound()?;
                socket.connect(path)?;
                socket.set_nonblocking(true)?;
                Ok(Socket::Unix(socket))
            }
        }
    }

    fn send(&self, message: &[u8]) -> io::Result<usize> {
        match self {
            Socket::Udp(socket) => socket.send(message),
            Socket::Unix(socket) => socket.send(message),
        }
    }
}
