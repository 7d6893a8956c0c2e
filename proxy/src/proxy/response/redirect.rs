//! `proxy_redirect`: rewrites `Location` and `Refresh`.

use crate::exchange::Exchange;
use crate::variables::Variables;
use nginx_conf::model::{Redirect, RedirectRule};

/// The new value of a field; `None` leaves it as it is.
pub(crate) fn rewrite(x: &Exchange<'_>, name: &[u8], value: &[u8]) -> Option<Vec<u8>> {
    if name.eq_ignore_ascii_case(b"Location") {
        apply(x, value)
    } else if name.eq_ignore_ascii_case(b"Refresh") {
        let url = memchr::memmem::find(&value.to_ascii_lowercase(), b"url=")? + 4;
        let (before, url) = value.split_at_checked(url)?;
        Some([before, &apply(x, url)?].concat())
    } else {
        None
    }
}

/// Applies the first rule that matches.
fn apply(x: &Exchange<'_>, value: &[u8]) -> Option<Vec<u8>> {
    let Redirect::Rules(rules) = &x.settings.proxy.redirect else { return None };
    rules.iter().find_map(|rule| match rule {
        RedirectRule::Prefix { from, to } => {
            let rest = value.strip_prefix(&x.evaluate(from)[..])?;
            let mut value = x.evaluate(to);
            value.extend_from_slice(rest);
            Some(value)
        }
        RedirectRule::Regex { pattern, to } => x.matches(pattern, value).then(|| x.evaluate(to)),
    })
}
