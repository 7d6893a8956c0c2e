//! Where the profile says things are: the build of the front end, the app servers, the clients.

use crate::conf::Entry;
use crate::edit::Edit;
use crate::fault::Fault;
use crate::proposal::Proposal;

/// The files are looked for in another directory than the one that the build is copied to.
pub(super) fn root(fault: &Fault<'_>) -> Vec<Proposal> {
    let Some(deployed) = fault.source.front_end.deployed_to.as_deref() else { return Vec::new() };
    let served = |place| fault.conf.in_force(place, "root").into_iter().map(|id| fault.conf.get(id));
    let roots = fault.places.iter().copied().filter(|place| fault.conf.own(*place, "proxy_pass").is_none());
    let elsewhere = roots.flat_map(served).filter(|root| root.arg(0).trim_end_matches('/') != deployed);
    elsewhere
        .map(|root| {
            let title = format!("serve the files of {deployed}, where hopcheck.toml says that they are");
            Proposal::new(title, Edit::made(|edit| edit.set_arg(root, 0, deployed))).moving_files()
        })
        .collect()
}

/// An upstream names other app servers than those that are deployed, or not all of them.
pub(super) fn app_servers(fault: &Fault<'_>) -> Vec<Proposal> {
    let deployed = &fault.source.app_servers;
    let upstreams = fault.conf.all().map(|(_, entry)| entry).filter(|entry| entry.is("upstream"));
    let of_upstream = |upstream: &Entry| {
        let inner = upstream.inner.iter().map(|id| fault.conf.get(*id));
        let servers: Vec<&Entry> = inner.filter(|entry| entry.is("server")).collect();
        let missing = deployed.iter().filter(|one| servers.iter().all(|server| server.arg(0) != *one));
        let missing: Vec<&String> = missing.collect();
        let others: Vec<&&Entry> =
            servers.iter().filter(|server| !deployed.iter().any(|one| server.arg(0) == one)).collect();
        // An upstream that names none of them may be for something else.
        if missing.is_empty()
            || others.len() > missing.len()
            || others.len() == servers.len() && servers.len() > 1
        {
            return None;
        }
        let last = *servers.last()?;
        let make = Edit::made(|edit| {
            for (nth, address) in missing.iter().enumerate() {
                match others.get(nth) {
                    Some(server) => edit.set_arg(server, 0, address),
                    None => edit.insert_after(fault.files, last, &[format!("server {address};")]),
                }
            }
        });
        let named: Vec<&str> = missing.iter().map(|address| address.as_str()).collect();
        let title = format!("ask {}, where hopcheck.toml says that app servers are", named.join(" and "));
        Some(Proposal::new(title, make))
    };
    upstreams.filter_map(of_upstream).collect()
}

/// No server listens where clients come to.
pub(super) fn port(fault: &Fault<'_>) -> Vec<Proposal> {
    let Some(port) = fault.source.port else { return Vec::new() };
    let listens: Vec<&Entry> =
        fault.conf.all().map(|(_, entry)| entry).filter(|entry| entry.is("listen")).collect();
    if listens.iter().any(|listen| fault.source.is_asked_at(listen.arg(0))) {
        return Vec::new();
    }
    let put = |listen: &&Entry| {
        let title = format!("listen on port {port}, where hopcheck.toml says that clients come to");
        Proposal::new(title, Edit::made(|edit| edit.set_arg(listen, 0, &port.to_string())))
    };
    listens.iter().take(1).map(put).collect()
}
