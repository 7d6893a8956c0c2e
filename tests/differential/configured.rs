//! Where nginx and the reference proxy are known to differ in what they make of a configuration; `known.rs` calls these.

use crate::engine::Observation;
use crate::stream::Stream;

/// Whether two messages refuse a configuration for the same reason.
pub(crate) fn same_refusal(theirs: &str, ours: &str) -> bool {
    let plain = |text: &str| text.split(" in nginx.conf:").next().unwrap_or(text).trim_end().to_owned();
    // Of variables nginx does not tell where they stand.
    let nowhere = !theirs.contains(" in nginx.conf:") && plain(theirs) == plain(ours);
    // The words are those of the library.
    let expression = theirs.starts_with("pcre2_compile() failed") && ours.starts_with("regular expression");
    // A brace that is never closed: where it is missed depends on what is looked for.
    let brace = theirs.starts_with("invalid variable name") && ours.contains("variable is missing");
    nowhere || expression || brace
}

/// nginx has an empty `Location` for a redirection to nowhere, and for 304 the length of its own empty body.
pub(crate) fn returns(theirs: &mut Observation, ours: &Observation) -> bool {
    let mut changed = false;
    for (answer, other) in theirs.received.answers.iter_mut().zip(&ours.received.answers) {
        let status = answer.status();
        let before = answer.fields.len();
        answer.fields.retain(|(name, value)| {
            let nowhere = (300..400).contains(&status) && name == b"Location" && value.is_empty();
            let length = status == 304 && name == b"Content-Length" && value == b"0";
            !(nowhere || length) || other.fields.iter().any(|(other, _)| other == name)
        });
        changed |= answer.fields.len() != before;
    }
    changed
}

/// `return 200 text` with `If-None-Match: *`: nginx says 304, to any method.
pub(crate) fn conditions(stream: &Stream, theirs: &mut Observation, ours: &Observation) -> bool {
    let mut changed = false;
    for (number, request) in stream.views().iter().enumerate() {
        let (Some(answer), Some(other)) =
            (theirs.received.answers.get_mut(number), ours.received.answers.get(number))
        else {
            continue;
        };
        let own = ours.access.get(number).is_some_and(|line| line.ends_with("|-"));
        let text = own
            && other.status() == 200
            && other.field("etag").is_none()
            && other.field("last-modified").is_none();
        if answer.status() == 304 && text && request.values("If-None-Match").next() == Some(b"*") {
            answer.clone_from(other);
            if let (Some(line), Some(other)) = (theirs.access.get_mut(number), ours.access.get(number)) {
                line.clone_from(other);
            }
            changed = true;
        }
    }
    changed
}
