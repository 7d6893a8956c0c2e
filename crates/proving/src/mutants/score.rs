//! The score of the mutants, by family.

use std::collections::BTreeSet;
use std::fmt::{self, Write as _};

use serde::{Deserialize, Serialize};

use super::{Judgement, Killer, Mutant, MutantOutcome};

/// A mutant, or a fault that does not apply, and its outcome.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MutantResult {
    /// The family.
    pub family: String,
    /// The mutant's name with its place.
    pub mutant: String,
    /// The line of the configuration, from 1; 0 if it does not apply.
    pub line: usize,
    /// The mistake behind the fault.
    pub mistake: String,
    /// The line in the mutant.
    pub written: String,
    /// Its outcome.
    #[serde(flatten)]
    pub outcome: MutantOutcome,
    /// The scenarios that noticed, as in [`Judgement`].
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub noticed_by: BTreeSet<String>,
}

impl MutantResult {
    /// The result of `mutant`, made from `original`.
    pub fn of(mutant: &Mutant, original: &str, judged: Judgement) -> MutantResult {
        let changed = mutant.text.lines().zip(original.lines()).find(|(new, old)| new != old);
        MutantResult {
            family: mutant.family.clone(),
            mutant: mutant.title(),
            line: mutant.line,
            mistake: mutant.mistake.clone(),
            written: changed.map(|(new, _)| new.trim().to_owned()).unwrap_or_default(),
            outcome: judged.outcome,
            noticed_by: judged.noticed_by,
        }
    }

    /// Its name with its family, as in lists.
    pub fn full_name(&self) -> String {
        format!("{}: {}", self.family, self.mutant)
    }

    /// The result of a fault that does not apply to the configuration.
    pub fn not_applicable(family: String, fault: String) -> MutantResult {
        MutantResult {
            family,
            mutant: fault,
            line: 0,
            mistake: String::new(),
            written: String::new(),
            outcome: MutantOutcome::NotApplicable {
                why: "it does not apply to this configuration".to_owned(),
            },
            noticed_by: BTreeSet::new(),
        }
    }
}

/// The results of all mutants on one target.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Score {
    /// The target.
    pub target: String,
    /// The configuration.
    pub configuration: String,
    /// Every mutant.
    pub outcomes: Vec<MutantResult>,
}

/// A row of the table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    /// All mutants.
    pub mutants: usize,
    /// Killed by a rule that was meant to notice.
    pub meant: usize,
    /// Killed by another rule.
    pub other: usize,
    /// Warned of, by any rule.
    pub warned: usize,
    /// Refused by the engine.
    pub refused: usize,
    /// Not noticed.
    pub survived: usize,
    /// Not noticeable.
    pub equivalent: usize,
    /// Not run, as only `@slow` scenarios can notice.
    pub slow: usize,
    /// Faults that do not apply.
    pub not_applicable: usize,
}

impl Row {
    fn count(&mut self, outcome: &MutantOutcome) {
        self.mutants += usize::from(!matches!(outcome, MutantOutcome::NotApplicable { .. }));
        *match outcome {
            MutantOutcome::Killed(Killer::Refused { .. }) => &mut self.refused,
            MutantOutcome::Killed(Killer::Scenario { meant: true, .. }) => &mut self.meant,
            MutantOutcome::Killed(Killer::Scenario { meant: false, .. }) => &mut self.other,
            MutantOutcome::Warned(_) => &mut self.warned,
            MutantOutcome::Survived => &mut self.survived,
            MutantOutcome::Equivalent { .. } => &mut self.equivalent,
            MutantOutcome::NeedsSlow => &mut self.slow,
            MutantOutcome::NotApplicable { .. } => &mut self.not_applicable,
        } += 1;
    }

    fn cells(&self) -> [usize; 9] {
        let Row { mutants, meant, other, warned, refused, survived, equivalent, slow, not_applicable } =
            *self;
        [mutants, meant, other, warned, refused, survived, equivalent, slow, not_applicable]
    }
}

/// The table's header, without the family.
const COLUMNS: [&str; 9] = [
    "mutants",
    "meant",
    "another",
    "warned",
    "refused",
    "survived",
    "equivalent",
    "needs --slow",
    "not applicable",
];

impl Score {
    /// The mutants that were not noticed.
    pub fn survivors(&self) -> impl Iterator<Item = &MutantResult> {
        self.outcomes.iter().filter(|result| result.outcome == MutantOutcome::Survived)
    }

