//! The access phase: `allow` and `deny`, then `auth_basic`, then `auth_request`; `satisfy` says whether one of them is enough.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::password::{self, Verdict};
use crate::exchange::{Credentials, Exchange};
use crate::log::{Escaped, describe};
use crate::trace::Step;
use crate::variables::Variables;
use nginx_conf::model::{Level, Satisfy};

const FORBIDDEN: &str = "access forbidden by rule";

/// What a check says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    /// It does not concern the request.
    Declined,
    Granted,
    Denied(u16),
}

/// A check of the client.
type Check = fn(&mut Exchange<'_>) -> Access;

/// Whether a client is let in.
pub(super) enum Admission {
    /// It is.
    Granted,
    /// It is not.
    Refused(u16),
    /// That has to be asked elsewhere: `auth_request`.
    Asked,
}

/// Whether a request is let in: `ngx_http_core_access_phase`. Within another request all are.
pub(super) fn admission(x: &mut Exchange<'_>) -> Admission {
    if x.is_subrequest {
        return Admission::Granted;
    }
    x.refused = None;
    let checks: [(&str, Check); 2] = [("allow", by_address), ("auth_basic", by_password)];
    for (name, check) in checks {
        let access = check(x);
        if let Some(admission) = consider(x, name, access) {
            return admission;
        }
    }
    if x.settings.auth_request.is_some() { Admission::Asked } else { conclude(x) }
}

/// The same after [`Admission::Asked`]: the status that was answered, and what it challenges the client with.
pub(super) fn after_asking(x: &mut Exchange<'_>, status: u16, challenge: Option<Vec<u8>>) -> Admission {
    x.trace(|here| Step::AuthRequest { directive: here.first(&["auth_request"]), status });
    let access = match status {
        401 => {
            x.challenges.extend(challenge);
            Access::Denied(401)
        }
        403 => Access::Denied(403),
        200..300 => Access::Granted,
        _ => {
            x.log(Level::Error, format_args!("auth request unexpected status: {status}"));
            Access::Denied(500)
        }
    };
    consider(x, "auth_request", access).unwrap_or_else(|| conclude(x))
}

/// What one rule, of directives of that name, means for all, if that is known already.
fn consider(x: &mut Exchange<'_>, name: &str, access: Access) -> Option<Admission> {
    match (access, x.settings.satisfy) {
        (Access::Granted, Satisfy::Any) => {
            x.challenges.clear();
            Some(Admission::Granted)
        }
        (Access::Denied(status @ (401 | 403)), Satisfy::Any) => {
            x.trace(|here| Step::SatisfyAny { directive: here.first(&["satisfy"]), status });
            if x.refused != Some(401) {
                x.refused = Some(status);
            }
            None
        }
        (Access::Denied(status), _) => {
            x.trace_unreached(name);
            Some(Admission::Refused(status))
        }
        (Access::Granted, Satisfy::All) | (Access::Declined, _) => None,
    }
}

/// What all rules together mean.
fn conclude(x: &mut Exchange<'_>) -> Admission {
    let Some(status) = x.refused.take() else { return Admission::Granted };
    if status == 403 {
        x.log(Level::Error, format_args!("{FORBIDDEN}"));
    }
    x.trace_unreached("auth_request");
    Admission::Refused(status)
}

/// `allow` and `deny`.
fn by_address(x: &mut Exchange<'_>) -> Access {
    let client = x.client.peer.ip();
    let found = x.settings.access.iter().position(|rule| rule.fits(client));
    if !x.settings.access.is_empty() {
        x.trace(|here| Step::Access {
            directive: found.and_then(|nth| here.nth(&["allow", "deny"], nth)),
            address: client.to_string(),
            allowed: found.is_none_or(|nth| x.settings.access.get(nth).is_some_and(|rule| rule.allow)),
        });
    }
    match found.and_then(|nth| x.settings.access.get(nth)) {
        None => Access::Declined,
        Some(rule) if rule.allow => Access::Granted,
        Some(_) => {
            if x.settings.satisfy == Satisfy::All {
                x.log(Level::Error, format_args!("{FORBIDDEN}"));
            }
            Access::Denied(403)
        }
    }
}

/// `auth_basic`: `ngx_http_auth_basic_handler`.
fn by_password(x: &mut Exchange<'_>) -> Access {
    let settings = x.settings;
    let (Some(realm), Some(file)) = (&settings.auth_basic, &settings.auth_basic_user_file) else {
        return Access::Declined;
    };
    let realm = x.evaluate(realm);
    if realm == b"off" {
        return Access::Declined;
    }
    let Some(Credentials { user, password }) = Credentials::of(&x.request.headers) else {
        let what = "no user/password was provided for basic authentication";
        x.log(Level::Info, format_args!("{what}"));
        trace_password(x, false, what);
        return challenge(x, &realm);
    };
    let file = x.evaluate(file);
    let name = Escaped(&file);
    let mut users = Vec::new();
    let opened = File::open(Path::new(OsStr::from_bytes(&file)));
    let (call, read) = match opened {
        Ok(mut opened) => ("pread", opened.read_to_end(&mut users)),
        Err(error) => ("open", Err(error)),
    };
    if let Err(error) = read {
        let status = if error.kind() == ErrorKind::NotFound { 403 } else { 500 };
        let reason = format!("{call}() \"{name}\" failed ({})", describe(&error));
        x.trace(|here| Step::Password {
            directive: here.first(&["auth_basic_user_file"]),
            allowed: false,
            status: Some(status),
            reason,
        });
        return unreadable(x, call, &name, &error, status);
    }
    let Some(stored) = stored_password(&users, &user) else {
        let what = format!("user \"{}\" was not found in \"{name}\"", Escaped(&user));
        x.log(Level::Error, format_args!("{what}"));
        trace_password(x, false, &what);
        return challenge(x, &realm);
    };
    let what = match password::verify(&password, stored) {
        Verdict::Right => {
            trace_password(x, true, "the password is right");
            return Access::Granted;
        }
        Verdict::Wrong => "password mismatch",
        Verdict::Unknown => "its password in the file is of a kind that is not supported here",
    };
    x.log(Level::Error, format_args!("user \"{}\": {what}", Escaped(&user)));
    trace_password(x, false, what);
    challenge(x, &realm)
}

fn trace_password(x: &Exchange<'_>, allowed: bool, reason: &str) {
    let (reason, status) = (reason.to_owned(), (!allowed).then_some(401));
    x.trace(|here| Step::Password { directive: here.first(&["auth_basic"]), allowed, status, reason });
}

fn challenge(x: &mut Exchange<'_>, realm: &[u8]) -> Access {
    x.challenges.push([b"Basic realm=\"", realm, b"\""].concat());
    Access::Denied(401)
}

fn unreadable(x: &Exchange<'_>, call: &str, name: &Escaped<'_>, error: &io::Error, status: u16) -> Access {
    let level = if error.kind() == ErrorKind::NotFound { Level::Error } else { Level::Crit };
    x.log(level, format_args!("{call}() \"{name}\" failed ({})", describe(error)));
    Access::Denied(status)
}

/// The password of a user in a file of `name:password` or `name:password:comment`; `#` begins a comment.
fn stored_password<'f>(users: &'f [u8], user: &[u8]) -> Option<&'f [u8]> {
    let mut lines = users.split(|&byte| byte == b'\n').filter(|line| !line.starts_with(b"#"));
    let rest = lines.find_map(|line| line.strip_prefix(user)?.strip_prefix(b":"))?;
    rest.split(|byte| matches!(byte, b':' | b'\r')).next()
}

#[cfg(test)]
mod tests {
    use super::stored_password;

    #[test]
    fn a_line_is_a_name_and_a_password() {
        let users = b"#a:x\nalice:one:comment\r\nal:two\r\nbob:three";
        let of = |user: &str| {
            stored_password(users, user.as_bytes()).map(|found| String::from_utf8_lossy(found).into_owned())
        };
        assert_eq!(
            ["alice", "al", "bob", "#a", "a", "bo"].map(of).map(Option::unwrap_or_default),
            ["one", "two", "three", "", "", ""]
        );
    }
}
