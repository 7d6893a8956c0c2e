//! Masks secrets in reports.

use hopcheck_site::Mask;

use crate::model::{
    ConfLine, Evidence, FailedStep, Outline, Picture, Record, Report, StepRecord, TargetResults, Verdict,
};

/// Masks every text of `report`.
pub fn mask(report: &mut Report, mask: &Mask) {
    each_text(report, &mut |text| *text = mask.text(text));
}

/// Masks every text of what came of one target, and the credentials that one text names in all others.
pub fn mask_results(results: &mut TargetResults, mask: &Mask) {
    let mut mask = mask.clone();
    in_results(results, &mut |text| mask.learn(text));
    in_results(results, &mut |text| *text = mask.text(text));
}

// Every field is named, so that one that is added cannot be forgotten here.

fn each_text(report: &mut Report, change: &mut dyn FnMut(&mut String)) {
    let Report { tool: _, version: _, started: _, specification: _, features, targets } = report;
    for Outline { name, file, line: _, description, rules } in features {
        [name, file, description].into_iter().chain(rules).for_each(&mut *change);
    }
    targets.iter_mut().for_each(|target| in_results(target, change));
}

fn in_results(results: &mut TargetResults, change: &mut dyn FnMut(&mut String)) {
    let TargetResults {
        name,
        description,
        configuration,
        took: _,
        slow_left_out: _,
        of_the_document: _,
        refused: _,
        shard: _,
        shuffle: _,
        unfinished,
        site,
        pictures,
        records,
    } = results;
    [name, description, configuration].into_iter().chain(unfinished).for_each(&mut *change);
    site.iter_mut().for_each(|site| site.each_text(change));
    for Picture { caption, notes, png: _ } in pictures {
        std::iter::once(caption).chain(notes).for_each(&mut *change);
    }
    records.iter_mut().for_each(|record| in_record(record, change));
}

fn in_record(record: &mut Record, change: &mut dyn FnMut(&mut String)) {
    let Record {
        feature,
        rule,
        name,
        file,
        line: _,
        tags,
        hint,
        verdict,
        attempts: _,
        took: _,
        steps,
        route: _,
    } = record;
    [feature, rule, name, file, hint].into_iter().chain(tags).for_each(&mut *change);
    match verdict {
        Verdict::Kept => {}
        Verdict::Broken(failed) | Verdict::Warned(failed) => {
            let FailedStep { step, line: _, message, evidence, configuration } = failed;
            let Evidence { exchange, app_servers, error_log, kept_out: _ } = evidence;
            [step, message, exchange, app_servers, error_log].into_iter().for_each(&mut *change);
            for ConfLine { file, number: _, text } in configuration {
                [file, text].into_iter().for_each(&mut *change);
            }
        }
        Verdict::KnownDifference { reason }
        | Verdict::UnexpectedlyKept { reason }
        | Verdict::NotChecked { reason } => change(reason),
    }
    for StepRecord { keyword: _, text, line: _, doc_string, table, status: _, took: _ } in steps {
        std::iter::once(text).chain(doc_string).chain(table.iter_mut().flatten()).for_each(&mut *change);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn no_text_keeps_a_secret_and_the_longest_goes_first() {
        let mut report = told("hunter2");
        mask(&mut report, &Mask::of_secrets(["".into(), "hunter".into(), "hunter2".into()]));
        assert_eq!(report, told("•••"));
    }

    #[test]
    fn a_credential_that_one_text_names_is_masked_in_all() {
        let with_cookie = |secret: &str| {
            let mut results = told(secret).targets.remove(0);
            results
                .records
                .push(sample::record("a", sample::broken(&format!("< Set-Cookie: a={secret}; Path=/"))));
            results
        };
        let mut results = with_cookie("0123456789");
        mask_results(&mut results, &Mask::of_credentials([]));
        assert_eq!(results, with_cookie("•••"));
    }

    fn told(secret: &str) -> Report {
        let mut record = sample::record(secret, sample::broken(&format!("it said {secret}.")));
        record.steps[0].table = vec![vec!["passcode".into(), secret.into()]];
        sample::report(vec![record])
    }
}
