//! Joining the results of shards and machines.

use std::collections::BTreeSet;

use thiserror::Error;

use crate::model::{Report, Shard, TargetResults};

/// Why results cannot be joined.
#[derive(Debug, Error)]
pub enum MergeError {
    /// There is nothing to join.
    #[error("there are no results to merge")]
    Nothing,
    /// Different questions were asked.
    #[error(
        "{one} and {other} are of different runs: the features or options (--tags, --name, --slow) differ\n  \
         help: merge results of one version of the features, all run with the same options"
    )]
    Different {
        /// A file.
        one: String,
        /// One that does not go with it.
        other: String,
    },
    /// Scenarios were run twice.
    #[error(
        "{other} and {one} both have {what} of {target}\n  help: pass each file once, and give each machine's target its own name"
    )]
    Twice {
        /// The target.
        target: String,
        /// `shard 2/5` or `all scenarios`.
        what: String,
        /// The file that had them first.
        one: String,
        /// The other.
        other: String,
    },
    /// A target has different numbers of shards.
    #[error("{target} has {one} shards in one file, and {other} in another")]
    Cut {
        /// The target.
        target: String,
        /// A number of shards; 1 for none.
        one: usize,
        /// Another.
        other: usize,
    },
}

/// Joins reports, each with the name of its file, to the one that a single run would have made. Shards that are missing
/// are noted with the target they are missing from.
///
/// # Errors
/// When they are not parts of one run.
pub fn merge(parts: Vec<(String, Report)>) -> Result<Report, MergeError> {
    let mut whole: Option<(String, Report)> = None;
    let mut targets: Vec<MergedTarget> = Vec::new();
    for (file, mut report) in parts {
        let results = std::mem::take(&mut report.targets);
        match &mut whole {
            None => whole = Some((file.clone(), report)),
            Some((one, known)) if known.specification != report.specification => {
                return Err(MergeError::Different { one: one.clone(), other: file });
            }
            Some((_, known)) => known.started = report.started.min(std::mem::take(&mut known.started)),
        }
        for results in results {
            match targets.iter_mut().find(|joined| joined.results.name == results.name) {
                Some(joined) => joined.add(&file, results)?,
                None => targets.push(MergedTarget::new(&file, results)),
            }
        }
    }
    let (_, mut whole) = whole.ok_or(MergeError::Nothing)?;
    let place = |file: &str| whole.features.iter().position(|feature| feature.file == file);
    let mut joined: Vec<TargetResults> = targets.into_iter().map(MergedTarget::finish).collect();
    for target in &mut joined {
        target.records.sort_by_key(|record| (place(&record.file), record.line));
    }
    whole.targets = joined;
    Ok(whole)
}

/// A target's results so far.
struct MergedTarget {
    results: TargetResults,
    /// The parts there are, each with the file it came from.
    parts: Vec<(Shard, String)>,
}

/// A run that was not cut is one part of one.
fn part(results: &TargetResults) -> Shard {
    results.shard.unwrap_or(Shard { index: 1, of: 1 })
}

impl MergedTarget {
    fn new(file: &str, results: TargetResults) -> MergedTarget {
        MergedTarget { parts: vec![(part(&results), file.to_owned())], results }
    }

    fn add(&mut self, file: &str, more: TargetResults) -> Result<(), MergeError> {
        let new = part(&more);
        let target = || more.name.clone();
        for (shard, one) in &self.parts {
            if shard.of != new.of {
                return Err(MergeError::Cut { target: target(), one: shard.of, other: new.of });
            }
            if shard.index == new.index {
                let what =
                    more.shard.map_or_else(|| "all scenarios".to_owned(), |shard| format!("shard {shard}"));
                return Err(MergeError::Twice {
                    target: target(),
                    what,
                    one: one.clone(),
                    other: file.to_owned(),
                });
            }
        }
        self.parts.push((new, file.to_owned()));
        let unfinished = [self.results.unfinished.take(), more.unfinished];
        let unfinished: Vec<String> = unfinished.into_iter().flatten().collect();
        self.results.unfinished = (!unfinished.is_empty()).then(|| unfinished.join("; "));
        self.results.took = self.results.took.max(more.took);
        self.results.shuffle = self.results.shuffle.filter(|seed| more.shuffle == Some(*seed));
        if self.results.pictures.is_empty() {
            self.results.pictures = more.pictures;
        }
        self.results.records.extend(more.records);
        Ok(())
    }

    fn finish(mut self) -> TargetResults {
        let of = self.parts.first().map_or(1, |(shard, _)| shard.of);
        let there: BTreeSet<usize> = self.parts.iter().map(|(shard, _)| shard.index).collect();
        let missing: Vec<String> =
            (1..=of).filter(|index| !there.contains(index)).map(|index| format!("{index}/{of}")).collect();
        self.results.shard = None;
        if !missing.is_empty() {
            let shards = if missing.len() == 1 { "shard" } else { "shards" };
            let missing = format!("{shards} {} missing", missing.join(", "));
            let before = self.results.unfinished.take().map(|before| format!("{before}; "));
            self.results.unfinished = Some(before.unwrap_or_default() + &missing);
        }
        self.results
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Record, Verdict, sample};

    fn shard(index: usize, of: usize, lines: &[usize]) -> (String, Report) {
        let record = |line: &usize| Record { line: *line, ..sample::record("s", Verdict::Kept) };
        let mut report = sample::report(lines.iter().map(record).collect());
        report.targets[0].shard = (of > 1).then_some(Shard { index, of });
        (format!("{index}.json"), report)
    }

    #[test]
    fn shards_in_any_order_add_up_to_the_whole() {
        let (_, whole) = shard(1, 1, &[1, 2, 3]);
        assert_eq!(merge(vec![shard(2, 2, &[2]), shard(1, 2, &[1, 3])]).unwrap(), whole);
    }

    #[test]
    fn targets_of_several_machines_stand_side_by_side() {
        let mut other = shard(1, 1, &[1]);
        other.1.targets[0].name = "shop".into();
        let merged = merge(vec![shard(1, 1, &[1]), other]).unwrap();
        assert_eq!(
            merged.targets.iter().map(|target| target.name.as_str()).collect::<Vec<_>>(),
            ["nginx", "shop"]
        );
    }

    #[test]
    fn a_missing_shard_is_named() {
        let merged = merge(vec![shard(2, 4, &[2]), shard(4, 4, &[4])]).unwrap();
        assert_eq!(merged.targets[0].unfinished.as_deref(), Some("shards 1/4, 3/4 missing"));
    }

    #[test]
    fn results_of_different_runs_are_refused() {
        let refused =
            |parts| merge(parts).unwrap_err().to_string().lines().next().unwrap_or_default().to_owned();
        let mut other = shard(2, 2, &[2]);
        other.1.specification = "d2".into();
        assert_eq!(
            refused(vec![shard(1, 2, &[1]), other]),
            "1.json and 2.json are of different runs: the features or options (--tags, --name, --slow) \
             differ"
        );
        assert_eq!(
            refused(vec![shard(1, 2, &[1]), shard(1, 2, &[1])]),
            "1.json and 1.json both have shard 1/2 of nginx"
        );
        assert_eq!(
            refused(vec![shard(1, 2, &[1]), shard(2, 3, &[1])]),
            "nginx has 2 shards in one file, and 3 in another"
        );
    }
}
