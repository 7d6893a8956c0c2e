//! Files and response headers: `root`, `alias`, `index`, `try_files`, `types`, `add_header`.

use super::gzip::media_types;
use crate::directive::Directive;
use crate::error::ConfigError;
use crate::model::{
    AccessRule, AddHeader, ErrorPage, ErrorStatus, Expires, IfModifiedSince, Inherit, LocationKind, Root,
    TryFile, TryFiles, TryFilesFallback,
};
use crate::read::reader::{Reader, Setter};
use crate::read::values::{duplicate, flag, invalid_value, network, once, one_of, text};
use crate::read::variables::{template, template_of};
use crate::template::Template;
use crate::units::parse_number;

pub(super) const SETTERS: &[(&str, Setter)] = &[
    ("root", root),
    ("alias", root),
    ("index", index),
    ("try_files", try_files),
    ("types", types),
    ("default_type", |r, d| once(&mut r.settings().default_type, d, text)),
    ("charset", charset),
    ("source_charset", source_charset),
    ("charset_types", charset_types),
    ("override_charset", |r, d| once(&mut r.settings().override_charset, d, flag)),
    ("etag", |r, d| once(&mut r.settings().etag, d, flag)),
    ("if_modified_since", |r, d| once(&mut r.settings().if_modified_since, d, |d| one_of(d, MODIFIED))),
    ("internal", internal),
    ("allow", access),
    ("deny", access),
    ("error_page", error_page),
    ("recursive_error_pages", |r, d| once(&mut r.settings().recursive_error_pages, d, flag)),
    ("expires", expires),
    ("add_header", |r, d| added_field(r, d).map(|field| r.settings().add_header.push(field))),
    ("add_header_inherit", |r, d| once(&mut r.settings().add_header_inherit, d, |d| one_of(d, INHERIT))),
    ("add_trailer", |r, d| added_field(r, d).map(|field| r.settings().add_trailer.push(field))),
    ("add_trailer_inherit", |r, d| once(&mut r.settings().add_trailer_inherit, d, |d| one_of(d, INHERIT))),
];

const INHERIT: &[(&str, Inherit)] = &[("on", Inherit::On), ("off", Inherit::Off), ("merge", Inherit::Merge)];

const MODIFIED: &[(&str, IfModifiedSince)] =
    &[("off", IfModifiedSince::Off), ("exact", IfModifiedSince::Exact), ("before", IfModifiedSince::Before)];

/// `root` and `alias`.
fn root(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let (name, word) = (directive.name(), directive.argument(0));
    let alias = name == "alias";
    if let Some(earlier) = &reader.settings().root {
        return Err(match (earlier.alias, alias) {
            (true, false) | (false, true) => {
                let earlier = if earlier.alias { "alias" } else { "root" };
                directive.error(format!(
                    "\"{name}\" directive is duplicate, \"{earlier}\" directive was specified earlier"
                ))
            }
            _ => duplicate(directive),
        });
    }
    let level = reader.http.level();
    let (kind, replaced) = (level.kind, level.name.len());
    if alias && kind == Some(LocationKind::Named) {
        return Err(directive.error("the \"alias\" directive cannot be used inside the named location"));
    }
    for variable in ["document_root", "realpath_root"] {
        if word.text.contains(&format!("${variable}")) || word.text.contains(&format!("${{{variable}}}")) {
            let message = format!("the ${variable} variable cannot be used in the \"{name}\" directive");
            return Err(directive.error_at(word, message));
        }
    }
    let text = match alias {
        true => word.text.as_str(),
        false => word.text.strip_suffix('/').unwrap_or(&word.text),
    };
    let prefix = reader.full_path("").display().to_string();
    let variable_first = text.starts_with('$');
    let full = match variable_first {
        true => text.to_owned(),
        // Not a path join: it would take an empty text for the prefix without its slash.
        false if text.starts_with('/') || (text.is_empty() && !word.text.is_empty()) => text.to_owned(),
        false => format!("{prefix}{text}"),
    };
    let path = template_of(&mut reader.http.variables, directive, word, &full)?;
    // Where it replaces nothing it adds the whole URI, as `root` does.
    let alias = alias && (kind == Some(LocationKind::Regex) || replaced > 0);
    let alias_prefix = if alias && kind != Some(LocationKind::Regex) { replaced } else { 0 };
    reader.settings().root =
        Some(Root { path, prefix: variable_first.then_some(prefix), alias, alias_prefix });
    Ok(())
}

