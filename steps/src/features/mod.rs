//! Loading the specification: every mistake in it is found before anything is run.

mod lines;
pub mod live;
mod mistakes;
mod placeholders;

use std::path::{Path, PathBuf};

use cucumber::feature::Ext as _;
use gherkin::{Feature, GherkinEnv, Scenario};
use include_dir::{Dir, include_dir};
use serde::Deserialize;
use thiserror::Error;

pub use placeholders::fill_in;

use crate::scenarios::{retain, scenarios, tags};

static BUILT_IN: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/features");

/// Where known differences are listed, beside the features.
const KNOWN_DIFFERENCES: &str = "known-differences.toml";

/// The specification: features, and where targets are known to differ from it.
#[derive(Debug, Clone)]
pub struct Specification {
    /// Every feature, outlines expanded, in order of file name.
    pub features: Vec<Feature>,
    /// Where a target is known to differ.
    pub known_differences: Vec<KnownDifference>,
}

/// A scenario that a target is known not to keep. It is run all the same, and must fail.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownDifference {
    /// The scenario's name.
    pub scenario: String,
    /// The target's name.
    pub target: String,
    /// Why it is so, and who is right.
    pub reason: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct KnownDifferences {
    #[serde(default)]
    difference: Vec<KnownDifference>,
}

/// What is wrong with a specification.
#[derive(Debug, Error)]
pub enum FeatureError {
    /// A file or directory cannot be read.
    #[error("cannot read {}: {error}\n  help: name the directory with --features DIR", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// There is no feature file.
    #[error("there is no .feature file in {}", .0.display())]
    Empty(PathBuf),
    /// A file is not Gherkin, or steps in it have no definition; each line names its place.
    #[error("{}", .0.join("\n"))]
    Mistakes(Vec<String>),
}

impl Specification {
    /// Reads every feature below `directory`.
    ///
    /// # Errors
    /// When one cannot be read or has a mistake in it; all mistakes are found at once.
    pub fn read(directory: &Path) -> Result<Specification, FeatureError> {
        let read_error = |error| FeatureError::Read { path: directory.to_owned(), error };
        let mut files = Vec::new();
        if directory.is_file() {
            files.push((directory.to_owned(), std::fs::read_to_string(directory).map_err(read_error)?));
        } else {
            collect(directory, &mut files).map_err(read_error)?;
        }
        if files.is_empty() {
            return Err(FeatureError::Empty(directory.to_owned()));
        }
        let folder = if directory.is_file() { directory.parent().unwrap_or(directory) } else { directory };
        let list = folder.join(KNOWN_DIFFERENCES);
        let known =
            if list.is_file() { std::fs::read_to_string(&list).map_err(read_error)? } else { String::new() };
        let specification = Specification::parse(files, &known)?;
        if directory.is_file() {
            // The list speaks of the other files' scenarios, too.
            return Ok(specification);
        }
        let unknown = specification.unknown_differences();
        if unknown.is_empty() { Ok(specification) } else { Err(FeatureError::Mistakes(unknown)) }
    }

    /// The specification as it was when this program was built.
    ///
    /// # Errors
    /// When it has a mistake in it, which the tests of this program exclude.
    pub fn built_in() -> Result<Specification, FeatureError> {
        let text = |file: &include_dir::File<'_>| file.contents_utf8().unwrap_or_default().to_owned();
        let files = BUILT_IN
            .files()
            .filter(|file| file.path().extension().is_some_and(|extension| extension == "feature"))
            .map(|file| (Path::new("features").join(file.path()), text(file)))
            .collect();
        Specification::parse(files, &BUILT_IN.get_file(KNOWN_DIFFERENCES).map(text).unwrap_or_default())
    }

    /// `features/` of the checkout that `start` lies in, or the built-in specification.
    ///
    /// # Errors
    /// As [`Specification::read`].
    pub fn find(start: &Path) -> Result<Specification, FeatureError> {
        match start
            .ancestors()
            .map(|dir| dir.join("features"))
            .find(|dir| dir.join("preflight.feature").is_file())
        {
            Some(directory) => Specification::read(directory.strip_prefix(start).unwrap_or(&directory)),
            None => Specification::built_in(),
        }
    }

    fn parse(mut files: Vec<(PathBuf, String)>, known: &str) -> Result<Specification, FeatureError> {
        files.sort();
        let (mut features, mut mistakes) = (Vec::new(), Vec::new());
        for (path, text) in files {
            match parse_feature(&path, &text) {
                Ok(feature) => features.push(feature),
                Err(mistake) => mistakes.push(mistake),
            }
        }
        let known_differences = match toml::from_str::<KnownDifferences>(known) {
            Ok(known) => known.difference,
            Err(error) => {
                mistakes.push(format!("{KNOWN_DIFFERENCES}: {error}"));
                Vec::new()
            }
        };
        let specification = Specification { features, known_differences };
        mistakes.extend(mistakes::in_features(&specification.features));
        if mistakes.is_empty() { Ok(specification) } else { Err(FeatureError::Mistakes(mistakes)) }
    }

    /// Every scenario with its feature and, if it is in one, its rule.
    pub fn scenarios(&self) -> impl Iterator<Item = (&Feature, Option<&gherkin::Rule>, &Scenario)> {
        scenarios(&self.features)
    }

    /// Leaves out every scenario that `wanted` does not hold of.
    pub fn keep(&mut self, wanted: impl Fn(&Scenario) -> bool) {
        for feature in &mut self.features {
            feature.scenarios.retain(|scenario| wanted(scenario));
            feature.rules.iter_mut().for_each(|rule| rule.scenarios.retain(|scenario| wanted(scenario)));
        }
    }

    /// The specification without the scenarios that have this tag, or whose feature or rule has.
    pub fn without(&self, tag: &str) -> Specification {
        let features = retain(&self.features, |feature, rule, scenario| {
            !tags(feature, rule, scenario).any(|other| other == tag)
        });
        Specification { features, known_differences: self.known_differences.clone() }
    }

    fn unknown_differences(&self) -> Vec<String> {
        self.known_differences
            .iter()
            .filter(|known| !self.scenarios().any(|(_, _, scenario)| scenario.name == known.scenario))
            .map(|known| format!("{KNOWN_DIFFERENCES}: there is no scenario {:?}", known.scenario))
            .collect()
    }
}

/// The files of the built-in specification, known differences included, as they are named in its directory.
pub fn built_in_files() -> impl Iterator<Item = (&'static Path, &'static str)> {
    BUILT_IN.files().filter_map(|file| Some((file.path(), file.contents_utf8()?)))
}

fn parse_feature(path: &Path, text: &str) -> Result<Feature, String> {
    let prepared =
        lines::prepared(text).map_err(|(line, what)| format!("{}:{line}: {what}", path.display()))?;
    let mut feature = Feature::parse(prepared, GherkinEnv::default())
        .map_err(|error| mistakes::not_gherkin(path, text, &error.to_string()))?;
    feature.path = Some(path.to_owned());
    feature.expand_examples().map_err(|error| format!("{}: {error}", path.display()))
}

fn collect(directory: &Path, files: &mut Vec<(PathBuf, String)>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "feature") {
            let text = std::fs::read_to_string(&path)?;
            files.push((path, text));
        }
    }
    Ok(())
}
