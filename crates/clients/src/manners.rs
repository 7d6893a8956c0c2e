//! What may be asked of a system that others use, and how fast. Every request to one goes through here; so a scenario
//! that would write, or flood, is refused before a byte of it is sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mock_upstreams::stomp::frame::Frame;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};

use crate::{Body, ClientError, Request};

/// Methods that change nothing (RFC 9110 §9.2.1).
const SAFE: [&str; 3] = ["GET", "HEAD", "OPTIONS"];

/// STOMP commands that reach nobody but the session itself.
const OWN_SESSION: [&str; 7] = ["CONNECT", "STOMP", "SUBSCRIBE", "UNSUBSCRIBE", "ACK", "NACK", "DISCONNECT"];

/// How a system that others use is treated.
#[derive(Debug)]
pub struct Manners {
    /// The least time between the beginnings of two requests.
    pause: Duration,
    next: Mutex<Instant>,
    in_flight: Arc<Semaphore>,
    sent: AtomicUsize,
    subscribe: Vec<String>,
    send: Vec<String>,
}

/// What a request in flight holds.
#[derive(Debug)]
pub struct Turn {
    _permit: OwnedSemaphorePermit,
}

impl Manners {
    /// At most `per_second` requests a second, at most `in_flight` of them unanswered, and only these STOMP destinations
    /// subscribed and sent to.
    pub fn new(per_second: f64, in_flight: usize, subscribe: Vec<String>, send: Vec<String>) -> Manners {
        Manners {
            pause: Duration::try_from_secs_f64(1.0 / per_second).unwrap_or(Duration::MAX),
            next: Mutex::new(Instant::now()),
            in_flight: Arc::new(Semaphore::new(in_flight.max(1))),
            sent: AtomicUsize::new(0),
            subscribe,
            send,
        }
    }

    /// Waits until `request` may be sent. It is in flight until the turn is dropped.
    ///
    /// # Errors
    /// When it must never be sent.
    pub async fn turn(&self, request: &Request) -> Result<Turn, ClientError> {
        if !SAFE.contains(&request.method.as_str()) {
            return Err(refused(&format!("a {} request may change something", request.method)));
        }
        if request.body != Body::None {
            return Err(refused(&format!("a {} request with a body is not surely safe", request.method)));
        }
        let permit = Arc::clone(&self.in_flight).acquire_owned().await;
        let permit = permit.map_err(|_| ClientError::Session("the run is over".to_owned()))?;
        // Held while waiting: the next in line waits for the one before it.
        let mut next = self.next.lock().await;
        sleep_until(*next).await;
        *next = Instant::now() + self.pause;
        self.sent.fetch_add(1, Ordering::Relaxed);
        Ok(Turn { _permit: permit })
    }

    /// Whether a STOMP frame may be sent.
    ///
    /// # Errors
    /// When it may not: its destination is none that the profile names for it.
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
            command if OWN_SESSION.contains(&command) => Ok(()),
            command => Err(refused(&format!("the frame {command} may change something"))),
        }
    }

    /// How many requests have been sent.
    pub fn sent(&self) -> usize {
        self.sent.load(Ordering::Relaxed)
    }
}

/// Nothing was sent, and why.
pub(super) fn refused(why: &str) -> ClientError {
    ClientError::Refused(why.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manners() -> Manners {
        Manners::new(1000.0, 1, vec!["/topic/a".to_owned()], vec![])
    }

    #[tokio::test]
    async fn nothing_that_may_change_something_is_sent() {
        let manners = manners();
        for method in ["POST", "PUT", "PATCH", "DELETE", "get", "PURGE"] {
            assert!(manners.turn(&Request::new(method, "/")).await.is_err(), "{method}");
        }
        assert!(manners.turn(&Request::new("GET", "/").body(Body::Sized(vec![1]))).await.is_err());
        assert_eq!(manners.sent(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn requests_are_paced() {
        let manners = Manners::new(10.0, 4, vec![], vec![]);
        let begun = Instant::now();
        for _ in 0..11 {
            manners.turn(&Request::new("GET", "/")).await.unwrap();
        }
        assert_eq!(begun.elapsed().as_millis() / 100, 10);
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_requests_than_said_are_in_flight() {
        let manners = manners();
        let first = manners.turn(&Request::new("GET", "/")).await.unwrap();
        let request = Request::new("GET", "/");
        let second = tokio::time::timeout(Duration::from_secs(9), manners.turn(&request));
        assert!(second.await.is_err(), "a second one went out beside the first");
        drop(first);
        assert!(manners.turn(&request).await.is_ok());
    }

    #[test]
    fn only_destinations_that_the_profile_names_are_used() {
        let frame = |command: &str, to: &str| Frame::new(command).with("destination", to);
        let manners = manners();
        assert!(manners.allow(&frame("SUBSCRIBE", "/topic/a")).is_ok());
        for refused in [frame("SUBSCRIBE", "/topic/b"), frame("SEND", "/topic/a"), frame("BEGIN", "")] {
            assert!(manners.allow(&refused).is_err(), "{refused}");
        }
    }
}
