//! `valid_referers`: `ngx_http_referer_module`.

use crate::directive::Directive;
use crate::error::ConfigError;
use crate::read::host_names::{Conflict, HostPattern};
use crate::read::reader::{Reader, Setter};
use crate::read::regex;
use crate::read::values::{number, once};

pub(super) const SETTERS: &[(&str, Setter)] = &[
    ("valid_referers", valid_referers),
    ("referer_hash_max_size", |r, d| once(&mut r.settings().referer_hash.0, d, number)),
    ("referer_hash_bucket_size", |r, d| once(&mut r.settings().referer_hash.1, d, number)),
];

/// `valid_referers`; written twice, it adds up.
fn valid_referers(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let mut referers = reader.settings().referers.take().unwrap_or_default();
    for word in directive.arguments() {
        match word.text.as_str() {
            "" => return Err(directive.error_at(word, "invalid referer \"\"")),
            "none" => referers.none = true,
            "blocked" => referers.blocked = true,
            "server_names" => referers.server_names = true,
            "~" => return Err(directive.error_at(word, "empty regex in \"~\"")),
            text => {
                if let Some(source) = text.strip_prefix('~') {
                    let pattern = regex::pattern(&mut reader.http.variables, directive, word, source, true)?;
                    referers.patterns.push(pattern);
                    continue;
                }
                let (host, path) = text.split_at(text.find('/').unwrap_or(text.len()));
                let host = host.to_ascii_lowercase();
                let wrong = |what: &str| directive.error_at(word, format!("{what} \"{host}\""));
                let pattern =
                    HostPattern::parse(&host).ok_or_else(|| wrong("invalid hostname or wildcard"))?;
                let inserted = referers.names.insert(pattern, path.to_owned());
                inserted.map_err(|Conflict| wrong("conflicting parameter"))?;
            }
        }
    }
    reader.settings().referers = Some(referers);
    Ok(())
}
