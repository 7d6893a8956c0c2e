//! The `http` block, when it has ended.

use super::tls::Handshake;
use super::tree::LocationTrees;
use super::{checks, link, merge, proxy_ssl, referers, server_names, tls};
use crate::error::ConfigError;
use crate::model::{Http, Location, LocationKind, Server, VerifyClient};
use crate::read::draft::{HttpDraft, Level, LevelId, ServerDraft};
use crate::read::reader::Reader;
use crate::template::Variable;
use crate::version::Version;

/// Builds [`Http`] from what was read.
pub(crate) fn http(reader: &mut Reader) -> Result<Http, ConfigError> {
    let mut draft = std::mem::replace(&mut reader.http, HttpDraft::new());
    let around = draft.levels.first().map(|level| &level.settings);
    let around = around.map(|http| (http.resolver.clone(), http.resolver_timeout)).unwrap_or_default();
    let upstreams = draft.upstreams.finish(reader.resolver, &around, reader.version)?;
    if let Some(message) = checks::buffers(&draft.levels).or_else(|| checks::secure_links(&draft.levels)) {
        return Err(reader.error_here(message));
    }
    let limit_zones = draft.limit_zones.finish()?;
    let caches = draft.caches.finish(|message| reader.error_here(message))?;
    let mut warnings = Vec::new();

    let mut settings = merge::settings(&draft.levels, &reader.prefix, reader.version);
    let end = reader.error_here("");
    referers::set(&draft.levels, &draft.servers, &mut settings, end.place())?;
    proxy_ssl::set(reader, &draft.levels, &mut settings)?;
    let mut trees = LocationTrees::new(&draft.levels)?;
    let server_tls = tls::server_tls(reader, &draft.levels, &draft.servers)?;
    tls::switch_on(&mut draft.listens, &draft.levels, &draft.servers, &server_tls)?;
    tls::check(&draft.listens, &draft.servers, &server_tls)?;
    let servers: Vec<Server> = draft
        .servers
        .iter()
        .zip(server_tls)
        .map(|(server, Handshake { tls, rejects_handshake, verify_client })| Server {
            tls,
            rejects_handshake,
            verify_client,
            ..server_without_tls(server, &draft.levels, &mut trees, reader.version)
        })
        .collect();
    if let Some(message) = checks::charsets(settings.get(1..).unwrap_or_default(), &draft.charsets) {
        return Err(ConfigError::new(message));
    }
    let (variables, slots) = draft.variables.resolve(reader.version)?;
    let listen = server_names::listens(draft.listens, draft.servers, &mut warnings)?;

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
            Location {
                name: level.name,
                kind,
                directive: level.directive,
                rewrite: level.rewrite,
                limit_except: level.limit_except,
                nested,
                settings,
            }
        })
        .collect();

    let mut http = Http {
        servers,
        locations,
        listen,
        upstreams,
        maps: draft.maps,
        geos: draft.geos,
        splits: draft.splits,
        limit_zones,
        charsets: draft.charsets,
        caches,
        keeps_request_body: variables.contains(&Variable::RequestBody),
        slots,
        log_formats: draft.log_formats.into_vec(),
    };
    link::link(&mut http, &variables);
    for warning in &warnings {
        reader.warn(warning);
    }
    Ok(http)
}

fn server_without_tls(
    draft: &ServerDraft,
    levels: &[Level],
    trees: &mut LocationTrees,
    version: Option<Version>,
) -> Server {
    let heads = merge::request_heads(levels, draft.level, version);
    let first = draft.names.first().map_or("", |name| name.text.as_str());
    Server {
        // `.example.com` names itself `example.com`.
        name: first.strip_prefix('.').unwrap_or(first).to_owned(),
        root: draft.level.location(),
        tree: trees.take(draft.level).unwrap_or_default(),
        tls: None,
        rejects_handshake: false,
        verify_client: VerifyClient::Off,
        http2: merge::http2(levels, draft.level),
        client_header_timeout: heads.timeout,
        client_header_buffer_size: heads.first_buffer,
        large_client_header_buffers: heads.large_buffers.0,
        large_client_header_size: heads.large_buffers.1,
        head_rules: heads.rules,
    }
}
