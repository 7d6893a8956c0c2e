//! What holds on any site: servers by their names, app servers that answer any path, and what every page needs.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use cookie_store::CookieStore;
use cucumber::{given, then, when};
use gherkin::Step;
use mock_upstreams::Fault;
use url::Url;

use super::{request_line, rows};
use crate::ensure;
use crate::failure::{Checked, Failure};
use crate::world::World;
use hopcheck_clients::{Connection, Destination, Request, Response};
use hopcheck_site::profile::title_of;
use hopcheck_targets::scene::VirtualServer;
use hopcheck_targets::target::Signal;

/// Which of several servers is asked: by one of its names, with a blank between them, or by none; at which `listen`;
/// `directly` or `by a balancer that speaks TLS`, which says so in `X-Forwarded-Proto`. Of several names it is the first that
/// does not send its visitors on to another. Scenarios that speak of a kind of route have this step before their own.
#[given(regex = r#"^clients ask the server "(.*)" on "(.*)" (directly|by a balancer that speaks TLS)$"#)]
async fn asks_server(world: &mut World, names: String, listen: String, way: String) -> Checked {
    let behind_tls = way != "directly";
    let names: Vec<&str> = names.split(' ').collect();
    let ask = |name: &str| VirtualServer { listen: listen.clone(), name: name.to_owned(), behind_tls };
    let first = names.first().copied().unwrap_or_default();
    world.scene().await?.select_server(ask(first));
    // Only where there is a choice is anybody asked.
    for name in names.iter().copied().filter(|_| names.len() > 1) {
        world.scene().await?.select_server(ask(name));
        let response = ask_apart(world, Request::new("GET", "/")).await;
        let sent_on = response.is_ok_and(|response| (300..400).contains(&response.status));
        if !sent_on {
            return Ok(());
        }
    }
    world.scene().await?.select_server(ask(first));
    Ok(())
}

/// The app servers of the scenario are from now on those of these upstreams, named with blanks between them, the route's own first;
/// an app server that is in none is named by its address. Scenarios that speak of a kind of route have this step before their
/// own where the file says where that leads.
#[given(expr = "the app servers are those of {string}")]
async fn app_servers_of(world: &mut World, upstreams: String) -> Checked {
    let upstreams: Vec<String> = upstreams.split(' ').map(str::to_owned).collect();
    world.scene().await?.select_upstreams(upstreams);
    Ok(())
}

/// Asks on a connection of its own, and leaves no trace of it.
pub(super) async fn ask_apart(world: &mut World, request: Request) -> Result<Response, Failure> {
    let route = world.route().await?;
    let response = Connection::open(&route).await?.ask(&request).await;
    world.scene().await?.app_servers().into_iter().for_each(mock_upstreams::AppServer::clear);
    Ok(response?)
}

/// App servers answer whatever path reaches them with the request as it arrived, and open a WebSocket at any that sends
/// back what comes.
#[given(expr = "app servers that answer any path")]
async fn any_path(world: &mut World) -> Checked {
    world.scene().await?.app_servers().into_iter().for_each(mock_upstreams::AppServer::answer_any_path);
    Ok(())
}

/// App servers answer every GET with a file of the front end, or its page, which they say may not be kept.
#[given(expr = "the app servers serve the front end")]
async fn serve_front_end(world: &mut World) -> Checked {
    let page = world.scene().await?.serve_front_end()?;
    world.served_page = Some(page);
    Ok(())
}

/// The response is the page of the front end's app server, though the proxy may have put something into it.
#[then(expr = "the response shows the front end's page")]
async fn shows_page(world: &mut World) -> Checked {
    if let Some(astray) = world.astray() {
        return Err(astray);
    }
    let page = world.served_page.as_deref().unwrap_or_default();
    let page = String::from_utf8_lossy(page);
    let title = title_of(&page);
    let response = world.response()?;
    ensure!(response.status == 200, "the response is {}, not the front end's page", response.status);
    let kind = response.value("content-type").unwrap_or_default();
    ensure!(kind.starts_with("text/html"), "the page comes as {kind:?}, which browsers do not show");
    let is_shown = title.is_none_or(|title| response.text().contains(title));
    ensure!(is_shown, "the response is not the page that the app server of the front end has");
    Ok(())
}

