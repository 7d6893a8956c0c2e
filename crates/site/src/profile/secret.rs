//! Values that must not be seen.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;

/// A value that is never printed: written out, or `env:NAME` to be taken from the environment.
#[derive(Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The value.
    ///
    /// # Errors
    /// When the environment does not have it; names the variable.
    pub fn reveal(&self) -> Result<String, String> {
        match self.0.strip_prefix("env:") {
            None => Ok(self.0.clone()),
            Some(name) => std::env::var(name).map_err(|_| {
                format!("the environment has no variable {name}, which the profile takes a value from")
            }),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_printed() {
        assert_eq!(format!("{:?}", Secret("Bearer abc".into())), "(secret)");
    }

    #[test]
    fn a_variable_that_is_not_set_is_named() {
        let missing = Secret("env:HOPCHECK_NO_SUCH_VARIABLE".into()).reveal().unwrap_err();
        assert!(missing.contains("HOPCHECK_NO_SUCH_VARIABLE"), "{missing}");
    }
}
