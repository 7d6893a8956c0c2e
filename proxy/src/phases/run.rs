//! Runs the phases, one after another.

use bytes::Bytes;

use super::access::{self, Admission};
use super::answer::{Answer, NextPhase};
use super::limit::{self, Limited};
use super::real_ip::real_ip;
use super::redirect::{named, redirect, split_args};
use super::rewrite::rewrite;
use super::search;
use super::status;
use crate::exchange::Exchange;
use crate::files::{self, FileOutcome, FileRequest, FileTrace};
use crate::log::Escaped;
use crate::message::request::BodyLength;
use crate::message::{Headers, Response};
use crate::response::page_response;
use crate::trace::{Step, shown};
use nginx_conf::locate;
use nginx_conf::model::{GzipStatic, Level, Location, LocationId, LocationKind, Pattern};

/// Runs the phases until it is known how to answer.
pub(crate) fn run(x: &mut Exchange<'_>) -> Answer {
    // The post-read phase.
    real_ip(x);
    run_from(x, NextPhase::Server)
}

/// Goes on after [`Answer::Delayed`].
pub(crate) fn resume(x: &mut Exchange<'_>) -> Answer {
    let next = content(x);
    run_from(x, next)
}

/// Goes on after [`Answer::Authorize`]: the status that was answered, and what it challenges the client with.
pub(crate) fn authorized(x: &mut Exchange<'_>, status: u16, challenge: Option<Vec<u8>>) -> Answer {
    let admission = access::after_asking(x, status, challenge);
    let next = after_access(x, &admission);
    run_from(x, next)
}

/// Goes on after [`Answer::Mirror`].
pub(crate) fn after_mirror(x: &mut Exchange<'_>) -> Answer {
    let next = handler(x);
    run_from(x, next)
}

pub(super) fn run_from(x: &mut Exchange<'_>, mut next: NextPhase) -> Answer {
    loop {
        next = match next {
            NextPhase::Done(answer) => return answer,
            NextPhase::Server => {
                x.enter(x.server.root);
                match rewrite(x, x.server.root) {
                    Some(answer) => {
                        // In the server rewrite phase nginx only looks at the timeout.
                        x.keep_alive &= !x.settings.keepalive_timeout.is_zero();
                        NextPhase::Done(answer)
                    }
                    None => find_location(x),
                }
            }
            NextPhase::Location(id) => {
                let id = x.limited(id);
                x.enter(id);
                trace_limit(x, id);
                x.if_had_proxy_pass = false;
                let answer = rewrite(x, id);
                x.limit_keep_alive();
                match answer {
                    Some(answer) => NextPhase::Done(answer),
                    None if x.uri_changed => rewritten(x),
                    None => content(x),
                }
            }
        }
    }
}

/// Tells if what was entered is a `limit_except`.
fn trace_limit(x: &Exchange<'_>, id: LocationId) {
    let kind = |location: &Location| location.kind == LocationKind::LimitExcept;
    if x.trace.is_some() && x.http.locations.get(id.0).is_some_and(kind) {
        x.trace(|here| Step::LimitExcept { directive: here.block(), method: shown(x.method()) });
    }
}

/// Chooses a location for the URI that `rewrite` made.
fn rewritten(x: &mut Exchange<'_>) -> NextPhase {
    if !x.count_uri_change() {
        let cycle = "rewrite or internal redirection cycle while processing";
        x.log(Level::Error, format_args!("{cycle} \"{}\"", Escaped(&x.uri)));
        return NextPhase::Done(Answer::Error(500));
    }
    find_location(x)
}

fn find_location(x: &mut Exchange<'_>) -> NextPhase {
    let server = x.server;
    let http = x.http;
    x.if_had_proxy_pass = false;
    let found = match &x.trace {
        None => {
            let mut matches = |pattern: &Pattern, uri: &[u8]| x.matches(pattern, uri);
            locate::find(&server.tree, &http.locations, &x.uri, &mut matches)
        }
        Some(_) => search::traced(x),
    };
    let (id, auto_redirect) = match found {
        Some(found) => (x.limited(found.id), found.auto_redirect),
        None => (server.root, false),
    };
    x.enter(id);
    x.limit_keep_alive();
    if let (BodyLength::Known(length), Some(max_size)) = (x.request.body, x.settings.client_max_body_size)
        && length > max_size
    {
        x.trace(|here| Step::TooLarge { directive: here.first(&["client_max_body_size"]), length });
        x.log(Level::Error, format_args!("client intended to send too large body: {length} bytes"));
        return NextPhase::Done(Answer::Error(413));
    }
    if x.settings.internal && !x.is_internal() {
        x.trace(|here| Step::Internal { directive: here.first(&["internal"]) });
        return NextPhase::Done(Answer::Error(404));
    }
    if auto_redirect {
        return NextPhase::Done(Answer::Response(with_slash(x)));
    }
    if id == server.root { content(x) } else { NextPhase::Location(id) }
}

/// The redirect from `/x` to `location /x/` with a `proxy_pass`.
fn with_slash(x: &Exchange<'_>) -> Response {
    let mut path = x.uri.clone();
    path.push(b'/');
    if !x.args.is_empty() {
        path.push(b'?');
        path.extend_from_slice(&x.args);
    }
    let mut response = page_response(x, 301);
    response.location = Some(Bytes::from(path));
    response
}