/// `index`.
fn index(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let last = directive.arguments().len() - 1;
    for (position, word) in directive.arguments().iter().enumerate() {
        if word.text.is_empty() {
            return Err(directive.error_at(word, "index \"\" in \"index\" directive is invalid"));
        }
        if word.text.starts_with('/') && position != last {
            let message = "only the last index in \"index\" directive should be absolute";
            reader.warn(&directive.error_at(word, message));
        }
        let file = template(&mut reader.http.variables, directive, word)?;
        reader.settings().index.push(file);
    }
    Ok(())
}

/// `try_files`.
fn try_files(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    if reader.settings().try_files.is_some() {
        return Err(duplicate(directive));
    }
    let Some((last, words)) = directive.arguments().split_last() else { return Ok(()) };
    let mut files = Vec::new();
    for word in words {
        let (text, is_directory) = match word.text.strip_suffix('/') {
            Some(shorter) => (shorter, true),
            None => (word.text.as_str(), false),
        };
        let path = template_of(&mut reader.http.variables, directive, word, text)?;
        files.push(TryFile { path, directory: is_directory });
    }
    let code = match last.text.strip_prefix('=') {
        Some(code) => {
            let number = parse_number(code).filter(|number| *number <= 999);
            let number = number.and_then(|number| u16::try_from(number).ok());
            number.ok_or_else(|| directive.error_at(last, format!("invalid code \"{}\"", last.text)))?
        }
        None => 0,
    };
    let last = match code {
        1.. => TryFilesFallback::Status(code),
        // `=0` is a name to nginx.
        0 => TryFilesFallback::Uri(template(&mut reader.http.variables, directive, last)?),
    };
    reader.settings().try_files = Some(TryFiles { files, last });
    Ok(())
}

/// `types { … }`.
fn types(reader: &mut Reader, _: &Directive) -> Result<(), ConfigError> {
    reader.settings().types.get_or_insert_default();
    while let Some(entry) = reader.entry()? {
        if entry.name() == "include" {
            return Err(entry.error("invalid number of arguments in \"include\" directive"));
        }
        let content_type = entry.name().to_owned();
        for word in entry.arguments() {
            let extension = word.text.to_ascii_lowercase();
            let types = reader.settings().types.get_or_insert_default();
            if let Some(old) = types.insert(extension.clone(), content_type.clone()) {
                let message = format!(
                    "duplicate extension \"{extension}\", content type: \"{content_type}\", previous content type: \"{old}\""
                );
                reader.warn(&entry.error_at(word, message));
            }
        }
    }
    Ok(())
}

/// `charset`.
fn charset(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    if reader.settings().charset.is_some() {
        return Err(duplicate(directive));
    }
    let name = match directive.argument(0).text.as_str() {
        "off" => None,
        _ => Some(charset_name(reader, directive)?),
    };
    reader.settings().charset = Some(name);
    Ok(())
}

/// `source_charset`, for which `off` is a name like any other.
fn source_charset(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    if reader.settings().source_charset.is_some() {
        return Err(duplicate(directive));
    }
    let name = charset_name(reader, directive)?;
    reader.settings().source_charset = Some(name);
    Ok(())
}

/// The name of a charset, or the variable that has it: `ngx_http_set_charset_slot`.
fn charset_name(reader: &mut Reader, directive: &Directive) -> Result<Template, ConfigError> {
    let word = directive.argument(0);
    match word.text.strip_prefix('$') {
        // Only a whole variable is one: all that follows the dollar is its name.
        Some(name) if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') => {
            Err(directive.error_at(word, format!("unknown \"{name}\" variable")))
        }
        Some(_) => template(&mut reader.http.variables, directive, word),
        None => {
            reader.http.charsets.push(word.text.clone());
            Ok(Template::literal(&word.text))
        }
    }
}

