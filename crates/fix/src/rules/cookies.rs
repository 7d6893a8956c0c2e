//! Cookies, which browsers send to the path that they name and below it (RFC 6265 §5.1.4).

use crate::edit::Edit;
use crate::fault::Fault;
use crate::proposal::Proposal;

/// An app that lives at `/` behind a location with a name sets its cookies for `/`: they are for the location.
pub(super) fn path(fault: &Fault<'_>) -> Vec<Proposal> {
    if !fault.mentions("proxy_cookie_path") {
        return Vec::new();
    }
    let Some(path) = fault.route.map(|route| route.path.as_str()) else { return Vec::new() };
    let written = fault.proxied().filter_map(|place| fault.conf.own(place, "proxy_cookie_path"));
    let wrong = written.map(|id| fault.conf.get(id)).filter(|entry| entry.arg(0) == "/");
    let make = |entry| {
        Proposal::new(
            format!("set cookies for `/` for {path}"),
            Edit::made(|edit| edit.set_arg(entry, 1, path)),
        )
    };
    wrong.map(make).collect()
}
