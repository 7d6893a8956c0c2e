//! What a proxy hands on between clients and app servers, on any site.

use cucumber::{then, when};
use hopcheck_clients::Request;

use super::{names, request_line};
use crate::ensure;
use crate::failure::Checked;
use crate::world::World;

/// Sends a request with cookies of so many bytes in one header.
#[when(expr = "the client sends {string} with {int} bytes of cookies")]
async fn sends_cookies(world: &mut World, request: String, length: usize) -> Checked {
    world.begin();
    let (method, target) = request_line(&request)?;
    let target = world.text(target);
    let cookie = format!("hopcheck={}", "c".repeat(length));
    world.ask(Request::new(method, &target).header("Cookie", &cookie)).await?;
    Ok(())
}

/// The last request that reached an app server had a header of this name, whatever it said: the proxy may have put its own in
/// the place of the client's.
#[then(expr = "the app server saw a header {string}")]
async fn saw_some(world: &mut World, name: String) -> Checked {
    let arrived = world.last_arrived()?;
    ensure!(arrived.headers.get(&name).is_some(), "the client sent {name}, and the app server saw none");
    Ok(())
}

/// One of the values of this header of the latest response has this word in it.
#[then(expr = "the response says {string} in {string}")]
async fn says_in(world: &mut World, word: String, name: String) -> Checked {
    let said: Vec<&str> = world.response()?.values(&name).collect();
    let says = said.iter().any(|value| value.to_ascii_lowercase().contains(&word));
    ensure!(says, "the app server said {name}: {word}, and the client is told {said:?}");
    Ok(())
}

/// No two of these app servers have seen a request.
#[then(expr = "no request reached more than one of {string}")]
async fn reached_one(world: &mut World, which: String) -> Checked {
    let arrived = world.arrived();
    let scene = world.scene().await?;
    let mut reached = Vec::new();
    for name in names(&which) {
        let server = scene.app_server(name)?.name();
        if arrived.iter().any(|exchange| exchange.instance == server) {
            reached.push(name);
        }
    }
    ensure!(reached.len() < 2, "the request was sent to {}", reached.join(" and to "));
    Ok(())
}

/// After the first app server that a request has reached, none of these has seen it.
#[then(expr = "no request is sent on to {string}")]
async fn not_sent_on(world: &mut World, which: String) -> Checked {
    let arrived = world.arrived();
    let scene = world.scene().await?;
    for name in names(&which) {
        let server = scene.app_server(name)?.name();
        let again = arrived.iter().skip(1).find(|exchange| exchange.instance == server);
        let first = arrived.first().map_or("nobody", |exchange| exchange.instance.as_str());
        ensure!(
            again.is_none(),
            "{} was sent to {first}, which broke down, and once more to {server}",
            again.map(|exchange| exchange.method.as_str()).unwrap_or_default()
        );
    }
    Ok(())
}

/// Of a route that the profile does not name: it takes no paths from one that the profile names.
#[then(expr = "{string} takes nothing of {string}")]
async fn takes_nothing(_: &mut World, taking: String, promised: String) -> Checked {
    ensure!(promised.is_empty(), "{taking} is within {promised}, which the profile names");
    Ok(())
}
