//! Responses on their way to the client: the head in nginx's order, its built-in pages, and the connection they go out on.

mod client;
pub(crate) mod head;
mod linger;
mod pages;
mod send;

pub(crate) use client::ClientConnection;
pub(crate) use pages::{close_after_error, error_page, page_response};
pub(crate) use send::SendError;
