//! What comes back to the client.

use std::collections::BTreeMap;
use std::time::Duration;

use cucumber::then;
use gherkin::Step;
use mock_upstreams::AppServer;

use super::{rows, same_values};
use crate::failure::{Checked, Failure};
use crate::world::World;
use crate::{ensure, ensure_eq};
use hopcheck_clients::{DEFAULT_TIMEOUT, Framing, Request, Response, escape};

/// Of a larger body it is not told where it differs.
const MAX_COMPARED: usize = 1 << 20;

/// The status of the latest response.
#[then(expr = "the response is {int}")]
async fn response_is(world: &mut World, status: u16) -> Checked {
    let response = world.response()?;
    ensure!(response.status == status, "the response is {}, not {status}", response.status);
    Ok(())
}

/// The whole of the latest response came within so many seconds of its request.
#[then(expr = "the response comes within {int} second(s)")]
async fn in_time(world: &mut World, seconds: u64) -> Checked {
    let took = world.took;
    ensure!(
        took <= Duration::from_secs(seconds),
        "the response took {:.1} s, not {seconds} s",
        took.as_secs_f64()
    );
    Ok(())
}

/// The status of every response of the step before.
#[then(expr = "every response is {int}")]
async fn every_status(world: &mut World, status: u16) -> Checked {
    let statuses: Vec<u16> = world.batch().iter().map(|response| response.status).collect();
    ensure!(!statuses.is_empty(), "there is no response");
    let mut others: BTreeMap<u16, usize> = BTreeMap::new();
    statuses
        .iter()
        .filter(|other| **other != status)
        .for_each(|other| *others.entry(*other).or_default() += 1);
    let counts: Vec<String> = others.iter().map(|(other, count)| format!("{count} are {other}")).collect();
    ensure!(others.is_empty(), "of {} responses {}, not {status}", statuses.len(), counts.join(", "));
    Ok(())
}

/// The statuses that came on the connection, in order, interim ones included: `100, 200`.
#[then(expr = "the responses are {string}")]
async fn responses_are(world: &mut World, statuses: String) -> Checked {
    let of =
        |response: &hopcheck_clients::Response| [response.interim.clone(), vec![response.status]].concat();
    let seen: Vec<String> = world.batch().iter().flat_map(of).map(|status| status.to_string()).collect();
    ensure_eq!(seen.join(", "), statuses, "other responses came");
    Ok(())
}

/// The response has exactly one such header, with this value.
#[then(expr = "the header {string} of the response is {string}")]
async fn header(world: &mut World, name: String, value: String) -> Checked {
    let seen: Vec<&str> = world.response()?.values(&name).collect();
    same_values("the response has", &name, &seen, &[world.text(&value)])
}

/// For each name in the table, the response has exactly these headers, in this order; others are free.
#[then(expr = "the response has these headers:")]
async fn headers(world: &mut World, step: &Step) -> Checked {
    let expected = rows(step)?;
    for (name, _) in &expected {
        let of_name = expected.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        let wanted: Vec<String> = of_name.map(|(_, value)| world.text(value)).collect();
        let response = world.response()?;
        let seen: Vec<&str> = response.values(name).collect();
        same_values("the response has", name, &seen, &wanted)?;
    }
    Ok(())
}

/// The latest response has this header no more than once.
#[then(expr = "the response has the header {string} at most once")]
async fn has_header_once(world: &mut World, name: String) -> Checked {
    let count = world.response()?.values(&name).count();
    ensure!(count <= 1, "the response has {count} headers {name:?}");
    Ok(())
}

/// The response has no such header.
#[then(expr = "the response has no header {string}")]
async fn no_header(world: &mut World, name: String) -> Checked {
    let seen: Vec<&str> = world.response()?.values(&name).collect();
    ensure!(seen.is_empty(), "the response has {name}: {}", seen.join(", "));
    Ok(())
}

/// No header of the latest response is this line, or has it in its value, where a proxy has put blanks in place of line ends.
#[then(expr = "no header of the response says {string}")]
async fn no_line(world: &mut World, line: String) -> Checked {
    let response = world.response()?;
    let said = response.headers.iter().map(|(name, value)| format!("{name}: {value}"));
    let found = said.into_iter().find(|said| said.contains(&line));
    ensure!(
        found.is_none(),
        "the client has written a header of the response: {:?}",
        found.unwrap_or_default()
    );
    Ok(())
}

/// The response has no headers but these, separated by commas; not all of them must be there.
#[then(expr = "the response has no headers but {string}")]
async fn no_headers_but(world: &mut World, names: String) -> Checked {
    let known: Vec<&str> = names.split(',').map(str::trim).collect();
    let unknown = |name: &&str| !known.iter().any(|known| known.eq_ignore_ascii_case(name));
    let response = world.response()?;
    let more: Vec<&str> = response.headers.iter().map(|(name, _)| name.as_str()).filter(unknown).collect();
    ensure!(more.is_empty(), "the response has a header more: {}", more.join(", "));
    Ok(())
}

/// The whole body of the response is this text.
#[then(expr = "the body of the response is {string}")]
async fn body_is(world: &mut World, body: String) -> Checked {
    let (response, expected) = (world.response()?, world.text(&body));
    let length = response.body.len();
    ensure!(
        length <= MAX_COMPARED || length == expected.len(),
        "the response has another body: {length} bytes, not {}:\n{}",
        expected.len(),
        escape(&response.body)
    );
    ensure_eq!(response.text(), expected, "the response has another body");
    Ok(())
}

