//! Limits below what the site needs.

use std::sync::LazyLock;

use hopcheck_report::Record;
use regex::Regex;

use crate::conf::{Entry, Id};
use crate::edit::Edit;
use crate::fault::Fault;
use crate::proposal::Proposal;

/// The directives that decide how large the head of an answer may be, which go together.
const BUFFERS: [&str; 3] = ["proxy_buffer_size", "proxy_buffers", "proxy_busy_buffers_size"];

/// What a step asks for.
static BODY: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"body of (\d+) bytes").ok());
static HEAD: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"header of (\d+) bytes").ok());

fn asked(record: &Record, pattern: &LazyLock<Option<Regex>>) -> Option<u64> {
    let pattern = pattern.as_ref()?;
    record.steps.iter().find_map(|step| pattern.captures(&step.text)?.get(1)?.as_str().parse().ok())
}

/// A size as nginx reads it, rounded up.
fn written(bytes: u64) -> String {
    match bytes {
        0..0x10_0000 => format!("{}k", bytes.div_ceil(1024)),
        _ => format!("{}m", bytes.div_ceil(0x10_0000)),
    }
}

/// The head of an answer must fit in one buffer.
pub(super) fn head(fault: &Fault<'_>) -> Vec<Proposal> {
    if !fault.mentions("proxy_buffer_size") {
        return Vec::new();
    }
    let Some(place) = fault.proxied().next() else { return Vec::new() };
    let in_force: Vec<&Entry> = BUFFERS
        .iter()
        .flat_map(|name| fault.conf.in_force(place, name))
        .map(|id| fault.conf.get(id))
        .collect();
    let mut proposals = Vec::new();
    if !in_force.is_empty() {
        let take = Edit::made(|edit| in_force.iter().for_each(|entry| edit.remove(fault.files, entry)));
        proposals.push(Proposal::new("leave the buffers for answers at nginx's own sizes", take));
    }
    if let Some(bytes) = asked(fault.record, &HEAD) {
        // The status line and other headers are in it, too.
        let kib = (bytes + 1024).div_ceil(1024).next_power_of_two();
        let values = [format!("{kib}k"), format!("8 {kib}k"), format!("{}k", 2 * kib)];
        let make = |edit: &mut Edit| {
            let mut added = Vec::new();
            for (name, value) in BUFFERS.iter().zip(&values) {
                match fault.conf.own(place, name).map(|id| fault.conf.get(id)) {
                    Some(entry) => edit.replace(entry, entry.span.clone(), format!("{name} {value};")),
                    None => added.push(format!("{name} {value};")),
                }
            }
            edit.insert_into(fault.files, fault.conf, place, &["proxy_pass"], &added);
        };
        proposals.push(Proposal::new(format!("make room for a head of {bytes} bytes"), Edit::made(make)));
    }
    proposals
}

/// The largest upload that the profile names.
pub(super) fn upload(fault: &Fault<'_>) -> Vec<Proposal> {
    let bytes = asked(fault.record, &BODY).filter(|_| fault.mentions("client_max_body_size"));
    let Some((bytes, place)) = bytes.zip(fault.proxied().next()) else { return Vec::new() };
    let size = written(bytes);
    vec![Proposal::new(format!("let bodies of {bytes} bytes in"), of_size(fault, place, &size))]
}

fn of_size(fault: &Fault<'_>, place: Id, size: &str) -> Edit {
    Edit::made(|edit| match fault.conf.own(place, "client_max_body_size").map(|id| fault.conf.get(id)) {
        Some(entry) => edit.set_arg(entry, 0, size),
        None => {
            let directive = [format!("client_max_body_size {size};")];
            edit.insert_into(fault.files, fault.conf, place, &["proxy_pass"], &directive);
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_rounded_up() {
        assert_eq!(written(10 * 1024 * 1024), "10m");
        assert_eq!(written(10 * 1024 * 1024 + 1), "11m");
        assert_eq!(written(900), "1k");
    }
}
