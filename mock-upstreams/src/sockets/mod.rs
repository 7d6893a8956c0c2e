//! WebSockets (RFC 6455): the handshake as Spring checks it, an echo, and STOMP.
//!
//! A handshake that comes without `Upgrade: websocket` is answered 400 with `Can "Upgrade" only to "WebSocket".`, one without
//! `Connection: upgrade` with 400 and `"Connection" must be "upgrade".`; messages and status are those of Spring. An `Origin`
//! that the app does not allow is refused with 403.
//!
//! Every path takes these parameters:
//!
//! | parameter | what happens |
//! |---|---|
//! | `refuse=403` | that status in place of the 101 |
//! | `protocol=NAME` | that subprotocol is chosen, if the client offers it; `none` chooses none |
//! | `extension=NAME` | the 101 carries `Sec-WebSocket-Extensions: NAME`, without effect |
//!
//! `/stomp/echo` sends back every text and binary message. By default it chooses the first subprotocol offered.
//! It also takes one of these:
//!
//! | parameter | what happens |
//! |---|---|
//! | `close=4001,bye` | closes at once, with that code and reason; `close=` without a code |
//! | `flood=10000` | sends texts `0`, `1` … while it reads; what it reads is not echoed; `size=N` pads each to `N` bytes |
//! | `push=3` | sends texts `0`, `1` …, each after a [release](crate::AppServer::release), and echoes meanwhile |
//! | `greet=TEXT` | sends that text in one segment with the 101 |
//! | `ping=TEXT` | sends a ping with that payload at once; the pong is in the journal |
//!
//! SockJS has an endpoint `/stomp` and one `/stomp/ws`: `/stomp/ws/info`, the raw WebSocket at `/stomp/ws/websocket`, and sessions at
//! `/stomp/ws/{server}/{session}/websocket` with the frames `o`, `h`, `a[…]` and `c[…]`. `/stomp/ws` also has the transports that
//! are made of requests: `xhr`, `xhr_streaming`, `eventsource` and `htmlfile` to receive, `xhr_send` to send. Such a session belongs
//! to its instance, and ends 5 s after the last request that received from it, at once if that is broken off, or when 4 MiB wait for
//! the client. Each takes `beat=MS`: the silence after which `h` is sent, 25000 by default.

mod echo;
mod handshake;
mod sockjs;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use crate::instance::Instance;

pub(crate) use handshake::anywhere;

/// The SockJS endpoints.
const SOCKJS_ENDPOINTS: [&str; 2] = ["/stomp", "/stomp/ws"];

/// Whether sockjs-client asks for that path.
pub(crate) fn is_sockjs(path: &str) -> bool {
    path.ends_with("/info")
        || (path.starts_with("/stomp/ws/") && sockjs::HTTP_TRANSPORTS.iter().any(|name| path.ends_with(name)))
}

pub(crate) fn router() -> Router<Arc<Instance>> {
    let mut router =
        Router::new().route("/stomp/echo", get(handshake::echo)).route("/stomp/ws", get(handshake::stomp));
    for endpoint in SOCKJS_ENDPOINTS {
        let session = format!("{endpoint}/{{server}}/{{session}}/websocket");
        router = router
            .route(&format!("{endpoint}/info"), get(sockjs::info))
            .route(&format!("{endpoint}/websocket"), get(handshake::stomp))
            .route(&session, get(handshake::stomp_over_sockjs));
    }
    // Not below `/stomp` itself: what is asked there is echoed, as all else.
    router.merge(sockjs::http_transports("/stomp/ws"))
}
