//! Responses: the head in nginx's order, its built-in pages, and the client's connection.

mod client;
mod fields;
mod filter;
pub(crate) mod head;
mod linger;
mod pace;
mod pages;
mod send;
mod traced;
mod trailers;

pub(crate) use client::ClientConnection;
pub(crate) use fields::{write_field, write_number};
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use filter::checks;
pub(crate) use filter::{BodyChanges, BodyFilters, without_charset};
pub(crate) use head::charset_in;
pub(crate) use pages::{close_after_error, error_page, page_response};
pub(crate) use send::SendError;
