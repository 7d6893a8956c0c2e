//! The scene: the configuration, the front end and the app servers.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use cucumber::{given, when};
use gherkin::Step;
use mock_upstreams::{AppServer, Fault, StopMode};

use super::{doc_string, names, request_line};
use crate::failure::{Checked, Failure};
use crate::world::{World, no_front_end};
use hopcheck_clients::Traffic;
use hopcheck_targets::conf::Overlay;

/// Puts the directives of the doc string into a block of the configuration: `main`, `http`, `server`, `location /api`,
/// … One of the same name that stands there is replaced.
#[given(expr = "the configuration says in {string}:")]
async fn configuration_says(world: &mut World, context: String, step: &Step) -> Checked {
    let text = doc_string(step)?;
    world.scene().await?.overlay(Overlay::Directives { context, text });
    Ok(())
}

/// Gives every server of every upstream this `fail_timeout`.
#[given(expr = "app servers that failed are left out for {int} second(s)")]
async fn fail_timeout(world: &mut World, seconds: u64) -> Checked {
    world.scene().await?.overlay(Overlay::UpstreamParameter(format!("fail_timeout={seconds}s")));
    Ok(())
}

/// Puts the directives of the doc string into every location that has the one named, such as `proxy_pass`. One of the
/// same name that stands there is replaced.
#[given(expr = "the configuration says beside every {string}:")]
async fn configuration_says_beside(world: &mut World, directive: String, step: &Step) -> Checked {
    let text = doc_string(step)?;
    world.scene().await?.overlay(Overlay::Beside { directive, text });
    Ok(())
}

/// Puts the doc string in place of the whole configuration under test, to see what nginx says to it.
#[given(expr = "the configuration is:")]
async fn configuration_is(world: &mut World, step: &Step) -> Checked {
    let text = doc_string(step)?;
    world.scene().await?.overlay(Overlay::Whole(text));
    Ok(())
}

/// Puts a file into the front end, as a deployment would; one that is there is replaced.
#[given(expr = "the front end has the file {string} with the content {string}")]
#[when(expr = "the front end has the file {string} with the content {string}")]
async fn front_end_file(world: &mut World, file: String, content: String) -> Checked {
    let (content, path) = (world.bytes(&content), front_end_path(world, &file).await?);
    fs::create_dir_all(path.parent().unwrap_or(&path))?;
    fs::write(&path, content)?;
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(0o644))?)
}

/// Makes an empty directory in the front end.
#[given(expr = "the front end has the empty directory {string}")]
async fn front_end_directory(world: &mut World, directory: String) -> Checked {
    let path = front_end_path(world, &directory).await?;
    Ok(fs::create_dir_all(path)?)
}

/// Moves the whole front end to where the configuration does not look for it.
#[given(expr = "the front end is missing")]
async fn front_end_missing(world: &mut World) -> Checked {
    let path = front_end_path(world, "/").await?;
    Ok(fs::rename(&path, path.with_extension("elsewhere"))?)
}

/// Takes every permission from a file or directory of the front end; `/` is its root.
#[given(expr = "the proxy may not read {string} of the front end")]
async fn front_end_unreadable(world: &mut World, path: String) -> Checked {
    let path = front_end_path(world, &path).await?;
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(0o000))?)
}

/// Stops app servers in good order: no new connection is taken, requests under way are finished, WebSockets closed.
#[given(expr = "the app server(s) {string} is/are stopped")]
#[when(expr = "the app server(s) {string} is/are stopped")]
async fn stopped(world: &mut World, which: String) -> Checked {
    for server in app_servers(world, &which).await? {
        server.quit().await;
    }
    Ok(())
}

/// Stops every app server of the scenario in good order.
#[given(expr = "every app server is stopped")]
async fn all_stopped(world: &mut World) -> Checked {
    for server in world.scene().await?.selected_app_servers() {
        server.quit().await;
    }
    Ok(())
}

/// Starts app servers again, on the port they had.
#[given(expr = "the app server(s) {string} is/are started again")]
#[when(expr = "the app server(s) {string} is/are started again")]
async fn started_again(world: &mut World, which: String) -> Checked {
    for server in app_servers(world, &which).await? {
        server.restart().await?;
    }
    Ok(())
}

