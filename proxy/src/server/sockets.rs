//! Listening sockets: opened by the master, kept across reloads, distributed to the workers.
//!
//! Each address has one socket per worker, all with `SO_REUSEPORT`, so that the kernel distributes new connections and
//! no two workers share an accept queue. A listening socket is never closed while its address is in use, since that
//! would reset the connections in its queue: after a reload with fewer workers, these take over the surplus sockets.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use rustix::io::Errno;
use socket2::{Domain, Protocol, SockAddr, Socket, Type};

use nginx_conf::model::{Http, Listen};

/// nginx's default for `backlog=` on Linux.
const DEFAULT_BACKLOG: i32 = 511;

/// The listening sockets of a master.
#[derive(Debug, Clone, Default)]
pub(super) struct Sockets {
    groups: Vec<AddressSockets>,
}

/// The sockets of one address.
#[derive(Debug, Clone)]
struct AddressSockets {
    address: SocketAddr,
    sockets: Vec<Arc<TcpListener>>,
}

/// A listening socket of a worker.
#[derive(Debug, Clone)]
pub(super) struct ListeningSocket {
    /// Index into [`Http::listen`].
    pub(crate) listen: usize,
    /// The socket, listening and not blocking.
    pub(crate) socket: Arc<TcpListener>,
}

/// A socket could not be opened; the message is nginx's.
#[derive(Debug, thiserror::Error)]
#[error("{call}() to {address} failed ({})", crate::log::describe(source))]
pub(super) struct SocketError {
    call: &'static str,
    address: SocketAddr,
    source: io::Error,
}

impl SocketError {
    /// Whether the address is in use, which may be temporary.
    pub(super) fn in_use(&self) -> bool {
        self.source.raw_os_error() == Some(Errno::ADDRINUSE.raw_os_error())
    }
}

impl Sockets {
    /// The sockets that `http` needs for this many workers: those that are open already, and new ones.
    ///
    /// # Errors
    ///
    /// The first address that cannot be bound.
    pub(super) fn for_configuration(&self, http: &Http, workers: usize) -> Result<Sockets, SocketError> {
        let kept = |address: &SocketAddr| self.groups.iter().find(|group| group.address == *address);
        for listen in &http.listen {
            // Our own sockets on an overlapping address (0.0.0.0:80 and 127.0.0.1:80) are no conflict.
            if !self.groups.iter().any(|group| group.address.port() == listen.address.port()) {
                bind(listen, false)?;
            }
        }
        let mut groups = Vec::new();
        for listen in &http.listen {
            let mut sockets = kept(&listen.address).map(|group| group.sockets.clone()).unwrap_or_default();
            let missing = workers.saturating_sub(sockets.len());
            let new: Result<Vec<Socket>, SocketError> =
                std::iter::repeat_with(|| bind(listen, true)).take(missing).collect();
            for socket in new? {
                let failed = |source| SocketError { call: "listen", address: listen.address, source };
                socket.listen(listen.backlog.unwrap_or(DEFAULT_BACKLOG)).map_err(failed)?;
                sockets.push(Arc::new(socket.into()));
            }
            groups.push(AddressSockets { address: listen.address, sockets });
        }
        Ok(Sockets { groups })
    }

    /// Checks for `-t` that the addresses can be bound. One that is in use is fine.
    ///
    /// # Errors
    ///
    /// The first address that cannot be bound for another reason.
    pub(super) fn probe(http: &Http) -> Result<(), SocketError> {
        let refused = http.listen.iter().find_map(|listen| bind(listen, false).err().filter(|e| !e.in_use()));
        refused.map_or(Ok(()), Err)
    }

    /// The sockets of one worker.
    pub(super) fn of_worker(&self, worker: usize, workers: usize) -> Vec<ListeningSocket> {
        let of_group = |(listen, group): (usize, &AddressSockets)| {
            let own = group.sockets.iter().skip(worker).step_by(workers.max(1));
            own.map(|socket| ListeningSocket { listen, socket: Arc::clone(socket) }).collect::<Vec<_>>()
        };
        self.groups.iter().enumerate().flat_map(of_group).collect()
    }
}

/// Binds a socket. Without `shared`, that is without `SO_REUSEPORT`, it fails if another process listens there, which
/// `SO_REUSEPORT` on both sides would hide. `SO_REUSEADDR` allows a port with connections in `TIME_WAIT`, or one that
/// is bound but not listening.
fn bind(listen: &Listen, shared: bool) -> Result<Socket, SocketError> {
    let address = listen.address;
    let failed = |call| move |source| SocketError { call, address, source };
    let socket = Socket::new(Domain::for_address(address), Type::STREAM.cloexec(), Some(Protocol::TCP))
        .map_err(failed("socket"))?;
    let options = || {
        socket.set_reuse_address(true)?;
        socket.set_reuse_port(shared)?;
        socket.set_nonblocking(true)?;
        // Connections that are accepted inherit it.
        socket.set_tcp_nodelay(true)?;
        if address.is_ipv6() { socket.set_only_v6(!listen.dual_stack) } else { Ok(()) }
    };
    options().map_err(failed("setsockopt"))?;
    socket.bind(&SockAddr::from(address)).map_err(failed("bind"))?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener, TcpStream};

    use super::*;
    use nginx_conf::model::ServerNames;

    #[test]
    fn connections_send_small_pieces_at_once() {
        let listen = Listen {
            address: (Ipv4Addr::LOCALHOST, 0).into(),
            dual_stack: false,
            backlog: None,
            tls: false,
            proxy_protocol: false,
            http2: false,
            default_server: 0,
            names: ServerNames::default(),
        };
        let socket = bind(&listen, true).unwrap();
        socket.listen(1).unwrap();
        let listener = TcpListener::from(socket);
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let accepted = std::iter::repeat_with(|| listener.accept()).find_map(Result::ok).unwrap();
        assert_eq!((accepted.0.nodelay().unwrap(), client.nodelay().unwrap()), (true, false));
    }
}
