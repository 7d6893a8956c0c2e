//! `proxy_cookie_domain`, `proxy_cookie_path`, `proxy_cookie_flags`: rewrites `Set-Cookie`.

use crate::exchange::Exchange;
use crate::variables::Variables;
use nginx_conf::model::{CookieFlags, CookieName, RedirectRule};

/// A part of a cookie: `name=value` or `name`.
struct Attribute {
    name: Vec<u8>,
    value: Option<Vec<u8>>,
}

/// The new value of a `Set-Cookie`; `None` leaves it as it is.
pub(super) fn rewrite(x: &Exchange<'_>, value: &[u8]) -> Option<Vec<u8>> {
    let proxy = &x.settings.proxy;
    if proxy.cookie_domain.is_empty() && proxy.cookie_path.is_empty() && proxy.cookie_flags.is_empty() {
        return None;
    }
    let mut attributes: Vec<Attribute> = value.split(|&byte| byte == b';').map(attribute).collect();
    let (cookie, rest) = attributes.split_first_mut()?;
    cookie.value.as_ref()?;
    let mut changed = false;
    for Attribute { name, value } in rest {
        let Some(value) = value else { continue };
        let new = match &name.to_ascii_lowercase()[..] {
            b"domain" => proxy.cookie_domain.iter().find_map(|rule| domain(x, rule, value)),
            b"path" => proxy.cookie_path.iter().find_map(|rule| path(x, rule, value)),
            _ => None,
        };
        changed |= new.is_some();
        *value = new.unwrap_or_else(|| std::mem::take(value));
    }
    let cookie = std::mem::take(&mut cookie.name);
    if let Some(rule) = proxy.cookie_flags.iter().find(|rule| is_for(x, rule, &cookie)) {
        changed = true;
        set_flags(&mut attributes, &Flags::of(x, rule));
    }
    attributes.first_mut()?.name = cookie;
    changed.then(|| join(&attributes))
}

fn attribute(text: &[u8]) -> Attribute {
    let (name, value) = match text.iter().position(|&byte| byte == b'=') {
        Some(at) => (text.get(..at).unwrap_or_default(), text.get(at + 1..)),
        None => (text, None),
    };
    Attribute { name: trim(name).to_vec(), value: value.map(|value| trim(value).to_vec()) }
}

/// Trims spaces; nginx does not trim tabs here.
fn trim(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|&byte| byte != b' ').unwrap_or(text.len());
    let end = text.iter().rposition(|&byte| byte != b' ').map_or(start, |last| last + 1);
    text.get(start..end).unwrap_or_default()
}

fn join(attributes: &[Attribute]) -> Vec<u8> {
    let text = |Attribute { name, value }: &Attribute| match value {
        Some(value) => [name, &b"="[..], value].concat(),
        None => name.clone(),
    };
    attributes.iter().map(text).collect::<Vec<_>>().join(&b"; "[..])
}

/// The whole domain is replaced; a dot before it stays.
fn domain(x: &Exchange<'_>, rule: &RedirectRule, value: &[u8]) -> Option<Vec<u8>> {
    match rule {
        RedirectRule::Prefix { from, to } => {
            let name = value.strip_prefix(b".").unwrap_or(value);
            let dot = value.get(..value.len() - name.len()).unwrap_or_default();
            name.eq_ignore_ascii_case(&x.evaluate(from)).then(|| [dot, &x.evaluate(to)].concat())
        }
        RedirectRule::Regex { pattern, to } => x.matches(pattern, value).then(|| x.evaluate(to)),
    }
}

/// The start of the path is replaced, or all of it by an expression.
fn path(x: &Exchange<'_>, rule: &RedirectRule, value: &[u8]) -> Option<Vec<u8>> {
    match rule {
        RedirectRule::Prefix { from, to } => {
            let rest = value.strip_prefix(&x.evaluate(from)[..])?;
            Some([&x.evaluate(to), rest].concat())
        }
        RedirectRule::Regex { pattern, to } => x.matches(pattern, value).then(|| x.evaluate(to)),
    }
}

fn is_for(x: &Exchange<'_>, rule: &CookieFlags, cookie: &[u8]) -> bool {
    match &rule.name {
        CookieName::Exact(name) => cookie.eq_ignore_ascii_case(&x.evaluate(name)),
        CookieName::Regex(pattern) => x.matches(pattern, cookie),
    }
}

/// What a `proxy_cookie_flags` says: on, off or nothing.
#[derive(Default)]
struct Flags {
    secure: Option<bool>,
    http_only: Option<bool>,
    same_site: Option<Option<&'static str>>,
}

impl Flags {
    fn of(x: &Exchange<'_>, rule: &CookieFlags) -> Flags {
        let mut flags = Flags::default();
        for flag in &rule.flags {
            let flag = x.evaluate(flag);
            match &flag.to_ascii_lowercase()[..] {
                b"secure" => flags.secure = Some(true),
                b"nosecure" => flags.secure = Some(false),
                b"httponly" => flags.http_only = Some(true),
                b"nohttponly" => flags.http_only = Some(false),
                b"samesite=strict" => flags.same_site = Some(Some("Strict")),
                b"samesite=lax" => flags.same_site = Some(Some("Lax")),
                b"samesite=none" => flags.same_site = Some(Some("None")),
                b"nosamesite" => flags.same_site = Some(None),
                // nginx passes over the others without a word.
                _ => {}
            }
        }
        flags
    }
}

/// Adds and removes flags; `Secure` and `HttpOnly` stay as they are written.
fn set_flags(attributes: &mut Vec<Attribute>, flags: &Flags) {
    let named = |attribute: &Attribute, name: &str| attribute.name.eq_ignore_ascii_case(name.as_bytes());
    let new = [("Secure", flags.secure), ("HttpOnly", flags.http_only)];
    for (name, on) in new {
        if on == Some(false) {
            attributes.retain(|attribute| !named(attribute, name));
        }
    }
    if let Some(site) = flags.same_site {
        match site {
            None => attributes.retain(|attribute| !named(attribute, "SameSite")),
            Some(site) => {
                for attribute in attributes.iter_mut().filter(|attribute| named(attribute, "SameSite")) {
                    *attribute = same_site(site);
                }
            }
        }
    }
    for (name, on) in new {
        if on == Some(true) && !attributes.iter().any(|attribute| named(attribute, name)) {
            attributes.push(Attribute { name: name.into(), value: None });
        }
    }
    if let Some(Some(site)) = flags.same_site
        && !attributes.iter().any(|attribute| named(attribute, "SameSite"))
    {
        attributes.push(same_site(site));
    }
}

fn same_site(site: &str) -> Attribute {
    Attribute { name: b"SameSite".to_vec(), value: Some(site.into()) }
}
