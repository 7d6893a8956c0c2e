//! Mistakes in a specification that Gherkin itself does not see: to it any line is prose until the first step comes.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;

use gherkin::{Feature, Scenario, Step, StepType};

use crate::catalogue;
use crate::scenarios::{path_of, scenarios, steps};
use crate::world::collection;
use hopcheck_site::profile::{WORDS, Words};

/// Words that begin a line of Gherkin.
const KEYWORDS: [&str; 9] =
    ["Feature", "Rule", "Background", "Scenario", "Scenario Outline", "Examples", "Given", "When", "Then"];

/// English words that are no misspelt keywords, however much they look like one.
const PROSE: [&str; 8] = ["The", "They", "Than", "There", "These", "Give", "Where", "Roles"];

/// Every mistake in it, each with its place.
pub(super) fn in_features(features: &[Feature]) -> Vec<String> {
    let mut mistakes = undefined_steps(features);
    let mut named: HashMap<&str, String> = HashMap::new();
    for (feature, rule, scenario) in scenarios(features) {
        let place = format!("{}:{}", path_of(feature).display(), scenario.position.line);
        let background = [feature.background.as_ref(), rule.and_then(|rule| rule.background.as_ref())];
        let before = background.into_iter().flatten().flat_map(|background| &background.steps);
        mistakes.extend(checks_nothing(before, scenario).map(|what| format!("{place}: {what}")));
        if let Some(other) = named.insert(&scenario.name, place.clone()) {
            mistakes.push(format!("{place}: there is another scenario \"{}\" at {other}", scenario.name));
        }
        mistakes.extend(unknown_words(scenario).map(|what| format!("{place}: {what}")));
        mistakes.extend(misspelt(scenario.description.as_deref()).map(|what| format!("{place}: {what}")));
    }
    for feature in features {
        let path = path_of(feature).display();
        if feature.scenarios.is_empty() && feature.rules.iter().all(|rule| rule.scenarios.is_empty()) {
            mistakes.push(format!("{path}: there is no scenario in this feature"));
        }
        let rules = feature.rules.iter().map(|rule| rule.description.as_deref());
        let descriptions = std::iter::once(feature.description.as_deref()).chain(rules);
        mistakes.extend(descriptions.filter_map(misspelt_in).map(|what| format!("{path}: {what}")));
    }
    mistakes
}

/// The parser says `Error at LINE:COLUMN: {…}` and lists what its grammar would have taken; a person is better served with
/// the line itself.
pub(super) fn not_gherkin(path: &Path, text: &str, said: &str) -> String {
    let line = said.split([' ', ':']).nth(2).and_then(|line| line.parse::<usize>().ok()).unwrap_or(1);
    let shown = text.lines().nth(line.saturating_sub(1)).unwrap_or_default().trim();
    format!(
        "{}:{line}: this is not Gherkin: {shown}\n  help: lines begin with {}, And, But, a tag, or the | of a table, in \
         which a backslash is written \\\\",
        path.display(),
        KEYWORDS.join(", ")
    )
}

/// By file and line; a step of an outline or a background is told once.
fn undefined_steps(features: &[Feature]) -> Vec<String> {
    let collection = collection();
    let mut mistakes = BTreeSet::new();
    let words = Words::example();
    let mut defined = HashSet::new();
    for (feature, written) in steps(features) {
        if defined.contains(&(written.ty, &written.value)) {
            continue;
        }
        let mut step = written.clone();
        step.value = words.put_into(&step.value).unwrap_or(step.value);
        let what = match collection.find(&step) {
            Ok(Some(_)) => {
                defined.insert((written.ty, &written.value));
                continue;
            }
            Ok(None) => format!(
                "no step is defined for \"{} {}\"\n  help: the nearest is \"{}\"; `hopcheck steps` lists them all",
                step.keyword.trim(),
                step.value,
                catalogue::nearest(&step.value)
            ),
            Err(error) => format!("more than one step fits \"{}\": {error}", step.value),
        };
        mistakes.insert((path_of(feature), step.position.line, what));
    }
    mistakes.into_iter().map(|(path, line, what)| format!("{}:{line}: {what}", path.display())).collect()
}

