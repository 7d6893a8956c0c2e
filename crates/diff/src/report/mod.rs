//! The report of a comparison: one entry for each cause.

mod html;
mod markdown;
mod model;
mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::accepted::Accepted;
use crate::changes::ChangeId;
use crate::compare::Group;
use crate::found::{Found, Together};
use crate::observation::{KINDS, Kind};
use crate::probe::AppAnswer;
use crate::words;

pub use model::{
    AcceptedEffect, BrokenPromise, Cause, CauseLine, Diff, Effect, Entry, NewError, Promises, Ran,
};

/// So many effects of one cause are told.
const MAX_EFFECTS: usize = 8;

/// So many lines of one cause are told.
const MAX_CAUSES: usize = 12;

impl Diff {
    /// For a terminal; `paint` puts a text in a colour of SGR number.
    pub fn text(&self, paint: &dyn Fn(u8, &str) -> String) -> String {
        text::of(self, paint)
    }

    /// For a pull request.
    pub fn markdown(&self) -> String {
        markdown::of(self)
    }

    /// A page for a browser.
    pub fn html(&self) -> String {
        html::of(self)
    }

    /// For other programs.
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}

/// The report of what was found: the groups of each cause together.
pub(crate) fn of(found: &Found<'_>, accepted: &Accepted) -> Diff {
    let mut met: BTreeSet<usize> = BTreeSet::new();
    let mut meant = Vec::new();
    let mut by_cause: BTreeMap<Key<'_>, Vec<usize>> = BTreeMap::new();
    for (nth, group) in found.groups.iter().enumerate() {
        let effect = effect_of(found, nth);
        match accepted.find(&effect.difference) {
            Some(known) => {
                met.insert(known);
                meant.push(AcceptedEffect { effect, reason: accepted.differences[known].reason.clone() });
            }
            None if found.causes[nth].is_empty() => {
                // Nothing was changed, or nobody knows.
                let key = match found.together {
                    Together::Fields => Key::Fields(group.kind(), &group.changed.field.name),
                    Together::Requests => Key::Requests(&group.probes),
                };
                by_cause.entry(key).or_default().push(nth);
            }
            None => by_cause.entry(Key::Changes(&found.causes[nth])).or_default().push(nth),
        }
    }
    let mut entries: Vec<Entry> =
        by_cause.into_iter().map(|(key, groups)| entry(found, &key, &groups)).collect();
    entries.sort_by(|a, b| (a.kind, b.requests, &a.summary).cmp(&(b.kind, a.requests, &b.summary)));
    let gone = accepted.differences.iter().enumerate().filter(|(nth, _)| !met.contains(nth));
    Diff {
        old: found.old.clone(),
        new: found.new.clone(),
        requests: found.probes.len(),
        changes: found.merged.changes().len(),
        entries,
        new_errors: new_errors(found),
        accepted: meant,
        gone: gone.map(|(_, accepted)| accepted.difference.clone()).collect(),
        promises: None,
        merged: Arc::clone(found.merged),
        touched: Vec::new(),
    }
}

/// The requests that were answered below 400, and are not any more; what the app says itself is no error of the proxy's.
fn new_errors(found: &Found<'_>) -> Vec<NewError> {
    let status = |value: &Option<String>| value.as_deref()?.get(..3)?.parse::<u16>().ok();
    let groups = found.groups.iter().filter(|group| group.kind() == Kind::Status);
    let failing = groups.filter_map(|group| {
        let (old, new) = (status(&group.changed.old)?, status(&group.changed.new)?);
        (old < 400 && new >= 400).then_some((group, old, new))
    });
    let of_group = |(group, old, new): (&Group, u16, u16)| {
        let probes = group.probes.iter().filter_map(|nth| found.probes.get(*nth));
        let probes = probes.filter(|probe| probe.answer != AppAnswer::Status(new));
        let told = probes.map(move |probe| NewError {
            request: probe.title(),
            method: probe.method.clone(),
            path: probe.path().to_owned(),
            app_fails: matches!(
                probe.answer,
                AppAnswer::Status(_) | AppAnswer::LongHeader(_) | AppAnswer::Closed | AppAnswer::FirstClosed
            ),
            old,
            new,
        });
        told.collect::<Vec<_>>()
    };
    failing.flat_map(of_group).collect()
}

