//! Why a client did not get an app server's response.

/// Why a client did not get an app server's response, or not all of it.
#[derive(Debug)]
pub(crate) enum ProxyError {
    /// Nothing was sent: the client gets the page of this status.
    Status(u16),
    /// The connection is closed as it is. The exchange has the status for the log.
    Close,
}
