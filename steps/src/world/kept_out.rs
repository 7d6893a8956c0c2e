//! Whether the proxy has answered by itself: it keeps strangers out, or sends them elsewhere.

use std::net::SocketAddr;

use hopcheck_targets::scene::Scene;

use super::World;

impl World {
    /// Why strangers are kept out of where the scenario of a route has asked, going by the last answer: the proxy itself refuses
    /// them, or sends them elsewhere.
    pub(super) fn kept_out(&self) -> Option<String> {
        let scene = self.scene.as_ref().filter(|scene| scene.has_selected_server())?;
        let refusals = &scene.stage().source.site.refusals;
        let request = self.request.as_ref()?;
        let Some(response) = self.responses.last() else {
            let closes = refusals.contains(&444);
            return closes
                .then(|| format!("`{} {}` may be for nobody: `return 444`", request.method, request.target));
        };
        let refused = matches!(response.status, 401 | 403 | 405 | 407 | 415 | 426 | 429)
            || refusals.contains(&response.status);
        let location = response.value("location").unwrap_or_default();
        let sent_on =
            (300..400).contains(&response.status) && !location.is_empty() && request.method != "OPTIONS";
        if self.is_from_app_server(response)
            || !(refused || sent_on)
            || self.is_sent_in_a_circle()
            || response.status == 403 && lacks_index(scene, &request.target)
        {
            return None;
        }
        let asked = format!("{} {}", request.method, request.target);
        Some(match refused {
            true => {
                format!("`{asked}` is answered {} by the proxy itself: not for everybody", response.status)
            }
            false => format!("`{asked}` is sent on to {location}"),
        })
    }

    /// Whether the last response sends a client to the very URL that it asked for, so that a browser gives up after twenty
    /// times.
    pub fn is_sent_in_a_circle(&self) -> bool {
        let (Some(response), Some(request)) = (self.responses.last(), self.request.as_ref()) else {
            return false;
        };
        let location = response.value("location").unwrap_or_default();
        // It may come out of it with a cookie.
        if !(300..400).contains(&response.status) || response.value("set-cookie").is_some() {
            return false;
        }
        let Some((scheme, rest)) = location.split_once("://") else { return location == request.target };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (host, port) = authority.rsplit_once(':').unwrap_or((authority, ""));
        let Some(scene) = &self.scene else { return false };
        let is_ours = |(_, address): &(String, SocketAddr)| address.port().to_string() == port;
        path == request.target
            && scene.rewritten().listen.iter().any(is_ours)
            && scene.selected_host() == Some(host)
            && self.lookup("scheme").as_deref() == Some(scheme)
    }
}

/// Whether the page at `target` is there by the name that `try_files` has for it, and by none that `index` has.
fn lacks_index(scene: &Scene, target: &str) -> bool {
    let asked = scene.selected_server();
    let server = asked.and_then(|asked| scene.stage().source.site.server_at(&asked.listen, &asked.name));
    let route = server.and_then(|server| server.route_of(target));
    route.is_some_and(|route| route.fallback.is_some())
        && scene.log("error_log").contains("directory index of")
}
