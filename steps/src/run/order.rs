//! In which order scenarios are run.

use std::cmp::Reverse;
use std::sync::LazyLock;

use gherkin::{Feature, Rule, Scenario};
use regex::Regex;
use sha2::{Digest as _, Sha256};

use crate::scenarios::{Place, path_of, retain, scenarios};

/// A time in seconds, as steps and directives say it.
static SECONDS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\b(\d+)(?: seconds?|s)\b").ok());

/// The order of the specification, except that scenarios that wait begin early, the longest ahead of all, so that others run
/// while they wait: half of what runs at once when `jobs` do, then the rest of them spread over the first half of the others.
pub(super) fn waiting_early(features: &[Feature], jobs: usize) -> Vec<Feature> {
    let (mut waiting, others): (Vec<Place<'_>>, Vec<Place<'_>>) =
        scenarios(features).partition(|(_, _, scenario)| wait(scenario) > 0);
    waiting.sort_by_key(|(_, _, scenario)| Reverse(wait(scenario)));
    let later = waiting.split_off(waiting.len().min(jobs.div_ceil(2)));
    let between = (others.len() / 2).div_ceil(later.len().max(1)).max(1);
    let (mut others, mut later) = (others.into_iter(), later.into_iter());
    let spread = std::iter::from_fn(|| {
        let part: Vec<Place<'_>> = others.by_ref().take(between).chain(later.next()).collect();
        (!part.is_empty()).then_some(part)
    });
    waiting.into_iter().chain(spread.flatten()).map(lone).collect()
}

/// The longest time that a scenario speaks of, in seconds.
fn wait(scenario: &Scenario) -> u32 {
    let said = scenario.steps.iter().flat_map(|step| [Some(&step.value), step.docstring.as_ref()]).flatten();
    let times = said.flat_map(|text| SECONDS.iter().flat_map(|seconds| seconds.captures_iter(text)));
    times.filter_map(|time| time.get(1)?.as_str().parse().ok()).max().unwrap_or(0)
}

/// The same scenarios, those that `first` holds of before the others.
pub(super) fn with_first(
    features: Vec<Feature>,
    first: impl Fn(&Feature, &Scenario) -> bool,
) -> Vec<Feature> {
    let ahead: Vec<Feature> =
        scenarios(&features).filter(|(feature, _, scenario)| first(feature, scenario)).map(lone).collect();
    if ahead.is_empty() {
        return features;
    }
    let others = retain(&features, |feature, _, scenario| !first(feature, scenario));
    ahead.into_iter().chain(others).collect()
}

/// The scenarios in the random order that `seed` stands for. Where two of them stand does not depend on which others there
/// are, so that a part of a run keeps its order, too.
pub(super) fn shuffled(features: &[Feature], seed: u32) -> Vec<Feature> {
    let mut dealt: Vec<([u8; 32], Feature)> = scenarios(features)
        .map(|(feature, rule, scenario)| (card(seed, feature, scenario), lone((feature, rule, scenario))))
        .collect();
    dealt.sort_by_key(|(card, _)| *card);
    dealt.into_iter().map(|(_, feature)| feature).collect()
}

/// A scenario as a feature of its own: the runner keeps those of one feature together.
fn lone((feature, rule, scenario): Place<'_>) -> Feature {
    let alone = vec![scenario.clone()];
    let (scenarios, rules) = match rule {
        Some(rule) => (Vec::new(), vec![with_scenarios(rule, alone)]),
        None => (alone, Vec::new()),
    };
    // Not with `..feature.clone()`: all its scenarios would be copied for each of them.
    Feature {
        keyword: feature.keyword.clone(),
        name: feature.name.clone(),
        description: feature.description.clone(),
        background: feature.background.clone(),
        scenarios,
        rules,
        tags: feature.tags.clone(),
        span: feature.span,
        position: feature.position,
        path: feature.path.clone(),
    }
}

fn with_scenarios(rule: &Rule, scenarios: Vec<Scenario>) -> Rule {
    Rule {
        keyword: rule.keyword.clone(),
        name: rule.name.clone(),
        description: rule.description.clone(),
        background: rule.background.clone(),
        scenarios,
        tags: rule.tags.clone(),
        span: rule.span,
        position: rule.position,
    }
}

/// What decides where a scenario stands in a random order; the directory that the features are read from does not.
fn card(seed: u32, feature: &Feature, scenario: &Scenario) -> [u8; 32] {
    let file = path_of(feature).file_name().unwrap_or_default().to_string_lossy();
    Sha256::digest(format!("{seed} {file}:{} {}", scenario.position.line, scenario.name)).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::Specification;
    use crate::scenarios::place;

    fn names(features: &[Feature]) -> Vec<&str> {
        scenarios(features).map(|(_, _, scenario)| scenario.name.as_str()).collect()
    }

    #[test]
    fn a_random_order_has_every_scenario_once_and_is_the_seeds_own() {
        let features = Specification::built_in().unwrap().features;
        let (one, same, other) = (shuffled(&features, 1), shuffled(&features, 1), shuffled(&features, 2));
        assert_eq!(names(&one), names(&same));
        assert_ne!(names(&one), names(&other));
        let sorted = |features: &[Feature]| {
            let mut places: Vec<_> =
                scenarios(features).map(|(feature, _, scenario)| place(feature, scenario)).collect();
            places.sort();
            places
        };
        assert_eq!(sorted(&one), sorted(&features));
    }

    #[test]
    fn a_part_keeps_its_order() {
        let mut features = Specification::built_in().unwrap().features;
        let all = shuffled(&features, 1);
        features.truncate(2);
        let part = shuffled(&features, 1);
        let kept = names(&part);
        let expected: Vec<&str> = names(&all).into_iter().filter(|name| kept.contains(name)).collect();
        assert_eq!(kept, expected);
    }

    #[test]
    fn those_that_wait_come_early_and_leave_room_for_others() {
        let features = Specification::built_in().unwrap().features;
        let waiting = waiting_early(&features, 4);
        let waits: Vec<u32> = scenarios(&waiting).map(|(_, _, scenario)| wait(scenario)).collect();
        assert_eq!(waits.len(), scenarios(&features).count());
        let longest_first: Vec<u32> = waits.iter().copied().filter(|seconds| *seconds > 0).collect();
        assert!(longest_first.is_sorted_by_key(|&seconds| Reverse(seconds)), "{waits:?}");
        assert!(waits[0] > 0 && waits[1] > 0 && waits[2] == 0, "{waits:?}");
        let last = waits.iter().rposition(|seconds| *seconds > 0).unwrap();
        assert!(last < waits.len() * 3 / 4, "{last} of {}", waits.len());
        // All others are in their places.
        let others = |features: &[Feature]| names(&retain(features, |_, _, s| wait(s) == 0)).join("\n");
        assert_eq!(others(&waiting), others(&features));
    }

    #[test]
    fn those_that_were_broken_come_first_and_none_is_lost() {
        let features = Specification::built_in().unwrap().features;
        let wanted = ["A WebSocket opens at {socket}", "{front-end} shows the page"];
        let all = names(&features).len();
        let ordered = with_first(features, |_, scenario| wanted.contains(&scenario.name.as_str()));
        let found = names(&ordered);
        assert_eq!(
            (found.len(), &found[..2]),
            (all, &["{front-end} shows the page", "A WebSocket opens at {socket}"][..])
        );
    }
}
