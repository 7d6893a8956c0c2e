//! What the app servers promise to a suite that leans on them.

mod app;
mod faults;
mod http2;
mod journal;
mod lifecycle;
mod sockjs;
mod sockjs_http;
mod stomp;
mod stomp_frames;
mod streaming;
mod support;
mod tls;
mod websocket;
