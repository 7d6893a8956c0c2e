//! Keeps STOMP sessions with heart-beats open, and reconnects when they end, as `@stomp/stompjs` does.

use std::time::Duration;

use hopcheck_clients::{Frame, Version};
use tokio::time::{Instant, sleep, timeout};

use crate::plan::Stomp;
use crate::record::Log;
use crate::schedule::Stop;
use hopcheck_clients::{ClientError, Connection, Handshake, Response, Route, StompClient, sockjs_path};
use hopcheck_site::profile::Transport;

/// The delay before the first attempt to reconnect; doubled after each that fails.
const MIN_RECONNECT_DELAY: Duration = Duration::from_millis(100);

/// The longest delay. A session that has lasted this long resets the delay.
const MAX_RECONNECT_DELAY: Duration = Duration::from_secs(1);

/// How long the app server may take to close a session after DISCONNECT.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(500);

/// Close codes that report no error: normal, going away, service restart (RFC 6455 §7.4.1, IANA), and that of SockJS.
pub(super) const NORMAL_CLOSE_CODES: [u16; 4] = [1000, 1001, 1012, 3000];

/// Keeps one session open.
#[derive(Debug)]
pub(super) struct SessionKeeper {
    pub(super) number: usize,
    pub(super) stomp: Stomp,
    pub(super) route: Route,
    /// The response header that identifies the instance.
    pub(super) instance: Option<String>,
    pub(super) log: Log,
}

impl SessionKeeper {
    /// Keeps it open until the watch is over.
    pub(super) async fn keep(self, stop: Stop) {
        let mut pause = MIN_RECONNECT_DELAY;
        loop {
            let opened = tokio::select! {
                opened = self.open() => opened,
                _ = stop.over() => return,
            };
            match opened {
                Err(why) => self.log.open_failed(self.number, &why),
                Ok((mut session, response)) => {
                    let opened = Instant::now();
                    let instance = self.instance.as_deref().and_then(|name| response.value(name));
                    self.log.opened(self.number, instance, session.beat());
                    let why = tokio::select! {
                        why = session.run_to_end() => why,
                        _ = stop.over() => return close_session(session).await,
                    };
                    let in_order =
                        session.close_code().is_some_and(|code| NORMAL_CLOSE_CODES.contains(&code));
                    self.log.ended(self.number, &why, in_order);
                    if opened.elapsed() > MAX_RECONNECT_DELAY {
                        pause = MIN_RECONNECT_DELAY;
                    }
                    if session.is_over() {
                        tokio::spawn(close_session(session));
                    }
                }
            }
            tokio::select! {
                () = sleep(pause) => {}
                _ = stop.over() => return,
            }
            pause = (pause * 2).min(MAX_RECONNECT_DELAY);
        }
    }

    /// Opens a session, and subscribes if the profile names a destination.
    async fn open(&self) -> Result<(StompClient, Response), String> {
        let Stomp { endpoint, transport, origin, headers, subscribe, .. } = &self.stomp;
        let path = match transport {
            Transport::WebSocket => endpoint.clone(),
            Transport::SockJs => sockjs_path(endpoint),
        };
        let fields =
            [("Origin", origin.as_str()), ("Sec-WebSocket-Protocol", "v12.stomp, v11.stomp, v10.stomp")];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let describe = |error: ClientError| error.to_string();
        let connection = Connection::open(&self.route).await.map_err(describe)?;
        let (response, socket) =
            Handshake::new(&path, &fields).open(connection, None).await.map_err(describe)?;
        let socket =
            socket.ok_or_else(|| format!("the handshake was answered with {}, not 101", response.status))?;
        let mut session =
            StompClient::connect(socket, *transport, Version::V1_2, headers).await.map_err(describe)?;
        if let Some(destination) = subscribe {
            let frame = Frame::new("SUBSCRIBE").with("id", "watch").with("destination", destination);
            session.send(&frame).map_err(describe)?;
        }
        Ok((session, response))
    }
}

/// Disconnects, or lets a closing handshake finish.
async fn close_session(mut session: StompClient) {
    if session.is_over() {
        return sleep(CLOSE_TIMEOUT).await;
    }
    if session.send(&Frame::new("DISCONNECT")).is_ok() {
        // Give up on an app server that does not close.
        let _ = timeout(CLOSE_TIMEOUT, session.run_to_end()).await;
    }
}
