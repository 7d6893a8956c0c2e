//! One kind of request, sent again and again: every other one on a connection that is kept, the rest on fresh ones. A
//! switch may hurt either: the visitor who is there, or the one who comes.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout};

use crate::pace::{Asker, Stop};
use crate::plan::Probe;
use crate::record::{Log, Outcome, Way};
use hopcheck_clients::{ClientError, Connection, Response, Route};

/// Sends the requests of one kind.
#[derive(Debug)]
pub(super) struct Prober {
    /// Which of the record's kinds it is.
    number: usize,
    probe: Probe,
    route: Route,
    /// The response header that tells instances apart.
    instance: Option<String>,
    patience: Duration,
    places: usize,
    kept: Mutex<Vec<Connection>>,
    log: Log,
    stop: Stop,
}

/// What came of asking.
struct Asked {
    again: bool,
    answer: Result<Response, ClientError>,
}

impl Prober {
    pub(super) fn new(
        number: usize,
        probe: Probe,
        route: Route,
        plan: &crate::plan::Plan,
        log: Log,
        stop: Stop,
    ) -> Prober {
        Prober {
            number,
            probe,
            route,
            instance: plan.instance.clone(),
            patience: plan.patience,
            places: plan.in_flight,
            kept: Mutex::default(),
            log,
            stop,
        }
    }

    async fn send(&self, way: Way) -> Asked {
        if way == Way::Kept
            && let Some(mut connection) = self.take()
        {
            match connection.ask(&self.probe.request).await {
                // It was closed while the request was on its way; to ask again is what RFC 9112 §9.3.1 has clients do.
                Err(ClientError::Closed(after)) if after.is_empty() => {}
                Err(ClientError::Io(_)) => {}
                answer => {
                    self.keep(connection, answer.as_ref().ok());
                    return Asked { again: false, answer };
                }
            }
            return Asked { again: true, answer: self.send_fresh(way).await };
        }
        Asked { again: false, answer: self.send_fresh(way).await }
    }

    async fn send_fresh(&self, way: Way) -> Result<Response, ClientError> {
        let mut connection = Connection::open(&self.route).await?;
        let answer = connection.ask(&self.probe.request).await;
        if way == Way::Kept {
            self.keep(connection, answer.as_ref().ok());
        }
        answer
    }

    /// A connection that was kept, and is not closed yet.
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

    /// What is wrong with an answer, if anything.
    fn judge(&self, answer: &Result<Response, ClientError>) -> Result<(), String> {
        let Probe { status, text, .. } = &self.probe;
        let answer = answer.as_ref().map_err(ToString::to_string)?;
        if answer.status != *status {
            return Err(format!("{}, not {status}", answer.status));
        }
        if !answer.complete {
            return Err(format!("the answer ({status}) was cut off within its body"));
        }
        match text {
            Some(text) if !answer.text().contains(text) => {
                Err(format!("the answer ({status}) does not contain {text:?}"))
            }
            _ => Ok(()),
        }
    }

    fn over(&self, due: Instant, way: Option<Way>, asked: Option<Asked>, otherwise: &str) {
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

impl Asker for Prober {
    async fn ask(self: Arc<Self>, number: u64, due: Instant) {
        let way = if number.is_multiple_of(2) { Way::Kept } else { Way::Fresh };
        tokio::select! {
            asked = timeout(self.patience, self.send(way)) => {
                let otherwise = format!("no whole answer within {} s", self.patience.as_secs());
                self.over(due, Some(way), asked.ok(), &otherwise);
            }
            () = self.stop.over_for_good() => {
                self.over(due, Some(way), None, "no answer yet when the watch ended");
            }
        }
    }

    fn missed(&self, due: Instant) {
        let why = format!("not sent: all {} places were taken by requests without an answer", self.places);
        self.over(due, None, None, &why);
    }

    fn late(&self, by: Duration) {
        self.log.late(by);
    }
}
