//! The opening handshake of a WebSocket, and why it fails.

use std::time::Instant;

use mock_upstreams::journal::Fields;

use crate::failure::Failure;
use crate::world::World;
use hopcheck_clients::{Connection, Handshake, Response, WebSocket};

/// Sends a handshake; what comes back is the response. Returns the WebSocket, if one was opened.
pub(super) async fn handshake(
    world: &mut World,
    target: &str,
    headers: &[(String, String)],
    text_behind: Option<&str>,
) -> Result<Option<WebSocket>, Failure> {
    let handshake = Handshake::new(&world.text(target), headers);
    let route = world.route().await?;
    let begun = Instant::now();
    let answer = if world.is_over_http2() {
        let shown = route.with_common_headers(&handshake.extended_connect());
        world.transcript.sent(&shown.head(route.host()), b"");
        handshake.open_over_http2(&route).await
    } else {
        let connection = Connection::open(&route).await?;
        world.client = Some(connection.local()?);
        let head = connection.head_of(&handshake.request);
        world.transcript.sent(&head, text_behind.unwrap_or_default().as_bytes());
        handshake.open(connection, text_behind).await
    };
    world.took = begun.elapsed();
    world.request = Some(handshake.request);
    let (answer, socket) =
        answer.map_or_else(|error| (Err(error), None), |(answer, socket)| (Ok(answer), socket));
    world.keep(answer)?;
    Ok(socket)
}

/// Why the latest handshake was not answered with 101, as far as it can be seen, and what to change.
pub(super) fn diagnosis(world: &World) -> String {
    let target = world.request.as_ref().map(|request| request.target.as_str()).unwrap_or_default();
    if !world.sees_app_servers() {
        let why = world.responses.last().map(unseen).unwrap_or_default();
        return match world.has_sockjs() {
            true => format!("{why}\n{FALLS_BACK}"),
            false => why,
        };
    }
    let Some(seen) = world.arrived().into_iter().rev().find(|exchange| exchange.target == target) else {
        return format!(
            "no app server of this test saw the handshake for {target}; see which `location` that falls into, whether \
             it has a `proxy_pass` to where the app servers are, and what the error log says"
        );
    };
    let missing = missing(&seen.headers, &seen.version);
    missing.unwrap_or_else(|| match seen.status {
        Some(101) => {
            format!("the app server {} did answer with 101; the proxy did not pass that on", seen.instance)
        }
        Some(status) => {
            format!("all that a handshake needs reached the app server {}; it said {status}", seen.instance)
        }
        None => format!("the handshake reached the app server {}, which has not answered", seen.instance),
    })
}

/// What becomes of the clients of SockJS meanwhile.
const FALLS_BACK: &str = "clients of SockJS fall back on requests meanwhile: slower, and with a second app server only as long as each \
                          of them stays with one";

/// What the answer to a refused handshake speaks of, where the app servers are out of sight.
fn unseen(answer: &Response) -> String {
    let is_page = answer.value("content-type").is_some_and(|kind| kind.starts_with("text/html"));
    let lost = "the handshake seems to have reached the app server as a plain request; nginx drops `Upgrade` unless the \
                location sets `proxy_set_header Upgrade $http_upgrade;` (letter by letter), `proxy_set_header Connection \
                \"upgrade\";` and `proxy_http_version 1.1;`";
    match answer.status {
        200 if is_page => format!(
            "a page was served instead: either the path falls into `location /`, or into one without a `proxy_pass`, or {lost}"
        ),
        301 | 302 | 307 | 308 => {
            "browsers follow no redirect of a handshake: see which `location` sends it, or name the endpoint as it is"
                .to_owned()
        }
        401 | 403 => {
            "the app server wants to know who asks, or refuses this `Origin`; see `[headers]` in the profile"
                .to_owned()
        }
        400 | 405 | 426 => lost.to_owned(),
        404 => format!("nothing is there: either the endpoint is another, or {lost}"),
        502..=504 => "the proxy could not reach an app server: see `proxy_pass` and `upstream`".to_owned(),
        _ => lost.to_owned(),
    }
}

/// What a handshake lacks by the time it has reached the app server.
fn missing(headers: &Fields, version: &str) -> Option<String> {
    let seen = |name: &str| match headers.get(name) {
        Some(value) => format!("saw `{name}: {value}`"),
        None => format!("saw no {name} header"),
    };
    if !headers.has_token("upgrade", "websocket") {
        let drops = "nginx drops it unless the location sets `proxy_set_header Upgrade $http_upgrade;`, letter by letter: \
                     a misspelt `$http_…` is empty, and no mistake to nginx";
        return Some(format!("the app server {}; {drops}", seen("Upgrade")));
    }
    if !headers.has_token("connection", "upgrade") {
        let sets = "nginx sends its own unless the location sets `proxy_set_header Connection \"upgrade\";`; where a `map` has \
                    its value, look at what that reads, letter by letter";
        return Some(format!("the app server {}; {sets}", seen("Connection")));
    }
    if version != "HTTP/1.1" {
        let needs = "no protocol can be switched before 1.1: the location needs `proxy_http_version 1.1;`";
        return Some(format!("the proxy spoke {version} to the app server; {needs}"));
    }
    ["Sec-WebSocket-Key", "Sec-WebSocket-Version"].into_iter().find(|name| headers.get(name).is_none()).map(
        |name| {
            format!("the app server {}; see whether a `proxy_set_header {name}` takes it away", seen(name))
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(headers: &[(&str, &str)], version: &str) -> Option<String> {
        let fields = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        missing(&Fields(fields.collect()), version)
    }

    #[test]
    fn what_the_proxy_did_to_a_handshake_is_told_with_the_directive_to_change() {
        let upgrade = seen(&[("Connection", "close")], "HTTP/1.0").unwrap();
        assert!(upgrade.starts_with("the app server saw no Upgrade header; nginx drops it"), "{upgrade}");
        let connection = seen(&[("Upgrade", "websocket"), ("Connection", "close")], "HTTP/1.0").unwrap();
        assert!(
            connection.starts_with("the app server saw `Connection: close`; nginx sends its own"),
            "{connection}"
        );
        let version = seen(&[("Upgrade", "websocket"), ("Connection", "upgrade")], "HTTP/1.0").unwrap();
        assert!(version.ends_with("the location needs `proxy_http_version 1.1;`"), "{version}");
    }

    #[test]
    fn nothing_is_missing_in_a_handshake_that_has_all() {
        let headers = [
            ("Upgrade", "websocket"),
            ("Connection", "upgrade"),
            ("Sec-WebSocket-Key", "k"),
            ("Sec-WebSocket-Version", "13"),
        ];
        assert_eq!(seen(&headers, "HTTP/1.1"), None);
    }
}
