//! Which server clients come to by a name and a port.

use crate::{Server, Site};

/// The servers that answer at `address` (`shop.example.com:443`, `*:80`), or all that clients come to where none is named.
pub(super) fn asked<'a>(site: &'a Site, address: Option<&str>) -> Vec<&'a Server> {
    let reachable = || site.servers.iter().filter(|server| server.unreachable.is_none());
    let Some(address) = address else { return reachable().collect() };
    let (name, port) = address.split_once(':').unwrap_or((address, "80"));
    let listens = |server: &&Server| server.listen.iter().any(|listen| listen.port() == port);
    let is_called = |server: &&Server| match name {
        "*" => server.name().is_none(),
        name => {
            server.names.iter().any(|one| one == name) || server.names_to_ask().iter().any(|one| one == name)
        }
    };
    let is_default =
        |server: &&Server| server.listen.iter().any(|listen| listen.port() == port && listen.default);
    let named: Vec<&Server> = reachable().filter(listens).filter(is_called).collect();
    if !named.is_empty() {
        return named;
    }
    // Who has no such name is answered by the default server, or the first.
    let default = reachable().filter(listens).find(is_default);
    default.or_else(|| reachable().find(listens)).into_iter().collect()
}
