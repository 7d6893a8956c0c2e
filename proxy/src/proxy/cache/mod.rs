//! `proxy_cache`: whether an answer is there, and whether the one that an app server gives is kept:
//! `ngx_http_upstream_cache`.

mod deliver;
mod open;
mod pass_on;
mod update;

use std::sync::Arc;

use bytes::Bytes;

use super::handler::UpstreamFailure;
use super::request::ForCache;
use super::response::ResponseHead;
use super::upstream_error::is_next_status;
use crate::cache::{Freshness, Key, StoredResponse, Visit, variant};
use crate::exchange::{CacheStatus, Exchange};
use crate::message::date;
use crate::turn::since_epoch;

pub(super) use deliver::send_stored;
pub(super) use open::{Opened, open};
pub(super) use pass_on::{after_failure, pass_on};
pub(super) use update::update;

/// What is to become of an app server's answer.
#[derive(Debug)]
pub(super) struct CacheContext {
    visit: Visit,
    /// The key, by which variants are told apart.
    key: Key,
    /// Whether the answer may be kept.
    pub(super) is_cacheable: bool,
    /// The answer that is there, but too old.
    stale: Option<Arc<StoredResponse>>,
    freshness: Freshness,
}

impl CacheContext {
    /// How the request to the app server differs from that of the client.
    pub(super) fn request(&self, x: &Exchange<'_>) -> ForCache {
        let cache = &x.settings.proxy.cache;
        let stale = self.stale.as_ref().filter(|_| cache.revalidate && self.is_cacheable);
        let validator = |name: &str| {
            let value = stale.filter(|stale| stale.status == 200)?.fields.get(name)?.to_vec();
            (!value.is_empty()).then_some(value)
        };
        ForCache {
            get: cache.convert_head && x.request.is_head(),
            shared: self.is_cacheable,
            validators: [
                validator("Last-Modified").filter(|it| date::parse(it).is_some()),
                validator("ETag"),
            ],
        }
    }

    /// The answer that is there, if it is to be given in the place of the app server's, whose fields are weighed.
    pub(super) fn instead_of(
        &mut self,
        x: &mut Exchange<'_>,
        head: &ResponseHead,
    ) -> Option<Arc<StoredResponse>> {
        self.weigh(x);
        if let Some(stale) = self.stale_for_status(x, head.status) {
            x.cache_status = Some(CacheStatus::Stale);
            return Some(stale);
        }
        let Renewed { response, renewed } = self.revalidated(x, head.status)?;
        x.cache_status = Some(CacheStatus::Revalidated);
        self.renew(renewed);
        Some(response)
    }

    /// Weighs the fields of the app server's answer.
    pub(super) fn weigh(&mut self, x: &Exchange<'_>) {
        self.freshness = Freshness::of(&x.upstream_fields, &x.settings.proxy.ignore_headers, now());
        self.is_cacheable &= self.freshness.is_cacheable;
    }

    /// The old answer, if it is to be given because app servers fail.
    pub(super) fn stale_for_failure(
        &self,
        x: &Exchange<'_>,
        failure: UpstreamFailure,
    ) -> Option<Arc<StoredResponse>> {
        let stale = self.stale.as_ref()?;
        let when = &x.settings.proxy.cache.use_stale;
        let is_listed = match failure {
            UpstreamFailure::Error => when.error,
            UpstreamFailure::Timeout => when.timeout,
            UpstreamFailure::InvalidHeader => when.invalid_header,
            UpstreamFailure::Status(status) => is_next_status(when, status),
        };
        let by_itself = stale.valid.saturating_add(stale.error) >= now();
        (is_listed || by_itself).then(|| Arc::clone(stale))
    }

    /// The same for an answer of an app server.
    pub(super) fn stale_for_status(&self, x: &Exchange<'_>, status: u16) -> Option<Arc<StoredResponse>> {
        let is_listed = is_next_status(&x.settings.proxy.cache.use_stale, status);
        self.stale.clone().filter(|_| is_listed)
    }

    /// The old answer, if the app server says that it has not changed. It is fresh again.
    pub(super) fn revalidated(&mut self, x: &Exchange<'_>, status: u16) -> Option<Renewed> {
        let cache = &x.settings.proxy.cache;
        let stale = self.stale.clone().filter(|_| status == 304 && cache.revalidate)?;
        let now = now();
        let own = Freshness::of(&stale.fields, &x.settings.proxy.ignore_headers, now).valid;
        let by_status = || cache.valid_for(stale.status).map_or(0, |seconds| now + seconds);
        let said = &self.freshness;
        let valid = [said.valid, own].into_iter().find(|valid| *valid > 0).unwrap_or_else(by_status);
        let renewed =
            StoredResponse { valid, updating: said.updating, error: said.error, ..(*stale).clone() };
        Some(Renewed { response: stale, renewed: (valid > 0).then_some(renewed) })
    }

    /// Whether an answer of that status is kept, by the configuration and its fields; then until when it is fresh.
    pub(super) fn valid_until(&mut self, x: &Exchange<'_>, status: u16) -> Option<u64> {
        let settings = &x.settings.proxy;
        let is_buffered = settings.buffering
            && (settings.ignore_headers.accel_buffering
                || !x
                    .upstream_fields
                    .get("X-Accel-Buffering")
                    .is_some_and(|it| it.eq_ignore_ascii_case(b"no")));
        self.is_cacheable &= is_buffered && !x.is_any_set(&settings.cache.no_cache);
        let by_status = || Some(now() + settings.cache.valid_for(status)?);
        let said = Some(self.freshness.valid).filter(|valid| *valid > 0);
        said.or_else(by_status).filter(|_| self.is_cacheable)
    }

    /// Has an error stand for the answer, where `proxy_cache_valid` lets errors be kept.
    pub(super) fn keep_error(&mut self, x: &Exchange<'_>, status: u16) {
        let by_status = x.settings.proxy.cache.valid_for(status).map(|seconds| now() + seconds);
        let said = Some(self.freshness.valid).filter(|valid| *valid > 0);
        if let Some(valid) = said.or(by_status).filter(|_| self.is_cacheable) {
            self.visit.keep_error(status, valid);
        }
    }

    /// Keeps an answer.
    pub(super) fn store(self, x: &Exchange<'_>, head: &ResponseHead, body: Bytes, valid: u64) {
        let CacheContext { mut visit, key, freshness, .. } = self;
        let vary = freshness.vary.map(|vary| {
            let of = variant(&key, &vary, &x.request.headers);
            (vary, of)
        });
        let response = StoredResponse {
            status: head.status,
            status_text: head.text().to_vec(),
            framing: head.framing,
            fields: x.upstream_fields.clone(),
            body,
            valid,
            updating: freshness.updating,
            error: freshness.error,
            vary,
        };
        visit.store(response, now());
    }

    /// Keeps the answer that is there already for longer.
    pub(super) fn renew(&mut self, renewed: Option<StoredResponse>) {
        if let Some(renewed) = renewed {
            self.visit.store(renewed, now());
        }
    }
}

/// An answer that has not changed.
pub(super) struct Renewed {
    /// The answer.
    pub(super) response: Arc<StoredResponse>,
    /// The same with its new age, if it may be kept.
    pub(super) renewed: Option<StoredResponse>,
}

/// Seconds since the epoch.
fn now() -> u64 {
    since_epoch().as_secs()
}
