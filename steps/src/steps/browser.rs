//! The live site as a browser shows it.

use std::sync::Arc;
use std::time::Duration;

use cucumber::{then, when};

use crate::failure::{Checked, Failure};
use crate::world::World;
use hopcheck_browser::{Browser, Findings, Read, SocketEnd, Visit, VisitEnd, Worker};
use hopcheck_site::profile::{Limits, Transport};
use hopcheck_targets::target::Deployment;

/// So many of what is wrong are told.
const MAX_TOLD: usize = 8;

/// The subprotocols of STOMP, as its clients offer them.
const STOMP: [&str; 3] = ["v12.stomp", "v11.stomp", "v10.stomp"];

/// A page of any origin, where the profile allows all.
const ANY_PAGE: &str = "://page.hopcheck.invalid";

/// What Chromium says of a host or certificate that it, or this machine, and not the site, is to blame for.
const OF_THIS_MACHINE: [&str; 4] =
    ["ERR_CERT_AUTHORITY_INVALID", "ERR_NAME_NOT_RESOLVED", "ERR_INTERNET_DISCONNECTED", "ERR_NETWORK_"];

/// Chromium opens `/` as a visitor does: once in a run, for all scenarios. What may change something is not sent.
#[when(expr = "a browser opens the page of the site")]
async fn opens(world: &mut World) -> Checked {
    let deployment = world.deployment()?;
    let visit = browser(&deployment)?.visit().await?;
    note(world, &visit);
    world.visit = Some(visit);
    Ok(())
}

/// The page has loaded all that it waits for.
#[then(expr = "the page is at rest")]
async fn at_rest(world: &mut World) -> Checked {
    let limits = world.deployment()?.profile().limits.clone();
    let limit = limits.longest_page.0;
    let visit = visited(world)?;
    match &visit.end {
        VisitEnd::Waiting { .. } if visit.is_busy => {
            Err(Failure::new("a script of the page never ends, and nothing else gets its turn"))
        }
        VisitEnd::Waiting { own, streams, .. } if own.is_empty() && !streams.is_empty() => {
            Err(Failure::not_asked(format!(
                "after {limit} s the answer to {} still goes on: it is a stream, or very long",
                streams.join(" and ")
            )))
        }
        VisitEnd::Waiting { own, others, .. } => match (own.is_empty(), others.first()) {
            (true, Some(other)) => Err(Failure::not_asked(format!(
                "after {limit} s the page still waits for {other}, which is not of this site"
            ))),
            (true, None) => Err(Failure::new(format!(
                "the page is not at rest after {limit} s, though all that it asked for has come: it is never loaded, as after a `document.open` without `close`"
            ))),
            (false, _) if is_much(visit.requests.len(), &limits) => Err(Failure::not_asked(format!(
                "the page asks for {} things, which in {limit} s are too many for `[limits] requests-per-second`",
                visit.requests.len()
            ))),
            (false, _) => Err(Failure::new(list(
                &format!("the page is not at rest after {limit} s; it waits for"),
                own,
            ))),
        },
        VisitEnd::Circling => {
            Err(Failure::new("the page loads itself again and again, and never comes to rest"))
        }
        VisitEnd::Unreachable(why) if !OF_THIS_MACHINE.iter().any(|machine| why.contains(machine)) => {
            let is_file = why.contains("ERR_ABORTED");
            let types = if is_file {
                "\n  it is a file to save, and no page to show: see `types` and `default_type`"
            } else {
                ""
            };
            Err(Failure::new(format!("the browser does not get the page: {why}{types}")))
        }
        VisitEnd::Error(status) if !matches!(status, 401 | 403) => {
            Err(Failure::new(format!("the page is answered with {status}")))
        }
        _ => page(world).map(drop),
    }
}

/// No file of the site that the page uses fails, and no request of its scripts is answered with 5xx.
#[then(expr = "nothing is missing that the page needs")]
async fn nothing_missing(world: &mut World) -> Checked {
    none_of("the page does not get all that it needs", page(world)?.missing())
}