/// From now on app servers answer every request with this status and body, which is JSON.
#[given(expr = "the app servers answer every request with {int} and {string}")]
async fn answer_with(world: &mut World, status: u16, body: String) -> Checked {
    let headers = vec![("Content-Type".to_owned(), "application/problem+json".to_owned())];
    let body = Bytes::from(world.bytes(&body));
    inject(world, &Fault::Status { status, headers, body }).await
}

/// From now on app servers add a header of so many bytes to every answer.
#[given(expr = "the app servers answer with a header of {int} bytes")]
async fn long_header(world: &mut World, length: usize) -> Checked {
    inject(world, &Fault::ExtraHeaders(vec![("X-Token".to_owned(), "t".repeat(length))])).await
}

/// From now on app servers add these headers to every answer.
#[given(expr = "the app servers answer with the headers:")]
async fn headers(world: &mut World, step: &Step) -> Checked {
    inject(world, &Fault::ExtraHeaders(rows(step)?)).await
}

/// So many requests have reached the app servers; more where some are sent to others, too (`mirror`).
#[then(expr = "at least {int} request(s) reached the app servers")]
async fn count_of_requests(world: &mut World, count: usize) -> Checked {
    let arrived = world.arrived();
    ensure!(arrived.len() >= count, "{} requests reached the app servers, not {count}", arrived.len());
    Ok(())
}

/// From now on app servers redirect every request to a path beside it, by the name that they believe to be called by.
#[given(expr = "the app servers redirect to their own {string}")]
async fn redirect(world: &mut World, name: String) -> Checked {
    inject(world, &Fault::RedirectToItself { name }).await
}

/// Puts a file into the directories that the configuration names, with commas between them, which are made if need be.
#[given(expr = "the directory {string} has the file {string} with the content {string}")]
async fn file_in(world: &mut World, directories: String, name: String, content: String) -> Checked {
    for directory in directories.split(", ") {
        let path = world.scene().await?.place(directory).join(&name);
        std::fs::create_dir_all(path.parent().unwrap_or(&path))?;
        std::fs::write(path, &content)?;
    }
    Ok(())
}

/// The latest response has a header this often.
#[then(expr = "the response has {int} header(s) {string}")]
async fn count_of_headers(world: &mut World, count: usize, name: String) -> Checked {
    let found: Vec<&str> = world.response()?.values(&name).collect();
    ensure!(
        found.len() == count,
        "the response has {} headers {name:?}, not {count}: {found:?}",
        found.len()
    );
    Ok(())
}

/// The latest response has every one of these headers, named with commas between them.
#[then(expr = "the response has each of the headers {string}")]
async fn each_header(world: &mut World, names: String) -> Checked {
    let response = world.response()?;
    let missing: Vec<&str> = names.split(", ").filter(|name| response.value(name).is_none()).collect();
    ensure!(missing.is_empty(), "the response has no header {}", missing.join(", "));
    Ok(())
}

/// Whoever has the latest response in a browser sends its cookies with a request for this path: RFC 6265 §5.4, over TLS.
#[then(expr = "browsers send each cookie of the response to {string}")]
async fn cookies_come_back(world: &mut World, path: String) -> Checked {
    let url = format!("https://{}{}", world.route().await?.host(), world.text(&path));
    let url = Url::parse(&url).map_err(|error| Failure::new(format!("{url:?} is no URL: {error}")))?;
    for cookie in world.response()?.values("set-cookie") {
        let mut kept = CookieStore::default();
        let refusal = kept.parse(cookie, &url).err().map(|error| format!("browsers refuse it: {error}"));
        let is_sent = kept.get_request_values(&url).next().is_some();
        let why = refusal.unwrap_or_else(|| format!("no browser sends it to {}", url.path()));
        ensure!(is_sent, "the response has the header \"Set-Cookie: {cookie}\": {why}");
    }
    Ok(())
}

/// Asks for a page as browsers do when somebody opens it.
#[given(expr = "a browser opens {string}")]
#[when(expr = "a browser opens {string}")]
async fn opens(world: &mut World, path: String) -> Checked {
    world.begin();
    let request = Request::new("GET", &world.text(&path));
    world.ask(request.as_from_a_browser(Destination::Document)).await?;
    Ok(())
}

/// The version by which the configuration has app servers asked, in which requests may be upgraded.
#[then(expr = "app servers are asked by HTTP {string}")]
async fn asked_by(_: &mut World, version: String) -> Checked {
    ensure!(!version.starts_with("1.0"), "app servers are asked by HTTP/{version}: see `proxy_http_version`");
    Ok(())
}

