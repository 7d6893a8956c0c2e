//! Sessions that stay with a server: `sticky`.

use crate::clock::http_date;
use crate::exchange::Exchange;
use crate::upstream::{PeerSelection, UpstreamGroup};
use crate::variables::Variables;
use nginx_conf::model::{Sticky, StickyCookie, StickyExpires};
use nginx_conf::template::Template;

/// The last second that a cookie of `expires=max` is kept, and how many seconds that is said to be.
const MAX: (u64, u64) = (2_145_916_555, 315_360_000);

/// The route that a request asks for, if any.
pub(super) fn wanted_route(x: &Exchange<'_>, group: &UpstreamGroup) -> Option<Vec<u8>> {
    let route = match group.sticky.as_ref()? {
        Sticky::Cookie(cookie) => x.cookie(&cookie.name).map(<[u8]>::to_vec),
        Sticky::Route(texts) => first(x, texts),
        Sticky::Learn(learn) => {
            let route = group.sessions.as_ref()?.find(&first(x, &learn.lookup)?, learn.timeout)?;
            Some(route.as_bytes().to_vec())
        }
    };
    route.filter(|route| !route.is_empty())
}

/// The first that is not empty.
fn first(x: &Exchange<'_>, texts: &[Template]) -> Option<Vec<u8>> {
    texts.iter().map(|text| x.evaluate(text)).find(|text| !text.is_empty())
}

/// Notes the session that an answer has begun, when its head has come, or after it was passed on.
pub(super) fn learn(x: &Exchange<'_>, group: &UpstreamGroup, selection: &PeerSelection<'_>, at_head: bool) {
    if let (Some(Sticky::Learn(learn)), Some(sessions)) = (&group.sticky, &group.sessions)
        && learn.at_head == at_head
        && let (Some(name), Some(route)) = (first(x, &learn.create), selection.route())
    {
        sessions.note(&name, &route);
    }
}

/// The `Set-Cookie` that names a server's route.
pub(super) fn set_cookie(x: &Exchange<'_>, cookie: &StickyCookie, route: &str) -> Vec<u8> {
    let StickyCookie { name, expires, domain, path, secure, http_only, same_site } = cookie;
    let mut out = format!("{name}={route}").into_bytes();
    let times = expires.map(|expires| match expires {
        StickyExpires::Max => MAX,
        StickyExpires::Seconds(seconds) => (x.cycle.clock.now().second.saturating_add(seconds), seconds),
    });
    if let Some((at, seconds)) = times {
        let date = cookie_date(at);
        out.extend_from_slice(format!("; expires={date}; max-age={seconds}").as_bytes());
    }
    let mut attribute = |name: &str, value: Vec<u8>| {
        if !value.is_empty() {
            out.extend_from_slice(name.as_bytes());
            out.extend(value);
        }
    };
    attribute("; domain=", domain.as_ref().map(|domain| x.evaluate(domain)).unwrap_or_default());
    attribute("; ", if *http_only { b"httponly".to_vec() } else { Vec::new() });
    attribute("; ", if *secure { b"secure".to_vec() } else { Vec::new() });
    attribute("; samesite=", same_site.clone().unwrap_or_default().into_bytes());
    attribute("; path=", path.as_ref().map(|path| x.evaluate(path)).unwrap_or_default());
    out
}

/// A date as in cookies: with hyphens, and a year of two digits as long as that is not yet over: `ngx_http_cookie_time`.
fn cookie_date(second: u64) -> String {
    const YEAR_2038: u64 = 2_145_916_800;
    let date = http_date(second);
    let words: Vec<&str> = date.split(' ').collect();
    let [day, date, month, year, time, zone] = words[..] else { return date };
    let year = if second < YEAR_2038 { year.get(2..).unwrap_or(year) } else { year };
    format!("{day} {date}-{month}-{year} {time} {zone}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_s_date_has_hyphens() {
        assert_eq!(cookie_date(MAX.0), "Thu, 31-Dec-37 23:55:55 GMT");
        assert_eq!(cookie_date(2_147_483_647), "Tue, 19-Jan-2038 03:14:07 GMT");
    }
}
