//! Which scenarios are run.

use std::collections::{BTreeSet, HashMap};

use gherkin::tagexpr::TagOperation;
use gherkin::{Feature, Rule, Scenario};
use regex::Regex;
use sha2::{Digest as _, Sha256};

use crate::features::Specification;
use crate::scenarios::{Place, Unchecked, paragraph, path_of, place, retain, scenarios, tags};
use hopcheck_report::{Outline, Shard};

/// The tag of scenarios that a browser is needed for.
pub const BROWSER_TAG: &str = "browser";

/// The tag of scenarios about SockJS, which few sites speak.
pub const SOCKJS_TAG: &str = "sockjs";

/// Scenarios with one of these tags are only run where that is named: against live sites alone.
pub const OPTIONAL_TAGS: [&str; 2] = [BROWSER_TAG, SOCKJS_TAG];

/// Which scenarios are run, and how.
#[derive(Debug, Clone)]
pub struct Selection {
    /// A tag expression that must hold.
    pub tags: Option<TagOperation>,
    /// What the scenario's name must match.
    pub name: Option<Regex>,
    /// Whether scenarios that must really wait (`@slow`) are run too.
    pub slow: bool,
    /// Which part of them is run; `None`: all.
    pub shard: Option<Shard>,
    /// Whether only scenarios are run that are safe on a system that others use (`@deployment`).
    pub live: bool,
    /// What is also run, by its tag: [`BROWSER_TAG`], [`SOCKJS_TAG`].
    pub with: Vec<&'static str>,
    /// How many scenarios are run at once.
    pub jobs: usize,
    /// How often a scenario that fails is run again.
    pub retries: usize,
    /// Whether to end at the first broken promise.
    pub fail_fast: bool,
    /// Whether warnings are broken promises.
    pub strict: bool,
    /// The seed of the random order that they are run in; `None`: that of the specification.
    pub shuffle: Option<u32>,
    /// Scenarios to run before the others, by file, line and name: those that were broken the last time.
    pub first: Vec<(String, usize, String)>,
}

impl Default for Selection {
    fn default() -> Selection {
        Selection {
            tags: None,
            name: None,
            slow: false,
            shard: None,
            live: false,
            with: Vec::new(),
            jobs: 1,
            retries: 0,
            fail_fast: false,
            strict: false,
            shuffle: None,
            first: Vec::new(),
        }
    }
}

/// The scenarios that were asked for.
#[derive(Debug)]
pub struct Selected {
    /// The features with only these scenarios in them.
    pub features: Vec<Feature>,
    /// How many were left out for being slow.
    pub slow_left_out: usize,
}

impl Selected {
    /// Those of `specification` that `selection` asks for, in every shard.
    pub fn of(specification: &Specification, selection: &Selection) -> Selected {
        let mut slow_left_out = 0;
        let features = retain(&specification.features, |feature, rule, scenario| {
            let tags: Vec<&str> = tags(feature, rule, scenario).map(String::as_str).collect();
            let safe = !selection.live || tags.contains(&"deployment");
            let is_left_out = |tag: &&str| tags.contains(tag) && !selection.with.contains(tag);
            let named = safe
                && !OPTIONAL_TAGS.iter().any(is_left_out)
                && selection.tags.as_ref().is_none_or(|wanted| holds(wanted, &tags))
                && selection.name.as_ref().is_none_or(|wanted| wanted.is_match(&scenario.name));
            let too_slow = named && !selection.slow && tags.contains(&"slow");
            slow_left_out += usize::from(too_slow);
            named && !too_slow
        });
        Selected { features, slow_left_out }
    }

    /// The scenarios of one shard. Dealt out in turn, so that every shard gets its share of each subject, and of slow ones.
    pub fn part(&self, shard: Option<Shard>) -> Vec<Feature> {
        let Some(Shard { index, of }) = shard else { return self.features.clone() };
        let mut turn = 0..;
        retain(&self.features, |_, _, _| turn.next().unwrap_or(0) % of.max(1) + 1 == index)
    }