/// Names of headers that the configuration sets further out and not for this location, with commas between them.
#[then(expr = "none of {string} is lost on the way")]
async fn none_lost(_: &mut World, names: String) -> Checked {
    ensure!(names.is_empty(), "the app servers are not told {names}");
    Ok(())
}

/// No browser may keep the latest response without asking again: no `max-age` above 0 and no `Expires` to come.
#[then(expr = "no browser may keep the response without asking again")]
async fn not_kept(world: &mut World) -> Checked {
    let response = world.response()?;
    let control = response.values("cache-control").collect::<Vec<_>>().join(", ").to_ascii_lowercase();
    let asks = ["no-cache", "no-store", "must-revalidate"].iter().any(|word| control.contains(word));
    let age = control.split(',').find_map(|word| word.trim().strip_prefix("max-age=")?.parse::<u64>().ok());
    let kept = age.is_some_and(|age| age > 0 && !(asks && control.contains("no-")));
    // For a minute a page may well be old.
    let kept = kept && age.is_some_and(|age| age > 60);
    ensure!(!kept, "browsers keep it for {} s: Cache-Control is {control:?}", age.unwrap_or_default());
    let expires = response.value("expires").and_then(|date| httpdate::parse_http_date(date).ok());
    let ahead = expires.and_then(|date| date.duration_since(SystemTime::now()).ok());
    let lasts = ahead.is_some_and(|ahead| ahead > Duration::from_secs(61)) && age.is_none() && !asks;
    ensure!(!lasts, "browsers keep it until {:?}", response.value("expires").unwrap_or_default());
    Ok(())
}

/// The path that reached an app server last has this part in it, and nothing between it and the slashes around it.
#[then(expr = "the app server saw {string} between slashes")]
async fn between_slashes(world: &mut World, part: String) -> Checked {
    let target = world.last_arrived()?.target;
    let path = target.split('?').next().unwrap_or(&target);
    // Some proxies put one path in place of all.
    let is_torn = path.contains(&part) && path.split('/').all(|other| other != part);
    ensure!(!is_torn, "the app server was asked for {target:?}");
    Ok(())
}

/// The query that reached an app server last has this in it: the proxy may put something before it and behind.
#[then(expr = "the app server saw {string} in the query")]
async fn in_the_query(world: &mut World, wanted: String) -> Checked {
    let target = world.last_arrived()?.target;
    let query = target.split_once('?').map(|(_, query)| query);
    ensure!(query.is_some_and(|query| query.contains(&wanted)), "the app server was asked for {target:?}");
    Ok(())
}

/// Where builds of the usual tools have their scripts.
const SCRIPT_DIRECTORIES: [&str; 9] =
    ["assets", "static/js", "static", "js", "_nuxt", "_next/static", "_app", "build", "dist"];

/// Asks for scripts that are not there, until one of them is not answered as the page is: then the site tells them apart.
#[when(expr = "the client asks for scripts that are gone below {string}")]
async fn gone_scripts(world: &mut World, path: String) -> Checked {
    world.begin();
    let page = world.page().await?;
    for directory in SCRIPT_DIRECTORIES {
        let response = world.ask(Request::new("GET", &format!("{path}{directory}/gone-1a2b3c4d.js"))).await?;
        let is_page = response.status == 200 && page.differs(response).is_none();
        if !is_page {
            break;
        }
    }
    Ok(())
}

/// What `Cache-Control` may say to browsers (RFC 9111 §5.2.2, RFC 5861, RFC 8246).
const CACHE_DIRECTIVES: [&str; 13] = [
    "immutable",
    "max-age",
    "must-revalidate",
    "must-understand",
    "no-cache",
    "no-store",
    "no-transform",
    "private",
    "proxy-revalidate",
    "public",
    "s-maxage",
    "stale-if-error",
    "stale-while-revalidate",
];

/// The latest response names a time until which browsers may keep it, or says that they may not.
#[then(expr = "the response says how long browsers may keep it")]
async fn says_how_long(world: &mut World) -> Checked {
    let response = world.response()?;
    let control = response.values("cache-control").collect::<Vec<_>>().join(",").to_ascii_lowercase();
    let mut said = control.split(',').map(|one| one.split('=').next().unwrap_or_default().trim());
    let is_said = said.any(|one| CACHE_DIRECTIVES.contains(&one));
    let expires = response.value("expires").is_some_and(|value| !value.trim().is_empty());
    ensure!(is_said || expires, "the response has no Cache-Control that browsers know, and no Expires");
    Ok(())
}

