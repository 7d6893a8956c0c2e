//! Reads a profile, and reports mistakes with their line.

use std::path::{Path, PathBuf};

use serde::Deserialize as _;
use thiserror::Error;
use toml::{Table, Value};

use super::{FILE, Limits, Profile, Seconds, Size, promises};

/// Why a profile cannot be used.
#[derive(Debug, Error)]
pub enum ProfileError {
    /// It is not there or cannot be read.
    #[error("cannot read {}: {error}\n  help: name the profile with --profile FILE; `hopcheck init` writes a first one", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Something in it is not understood.
    #[error("{0}")]
    Mistake(String),
}

/// More than any profile has.
const MAX_FILE_SIZE: u64 = 4 << 20;

impl Profile {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read or understood; says where and what is nearest.
    pub fn read(path: &Path) -> Result<Profile, ProfileError> {
        let text = nginx_conf::read_regular_file(path, MAX_FILE_SIZE)
            .and_then(|bytes| String::from_utf8(bytes).map_err(std::io::Error::other))
            .map_err(|error| ProfileError::Read { path: path.to_owned(), error })?;
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let name = path.strip_prefix(".").unwrap_or(path).display().to_string();
        let profile = Profile::parse(&text, &name)?;
        Ok(profile.in_directory(directory.unwrap_or(Path::new("."))))
    }

    /// Reads `hopcheck.toml` in `directory`, if there is one.
    ///
    /// # Errors
    /// As [`Profile::read`].
    pub fn beside(directory: &Path) -> Result<Profile, ProfileError> {
        let file = directory.join(FILE);
        if file.exists() { Profile::read(&file) } else { Ok(Profile::default().in_directory(directory)) }
    }

    /// Reads the text of a file of that name. Sections `[target.NAME]` come out complete: each has what the rest of the
    /// file says, save for what it says itself.
    ///
    /// # Errors
    /// When it is not understood.
    pub fn parse(text: &str, name: &str) -> Result<Profile, ProfileError> {
        let mistake = |error: toml::de::Error| ProfileError::Mistake(explained(&error, text, name));
        let mut profile: Profile = toml::from_str(text).map_err(mistake)?;
        let mut common: Table = toml::from_str(text).map_err(mistake)?;
        promises::set_lines(&mut profile, text).map_err(mistake)?;
        // They are of a configuration, and no deployment has its own.
        promises::SECTIONS.iter().for_each(|section| drop(common.remove(*section)));
        let targets = match common.remove("target") {
            Some(Value::Table(targets)) => targets,
            _ => Table::new(),
        };
        for (target, differs) in targets {
            let mut whole = Value::Table(common.clone());
            merge(&mut whole, differs);
            profile.target.insert(target, Profile::deserialize(whole).map_err(mistake)?);
        }
        profile.check(name)?;
        profile.name = name.to_owned();
        Ok(profile)
    }

    /// What the section `[target.name]` says, with the rest of the file for all that it does not.
    pub fn of(&self, name: &str) -> Option<&Profile> {
        self.target.get(name)
    }

    /// Its sections for targets, in words; empty when there are none.
    pub fn known_targets(&self) -> String {
        let names: Vec<&str> = self.target.keys().map(String::as_str).collect();
        if names.is_empty() { String::new() } else { format!("; it has {}", names.join(", ")) }
    }

    fn in_directory(mut self, directory: &Path) -> Profile {
        self.directory = directory.to_owned();
        self.target.values_mut().for_each(|target| target.directory = directory.to_owned());
        self
    }

    /// What types cannot tell.
    fn check(&self, file: &str) -> Result<(), ProfileError> {
        let mistake = |what: String| Err(ProfileError::Mistake(format!("{file}: {what}")));
        let paths = [
            ("[api] path", &self.api.path),
            ("[preflight] path", &self.preflight.path),
            ("[stomp] endpoint", &self.stomp.endpoint),
            ("[socket] endpoint", &self.socket.endpoint),
            ("[front-end] page", &self.front_end.page),
            ("[front-end] deep-link", &self.front_end.deep_link),
            ("[front-end] asset", &self.front_end.asset),
        ];
        for (field, value) in paths {
            if let Some(path) = value
                && (!path.starts_with('/') || path.contains(char::is_whitespace))
            {
                return mistake(format!("{field}: {path:?} is not a path such as \"/api/items\""));
            }
        }
        let limits = &self.limits;
        if !(0.1..=1000.0).contains(&limits.requests_per_second) {
            return mistake("[limits] requests-per-second must be from 0.1 to 1000".to_owned());
        }
        if !(1..=64).contains(&limits.in_flight) || !(1..=600).contains(&limits.timeout) {
            return mistake(
                "[limits] in-flight must be from 1 to 64, and timeout from 1 to 600 seconds".to_owned(),
            );
        }
        let Limits { largest_answer: Size(bytes), longest_answer: Seconds(seconds), longest_page, .. } =
            *limits;
        if !(1..=1 << 30).contains(&bytes) || !(1..=3600).contains(&seconds) {
            return mistake(
                "[limits] largest-answer must be from 1 byte to 1024m, and longest-answer from 1 to 3600 seconds"
                    .to_owned(),
            );
        }
        if !(1..=3600).contains(&longest_page.0) {
            return mistake("[limits] longest-page must be from 1 to 3600 seconds".to_owned());
        }
        promises::mistake(self).map_or(Ok(()), mistake)?;
        self.target.values().try_for_each(|target| target.check(file))
    }
}

