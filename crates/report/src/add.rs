//! Adds what came of a target to a report.

use crate::model::{Outline, Report, TargetResults};

impl Report {
    /// Adds what came of a target, with features that the specification has not by that name: those that were asked once more,
    /// over another version of HTTP.
    pub fn add(&mut self, results: TargetResults) {
        for record in &results.records {
            let known = self.features.iter_mut().find(|feature| feature.name == record.feature);
            match known {
                Some(feature) if record.rule.is_empty() || feature.rules.contains(&record.rule) => {}
                Some(feature) => feature.rules.push(record.rule.clone()),
                None => self.features.push(Outline {
                    name: record.feature.clone(),
                    file: record.file.clone(),
                    line: record.line,
                    rules: Some(record.rule.clone()).filter(|rule| !rule.is_empty()).into_iter().collect(),
                    ..Outline::default()
                }),
            }
        }
        self.targets.push(results);
    }
}
