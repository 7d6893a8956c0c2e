//! STOMP sessions with heart-beats that are kept open, and opened again when they end, as `@stomp/stompjs` does.

use std::time::Duration;

use hopcheck_clients::{Frame, Version};
use tokio::time::{Instant, sleep, timeout};

use crate::pace::Stop;
use crate::plan::Stomp;
use crate::record::Log;
use hopcheck_clients::{ClientError, Connection, Handshake, Response, Route, StompClient, sockjs_path};
use hopcheck_site::profile::Transport;

/// The pause before the first attempt to be back, doubled with each that fails.
const PAUSE: Duration = Duration::from_millis(100);

/// The longest pause. Also how long a session must have lasted for the pauses to begin anew.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// How long the app server may take to end a session that is given up in good order.
const FAREWELL: Duration = Duration::from_millis(500);

/// Close codes that say that nothing is wrong: done, going away, restarting (RFC 6455 §7.4.1, IANA), and SockJS's own.
const IN_ORDER: [u16; 4] = [1000, 1001, 1012, 3000];

/// Keeps one session open.
#[derive(Debug)]
pub(super) struct Keeper {
    pub(super) number: usize,
    pub(super) stomp: Stomp,
    pub(super) route: Route,
    /// The response header that tells instances apart.
    pub(super) instance: Option<String>,
    pub(super) log: Log,
}

impl Keeper {
    /// Keeps it open until the watch is over.
    pub(super) async fn keep(self, stop: Stop) {
        let mut pause = PAUSE;
        loop {
            let opened = tokio::select! {
                opened = self.open() => opened,
                _ = stop.over() => return,
            };
            match opened {
                Err(why) => self.log.not_opened(self.number, &why),
                Ok((mut session, response)) => {
                    let opened = Instant::now();
                    let instance = self.instance.as_deref().and_then(|name| response.value(name));
                    self.log.opened(self.number, instance, session.beat());
                    let why = tokio::select! {
                        why = session.outlast() => why,
                        _ = stop.over() => return farewell(session).await,
                    };
                    let in_order = session.close_code().is_some_and(|code| IN_ORDER.contains(&code));
                    self.log.ended(self.number, &why, in_order);
                    if opened.elapsed() > LONGEST_PAUSE {
                        pause = PAUSE;
                    }
                    if session.is_over() {
                        tokio::spawn(farewell(session));
                    }
                }
            }
            tokio::select! {
                () = sleep(pause) => {}
                _ = stop.over() => return,
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Opens a session, and subscribes where the profile says what to.
    async fn open(&self) -> Result<(StompClient, Response), String> {
        let Stomp { endpoint, transport, origin, headers, subscribe, .. } = &self.stomp;
        let path = match transport {
            Transport::WebSocket => endpoint.clone(),
            Transport::SockJs => sockjs_path(endpoint),
        };
        let fields =
            [("Origin", origin.as_str()), ("Sec-WebSocket-Protocol", "v12.stomp, v11.stomp, v10.stomp")];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let told = |error: ClientError| error.to_string();
        let connection = Connection::open(&self.route).await.map_err(told)?;
        let (response, socket) = Handshake::new(&path, &fields).open(connection, None).await.map_err(told)?;
        let socket =
            socket.ok_or_else(|| format!("the handshake was answered {}, not 101", response.status))?;
        let mut session =
            StompClient::connect(socket, *transport, Version::V1_2, headers).await.map_err(told)?;
        if let Some(destination) = subscribe {
            let frame = Frame::new("SUBSCRIBE").with("id", "watch").with("destination", destination);
            session.send(&frame).map_err(told)?;
        }
        Ok((session, response))
    }
}

/// Ends a session as its client should, or lets a closing handshake come to its end.
async fn farewell(mut session: StompClient) {
    if session.is_over() {
        return sleep(FAREWELL).await;
    }
    if session.send(&Frame::new("DISCONNECT")).is_ok() {
        // An app server that does not close in return is left.
        let _ = timeout(FAREWELL, session.outlast()).await;
    }
}
