//! The catalogue of faults: `mutants/*.toml`, a file for each family.

use include_dir::{Dir, include_dir};
use serde::{Deserialize, Deserializer};
use thiserror::Error;

use super::elsewhere::Elsewhere;
use super::place::Place;

static BUILT_IN: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/mutants");

/// The file about generated mutants, beside the families.
const GENERATED_FILE: &str = "generated.toml";

/// The known survivors, beside the families; see `tests/mutants.rs`.
const SCORE_FILE: &str = "score.toml";

/// All named faults, and what is known of generated mutants.
#[derive(Debug, Clone)]
pub struct Catalogue {
    /// The families, in order of file name.
    pub families: Vec<Family>,
    /// Generated mutants that cannot be noticed, or only by `@slow` scenarios.
    pub excuses: Vec<Excuse>,
    /// Generated mutants that are no fault of a site that is not the document's.
    pub elsewhere: Vec<Elsewhere>,
}

/// Faults of one kind: a file of the catalogue.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Family {
    /// Its name, as in `--family`.
    #[serde(skip)]
    pub name: String,
    /// What its faults have in common.
    pub about: String,
    /// The faults.
    #[serde(rename = "fault")]
    pub faults: Vec<Fault>,
}

/// A fault that someone may make.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Its name. Together with the place and the text, that of the mutant.
    pub name: String,
    /// The mistake or misconception behind it, in a sentence.
    pub mistake: String,
    /// The statements of the rules, one of which must notice. Empty: any may.
    #[serde(default, rename = "rule", deserialize_with = "one_or_many")]
    pub rules: Vec<String>,
    /// The edits. The first makes a mutant at every place where it fits; the others are made wherever they fit.
    #[serde(rename = "edit", deserialize_with = "one_or_many")]
    pub edits: Vec<Edit>,
    /// Whether the first edit is made at all places at once, for one mutant.
    #[serde(default)]
    pub everywhere: bool,
    /// Why it cannot be noticed, if so.
    pub equivalent: Option<String>,
    /// What it takes to notice it.
    pub needs: Option<Needs>,
    /// Why it is no fault of a site that is not the document's, if so.
    #[serde(default, deserialize_with = "one_or_many")]
    pub elsewhere: Vec<Elsewhere>,
}

/// What it takes to notice a mutant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Needs {
    /// `@slow` scenarios, run with `--slow`.
    Slow,
}

/// A change of directives. `in` names their block; a directive is named by its first words. Texts may be lists, for one
/// mutant each. In them `{path}` is the last word of the block's head, `{root}` the first `root`, `{app}` the first `proxy_pass`.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Edit {
    /// Removes a directive.
    Remove {
        /// Where.
        #[serde(default, rename = "in")]
        place: Place,
        /// Which.
        remove: String,
    },
    /// Replaces the arguments after the words that name a directive.
    Set {
        /// Where.
        #[serde(default, rename = "in")]
        place: Place,
        /// Which.
        set: String,
        /// The arguments.
        #[serde(deserialize_with = "one_or_many")]
        to: Vec<String>,
    },
    /// Appends an argument to a directive.
    Extend {
        /// Where.
        #[serde(default, rename = "in")]
        place: Place,
        /// Which.
        extend: String,
        /// The argument.
        #[serde(deserialize_with = "one_or_many")]
        with: Vec<String>,
    },
    /// Replaces words in a directive's arguments.
    Swap {
        /// Where.
        #[serde(default, rename = "in")]
        place: Place,
        /// Which.
        of: String,
        /// Each word and what comes in its place.
        swap: Vec<[String; 2]>,
    },
    /// Replaces a directive.
    Replace {
        /// Where.
        #[serde(default, rename = "in")]
        place: Place,
        /// Which.
        replace: String,
        /// What it becomes: directives.
        #[serde(deserialize_with = "one_or_many")]
        by: Vec<String>,
    },
    /// Adds directives at the beginning of a block.
    Add {
        /// Where.
        #[serde(default, rename = "in")]
        place: Place,
        /// Directives.
        #[serde(deserialize_with = "one_or_many")]
        add: Vec<String>,
    },
    /// Replaces the head of a block, as `location = {path}`.
    Head {
        /// Which block.
        #[serde(rename = "in")]
        place: Place,
        /// The head.
        #[serde(deserialize_with = "one_or_many")]
        head: Vec<String>,
    },
    /// Removes the semicolon of a directive.
    Unfinished {
        /// Where.
        #[serde(default, rename = "in")]
        place: Place,
        /// Which.
        unfinished: String,
    },
}

