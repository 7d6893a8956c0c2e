//! Limits on values that depend on each other, which nginx checks when it merges levels.

use crate::model::Settings;
use crate::read::draft::{Level, LevelId, RawSettings};
use crate::template::Template;

/// A page of memory, which is the size of one of nginx's buffers.
pub(super) const PAGE_SIZE: usize = 4096;
/// nginx's `connection_pool_size`.
const CONNECTION_POOL_SIZE: usize = 512;

/// What is wrong with the buffers of some level, in nginx's words.
pub(super) fn buffers(levels: &[Level]) -> Option<&'static str> {
    // nginx merges what stands in a block, not the `http` block by itself.
    levels.iter().skip(1).find_map(|level| {
        let large = inherited(levels, level, |raw| raw.large_client_header_buffers);
        if large.is_some_and(|(_, size)| size < CONNECTION_POOL_SIZE) {
            return Some(
                "the \"large_client_header_buffers\" size must be equal to or greater than \"connection_pool_size\"",
            );
        }
        let (count, size) = inherited(levels, level, |raw| raw.proxy_buffers).unwrap_or((8, PAGE_SIZE));
        if count < 2 {
            return Some("there must be at least 2 \"proxy_buffers\"");
        }
        let head = inherited(levels, level, |raw| raw.proxy_buffer_size).unwrap_or(PAGE_SIZE);
        let largest = head.max(size);
        let busy = inherited(levels, level, |raw| raw.proxy_busy_buffers_size).unwrap_or(2 * largest);
        if busy < largest {
            return Some(
                "\"proxy_busy_buffers_size\" must be equal to or greater than the maximum of the value of \
                 \"proxy_buffer_size\" and one of the \"proxy_buffers\"",
            );
        }
        (busy > (count - 1).saturating_mul(size)).then_some(
            "\"proxy_busy_buffers_size\" must be less than the size of all \"proxy_buffers\" minus one buffer",
        )
    })
}

/// Whether some level says both how links are hashed and that they are so in the old way.
pub(super) fn secure_links(levels: &[Level]) -> Option<&'static str> {
    let mixed = levels.iter().map(|level| &level.settings.secure_link).any(|secure_link| {
        secure_link.secret.is_some() && (secure_link.link.is_some() || secure_link.md5.is_some())
    });
    mixed.then_some("\"secure_link_secret\" cannot be mixed with \"secure_link\" and \"secure_link_md5\"")
}

/// A setting of a level or of the nearest one around it that has it.
fn inherited<T>(levels: &[Level], level: &Level, value: impl Fn(&RawSettings) -> Option<T>) -> Option<T> {
    let mut level = level;
    loop {
        match (value(&level.settings), level.kind) {
            (Some(found), _) => return Some(found),
            (None, None) => return None,
            (None, Some(_)) => level = levels.get(level.parent.0).or(levels.get(LevelId::HTTP.0))?,
        }
    }
}

/// Whether a text would have to be put into other characters, below `http`: `ngx_http_charset_postconfiguration`. `names` are
/// those of the file, each as it is spelt first.
pub(super) fn charsets(settings: &[Settings], names: &[String]) -> Option<String> {
    settings.iter().find_map(|settings| {
        let literal = |name: &Option<Template>| Some(name.as_ref()?.as_literal()?.to_owned());
        let (source, name) = (literal(&settings.charset.source)?, literal(&settings.charset.name)?);
        let known = |name: &str| names.iter().find(|known| known.eq_ignore_ascii_case(name)).cloned();
        let is_map_needed = !source.eq_ignore_ascii_case(&name);
        is_map_needed.then(|| {
            let [source, name] = [source, name].map(|name| known(&name).unwrap_or(name));
            format!("no \"charset_map\" between the charsets \"{source}\" and \"{name}\"")
        })
    })
}
