use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Extension;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{FromRequestParts, Query, Request, State};
use axum::http::header::{SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::echo::{self, EchoQuery};
use crate::instance::{Instance, RequestArrival, Shared};
use crate::journal::Fields;
use crate::sockjs::frame;
use crate::stomp;
use crate::transport::{Connection, StopMode};
use crate::websocket::{Framing, SessionLog, Socket};

/// axum's view of the handshake, or why it is invalid.
type Upgrade = Result<WebSocketUpgrade, WebSocketUpgradeRejection>;

/// A handshake, with what decides on it.
pub(super) struct Handshake {
    instance: Arc<Instance>,
    arrival: RequestArrival,
    connection: Arc<Connection>,
    query: HandshakeQuery,
    upgrade: Upgrade,
}

#[derive(Deserialize)]
pub(super) struct HandshakeQuery {
    refuse: Option<u16>,
    protocol: Option<String>,
    extension: Option<String>,
    beat: Option<u64>,
}

impl FromRequestParts<Arc<Instance>> for Handshake {
    type Rejection = Response;

    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        state: &Arc<Instance>,
    ) -> Result<Self, Self::Rejection> {
        let query = Query::from_request_parts(parts, state).await.map_err(IntoResponse::into_response)?;
        let arrival =
            Extension::from_request_parts(parts, state).await.map_err(IntoResponse::into_response)?;
        let connection: Extension<Arc<Connection>> =
            Extension::from_request_parts(parts, state).await.map_err(IntoResponse::into_response)?;
        let upgrade = WebSocketUpgrade::from_request_parts(parts, state).await;
        Ok(Self { instance: Arc::clone(state), arrival, connection: connection.0, query: query.0, upgrade })
    }
}

pub(super) async fn echo(
    State(instance): Shared,
    Query(query): Query<EchoQuery>,
    handshake: Handshake,
) -> Response {
    let connection = Arc::clone(&handshake.connection);
    connection.cork(query.greets());
    handshake.accept(Framing::Plain, &[], move |socket| echo::run(socket, query, instance, connection))
}

/// Opens an echo at any path without a WebSocket of its own, or STOMP for a client that offers it, if the app answers any path.
pub(crate) async fn anywhere(State(instance): Shared, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_own = path.starts_with("/stomp/ws") || path == "/stomp/echo";
    let asks = request
        .headers()
        .get(UPGRADE)
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"));
    // Some proxies say `Upgrade: websocket` for every request.
    let asks = asks && request.headers().contains_key(SEC_WEBSOCKET_KEY);
    if !asks || is_own || !instance.any_path.load(Ordering::Relaxed) {
        return next.run(request).await;
    }
    // Only now: a request whose upgrade was taken cannot be passed on.
    let (mut parts, _) = request.into_parts();
    let handshake = match Handshake::from_request_parts(&mut parts, &instance).await {
        Ok(handshake) => handshake,
        Err(refusal) => return refusal,
    };
    if handshake.offers_stomp() {
        return stomp(State(instance), handshake).await;
    }
    let connection = Arc::clone(&handshake.connection);
    handshake.accept(Framing::Plain, &[], move |socket| {
        echo::run(socket, EchoQuery::default(), instance, connection)
    })
}

pub(super) async fn stomp(State(instance): Shared, handshake: Handshake) -> Response {
    handshake.accept(Framing::Plain, &stomp::SUBPROTOCOLS, move |socket| stomp::serve(socket, instance))
}

pub(super) async fn stomp_over_sockjs(State(instance): Shared, handshake: Handshake) -> Response {
    let interval = handshake.query.beat.map_or(frame::HEART_BEAT_INTERVAL, Duration::from_millis);
    handshake
        .accept(Framing::SockJs(interval), &stomp::SUBPROTOCOLS, move |socket| stomp::serve(socket, instance))
}

