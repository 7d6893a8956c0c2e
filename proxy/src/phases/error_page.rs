//! `error_page`.

use bytes::Bytes;

use super::answer::Answer;
use super::redirect::{named, redirect, split_args};
use super::run::run_from;
use crate::exchange::{Exchange, shown_uri};
use crate::response::page_response;
use crate::trace::{Directive, Step, shown};
use crate::variables::Variables;
use nginx_conf::model::ErrorStatus;

/// The answer from where an app server has sent the request, by `X-Accel-Redirect`.
pub(crate) fn accel_redirect(x: &mut Exchange<'_>, uri: Vec<u8>, args: Vec<u8>) -> Answer {
    x.trace(|_| Step::Accel { to: shown_uri(&uri, &args) });
    if uri.first() == Some(&b'@') {
        let next = named(x, &uri);
        return run_from(x, next);
    }
    x.request.become_get();
    let next = redirect(x, uri, args);
    run_from(x, next)
}

/// The answer that an `error_page` gives instead of an error, if any: `ngx_http_special_response_handler`.
pub(crate) fn error_page(x: &mut Exchange<'_>, status: u16) -> Option<Answer> {
    let settings = x.settings;
    // An error on the way to an error page is an error of its own.
    x.error_status = None;
    x.kept_content_type = None;
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
    x.trace(|here| {
        let is_its = |directive: &Directive| {
            directive.text.split_ascii_whitespace().any(|word| word.parse() == Ok(status))
        };
        let directive = here.in_force(&["error_page"]).into_iter().find(is_its);
        Step::ErrorPage { directive, status, to: shown(&target) }
    });
    Some(match target.first() {
        Some(b'/') => {
            x.request.become_get();
            let (path, args) = split_args(&target);
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
