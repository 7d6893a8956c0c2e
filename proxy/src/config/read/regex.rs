//! Regular expressions: PCRE in nginx, `fancy-regex` here.

use fancy_regex::{BytesMode, RegexBuilder};

use super::Reader;
use super::variables::Maker;
use crate::config::error::ConfigError;
use crate::config::input::Directive;
use crate::config::model::Pattern;
use crate::config::source::Word;

/// Compiles `source`, a part of `word`; each named capture makes a variable.
pub(super) fn pattern(
    reader: &mut Reader,
    directive: &Directive,
    word: &Word,
    source: &str,
    caseless: bool,
) -> Result<Pattern, ConfigError> {
    // As PCRE without UTF mode, which is what nginx asks for: a dot is a byte.
    let regex = RegexBuilder::new(source)
        .case_insensitive(caseless)
        .bytes_mode(BytesMode::Ascii)
        .build()
        .map_err(|error| {
            let reason = error.to_string().lines().last().unwrap_or_default().trim().to_owned();
            directive.error_at(word, format!("regular expression \"{source}\" cannot be compiled: {reason}"))
        })?;
    let mut named = Vec::new();
    for (group, name) in regex.capture_names().enumerate() {
        if let Some(name) = name {
            named.push((group, reader.http.names.make(directive, word, name, Maker::Set)?));
        }
    }
    Ok(Pattern { source: source.to_owned(), regex, named })
}
