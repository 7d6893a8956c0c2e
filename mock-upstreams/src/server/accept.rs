use std::future::pending;
use std::io;
use std::pin::{Pin, pin};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use axum::response::IntoResponse;
use h2::Reason;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::{authorization, fault};
use crate::app::App;
use crate::instance::Instance;
use crate::journal::Arrival;
use crate::transport::{Connection, JournaledStream, RawResponse, RecordedBody, RefusedStream, set_host};

/// Accepts connections until it is dropped.
pub(super) async fn accept(listener: Arc<TcpListener>, instance: Arc<Instance>, app: App) {
    loop {
        match listener.accept().await {
            // If this fails, the client has gone already.
            Ok((socket, _)) => drop(serve(socket, &instance, &app)),
            // Out of file descriptors: wait for some to be closed.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

fn serve(socket: TcpStream, instance: &Arc<Instance>, app: &App) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let Some(connection) = instance.connections.insert(socket, &instance.journal)? else { return Ok(()) };
    let stream = JournaledStream::new(Arc::clone(&connection));
    let quitting = instance.quitting.subscribe();
    let tls = instance.tls.read().unwrap_or_else(PoisonError::into_inner).clone();
    let (instance, app) = (Arc::clone(instance), app.clone());
    let served = Arc::clone(&connection);
    let service = service_fn(move |request| {
        let (instance, connection, app) = (Arc::clone(&instance), Arc::clone(&served), app.clone());
        async move {
            let response = answer(request, &instance, &connection, app).await;
            match response.extensions().get() {
                Some(RefusedStream) => Err(h2::Error::from(Reason::REFUSED_STREAM)),
                None => Ok(response),
            }
        }
    });
    let closing = Arc::clone(&connection);
    let task = tokio::spawn(async move {
        if let Some(tls) = tls
            && closing.accept_tls(tls).await.is_err()
        {
            // Dropping the stream ends the connection.
            return;
        }
        let io = TokioIo::new(stream);
        if is_http2(&closing, quitting.clone()).await {
            let exchange = http2::Builder::new(TokioExecutor::new()).serve_connection(io, service);
            until_quit(exchange, |exchange| exchange.graceful_shutdown(), quitting).await;
        } else {
            let exchange = http1::Builder::new().serve_connection(io, service).with_upgrades();
            until_quit(exchange, |exchange| exchange.graceful_shutdown(), quitting).await;
        }
        closing.linger().await;
    });
    connection.set_task(task.abort_handle());
    Ok(())
}

/// Whether a connection begins as one of HTTP/2. If the server quits before it does, that is all the same.
async fn is_http2(connection: &Connection, mut quitting: watch::Receiver<bool>) -> bool {
    tokio::select! {
        begins = connection.accept_http2() => begins.unwrap_or(false),
        () = async { drop(quitting.wait_for(|quitting| *quitting).await) } => false,
    }
}

/// Serves a connection; once the server quits, it ends after the requests in progress. How it ended is in the journal.
async fn until_quit<C: Future>(
    exchange: C,
    shut_down: impl FnOnce(Pin<&mut C>),
    mut quitting: watch::Receiver<bool>,
) {
    let mut exchange = pin!(exchange);
    tokio::select! {
        _ = exchange.as_mut() => {}
        () = async { drop(quitting.wait_for(|quitting| *quitting).await) } => {
            shut_down(exchange.as_mut());
            let _ = exchange.await;
        }
    }
}

async fn answer(
    mut request: Request<Incoming>,
    instance: &Arc<Instance>,
    connection: &Arc<Connection>,
    app: App,
) -> Response<Body> {
    let is_http2 = connection.is_http2();
    if is_http2 {
        set_host(&mut request);
    }
    let Some(arrival) = connection.arrival(&request) else {
        return (StatusCode::BAD_REQUEST, "this is no request that the journal understands\n")
            .into_response();
    };
    request.extensions_mut().insert(Arc::clone(&arrival));
    request.extensions_mut().insert(Arc::clone(connection));
    let request = request.map(|body| match is_http2 {
        true => Body::new(RecordedBody::new(body, &instance.journal, &arrival)),
        false => Body::new(body),
    });
    let response = match authorization::answer(instance, &arrival.head) {
        Some(status) => status.into_response(),
        None => answer_as_app(request, instance, connection, &arrival, app).await,
    };
    connection.record_response(&arrival, response.status().as_u16());
    if let Some(RawResponse(bytes)) = response.extensions().get() {
        // If this fails, the client is gone.
        let _ = connection.write_raw(bytes).await;
        connection.close();
        pending::<()>().await;
    }
    response
}

/// What the app answers, or what a fault makes of it.
async fn answer_as_app(
    request: Request<Body>,
    instance: &Arc<Instance>,
    connection: &Arc<Connection>,
    arrival: &Arrival,
    app: App,
) -> Response<Body> {
    match instance.faults.take(&arrival.head.target) {
        Some(fault) => {
            instance.journal.update(arrival.sequence, |exchange| exchange.fault = Some(fault.to_string()));
            fault::respond(fault, request, instance, connection, app).await
        }
        None => app.answer(request).await,
    }
}