/// Puts what `differs` has into `whole`, table by table.
fn merge(whole: &mut Value, differs: Value) {
    match (whole, differs) {
        (Value::Table(whole), Value::Table(differs)) => {
            for (key, value) in differs {
                match whole.get_mut(&key) {
                    Some(kept) => merge(kept, value),
                    None => {
                        whole.insert(key, value);
                    }
                }
            }
        }
        (whole, differs) => *whole = differs,
    }
}

/// `hopcheck.toml:3: …`, with the nearest name for one that is not known. Of what stands there only the name of the field is
/// shown: a value may be a password, and this ends up in the logs of CI.
fn explained(error: &toml::de::Error, text: &str, name: &str) -> String {
    let at = error.span().map_or(0, |span| span.start.min(text.len()));
    let line = text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1;
    let field =
        text.lines().nth(line - 1).and_then(|line| line.split_once('=')).map(|(field, _)| field.trim());
    let field = field.map(|field| format!(": {field}")).unwrap_or_default();
    let message = error.message();
    let mut quoted = message.split('`').skip(1).step_by(2);
    let help = match (message.starts_with("unknown"), quoted.next()) {
        (true, Some(unknown)) => quoted
            .min_by_key(|known| strsim::levenshtein(unknown, known))
            .map(|nearest| format!("\n  help: the nearest is `{nearest}`"))
            .unwrap_or_default(),
        _ => String::new(),
    };
    format!("{name}:{line}: {}{field}{help}", without_value(message.trim_end()))
}

/// What serde says, without the value that it says it of.
fn without_value(message: &str) -> String {
    let about_a_value = ["invalid type: ", "invalid value: ", "unknown variant "];
    let value = message.find(['"', '`']);
    match (about_a_value.iter().any(|start| message.starts_with(start)), value, message.rfind(", expected")) {
        (true, Some(value), Some(expected)) if value < expected => {
            format!("{}{}", message[..value].trim_end(), &message[expected..])
        }
        _ => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistake(text: &str) -> String {
        Profile::parse(text, "p.toml").unwrap_err().to_string()
    }

    #[test]
    fn a_misspelt_field_is_refused_with_the_nearest_name() {
        let said = mistake("[stomp]\nendpont = \"/stomp/ws\"\n");
        assert!(said.starts_with("p.toml:2: unknown field `endpont`"), "{said}");
        assert!(said.ends_with(": endpont\n  help: the nearest is `endpoint`"), "{said}");
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_refused_with_its_line() {
        let said = mistake("[api]\nstatus = \"ok\"\n");
        assert!(said.starts_with("p.toml:2: invalid type: string, expected u16: status"), "{said}");
    }

    #[test]
    fn values_are_not_shown_as_they_may_be_passwords() {
        for text in [
            "[stomp]\npascode = \"h4nter2\"\n",
            "[stomp]\npasscode = 42424242\n",
            "[stomp]\npasscode = h4nter2\n",
            "[stomp]\ntransport = \"h4nter2\"\n",
            "stomp = { pascode = \"h4nter2\" }\n",
            "[api]\nstatus = \"h4nter2, expected by nobody\"\n",
        ] {
            let said = mistake(text);
            assert!(!said.contains("h4nter2") && !said.contains("4242"), "{said}");
        }
    }

    #[test]
    fn a_url_is_not_a_path() {
        let said = mistake("[api]\npath = \"https://x/api\"\n");
        assert_eq!(said, "p.toml: [api] path: \"https://x/api\" is not a path such as \"/api/items\"");
    }

    #[test]
    fn a_target_says_what_differs_from_the_rest() {
        let text = "url = \"https://a\"\n[api]\npath = \"/api/a\"\nstatus = 404\n[target.b]\nurl = \"https://b\"\n\
                    [target.b.api]\nstatus = 200\n";
        let profile = Profile::parse(text, "p.toml").unwrap();
        let b = profile.of("b").unwrap();
        assert_eq!(
            (b.url.as_deref(), b.api.path.as_deref(), b.api.status),
            (Some("https://b"), Some("/api/a"), Some(200))
        );
        assert_eq!(profile.api.status, Some(404));
    }
}
