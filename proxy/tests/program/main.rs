//! The program as its users meet it: its command line, its signals, its logs and the files it serves.

mod access_log;
mod answers;
mod app;
mod auth;
mod auth_request;
mod balance;
mod cache;
mod charset;
mod command_line;
mod conditions;
mod cookies;
mod files;
mod forged;
mod geo;
mod gzip;
mod http2;
mod lifecycle;
mod limits;
mod logged;
mod methods;
mod mirror;
mod name_server;
mod outside;
mod real_ip;
mod reload;
#[path = "../shared/reserved.rs"]
mod reserved;
mod resolver;
mod rewrite;
mod server;
mod shutdown;
mod status;
mod tls;
mod tunnel;
mod upstream_tls;
mod user;
