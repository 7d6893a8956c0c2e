//! What differs between the two: without noise, without turns, in groups of what differs in the same way.

use std::collections::{BTreeMap, BTreeSet};

use crate::configuration::Configuration;
use crate::observation::{Changed, Field, Kind, Observation};
use crate::probe::Probe;

/// So many requests of each group are looked at again.
pub(crate) const SAMPLES: usize = 2;

/// Which differences are told.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only these kinds; empty for all.
    pub only: Vec<Kind>,
    /// Not these: a kind and, unless it is empty, a name in lower case.
    pub ignore: Vec<(Kind, String)>,
}

impl Filter {
    fn tells(&self, field: &Field) -> bool {
        let is_ignored = self
            .ignore
            .iter()
            .any(|(kind, name)| *kind == field.kind && (name.is_empty() || *name == field.name));
        (self.only.is_empty() || self.only.contains(&field.kind)) && !is_ignored
    }
}

/// Requests to one place that differ in one field in the same way.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    /// The same for groups that differ in the same way, at whatever place.
    pub(crate) alike: usize,
    /// What differs, for the first of `probes`.
    pub(crate) changed: Changed,
    /// Which probes, those of the smallest requests first.
    pub(crate) probes: Vec<usize>,
}

impl Group {
    pub(crate) fn kind(&self) -> Kind {
        self.changed.field.kind
    }
}

/// What differs in each probe that does.
pub(crate) type Differing = BTreeMap<usize, Vec<Changed>>;

/// What differs for a probe in a field.
pub(crate) fn changed<'a>(differing: &'a Differing, probe: usize, field: &Field) -> Option<&'a Changed> {
    differing.get(&probe)?.iter().find(|changed| changed.field == *field)
}

/// App servers that stand for each other: those among which both configurations choose.
#[derive(Debug, Default)]
pub(crate) struct Peers(BTreeMap<String, String>);

impl Peers {
    pub(crate) fn of(old: &Configuration, new: &Configuration) -> Peers {
        // What is not in a configuration is nothing that it tells apart.
        let share = |conf: &Configuration, a: &str, b: &str| {
            conf.groups().iter().any(|group| group.contains(&a) && group.contains(&b))
                || !conf.has_address(a) && !conf.has_address(b)
        };
        let groups = [old.groups(), new.groups()];
        let all: BTreeSet<&str> = groups.iter().flatten().flatten().copied().collect();
        let named = all.iter().map(|one| {
            let alike =
                all.iter().filter(|other| *other == one || share(old, one, other) && share(new, one, other));
            ((*one).to_owned(), alike.copied().collect::<Vec<_>>().join(" or "))
        });
        Peers(named.collect())
    }

    fn named<'a>(&'a self, address: &'a str) -> &'a str {
        self.0.get(address).map_or(address, String::as_str)
    }

    /// The same observation without whose turn it was.
    pub(crate) fn without_turns(&self, mut seen: Observation) -> Observation {
        for (field, value) in &mut seen.0 {
            match (field.kind, field.name.as_str()) {
                (Kind::Who, "") => {
                    for begin in ["app server ", "the proxy, after asking "] {
                        if let Some(address) = value.strip_prefix(begin) {
                            *value = format!("{begin}{}", self.named(address));
                            break;
                        }
                    }
                }
                (_, "requests") => {
                    let came = value.split(", then ").map(|one| match one.split_once(": ") {
                        Some((address, line)) => format!("{}: {line}", self.named(address)),
                        None => one.to_owned(),
                    });
                    *value = came.collect::<Vec<_>>().join(", then ");
                }
                _ => {}
            }
        }
        seen
    }
}

/// Stands for what is another each time.
const VARIES: &str = "<varies>";

/// Whether a value is what was told, of which a part may be another each time.
pub(crate) fn fits(told: Option<&str>, value: Option<&str>) -> bool {
    match (told.and_then(|told| told.split_once(VARIES)), value) {
        (Some((start, end)), Some(value)) => {
            value.len() >= start.len() + end.len() && value.starts_with(start) && value.ends_with(end)
        }
        _ => told == value,
    }
}

/// Two values of a field as one, with what they have in common at their ends.
fn varying(one: &str, other: &str) -> String {
    let is_word = |letter: char| letter.is_alphanumeric();
    let same = |(a, b): &(char, char)| a == b;
    let start: String = one.chars().zip(other.chars()).take_while(same).map(|(letter, _)| letter).collect();
    let start = start.trim_end_matches(is_word);
    let (one, other) = (&one[start.len()..], &other[start.len()..]);
    let backwards = one.chars().rev().zip(other.chars().rev()).take_while(same);
    let end: Vec<char> = backwards.map(|(letter, _)| letter).collect();
    let end: String = end.into_iter().rev().collect();
    format!("{start}{VARIES}{}", end.trim_start_matches(is_word))
}

/// What differs in one probe, the gravest first. What is not the same when one side is asked twice is noise, unless it always is for
/// the other side.
fn differences(old: [&Observation; 2], new: [&Observation; 2], filter: &Filter) -> Vec<Changed> {
    let unlike = |(one, other): (&Observation, &Observation)| one.unlike(other);
    let pairs = [(old[0], old[1]), (new[0], new[1]), (old[0], new[0])];
    let fields: BTreeSet<Field> = pairs.into_iter().flat_map(unlike).collect();
    let told = fields.into_iter().filter(|field| filter.tells(field));
    told.filter_map(|field| {
        let values = |seen: [&Observation; 2]| seen.map(|seen| seen.get(&field).map(str::to_owned));
        let (old, new) = changed_value(values(old), values(new))?;
        Some(Changed { old, new, field })
    })
    .collect()
}

