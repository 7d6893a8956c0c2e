//! Where redirects lead.

use cucumber::{then, when};
use hopcheck_clients::{Request, Route};
use hopcheck_targets::setting::Setting;

use crate::ensure;
use crate::failure::Checked;
use crate::world::World;

/// So many redirects are followed. Browsers give up after twenty.
const MAX_REDIRECTS: usize = 10;

/// `Location` of the latest response leads to the host that the client asked, or is a path.
#[then(expr = "the response leads back to the site")]
async fn leads_back(world: &mut World) -> Checked {
    let host = world.route().await?.host().to_owned();
    let response = world.response()?;
    let location = response.value("location").unwrap_or_default().to_owned();
    ensure!((300..400).contains(&response.status) && !location.is_empty(), "the response is no redirect");
    let written = world.scene().await?.as_written(&location);
    ensure!(
        location.starts_with('/') || is_at(&location, &host),
        "the response leads to {written:?}, and the client asked {host}"
    );
    Ok(())
}

/// The proxy has not answered with a redirect to another path of the site, which asks again without the body.
#[then(expr = "the request is not sent on to another path")]
async fn not_sent_on(world: &mut World) -> Checked {
    let host = world.route().await?.host().to_owned();
    let target = world.request.as_ref().map(|request| request.target.clone()).unwrap_or_default();
    let response = world.response()?;
    let location = response.value("location").unwrap_or_default();
    let (authority, path) = parts(location);
    let is_here = authority.is_empty() || is_at(location, &host);
    let forgets_body = matches!(response.status, 301..=303) && !world.is_from_app_server(response);
    ensure!(
        !(forgets_body
            && is_here
            && path.trim_end_matches('/') == target.trim_end_matches('/')
            && path != target),
        "{target} is answered {} to {path}",
        response.status
    );
    Ok(())
}

/// Follows redirects as a browser does, for as long as they stay on the site, and by the scheme that it is asked by.
#[when(expr = "a browser follows {string} as far as it leads on this site")]
async fn follow(world: &mut World, path: String) -> Checked {
    world.begin();
    let route = world.route().await?;
    // A balancer says that it was asked by TLS, unless the site has a server for that itself.
    let asked = route.with_common_headers(&Request::new("GET", "/"));
    let by_balancer = asked.headers.iter().any(|(_, value)| value == "https") && !has_tls(world);
    let is_https = route.is_tls() || by_balancer;
    let scheme = if is_https { "https://" } else { "http://" };
    let mut target = world.text(&path);
    world.way.clear();
    while world.way.len() <= MAX_REDIRECTS && !world.way.contains(&target) {
        world.way.push(target.clone());
        let response = world.ask(Request::new("GET", &target)).await?;
        let location = response.value("location").unwrap_or_default();
        let is_absolute = location.contains("://");
        let stays = if is_absolute {
            is_at(location, route.host()) && is_port_of(location, &route) && location.starts_with(scheme)
        } else {
            location.starts_with('/')
        };
        // One that comes with a cookie may lead elsewhere the next time.
        if !(300..400).contains(&response.status) || !stays || response.value("set-cookie").is_some() {
            return Ok(());
        }
        let (_, next) = parts(location);
        target = next.split('#').next().unwrap_or_default().to_owned();
    }
    world.way.push(target);
    Ok(())
}

/// It was not led in a circle, or on and on.
#[then(expr = "it comes to an end")]
async fn ends(world: &mut World) -> Checked {
    let Some((last, before)) = world.way.split_last() else { return Ok(()) };
    let way = world.way.join(" -> ");
    ensure!(!before.contains(last), "the browser is sent in a circle: {way}");
    ensure!(before.len() <= MAX_REDIRECTS, "the browser is sent on and on: {way}");
    Ok(())
}

/// It was not led in a circle at the path where it began, or below: a circle elsewhere is another path's.
#[then(expr = "it is not sent in a circle there")]
async fn no_circle_there(world: &mut World) -> Checked {
    let (Some(first), Some((last, before))) = (world.way.first(), world.way.split_last()) else {
        return Ok(());
    };
    let is_there = before.contains(last) && last.starts_with(first.as_str());
    ensure!(!is_there, "the browser is sent in a circle: {}", world.way.join(" -> "));
    Ok(())
}

/// The host of a URL, without its port, is that of `host`.
fn is_at(url: &str, host: &str) -> bool {
    let name = |authority: &str| authority.rsplit_once(':').map_or(authority, |(name, _)| name).to_owned();
    let (authority, _) = parts(url);
    !authority.is_empty() && name(authority).eq_ignore_ascii_case(&name(host))
}

/// Whether a URL names no port, or the one that the site is asked at: who listens at another is not known.
fn is_port_of(url: &str, route: &Route) -> bool {
    let (authority, _) = parts(url);
    let port = authority.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
    port.is_none_or(|port| Some(port) == route.port())
}

/// Whether the configuration has a server that speaks TLS, for whatever name: where it does, no balancer need speak it.
fn has_tls(world: &World) -> bool {
    let Ok(Setting::Staged(stage)) = world.setting() else { return false };
    let mut listens = stage.source.site.servers.iter().flat_map(|server| &server.listen);
    listens.any(|listen| listen.tls)
}

/// The authority and the path of a URL; the first is empty where it is but a path.
fn parts(url: &str) -> (&str, &str) {
    match url.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or((rest, "/"), |slash| rest.split_at(slash)),
        None => ("", url),
    }
}
