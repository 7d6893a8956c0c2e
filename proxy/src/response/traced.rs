//! The head of a response, as it is told.

use crate::exchange::Exchange;
use crate::trace::{Field, Omission, Step, shown};

/// A head that is sent to the client, and the `add_header`s that are not in it.
pub(super) fn trace_head(x: &Exchange<'_>, head: &[u8]) {
    if x.trace.is_none() {
        return;
    }
    for directive in x.written().overridden(&["add_header"]) {
        x.trace(|_| Step::Omitted { directive, why: Omission::NotInherited });
    }
    let mut lines = head.split(|&byte| byte == b'\n').map(|line| shown(line.trim_ascii()));
    let line = lines.next().unwrap_or_default();
    let status = line.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or_default();
    let fields = lines.filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        Some(Field { name: name.to_owned(), value: value.trim().to_owned() })
    });
    let fields = fields.collect();
    x.trace(|_| Step::Response { line, status, fields });
}

/// What comes of the `nth` of the `add_header`s in force: its value, or `None` if it is not for this status.
pub(super) fn trace_add_header(x: &Exchange<'_>, nth: usize, name: &str, value: Option<&[u8]>) {
    x.trace(|here| {
        let directive = here.nth(&["add_header"], nth);
        match (value, directive) {
            (None, Some(directive)) => Step::Omitted { directive, why: Omission::Status },
            (Some([]), Some(directive)) => Step::Omitted { directive, why: Omission::Empty },
            (value, directive) => {
                let value = shown(value.unwrap_or_default());
                Step::Header { directive, field: Field { name: name.to_owned(), value } }
            }
        }
    });
}

/// That a directive has put this field into the head.
pub(super) fn trace_field(x: &Exchange<'_>, directive: &str, name: &str, value: &[u8]) {
    x.trace(|here| {
        let field = Field { name: name.to_owned(), value: shown(value) };
        Step::Header { directive: here.first(&[directive]), field }
    });
}
