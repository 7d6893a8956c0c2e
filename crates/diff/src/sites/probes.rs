//! What live sites are asked: what the profile names, what the front page links, and where there is nothing.

use std::collections::BTreeSet;

use hopcheck_clients::{Connection, Request};
use hopcheck_targets::target::Deployment;

use crate::probe::{Probe, Way};

/// No more is asked of a site, each twice.
pub(super) const MAX_PROBES: usize = 80;

/// So many of the files that the front page links.
const MAX_LINKS: usize = 10;

/// Longer than any link that is followed.
const MAX_LINK: usize = 300;

/// A path that no site has a file for.
const UNKNOWN_PATH: &str = "/hopcheck/deep/link";

/// An origin that no site knows.
const UNKNOWN_ORIGIN: &str = "https://other.hopcheck.test";

/// The requests, those of the profile first.
pub(super) async fn of(site: &Deployment, paths: &[String]) -> Vec<Probe> {
    let profile = site.profile();
    let host = site.route().host();
    let get = |target: &str| Probe::get("", host, target);
    let api = profile.api.path.as_deref();
    let preflight = profile.preflight.path.as_deref().or(api);
    let allowed = profile.preflight.allow_origin.as_deref().filter(|origin| *origin != "*");
    let mut probes = vec![get("/"), get("/").method("HEAD"), get("/").header("Accept-Encoding", "gzip")];
    let front_end = &profile.front_end;
    let named = [&front_end.page, &front_end.deep_link, &front_end.asset, &profile.api.path];
    let routes = profile.routes.iter().map(|route| route.path.as_str());
    let named = named.into_iter().flatten().map(String::as_str).chain([UNKNOWN_PATH]).chain(routes);
    for path in named.chain(paths.iter().map(String::as_str)) {
        probes.extend([get(path), get(path).method("HEAD")]);
    }
    for path in [front_end.asset.as_deref(), api].into_iter().flatten() {
        probes.extend([
            get(path).header("Accept-Encoding", "gzip"),
            get(path).header("If-None-Match", "*"),
            get(path).header("Range", "bytes=0-9"),
        ]);
    }
    if let Some(path) = preflight {
        for origin in allowed.into_iter().chain([UNKNOWN_ORIGIN]) {
            let asked = get(path).method("OPTIONS").header("Origin", origin);
            probes.push(asked.header("Access-Control-Request-Method", "DELETE"));
            probes.push(get(path).header("Origin", origin));
        }
    }
    if let Some(raw) = profile.websocket() {
        let handshake = get(&raw).header("Connection", "Upgrade").header("Upgrade", "websocket");
        probes.extend([handshake.way(Way::Upgrade), get(&raw)]);
    }
    probes.extend(linked(site).await.iter().map(|path| get(path)));
    let mut seen = BTreeSet::new();
    probes.retain(|probe| is_target(&probe.target) && seen.insert(probe.clone()));
    probes.truncate(MAX_PROBES);
    probes
}

/// The files of its own that the front page links.
async fn linked(site: &Deployment) -> Vec<String> {
    let answer = async { Connection::open(site.route()).await?.ask(&Request::new("GET", "/")).await };
    match answer.await {
        Ok(response) if response.status == 200 => links(&response.text()),
        _ => Vec::new(),
    }
}

/// What stands in quotes behind `src=` or `href=`, and is a path.
fn links(page: &str) -> Vec<String> {
    let attributes = page.split(['"', '\'']).collect::<Vec<_>>();
    let mut found: Vec<String> = Vec::new();
    for pair in attributes.windows(2) {
        let is_link = pair[0].ends_with("src=") || pair[0].ends_with("href=");
        let path = pair[1].split('#').next().unwrap_or_default();
        if is_link && !path.starts_with("//") && is_target(path) && !found.iter().any(|known| known == path) {
            found.push(path.to_owned());
        }
    }
    found.truncate(MAX_LINKS);
    found
}

/// Whether it can be sent as it is.
fn is_target(text: &str) -> bool {
    text.starts_with('/') && text.len() <= MAX_LINK && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_links_files_of_its_own_site() {
        let page = r#"<link rel="stylesheet" href="/a.css"><script src='/b.js#x'></script><a href="//cdn/x">
            <img src="https://cdn/y.png"><a href="/a.css"><p title="/no">"#;
        assert_eq!(links(page), ["/a.css", "/b.js"]);
    }
}