/// `charset_types`; written twice, it adds up.
fn charset_types(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let earlier = reader.settings().charset_types.take();
    let types = media_types(reader, directive, earlier);
    reader.settings().charset_types = Some(types);
    Ok(())
}

/// `internal`.
fn internal(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    match reader.settings().internal.replace(true) {
        Some(_) => Err(duplicate(directive)),
        None => Ok(()),
    }
}

/// `allow` and `deny`.
fn access(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let word = directive.argument(0);
    let allow = directive.name() == "allow";
    let invalid = || directive.error_at(word, format!("invalid parameter \"{}\"", word.text));
    let clients = match word.text.as_str() {
        "all" => None,
        // No client connects through a UNIX-domain socket.
        "unix:" => return Ok(()),
        text => {
            let (network, is_round) = network(text).ok_or_else(invalid)?;
            if !is_round {
                let message = format!("low address bits of {text} are meaningless");
                reader.warn(&directive.error_at(word, message));
            }
            Some(network)
        }
    };
    reader.settings().access.push(AccessRule { allow, clients });
    Ok(())
}

/// `error_page`.
fn error_page(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let [codes @ .., page] = directive.arguments() else { return Err(invalid_value(directive, 0)) };
    let (codes, answer) = match codes {
        [codes @ .., last] if last.text.starts_with('=') => {
            let answer = match &last.text[1..] {
                "" => ErrorStatus::Answer,
                code => {
                    let invalid = || directive.error_at(last, format!("invalid value \"{}\"", last.text));
                    ErrorStatus::Fixed(
                        parse_number(code).and_then(|code| u16::try_from(code).ok()).ok_or_else(invalid)?,
                    )
                }
            };
            (codes, answer)
        }
        codes => (codes, ErrorStatus::Same),
    };
    if codes.is_empty() {
        let word = directive.argument(0);
        return Err(directive.error_at(word, format!("invalid value \"{}\"", word.text)));
    }
    let page = template(&mut reader.http.variables, directive, page)?;
    for word in codes {
        let code = parse_number(&word.text).and_then(|code| u16::try_from(code).ok());
        let invalid = |what: String| directive.error_at(word, what);
        let status = code.ok_or_else(|| invalid(format!("invalid value \"{}\"", word.text)))?;
        if !(300..=599).contains(&status) || status == 499 {
            return Err(invalid(match status {
                499 => format!("invalid value \"{}\"", word.text),
                _ => format!("value \"{}\" must be between 300 and 599", word.text),
            }));
        }
        // nginx's internal codes are a 400 to the client.
        let answer = match (answer, status) {
            (ErrorStatus::Same, 494..=497) => ErrorStatus::Fixed(400),
            (answer, _) => answer,
        };
        reader.settings().error_page.push(ErrorPage { status, answer, page: page.clone() });
    }
    Ok(())
}

/// `expires`.
fn expires(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    if reader.settings().expires.is_some() {
        return Err(duplicate(directive));
    }
    let (modified, word) = match directive.arguments() {
        [word] => (false, word),
        [modified, word] if modified.text == "modified" => (true, word),
        _ => return Err(invalid_value(directive, 0)),
    };
    let value = template(&mut reader.http.variables, directive, word)?;
    let expires = match value.as_literal() {
        Some(text) => Expires::parse(text, modified)
            .map_err(|why| directive.error_at(word, format!("\"expires\" directive {why}")))?,
        None => Expires::Computed { value, modified },
    };
    reader.settings().expires = Some(expires);
    Ok(())
}

/// `add_header` and `add_trailer`.
fn added_field(reader: &mut Reader, directive: &Directive) -> Result<AddHeader, ConfigError> {
    let value = template(&mut reader.http.variables, directive, directive.argument(1))?;
    let always = match directive.arguments().get(2) {
        None => false,
        Some(word) if word.text == "always" => true,
        Some(word) => return Err(directive.error_at(word, format!("invalid parameter \"{}\"", word.text))),
    };
    Ok(AddHeader { name: directive.argument(0).text.clone(), value, always })
}
