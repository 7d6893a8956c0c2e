//! What the mutants came to, family by family.

use std::collections::BTreeSet;
use std::fmt::{self, Write as _};

use serde::{Deserialize, Serialize};

use super::{Fate, Judged, Killer, Mutant};

/// A mutant, or a fault that has no place, and what became of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Outcome {
    /// The family.
    pub family: String,
    /// The mutant's name with its place.
    pub mutant: String,
    /// The line of the configuration, from 1; 0 where it has no place.
    pub line: usize,
    /// What the person did wrong.
    pub mistake: String,
    /// The line as it is in the mutant.
    pub written: String,
    /// What became of it.
    #[serde(flatten)]
    pub fate: Fate,
    /// The scenarios that noticed, as [`Judged`] has them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub noticed_by: BTreeSet<String>,
}

impl Outcome {
    /// What became of `mutant`, made of `original`.
    pub fn of(mutant: &Mutant, original: &str, judged: Judged) -> Outcome {
        let changed = mutant.text.lines().zip(original.lines()).find(|(new, old)| new != old);
        Outcome {
            family: mutant.family.clone(),
            mutant: mutant.title(),
            line: mutant.line,
            mistake: mutant.mistake.clone(),
            written: changed.map(|(new, _)| new.trim().to_owned()).unwrap_or_default(),
            fate: judged.fate,
            noticed_by: judged.noticed_by,
        }
    }

    /// Its name with its family, as lists have it.
    pub fn full_name(&self) -> String {
        format!("{}: {}", self.family, self.mutant)
    }

    /// A fault for which the configuration has no place.
    pub fn not_applicable(family: String, fault: String) -> Outcome {
        Outcome {
            family,
            mutant: fault,
            line: 0,
            mistake: String::new(),
            written: String::new(),
            fate: Fate::NotApplicable { why: "this configuration has no place for it".to_owned() },
            noticed_by: BTreeSet::new(),
        }
    }
}

/// What all of them came to on one target.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Score {
    /// The target.
    pub target: String,
    /// The configuration.
    pub configuration: String,
    /// Every mutant.
    pub outcomes: Vec<Outcome>,
}

/// One line of the table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    /// All that could be made.
    pub mutants: usize,
    /// Killed by a rule that was meant to notice.
    pub meant: usize,
    /// Killed by another rule.
    pub other: usize,
    /// Refused by the engine.
    pub refused: usize,
    /// Noticed by nobody.
    pub survived: usize,
    /// Those that nobody can notice.
    pub equivalent: usize,
    /// Not run, since only scenarios that really wait can notice.
    pub slow: usize,
    /// Faults that cannot be made here.
    pub not_applicable: usize,
}

impl Row {
    fn count(&mut self, fate: &Fate) {
        self.mutants += usize::from(!matches!(fate, Fate::NotApplicable { .. }));
        *match fate {
            Fate::Killed(Killer::Refused { .. }) => &mut self.refused,
            Fate::Killed(Killer::Scenario { meant: true, .. }) => &mut self.meant,
            Fate::Killed(Killer::Scenario { meant: false, .. }) => &mut self.other,
            Fate::Survived => &mut self.survived,
            Fate::Equivalent { .. } => &mut self.equivalent,
            Fate::NeedsSlow => &mut self.slow,
            Fate::NotApplicable { .. } => &mut self.not_applicable,
        } += 1;
    }

    fn cells(&self) -> [usize; 8] {
        let Row { mutants, meant, other, refused, survived, equivalent, slow, not_applicable } = *self;
        [mutants, meant, other, refused, survived, equivalent, slow, not_applicable]
    }
}

/// The table's head, but for the family.
const COLUMNS: [&str; 8] =
    ["mutants", "meant", "another", "refused", "survived", "equivalent", "needs --slow", "not applicable"];

impl Score {
    /// Those that nobody noticed.
    pub fn survivors(&self) -> impl Iterator<Item = &Outcome> {
        self.outcomes.iter().filter(|outcome| outcome.fate == Fate::Survived)
    }

    /// The line of one family; of all for `None`.
    pub fn row(&self, family: Option<&str>) -> Row {
        let mut row = Row::default();
        let of_family = |outcome: &&Outcome| family.is_none_or(|family| family == outcome.family);
        self.outcomes.iter().filter(of_family).for_each(|outcome| row.count(&outcome.fate));
        row
    }

    /// The table, then those that another rule noticed, and the survivors in full.
    pub fn told(&self) -> String {
        let families: BTreeSet<&str> = self.outcomes.iter().map(|outcome| outcome.family.as_str()).collect();
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
        self.list(&mut out, "noticed by another rule than was meant", |fate| {
            matches!(fate, Fate::Killed(Killer::Scenario { meant: false, .. }))
        });
        self.list(&mut out, "noticed by nobody", |fate| *fate == Fate::Survived);
        out
    }

    fn list(&self, out: &mut String, title: &str, wanted: impl Fn(&Fate) -> bool) {
        let mut listed = self.outcomes.iter().filter(|outcome| wanted(&outcome.fate)).peekable();
        if listed.peek().is_some() {
            let _ = writeln!(out, "\n{title}:");
        }
        for outcome in listed {
            let _ = writeln!(out, "  {outcome}");
            if outcome.fate == Fate::Survived {
                let _ =
                    writeln!(out, "    {}\n    line {}: {}", outcome.mistake, outcome.line, outcome.written);
            }
        }
    }
}

impl fmt::Display for Outcome {
    /// One line: the mutant, and what became of it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} – ", self.family, self.mutant)?;
        match &self.fate {
            Fate::Killed(Killer::Refused { said }) => write!(f, "refused: {said}"),
            Fate::Killed(Killer::Scenario { rule, name, meant, .. }) => {
                let rule = if rule.is_empty() { "(no rule)" } else { rule };
                write!(f, "{rule} › {name}{}", if *meant { "" } else { " (another rule was meant to)" })
            }
            Fate::Survived => f.write_str("survived"),
            Fate::Equivalent { reason } => write!(f, "equivalent: {reason}"),
            Fate::NeedsSlow => f.write_str("needs --slow"),
            Fate::NotApplicable { why } => f.write_str(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(family: &str, fate: Fate) -> Outcome {
        Outcome {
            family: family.to_owned(),
            mutant: "no X in server".to_owned(),
            line: 7,
            mistake: "X was forgotten.".to_owned(),
            written: "Y;".to_owned(),
            fate,
            noticed_by: BTreeSet::new(),
        }
    }

    #[test]
    fn a_score_is_a_table_and_what_to_look_at() {
        let killer = Killer::Scenario {
            rule: "R".to_owned(),
            name: "S".to_owned(),
            said: String::new(),
            meant: false,
        };
        let score = Score {
            target: "reference".to_owned(),
            configuration: "nginx.conf".to_owned(),
            outcomes: vec![outcome("a", Fate::Survived), outcome("b", Fate::Killed(killer))],
        };
        assert_eq!(score.row(None), Row { mutants: 2, other: 1, survived: 1, ..Row::default() });
        let told = score.told();
        let (_, lists) = told.split_once("\n\n").unwrap();
        assert_eq!(
            lists,
            "noticed by another rule than was meant:\n  b: no X in server – R › S (another rule was meant to)\n\n\
             noticed by nobody:\n  a: no X in server – survived\n    X was forgotten.\n    line 7: Y;\n"
        );
    }
}
