//! Puts `valid_referers` together when the names of servers are known: `ngx_http_referer_merge_conf`.

use std::sync::Arc;

use crate::error::{ConfigError, Place};
use crate::model::{LocationKind, Referers, Settings};
use crate::read::draft::{Level, LevelId, RefererSettings, ServerDraft};
use crate::read::host_names::{Conflict, HostPattern};

const NOBODY: &str = "the \"none\" or \"blocked\" referers are specified in the \"valid_referers\" directive without any valid \
                      referer";

/// Sets the referers of every level. `end`: where the `http` block ends, which is when nginx looks at them.
pub(super) fn set(
    levels: &[Level],
    servers: &[ServerDraft],
    settings: &mut [Settings],
    end: Option<&Place>,
) -> Result<(), ConfigError> {
    for (index, level) in levels.iter().enumerate() {
        let referers = match &level.settings.referers {
            Some(own) => Some(Arc::new(referers(own, server_of(levels, servers, index), end)?)),
            // A level stands after the one around it.
            None => settings.get(level.parent.0).and_then(|outer| outer.referers.clone()),
        };
        if let Some(settings) = settings.get_mut(index) {
            settings.referers = referers;
        }
    }
    Ok(())
}

fn referers(
    own: &RefererSettings,
    server: Option<&ServerDraft>,
    end: Option<&Place>,
) -> Result<Referers, ConfigError> {
    let RefererSettings { none, blocked, server_names, mut names, patterns } = own.clone();
    let of_server = server.filter(|_| server_names).map_or(&[][..], |server| &server.names);
    let mut server_patterns = Vec::new();
    for name in of_server {
        if let Some(pattern) = &name.pattern {
            server_patterns.push(pattern.clone());
            continue;
        }
        let wrong = |what: &str| {
            let error = name.error.clone().with_message(format!("{what} \"{}\"", name.text));
            end.map_or_else(|| error.clone(), |end| error.clone().at(end.clone()))
        };
        let pattern = HostPattern::parse(&name.text).ok_or_else(|| wrong("invalid hostname or wildcard"))?;
        names.insert(pattern, String::new()).map_err(|Conflict| wrong("conflicting parameter"))?;
    }
    // To nginx, a server without a name has the name "".
    let has_names = !names.is_empty() || server_names && of_server.is_empty();
    if (none || blocked) && !has_names {
        return Err(ConfigError::new(NOBODY));
    }
    let (exact, wildcards) = names.finish();
    Ok(Referers { none, blocked, exact, wildcards, server_names: server_patterns, patterns })
}

/// The server that a level belongs to.
fn server_of<'s>(levels: &[Level], servers: &'s [ServerDraft], index: usize) -> Option<&'s ServerDraft> {
    let mut id = LevelId(index);
    loop {
        let level = levels.get(id.0)?;
        match level.kind? {
            LocationKind::ServerLevel => return servers.iter().find(|server| server.level == id),
            _ => id = level.parent,
        }
    }
}
