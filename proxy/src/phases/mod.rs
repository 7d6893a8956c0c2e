//! From request to content, in nginx's phases: server rewrite, find location, rewrite, try files, content.

use bytes::Bytes;

use crate::exchange::Exchange;
use crate::files::{self, FileOutcome, FileRequest};
use crate::log::Escaped;
use crate::message::request::BodyLength;
use crate::message::{Body, Headers, Response};
use crate::response::client::page_response;
use crate::variables::Variables;
use nginx_conf::locate;
use nginx_conf::model::{Condition, ErrorStatus, Level, LocationId, LocationTree, Op};
use nginx_conf::template::Template;

/// What is to be done to answer.
#[derive(Debug)]
pub(crate) enum Answer {
    /// Ask an app server: the `proxy_pass` of the settings in force.
    Proxy,
    /// Send this.
    Response(Response),
    /// Send the page of this status.
    Error(u16),
    /// Close without a word; the status is for the log.
    Close(u16),
}

/// Where the phases go on.
enum NextPhase {
    /// With a location's rewrite phase.
    Location(LocationId),
    /// From the beginning, with another URI.
    Server,
    /// Nowhere.
    Done(Answer),
}

/// Runs the phases until it is known how to answer.
pub(crate) fn run(x: &mut Exchange<'_>) -> Answer {
    run_from(x, NextPhase::Server)
}

/// What an `error_page` has answer in place of an error, `ngx_http_special_response_handler`; `None` where none is for it.
pub(crate) fn error_page(x: &mut Exchange<'_>, status: u16) -> Option<Answer> {
    let settings = x.settings;
    // An error on the way to the page of another is itself.
    x.error_status = None;
    if x.error_page_used || settings.error_page.is_empty() || x.uri_changes_exhausted() {
        return None;
    }
    x.error_page_used = !settings.recursive_error_pages;
    let page = settings.error_page.iter().find(|page| page.status == status)?;
    x.error_status = match page.answer {
        ErrorStatus::Same => Some(status),
        ErrorStatus::Fixed(code) => Some(code),
        ErrorStatus::Answer => None,
    };
    let target = x.evaluate(&page.page);
    Some(match target.first() {
        Some(b'/') => {
            x.request.become_get();
            let (path, args) = split(&target);
            let next = redirect(x, path, args);
            run_from(x, next)
        }
        Some(b'@') => {
            let next = named(x, &target);
            run_from(x, next)
        }
        _ => {
            let redirects = |code: &u16| matches!(code, 301 | 302 | 303 | 307 | 308);
            let code = x.error_status.take().filter(redirects).unwrap_or(302);
            let mut response = page_response(x, code);
            response.location = Some(Bytes::from(target));
            Answer::Response(response)
        }
    })
}

fn run_from(x: &mut Exchange<'_>, mut next: NextPhase) -> Answer {
    loop {
        next = match next {
            NextPhase::Done(content) => return content,
            NextPhase::Server => {
                x.enter(x.server.root);
                match rewrite(x, x.server.root) {
                    Some(content) => {
                        // Only this has nginx end the connection here.
                        x.keep_alive &= !x.settings.keepalive_timeout.is_zero();
                        NextPhase::Done(content)
                    }
                    None => find_location(x),
                }
            }
            NextPhase::Location(id) => {
                x.enter(id);
                x.if_had_proxy_pass = false;
                let content_made = rewrite(x, id);
                x.limit_keep_alive();
                match content_made {
                    Some(content) => NextPhase::Done(content),
                    None => content(x),
                }
            }
        }
    }
}

fn find_location(x: &mut Exchange<'_>) -> NextPhase {
    let server = x.server;
    let http = x.http;
    let found = {
        let x = &*x;
        locate::find(&server.tree, &http.locations, &x.uri, &mut |pattern, uri| x.matches(pattern, uri))
    };
    let (id, auto_redirect) = match found {
        Some(found) => (found.id, found.auto_redirect),
        None => (server.root, false),
    };
    x.enter(id);
    x.limit_keep_alive();
    if let (BodyLength::Known(length), Some(most)) = (x.request.body, x.settings.client_max_body_size)
        && length > most
    {
        x.log(Level::Error, format_args!("client intended to send too large body: {length} bytes"));
        return NextPhase::Done(Answer::Error(413));
    }
    if x.settings.internal && !x.is_internal() {
        return NextPhase::Done(Answer::Error(404));
    }
    if auto_redirect {
        return NextPhase::Done(Answer::Response(with_slash(x)));
    }
    if id == server.root { content(x) } else { NextPhase::Location(id) }
}

/// `location /x/` with a `proxy_pass`, asked for `/x`.
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

/// Runs the rewrite-phase operations of a location or of the server; an answer ends the phases.
fn rewrite(x: &mut Exchange<'_>, id: LocationId) -> Option<Answer> {
    let http = x.http;
    let location = http.locations.get(id.0);
    for op in location.map(|location| &location.rewrite[..]).unwrap_or_default() {
        match op {
            Op::Set { slot, value } => {
                let value = x.evaluate(value);
                x.set_slot(*slot, value);
            }
            Op::If { condition, then } => {
                if holds(x, condition) {
                    x.if_had_proxy_pass |= x.settings.proxy_pass.is_some();
                    x.enter(*then);
                    if let Some(content) = rewrite(x, *then) {
                        return Some(content);
                    }
                }
            }
            Op::Return { code, text } => return Some(answer(x, *code, text.as_ref())),
        }
    }
    None
}