/// The preaccess, access, try-files, mirror and content phases.
fn content(x: &mut Exchange<'_>) -> NextPhase {
    real_ip(x);
    match limit::requests(x).or_else(|| limit::connections(x)) {
        Some(Limited::Refused(status)) => {
            let last = if x.limit_conn_status.is_some() { "limit_conn" } else { "limit_req" };
            x.trace_unreached(last);
            return NextPhase::Done(Answer::Error(status));
        }
        Some(Limited::Delayed(wait)) => return NextPhase::Done(Answer::Delayed(wait)),
        None => {}
    }
    let admission = access::admission(x);
    after_access(x, &admission)
}

/// The phases after the access phase.
fn after_access(x: &mut Exchange<'_>, admission: &Admission) -> NextPhase {
    match admission {
        Admission::Granted => {}
        Admission::Refused(401) if !x.settings.auth_delay.is_zero() => {
            x.log(Level::Info, format_args!("delaying unauthorized request"));
            return NextPhase::Done(Answer::DelayedError(401, x.settings.auth_delay));
        }
        Admission::Refused(status) => return NextPhase::Done(Answer::Error(*status)),
        Admission::Asked => return NextPhase::Done(Answer::Authorize),
    }
    let settings = x.settings;
    if let Some(rule) = &settings.try_files {
        if let Some(error) = lost_alias(x) {
            return NextPhase::Done(error);
        }
        match with_files(x, |request| files::try_files(request, rule)) {
            FileOutcome::Continue { uri, add_uri_to_alias } => {
                (x.uri, x.add_uri_to_alias) = (uri, add_uri_to_alias);
            }
            FileOutcome::Redirect(target) => {
                let (path, args) = split_args(&target);
                x.has_args = true;
                return redirect(x, path, args);
            }
            FileOutcome::Error(status) => return NextPhase::Done(finalized(status)),
            outcome => return file_outcome(x, outcome),
        }
    }
    if !settings.mirror.is_empty() && !x.is_subrequest {
        return NextPhase::Done(Answer::Mirror);
    }
    handler(x)
}

/// What `ngx_http_finalize_request` makes of a status that no handler answers with: a page, or nothing at all. nginx leaves
/// the connection open after nothing, and takes the answer to the next request for that to this one.
fn finalized(status: u16) -> Answer {
    match status {
        201 | 204 | 300.. if !matches!(status, 408 | 444 | 499) => Answer::Error(status),
        300.. => Answer::Close(status),
        _ => Answer::Close(0),
    }
}

/// The content phase.
fn handler(x: &mut Exchange<'_>) -> NextPhase {
    let settings = x.settings;
    if settings.stub_status {
        return NextPhase::Done(status::stub_status(x));
    }
    if settings.proxy_pass.is_some() {
        return NextPhase::Done(Answer::Proxy);
    }
    if x.if_had_proxy_pass {
        // As in nginx, an `if` without a `proxy_pass` does not replace the handler of the one before it.
        x.log(Level::Alert, format_args!("no upstream configuration"));
        return NextPhase::Done(Answer::Error(500));
    }
    if matches!(x.method(), b"GET" | b"HEAD" | b"POST")
        && let Some(error) = lost_alias(x)
    {
        return NextPhase::Done(error);
    }
    match with_files(x, files::content) {
        FileOutcome::Redirect(uri) => {
            x.trace(|here| Step::Index { directive: here.first(&["index"]), to: shown(&uri) });
            let args = x.args.clone();
            redirect(x, uri, args)
        }
        outcome => file_outcome(x, outcome),
    }
}

/// The answer where an `alias` has no name of a location to replace any more.
fn lost_alias(x: &Exchange<'_>) -> Option<Answer> {
    if !x.settings.root.alias || x.valid_location {
        return None;
    }
    let name = x.location_name();
    let why = format_args!("\"alias\" cannot be used in location \"{name}\" where URI was rewritten");
    x.log(Level::Alert, why);
    Some(Answer::Error(500))
}

fn file_outcome(x: &mut Exchange<'_>, outcome: FileOutcome) -> NextPhase {
    match outcome {
        FileOutcome::Respond(response) => NextPhase::Done(Answer::Response(response)),
        FileOutcome::Error(status) => NextPhase::Done(Answer::Error(status)),
        FileOutcome::Named(name) => named(x, &name),
        FileOutcome::Redirect(uri) => redirect(x, uri, Vec::new()),
        FileOutcome::Continue { .. } => NextPhase::Done(Answer::Error(404)),
    }
}

fn with_files<T>(x: &Exchange<'_>, serve: impl FnOnce(&FileRequest<'_>) -> T) -> T {
    let log = |level: Level, message: std::fmt::Arguments<'_>| x.log(level, message);
    let method = x.method();
    // An error page is always sent whole, without regard to conditions and ranges.
    let none = Headers::new();
    let is_error = x.error_status.is_some_and(|status| status != 200);
    serve(&FileRequest {
        get: matches!(method, b"GET" | b"HEAD"),
        post: method == b"POST",
        uri: &x.uri,
        add_uri_to_alias: x.add_uri_to_alias,
        settings: x.settings,
        content_type: x.kept_content_type.as_deref(),
        headers: if is_error { &none } else { &x.request.headers },
        accepts_gzip: x.settings.gzip.files == GzipStatic::On && x.accepts_gzip(b""),
        gzip_vary: &x.gzip_vary,
        spare_headers: &x.spare_headers,
        clock: &x.cycle.clock,
        variables: x,
        log: &log,
        trace: x.trace.as_ref().map(|trace| FileTrace { trace, here: x.written() }),
    })
}
