//! The front end's page and files, as they come back.

use cucumber::then;

use crate::failure::{Checked, Failure};
use crate::world::{World, no_front_end};
use crate::{ensure, ensure_eq};
use hopcheck_clients::digest;

/// The response is 200 with this file of the front end as it is now, and comes from no app server.
#[then(expr = "the response is the file {string} of the front end")]
async fn is_file(world: &mut World, file: String) -> Checked {
    let file = world.text(&file);
    let front_end = world.scene().await?.front_end().ok_or_else(no_front_end)?;
    let expected = std::fs::read(front_end.join(file.trim_start_matches('/')))
        .map_err(|error| Failure::new(format!("the front end has no file {file}: {error}")))?;
    let response = world.response()?;
    let status = response.status;
    ensure!(
        response.value("x-instance").is_none(),
        "an app server answered, with {status}, not the front end: see which `location` that path falls into"
    );
    ensure!(
        status != 500,
        "the front end's {file} is not served, nor its page in its place, but a 500; is `root` the directory the \
         build is in?"
    );
    ensure!(status == 200, "the response is {status}, not the front end's {file}");
    ensure_eq!(digest(&response.body), digest(&expected), "the body is not that of {file}");
    Ok(())
}

/// The response is the app's page, which every path of the app itself must show.
#[then(expr = "the response is the front end's page")]
async fn is_page(world: &mut World) -> Checked {
    let page = world.page().await?;
    let response = world.response()?;
    let status = response.status;
    ensure!(
        !world.is_from_app_server(response),
        "an app server answered, with {status}, not the front end: see which `location` that path falls into"
    );
    ensure!(
        status != 500,
        "the front end's page is not served, but a 500; is `root` the directory that the build is in?"
    );
    ensure!(
        !world.is_sent_in_a_circle(),
        "the response is {status} back to the same URL, for ever: see `try_files` and `return` of this location"
    );
    ensure!(status == 200, "the response is {status}, not the front end's page");
    let kind = response.value("content-type").unwrap_or_default();
    ensure!(
        media_type(kind) == "text/html",
        "the page comes as {kind:?}, which browsers do not show: see `types`"
    );
    page.differs(response).map_or(Ok(()), |how| Err(Failure::new(how)))
}

/// The response is the app's page, and 200 or an error whose body browsers show.
#[then(expr = "the page is shown")]
async fn page_is_shown(world: &mut World) -> Checked {
    let page = world.page().await?;
    let response = world.response()?;
    if response.status == 404 && !world.is_from_app_server(response) && page.differs(response).is_none() {
        return Ok(());
    }
    is_page(world).await
}

/// The response is something else than the app's page.
#[then(expr = "the response is not the front end's page")]
async fn is_no_page(world: &mut World) -> Checked {
    let page = world.page().await?;
    let response = world.response()?;
    ensure!(
        page.differs(response).is_some(),
        "the front end's page was served: the path falls into `location /`, not into one with a `proxy_pass`"
    );
    Ok(())
}

/// The latest response, to a request for a file that is not there, is not 200 with the app's page.
#[then(expr = "the page does not stand in for the file")]
async fn no_stand_in(world: &mut World) -> Checked {
    let page = world.page().await?;
    let response = world.response()?;
    let stands_in = response.status == 200 && page.differs(response).is_none();
    ensure!(!stands_in, "the page came in its place, with 200 and as text/html");
    Ok(())
}

/// The response has one of the types that browsers take a file of that name for.
#[then(expr = "the response has the type of a file {string}")]
async fn has_type(world: &mut World, file: String) -> Checked {
    let file = world.text(&file);
    let seen = world.response()?.value("content-type").unwrap_or_default();
    let wanted = types_of(&file);
    ensure!(
        wanted.is_empty() || wanted.contains(&media_type(seen)),
        "{file} comes as {seen:?}, not as {}; a page in its place is text/html",
        wanted.join(" or ")
    );
    Ok(())
}

/// A media type without its parameters.
pub(super) fn media_type(value: &str) -> &str {
    value.split(';').next().unwrap_or_default().trim()
}

/// What a file may be served as: nginx's own types, those of its newer versions and of others.
pub(super) fn types_of(file: &str) -> &'static [&'static str] {
    let path = file.split(['?', '#']).next().unwrap_or_default();
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("js" | "mjs") => &["application/javascript", "text/javascript", "application/x-javascript"],
        Some("css") => &["text/css"],
        Some("svg") => &["image/svg+xml"],
        Some("png") => &["image/png"],
        Some("jpg" | "jpeg") => &["image/jpeg"],
        Some("webp") => &["image/webp"],
        Some("ico") => &["image/x-icon", "image/vnd.microsoft.icon"],
        Some("woff2") => &["font/woff2"],
        Some("wasm") => &["application/wasm"],
        Some("json") => &["application/json"],
        _ => &[],
    }
}
