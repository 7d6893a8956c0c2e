//! What the app server saw.

use cucumber::then;
use gherkin::Step;
use mock_upstreams::{AppServer, Exchange, Journal};

use super::{rows, same_values};
use crate::failure::{Checked, Failure};
use crate::world::World;
use crate::{ensure, ensure_eq};
use hopcheck_clients::{DEFAULT_TIMEOUT, digest};

/// Exactly one request reached the app servers: this method, this target byte for byte.
#[then(expr = "the app server saw {string}")]
async fn saw(world: &mut World, request: String) -> Checked {
    let arrived = world.arrival(|arrived| !arrived.is_empty()).await;
    let lines: Vec<String> = arrived.iter().map(line_of).collect();
    ensure_eq!(lines, vec![world.text(&request)], "the app servers saw other requests than that one");
    Ok(())
}

/// The request that reached the app server had exactly one such header, with this value.
#[then(expr = "the app server saw the header {string} as {string}")]
async fn saw_header(world: &mut World, name: String, value: String) -> Checked {
    let exchange = last(world).await?;
    let seen: Vec<&str> = exchange.headers.all(&name).collect();
    same_values("the app server saw", &name, &seen, &[world.text(&value)])
}

/// For each name in the table, the request that reached the app server had exactly these headers, in this order.
#[then(expr = "the app server saw these headers:")]
async fn saw_headers(world: &mut World, step: &Step) -> Checked {
    let exchange = last(world).await?;
    let expected = rows(step)?;
    for (name, _) in &expected {
        let of_name = expected.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        let wanted: Vec<String> = of_name.map(|(_, value)| world.text(value)).collect();
        let seen: Vec<&str> = exchange.headers.all(name).collect();
        same_values("the app server saw", name, &seen, &wanted)?;
    }
    Ok(())
}

/// The request that reached the app server had no such header.
#[then(expr = "the app server saw no header {string}")]
async fn saw_no_header(world: &mut World, name: String) -> Checked {
    let exchange = last(world).await?;
    let seen: Vec<&str> = exchange.headers.all(&name).collect();
    ensure!(seen.is_empty(), "the app server saw {name}: {}", seen.join(", "));
    Ok(())
}

/// The request that reached the app server had no headers but these, separated by commas; not all of them must be there.
#[then(expr = "the app server saw no headers but {string}")]
async fn saw_no_headers_but(world: &mut World, names: String) -> Checked {
    let exchange = last(world).await?;
    let known: Vec<&str> = names.split(',').map(str::trim).collect();
    let unknown = |name: &&str| !known.iter().any(|known| known.eq_ignore_ascii_case(name));
    let more: Vec<&str> = exchange.headers.iter().map(|(name, _)| name).filter(unknown).collect();
    ensure!(more.is_empty(), "the app server saw a header more: {}", more.join(", "));
    Ok(())
}

/// No such header of the request that reached the app server lists this token; other values are fine.
#[then(expr = "the app server saw no header {string} with {string}")]
async fn saw_no_token(world: &mut World, name: String, token: String) -> Checked {
    let exchange = last(world).await?;
    let seen: Vec<&str> = exchange.headers.all(&name).collect();
    ensure!(!exchange.headers.has_token(&name, &token), "the app server saw {name}: {}", seen.join(", "));
    Ok(())
}

/// The request that reached the app server had this text for a body.
#[then(expr = "the app server saw the body {string}")]
async fn saw_body(world: &mut World, body: String) -> Checked {
    let exchange = last(world).await?;
    ensure_eq!(exchange.body.text.unwrap_or_default(), world.text(&body), "the app server saw another body");
    Ok(())
}

/// The body reached the app server as the client sent it: the same length, the same digest.
#[then(expr = "the app server saw the body that the client sent")]
async fn saw_same_body(world: &mut World) -> Checked {
    use hopcheck_clients::Body;
    let exchange = last(world).await?;
    let sent = match world.request.as_ref().map(|request| &request.body) {
        Some(Body::Sized(body)) => body.clone(),
        Some(Body::Chunked(chunks)) => chunks.concat(),
        Some(Body::None) | None => Vec::new(),
    };
    ensure_eq!(exchange.body.length, sent.len() as u64, "the app server saw a body of another length");
    ensure_eq!(exchange.body.digest, digest(&sent), "the app server saw other bytes");
    Ok(())
}

