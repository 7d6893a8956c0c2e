//! Drafts to the model, when the `http` block has ended: what nginx does in `ngx_http_block` after parsing.

mod checks;
mod link;
mod merge;
pub(super) mod names;
mod tls;
mod tree;

use self::tls::Handshake;
use super::Reader;
use super::draft::Draft;
use super::level::{Level, LevelId};
use crate::error::ConfigError;
use crate::model::{Http, Location, LocationKind, Server};

/// Builds [`Http`] from what was read.
pub(super) fn finish(reader: &mut Reader) -> Result<(), ConfigError> {
    let draft = std::mem::replace(&mut reader.http, Draft::new());
    let upstreams = draft.upstreams.finish()?;
    if let Some(message) = checks::buffers(&draft.levels) {
        return Err(reader.error_here(message));
    }
    let mut warnings = Vec::new();

    let settings = merge::settings(&draft.levels, &reader.prefix);
    let mut trees = tree::Trees::new(&draft.levels)?;
    let handshakes = tls::handshakes(reader, &draft.levels, &draft.servers)?;
    tls::check(&draft.listens, &draft.servers, &handshakes)?;
    let servers: Vec<Server> = draft
        .servers
        .iter()
        .zip(handshakes)
        .map(|(server, Handshake { tls, rejects_handshake })| Server {
            tls,
            rejects_handshake,
            ..server_of(server, &draft.levels, &mut trees)
        })
        .collect();
    let (variables, slots) = draft.names.resolve()?;
    let listen = names::listens(draft.listens, draft.servers, &mut warnings)?;

    let locations = draft
        .levels
        .into_iter()
        .zip(settings)
        .enumerate()
        .skip(1)
        .map(|(index, (level, settings))| {
            let kind = level.kind.unwrap_or(LocationKind::ServerLevel);
            // A server has taken its own already.
            let nested = trees.take(LevelId(index));
            Location { name: level.name, kind, rewrite: level.rewrite, nested, settings }
        })
        .collect();

    let mut http = Http {
        servers,
        locations,
        listen,
        upstreams,
        maps: draft.maps,
        slots,
        log_formats: draft.log_formats,
    };
    link::link(&mut http, &variables);
    for warning in &warnings {
        reader.warn(warning);
    }
    reader.http.finished = Some(http);
    Ok(())
}

fn server_of(draft: &super::http::server::ServerDraft, levels: &[Level], trees: &mut tree::Trees) -> Server {
    let heads = merge::request_heads(levels, draft.level);
    let first = draft.names.first().map_or("", |name| name.text.as_str());
    Server {
        // `.example.com` names itself `example.com`.
        name: first.strip_prefix('.').unwrap_or(first).to_owned(),
        root: draft.level.location(),
        tree: trees.take(draft.level).unwrap_or_default(),
        tls: None,
        rejects_handshake: false,
        client_header_timeout: heads.timeout,
        client_header_buffer_size: heads.first_buffer,
        large_client_header_buffers: heads.large_buffers.0,
        large_client_header_size: heads.large_buffers.1,
    }
}
