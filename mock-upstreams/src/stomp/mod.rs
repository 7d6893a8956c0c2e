//! STOMP 1.0, 1.1 and 1.2: a codec for either side, and the broker of an app server.
//!
//! [`frame`] reads and writes frames in each version's dialect; a client under test is built from it. The broker is as forgiving as
//! the one in Spring: a `CONNECT` needs no `host`. In detail:
//!
//! - **Connecting.** The highest version that both know is chosen; without `accept-version` it is 1.0. `CONNECTED` has `version`,
//!   `session`, `server`, `heart-beat`, and `instance` with the instance's name. Login `nobody` and passcode `wrong` are refused.
//! - **Heart-beats.** The server offers and wants one every 100 ms at most (`heart-beat:100,100`), so a client may ask for any longer
//!   interval. A client silent for three intervals is closed with 1002.
//! - **Destinations.** `/queue/…`: each message goes to one subscriber in turn, and waits while there is none. Any other: a topic, every
//!   subscriber on this instance gets the message; messages of blue do not reach green.
//! - **Acknowledgement.** `client` acknowledges all earlier messages of the subscription, too; `client-individual` one. A `NACK` puts
//!   a queue's message back to its head, with `redelivered:true`, for the next subscriber in turn; a topic's message is dropped. What is
//!   not acknowledged when a subscription ends goes back to its queue.
//! - **Transactions.** `SEND`, `ACK` and `NACK` in one wait for `COMMIT`; `ABORT` and the end of the session drop them.
//! - **Errors.** What is wrong is answered with `ERROR` (`message`, `receipt-id` if a receipt was asked for, a body that explains), then
//!   the session is closed with 1002. After `DISCONNECT` and its receipt it is closed with 1000.
//! - **On the WebSocket.** A frame goes out as a text message, or as a binary one if it is not UTF-8. Incoming frames may be split into messages
//!   in any way. Of the [`SUBPROTOCOLS`] the highest that the client offers is chosen; none is needed.

mod broker;
mod command;
mod dialect;
mod escape;
pub mod frame;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod server;
mod version;

pub(crate) use broker::Broker;
pub(crate) use server::serve;

/// The WebSocket subprotocols of STOMP, in order of preference.
pub const SUBPROTOCOLS: [&str; 3] = ["v12.stomp", "v11.stomp", "v10.stomp"];
