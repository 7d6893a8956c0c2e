//! Drafts to the model: what nginx does in `ngx_http_block` after parsing, and at the end of the file.

mod cache;
mod checks;
mod content;
mod gzip;
mod http;
mod limit;
mod link;
mod main;
mod merge;
mod proxy_ssl;
mod referers;
mod server_names;
mod tls;
mod tree;

pub(crate) use http::http;
pub(crate) use main::config;
