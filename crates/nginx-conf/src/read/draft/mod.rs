//! What has been read so far, as written: nothing is inherited yet, and no name is resolved.

mod autoindex;
mod cache;
mod gzip;
mod http;
mod http2;
mod level;
mod limit;
mod listen;
mod log;
mod main;
mod proxy_ssl;
mod referers;
mod server;
mod ssl;
mod sub;
mod upstream;

pub(crate) use autoindex::AutoindexSettings;
pub(crate) use cache::{CacheSettings, UseStale};
pub(crate) use gzip::GzipSettings;
pub(crate) use http::HttpDraft;
pub(crate) use level::{Level, LevelId, RawSettings};
pub(crate) use limit::{LimitSettings, ZoneConflict};
pub(crate) use listen::{ListenAddress, ListenAddresses, ListenParameters};
pub(crate) use main::MainDraft;
pub(crate) use proxy_ssl::ProxySslSettings;
pub(crate) use referers::RefererSettings;
pub(crate) use server::{ServerDraft, ServerName};
pub(crate) use ssl::{DeferredWord, Protocols, SslSettings};
pub(crate) use sub::SubSettings;
pub(crate) use upstream::UpstreamDraft;
