//! Merges `autoindex…`, `sub_filter…` and `secure_link…`.

use std::sync::Arc;

use crate::model::{Autoindex, SecureLink, SubFilter};
use crate::read::draft::{AutoindexSettings, SubSettings};

/// What a level says of lists of directories, and the rest from the one around it.
pub(super) fn autoindex(raw: &AutoindexSettings, outer: Autoindex) -> Autoindex {
    Autoindex {
        on: raw.on.unwrap_or(outer.on),
        exact_size: raw.exact_size.unwrap_or(outer.exact_size),
        local_time: raw.local_time.unwrap_or(outer.local_time),
        format: raw.format.unwrap_or(outer.format),
    }
}

/// What a level says of texts to replace, and the rest from the one around it.
pub(super) fn sub(raw: &SubSettings, outer: &SubFilter) -> SubFilter {
    SubFilter {
        rules: if raw.rules.is_empty() { outer.rules.clone() } else { raw.rules.clone() },
        types: match &raw.types {
            Some(types) => types.clone().map(Arc::new),
            None => outer.types.clone(),
        },
        once: raw.once.unwrap_or(outer.once),
        last_modified: raw.last_modified.unwrap_or(outer.last_modified),
    }
}

/// What a level says of links, and the rest from the one around it.
pub(super) fn secure_link(raw: &SecureLink, outer: &SecureLink) -> SecureLink {
    if raw.secret.is_some() {
        return raw.clone();
    }
    let link = raw.link.clone().or_else(|| outer.link.clone());
    let md5 = raw.md5.clone().or_else(|| outer.md5.clone());
    let secret = outer.secret.clone().filter(|_| link.is_none() && md5.is_none());
    SecureLink { link, md5, secret }
}
