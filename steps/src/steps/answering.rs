//! Who answers: which app server, in turn or alone, and again after a fault.

use std::time::{Duration, Instant};

use cucumber::then;

use super::request_line;
use crate::ensure;
use crate::failure::{Checked, Failure};
use crate::world::World;
use hopcheck_clients::{Connection, Request};

/// The app server that answered: `blue`, `green` or `an app server`, which is one of the upstream that the scenario's route leads
/// to.
#[then(expr = "the response comes from {string}")]
async fn comes_from(world: &mut World, instance: String) -> Checked {
    if let Some(astray) = world.astray() {
        return Err(astray);
    }
    match (world.response()?.value("x-instance"), instance.as_str()) {
        (Some(_), "an app server") => Ok(()),
        (Some(seen), wanted) if seen == wanted => Ok(()),
        (Some(seen), wanted) => Err(Failure::new(format!("{seen} answered, not {wanted}"))),
        (None, wanted) => {
            let status = world.response()?.status;
            Err(Failure::new(format!("the proxy answered by itself, with {status}, not {wanted}")))
        }
    }
}

/// The app server that answered is one of an upstream that this line of the profile names for the route.
#[then(expr = "the response comes from an app server that {string} names")]
async fn comes_from_promised(world: &mut World, line: String) -> Checked {
    match world.astray() {
        Some(astray) => Err(Failure::new(format!("{astray}\n  {line} says which is meant"))),
        None => comes_from(world, "an app server".to_owned()).await,
    }
}

/// The responses of the step before come from the two app servers strictly in turn, either first.
#[then(expr = "the responses come from {string} and {string} in turn")]
async fn in_turn(world: &mut World, one: String, other: String) -> Checked {
    let seen: Vec<&str> =
        world.batch().iter().map(|r| r.value("x-instance").unwrap_or("the proxy itself")).collect();
    ensure!(seen.len() > 1, "there are no responses to compare");
    let known = seen.iter().all(|name| *name == one || *name == other);
    let alternate = seen.windows(2).all(|pair| pair[0] != pair[1]);
    ensure!(
        known && alternate,
        "the responses do not come from {one} and {other} in turn: {}",
        seen.join(" ")
    );
    Ok(())
}

/// Every response of the step before came from the same app server.
#[then(expr = "the responses come from one app server")]
async fn from_one(world: &mut World) -> Checked {
    let seen: Vec<&str> = world.batch().iter().filter_map(|response| response.value("x-instance")).collect();
    ensure!(seen.len() > 1, "there are no responses to compare");
    ensure!(seen.windows(2).all(|pair| pair[0] == pair[1]), "the responses come from {}", seen.join(", "));
    Ok(())
}

/// Asked again and again, the proxy comes to answer with this status.
#[then(expr = "{string} is answered {int} again within {int} second(s)")]
async fn answered_again(world: &mut World, request: String, status: u16, seconds: u64) -> Checked {
    let (method, target) = request_line(&request)?;
    let route = world.route().await?;
    let deadline = Instant::now() + Duration::from_secs(seconds);
    loop {
        let seen = match Connection::open(&route).await {
            Ok(mut connection) => {
                connection.ask(&Request::new(method, target)).await.map(|response| response.status)
            }
            Err(error) => Err(error),
        };
        match seen {
            Ok(seen) if seen == status => return Ok(()),
            seen if Instant::now() > deadline => {
                let seen = seen.map_or_else(|error| error.to_string(), |status| status.to_string());
                return Err(Failure::new(format!(
                    "after {seconds} s {request} is still not {status}: {seen}"
                )));
            }
            _ => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

/// Of the steady traffic, every request of this method and target that is over was answered with this status.
#[then(expr = "every {string} that clients kept sending was answered {int}")]
async fn traffic_answered(world: &mut World, request: String, status: u16) -> Checked {
    let traffic = world.traffic.as_mut().ok_or_else(|| Failure::new("no client keeps sending anything"))?;
    let outcomes: Vec<_> =
        traffic.stop().await.into_iter().filter(|outcome| outcome.request == request).collect();
    ensure!(outcomes.len() >= 10, "only {} requests were made, too few to tell", outcomes.len());
    let other = outcomes.iter().filter(|outcome| outcome.result != Ok(status));
    let told: Vec<String> = other.map(|outcome| format!("{}: {:?}", outcome.id, outcome.result)).collect();
    ensure!(
        told.is_empty(),
        "{} of {} {request} were not answered {status}:\n  {}",
        told.len(),
        outcomes.len(),
        told.iter().take(5).cloned().collect::<Vec<_>>().join("\n  ")
    );
    Ok(())
}