/// An app server dies: its port is closed, and every connection is reset, whatever was going on.
#[given(expr = "the app server(s) {string} crash(es)")]
#[when(expr = "the app server(s) {string} crash(es)")]
async fn crashes(world: &mut World, which: String) -> Checked {
    for server in app_servers(world, &which).await? {
        server.stop_with(StopMode::Reset).await;
    }
    Ok(())
}

/// From now on app servers read requests, and never answer.
#[given(expr = "the app server(s) {string} hang(s)")]
#[when(expr = "the app server(s) {string} hang(s)")]
async fn hangs(world: &mut World, which: String) -> Checked {
    inject(world, &which, Fault::Hang).await
}

/// From now on app servers refuse requests, as those do that shut down: over HTTP/2 by `REFUSED_STREAM`, over HTTP/1.1 by the end
/// of the connection.
#[given(expr = "the app server(s) {string} refuse(s) requests as it/they shut(s) down")]
async fn refuses_requests(world: &mut World, which: String) -> Checked {
    inject(world, &which, Fault::RefuseRequests).await
}

/// How app servers end the connection of each request: `reset` or `close` it `before the head`, `in the head` or
/// `in the body`.
#[given(expr = "the app server(s) {string} {word} the connection {string}")]
async fn ends_connection(world: &mut World, which: String, how: String, place: String) -> Checked {
    let fault = match (how.trim_end_matches('s'), place.as_str()) {
        ("reset", "before the head") => Fault::ResetBeforeResponse,
        ("reset", "in the head") => Fault::ResetMidHead,
        ("reset", "in the body") => Fault::ResetMidBody { after: 10 },
        ("close", "before the head") => Fault::CloseBeforeResponse,
        ("close", "in the head") => Fault::GarbageResponse(Bytes::from_static(b"HTTP/1.1 200 OK\r\nX-Ins")),
        ("close", "in the body") => Fault::CloseMidBody { after: 10 },
        _ => return Err(Failure::new(format!("a connection cannot be {how} {place:?}"))),
    };
    inject(world, &which, fault).await
}

/// App servers answer every request with exactly these bytes, and close.
#[given(expr = "the app server(s) {string} answer(s) with these bytes:")]
async fn answers_with(world: &mut World, which: String, step: &Step) -> Checked {
    let lines: String = doc_string(step)?.lines().map(str::trim_start).collect();
    let bytes = Bytes::from(world.bytes(&lines));
    inject(world, &which, Fault::GarbageResponse(bytes)).await
}

/// Two clients send such requests without a break, from here to the end of the scenario, each with its own
/// `X-Request-Id`.
#[given(expr = "clients keep sending {string}")]
async fn keep_sending(world: &mut World, request: String) -> Checked {
    let route = world.route().await?;
    let (method, target) = request_line(&request)?;
    let traffic = world.traffic.get_or_insert_with(|| Traffic::idle(route));
    traffic.add(2, method, target);
    traffic.wait_for_responses(4).await;
    Ok(())
}

/// Stops blue and starts it again; the same with green so many seconds later; then the traffic goes on for a while.
#[when(expr = "the app servers are restarted one after the other, {int} second(s) apart")]
async fn restarted_in_turn(world: &mut World, seconds: u64) -> Checked {
    let servers = app_servers(world, "blue and green").await?;
    for (nth, server) in servers.iter().enumerate() {
        if nth > 0 {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
        }
        server.quit().await;
        go_on(world).await;
        server.restart().await?;
        go_on(world).await;
    }
    Ok(())
}

async fn go_on(world: &World) {
    if let Some(traffic) = &world.traffic {
        traffic.wait_for_responses(20).await;
    }
}

async fn app_servers(world: &mut World, which: &str) -> Result<Vec<AppServer>, Failure> {
    let scene = world.scene().await?;
    names(which).map(|name| Ok(scene.app_server(name)?.clone())).collect()
}

async fn inject(world: &mut World, which: &str, fault: Fault) -> Checked {
    for server in app_servers(world, which).await? {
        server.inject(fault.clone());
    }
    Ok(())
}

async fn front_end_path(world: &mut World, path: &str) -> Result<PathBuf, Failure> {
    let path = world.text(path);
    let root = world.scene().await?.front_end().ok_or_else(no_front_end)?;
    Ok(match path.trim_matches('/') {
        "" => root,
        inner => root.join(inner),
    })
}
