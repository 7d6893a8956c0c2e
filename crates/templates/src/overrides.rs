//! The values that the user gives: `--env`, `--env-file`, `[environment]` in hopcheck.toml.

use std::collections::BTreeMap;
use std::path::Path;

use crate::dotenv;
use crate::environment::Environment;
use crate::error::TemplateError;
use crate::file;
use crate::interpolation::name_length;

/// Values that come before all that is found beside a template.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    environment: Environment,
}

impl Overrides {
    /// Adds `NAME=VALUE`, or `NAME` to take it from this process's environment, as `docker run --env` does. What is added
    /// first counts.
    ///
    /// # Errors
    /// When it is neither, or `NAME` is not set.
    ///
    /// ```
    /// let mut overrides = hopcheck_templates::Overrides::default();
    /// overrides.argument("PORT=8080")?;
    /// assert!(overrides.argument("8080").is_err());
    /// # Ok::<(), hopcheck_templates::TemplateError>(())
    /// ```
    pub fn argument(&mut self, text: &str) -> Result<(), TemplateError> {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (text, std::env::var(text).ok()),
        };
        if name.is_empty() || name_length(name) != name.len() {
            let help = "--env takes NAME=VALUE, or NAME to take it from the environment";
            return Err(TemplateError::Overrides(format!("{text:?} is no variable\n  help: {help}")));
        }
        if value.is_none() {
            let message =
                format!("{name} is not set in the environment\n  help: give it: --env {name}=VALUE");
            return Err(TemplateError::Overrides(message));
        }
        self.environment.add(name, value, "--env".to_owned());
        Ok(())
    }

    /// Adds what an env file has.
    ///
    /// # Errors
    /// When it cannot be read, or a line of it is not understood.
    pub fn file(&mut self, path: &Path) -> Result<(), TemplateError> {
        let text = file::read(path).map_err(|error| {
            TemplateError::Overrides(format!(
                "cannot read {}: {error}\n  help: it was named with --env-file",
                path.display()
            ))
        })?;
        let entries = dotenv::entries(&text, &self.values())
            .map_err(|line| TemplateError::Overrides(format!("{}:{line}: not NAME=VALUE", path.display())))?;
        // The last of a name counts.
        for entry in entries.into_iter().rev() {
            self.environment.add(&entry.name, entry.value, format!("{}:{}", path.display(), entry.line));
        }
        Ok(())
    }

    /// Adds a value that stands in `from`.
    pub fn add(&mut self, name: &str, value: &str, from: &str) {
        self.environment.add(name, Some(value.to_owned()), from.to_owned());
    }

    /// The values that are known.
    pub(crate) fn values(&self) -> BTreeMap<String, String> {
        self.environment.values()
    }

    pub(crate) fn environment(&self) -> &Environment {
        &self.environment
    }
}
