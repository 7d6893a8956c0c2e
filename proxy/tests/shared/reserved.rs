//! Ports for programs under test.

use std::net::{Ipv4Addr, SocketAddr};

use socket2::{Domain, Socket, Type};

/// An address of our own that nobody listens on: bound, so that nobody else gets it, and free to be listened on by the
/// program.
pub(crate) struct Reserved {
    pub(crate) address: SocketAddr,
    _holder: Socket,
}

/// Reserves an address.
pub(crate) fn reserve() -> Reserved {
    let holder = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    holder.set_reuse_address(true).expect("an option");
    holder.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).expect("a free port");
    let address = holder.local_addr().ok().and_then(|address| address.as_socket());
    Reserved { address: address.expect("its address"), _holder: holder }
}
