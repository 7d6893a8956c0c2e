//! Walking features: their scenarios, where each stands, and what it is tagged with.

use std::path::Path;

use gherkin::{Feature, Rule, Scenario, Step};

/// A scenario that cannot be checked on a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unchecked {
    /// The feature's name.
    pub feature: String,
    /// The rule's statement; empty for a scenario outside any rule.
    pub rule: String,
    /// The scenario's name.
    pub scenario: String,
    /// Why, as `the profile names no STOMP destination`.
    pub reason: String,
}

/// A scenario with its feature and, if it is in one, its rule.
pub type Place<'a> = (&'a Feature, Option<&'a Rule>, &'a Scenario);

/// Every scenario, in order.
pub fn scenarios(features: &[Feature]) -> impl Iterator<Item = Place<'_>> {
    features.iter().flat_map(|feature| {
        let ruled = feature
            .rules
            .iter()
            .flat_map(move |rule| rule.scenarios.iter().map(move |scenario| (feature, Some(rule), scenario)));
        feature.scenarios.iter().map(move |scenario| (feature, None, scenario)).chain(ruled)
    })
}

/// Every step with its feature, those of backgrounds included.
pub fn steps(features: &[Feature]) -> impl Iterator<Item = (&Feature, &Step)> {
    let backgrounds = features.iter().flat_map(|feature| {
        let ruled = feature.rules.iter().filter_map(|rule| rule.background.as_ref());
        let backgrounds = feature.background.iter().chain(ruled);
        backgrounds.flat_map(move |background| background.steps.iter().map(move |step| (feature, step)))
    });
    let of_scenarios = scenarios(features)
        .flat_map(|(feature, _, scenario)| scenario.steps.iter().map(move |step| (feature, step)));
    backgrounds.chain(of_scenarios)
}

/// Where a scenario stands: file and line.
pub fn place(feature: &Feature, scenario: &Scenario) -> (String, usize) {
    (path_of(feature).display().to_string(), scenario.position.line)
}

/// The tags of a scenario, those of its feature and rule included.
pub fn tags<'a>(
    feature: &'a Feature,
    rule: Option<&'a Rule>,
    scenario: &'a Scenario,
) -> impl Iterator<Item = &'a String> {
    feature.tags.iter().chain(rule.into_iter().flat_map(|rule| &rule.tags)).chain(&scenario.tags)
}

/// The features with only those scenarios in them that `wanted` holds of; asked once of each, in order.
pub fn retain(
    features: &[Feature],
    mut wanted: impl FnMut(&Feature, Option<&Rule>, &Scenario) -> bool,
) -> Vec<Feature> {
    let mut kept = Vec::new();
    for whole in features {
        let mut feature = whole.clone();
        feature.scenarios.retain(|scenario| wanted(whole, None, scenario));
        for (rule, whole_rule) in feature.rules.iter_mut().zip(&whole.rules) {
            rule.scenarios.retain(|scenario| wanted(whole, Some(whole_rule), scenario));
        }
        feature.rules.retain(|rule| !rule.scenarios.is_empty());
        if !(feature.scenarios.is_empty() && feature.rules.is_empty()) {
            kept.push(feature);
        }
    }
    kept
}

/// The path a feature was read from, as messages name it.
pub fn path_of(feature: &Feature) -> &Path {
    feature.path.as_deref().unwrap_or(Path::new("a feature"))
}

/// The lines of a description joined to one paragraph.
pub fn paragraph(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