fn holds(x: &Exchange<'_>, condition: &Condition) -> bool {
    match condition {
        Condition::True(value) => !matches!(&x.value(value)[..], b"" | b"0"),
        Condition::Equal { left, right, negated } => (x.value(left) == x.value(right)) != *negated,
        Condition::Matches { subject, pattern, negated } => {
            let matches = x.matches(pattern, &x.value(subject));
            if !matches {
                x.variables.captures.take();
            }
            matches != *negated
        }
    }
}

/// `return`.
fn answer(x: &mut Exchange<'_>, code: u16, text: Option<&Template>) -> Answer {
    // The text may ask for it: `return 418 $status`.
    x.status = code;
    let value = text.map(|text| x.evaluate(text)).unwrap_or_default();
    match code {
        // A text of nothing is none; one that comes to nothing is one.
        400.. if text.is_none_or(|text| text.parts.is_empty()) => match code {
            408 | 444 | 499 => Answer::Close(code),
            _ => Answer::Error(code),
        },
        301 | 302 | 303 | 307 | 308 => {
            let mut response = page_response(x, code);
            response.location = text.map(|_| Bytes::from(value));
            Answer::Response(response)
        }
        _ => {
            let mut response = Response::new(code);
            response.content_type = Some(files::content_type(x.settings, &x.uri).to_owned());
            response.body = Body::Bytes(Bytes::from(value));
            Answer::Response(response)
        }
    }
}

/// The try-files and content phases.
fn content(x: &mut Exchange<'_>) -> NextPhase {
    let settings = x.settings;
    let client = x.client.peer.ip();
    if settings.access.iter().find(|rule| rule.fits(client)).is_some_and(|rule| !rule.allow) {
        x.log(Level::Error, format_args!("access forbidden by rule"));
        return NextPhase::Done(Answer::Error(403));
    }
    if let Some(rule) = &settings.try_files {
        match with_files(x, |request| files::try_files(request, rule)) {
            FileOutcome::Continue { uri, add_uri_to_alias } => {
                (x.uri, x.add_uri_to_alias) = (uri, add_uri_to_alias);
            }
            FileOutcome::Redirect(target) => {
                let (path, args) = split(&target);
                x.has_args = true;
                return redirect(x, path, args);
            }
            outcome => return settle(x, outcome),
        }
    }
    if settings.proxy_pass.is_some() {
        return NextPhase::Done(Answer::Proxy);
    }
    if x.if_had_proxy_pass {
        // An `if` that has nowhere to go itself does not take back where the one before it would have gone.
        x.log(Level::Alert, format_args!("no upstream configuration"));
        return NextPhase::Done(Answer::Error(500));
    }
    match with_files(x, files::content) {
        FileOutcome::Redirect(uri) => {
            let args = x.args.clone();
            redirect(x, uri, args)
        }
        outcome => settle(x, outcome),
    }
}

/// `try_files … /uri?args`: the query is part of what was written, never of what `$uri` brought in.
fn split(target: &[u8]) -> (Vec<u8>, Vec<u8>) {
    match target.iter().position(|&byte| byte == b'?') {
        Some(mark) => {
            let (path, args) = target.split_at(mark);
            (path.to_vec(), args.get(1..).unwrap_or_default().to_vec())
        }
        None => (target.to_vec(), Vec::new()),
    }
}

fn settle(x: &mut Exchange<'_>, outcome: FileOutcome) -> NextPhase {
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
    let method = x.request.method();
    // The page of an error is sent as it is, whatever the client has of it.
    let none = Headers::new();
    let is_error = x.error_status.is_some_and(|status| status != 200);
    serve(&FileRequest {
        get: matches!(method, b"GET" | b"HEAD"),
        post: method == b"POST",
        uri: &x.uri,
        add_uri_to_alias: x.add_uri_to_alias,
        settings: x.settings,
        headers: if is_error { &none } else { &x.request.headers },
        variables: x,
        log: &log,
    })
}

fn redirect(x: &mut Exchange<'_>, uri: Vec<u8>, args: Vec<u8>) -> NextPhase {
    if !x.redirect() {
        let cycle = "rewrite or internal redirection cycle while internally redirecting to";
        x.log(Level::Error, format_args!("{cycle} \"{}\"", Escaped(&uri)));
        return NextPhase::Done(Answer::Error(500));
    }
    x.uri = uri;
    x.args = args;
    x.valid_unparsed_uri = false;
    x.quoted_uri = true;
    NextPhase::Server
}

fn named(x: &mut Exchange<'_>, name: &[u8]) -> NextPhase {
    if !x.redirect() {
        let cycle = "rewrite or internal redirection cycle while redirect to named location";
        x.log(Level::Error, format_args!("{cycle} \"{}\"", Escaped(name)));
        return NextPhase::Done(Answer::Error(500));
    }
    let tree: &LocationTree = &x.server.tree;
    match std::str::from_utf8(name).ok().and_then(|name| tree.named.get(name)) {
        Some(&id) => NextPhase::Location(id),
        None => {
            x.log(Level::Error, format_args!("could not find named location \"{}\"", Escaped(name)));
            NextPhase::Done(Answer::Error(500))
        }
    }
}
