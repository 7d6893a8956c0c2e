//! Why a client did not get an app server's response.

/// Why a client did not get an app server's response, or not all of it.
#[derive(Debug)]
pub(crate) enum ProxyError {
    /// Nothing was sent: the client gets the page of this status.
    Status(u16),
    /// Nothing was sent: the client gets what is at another URI (`/path?query`, the path decoded) or in a named location.
    Redirect {
        /// The path, or `@name`.
        uri: Vec<u8>,
        /// The query.
        args: Vec<u8>,
    },
    /// The connection is closed as it is. The exchange has the status for the log.
    Close,
}