/// No script of the site has thrown what nobody catches, but for want of what is missing or blocked.
#[then(expr = "no script has failed")]
async fn no_script_failed(world: &mut World) -> Checked {
    let visit = page(world)?;
    let found = visit.uncaught();
    match (found.broken.first(), visit.wanting()) {
        (Some(error), Some(lack)) => Err(Failure::not_asked(format!("{error}: it may come of this: {lack}"))),
        _ => judged(&visit, "a script of the page has broken down", found),
    }
}

/// Nothing of the site is kept from the page: by mixed content, CORS, a policy or a type.
#[then(expr = "the browser has blocked nothing")]
async fn nothing_blocked(world: &mut World) -> Checked {
    let visit = page(world)?;
    judged(&visit, "the browser keeps this from the page", visit.blocked())
}

/// Nothing else stands in the console as an error, and nothing of other sites is blocked. Where an app says 401, or something is
/// missing, the page may complain.
#[then(expr = "the console has no errors")]
async fn console_is_empty(world: &mut World) -> Checked {
    let visit = page(world)?;
    let is_refused = visit.requests.iter().any(|request| matches!(request.status, Some(401 | 403)));
    let is_known = is_refused || visit.wanting().is_some();
    let mut wrong = if is_known { Vec::new() } else { visit.logged().broken };
    if visit.held_back.is_empty() {
        wrong.extend(visit.blocked().doubtful);
    }
    none_of("the console says", wrong)
}

/// Loaded anew through the page's service worker, if it has one, the page names the files that the network's page names.
#[then(expr = "the page is that of the latest build, whoever serves it")]
async fn latest_build(world: &mut World) -> Checked {
    match &page(world)?.worker {
        Worker::None | Worker::Current => Ok(()),
        Worker::Old(kept, latest) => Err(Failure::new(format!(
            "a service worker serves an old build\n  its page names:  {kept}\n  the network's:   {latest}"
        ))),
        Worker::Unknown(why) => {
            Err(Failure::not_asked(format!("what the service worker serves is not known: {why}")))
        }
    }
}

/// The page opens a WebSocket, as its scripts would, and closes it; where the site has no page, an empty one of its origin does.
#[when(expr = "the page opens a WebSocket at {string}")]
async fn opens_socket(world: &mut World, path: String) -> Checked {
    let deployment = world.deployment()?;
    let browser = browser(&deployment)?;
    let offers: &[&str] = match world.transport() {
        Transport::WebSocket => &STOMP,
        Transport::SockJs => &[],
    };
    world.transcript.note(&format!("a page opens a WebSocket at {path}"));
    world.socket_end = Some(browser.open_socket(&path, offers).await?);
    Ok(())
}

/// The WebSocket was open.
#[then(expr = "the browser has a WebSocket")]
async fn has_socket(world: &mut World) -> Checked {
    let has_headers = !world.deployment()?.profile().headers.is_empty();
    match &world.socket_end {
        Some(SocketEnd::Open(_)) => Ok(()),
        Some(SocketEnd::Refused(_)) if has_headers => Err(Failure::not_asked(
            "a browser sends a handshake without the `[headers]` of the profile, and this one was refused",
        )),
        Some(SocketEnd::Refused(why)) => {
            Err(Failure::new(format!("the browser does not open a WebSocket from the page\n  {why}")))
        }
        None => Err(Failure::new("no page has opened a WebSocket yet")),
    }
}

