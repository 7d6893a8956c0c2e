//! `http2_…` directives.

/// What the `http2_…` directives of a level say. Those that have no effect are kept for being written once only.
#[derive(Debug, Default)]
#[allow(missing_docs)]
pub(crate) struct Http2Settings {
    pub on: Option<bool>,
    pub max_concurrent_streams: Option<u32>,
    pub body_preread_size: Option<u32>,
    pub chunk_size: Option<usize>,
    pub max_concurrent_pushes: Option<u32>,
    pub push_preload: Option<bool>,
    pub recv_buffer_size: Option<usize>,
}
