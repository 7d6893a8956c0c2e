//! Asks one probe, and writes down what was seen.

use std::collections::BTreeMap;

use hopcheck_clients::{ClientError, Connection, Response, Route, Tls};
use hopcheck_targets::machine;
use mock_upstreams::Exchange;
use tokio::io::AsyncReadExt as _;
use tokio::time::error::Elapsed;
use tokio::time::timeout;

use super::apps::APP_MARK;
use super::{ADMITTED_CLIENT, ANSWER_TIMEOUT, Door, Side};
use crate::files::FILE_MARK;
use crate::observation::{Kind, Observation};
use crate::probe::{AppAnswer, Probe, Way};
use crate::probes::DEFAULT_HOST;
use crate::wire::{OF_CONNECTION, exchange, plain_body, request_of};

/// An answer, or why there is none; the outer error if it did not come in time.
type Answer<T> = Result<Result<T, ClientError>, Elapsed>;

/// A header that numbers the requests, so that one is known by the app servers from the one before it.
const NUMBER: &str = "X-Hopcheck-Number";

/// The beginning of an interim answer.
const CONTINUE: &str = "HTTP/1.1 100";

impl Side {
    /// What comes of a probe.
    pub(super) async fn observe(&mut self, probe: &Probe) -> Observation {
        let mut seen = Observation::default();
        let Some(door) = self.doors.get(&probe.port).copied() else {
            seen.set(Kind::Who, "", "nobody: no server listens on this port");
            return seen;
        };
        self.asked += 1;
        let Ok(route) = route_to(door, probe, self.asked) else {
            seen.set(Kind::Who, "", "nobody: no TLS");
            return seen;
        };
        self.apps.answer(probe.answer, &self.first_servers);
        match probe.way {
            Way::Announced(size) => self.announce(probe, &route, size, &mut seen).await,
            Way::Turns(count) => self.take_turns(probe, &route, count, &mut seen).await,
            Way::Twice => {
                let _ = self.answer_to(probe, &route).await;
                self.apps.answer(probe.answer, &self.first_servers);
                self.ask_once(probe, &route, &mut seen).await;
            }
            _ => self.ask_once(probe, &route, &mut seen).await,
        }
        seen
    }

    /// Sends a probe, and remembers what kept the answer away if that was not the proxy.
    async fn answer_to(&mut self, probe: &Probe, route: &Route) -> Answer<Response> {
        let answer = timeout(ANSWER_TIMEOUT, exchange(route, probe)).await;
        self.remember(&answer);
        answer
    }

    fn remember<T>(&mut self, answer: &Answer<T>) {
        match answer {
            Err(_) => self.timeouts += 1,
            Ok(Err(error)) => {
                self.lack = self.lack.or_else(|| machine::exhausted_resource(&error.to_string()));
            }
            Ok(Ok(_)) => {}
        }
    }

    async fn ask_once(&mut self, probe: &Probe, route: &Route, seen: &mut Observation) {
        let answer = self.answer_to(probe, route).await;
        if self.mirrors {
            self.apps.settle().await;
        }
        let answered_by = answer.as_ref().ok().and_then(|answer| answer.as_ref().ok());
        let answered_by = answered_by.and_then(|response| response.value("x-instance")).map(str::to_owned);
        let arrived = self.arrived(answered_by.as_deref());
        let response = match answer {
            Err(_) => {
                seen.set(Kind::Status, "", format!("no answer within {} s", ANSWER_TIMEOUT.as_secs()));
                return;
            }
            Ok(Err(error)) => {
                let what = match error {
                    ClientError::Tls(_) => "TLS handshake refused",
                    ClientError::Protocol { .. } => "no HTTP",
                    _ => "connection closed without an answer",
                };
                seen.set(Kind::Status, "", what);
                self.add_arrived(probe, &arrived, seen);
                return;
            }
            Ok(Ok(response)) => response,
        };
        let body = plain_body(&response);
        let is_socket = probe.answer == AppAnswer::Socket;
        seen.set(Kind::Who, "", self.who(&response, &body, &arrived));
        seen.set(Kind::Status, "", response.status.to_string());
        let mut headers: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in &response.headers {
            headers.entry(name.to_ascii_lowercase()).or_default().push(self.scrubber.clean(value));
        }
        let has_encoding = headers.contains_key("content-encoding");
        let names_engine = self.scrubber.names_engine(&body);
        for (name, values) in headers {
            let kind = if OF_CONNECTION.contains(&name.as_str()) { Kind::Connection } else { Kind::Headers };
            // The length of what is compressed, or of what the app or the engine says of itself, tells nothing.
            let is_noise = name == "content-length" && (has_encoding || is_socket || names_engine)
                || matches!(name.as_str(), "date" | "x-instance");
            if !is_noise {
                seen.set(kind, &name, values.join(" | "));
            }
        }
        if !response.complete && response.status != 101 {
            seen.set(Kind::Connection, "", "closed within the answer");
        }
        if !is_socket {
            let text = self.scrubber.clean(&body);
            seen.set(Kind::Body, "", text);
        }
        self.add_arrived(probe, &arrived, seen);
    }

