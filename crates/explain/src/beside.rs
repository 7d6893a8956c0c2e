//! The same request to another engine, and in what its answer differs.

use std::collections::BTreeMap;
use std::sync::Arc;

use hopcheck_targets::scene::Scene;
use hopcheck_targets::stage::Stage;
use reference_proxy::trace::Field;

use crate::debug_log;
use crate::explanation::{Beside, Difference, Explanation};
use crate::question::Question;
use crate::run::{ExplainError, Seen, see};

/// Fields that are of the engine or of the moment.
const VARYING: [&str; 5] = ["date", "server", "etag", "last-modified", "expires"];

impl Explanation {
    /// Asks the engine of `stage`, which has the same configuration, the same, and notes in what it differs.
    ///
    /// # Errors
    /// When the engine does not run the configuration.
    pub async fn beside(&mut self, stage: &Arc<Stage>, question: &Question) -> Result<(), ExplainError> {
        if let Some(refusal) = Scene::refusal(stage).await? {
            let said = refusal.said.trim_end().to_owned();
            return Err(ExplainError::Refused { name: stage.source.name.clone(), said });
        }
        let mut scene = Scene::set(Arc::clone(stage)).await?;
        let seen = see(&mut scene, question).await;
        scene.tear_down().await;
        let seen = seen?;
        let locations = debug_log::locations(&seen.said);
        let differences = differences(self, &seen, &locations);
        let engine = stage.target.describe();
        self.beside = Some(Beside { engine, status: seen.status, locations, differences });
        Ok(())
    }
}

fn differences(told: &Explanation, seen: &Seen, locations: &Option<String>) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut compare = |what: String, reference: Option<String>, other: Option<String>| {
        if reference != other {
            found.push(Difference { what, reference, other });
        }
    };
    let status = |status: Option<u16>, why: &Option<String>| status.map(|it| it.to_string()).or(why.clone());
    compare(
        "status".to_owned(),
        status(told.status, &told.unanswered),
        status(seen.status, &seen.unanswered),
    );
    // A stand-in answers with what it has seen, which is told below.
    let is_answered = !told.arrived.is_empty();
    for (name, [reference, other]) in by_name(&told.received, &seen.received) {
        if !(is_answered && name == "content-length") {
            compare(name, reference, other);
        }
    }
    if locations.is_some() {
        compare("locations".to_owned(), Some(debug_log::expected(&told.steps)), locations.clone());
    }
    for nth in 0..told.arrived.len().max(seen.arrived.len()) {
        let (reference, other) = (told.arrived.get(nth), seen.arrived.get(nth));
        let of = |name: &str| match told.arrived.len().max(seen.arrived.len()) {
            1 => format!("the app server sees {name}"),
            _ => format!("the app server sees {name} of request {}", nth + 1),
        };
        compare(
            of("request line"),
            reference.map(|arrived| arrived.line.clone()),
            other.map(|arrived| arrived.line.clone()),
        );
        let none: &[Field] = &[];
        let headers = by_name(
            reference.map_or(none, |arrived| &arrived.headers),
            other.map_or(none, |arrived| &arrived.headers),
        );
        for (name, [reference, other]) in headers {
            compare(of(&name), reference, other);
        }
    }
    found
}

/// The values of each field of either head, by its name in lower case.
fn by_name(reference: &[Field], other: &[Field]) -> BTreeMap<String, [Option<String>; 2]> {
    let mut names: BTreeMap<String, [Option<String>; 2]> = BTreeMap::new();
    for (nth, fields) in [reference, other].into_iter().enumerate() {
        for Field { name, value } in fields {
            let name = name.to_ascii_lowercase();
            if VARYING.contains(&name.as_str()) {
                continue;
            }
            let known = &mut names.entry(name).or_default()[nth];
            *known = Some(known.take().map_or_else(|| value.clone(), |before| format!("{before} | {value}")));
        }
    }
    names
}
