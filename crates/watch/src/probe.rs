//! One kind of request, sent repeatedly, in each [`ConnectionUse`] by turns. A switch may hurt either the visitor who is there
//! or the one who arrives.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::Message;

use crate::plan::Probe;
use crate::record::{ConnectionUse, Log, Outcome};
use crate::schedule::{RequestSender, Stop};
use crate::sessions::NORMAL_CLOSE_CODES;
use hopcheck_clients::{ClientError, Connection, Handshake, Response, Route, SendOutcome, Visit};

/// How long a WebSocket is looked at: an app server that cannot take it says so at once.
const SOCKET_MOMENT: Duration = Duration::from_millis(200);

/// Sends the requests of one kind.
#[derive(Debug)]
pub(super) struct Prober {
    /// Its index in the record's kinds.
    number: usize,
    probe: Probe,
    route: Route,
    /// A visitor's connection over HTTP/2, where that is offered.
    visit: Option<Visit>,
    /// The response header that identifies the instance.
    instance: Option<String>,
    timeout: Duration,
    places: usize,
    kept: Mutex<Vec<Connection>>,
    log: Log,
    stop: Stop,
}

impl Prober {
    pub(super) fn new(
        number: usize,
        probe: Probe,
        route: Route,
        visit: Option<Visit>,
        plan: &crate::plan::Plan,
        log: Log,
        stop: Stop,
    ) -> Prober {
        Prober {
            number,
            probe,
            route,
            visit,
            instance: plan.instance.clone(),
            timeout: plan.timeout,
            places: plan.in_flight,
            kept: Mutex::default(),
            log,
            stop,
        }
    }

    async fn send(&self, way: ConnectionUse) -> SendOutcome {
        if self.probe.opens_socket {
            return SendOutcome::once(self.open_socket().await);
        }
        if let (ConnectionUse::Stream, Some(visit)) = (way, &self.visit) {
            return visit.ask(&self.probe.request).await;
        }
        if way == ConnectionUse::Kept
            && let Some(mut connection) = self.take()
        {
            match connection.ask(&self.probe.request).await {
                // It was closed while the request was in flight; clients retry then (RFC 9112 §9.3.1).
                Err(ClientError::Closed(after)) if after.is_empty() => {}
                Err(ClientError::Io(_)) => {}
                answer => {
                    self.keep(connection, answer.as_ref().ok());
                    return SendOutcome::once(answer);
                }
            }
            return SendOutcome { again: true, answer: self.send_fresh(way).await };
        }
        SendOutcome::once(self.send_fresh(way).await)
    }

    async fn send_fresh(&self, way: ConnectionUse) -> Result<Response, ClientError> {
        let mut connection = Connection::open(&self.route).await?;
        let answer = connection.ask(&self.probe.request).await;
        if way == ConnectionUse::Kept {
            self.keep(connection, answer.as_ref().ok());
        }
        answer
    }

    /// Opens a WebSocket, and closes it once it has lived for a moment.
    async fn open_socket(&self) -> Result<Response, ClientError> {
        let request = &self.probe.request;
        let handshake = Handshake::new(&request.target, &request.headers);
        let connection = Connection::open(&self.route).await?;
        let (response, socket) = handshake.open(connection, None).await?;
        let Some(mut socket) = socket else { return Ok(response) };
        if let Some(reason) = handshake.mistake_in(&response) {
            return Err(ClientError::Protocol { protocol: "a WebSocket", reason });
        }
        let closed = async {
            loop {
                if let Message::Close(close) = socket.next().await? {
                    return Ok::<_, ClientError>(close);
                }
            }
        };
        match timeout(SOCKET_MOMENT, closed).await {
            // It is open: whether the other end hears that it is not needed is no matter to a visitor.
            Err(_) => drop(socket.close().await),
            Ok(close) => {
                let code = close?.map(|close| u16::from(close.code));
                if let Some(code) = code.filter(|code| !NORMAL_CLOSE_CODES.contains(code)) {
                    let why = format!("the WebSocket was closed at once, with {code}");
                    return Err(ClientError::Session(why));
                }
            }
        }
        Ok(response)
    }

    /// A kept connection that is still open.
    fn take(&self) -> Option<Connection> {
        loop {
            let mut connection = self.kept.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
            if !connection.looks_closed() {
                return Some(connection);
            }
        }
    }

    fn keep(&self, connection: Connection, answer: Option<&Response>) {
        let closes = |answer: &Response| {
            !answer.complete || answer.values("connection").any(|value| value.eq_ignore_ascii_case("close"))
        };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if answer.is_some_and(|answer| !closes(answer)) && kept.len() < self.places {
            kept.push(connection);
        }
    }

    /// What is wrong with a response, if anything.
    fn judge(&self, answer: &Result<Response, ClientError>) -> Result<(), String> {
        let Probe { status, any_success, text, .. } = &self.probe;
        let answer = answer.as_ref().map_err(ToString::to_string)?;
        if answer.status != *status && !(*any_success && (200..300).contains(&answer.status)) {
            return Err(format!("{}, not {status}", answer.status));
        }
        if !answer.complete {
            return Err(format!("the response ({status}) was cut off within its body"));
        }
        match text {
            Some(text) if !answer.text().contains(text) => {
                Err(format!("the response ({status}) does not contain {text:?}"))
            }
            _ => Ok(()),
        }
    }

    fn over(&self, due: Instant, way: Option<ConnectionUse>, asked: Option<SendOutcome>, otherwise: &str) {
        let done = self.log.now();
        let due = due.saturating_duration_since(self.log.began());
        let result =
            asked.as_ref().map_or_else(|| Err(otherwise.to_owned()), |asked| self.judge(&asked.answer));
        let answer = asked.as_ref().and_then(|asked| asked.answer.as_ref().ok());
        let header = self.instance.as_deref();
        let instance = header.and_then(|name| answer?.value(name).map(str::to_owned));
        let again = asked.as_ref().is_some_and(|asked| asked.again);
        self.log.over(self.number, self.probe.label, Outcome { due, done, way, again, instance, result });
    }
}

impl RequestSender for Prober {
    async fn ask(self: Arc<Self>, number: u64, due: Instant) {
        let ways: &[ConnectionUse] = match &self.visit {
            _ if self.probe.opens_socket => &[ConnectionUse::Fresh],
            Some(_) => &[ConnectionUse::Kept, ConnectionUse::Stream, ConnectionUse::Fresh],
            None => &[ConnectionUse::Kept, ConnectionUse::Fresh],
        };
        let Some(&way) = ways.iter().cycle().nth((number % ways.len() as u64) as usize) else { return };
        tokio::select! {
            asked = timeout(self.timeout, self.send(way)) => {
                let otherwise = format!("no complete response within {} s", self.timeout.as_secs());
                self.over(due, Some(way), asked.ok(), &otherwise);
            }
            () = self.stop.grace_period_over() => {
                self.over(due, Some(way), None, "no response when the watch ended");
            }
        }
    }

    fn missed(&self, due: Instant) {
        let why = format!("not sent: {} requests were already in flight", self.places);
        self.over(due, None, None, &why);
    }

    fn late(&self, by: Duration) {
        self.log.late(by);
    }
}
