//! What may be sent to a live deployment, and how fast. Every request to one passes through here, so that a scenario
//! that would change something, or flood it, is refused before a byte is sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mock_upstreams::stomp::frame::Frame;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};

use crate::sockjs::NO_MESSAGES;
use crate::{Body, ClientError, Request};

/// Safe methods (RFC 9110 §9.2.1).
const SAFE_METHODS: [&str; 3] = ["GET", "HEAD", "OPTIONS"];

/// STOMP commands that only affect the session itself.
const SESSION_COMMANDS: [&str; 7] =
    ["CONNECT", "STOMP", "SUBSCRIBE", "UNSUBSCRIBE", "ACK", "NACK", "DISCONNECT"];

/// The limits that requests to a live deployment observe.
#[derive(Debug)]
pub struct RequestPolicy {
    /// The least time between the starts of two requests.
    pause: Duration,
    next: Mutex<Instant>,
    in_flight: Arc<Semaphore>,
    sent: AtomicUsize,
    subscribe: Vec<String>,
    send: Vec<String>,
    /// The SockJS endpoint whose sessions may be asked by POST.
    sockjs: Option<String>,
}

/// Held while a request is in flight.
#[derive(Debug)]
pub struct RequestPermit {
    _permit: OwnedSemaphorePermit,
}

impl RequestPolicy {
    /// At most `per_second` requests a second, at most `in_flight` of them unanswered, and only these STOMP destinations
    /// subscribed and sent to.
    pub fn new(
        per_second: f64,
        in_flight: usize,
        subscribe: Vec<String>,
        send: Vec<String>,
    ) -> RequestPolicy {
        RequestPolicy {
            pause: Duration::try_from_secs_f64(1.0 / per_second).unwrap_or(Duration::MAX),
            next: Mutex::new(Instant::now()),
            in_flight: Arc::new(Semaphore::new(in_flight.max(1))),
            sent: AtomicUsize::new(0),
            subscribe,
            send,
            sockjs: None,
        }
    }

    /// The same, which lets sessions of SockJS at `endpoint` be asked by POST: opened, and sent no message.
    #[must_use]
    pub fn with_sockjs(self, endpoint: Option<String>) -> RequestPolicy {
        RequestPolicy { sockjs: endpoint, ..self }
    }

    /// Waits until `request` may be sent. It counts as in flight until the permit is dropped.
    ///
    /// # Errors
    /// When it must never be sent.
    pub async fn acquire(&self, request: &Request) -> Result<RequestPermit, ClientError> {
        let is_sockjs = self.is_empty_sockjs(request);
        if !SAFE_METHODS.contains(&request.method.as_str()) && !is_sockjs {
            return Err(refused(&format!("a {} request may change something", request.method)));
        }
        if request.body != Body::None && !is_sockjs {
            return Err(refused(&format!("a {} request with a body may not be safe", request.method)));
        }
        let permit = Arc::clone(&self.in_flight).acquire_owned().await;
        let permit = permit.map_err(|_| ClientError::Session("the run is over".to_owned()))?;
        // Held while waiting, so that requests leave in order.
        let mut next = self.next.lock().await;
        sleep_until(*next).await;
        *next = Instant::now() + self.pause;
        self.sent.fetch_add(1, Ordering::Relaxed);
        Ok(RequestPermit { _permit: permit })
    }

    /// Whether this asks for a session of SockJS, or sends no message on one.
    fn is_empty_sockjs(&self, request: &Request) -> bool {
        let Some(endpoint) = &self.sockjs else { return false };
        let below = request.target.strip_prefix(endpoint.trim_end_matches('/'));
        let parts: Vec<&str> = below.unwrap_or_default().split('/').collect();
        let ["", _, _, transport] = parts[..] else { return false };
        let is_empty = match &request.body {
            Body::None => transport == "xhr",
            Body::Sized(body) => transport == "xhr_send" && body == NO_MESSAGES.as_bytes(),
            Body::Chunked(_) => false,
        };
        request.method == "POST" && is_empty
    }

