//! Features in the words of one site.

use gherkin::{Background, Feature, Rule, Scenario, Step};

use crate::scenarios::Unchecked;
use hopcheck_site::profile::{MissingWord, Words};

/// `features` with what a site calls its own in place of the words in braces; and the scenarios that cannot be said in
/// its words, which stand among the others as they are written.
pub fn fill_in(features: &[Feature], words: &Words) -> (Vec<Feature>, Vec<Unchecked>) {
    let mut unchecked = Vec::new();
    let features = features.iter().map(|feature| of_feature(feature, words, &mut unchecked)).collect();
    (features, unchecked)
}

fn of_feature(feature: &Feature, words: &Words, unchecked: &mut Vec<Unchecked>) -> Feature {
    let mut filled_in = feature.clone();
    let mut say = |scenarios: &mut [Scenario], rule: Option<&Rule>| {
        for scenario in scenarios {
            let before = [feature.background.as_ref(), rule.and_then(|rule| rule.background.as_ref())];
            let before =
                before.into_iter().flatten().try_for_each(|before| of_background(&mut before.clone(), words));
            if let Err(MissingWord(reason)) = before.and_then(|()| of_scenario(scenario, words)) {
                unchecked.push(Unchecked {
                    feature: feature.name.clone(),
                    rule: rule.map(|rule| rule.name.clone()).unwrap_or_default(),
                    scenario: scenario.name.clone(),
                    reason,
                });
            }
        }
    };
    say(&mut filled_in.scenarios, None);
    for (rule, original) in filled_in.rules.iter_mut().zip(&feature.rules) {
        say(&mut rule.scenarios, Some(original));
    }
    let of_rules = filled_in.rules.iter_mut().filter_map(|rule| rule.background.as_mut());
    for background in filled_in.background.iter_mut().chain(of_rules) {
        // Where a word is missing, none of its scenarios is run.
        let _ = of_background(background, words);
    }
    filled_in
}

fn of_background(background: &mut Background, words: &Words) -> Result<(), MissingWord> {
    background.steps.iter_mut().try_for_each(|step| of_step(step, words))
}

fn of_scenario(scenario: &mut Scenario, words: &Words) -> Result<(), MissingWord> {
    let mut filled_in = scenario.clone();
    filled_in.name = words.put_into(&filled_in.name)?;
    filled_in.steps.iter_mut().try_for_each(|step| of_step(step, words))?;
    *scenario = filled_in;
    Ok(())
}

/// Steps that need a word without saying it.
const SILENT: [(&str, &str); 1] = [("connected over STOMP", "{stomp.endpoint}")];

fn of_step(step: &mut Step, words: &Words) -> Result<(), MissingWord> {
    let needed = SILENT.iter().filter(|(text, _)| step.value.contains(text));
    needed.map(|(_, word)| words.put_into(word)).collect::<Result<Vec<_>, _>>()?;
    step.value = words.put_into(&step.value)?;
    if let Some(text) = &mut step.docstring {
        *text = words.put_into(text)?;
    }
    for cell in step.table.iter_mut().flat_map(|table| table.rows.iter_mut().flatten()) {
        *cell = words.put_into(cell)?;
    }
    Ok(())
}
