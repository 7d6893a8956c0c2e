//! Differences in words.

use crate::observation::{Changed, Kind};
use crate::probe::shortened;

/// What changes, as `status 404, was 200`.
pub(crate) fn of(changed: &Changed) -> String {
    let old = changed.old.as_deref().map(shortened);
    let new = changed.new.as_deref().map(shortened);
    let name = changed.field.name.as_str();
    let missing = || "none".to_owned();
    match (changed.field.kind, name) {
        (Kind::Who, "") => {
            format!("{} answers, was {}", new.unwrap_or_else(missing), old.unwrap_or_else(missing))
        }
        (Kind::Who, "turns") => format!(
            "turns: {}; was {}",
            new.filter(|turns| !turns.is_empty()).unwrap_or_else(missing),
            old.filter(|turns| !turns.is_empty()).unwrap_or_else(missing)
        ),
        (Kind::Who, _) => {
            format!("asked: {}; was {}", new.unwrap_or_else(missing), old.unwrap_or_else(missing))
        }
        (Kind::Status, _) => {
            format!("status {}, was {}", new.unwrap_or_else(missing), old.unwrap_or_else(missing))
        }
        (Kind::Body, _) => match (old, new) {
            (Some(old), Some(new)) => format!("body {new:?}, was {old:?}"),
            (_, new) => format!("body {}", if new.is_some() { "where there was none" } else { "gone" }),
        },
        (Kind::App, _) => match (old, new) {
            (Some(old), Some(new)) => format!("the app server sees {} {new}, was {old}", label(name)),
            (None, Some(new)) => format!("the app server sees {} {new}, which is new", label(name)),
            (old, _) => format!("the app server does not see {} {}", label(name), old.unwrap_or_default()),
        },
        (_, name) => match (old, new) {
            (Some(old), Some(new)) => format!("{} {new}, was {old}", label(name)),
            (None, Some(new)) => format!("{} {new} is new", label(name)),
            (old, _) => format!("{} {} is gone", label(name), old.unwrap_or_default()),
        },
    }
}

/// A header's name with its colon; other names as they are.
fn label(name: &str) -> String {
    match name {
        "" => "connection".to_owned(),
        "request line" | "body" | "requests" => name.to_owned(),
        _ if name.contains(['_', ' ']) => name.to_owned(),
        _ => format!("{name}:"),
    }
}