/// Why a generated mutant need not be noticed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Excuse {
    /// The mutant's name, without its place.
    pub name: String,
    /// Its place, unless it applies everywhere.
    #[serde(rename = "in")]
    pub place: Option<String>,
    /// Why it cannot be noticed, if so.
    pub equivalent: Option<String>,
    /// What it takes to notice it.
    pub needs: Option<Needs>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Excuses {
    #[serde(default)]
    mutant: Vec<Excuse>,
    #[serde(default)]
    elsewhere: Vec<Elsewhere>,
}

/// A file of the catalogue is invalid.
#[derive(Debug, Error)]
#[error("mutants/{file}: {error}")]
pub struct CatalogueError {
    /// Which.
    pub file: String,
    /// Why.
    pub error: toml::de::Error,
}

impl Catalogue {
    /// The catalogue built into this program.
    ///
    /// # Errors
    /// When it is invalid, which the tests rule out.
    pub fn built_in() -> Result<Catalogue, CatalogueError> {
        let mut files: Vec<(&str, &str)> = BUILT_IN
            .files()
            .filter_map(|file| Some((file.path().to_str()?.strip_suffix(".toml")?, file.contents_utf8()?)))
            .collect();
        files.sort_unstable();
        let mut catalogue = Catalogue { families: Vec::new(), excuses: Vec::new(), elsewhere: Vec::new() };
        for (name, text) in files {
            let file = format!("{name}.toml");
            let wrong = |error| CatalogueError { file: file.clone(), error };
            match file.as_str() {
                SCORE_FILE => {}
                GENERATED_FILE => {
                    let excuses: Excuses = toml::from_str(text).map_err(wrong)?;
                    (catalogue.excuses, catalogue.elsewhere) = (excuses.mutant, excuses.elsewhere);
                }
                _ => {
                    let family: Family = toml::from_str(text).map_err(wrong)?;
                    catalogue.families.push(Family { name: name.to_owned(), ..family });
                }
            }
        }
        Ok(catalogue)
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

fn one_or_many<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Vec<T>, D::Error> {
    Ok(match OneOrMany::deserialize(from)? {
        OneOrMany::One(one) => vec![one],
        OneOrMany::Many(many) => many,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mutants::mutants;
    use hopcheck_steps::features::Specification;
    use hopcheck_targets::conf::Source;

    #[test]
    fn every_fault_applies_to_the_documents_configuration_and_names_existing_rules() {
        let (catalogue, specification) = (Catalogue::built_in().unwrap(), Specification::built_in().unwrap());
        let (_, missing) = mutants(&catalogue, &Source::built_in());
        assert!(missing.is_empty(), "{missing:?}");
        let rules: Vec<&str> = specification
            .features
            .iter()
            .flat_map(|feature| &feature.rules)
            .map(|rule| rule.name.as_str())
            .collect();
        let named =
            catalogue.families.iter().flat_map(|family| &family.faults).flat_map(|fault| &fault.rules);
        let unknown: Vec<&String> = named.filter(|rule| !rules.contains(&rule.as_str())).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }

    #[test]
    fn every_mutant_has_a_unique_name_and_text() {
        let (made, _) = mutants(&Catalogue::built_in().unwrap(), &Source::built_in());
        let mut names: Vec<String> = made.iter().map(|mutant| mutant.title()).collect();
        names.sort_unstable();
        let twice: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).collect();
        assert!(twice.is_empty(), "{twice:?}");
        assert!(made.iter().all(|mutant| mutant.text != Source::built_in().text));
    }
}