    /// Whether a STOMP frame may be sent.
    ///
    /// # Errors
    /// When the profile does not name its destination.
    pub fn allow(&self, frame: &Frame) -> Result<(), ClientError> {
        let destination = frame.get("destination").unwrap_or_default();
        let among = |named: &[String]| named.iter().any(|name| name == destination);
        match frame.command.as_str() {
            "SUBSCRIBE" if !among(&self.subscribe) => {
                Err(refused(&format!("the profile does not name {destination:?} to subscribe to")))
            }
            "SEND" if !among(&self.send) => {
                Err(refused(&format!("the profile does not name {destination:?} to send to")))
            }
            "SEND" => Ok(()),
            command if SESSION_COMMANDS.contains(&command) => Ok(()),
            command => Err(refused(&format!("the frame {command} may change something"))),
        }
    }

    /// How many requests have been sent.
    pub fn sent(&self) -> usize {
        self.sent.load(Ordering::Relaxed)
    }
}

/// The error of a request that was not sent.
pub(super) fn refused(why: &str) -> ClientError {
    ClientError::Refused(why.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> RequestPolicy {
        RequestPolicy::new(1000.0, 1, vec!["/topic/a".to_owned()], vec![])
    }

    #[tokio::test]
    async fn unsafe_requests_are_refused() {
        let policy = policy();
        for method in ["POST", "PUT", "PATCH", "DELETE", "get", "PURGE"] {
            assert!(policy.acquire(&Request::new(method, "/")).await.is_err(), "{method}");
        }
        assert!(policy.acquire(&Request::new("GET", "/").body(Body::Sized(vec![1]))).await.is_err());
        assert_eq!(policy.sent(), 0);
    }

    #[tokio::test]
    async fn sessions_of_sockjs_may_be_opened_and_sent_nothing_where_that_is_allowed() {
        let open = Request::new("POST", "/ws/000/abc/xhr");
        assert!(policy().acquire(&open).await.is_err());
        let policy = policy().with_sockjs(Some("/ws".to_owned()));
        let send = |body: &str| {
            Request::new("POST", "/ws/000/abc/xhr_send").body(Body::Sized(body.as_bytes().to_vec()))
        };
        assert!(policy.acquire(&open).await.is_ok());
        assert!(policy.acquire(&send("[]")).await.is_ok());
        for refused in [
            send("[\"SEND\"]"),
            Request::new("POST", "/ws/000/abc/xhr_send"),
            Request::new("PUT", "/ws/000/abc/xhr"),
            Request::new("POST", "/api/ws/000/abc/xhr"),
            Request::new("POST", "/ws/000/abc/xhr/../../api"),
        ] {
            assert!(policy.acquire(&refused).await.is_err(), "{refused:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn requests_are_paced() {
        let policy = RequestPolicy::new(10.0, 4, vec![], vec![]);
        let begun = Instant::now();
        for _ in 0..11 {
            policy.acquire(&Request::new("GET", "/")).await.unwrap();
        }
        assert_eq!(begun.elapsed().as_millis() / 100, 10);
    }

    #[tokio::test(start_paused = true)]
    async fn the_number_of_requests_in_flight_is_limited() {
        let policy = policy();
        let first = policy.acquire(&Request::new("GET", "/")).await.unwrap();
        let request = Request::new("GET", "/");
        let second = tokio::time::timeout(Duration::from_secs(9), policy.acquire(&request));
        assert!(second.await.is_err(), "a second one went out beside the first");
        drop(first);
        assert!(policy.acquire(&request).await.is_ok());
    }

    #[test]
    fn only_destinations_that_the_profile_names_are_allowed() {
        let frame = |command: &str, to: &str| Frame::new(command).with("destination", to);
        let policy = policy();
        assert!(policy.allow(&frame("SUBSCRIBE", "/topic/a")).is_ok());
        for refused in [frame("SUBSCRIBE", "/topic/b"), frame("SEND", "/topic/a"), frame("BEGIN", "")] {
            assert!(policy.allow(&refused).is_err(), "{refused}");
        }
    }
}