    /// The row of one family, or of all for `None`.
    pub fn row(&self, family: Option<&str>) -> Row {
        let mut row = Row::default();
        let of_family = |result: &&MutantResult| family.is_none_or(|family| family == result.family);
        self.outcomes.iter().filter(of_family).for_each(|result| row.count(&result.outcome));
        row
    }

    /// The table, the mutants noticed by another rule, and the survivors in full.
    pub fn text(&self) -> String {
        let families: BTreeSet<&str> = self.outcomes.iter().map(|result| result.family.as_str()).collect();
        let rows = families.iter().map(|family| (*family, self.row(Some(family))));
        let mut out = String::new();
        let _ = writeln!(out, "| {:<20} | {} |", "family", COLUMNS.join(" | "));
        let _ = writeln!(
            out,
            "|{}|{}",
            "-".repeat(22),
            COLUMNS.map(|name| "-".repeat(name.len() + 1) + ":|").concat()
        );
        for (name, row) in rows.chain([("all", self.row(None))]) {
            let cells = row.cells();
            let cells: Vec<String> =
                cells.iter().zip(COLUMNS).map(|(cell, column)| format!("{cell:>0$}", column.len())).collect();
            let _ = writeln!(out, "| {name:<20} | {} |", cells.join(" | "));
        }
        self.list(&mut out, "noticed by another rule than intended", |outcome| {
            matches!(outcome, MutantOutcome::Killed(Killer::Scenario { meant: false, .. }))
        });
        self.list(&mut out, "not noticed", |outcome| *outcome == MutantOutcome::Survived);
        out
    }

    fn list(&self, out: &mut String, title: &str, wanted: impl Fn(&MutantOutcome) -> bool) {
        let mut listed = self.outcomes.iter().filter(|result| wanted(&result.outcome)).peekable();
        if listed.peek().is_some() {
            let _ = writeln!(out, "\n{title}:");
        }
        for result in listed {
            let _ = writeln!(out, "  {result}");
            if result.outcome == MutantOutcome::Survived {
                let _ = writeln!(out, "    {}\n    line {}: {}", result.mistake, result.line, result.written);
            }
        }
    }
}

impl fmt::Display for MutantResult {
    /// One line: the mutant and its outcome.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} – ", self.family, self.mutant)?;
        match &self.outcome {
            MutantOutcome::Killed(Killer::Refused { said }) => write!(f, "refused: {said}"),
            MutantOutcome::Killed(Killer::Scenario { rule, name, meant, .. }) => {
                let rule = if rule.is_empty() { "(no rule)" } else { rule };
                write!(f, "{rule} › {name}{}", if *meant { "" } else { " (another rule should have)" })
            }
            MutantOutcome::Warned(Killer::Refused { said }) => write!(f, "a warning: {said}"),
            MutantOutcome::Warned(Killer::Scenario { rule, name, .. }) => {
                write!(f, "a warning: {rule} › {name}")
            }
            MutantOutcome::Survived => f.write_str("survived"),
            MutantOutcome::Equivalent { reason } => write!(f, "equivalent: {reason}"),
            MutantOutcome::NeedsSlow => f.write_str("needs --slow"),
            MutantOutcome::NotApplicable { why } => f.write_str(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(family: &str, outcome: MutantOutcome) -> MutantResult {
        MutantResult {
            family: family.to_owned(),
            mutant: "no X in server".to_owned(),
            line: 7,
            mistake: "X was forgotten.".to_owned(),
            written: "Y;".to_owned(),
            outcome,
            noticed_by: BTreeSet::new(),
        }
    }

    #[test]
    fn a_score_is_a_table_and_a_list_of_survivors() {
        let killer = Killer::Scenario {
            rule: "R".to_owned(),
            name: "S".to_owned(),
            said: String::new(),
            meant: false,
        };
        let score = Score {
            target: "reference".to_owned(),
            configuration: "nginx.conf".to_owned(),
            outcomes: vec![result("a", MutantOutcome::Survived), result("b", MutantOutcome::Killed(killer))],
        };
        assert_eq!(score.row(None), Row { mutants: 2, other: 1, survived: 1, ..Row::default() });
        let told = score.text();
        let (_, lists) = told.split_once("\n\n").unwrap();
        assert_eq!(
            lists,
            "noticed by another rule than intended:\n  b: no X in server – R › S (another rule should have)\n\n\
             not noticed:\n  a: no X in server – survived\n    X was forgotten.\n    line 7: Y;\n"
        );
    }
}