    /// What reached the app servers in order, with what was answered last; copies, which take their time, first.
    fn arrived(&self, answered_by: Option<&str>) -> Vec<(&str, Exchange)> {
        let mut arrived = self.apps.seen();
        // What a WebSocket or a cut connection leaves behind may come late.
        let number = self.asked.to_string();
        let is_of_this = |exchange: &Exchange| {
            exchange
                .headers
                .iter()
                .all(|(name, value)| !name.eq_ignore_ascii_case(NUMBER) || *value == number)
        };
        arrived.retain(|(_, exchange)| is_of_this(exchange));
        if self.mirrors {
            arrived.sort_by_key(|(address, _)| *address);
        }
        if let Some(at) = arrived.iter().rposition(|(address, _)| Some(*address) == answered_by) {
            let answered = arrived.remove(at);
            arrived.push(answered);
        }
        arrived
    }

    /// Whether the proxy wants a body of that size.
    async fn announce(&mut self, probe: &Probe, route: &Route, size: u64, seen: &mut Observation) {
        let begin = async {
            let mut connection = Connection::open(route).await?;
            let request = request_of(probe)
                .header("Content-Length", &size.to_string())
                .header("Expect", "100-continue");
            connection.send(&connection.head_of(&request)).await?;
            let (mut stream, mut received) = connection.into_parts();
            let mut bytes = received.split_off(0).to_vec();
            while !bytes.windows(4).any(|four| four == b"\r\n\r\n") {
                if stream.read_buf(&mut bytes).await? == 0 {
                    break;
                }
            }
            Ok::<_, ClientError>(String::from_utf8_lossy(&bytes).into_owned())
        };
        let answer = timeout(ANSWER_TIMEOUT, begin).await;
        self.remember(&answer);
        let status = match answer {
            Ok(Ok(head)) if head.starts_with(CONTINUE) => "wanted".to_owned(),
            Ok(Ok(head)) => head.get(9..12).unwrap_or("connection closed without an answer").to_owned(),
            Ok(Err(_)) => "connection closed without an answer".to_owned(),
            Err(_) => format!("no answer within {} s", ANSWER_TIMEOUT.as_secs()),
        };
        seen.set(Kind::Status, "", status);
    }

    /// Which app servers are asked how often.
    async fn take_turns(&mut self, probe: &Probe, route: &Route, count: usize, seen: &mut Observation) {
        for _ in 0..count {
            let _ = self.answer_to(probe, route).await;
        }
        let mut shares: BTreeMap<&str, usize> = BTreeMap::new();
        let arrived = self.apps.seen();
        arrived.iter().for_each(|(address, _)| *shares.entry(address).or_default() += 1);
        let shares: Vec<String> =
            shares.into_iter().map(|(address, asked)| format!("{address} {asked} times")).collect();
        seen.set(Kind::Who, "turns", shares.join(", "));
    }

    /// Who answered.
    fn who(&self, response: &Response, body: &str, arrived: &[(&str, Exchange)]) -> String {
        let is_of_app = response.value(APP_MARK).is_some() || response.value("x-instance").is_some();
        if let Some(rest) = body.strip_prefix(FILE_MARK) {
            return format!("file {}", rest.lines().next().unwrap_or_default());
        }
        match arrived.last() {
            Some((address, _)) if is_of_app => format!("app server {address}"),
            Some((address, _)) => format!("the proxy, after asking {address}"),
            None if is_of_app => "the cache".to_owned(),
            None if response.value("last-modified").is_some() => "a file".to_owned(),
            None => "the proxy".to_owned(),
        }
    }

    /// What the app servers saw: of the last request all, of others before it that they came.
    fn add_arrived(&self, probe: &Probe, arrived: &[(&str, Exchange)], seen: &mut Observation) {
        let Some((last, _)) = arrived.split_last() else { return };
        let clean = |text: &str| self.scrubber.clean(text);
        let (_, exchange) = last;
        let line = format!("{} {} {}", exchange.method, clean(&exchange.target), exchange.version);
        seen.set(Kind::App, "request line", line);
        let mut headers: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let told = exchange.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case(NUMBER));
        for (name, value) in told {
            headers.entry(name.to_ascii_lowercase()).or_default().push(clean(value));
        }
        for (name, values) in headers {
            seen.set(Kind::App, &name, values.join(" | "));
        }
        if let Some(text) = exchange.body.text.as_ref().filter(|text| !text.is_empty()) {
            seen.set(Kind::App, "body", text.clone());
        }
        if arrived.len() > 1 {
            let came: Vec<String> = arrived
                .iter()
                .map(|(address, exchange)| {
                    format!("{address}: {} {}", exchange.method, clean(&exchange.target))
                })
                .collect();
            // With failing app servers it is the way that matters.
            let kind = if probe.way == Way::Fresh { Kind::Who } else { Kind::App };
            seen.set(kind, "requests", came.join(", then "));
        }
    }
}

fn route_to(door: Door, probe: &Probe, number: usize) -> Result<Route, String> {
    let tls = door.is_tls.then(Tls::accepting_any_certificate).transpose()?;
    let name = probe.host.as_deref().unwrap_or(DEFAULT_HOST);
    let route = Route::to_site(door.address, tls, name, vec![(NUMBER.to_owned(), number.to_string())]);
    Ok(if probe.is_admitted { route.from_client(ADMITTED_CLIENT) } else { route })
}
