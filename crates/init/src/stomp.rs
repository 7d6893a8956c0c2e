//! The endpoint of STOMP: where it is, what carries it, and what is spoken there.

use std::time::Duration;

use hopcheck_clients::{Frame, Version};
use tokio::time::timeout;

use crate::ask::{Asker, told};
use crate::findings::{Field, Findings};
use crate::literals::Mentioned;
use hopcheck_clients::{ClientError, Response, StompClient, WebSocket, sockjs_path};
use hopcheck_site::profile::Transport;

const ENDPOINT: Field = ("stomp", "endpoint");
const TRANSPORT: Field = ("stomp", "transport");
const LOGIN: Field = ("stomp", "login");
const SUBSCRIBE: Field = ("stomp", "subscribe");

/// Where frameworks and their tutorials put it.
const USUAL: [&str; 3] = ["/stomp/ws", "/stomp", "/ws"];

/// How many paths are tried.
const MOST: usize = 5;

/// Whoever has not answered CONNECT by then speaks something else over WebSocket.
const SOON: Duration = Duration::from_secs(5);

/// What speaking STOMP somewhere came to.
enum Spoken {
    /// These versions; CONNECT was accepted without login.
    Versions(Vec<Version>),
    /// CONNECT was answered with an ERROR.
    Refused(String),
    /// It is not STOMP.
    Not(String),
}

/// Looks for the endpoint where the scripts and custom have it; a path of it that answers GET, if there is one.
pub(super) async fn explore(
    asker: &Asker<'_>,
    mentioned: &Mentioned,
    findings: &mut Findings<'_>,
) -> Option<String> {
    let mut candidates: Vec<&str> = mentioned.sockets.iter().map(String::as_str).collect();
    candidates.extend(USUAL.into_iter().filter(|usual| !mentioned.sockets.iter().any(|path| path == usual)));
    candidates.truncate(MOST);
    let mut tried = Vec::new();
    for endpoint in candidates {
        let info = format!("{}/info", endpoint.trim_end_matches('/'));
        let has_sockjs = asker.get(&info).await.is_ok_and(|response| is_sockjs_info(&response));
        let carriers = match has_sockjs {
            true => &[Transport::WebSocket, Transport::SockJs][..],
            false => &[Transport::WebSocket],
        };
        for carrier in carriers {
            match speak(asker, endpoint, *carrier).await {
                Spoken::Not(why) => tried.push(format!("{endpoint} ({why})")),
                spoken => {
                    found(endpoint, *carrier, has_sockjs, &spoken, findings);
                    topic(mentioned, findings);
                    return has_sockjs.then_some(info);
                }
            }
        }
    }
    findings.missing(ENDPOINT, format!("no STOMP over WebSocket at {}", tried.join(", ")));
    None
}

fn is_sockjs_info(response: &Response) -> bool {
    let info: Option<serde_json::Value> = serde_json::from_slice(&response.body).ok();
    response.status == 200 && info.is_some_and(|info| info["websocket"] == true)
}

fn found(endpoint: &str, carrier: Transport, sockjs: bool, spoken: &Spoken, findings: &mut Findings<'_>) {
    let note = match (carrier, sockjs) {
        (Transport::SockJs, _) => "a SockJS endpoint, by its /info",
        (Transport::WebSocket, true) => "a WebSocket; the path is a SockJS endpoint, too",
        (Transport::WebSocket, false) => "a WebSocket",
    };
    findings.found(ENDPOINT, endpoint, note);
    if carrier == Transport::SockJs {
        findings.found(TRANSPORT, "sockjs", "");
    }
    match spoken {
        Spoken::Refused(message) => {
            let why = format!("CONNECT without login, passcode and host is refused: {}", message.trim_end());
            findings.missing(LOGIN, why);
        }
        Spoken::Versions(versions) => {
            let versions: Vec<&str> = versions.iter().map(|version| version.as_str()).collect();
            findings.fact(format!("STOMP {}; CONNECT is accepted without login", versions.join(", ")));
        }
        Spoken::Not(_) => {}
    }
}

/// A destination is never subscribed to unless a person has said so.
fn topic(mentioned: &Mentioned, findings: &mut Findings<'_>) {
    if let Some(topic) = mentioned.topics.first() {
        let why = "the page's scripts mention it, but whether anybody may subscribe is for you to say";
        findings.suggested(SUBSCRIBE, topic.as_str(), why);
    }
}

/// Connects in each version, and disconnects again. Nothing else is sent.
async fn speak(asker: &Asker<'_>, endpoint: &str, carrier: Transport) -> Spoken {
    let mut spoken = Vec::new();
    let mut refused = None;
    for version in Version::ALL.into_iter().rev() {
        let socket = match open(asker, endpoint, carrier, version).await {
            Ok(socket) => socket,
            Err(why) if spoken.is_empty() && refused.is_none() => return Spoken::Not(why),
            Err(_) => continue,
        };
        let connecting = timeout(SOON, StompClient::connect(socket, carrier, version, &[])).await;
        let silent = || ClientError::Session(format!("CONNECT was not answered within {} s", SOON.as_secs()));
        match connecting.unwrap_or_else(|_| Err(silent())) {
            Ok(mut client) => {
                spoken.push(version);
                if client.send(&Frame::new("DISCONNECT")).is_ok() {
                    let _ = client.end().await; // how it ends is no matter: it was asked to
                }
            }
            Err(ClientError::Answered { frame, .. }) => {
                let message = frame.get("message").map_or_else(|| frame.text(), str::to_owned);
                refused.get_or_insert(message);
            }
            Err(error) if spoken.is_empty() && refused.is_none() => return Spoken::Not(error.to_string()),
            Err(_) => {}
        }
    }
    match refused {
        Some(message) if spoken.is_empty() => Spoken::Refused(message),
        _ => Spoken::Versions(spoken),
    }
}

async fn open(
    asker: &Asker<'_>,
    endpoint: &str,
    carrier: Transport,
    version: Version,
) -> Result<WebSocket, String> {
    let path = match carrier {
        Transport::WebSocket => endpoint.to_owned(),
        Transport::SockJs => sockjs_path(endpoint),
    };
    let offer = ("Sec-WebSocket-Protocol".to_owned(), version.subprotocol().to_owned());
    match asker.open(&path, &[offer]).await {
        Ok((_, Some(socket))) => Ok(socket),
        Ok((response, None)) => Err(told(&Ok(response))),
        Err(error) => Err(error.to_string()),
    }
}
