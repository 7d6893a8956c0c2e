//! A reverse proxy that reads an `nginx.conf` and behaves as nginx does, for the subset of nginx that a single-page
//! app, a REST API and STOMP over WebSocket need in front of them.
//!
//! It is a drop-in for nginx rather than a proxy of its own kind: it takes nginx's command line and signals, writes
//! nginx's logs and error messages, and its tests compare it with a real nginx. [`server::main`] is the program; see
//! `examples/one_request.rs` for a configuration that is served and asked within one process. Parsing and checking the
//! configuration is the job of the crate `nginx-conf`.
//!
//! The modules form layers, and each uses only those above it in this list (`tests/architecture.rs` checks that):
//!
//! - `turn`: a turn of the event loop, and the time of it;
//! - `clock`, `text`, [`trace`], `variables`, `version`: the time of day, fast formatting, what becomes of requests as it
//!   is told step by step, evaluation of strings with variables;
//! - `log`, [`uri`] and `wire`: logs, normalised request targets, and bytes on connections (buffers, framing,
//!   deadlines);
//! - `resolver` and `tls`: names that are looked up while requests are served, and TLS sessions with clients and app servers;
//! - `limits`, `message` and `upstream`: the zones of `limit_req` and `limit_conn`, requests as they are read, and app servers
//!   with their balancing, failures and idle connections;
//! - `cache`: answers of app servers that are kept, for `proxy_cache`;
//! - `cycle`: what a worker hands down to the code that serves its requests, named after nginx's `ngx_cycle_t`;
//! - `exchange`: a request while it is answered, with its settings and variables (`ngx_http_request_t`);
//! - `response`: the head of a response in nginx's order, built-in pages, and the client's connection;
//! - `files` and `proxy`: the content handlers, for `root` and `proxy_pass`;
//! - `phases`: server rewrite, find location, rewrite, access, try files, content, and `error_page`;
//! - `connection`: TLS or not, then one request after another, or over HTTP/2 several at a time;
//! - [`server`]: command line, master and workers.
//!
//! A worker is a thread with its own event loop, sockets, upstreams and logs; no request waits for another
//! worker, except for a moment where it is limited together with those of the others.

mod cache;
mod clock;
mod connection;
mod cycle;
mod exchange;
mod files;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod limits;
mod log;
mod message;
mod phases;
mod proxy;
mod resolver;
mod response;
pub mod server;
mod text;
mod tls;
pub mod trace;
mod turn;
mod upstream;
pub mod uri;
mod variables;
mod version;
mod wire;