/// The values of a field before and after, each seen twice; `None` where they are the same, or nobody knows.
fn changed_value(
    old: [Option<String>; 2],
    new: [Option<String>; 2],
) -> Option<(Option<String>, Option<String>)> {
    let as_one = |value: &[Option<String>; 2]| match value {
        [one, other] if one == other => one.clone(),
        [Some(one), Some(other)] => Some(varying(one, other)),
        _ => None,
    };
    let varies = |value: &[Option<String>; 2]| value[0] != value[1];
    let is_noise = match (varies(&old), varies(&new)) {
        (false, false) => old[0] == new[0],
        // Each time another, and never what it is for the other side.
        (false, true) => new.contains(&None) || new.contains(&old[0]),
        (true, false) => old.contains(&None) || old.contains(&new[0]),
        (true, true) => true,
    };
    (!is_noise).then(|| (as_one(&old), as_one(&new)))
}

/// What differs between the two, each asked every probe twice.
pub(crate) fn differing(
    olds: &[Vec<Observation>; 2],
    news: &[Vec<Observation>; 2],
    filter: &Filter,
) -> Differing {
    let found = (0..olds[0].len()).map(|nth| {
        let [old, new] = [olds, news].map(|seen| [&seen[0][nth], &seen[1][nth]]);
        (nth, differences(old, new, filter))
    });
    found.filter(|(_, changed)| !changed.is_empty()).collect()
}

/// Where a request comes to: in each configuration, if there are any.
pub(crate) type Places = Vec<Place>;

/// The places of a request in both.
pub(crate) fn places(confs: [&Configuration; 2], probe: &Probe) -> Places {
    let host = probe.host.as_deref().unwrap_or_default();
    confs.iter().map(|conf| conf.place(&probe.port, host, probe.path())).collect()
}

/// The differences in groups, the gravest first; only those of the same places are of one.
pub(crate) fn groups(
    places: &dyn Fn(&Probe) -> Places,
    probes: &[Probe],
    differing: &Differing,
) -> Vec<Group> {
    let mut order: Vec<usize> = differing.keys().copied().collect();
    order.sort_by_key(|nth| (probes[*nth].size(), *nth));
    let mut groups: BTreeMap<(Changed, Places), Group> = BTreeMap::new();
    for nth in order {
        let probe = &probes[nth];
        let places = places(probe);
        for changed in &differing[&nth] {
            let key = (general(changed, probe), places.clone());
            let empty = || Group { alike: 0, changed: changed.clone(), probes: Vec::new() };
            groups.entry(key).or_insert_with(empty).probes.push(nth);
        }
    }
    let mut last = None;
    let mut alike = 0;
    for ((general, _), group) in &mut groups {
        if last.is_some_and(|last| last != general) {
            alike += 1;
        }
        (last, group.alike) = (Some(general), alike);
    }
    groups.into_values().collect()
}

/// A server and a location of it.
pub(crate) type Place = (usize, Option<usize>);

/// The same without what is of this one request.
fn general(changed: &Changed, probe: &Probe) -> Changed {
    // That bodies differ is one thing, how they do is shown.
    if changed.field.kind == Kind::Body {
        return Changed { old: None, new: None, field: changed.field.clone() };
    }
    let host = probe.host.as_deref().unwrap_or_default();
    let general = |value: &Option<String>| {
        let mut value = value.clone()?;
        for (own, name) in [(probe.target.as_str(), "<target>"), (probe.path(), "<path>"), (host, "<host>")] {
            if own.len() > 1 {
                value = value.replace(own, name);
            }
        }
        // A part of the path may be all that is left of it.
        let path = probe.path();
        for end in path.match_indices('/').map(|(at, _)| &path[at..]).filter(|end| end.len() > 1) {
            value = value.replace(end, "<path>");
        }
        for part in path.split('/').filter(|part| part.len() > 2) {
            value = value.replace(part, "<part>");
        }
        if let Some(rest) = value.strip_prefix(probe.method.as_str()) {
            value = format!("<method>{rest}");
        }
        let digits = |name: &str| name == "content-length" || name == "etag";
        Some(if digits(&changed.field.name) { "<some>".to_owned() } else { value })
    };
    Changed { field: changed.field.clone(), old: general(&changed.old), new: general(&changed.new) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(old: [&str; 2], new: [&str; 2]) -> Option<(Option<String>, Option<String>)> {
        let seen = |values: [&str; 2]| values.map(|value| (!value.is_empty()).then(|| value.to_owned()));
        changed_value(seen(old), seen(new))
    }

    #[test]
    fn what_varies_on_one_side_alone_is_told_by_what_does_not() {
        let (same, port) = (["127.0.0.1"; 2], ["127.0.0.1:4711", "127.0.0.1:4799"]);
        let varying = Some("127.0.0.1:<varies>".to_owned());
        assert_eq!(told(same, port), Some((Some("127.0.0.1".to_owned()), varying.clone())));
        assert_eq!(told(port, same), Some((varying.clone(), Some("127.0.0.1".to_owned()))));
        assert_eq!(told(["", ""], port), Some((None, varying.clone())));
        for (old, new) in [(same, same), (port, port), (same, ["127.0.0.1", "x"]), (["a", "a"], ["", "b"])] {
            assert_eq!(told(old, new), None, "{old:?} {new:?}");
        }
        assert!(fits(varying.as_deref(), Some("127.0.0.1:1")) && fits(None, None));
        assert!(!fits(varying.as_deref(), Some("127.0.0.1")) && !fits(Some("a"), Some("b")));
        assert!(!fits(varying.as_deref(), None));
    }
}
