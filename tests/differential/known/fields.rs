//! Fields that nginx passes on, or takes, as they are.

use crate::engine::Observation;
use crate::stream::{Stream, View};

/// nginx passes on what `Connection` names, and fields of one hop that it does not know.
pub(super) fn hop_by_hop(stream: &Stream, theirs: &mut Observation) -> bool {
    let requests = stream.views();
    let numbers = passed_on(theirs);
    let mut changed = false;
    for (seen, number) in theirs.seen.iter_mut().zip(numbers) {
        let Some(request) = requests.get(number) else { continue };
        let options = request.values("Connection").flat_map(|value| value.split(|&byte| byte == b','));
        let mut named: Vec<Vec<u8>> =
            options.map(|option| option.trim_ascii().to_ascii_lowercase()).collect();
        named.extend([b"proxy-connection".to_vec(), b"trailer".to_vec()]);
        let before = seen.fields.len();
        seen.fields.retain(|line| {
            let name = View::name(line).unwrap_or_default().to_ascii_lowercase();
            matches!(&name[..], b"host" | b"content-length" | b"upgrade") || !named.contains(&name)
        });
        changed |= before != seen.fields.len();
    }
    changed
}

/// White space around a value is not part of it, tabs included.
pub(super) fn tabs(theirs: &mut Observation) -> bool {
    let mut changed = false;
    for seen in &mut theirs.seen {
        for line in &mut seen.fields {
            let name = View::name(line).unwrap_or_default();
            let value = line.get(name.len() + 1..).unwrap_or_default();
            let trimmed = [name, b": ", value.trim_ascii()].concat();
            if value.contains(&b'\t') && trimmed != *line {
                *line = trimmed;
                changed = true;
            }
        }
        seen.fields.sort();
    }
    changed
}

/// `$http_upgrade` and `$http_referer` of fields sent more than once: nginx 1.22 has the first, from 1.23 on it joins them.
pub(super) fn repeated(stream: &Stream, theirs: &mut Observation, ours: &Observation) -> bool {
    const REFERER: usize = 3;
    let mut changed = false;
    let numbers = passed_on(theirs);
    for (number, request) in stream.views().iter().enumerate() {
        let upgrades: Vec<&[u8]> = request.values("Upgrade").collect();
        let seen =
            numbers.iter().position(|passed_on| *passed_on == number).and_then(|at| theirs.seen.get_mut(at));
        if let (Some(seen), 2..) = (seen, upgrades.len()) {
            for line in seen.fields.iter_mut().filter(|line| line.starts_with(b"Upgrade: ")) {
                *line = [b"Upgrade: ".to_vec(), upgrades.join(&b", "[..])].concat();
                changed = true;
            }
        }
        let lines = (theirs.access.get_mut(number), ours.access.get(number));
        if let (2.., (Some(line), Some(other))) = (request.values("Referer").count(), lines) {
            let joined: Vec<&str> = other.rsplitn(REFERER + 1, '|').collect();
            let mut fields: Vec<&str> = line.rsplitn(REFERER + 1, '|').collect();
            if let (Some(field), Some(ours)) = (fields.get_mut(2), joined.get(2)) {
                *field = ours;
                changed = true;
            }
            *line = fields.into_iter().rev().collect::<Vec<_>>().join("|");
        }
    }
    changed
}

/// The requests that app servers were asked, by number.
pub(super) fn passed_on(observation: &Observation) -> Vec<usize> {
    let lines = observation.access.iter().enumerate().filter(|(_, line)| !line.ends_with("|-"));
    lines.map(|(number, _)| number).collect()
}
