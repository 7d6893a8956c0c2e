//! Finds the STOMP endpoint: its path, its transport and the versions it supports; or else a WebSocket that speaks something else.

use std::time::Duration;

use hopcheck_clients::{Frame, Version};
use tokio::time::timeout;

use crate::client::{SiteClient, describe};
use crate::findings::{Field, Findings};
use crate::literals::PathHints;
use hopcheck_clients::{ClientError, Destination, Response, StompClient, WebSocket, sockjs_path};
use hopcheck_site::profile::Transport;

const ENDPOINT: Field = ("stomp", "endpoint");
const TRANSPORT: Field = ("stomp", "transport");
const LOGIN: Field = ("stomp", "login");
const SUBSCRIBE: Field = ("stomp", "subscribe");
const SOCKET_ENDPOINT: Field = ("socket", "endpoint");
const SOCKET_TRANSPORT: Field = ("socket", "transport");

/// The usual paths of frameworks and their tutorials.
const COMMON_ENDPOINTS: [&str; 5] =
    ["/stomp/ws", "/stomp", "/ws", "/sockjs", "/socket.io/?EIO=4&transport=websocket"];

/// The most paths to try.
const MAX_ENDPOINTS: usize = 7;

/// Some servers never answer a handshake at a path that they do not know.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);

/// A WebSocket that has not answered CONNECT by then does not speak STOMP.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a broker may take to end a session after DISCONNECT.
const DISCONNECT_TIMEOUT: Duration = Duration::from_millis(500);

/// Whether an endpoint supports STOMP.
enum StompSupport {
    /// It supports these versions, and accepts CONNECT without login.
    Versions(Vec<Version>),
    /// It answered CONNECT with an ERROR.
    Refused(String),
    /// It is a WebSocket, but not STOMP.
    Unspoken(String),
    /// There is no WebSocket.
    NoSocket(String),
}

/// Looks for the endpoint at the paths in the scripts and the usual ones. Returns a path below it that answers GET, if any.
pub(super) async fn explore(
    client: &SiteClient<'_>,
    hints: &PathHints,
    findings: &mut Findings<'_>,
) -> Option<String> {
    let mut candidates: Vec<&str> = hints.sockets.iter().map(String::as_str).collect();
    candidates
        .extend(COMMON_ENDPOINTS.into_iter().filter(|usual| !hints.sockets.iter().any(|path| path == usual)));
    candidates.truncate(MAX_ENDPOINTS);
    let mut tried = Vec::new();
    let mut other = None;
    for endpoint in candidates {
        let info = format!("{}/info", endpoint.trim_end_matches('/'));
        let has_sockjs =
            client.get(&info, Destination::OwnApi).await.is_ok_and(|response| is_sockjs_info(&response));
        let transports = match has_sockjs {
            true => &[Transport::WebSocket, Transport::SockJs][..],
            false => &[Transport::WebSocket],
        };
        for transport in transports {
            match probe(client, endpoint, *transport).await {
                StompSupport::NoSocket(why) => tried.push(format!("{endpoint} ({why})")),
                StompSupport::Unspoken(why) => {
                    tried.push(format!("{endpoint} ({why})"));
                    other.get_or_insert((endpoint, *transport, has_sockjs.then_some(info.clone())));
                }
                support => {
                    record(endpoint, *transport, has_sockjs, &support, findings);
                    topic(hints, findings);
                    return has_sockjs.then_some(info);
                }
            }
        }
    }
    findings.missing(ENDPOINT, format!("no STOMP over WebSocket at {}", tried.join(", ")));
    let (endpoint, transport, info) = other?;
    let note = match transport {
        Transport::WebSocket => "a WebSocket that does not speak STOMP",
        Transport::SockJs => "a SockJS endpoint, by its /info, that does not speak STOMP",
    };
    findings.found(SOCKET_ENDPOINT, endpoint, note);
    if transport == Transport::SockJs {
        findings.found(SOCKET_TRANSPORT, "sockjs", "");
    }
    info
}

fn is_sockjs_info(response: &Response) -> bool {
    let info: Option<serde_json::Value> = serde_json::from_slice(&response.body).ok();
    response.status == 200 && info.is_some_and(|info| info["websocket"] == true)
}