/// An empty page of that origin, of which nothing is asked, reads an API; with cookies if the profile says so (`[preflight] credentials`), and with
/// `Content-Type` where it may.
#[when(expr = "a page of {string} reads {string}")]
async fn reads(world: &mut World, origin: String, path: String) -> Checked {
    let deployment = world.deployment()?;
    let browser = browser(&deployment)?;
    let preflight = &deployment.profile().preflight;
    let origin = match origin.as_str() {
        "*" => format!("{}{ANY_PAGE}", deployment.url().scheme()),
        _ => origin,
    };
    let allowed = preflight.allow_headers.as_deref().unwrap_or_default();
    let may_have_type = allowed.split(',').any(|name| name.trim().eq_ignore_ascii_case("content-type"));
    let headers: &[(&str, &str)] = if may_have_type { &[("Content-Type", "application/json")] } else { &[] };
    let with_credentials = preflight.credentials.unwrap_or_default();
    world.transcript.note(&format!("a page of {origin} reads {path}"));
    world.read = Some(browser.read_from(&origin, &path, with_credentials, headers).await?);
    Ok(())
}

/// The page may read the answer, whatever it says.
#[then(expr = "the browser gives it the answer")]
async fn gives_answer(world: &mut World) -> Checked {
    match &world.read {
        Some(Read::Status(_)) => Ok(()),
        Some(Read::Blocked(why)) => {
            Err(Failure::new(format!("the browser keeps the answer from the page: {why}")))
        }
        Some(Read::Failed(why)) => Err(Failure::new(format!("the page gets no answer: {why}"))),
        None => Err(Failure::new("no page has read anything yet")),
    }
}

/// Whether so many requests take half of a page's time by their pace alone.
fn is_much(requests: usize, limits: &Limits) -> bool {
    let time = Duration::from_secs(limits.longest_page.0).as_secs_f64();
    let requests = u32::try_from(requests).map_or(f64::INFINITY, f64::from);
    requests > limits.requests_per_second * time / 2.0
}

fn browser(deployment: &Deployment) -> Result<&Browser, Failure> {
    deployment.browser().map_err(Failure::not_asked)
}

fn visited(world: &World) -> Result<Arc<Visit>, Failure> {
    world.visit.clone().ok_or_else(|| Failure::new("no browser has opened the page yet"))
}

/// The visit of a page of the site; where there is none, nothing is asked of it.
fn page(world: &World) -> Result<Arc<Visit>, Failure> {
    let visit = visited(world)?;
    let why = match &visit.end {
        VisitEnd::AtRest | VisitEnd::Waiting { .. } => return Ok(visit),
        VisitEnd::Circling => "the page never comes to rest".to_owned(),
        VisitEnd::Unreachable(why) => format!("the browser does not get the page: {why}"),
        VisitEnd::Elsewhere => format!("/ leads to {}, which is of another site", visit.url),
        VisitEnd::NoPage(kind) => format!("/ is no page, but {kind}"),
        VisitEnd::Error(status) => {
            format!("the page is answered with {status}; see `[headers]` for a site with a login")
        }
    };
    Err(Failure::not_asked(why))
}

/// What was asked, for the report of a failure.
fn note(world: &mut World, visit: &Visit) {
    let summary: Vec<String> = visit.summary().iter().map(|line| format!("> {line}")).collect();
    world.transcript.note(&list("the browser asked", &summary));
}

fn judged(visit: &Visit, what: &str, found: Findings) -> Checked {
    none_of(what, found.broken)?;
    match (found.own_doing.first(), visit.held_back.first()) {
        (Some(error), Some(request)) => Err(Failure::not_asked(format!(
            "{error}: it may come of what was not sent, as it may change something: {request}"
        ))),
        _ => Ok(()),
    }
}

fn none_of(what: &str, wrong: Vec<String>) -> Checked {
    if wrong.is_empty() { Ok(()) } else { Err(Failure::new(list(what, &wrong))) }
}

fn list(what: &str, lines: &[String]) -> String {
    let told = lines.iter().take(MAX_TOLD).map(|line| format!("\n  {line}"));
    let more = lines.len().saturating_sub(MAX_TOLD);
    let more = (more > 0).then(|| format!("\n  and {more} more"));
    told.chain(more).fold(what.to_owned(), |text, line| text + &line)
}