/// What differences are told together by.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key<'a> {
    Changes(&'a BTreeSet<ChangeId>),
    Fields(Kind, &'a str),
    Requests(&'a [usize]),
}

fn effect_of(found: &Found<'_>, nth: usize) -> Effect {
    let group = &found.groups[nth];
    let request = group.probes.first().map(|probe| found.probes[*probe].title()).unwrap_or_default();
    let difference = words::of(&group.changed);
    Effect { kind: group.kind(), difference, request, requests: group.probes.len() }
}

/// An effect, and the smallest request that shows it.
type Shown = (Effect, usize);

/// The differences of one cause: those of the same requests together, and not those that mostly come with a graver one.
fn effects_of(found: &Found<'_>, groups: &[usize]) -> Vec<Shown> {
    // What differs in the same way at several places is one effect.
    let mut alike: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    groups.iter().for_each(|nth| alike.entry(found.groups[*nth].alike).or_default().push(*nth));
    let mut told: Vec<Shown> = Vec::new();
    let mut explained: BTreeSet<usize> = BTreeSet::new();
    for kind in KINDS {
        let mut of_kind = BTreeSet::new();
        for groups in alike.values().filter(|groups| found.groups[groups[0]].kind() == kind) {
            let probes: Vec<usize> =
                groups.iter().flat_map(|nth| found.groups[*nth].probes.clone()).collect();
            let follows = probes.iter().filter(|probe| explained.contains(probe)).count();
            if follows * 2 > probes.len() {
                continue;
            }
            let first =
                groups.iter().copied().min_by_key(|nth| first_probe(found, *nth)).unwrap_or(groups[0]);
            let (_, probe) = first_probe(found, first);
            let effect = Effect { requests: probes.len(), ..effect_of(found, first) };
            if !is_between_apps(&found.groups[first]) {
                of_kind.extend(probes);
            }
            match told.iter_mut().find(|(known, shown)| known.kind == kind && *shown == probe) {
                Some((known, _)) => {
                    known.difference += &format!("; {}", effect.difference);
                    known.requests = known.requests.max(effect.requests);
                }
                None => told.push((effect, probe)),
            }
        }
        explained.extend(of_kind);
    }
    told
}

/// Whether another app server answers, which sees and says the same for all that is known.
fn is_between_apps(group: &Group) -> bool {
    let is_app = |value: &Option<String>| value.as_deref().is_some_and(|who| who.starts_with("app server "));
    group.kind() == Kind::Who && is_app(&group.changed.old) && is_app(&group.changed.new)
}

/// The smallest request of a group, with its size.
fn first_probe(found: &Found<'_>, group: usize) -> (usize, usize) {
    let probe = found.groups[group].probes.first().copied().unwrap_or_default();
    (found.probes.get(probe).map_or(usize::MAX, crate::probe::Probe::size), probe)
}

fn entry(found: &Found<'_>, key: &Key<'_>, groups: &[usize]) -> Entry {
    let mut effects = effects_of(found, groups);
    effects.sort_by_key(|(effect, probe)| (effect.kind, found.probes[*probe].size(), *probe));
    let requests: BTreeSet<usize> =
        groups.iter().flat_map(|nth| found.groups[*nth].probes.iter().copied()).collect();
    // What is told first is the gravest that is not an exception.
    let is_usual = |effect: &Effect| effect.kind <= Kind::Access || effect.requests * 10 >= requests.len();
    if let Some(at) = effects.iter().position(|(effect, _)| is_usual(effect)) {
        effects[..=at].rotate_right(1);
    }
    let smallest = effects.first().map(|(_, probe)| found.probes[*probe].text()).unwrap_or_default();
    let changes = match key {
        Key::Changes(ids) => (*ids).clone(),
        Key::Fields(..) | Key::Requests(_) => BTreeSet::new(),
    };
    let told = &changes | &found.merged.definitions_of(&changes);
    let causes = told.iter().take(MAX_CAUSES).map(|id| Cause::of(&found.merged.changes()[*id]));
    let causes = causes.collect();
    let effects: Vec<Effect> = effects.into_iter().map(|(effect, _)| effect).collect();
    Entry {
        kind: effects.first().map_or(Kind::Logs, |effect| effect.kind),
        summary: effects
            .first()
            .map(|effect| format!("{}: {}", effect.request, effect.difference))
            .unwrap_or_default(),
        requests: requests.len(),
        smallest,
        causes,
        more_effects: effects.len().saturating_sub(MAX_EFFECTS),
        effects: effects.into_iter().take(MAX_EFFECTS).collect(),
        breaks: Vec::new(),
        changes,
    }
}
