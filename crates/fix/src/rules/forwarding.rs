//! What nginx hands down to app servers only where it is told to.

use super::headers;
use crate::conf::{Conf, Entry, Id};
use crate::edit::Edit;
use crate::fault::Fault;
use crate::proposal::Proposal;

/// The handshake of a WebSocket: `Upgrade` and `Connection` are for one hop, and HTTP/1.0 has none (RFC 9110 §7.8).
pub(super) fn upgrade(fault: &Fault<'_>) -> Vec<Proposal> {
    if !fault.mentions("Upgrade") {
        return Vec::new();
    }
    let of_place = |place: Id| {
        let connection = connection_variable(fault).unwrap_or_else(|| "\"upgrade\"".to_owned());
        let make = |edit: &mut Edit| {
            version(edit, fault, place);
            let is_handed_down = |name: &str, is_right: &dyn Fn(&str) -> bool| {
                let set = fault.conf.in_force(place, "proxy_set_header").into_iter();
                let found =
                    set.map(|id| fault.conf.get(id)).find(|one| one.arg(0).eq_ignore_ascii_case(name));
                found.is_some_and(|one| is_right(one.arg(1)))
            };
            let mut fields = Vec::new();
            if !is_handed_down("Upgrade", &|value| value.contains("$http_upgrade")) {
                fields.push(("Upgrade", "$http_upgrade"));
            }
            let keeps = |value: &str| value.contains('$') || value.eq_ignore_ascii_case("upgrade");
            if !is_handed_down("Connection", &keeps) {
                fields.push(("Connection", connection.as_str()));
            }
            headers::set(edit, fault, place, "proxy_set_header", &fields);
        };
        let block = fault.conf.get(place).head();
        Proposal::new(format!("hand the handshake of a WebSocket down in `{block}`"), Edit::made(make))
    };
    fault.proxied().map(of_place).collect()
}

/// `$http_upgrade` hands down whatever a client names, `h2c` too: a tunnel past every location (RFC 9113 §3.1).
pub(super) fn other_protocols(fault: &Fault<'_>) -> Vec<Proposal> {
    let Some(server) = fault.server.filter(|_| fault.mentions("h2c")) else { return Vec::new() };
    let of_place = |place: Id| {
        let set = fault.conf.in_force(place, "proxy_set_header").into_iter().map(|id| fault.conf.get(id));
        let mut upgrades = set.filter(|entry| entry.arg(0).eq_ignore_ascii_case("upgrade"));
        let entry = upgrades.find(|entry| entry.arg(1) == "$http_upgrade")?;
        let known = map_of_websockets(fault.conf, server);
        let map = "map $http_upgrade $websocket {\n\tdefault '';\n\twebsocket websocket;\n}".to_owned();
        let make = Edit::made(|edit| {
            if known.is_none() {
                edit.insert_before(fault.files, fault.conf.get(server), &[map]);
            }
            edit.set_arg(entry, 1, known.unwrap_or("$websocket"));
        });
        Some(Proposal::new("hand `Upgrade` down for WebSockets alone", make))
    };
    fault.proxied().filter_map(of_place).collect()
}

/// The variable that is `websocket` where a client asks for that, and empty otherwise, if there is one beside a server.
fn map_of_websockets(conf: &Conf, server: Id) -> Option<&str> {
    let mut maps = conf.inner(conf.get(server).parent).into_iter().map(|id| conf.get(id));
    let is_it = |map: &&Entry| {
        let values = map.inner.iter().map(|id| conf.get(*id));
        let others = values.filter(|value| !(value.is("default") && value.arg(0).is_empty()));
        map.is("map")
            && map.arg(0) == "$http_upgrade"
            && others.map(|value| value.is("websocket") && value.arg(0) == "websocket").eq([true])
    };
    maps.find(is_it).map(|map| map.arg(1))
}

/// Has app servers asked by HTTP/1.1.
fn version(edit: &mut Edit, fault: &Fault<'_>, place: Id) {
    let written = fault.conf.in_force(place, "proxy_http_version").first().map(|id| fault.conf.get(*id));
    match written {
        Some(entry) if entry.arg(0) == "1.1" => {}
        Some(entry) if entry.parent == Some(place) => edit.set_arg(entry, 0, "1.1"),
        _ => {
            let directive = ["proxy_http_version 1.1;".to_owned()];
            edit.insert_into(fault.files, fault.conf, place, &["proxy_pass"], &directive);
        }
    }
}

/// The variable that a `map` of `Upgrade` makes for `Connection`.
fn connection_variable(fault: &Fault<'_>) -> Option<String> {
    let mut maps = fault.conf.all().map(|(_, entry)| entry).filter(|entry| entry.is("map"));
    let is_for_connection = |inner: &Id| fault.conf.get(*inner).arg(0).eq_ignore_ascii_case("upgrade");
    maps.find(|map| map.arg(0) == "$http_upgrade" && map.inner.iter().any(is_for_connection))
        .map(|map| map.arg(1).to_owned())
}
