//! Why a request could not be answered by an app server.

/// Why an app server's answer did not reach the client to its end.
#[derive(Debug)]
pub(crate) enum ProxyError {
    /// Nothing was sent: the client is owed the page of this status.
    Status(u16),
    /// The connection is to be closed as it is; the exchange has its status for the log.
    Close,
}
