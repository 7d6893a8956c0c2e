//! HTTP/2 on a connection (RFC 9113), by the crate `h2`: many requests at a time, each on a stream of its own.
//!
//! A request is answered as over HTTP/1, by a client's connection whose bytes are the body of its stream. What is left to be
//! done here is what a connection of HTTP/2 does besides: opening streams and ending them, within bounds.

mod connection;
mod in_flight;
mod io;
mod preface;
mod request;
mod response_head;
mod session;
mod stream;
mod traffic;

pub(super) use preface::begins_http2;
