//! Two app servers, `blue` and `green`, to put behind a reverse proxy: they show what reached them, and fail on demand.
//!
//! An [`AppServer`] is one instance of a small web app: a REST resource and an echo under `/api`, WebSockets and a STOMP broker
//! under `/stomp/` (see [`app`] for every path). What arrives is written down, as it was on the wire, in its [`Journal`].
//! A [`Fault`] makes it misbehave; [`AppServer::stop`] is `kill -9`, and [`AppServer::restart`] brings it back on the same port.
//!
//! Instances run on the caller's tokio runtime, without threads of their own: hundreds of pairs can be up at once.
//!
//! ```
//! use std::time::Duration;
//! use mock_upstreams::{AppServer, Fault};
//! use tokio::io::{AsyncReadExt, AsyncWriteExt};
//! use tokio::net::TcpStream;
//!
//! async fn get(server: &AppServer, target: &str) -> std::io::Result<String> {
//!     let mut connection = TcpStream::connect(server.address()).await?;
//!     connection.write_all(format!("GET {target} HTTP/1.0\r\nHost: x\r\nX-Odd-Case: 1\r\n\r\n").as_bytes()).await?;
//!     let mut response = String::new();
//!     connection.read_to_string(&mut response).await?;
//!     Ok(response)
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let blue = AppServer::start("blue", "127.0.0.1:0".parse()?).await?;
//! assert!(get(&blue, "/api/items?x=1").await?.starts_with("HTTP/1.0 200 OK\r\n"));
//!
//! let journal = blue.journal();
//! let exchange = journal.last().ok_or("nothing arrived")?;
//! assert_eq!(exchange.target, "/api/items?x=1");
//! assert_eq!(exchange.headers.0[1], ("X-Odd-Case".to_owned(), "1".to_owned()));
//!
//! blue.inject(Fault::status(503).on("/api/items").times(1));
//! assert!(get(&blue, "/api/items").await?.starts_with("HTTP/1.0 503"));
//! assert!(get(&blue, "/api/items").await?.starts_with("HTTP/1.0 200"));
//!
//! blue.stop().await;
//! assert!(get(&blue, "/api").await.is_err());
//! blue.restart().await?;
//! assert!(get(&blue, "/api").await?.starts_with("HTTP/1.0 200"));
//! blue.wait_for(Duration::from_secs(5), |journal| journal.open_connections() == 0).await?;
//! # Ok(())
//! # }
//! ```

pub mod app;
mod digest;
pub mod fault;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod instance;
pub mod journal;
mod port;
mod server;
pub mod sockets;
mod sockjs;
pub mod stomp;
mod transport;
mod websocket;

pub use digest::hex_digest;
pub use fault::{Fault, Injection};
pub use journal::{Exchange, Journal};
pub use port::ReservedPort;
pub use server::{AppServer, Builder, WaitTimeout};
pub use transport::StopMode;
