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
        let share = |groups: &[Vec<&str>], a: &str, b: &str| {
            groups.iter().any(|group| group.contains(&a) && group.contains(&b))
        };
        let (olds, news) = (old.groups(), new.groups());
        let all: BTreeSet<&str> = olds.iter().flatten().copied().collect();
        let named = all.iter().map(|one| {
            let alike = all
                .iter()
                .filter(|other| *other == one || share(&olds, one, other) && share(&news, one, other));
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

/// What differs in one probe, the gravest first, but for what is not the same when the same side is asked twice.
fn differences(old: [&Observation; 2], new: [&Observation; 2], filter: &Filter) -> Vec<Changed> {
    let noise: BTreeSet<Field> = &old[0].unlike(old[1]) | &new[0].unlike(new[1]);
    let (old, new) = (old[0], new[0]);
    let fields = old.unlike(new).into_iter().filter(|field| !noise.contains(field) && filter.tells(field));
    let value = |seen: &Observation, field: &Field| seen.get(field).map(str::to_owned);
    fields.map(|field| Changed { old: value(old, &field), new: value(new, &field), field }).collect()
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