fn record(
    endpoint: &str,
    transport: Transport,
    sockjs: bool,
    support: &StompSupport,
    findings: &mut Findings<'_>,
) {
    let note = match (transport, sockjs) {
        (Transport::SockJs, _) => "a SockJS endpoint, by its /info",
        (Transport::WebSocket, true) => "a WebSocket; also a SockJS endpoint",
        (Transport::WebSocket, false) => "a WebSocket",
    };
    findings.found(ENDPOINT, endpoint, note);
    if transport == Transport::SockJs {
        findings.found(TRANSPORT, "sockjs", "");
    }
    match support {
        StompSupport::Refused(message) => {
            let why = format!("CONNECT without login, passcode and host is refused: {}", message.trim_end());
            findings.missing(LOGIN, why);
        }
        StompSupport::Versions(versions) => {
            let versions: Vec<&str> = versions.iter().map(|version| version.as_str()).collect();
            findings.fact(format!("STOMP {}; CONNECT is accepted without login", versions.join(", ")));
        }
        StompSupport::Unspoken(_) | StompSupport::NoSocket(_) => {}
    }
}

/// Suggests a destination. Only the user may decide to subscribe to it.
fn topic(hints: &PathHints, findings: &mut Findings<'_>) {
    if let Some(topic) = hints.topics.first() {
        let why = "mentioned by the page's scripts; decide whether anyone may subscribe";
        findings.suggested(SUBSCRIBE, topic.as_str(), why);
    }
}

/// Connects with each version, and disconnects. Nothing else is sent.
async fn probe(client: &SiteClient<'_>, endpoint: &str, transport: Transport) -> StompSupport {
    let mut versions = Vec::new();
    let mut refused = None;
    for version in Version::ALL.into_iter().rev() {
        let socket = match open(client, endpoint, transport, version).await {
            Ok(socket) => socket,
            Err(why) if versions.is_empty() && refused.is_none() => return StompSupport::NoSocket(why),
            Err(_) => continue,
        };
        let connecting =
            timeout(CONNECT_TIMEOUT, StompClient::connect(socket, transport, version, &[])).await;
        let silent = || {
            ClientError::Session(format!("CONNECT was not answered within {} s", CONNECT_TIMEOUT.as_secs()))
        };
        match connecting.unwrap_or_else(|_| Err(silent())) {
            Ok(mut client) => {
                versions.push(version);
                if client.send(&Frame::new("DISCONNECT")).is_ok() {
                    // It does not matter how it ends, nor that some brokers wait for the client to close.
                    let _ = timeout(DISCONNECT_TIMEOUT, client.wait_for_end()).await;
                }
            }
            // The broker knows another version.
            Err(ClientError::StompVersion { .. }) => {}
            Err(error) => match error.broker_refusal() {
                Some(message) => {
                    refused.get_or_insert(message);
                }
                None if versions.is_empty() && refused.is_none() => {
                    return StompSupport::Unspoken(error.to_string());
                }
                None => {}
            },
        }
    }
    match refused {
        Some(message) if versions.is_empty() => StompSupport::Refused(message),
        None if versions.is_empty() => {
            StompSupport::Unspoken("it agrees to no version of STOMP that is offered".to_owned())
        }
        _ => StompSupport::Versions(versions),
    }
}

async fn open(
    client: &SiteClient<'_>,
    endpoint: &str,
    transport: Transport,
    version: Version,
) -> Result<WebSocket, String> {
    let path = match transport {
        Transport::WebSocket => endpoint.to_owned(),
        Transport::SockJs => sockjs_path(endpoint),
    };
    let offer = ("Sec-WebSocket-Protocol".to_owned(), version.subprotocol().to_owned());
    let offers = [offer];
    let Ok(opened) = timeout(HANDSHAKE_TIMEOUT, client.open(&path, &offers)).await else {
        return Err(format!("no answer within {} s", HANDSHAKE_TIMEOUT.as_secs()));
    };
    match opened {
        Ok((_, Some(socket))) => Ok(socket),
        Ok((response, None)) => Err(describe(&Ok(response))),
        Err(error) => Err(error.to_string()),
    }
}
