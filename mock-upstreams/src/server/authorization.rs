//! Who may come, as services say it that nginx asks by `auth_request`.

use std::sync::PoisonError;

use axum::http::StatusCode;

use crate::instance::Instance;
use crate::journal::Head;

/// The answer to a request that asks whether a client may come; `None` if it asks for something else.
pub(super) fn answer(instance: &Instance, head: &Head) -> Option<StatusCode> {
    let path = head.target.split('?').next()?;
    let paths = instance.authorized_at.read().unwrap_or_else(PoisonError::into_inner);
    let has = |name: &str| head.headers.iter().any(|(field, _)| field.eq_ignore_ascii_case(name));
    // Browsers send no credentials with a preflight (Fetch standard, CORS-preflight fetch).
    let is_refused = has("access-control-request-method") && !has("authorization") && !has("cookie");
    paths.contains(path).then_some(if is_refused { StatusCode::UNAUTHORIZED } else { StatusCode::OK })
}
