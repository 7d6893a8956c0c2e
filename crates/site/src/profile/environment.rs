//! The values of `[environment]`.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;

/// The value of a variable, which is text whatever it is written as.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum EnvironmentValue {
    /// Text.
    Text(String),
    /// A number, such as a port.
    Number(i64),
    /// `true` or `false`.
    Truth(bool),
}

impl fmt::Display for EnvironmentValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EnvironmentValue::Text(text) => f.write_str(text),
            EnvironmentValue::Number(number) => number.fmt(f),
            EnvironmentValue::Truth(truth) => truth.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::profile::Profile;

    #[test]
    fn values_are_text_whatever_they_are_written_as() {
        let text = "[environment]\nPORT = 8080\nAPI = \"api\"\nGZIP = true\n";
        let profile = Profile::parse(text, "hopcheck.toml").unwrap();
        let values: Vec<String> =
            profile.environment.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(values, ["API=api", "GZIP=true", "PORT=8080"]);
    }
}