/// The path that reached an app server last begins with one slash.
#[then(expr = "the app server saw a path with one slash at its beginning")]
async fn one_slash(world: &mut World) -> Checked {
    let target = world.last_arrived()?.target;
    ensure!(target.starts_with('/') && !target.starts_with("//"), "the app server was asked for {target:?}");
    Ok(())
}

/// No request with such a line among its headers, or in one of their values, has reached an app server.
#[then(expr = "no app server saw a header that says {string}")]
async fn nobody_saw_line(world: &mut World, line: String) -> Checked {
    let arrived = world.arrived_anywhere();
    let headers = arrived.iter().flat_map(|exchange| exchange.headers.iter());
    let line = line.to_ascii_lowercase();
    let says = |said: &String| said.to_ascii_lowercase().contains(&line);
    let found = headers.map(|(name, value)| format!("{name}: {value}")).find(says);
    ensure!(found.is_none(), "an app server saw {}", found.unwrap_or_default());
    Ok(())
}

/// The latest response has none of these statuses, named with commas between them.
#[then(expr = "the status of the response is none of {string}")]
async fn none_of(world: &mut World, statuses: String) -> Checked {
    let response = world.response()?;
    let status = response.status;
    let location = response.value("location").map_or(String::new(), |to| format!(" to {to}"));
    ensure!(statuses.split(", ").all(|one| one != status.to_string()), "the response is {status}{location}");
    Ok(())
}

/// The body of the latest response has no such text in it.
#[then(expr = "the body of the response does not contain {string}")]
async fn body_without(world: &mut World, text: String) -> Checked {
    let body = world.response()?.text();
    ensure!(!body.contains(&text), "the body contains {text:?}");
    Ok(())
}

/// The proxy reads its configuration again, as `nginx -s reload` has it.
#[given(expr = "the proxy is reloaded")]
#[when(expr = "the proxy is reloaded")]
async fn reloaded(world: &mut World) -> Checked {
    world.scene().await?.running().await?.signal(Signal::Hup).await.map_err(Failure::from)
}

/// How long an answer goes on after a reload, where the file has a time after which it ends.
const ANSWER_AFTER_RELOAD: Duration = Duration::from_secs(2);

/// An app server has begun to answer when the proxy is reloaded, and goes on after that; for two seconds where a
/// `worker_shutdown_timeout` may end it.
#[when(expr = "the proxy is reloaded while {string} is being answered")]
async fn reloaded_in_mid_answer(world: &mut World, request: String) -> Checked {
    let bytes = 3;
    inject(world, &Fault::SlowBody { bytes }).await?;
    let (method, target) = request_line(&request)?;
    let request = Request::new(method, &world.text(target));
    world.begin();
    let mut connection = Connection::open(&world.route().await?).await?;
    world.transcript.sent(&connection.head_of(&request), b"");
    world.request = Some(request.clone());
    let asking = tokio::spawn(async move { connection.ask(&request).await });
    // It need not come so far.
    world.arrival(|arrived| !arrived.is_empty() || asking.is_finished()).await;
    if !asking.is_finished() {
        reloaded(world).await?;
        // Nothing else ends an answer by the time.
        let main = world.scene().await?.stage().source.expand();
        if main.is_ok_and(|main| main.iter().any(|node| node.is("worker_shutdown_timeout"))) {
            tokio::time::sleep(ANSWER_AFTER_RELOAD).await;
        }
    }
    world.scene().await?.app_servers().into_iter().for_each(|server| server.release_many(bytes));
    let answer = asking.await.map_err(|_| Failure::new("the client was interrupted"))?;
    world.keep(answer).map(drop)
}

/// The latest response is 200, and does not end before its end.
#[then(expr = "the whole response comes")]
async fn whole_response(world: &mut World) -> Checked {
    let response = world.response()?;
    ensure!(response.status == 200, "the response is {}, not 200", response.status);
    ensure!(response.complete, "the connection was closed after {} bytes of the body", response.body.len());
    Ok(())
}

async fn inject(world: &mut World, fault: &Fault) -> Result<(), Failure> {
    world.scene().await?.selected_app_servers().into_iter().for_each(|server| server.inject(fault.clone()));
    Ok(())
}
