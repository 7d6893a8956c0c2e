//! `sub_filter` and the directives that go with it: `ngx_http_sub_filter_module`.

use super::gzip::media_types;
use crate::directive::Directive;
use crate::error::ConfigError;
use crate::model::SubRule;
use crate::read::reader::{Reader, Setter};
use crate::read::values::{flag, once};
use crate::read::variables::template;

pub(super) const SETTERS: &[(&str, Setter)] = &[
    ("sub_filter", sub_filter),
    ("sub_filter_types", sub_filter_types),
    ("sub_filter_once", |r, d| once(&mut r.settings().sub.once, d, flag)),
    ("sub_filter_last_modified", |r, d| once(&mut r.settings().sub.last_modified, d, flag)),
];

/// The most texts of a level.
const MAX_RULES: usize = 255;

/// `sub_filter`.
fn sub_filter(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let (text, replacement) = (directive.argument(0), directive.argument(1));
    if text.text.is_empty() {
        return Err(directive.error_at(text, "empty search pattern"));
    }
    if reader.settings().sub.rules.len() == MAX_RULES {
        return Err(directive.error(format!("number of search patterns exceeds {MAX_RULES}")));
    }
    let text = template(&mut reader.http.variables, directive, text)?;
    let replacement = template(&mut reader.http.variables, directive, replacement)?;
    reader.settings().sub.rules.push(SubRule { text, replacement });
    Ok(())
}

/// `sub_filter_types`; written twice, it adds up.
fn sub_filter_types(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let earlier = reader.settings().sub.types.take();
    let types = media_types(reader, directive, earlier);
    reader.settings().sub.types = Some(types);
    Ok(())
}
