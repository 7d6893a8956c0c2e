//! The catalogue of faults: `mutants/*.toml`, a file for each family.

use include_dir::{Dir, include_dir};
use serde::{Deserialize, Deserializer};
use thiserror::Error;

use super::place::Place;

static BUILT_IN: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/mutants");

/// What is said of generated mutants, beside the families.
const GENERATED: &str = "generated.toml";

/// The known survivors, beside the families; see `tests/mutants.rs`.
const SCORE: &str = "score.toml";

/// All faults that are known by name, and what is known of generated mutants.
#[derive(Debug, Clone)]
pub struct Catalogue {
    /// The families, in order of file name.
    pub families: Vec<Family>,
    /// Generated mutants that nobody could notice, or not without waiting.
    pub excuses: Vec<Excuse>,
}

/// Faults of one kind: a file of the catalogue.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Family {
    /// Its name, as `--family` has it.
    #[serde(skip)]
    pub name: String,
    /// What its faults have in common.
    pub about: String,
    /// The faults.
    #[serde(rename = "fault")]
    pub faults: Vec<Fault>,
}

/// A fault that a person may make.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Its name; with the place where it is made, and what is written there, the mutant's.
    pub name: String,
    /// What the person did wrong, or believed, in a sentence.
    pub mistake: String,
    /// The statements of the rules one of which must notice. Empty: any may.
    #[serde(default, rename = "rule", deserialize_with = "one_or_many")]
    pub rules: Vec<String>,
    /// What is changed. The first edit is made at each place that it fits, for a mutant each; the others wherever they do.
    #[serde(rename = "edit", deserialize_with = "one_or_many")]
    pub edits: Vec<Edit>,
    /// Whether the first edit, too, is made wherever it fits, for one mutant.
    #[serde(default)]
    pub everywhere: bool,
    /// Why nobody can notice.
    pub equivalent: Option<String>,
    /// What it takes to notice.
    pub needs: Option<Needs>,
}

/// What it takes to notice a mutant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Needs {
    /// Scenarios that really wait, run with `--slow`.
    Slow,
}

/// A change of directives. `in` names the block they stand in; a directive is named by its first words. Texts may be lists: a
/// mutant each. In them `{path}` is the last word of the block's head, `{root}` the first `root`, `{app}` the first `proxy_pass`.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Edit {
    /// A directive is left out.
    Remove {
        /// Where.
        #[serde(default, rename = "in")]
        place: Place,
        /// Which.
        remove: String,
    },
    /// The arguments behind the words that name a directive become others.
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
    /// A directive gets one argument more, at its end.
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
    /// Words within a directive's arguments become others.
    Swap {
        /// Where.
        #[serde(default, rename = "in")]
        place: Place,
        /// Which.
        of: String,
        /// Each word and what comes in its place.
        swap: Vec<[String; 2]>,
    },
    /// A directive becomes something else.
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
    /// A block gets directives more, at its beginning.
    Add {
        /// Where.
        #[serde(default, rename = "in")]
        place: Place,
        /// Directives.
        #[serde(deserialize_with = "one_or_many")]
        add: Vec<String>,
    },
    /// A block gets another head, as `location = {path}`.
    Head {
        /// Which block.
        #[serde(rename = "in")]
        place: Place,
        /// The head.
        #[serde(deserialize_with = "one_or_many")]
        head: Vec<String>,
    },
    /// A directive loses its semicolon.
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
    /// Its place, where it is not the same everywhere.
    #[serde(rename = "in")]
    pub place: Option<String>,
    /// Why nobody can notice.
    pub equivalent: Option<String>,
    /// What it takes to notice.
    pub needs: Option<Needs>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Excuses {
    #[serde(default)]
    mutant: Vec<Excuse>,
}

/// A file of the catalogue is not understood.
#[derive(Debug, Error)]
#[error("mutants/{file}: {error}")]
pub struct CatalogueError {
    /// Which.
    pub file: String,
    /// Why.
    pub error: toml::de::Error,
}

impl Catalogue {
    /// The catalogue as it was when this program was built.
    ///
    /// # Errors
    /// When it has a mistake in it, which the tests of this program exclude.
    pub fn built_in() -> Result<Catalogue, CatalogueError> {
        let mut files: Vec<(&str, &str)> = BUILT_IN
            .files()
            .filter_map(|file| Some((file.path().to_str()?.strip_suffix(".toml")?, file.contents_utf8()?)))
            .collect();
        files.sort_unstable();
        let mut catalogue = Catalogue { families: Vec::new(), excuses: Vec::new() };
        for (name, text) in files {
            let file = format!("{name}.toml");
            let wrong = |error| CatalogueError { file: file.clone(), error };
            match file.as_str() {
                SCORE => {}
                GENERATED => catalogue.excuses = toml::from_str::<Excuses>(text).map_err(wrong)?.mutant,
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
    fn each_fault_is_one_that_the_documents_configuration_can_have_and_names_rules_that_there_are() {
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
    fn each_mutant_has_a_name_and_a_text_of_its_own() {
        let (made, _) = mutants(&Catalogue::built_in().unwrap(), &Source::built_in());
        let mut names: Vec<String> = made.iter().map(|mutant| mutant.title()).collect();
        names.sort_unstable();
        let twice: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).collect();
        assert!(twice.is_empty(), "{twice:?}");
        assert!(made.iter().all(|mutant| mutant.text != Source::built_in().text));
    }
}