impl Handshake {
    /// Whether one of the subprotocols that the client offers is a version of STOMP.
    fn offers_stomp(&self) -> bool {
        let headers = &self.arrival.head.headers;
        stomp::SUBPROTOCOLS.iter().any(|name| headers.has_token("sec-websocket-protocol", name))
    }

    /// Answers 101 and runs the session, or refuses. `protocols` are the known ones, in order of preference; none means any.
    fn accept<F, S>(self, framing: Framing, protocols: &[&str], session: F) -> Response
    where
        F: FnOnce(Socket) -> S + Send + 'static,
        S: Future<Output = ()> + Send,
    {
        let Self { instance, arrival, connection, query, upgrade } = self;
        let head = &arrival.head;
        if let Some(status) = query.refuse.and_then(|status| StatusCode::from_u16(status).ok()) {
            return (status, "refused on demand\n").into_response();
        }
        if let Err(refusal) = check(&head.headers, &instance) {
            return refusal.into_response();
        }
        let mut upgrade = match upgrade {
            Ok(upgrade) => upgrade,
            Err(rejection) => return refuse(&rejection),
        };
        let chosen = choose(&upgrade, protocols, query.protocol.as_deref());
        let subprotocol = chosen.as_ref().and_then(|chosen| chosen.to_str().ok().map(str::to_owned));
        if let Some(chosen) = chosen {
            upgrade.set_selected_protocol(chosen);
        }
        let sequence = arrival.sequence;
        let target = head.target.clone();
        let log = SessionLog::open(Arc::clone(&instance.journal), sequence, subprotocol);
        let mut response = upgrade.on_upgrade(move |socket| async move {
            if instance.faults.drop_socket(&target) {
                connection.kill(StopMode::Close);
            }
            session(Socket::new(socket, log, framing).await).await;
        });
        if let Some(extension) = query.extension.and_then(|name| HeaderValue::from_str(&name).ok()) {
            response.headers_mut().insert(SEC_WEBSOCKET_EXTENSIONS, extension);
        }
        response
    }
}

fn check(headers: &Fields, instance: &Instance) -> Result<(), (StatusCode, &'static str)> {
    if headers.get("origin").is_some_and(|origin| !instance.origins.allow(origin)) {
        return Err((StatusCode::FORBIDDEN, "Invalid CORS request"));
    }
    if !headers.has_token("upgrade", "websocket") {
        return Err((StatusCode::BAD_REQUEST, "Can \"Upgrade\" only to \"WebSocket\"."));
    }
    if !headers.has_token("connection", "upgrade") {
        return Err((StatusCode::BAD_REQUEST, "\"Connection\" must be \"upgrade\"."));
    }
    Ok(())
}

fn refuse(rejection: &WebSocketUpgradeRejection) -> Response {
    let why = match rejection {
        WebSocketUpgradeRejection::InvalidWebSocketVersionHeader(_) => {
            let supported = [(SEC_WEBSOCKET_VERSION, "13")];
            return (StatusCode::UPGRADE_REQUIRED, supported, "Sec-WebSocket-Version must be 13.\n")
                .into_response();
        }
        WebSocketUpgradeRejection::WebSocketKeyHeaderMissing(_) => "Sec-WebSocket-Key is missing.\n",
        WebSocketUpgradeRejection::ConnectionNotUpgradable(_) => {
            "The protocol can be switched in HTTP/1.1 only.\n"
        }
        _ => "This is no WebSocket handshake.\n",
    };
    (StatusCode::BAD_REQUEST, why).into_response()
}

fn choose(upgrade: &WebSocketUpgrade, known: &[&str], requested: Option<&str>) -> Option<HeaderValue> {
    let offered =
        |name: &str| upgrade.requested_protocols().find(|offer| offer.as_bytes() == name.as_bytes()).cloned();
    match requested {
        Some(name) => offered(name),
        None if known.is_empty() => upgrade.requested_protocols().next().cloned(),
        None => known.iter().find_map(|name| offered(name)),
    }
}
