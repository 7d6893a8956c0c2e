//! What becomes of a connection, and of the requests behind one that only one side refuses.

use crate::engine::Observation;

/// Takes over whether the connection is kept after this request, and so what comes after it.
pub(super) fn follow(theirs: &mut Observation, ours: &Observation, number: usize) {
    let connection = |(name, _): &(Vec<u8>, Vec<u8>)| {
        name.eq_ignore_ascii_case(b"connection") || name.eq_ignore_ascii_case(b"keep-alive")
    };
    let (theirs_all, ours_all) = (&mut theirs.received, &ours.received);
    if let (Some(answer), Some(other)) = (theirs_all.answers.get_mut(number), ours_all.answers.get(number)) {
        answer.fields.retain(|field| !connection(field));
        answer.fields.extend(other.fields.iter().filter(|field| connection(field)).cloned());
        answer.fields.sort_by_key(|(name, _)| name.to_ascii_lowercase());
    }
    let next = number + 1;
    theirs_all.answers.truncate(next);
    theirs_all.answers.extend(ours_all.answers.iter().skip(next).cloned());
    theirs_all.rest.clone_from(&ours_all.rest);
    theirs_all.waits = ours_all.waits;
    let passed_on = theirs.access.iter().take(next).filter(|line| !line.ends_with("|-")).count();
    theirs.seen.truncate(passed_on);
    theirs.seen.extend(ours.seen.iter().skip(passed_on).cloned());
    theirs.access.truncate(next);
    theirs.access.extend(ours.access.iter().skip(next).cloned());
    as_far_as_both(theirs, ours);
}

/// How the reference proxy refuses a body of which nginx did not look at the chunks.
const BAD_CHUNKS: &str = "error: client sent invalid chunked body";

/// One engine has looked at more than the other: as far as both did, they must say the same.
pub(super) fn as_far_as_both(theirs: &mut Observation, ours: &Observation) {
    let within = |few: &[&String], many: &[String]| {
        let mut many = many.iter();
        few.iter().all(|line| many.any(|other| other.split(" while ").next() == line.split(" while ").next()))
    };
    let but_refusals: Vec<_> = ours.errors.iter().filter(|line| !line.starts_with(BAD_CHUNKS)).collect();
    let all: Vec<_> = theirs.errors.iter().collect();
    if within(&but_refusals, &theirs.errors) || within(&all, &ours.errors) {
        theirs.errors.clone_from(&ours.errors);
    }
}

/// As if nginx had refused this request, and so had not looked at what follows.
pub(super) fn refuse(theirs: &mut Observation, ours: &Observation, number: usize) {
    let passed_on = theirs.access.iter().take(number).filter(|line| !line.ends_with("|-")).count();
    theirs.seen.truncate(passed_on);
    theirs.received.answers.truncate(number);
    theirs.received.rest.clone_from(&ours.received.rest);
    // The words of the refusal are the reference proxy's own; that it is one is not.
    theirs
        .received
        .answers
        .extend(ours.received.answers.get(number).filter(|answer| answer.status() == 400).cloned());
    theirs.received.waits = ours.received.waits;
    theirs.access.truncate(number);
    theirs.access.extend(ours.access.get(number).filter(|line| line.contains("|400|")).cloned());
    as_far_as_both(theirs, ours);
}

/// As if nginx had ended the connection after this answer. Where the reference proxy has not, that is another matter.
pub(super) fn end_after(theirs: &mut Observation, ours: &Observation, number: usize) {
    if ours.received.answers.len() == number + 1 {
        follow(theirs, ours, number);
    }
}