/// The body of the response contains this text.
#[then(expr = "the body of the response contains {string}")]
async fn body_contains(world: &mut World, text: String) -> Checked {
    let (response, text) = (world.response()?, world.text(&text));
    let contains = response.text().contains(&text);
    ensure!(contains, "the body does not contain {text:?}:\n{}", escape(&response.body));
    Ok(())
}

/// The body is so many bytes long and has the digest that the app server gave it.
#[then(expr = "the body of the response is {int} bytes, as the app server sent them")]
async fn body_bytes(world: &mut World, length: usize) -> Checked {
    let response = world.response()?;
    ensure_eq!(response.body.len(), length, "the body has another length");
    ensure_eq!(response.value("x-digest").unwrap_or_default(), response.digest(), "the body has other bytes");
    Ok(())
}

/// The same request over HTTP/1.1 has a response with the same status, type and redirect.
#[then(regex = r#"^the response over HTTP/1.1 is the same$"#)]
async fn same_over_http1(world: &mut World) -> Checked {
    let request = world.request.clone().ok_or_else(|| Failure::new("nothing was asked yet"))?;
    let shown = |response: &Response| {
        let field = |name| response.value(name).unwrap_or("none").to_owned();
        (response.status, field("content-type"), field("location"))
    };
    let http2 = shown(world.response()?);
    let http1 = shown(world.ask(request).await?);
    ensure_eq!(http2.0, http1.0, "the status over HTTP/2 is not that over HTTP/1.1");
    ensure_eq!(http2.1, http1.1, "the type over HTTP/2 is not that over HTTP/1.1");
    ensure_eq!(http2.2, http1.2, "the redirect over HTTP/2 is not that over HTTP/1.1");
    Ok(())
}

/// The responses of the step before have so many values of a header among them, or more.
#[then(expr = "the responses have at least {int} values of {string}")]
async fn values_among(world: &mut World, count: usize, header: String) -> Checked {
    let seen: std::collections::BTreeSet<&str> =
        world.batch().iter().filter_map(|r| r.value(&header)).collect();
    ensure!(!seen.is_empty(), "no response has {header}");
    let told: Vec<&str> = seen.iter().copied().collect();
    ensure!(
        seen.len() >= count,
        "of {} responses each has {header}: {}; is only one instance up, or in the `upstream`?",
        world.batch().len(),
        told.join(", ")
    );
    Ok(())
}

/// A head came, and the connection ended before the body was complete by its own framing.
#[then(expr = "the response is cut short")]
async fn cut_short(world: &mut World) -> Checked {
    let response = world.response()?;
    let framed = !matches!(response.framing, Framing::None | Framing::Close);
    ensure!(
        framed && !response.complete,
        "the response looks complete, though the app server never sent all of it"
    );
    Ok(())
}

/// The app server sends one piece of its response at a time, and only once the client has the one before.
#[then(expr = "each chunk reaches the client before the app server sends the next")]
async fn streamed(world: &mut World) -> Checked {
    let target = world.request.as_ref().map(|request| request.target.clone()).unwrap_or_default();
    let count = target.rsplit_once("chunks=").and_then(|(_, count)| count.parse::<usize>().ok()).unwrap_or(0);
    ensure!(count > 0, "the client has not asked for /api/stream?chunks=n");
    let servers: Vec<AppServer> = world.scene().await?.app_servers().into_iter().cloned().collect();
    let connection = world.connection.as_mut().ok_or_else(|| Failure::new("there is no connection"))?;
    let mut response = None;
    let mut text = String::new();
    for nth in 1..=count {
        // One of them has the request; the others have nothing that waits.
        servers.iter().for_each(AppServer::release);
        let head = match &mut response {
            Some(head) => head,
            none => none.insert(connection.head("GET").await?),
        };
        while !text.contains(&format!("chunk {nth}\n")) {
            let piece = connection.piece(head).await?;
            let piece =
                piece.ok_or_else(|| Failure::new(format!("the response ended before chunk {nth}")))?;
            text.push_str(&String::from_utf8_lossy(&piece));
        }
    }
    Ok(())
}

/// Whether the connection of the last request is `open`, so that another request on it is answered, or gets `closed`.
#[then(expr = "the connection is {word}")]
async fn connection_is(world: &mut World, state: String) -> Checked {
    let connection = world.connection.as_mut().ok_or_else(|| Failure::new("there is no connection"))?;
    match state.as_str() {
        "closed" => {
            ensure!(
                connection.is_closed_by_peer(DEFAULT_TIMEOUT).await,
                "the proxy did not close the connection"
            );
            Ok(())
        }
        "open" => {
            let answer = connection.ask(&Request::new("GET", "/")).await;
            let answer =
                answer.map_err(|error| Failure::new(format!("the connection is not usable: {error}")))?;
            // Whatever the answer is, it must be to that request, and not to bytes that an earlier one left behind.
            ensure!(answer.status != 400, "a further request on the connection is not understood: 400");
            Ok(())
        }
        other => Err(Failure::new(format!("a connection is open or closed, not {other}"))),
    }
}
