//! The variables that a template is filled in from, each with where its value stands.

use std::collections::{BTreeMap, BTreeSet};

/// The value of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Variable {
    /// `None` if it is set, but to what is not known here.
    pub(crate) value: Option<String>,
    /// Where: `compose.yaml:7`, `--env`.
    pub(crate) from: String,
}

/// What is known of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lookup<'a> {
    /// It is set to this.
    Set(&'a str),
    /// It has a value that is not known here, or may have one.
    Unknown,
    /// It is certainly not set.
    Unset,
}

/// The variables of the process that fills a template in.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment {
    variables: BTreeMap<String, Variable>,
    /// What sets all there is, as `service web (compose.yaml:2)`: names that are not here are not set. `None`: more may be set
    /// elsewhere.
    pub(crate) complete: Option<String>,
    /// Names that stand in a `.env` that the service does not get, and where.
    pub(crate) not_passed: BTreeMap<String, String>,
}

impl Environment {
    /// Sets a variable, unless something that comes first has.
    pub(crate) fn add(&mut self, name: &str, value: Option<String>, from: String) {
        self.variables.entry(name.to_owned()).or_insert(Variable { value, from });
    }

    /// Sets a variable, whatever else has.
    pub(crate) fn replace(&mut self, name: &str, value: Option<String>, from: String) {
        self.variables.insert(name.to_owned(), Variable { value, from });
    }

    /// What is known of a name.
    pub(crate) fn lookup(&self, name: &str) -> Lookup<'_> {
        match (self.variables.get(name), &self.complete) {
            (Some(Variable { value: Some(value), .. }), _) => Lookup::Set(value),
            (Some(_), _) | (None, None) => Lookup::Unknown,
            (None, Some(_)) => Lookup::Unset,
        }
    }

    /// A variable that is set.
    pub(crate) fn get(&self, name: &str) -> Option<&Variable> {
        self.variables.get(name)
    }

    /// The value of a variable, where it is known.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(|variable| variable.value.as_deref())
    }

    /// The values that are known.
    pub(crate) fn values(&self) -> BTreeMap<String, String> {
        let known = |(name, variable): (&String, &Variable)| Some((name.clone(), variable.value.clone()?));
        self.variables.iter().filter_map(known).collect()
    }

    /// One line for each of `names`: its value, and where that stands.
    pub(crate) fn notes(&self, names: &BTreeSet<String>) -> Vec<String> {
        let note = |name: &String| {
            let Variable { value, from } = self.get(name)?;
            let value = match value {
                _ if is_secret(name) => "(not shown)",
                Some(value) if value.is_empty() => "(empty)",
                Some(value) => &on_one_line(value),
                None => "(not known)",
            };
            Some(format!("{name} = {value} from {from}"))
        };
        names.iter().filter_map(note).collect()
    }
}

/// The longest value that is printed whole.
const MAX_SHOWN: usize = 120;

fn on_one_line(value: &str) -> String {
    let line = value.replace('\n', "\\n");
    if line.chars().count() <= MAX_SHOWN {
        line
    } else {
        line.chars().take(MAX_SHOWN).chain(['…']).collect()
    }
}

/// Whether the value of `name` is better not printed.
pub(crate) fn is_secret(name: &str) -> bool {
    const TEMPLATE_MARKS: [&str; 7] =
        ["SECRET", "TOKEN", "PASSWORD", "PASSWD", "API_KEY", "CREDENTIAL", "AUTH"];
    let name = name.to_ascii_uppercase();
    TEMPLATE_MARKS.iter().any(|mark| name.contains(mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_value_of_a_name_counts_and_secrets_are_not_shown() {
        let mut environment = Environment::default();
        for (name, value) in [("A", Some("1")), ("A", Some("2")), ("API_TOKEN", Some("x")), ("B", None)] {
            environment.add(name, value.map(str::to_owned), "here".to_owned());
        }
        assert_eq!(environment.lookup("A"), Lookup::Set("1"));
        assert_eq!((environment.lookup("B"), environment.lookup("C")), (Lookup::Unknown, Lookup::Unknown));
        environment.complete = Some("web".to_owned());
        assert_eq!((environment.lookup("B"), environment.lookup("C")), (Lookup::Unknown, Lookup::Unset));
        let names = ["A", "API_TOKEN", "C"].map(str::to_owned).into();
        assert_eq!(environment.notes(&names), ["A = 1 from here", "API_TOKEN = (not shown) from here"]);
    }
}