/// Words in braces that look like those of a site, and are none.
fn unknown_words(scenario: &Scenario) -> impl Iterator<Item = String> {
    let texts = scenario.steps.iter().flat_map(|step| {
        let cells = step.table.iter().flat_map(|table| table.rows.iter().flatten());
        [&step.value].into_iter().chain(step.docstring.iter()).chain(cells)
    });
    let braced = texts.chain([&scenario.name]).flat_map(|text| text.split('{').skip(1));
    let words = braced.filter_map(|rest| rest.split_once('}').map(|(word, _)| word.to_owned()));
    let of_a_site = |word: &String| {
        let section = word.split_once('.').map(|(section, _)| section);
        section.is_some_and(|section| WORDS.iter().any(|(known, _)| known.split('.').next() == Some(section)))
    };
    words.filter(of_a_site).filter(|word| WORDS.iter().all(|(known, _)| known != word)).map(|word| {
        let nearest =
            WORDS.iter().map(|(known, _)| *known).min_by_key(|known| strsim::levenshtein(&word, known));
        format!("no site has a word {{{word}}}\n  help: the nearest is {{{}}}", nearest.unwrap_or_default())
    })
}

fn checks_nothing<'a>(
    background: impl Iterator<Item = &'a Step>,
    scenario: &'a Scenario,
) -> Option<&'static str> {
    let kinds: Vec<StepType> = background.chain(&scenario.steps).map(|step| step.ty).collect();
    match (kinds.contains(&StepType::When), kinds.contains(&StepType::Then)) {
        (true, true) => None,
        (false, _) => Some("this scenario has no When: nothing happens in it"),
        (_, false) => Some("this scenario has no Then: it cannot fail"),
    }
}

fn misspelt(description: Option<&str>) -> impl Iterator<Item = String> {
    misspelt_in(description).into_iter()
}

/// The line of a description that was meant to be something else, by the look of its first word.
fn misspelt_in(description: Option<&str>) -> Option<String> {
    description?.lines().map(str::trim).find_map(|line| {
        let block = line.split_once(':').map(|(word, _)| word).filter(|word| word.split(' ').count() <= 2);
        let word = block.or_else(|| line.split(' ').next())?;
        let allowed = if block.is_some() { 2 } else { 1 };
        let keyword = KEYWORDS.iter().find(|keyword| {
            let is_block = !matches!(**keyword, "Given" | "When" | "Then");
            is_block == block.is_some() && (1..=allowed).contains(&strsim::levenshtein(word, keyword))
        })?;
        (!PROSE.contains(&word) && !KEYWORDS.contains(&word))
            .then(|| format!("should \"{line}\" begin with {keyword}?"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::Specification;

    fn mistakes_in(text: &str) -> Vec<String> {
        let files = vec![(Path::new("a.feature").to_owned(), text.to_owned())];
        match Specification::parse(files, "") {
            Ok(_) => Vec::new(),
            Err(error) => error.to_string().lines().map(str::to_owned).collect(),
        }
    }

    #[test]
    fn a_keyword_misspelt_is_not_taken_for_prose() {
        let said = mistakes_in("Feature: F\n  Scenari: S\n    Then the response is 200\n");
        assert_eq!(
            said,
            [
                "a.feature: there is no scenario in this feature",
                "a.feature: should \"Scenari: S\" begin with Scenario?"
            ]
        );
    }

    #[test]
    fn a_step_misspelt_is_not_taken_for_prose() {
        let said = mistakes_in(
            "Feature: F\n  Scenario: S\n    The hint.\n    Givven x\n    When the client sends \"GET /\"\n    \
             Then the response is 200\n",
        );
        assert_eq!(said, ["a.feature:2: should \"Givven x\" begin with Given?"]);
    }

    #[test]
    fn a_word_misspelt_is_not_taken_for_text() {
        let said = mistakes_in(
            "Feature: F\n  Scenario: S\n    When the client sends \"GET {api.pth}\"\n    Then the response is {api.status}\n",
        );
        assert_eq!(said, ["a.feature:2: no site has a word {api.pth}", "  help: the nearest is {api.path}"]);
    }

    #[test]
    fn a_scenario_without_a_then_cannot_fail() {
        let said = mistakes_in("Feature: F\n  Scenario: S\n    When the client sends \"GET /\"\n");
        assert_eq!(said, ["a.feature:2: this scenario has no Then: it cannot fail"]);
    }
}
