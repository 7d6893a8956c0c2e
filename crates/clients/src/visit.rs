//! What a visitor's browser does where HTTP/2 is offered: one connection, on which all requests are streams.

use std::sync::Arc;

use tokio::sync::Mutex;

use crate::{ClientError, Http2Connection, Request, Response, Route};

/// The connection of a visitor over HTTP/2. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Visit {
    route: Route,
    connection: Arc<Mutex<Option<Arc<Http2Connection>>>>,
}

/// What came of a request that may have been sent again.
#[derive(Debug)]
pub struct SendOutcome {
    /// Whether it was sent again, as what it was first sent on had been closed.
    pub again: bool,
    /// The response, or why there is none.
    pub answer: Result<Response, ClientError>,
}

impl SendOutcome {
    /// Of a request that was sent once.
    pub fn once(answer: Result<Response, ClientError>) -> SendOutcome {
        SendOutcome { again: false, answer }
    }
}

impl Visit {
    /// One that connects by `route` when something is asked.
    pub fn new(route: Route) -> Visit {
        Visit { route, connection: Arc::default() }
    }

    /// Sends a request on the connection, or on another where it has ended; browsers send again what was under way on it then and
    /// had no answer yet, and what the server says it has not looked at.
    pub async fn ask(&self, request: &Request) -> SendOutcome {
        let (connection, is_reused) = match self.other_than(None).await {
            Ok(connection) => connection,
            Err(error) => return SendOutcome::once(Err(error)),
        };
        let answer = connection.ask(request).await;
        if !is_reused || !matches!(answer, Err(ClientError::Unprocessed(_) | ClientError::Io(_))) {
            return SendOutcome::once(answer);
        }
        let answer = match self.other_than(Some(&connection)).await {
            Ok((connection, _)) => connection.ask(request).await,
            Err(error) => Err(error),
        };
        SendOutcome { again: true, answer }
    }

    /// The connection, and whether it was there already: a new one where it has ended, or is `lost`.
    async fn other_than(
        &self,
        lost: Option<&Arc<Http2Connection>>,
    ) -> Result<(Arc<Http2Connection>, bool), ClientError> {
        // Held while connecting, so that others wait for the connection in place of opening their own.
        let mut current = self.connection.lock().await;
        let is_lost = |it: &Arc<Http2Connection>| lost.is_some_and(|lost| Arc::ptr_eq(lost, it));
        if let Some(connection) = current.as_ref().filter(|it| !it.is_closed() && !is_lost(it)) {
            return Ok((Arc::clone(connection), true));
        }
        let opened = Arc::new(Http2Connection::open(&self.route).await?);
        *current = Some(Arc::clone(&opened));
        Ok((opened, false))
    }
}
