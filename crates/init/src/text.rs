//! The text of a profile while it is written.

use serde_json::Value;

/// The width of comments.
const WIDTH: usize = 100;

/// The description in a schema.
pub(crate) fn description(of: &Value) -> &str {
    of["description"].as_str().unwrap_or_default()
}

/// A TOML key, quoted unless it is bare.
pub(crate) fn key(name: &str) -> String {
    let bare = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if bare { name.to_owned() } else { toml::Value::from(name).to_string() }
}

/// The text written so far.
#[derive(Debug, Default)]
pub(crate) struct ProfileText(String);

impl ProfileText {
    /// A line as it is.
    pub(crate) fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    /// An empty line, unless there is one.
    pub(crate) fn gap(&mut self) {
        if !self.0.ends_with("\n\n") {
            self.line("");
        }
    }

    /// A comment, wrapped.
    pub(crate) fn comment(&mut self, text: &str) {
        let mut line = String::from("#");
        for word in text.split_whitespace() {
            if line.chars().count() + 1 + word.chars().count() > WIDTH {
                self.line(&line);
                line = String::from("#");
            }
            line.push(' ');
            line.push_str(word);
        }
        if line.len() > 1 {
            self.line(&line);
        }
    }

    /// All of it.
    pub(crate) fn finish(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_quoted_unless_bare() {
        assert_eq!((key("X-A"), key("a.b")), ("X-A".to_owned(), "\"a.b\"".to_owned()));
    }
}
