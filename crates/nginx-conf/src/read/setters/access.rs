//! `auth_basic`, `auth_request` and `satisfy`.

use crate::directive::Directive;
use crate::error::ConfigError;
use crate::model::Satisfy;
use crate::read::reader::{Reader, Setter};
use crate::read::values::{duplicate, once, one_of, time};
use crate::read::variables::{Definition, template, template_of};

pub(super) const SETTERS: &[(&str, Setter)] = &[
    ("auth_basic", auth_basic),
    ("auth_basic_user_file", auth_basic_user_file),
    ("auth_delay", |r, d| once(&mut r.settings().auth_delay, d, time)),
    ("auth_request", auth_request),
    ("auth_request_set", auth_request_set),
    ("satisfy", |r, d| {
        once(&mut r.settings().satisfy, d, |d| one_of(d, &[("all", Satisfy::All), ("any", Satisfy::Any)]))
    }),
];

/// `auth_basic`.
fn auth_basic(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    if reader.settings().auth_basic.is_some() {
        return Err(duplicate(directive));
    }
    let realm = template(&mut reader.http.variables, directive, directive.argument(0))?;
    reader.settings().auth_basic = Some(realm);
    Ok(())
}

/// `auth_request`.
fn auth_request(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let uri = directive.argument(0).text.clone();
    once(&mut reader.settings().auth_request, directive, |_| Ok((uri != "off").then_some(uri)))
}

/// `auth_request_set`.
fn auth_request_set(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let word = directive.argument(0);
    let Some(name) = word.text.strip_prefix('$') else {
        return Err(directive.error_at(word, format!("invalid variable name \"{}\"", word.text)));
    };
    let slot = reader.http.variables.define(directive, word, name, Definition::Set)?;
    let value = template(&mut reader.http.variables, directive, directive.argument(1))?;
    reader.settings().auth_request_set.push((slot, value));
    Ok(())
}

/// `auth_basic_user_file`.
fn auth_basic_user_file(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    if reader.settings().auth_basic_user_file.is_some() {
        return Err(duplicate(directive));
    }
    let word = directive.argument(0);
    let path = match word.text.starts_with('$') {
        true => word.text.clone(),
        false => reader.path_beside_the_file(&word.text).display().to_string(),
    };
    let path = template_of(&mut reader.http.variables, directive, word, &path)?;
    reader.settings().auth_basic_user_file = Some(path);
    Ok(())
}
