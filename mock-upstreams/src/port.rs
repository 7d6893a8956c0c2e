use std::io;
use std::net::SocketAddr;

use socket2::{Domain, Protocol, Socket, Type};

/// The backlog of connections to be accepted.
const BACKLOG: i32 = 1024;

/// A TCP port that stays reserved while nobody listens on it.
///
/// It is a socket bound with `SO_REUSEADDR` that never listens. While it is held, the kernel does not hand out the port as
/// a free one; connections to it are refused at once; and a program that binds the address with `SO_REUSEADDR`, as nginx does,
/// may listen on it.
///
/// ```
/// use std::net::TcpStream;
/// use mock_upstreams::ReservedPort;
///
/// let port = ReservedPort::any()?;
/// assert!(TcpStream::connect(port.address()).is_err());
/// let listener = port.listen()?;
/// assert!(TcpStream::connect(port.address()).is_ok());
/// drop(listener);
/// assert!(TcpStream::connect(port.address()).is_err());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct ReservedPort {
    address: SocketAddr,
    _holder: Socket,
}

impl ReservedPort {
    /// Reserves `address`; port 0 takes any free port.
    ///
    /// # Errors
    /// When the address is not ours or somebody listens there already.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let holder = reusable(address)?;
        let address =
            holder.local_addr()?.as_socket().ok_or_else(|| io::Error::other("not an internet address"))?;
        Ok(Self { address, _holder: holder })
    }

    /// Reserves a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When there is none.
    pub fn any() -> io::Result<Self> {
        Self::bind(SocketAddr::from(([127, 0, 0, 1], 0)))
    }

    /// The address, its port never 0.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The port, never 0.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Starts to listen on the reserved address, non-blocking.
    ///
    /// # Errors
    /// When somebody listens there already.
    pub fn listen(&self) -> io::Result<std::net::TcpListener> {
        let socket = reusable(self.address)?;
        socket.listen(BACKLOG)?;
        socket.set_nonblocking(true)?;
        Ok(socket.into())
    }
}

/// A socket bound to `address`, and willing to share it with sockets that do not listen.
fn reusable(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}
