//! `secure_link…`: `ngx_http_secure_link_module`.

use crate::directive::Directive;
use crate::error::ConfigError;
use crate::read::reader::{Reader, Setter};
use crate::read::values::{duplicate, once, text};
use crate::read::variables::template;
use crate::template::Template;

pub(super) const SETTERS: &[(&str, Setter)] = &[
    ("secure_link", |r, d| computed(r, d, |r| &mut r.settings().secure_link.link)),
    ("secure_link_md5", |r, d| computed(r, d, |r| &mut r.settings().secure_link.md5)),
    ("secure_link_secret", |r, d| once(&mut r.settings().secure_link.secret, d, text)),
];

fn computed(
    reader: &mut Reader,
    directive: &Directive,
    slot: fn(&mut Reader) -> &mut Option<Template>,
) -> Result<(), ConfigError> {
    if slot(reader).is_some() {
        return Err(duplicate(directive));
    }
    let value = template(&mut reader.http.variables, directive, directive.argument(0))?;
    *slot(reader) = Some(value);
    Ok(())
}