    /// Names the scenarios and all they say: two selections with one digest ask the same.
    pub fn digest(&self) -> String {
        let mut digest = Sha256::new();
        for (feature, rule, scenario) in scenarios(&self.features) {
            let (file, line) = place(feature, scenario);
            let backgrounds = [feature.background.as_ref(), rule.and_then(|rule| rule.background.as_ref())];
            let steps = backgrounds.into_iter().flatten().flat_map(|background| &background.steps);
            digest.update(format!("{file}:{line}\0{}\0", scenario.name));
            for step in steps.chain(&scenario.steps) {
                let table = step.table.as_ref().map(|table| &table.rows);
                digest.update(format!("{}{}\0{:?}{table:?}\0", step.keyword, step.value, step.docstring));
            }
        }
        digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The features as reports need them.
    pub fn outlines(&self) -> Vec<Outline> {
        let outline = |feature: &Feature| Outline {
            name: feature.name.clone(),
            file: path_of(feature).display().to_string(),
            line: feature.position.line,
            description: paragraph(feature.description.as_deref().unwrap_or_default()),
            rules: feature.rules.iter().map(|rule| rule.name.clone()).collect(),
        };
        self.features.iter().map(outline).collect()
    }
}

/// Parts scenarios that can be checked from those that cannot, and why.
pub(super) fn divide<'a>(
    features: &'a [Feature],
    unchecked: &'a [Unchecked],
) -> (Vec<Feature>, Vec<(Place<'a>, &'a str)>) {
    let mut reasons: HashMap<[&str; 3], &str> = HashMap::new();
    for Unchecked { feature, rule, scenario, reason } in unchecked {
        reasons.entry([feature, rule, scenario]).or_insert(reason);
    }
    let reason = |feature: &Feature, rule: Option<&Rule>, scenario: &Scenario| {
        let rule = rule.map_or("", |rule| rule.name.as_str());
        reasons.get(&[feature.name.as_str(), rule, scenario.name.as_str()]).copied()
    };
    let not = scenarios(features).filter_map(|(f, r, s)| Some(((f, r, s), reason(f, r, s)?)));
    (retain(features, |f, r, s| reason(f, r, s).is_none()), not.collect())
}

impl Selection {
    /// A tag that is asked for and that no scenario has, where one that some have is spelt much like it.
    pub fn misspelt_tag(&self, specification: &Specification) -> Option<(String, String)> {
        let known: BTreeSet<&str> = scenarios(&specification.features)
            .flat_map(|(f, r, s)| tags(f, r, s))
            .map(String::as_str)
            .collect();
        let mut named = Vec::new();
        self.tags.iter().for_each(|expression| name_tags(expression, &mut named));
        named.into_iter().filter(|tag| !known.contains(tag)).find_map(|tag| {
            let nearest = known.iter().min_by_key(|other| strsim::osa_distance(tag, other))?;
            let alike = strsim::osa_distance(tag, nearest) <= 1 + tag.len() / 6;
            alike.then(|| (tag.to_owned(), (*nearest).to_owned()))
        })
    }
}

/// The tags that an expression names.
fn name_tags<'a>(expression: &'a TagOperation, named: &mut Vec<&'a str>) {
    match expression {
        TagOperation::And(a, b) | TagOperation::Or(a, b) => {
            name_tags(a, named);
            name_tags(b, named);
        }
        TagOperation::Not(a) => name_tags(a, named),
        TagOperation::Tag(tag) => named.push(tag.trim_start_matches('@')),
    }
}

fn holds(expression: &TagOperation, tags: &[&str]) -> bool {
    match expression {
        TagOperation::And(a, b) => holds(a, tags) && holds(b, tags),
        TagOperation::Or(a, b) => holds(a, tags) || holds(b, tags),
        TagOperation::Not(a) => !holds(a, tags),
        TagOperation::Tag(tag) => tags.contains(&tag.trim_start_matches('@')),
    }
}
