//! Where nginx and the reference proxy are known to differ in what they make of a configuration; the module above calls these.

use crate::engine::Observation;
use crate::stream::Stream;

/// What generated configurations have that `docs/trust/directives.md` says is missing. Anything else that is refused for that
/// reason has come to be missing by mistake.
const UNSUPPORTED: &[&str] =
    &["a variable in \"proxy_pass\" directive is known to nginx, but not supported here"];

const INVALID: &str = "invalid variable name";

/// Whether a configuration is refused for what the reference proxy is known not to have.
pub(crate) fn is_unsupported(ours: &str) -> bool {
    // `\cs` is a control character to PCRE, and nothing to the library here; nor is `(?)`.
    let unknown = ["invalid escape: ", "unknown group flag: "];
    let is_unknown = |what: &&str| ours.contains(&format!("cannot be compiled: {what}"));
    // `\h` and the like mean something else to the two.
    let is_ambiguous = ours.contains("cannot be compiled: \"\\") && ours.contains("\" is not supported here");
    let expression =
        ours.starts_with("regular expression") && (is_ambiguous || unknown.iter().any(is_unknown));
    expression || UNSUPPORTED.iter().any(|missing| ours.starts_with(missing))
}

/// Whether two messages refuse a configuration for the same reason.
pub(crate) fn same_refusal(theirs: &str, ours: &str) -> bool {
    let plain = |text: &str| text.split(" in nginx.conf:").next().unwrap_or(text).trim_end().to_owned();
    // Of variables nginx does not tell where they stand.
    let nowhere = !theirs.contains(" in nginx.conf:") && plain(theirs) == plain(ours);
    // The words are those of the library; the place is the same.
    let expression = theirs.starts_with("pcre2_compile() failed")
        && ours.starts_with("regular expression")
        && line(theirs) == line(ours);
    // A brace that is never closed: where it is missed depends on what is looked for.
    let brace = theirs.starts_with(INVALID) && ours.contains("variable is missing");
    nowhere || expression || brace
}

/// Whether a value of `proxy_set_header` is refused. nginx reads these when all of `http` has been: for what else is wrong until then
/// it refuses the configuration first.
pub(crate) fn is_read_late(text: &str, ours: &str) -> bool {
    let line = line(ours).and_then(|number| text.lines().nth(number.checked_sub(1)?));
    (ours.starts_with(INVALID) || ours.contains("variable is missing"))
        && line.is_some_and(|line| line.trim_start().starts_with("proxy_set_header "))
}

/// The line that a message is about.
fn line(message: &str) -> Option<usize> {
    message.rsplit_once(':').and_then(|(_, line)| line.trim_end().parse().ok())
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
        // A file's own answer can always be had in parts.
        let text = own && other.status() == 200 && other.field("accept-ranges").is_none();
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

/// An unsatisfiable range is found when fields have been added to what would have been a 200, and the page of a 416 adds
/// them again.
pub(crate) fn ranges(theirs: &mut Observation, ours: &Observation) -> bool {
    let mut changed = false;
    for (answer, other) in theirs.received.answers.iter_mut().zip(&ours.received.answers) {
        if (answer.status(), other.status()) != (416, 416) {
            continue;
        }
        let count = |fields: &[(Vec<u8>, Vec<u8>)], name: &[u8]| {
            fields.iter().filter(|(found, _)| found.eq_ignore_ascii_case(name)).count()
        };
        let before = answer.fields.clone();
        answer.fields.clone_from(&other.fields);
        // Of each that is added always there are two; of the others there is one here, and none there.
        let added = |name: &[u8]| !name.starts_with(b"Content-") && !name.eq_ignore_ascii_case(b"Connection");
        let twice = |name: &[u8]| match count(&other.fields, name) {
            _ if !added(name) => false,
            0 => true,
            ours => count(&before, name) == 2 * ours,
        };
        let alike = before.iter().all(|field| other.fields.contains(field) || twice(&field.0))
            && other.fields.iter().all(|field| before.contains(field) || twice(&field.0));
        if !alike {
            answer.fields.clone_from(&before);
        }
        changed |= answer.fields != before;
    }
    changed
}

/// nginx adds fields before it takes the type from a 204.
pub(crate) fn unsent(theirs: &mut Observation, ours: &Observation) -> bool {
    const NAMES_TYPE: &[u8] = b"X-F";
    let mut changed = false;
    for (answer, other) in theirs.received.answers.iter_mut().zip(&ours.received.answers) {
        let typed = |(name, _): &(Vec<u8>, Vec<u8>)| name == NAMES_TYPE;
        if (answer.status(), other.status()) == (204, 204) && !other.fields.iter().any(typed) {
            let before = answer.fields.len();
            answer.fields.retain(|field| !typed(field));
            changed |= answer.fields.len() != before;
        }
    }
    changed
}
