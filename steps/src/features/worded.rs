//! A specification in the words of one site.

use gherkin::{Background, Feature, Scenario, Step};

use super::Specification;
use crate::profile::{Missing, Words};

/// A specification whose words in braces stand for what a site calls its own, and what cannot be said there.
#[derive(Debug)]
pub struct Worded {
    /// What can be run.
    pub specification: Specification,
    /// What cannot.
    pub unchecked: Vec<Unchecked>,
}

/// A scenario that cannot be checked on a site.
#[derive(Debug, Clone)]
pub struct Unchecked {
    /// Its feature.
    pub feature: Feature,
    /// Its rule, if it is in one.
    pub rule: Option<gherkin::Rule>,
    /// The scenario, its words as they are written.
    pub scenario: Scenario,
    /// Why.
    pub reason: String,
}

impl Specification {
    /// Says every scenario in the words of a site.
    pub fn worded(&self, words: &Words) -> Worded {
        let mut unchecked = Vec::new();
        let features =
            self.features.iter().map(|feature| of_feature(feature, words, &mut unchecked)).collect();
        let mut known_differences = self.known_differences.clone();
        for known in &mut known_differences {
            known.scenario = words.put_into(&known.scenario).unwrap_or_else(|_| known.scenario.clone());
        }
        Worded { specification: Specification { features, known_differences }, unchecked }
    }
}

fn of_feature(feature: &Feature, words: &Words, unchecked: &mut Vec<Unchecked>) -> Feature {
    let mut worded = feature.clone();
    let mut take =
        |scenarios: &mut Vec<Scenario>, rule: Option<&gherkin::Rule>, before: Option<&Background>| {
            scenarios.retain_mut(|scenario| {
                let background = before.map_or(Ok(()), |before| {
                    before.steps.iter().try_for_each(|step| of_step(&mut step.clone(), words))
                });
                match background.and_then(|()| of_scenario(scenario, words)) {
                    Ok(()) => true,
                    Err(Missing(reason)) => {
                        unchecked.push(Unchecked {
                            feature: feature.clone(),
                            rule: rule.cloned(),
                            scenario: scenario.clone(),
                            reason,
                        });
                        false
                    }
                }
            });
        };
    take(&mut worded.scenarios, None, feature.background.as_ref());
    for (rule, original) in worded.rules.iter_mut().zip(&feature.rules) {
        take(&mut rule.scenarios, Some(original), original.background.as_ref());
    }
    let rules = worded.rules.iter_mut().filter_map(|rule| rule.background.as_mut());
    for background in worded.background.iter_mut().chain(rules) {
        // A scenario that cannot do without a word that is missing is gone by now.
        let _ = background.steps.iter_mut().try_for_each(|step| of_step(step, words));
    }
    worded
}

fn of_scenario(scenario: &mut Scenario, words: &Words) -> Result<(), Missing> {
    let mut worded = scenario.clone();
    worded.name = words.put_into(&worded.name)?;
    worded.steps.iter_mut().try_for_each(|step| of_step(step, words))?;
    *scenario = worded;
    Ok(())
}

fn of_step(step: &mut Step, words: &Words) -> Result<(), Missing> {
    step.value = words.put_into(&step.value)?;
    if let Some(text) = &mut step.docstring {
        *text = words.put_into(text)?;
    }
    for cell in step.table.iter_mut().flat_map(|table| table.rows.iter_mut().flatten()) {
        *cell = words.put_into(cell)?;
    }
    Ok(())
}
