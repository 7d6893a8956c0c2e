//! Server-sent events: answers that never end, and that must not be held back.

use cucumber::{given, then, when};
use mock_upstreams::{AppServer, Fault};

use crate::failure::{Checked, Failure};
use crate::world::World;
use hopcheck_clients::Request;

/// So many events are sent.
const EVENTS: usize = 3;

/// App servers answer with events, each sent only once the client has the one before. Of each only a byte is sent: so little
/// no buffer gives away by itself.
#[given(expr = "the app servers send events one by one")]
async fn one_by_one(world: &mut World) -> Checked {
    let slow = Fault::SlowBody { bytes: EVENTS };
    world.scene().await?.selected_app_servers().into_iter().for_each(|server| server.inject(slow.clone()));
    Ok(())
}

/// The client asks as `EventSource` does.
#[when(expr = "the client asks for the events of {string}")]
async fn ask(world: &mut World, path: String) -> Checked {
    world.begin();
    let mut request = Request::new("GET", &path);
    request.headers.push(("Accept".to_owned(), "text/event-stream".to_owned()));
    world.connect().await?.send_head(&request, b"").await?;
    world.request = Some(request);
    Ok(())
}

/// Each event comes through before there is another.
#[then(expr = "each event reaches the client before the app server sends the next")]
async fn each(world: &mut World) -> Checked {
    let servers: Vec<AppServer> = world.scene().await?.app_servers().into_iter().cloned().collect();
    let connection = world.connection.as_mut().ok_or_else(|| Failure::new("there is no connection"))?;
    let held_back = |nth: usize, error: &dyn std::fmt::Display| {
        Failure::new(format!("event {nth} is held back by the proxy: {error}"))
    };
    let mut response = None;
    for nth in 1..=EVENTS {
        // One of them has the request; the others have nothing that waits.
        servers.iter().for_each(AppServer::release);
        let head = match &mut response {
            Some(head) => head,
            none => none.insert(connection.head("GET").await.map_err(|error| held_back(nth, &error))?),
        };
        let piece = connection.piece(head).await.map_err(|error| held_back(nth, &error))?;
        if piece.is_none() {
            return Err(Failure::new(format!("the response ended before event {nth}, with {}", head.status)));
        }
    }
    Ok(())
}
