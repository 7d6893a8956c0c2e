//! Looks for an answer.

use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;

use md5::{Digest, Md5};

use super::{CacheContext, now};
use crate::cache::{Found, Freshness, Key, StoredResponse, Visit, Zone, variant};
use crate::exchange::{CacheStatus, Exchange};
use crate::log::Escaped;
use crate::message::request::BodyLength;
use crate::proxy::error::ProxyError;
use crate::response::ClientConnection;
use crate::variables::Variables;
use crate::wire::Stream;
use nginx_conf::model::{CacheName, Level};

/// What comes of looking for an answer.
pub(crate) enum Opened {
    /// Nothing is kept for such a request.
    Off,
    /// The app server is asked.
    Ask(Box<CacheContext>),
    /// This answer is given. With a context, a new one is fetched after that.
    Send(Arc<StoredResponse>, Option<Box<CacheContext>>),
    /// The page of this status is given.
    Error(u16),
}

/// Looks for the answer to a request, which is kept under `url` if the configuration does not say otherwise.
pub(crate) async fn open<C: Stream>(
    client: &mut ClientConnection<C>,
    x: &mut Exchange<'_>,
    url: impl FnOnce(&Exchange<'_>) -> Vec<u8>,
) -> Result<Opened, ProxyError> {
    let cache = &x.settings.proxy.cache;
    let is_kept = matches!(x.method(), b"GET" | b"HEAD") || (cache.caches_post && x.method() == b"POST");
    let Some(zone) = zone(x)?.filter(|_| is_kept) else { return Ok(Opened::Off) };
    let key = cache.key.as_ref().map_or_else(|| url(x), |key| x.evaluate(key));
    let key: Key = Md5::digest(key).into();
    let visit = Visit::new(&zone, key, cache.min_uses, cache.lock.then_some(cache.lock_age));
    let mut context = Box::new(CacheContext {
        visit,
        key,
        is_cacheable: true,
        stale: None,
        freshness: Freshness::default(),
    });
    if x.is_any_set(&cache.bypass) {
        x.cache_status = Some(CacheStatus::Bypass);
        return Ok(Opened::Ask(context));
    }
    x.cache_status = Some(CacheStatus::Miss);
    let deadline = Instant::now() + cache.lock_timeout;
    loop {
        let found = context.visit.look_up(now(), |vary| variant(&key, vary, &x.request.headers));
        match found {
            // An answer to a HEAD has the length of a body that is not there.
            Found::Fresh(response) if !response.is_whole() && !x.request.is_head() => {
                return Ok(Opened::Ask(context));
            }
            Found::Fresh(response) => {
                x.cache_status = Some(CacheStatus::Hit);
                return Ok(Opened::Send(response, None));
            }
            Found::Stale { response, is_updated } => return Ok(stale(x, context, response, is_updated)),
            Found::Error(status) => {
                x.cache_status = Some(CacheStatus::Hit);
                return Ok(Opened::Error(status));
            }
            Found::Nothing => return Ok(Opened::Ask(context)),
            Found::NotKept => {
                context.is_cacheable = false;
                return Ok(Opened::Ask(context));
            }
            Found::Busy => {
                let left = deadline.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    x.log(Level::Info, format_args!("cache lock timeout"));
                    context.is_cacheable = false;
                    return Ok(Opened::Ask(context));
                }
                if client.unless_closed(pin!(context.visit.changed(left))).await.is_none() {
                    x.log(Level::Info, format_args!("client prematurely closed connection"));
                    x.status = 499;
                    return Err(ProxyError::Close);
                }
            }
        }
    }
}

/// An answer that is too old may be given while a new one is fetched.
fn stale(
    x: &mut Exchange<'_>,
    mut context: Box<CacheContext>,
    response: Arc<StoredResponse>,
    is_updated: bool,
) -> Opened {
    let cache = &x.settings.proxy.cache;
    let may_wait = cache.use_stale_updating || response.valid.saturating_add(response.updating) >= now();
    // The body of this request would be needed again.
    let can_update = cache.background_update && x.request.body == BodyLength::None;
    context.stale = Some(Arc::clone(&response));
    if may_wait && is_updated {
        x.cache_status = Some(CacheStatus::Updating);
        return Opened::Send(response, None);
    }
    if may_wait && can_update {
        x.cache_status = Some(CacheStatus::Stale);
        return Opened::Send(response, Some(context));
    }
    x.cache_status = Some(CacheStatus::Expired);
    Opened::Ask(context)
}

/// The zone of `proxy_cache`; none for `off`.
fn zone(x: &Exchange<'_>) -> Result<Option<Arc<Zone>>, ProxyError> {
    let caches = &x.cycle.caches;
    match &x.settings.proxy.cache.zone {
        None => Ok(None),
        Some(CacheName::Zone(index)) => Ok(caches.get(*index).cloned()),
        Some(CacheName::Computed(name)) => {
            let name = x.evaluate(name);
            if matches!(&name[..], b"" | b"off") {
                return Ok(None);
            }
            let zone = caches.named(&name).cloned();
            if zone.is_none() {
                x.log(Level::Error, format_args!("cache \"{}\" not found", Escaped(&name)));
            }
            zone.map(Some).ok_or(ProxyError::Status(500))
        }
    }
}
