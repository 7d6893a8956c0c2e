//! The app servers: one for each that the configuration names. They answer as the probe wants it.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use mock_upstreams::{AppServer, Exchange, Fault, Journal};

use crate::probe::AppAnswer;

/// A header of every answer of an app server, by which it is known.
pub(super) const APP_MARK: &str = "X-App";

/// Headers of answers that a proxy may keep back, or change.
const MANY_HEADERS: [(&str, &str); 14] = [
    ("Accept-Ranges", "bytes"),
    ("Cache-Control", "private, max-age=60"),
    ("Content-Disposition", "inline"),
    ("Content-Language", "en"),
    ("Content-Security-Policy", "default-src 'self'"),
    ("Expires", "Thu, 01 Jan 2032 00:00:00 GMT"),
    ("Last-Modified", "Wed, 01 Jan 2020 00:00:00 GMT"),
    ("Link", "</next>; rel=next"),
    ("Pragma", "no-cache"),
    ("Strict-Transport-Security", "max-age=60"),
    ("Vary", "Accept"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "SAMEORIGIN"),
    ("X-Request-Id", "of-the-app"),
];

/// The app servers by their addresses, as the configuration has them.
#[derive(Debug)]
pub(super) struct Apps {
    servers: BTreeMap<String, AppServer>,
    /// How they answer now.
    answer: Option<AppAnswer>,
}

impl Apps {
    pub(super) async fn start(wanted: &BTreeMap<String, SocketAddr>) -> io::Result<Apps> {
        let mut servers = BTreeMap::new();
        let mut started = BTreeSet::new();
        // Two spellings of one address are one app server.
        for (written, address) in wanted.iter().filter(|(_, address)| started.insert(**address)) {
            let server = AppServer::start(written, *address).await?;
            server.answer_any_path();
            servers.insert(written.clone(), server);
        }
        Ok(Apps { servers, answer: None })
    }

    /// From now on they answer so.
    pub(super) fn answer(&mut self, answer: AppAnswer, first_servers: &BTreeSet<String>) {
        for (written, server) in &self.servers {
            server.clear();
            if self.answer == Some(answer) {
                continue;
            }
            server.heal();
            if answer == AppAnswer::FirstClosed && first_servers.contains(written) {
                server.inject(Fault::CloseBeforeResponse);
            } else if let Some(fault) = fault_of(answer) {
                server.inject(fault);
            }
        }
        self.answer = Some(answer);
    }

    /// What reached them, by address.
    pub(super) fn seen(&self) -> Vec<(&str, Exchange)> {
        let mut seen: Vec<(&str, Exchange)> = Vec::new();
        for (written, server) in &self.servers {
            let arrived = server.read(|journal| journal.exchanges.clone());
            seen.extend(arrived.into_iter().map(|exchange| (written.as_str(), exchange)));
        }
        seen.sort_by_key(|(_, exchange)| exchange.at);
        seen
    }

    /// Waits until nothing more arrives, of a configuration that sends copies (`mirror`) while it answers.
    pub(super) async fn settle(&self) {
        const STEP: Duration = Duration::from_millis(10);
        let count = || self.servers.values().map(|server| server.read(Journal::len)).sum::<usize>();
        let mut last = count();
        loop {
            tokio::time::sleep(STEP).await;
            let now = count();
            if now == last {
                return;
            }
            last = now;
        }
    }

    pub(super) async fn stop(&self) {
        futures::future::join_all(self.servers.values().map(AppServer::stop)).await;
    }
}

/// What is injected for an answer.
fn fault_of(answer: AppAnswer) -> Option<Fault> {
    let fields = |more: &[(&str, &str)]| {
        let common = [
            (APP_MARK, "1"),
            ("Server", "app"),
            ("X-Powered-By", "app"),
            ("ETag", "\"app\""),
            ("Set-Cookie", "sid=1; Path=/; HttpOnly"),
        ];
        common.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let json = format!("{{\"app\":\"{}\"}}", "a".repeat(1_500));
    let json_answer = |status, more: &[(&str, &str)]| Fault::Status {
        status,
        headers: fields(&[&[("Content-Type", "application/json")], more].concat()),
        body: Bytes::from(json.clone()),
    };
    Some(match answer {
        AppAnswer::Json | AppAnswer::FirstClosed => json_answer(200, &[]),
        AppAnswer::Cors => json_answer(
            200,
            &[
                ("Access-Control-Allow-Origin", "https://app.hopcheck.test"),
                ("Access-Control-Allow-Credentials", "true"),
                ("Vary", "Origin"),
            ],
        ),
        AppAnswer::ManyHeaders => json_answer(200, &MANY_HEADERS),
        AppAnswer::Status(status) => json_answer(status, &[]),
        AppAnswer::LongHeader(size) => json_answer(200, &[("X-Long", &"h".repeat(usize::from(size)))]),
        AppAnswer::Page => Fault::Status {
            status: 200,
            headers: fields(&[("Content-Type", "text/html; charset=utf-8")]),
            body: Bytes::from(format!("<html><body>{}</body></html>", "page ".repeat(300))),
        },
        AppAnswer::Redirect => Fault::RedirectToItself { name: "moved".to_owned() },
        AppAnswer::Closed => Fault::CloseBeforeResponse,
        // By the app itself.
        AppAnswer::Socket => return None,
    })
}