/// The proxy spoke this version of HTTP to the app server.
#[then(expr = "the app server was spoken to in {string}")]
async fn saw_version(world: &mut World, version: String) -> Checked {
    let exchange = last(world).await?;
    ensure_eq!(exchange.version, version, "the proxy speaks another version of HTTP to the app server");
    Ok(())
}

/// Nothing has reached any app server.
#[then(expr = "no app server saw anything")]
async fn saw_nothing(world: &mut World) -> Checked {
    let lines: Vec<String> = world.arrived_anywhere().iter().map(line_of).collect();
    ensure!(lines.is_empty(), "the app servers saw {}", lines.join(", "));
    Ok(())
}

/// So many requests of this method and target reached the app servers together.
#[then(expr = "the app servers saw {string} {int} time(s)")]
async fn saw_times(world: &mut World, request: String, times: usize) -> Checked {
    let request = world.text(&request);
    let count = |arrived: &[Exchange]| arrived.iter().filter(|exchange| line_of(exchange) == request).count();
    let arrived = world.arrival(|arrived| count(arrived) >= times).await;
    ensure_eq!(count(&arrived), times, "how often the app servers saw {request}");
    Ok(())
}

/// So many requests reached this app server.
#[then(expr = "the app server {string} saw {int} request(s)")]
async fn instance_saw(world: &mut World, name: String, count: usize) -> Checked {
    let seen = world.scene().await?.app_server(&name)?.journal().len();
    ensure_eq!(seen, count, "requests that reached {name}");
    Ok(())
}

/// At least so many requests reached this app server.
#[then(expr = "the app server {string} saw at least {int} request(s)")]
async fn instance_saw_at_least(world: &mut World, name: String, count: usize) -> Checked {
    let seen = world.scene().await?.app_server(&name)?.journal().len();
    ensure!(seen >= count, "only {seen} requests reached {name}, not {count}");
    Ok(())
}

/// Of the steady traffic, no request of this method and target was run by app servers more than once.
#[then(expr = "no {string} reached the app servers twice")]
async fn none_twice(world: &mut World, request: String) -> Checked {
    let arrived = world.arrived();
    let of_kind = arrived.iter().filter(|exchange| line_of(exchange) == request);
    let mut ids: Vec<&str> = of_kind.filter_map(|exchange| exchange.headers.get("x-request-id")).collect();
    ensure!(!ids.is_empty(), "no {request} reached an app server at all");
    ids.sort_unstable();
    let doubled: Vec<&str> = ids.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
    ensure!(
        doubled.is_empty(),
        "{request} reached the app servers twice for X-Request-Id {}",
        doubled.join(", ")
    );
    Ok(())
}

/// The proxy's connection for the last request, or the WebSocket, ends at the app server without a proper close.
#[then(expr = "the app server sees the client go away")]
async fn sees_leaving(world: &mut World) -> Checked {
    let servers: Vec<AppServer> = world.scene().await?.app_servers().into_iter().cloned().collect();
    let exchange = last_head(world).await?;
    let server = servers.iter().find(|server| server.name() == exchange.instance);
    let server = server.ok_or_else(|| Failure::new("no app server has that name"))?;
    let ended = |journal: &Journal| {
        let connection = journal.connections.iter().find(|connection| connection.id == exchange.connection);
        connection.is_some_and(|connection| connection.end.is_some())
    };
    let seen = server.wait_for(DEFAULT_TIMEOUT, ended).await;
    seen.map_err(|_| Failure::new("the app server still holds the connection of a client that has gone"))?;
    Ok(())
}

async fn last(world: &World) -> Result<Exchange, Failure> {
    if let Some(astray) = world.astray() {
        return Err(astray);
    }
    let over = |arrived: &[Exchange]| arrived.last().is_some_and(|exchange| exchange.body.complete);
    world.arrival(over).await.pop().ok_or_else(|| world.nothing_arrived())
}

async fn last_head(world: &World) -> Result<Exchange, Failure> {
    let some = |arrived: &[Exchange]| !arrived.is_empty();
    world.arrival(some).await.pop().ok_or_else(|| world.nothing_arrived())
}

fn line_of(exchange: &Exchange) -> String {
    format!("{} {}", exchange.method, exchange.target)
}
