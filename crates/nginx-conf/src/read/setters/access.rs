//! `auth_basic` and `satisfy`.

use crate::directive::Directive;
use crate::error::ConfigError;
use crate::model::Satisfy;
use crate::read::reader::{Reader, Setter};
use crate::read::values::{duplicate, once, one_of};
use crate::read::variables::{template, template_of};

pub(super) const SETTERS: &[(&str, Setter)] = &[
    ("auth_basic", auth_basic),
    ("auth_basic_user_file", auth_basic_user_file),
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
