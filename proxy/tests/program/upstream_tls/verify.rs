//! `proxy_ssl_verify`.

use super::app::{CERTIFICATES, Pair, TlsApp};
use super::{both, get, logged};
use crate::server::Server;

/// Status and errors of a request to a server with this certificate, verified with these directives.
fn verified(pair: &Pair, directives: &str) -> (u16, Vec<String>) {
    let server = |app: &TlsApp| {
        let server = format!("location / {{ proxy_pass https://{}; {directives} }}", app.address);
        ("proxy_ssl_verify on; proxy_ssl_name app.test;".to_owned(), server)
    };
    let ask = |server: &Server<'_>, _: &TlsApp| (get(server, "/").0, logged(server, "/"));
    both(|| TlsApp::start(pair), server, ask)
}

fn refused(why: &str) -> (u16, Vec<String>) {
    (502, vec![format!("{why} while SSL handshaking to upstream | https")])
}

const ROOT: &str = "proxy_ssl_trusted_certificate root.crt;";

#[test]
fn who_can_show_that_they_are_who_they_should_be_are_sent_requests() {
    let below = format!("{ROOT} proxy_ssl_name www.app.test:8443;");
    let own = "proxy_ssl_trusted_certificate own.crt;";
    for (pair, directives) in [
        (&CERTIFICATES.app, ROOT),
        (&CERTIFICATES.common_name, ROOT),
        (&CERTIFICATES.below, &below),
        (&CERTIFICATES.own, own),
    ] {
        assert_eq!(verified(pair, directives), (200, vec![]), "{directives}");
    }
}

#[test]
fn who_cannot_are_sent_nothing() {
    let no_match = |name: &str| refused(&format!("upstream SSL certificate does not match \"{name}\""));
    let error = |why: &str| refused(&format!("upstream SSL certificate verify error: ({why})"));
    let with_root = |more: &str| format!("{ROOT} {more}");
    for (pair, directives, expected) in [
        (&CERTIFICATES.app, with_root("proxy_ssl_name other.test;"), no_match("other.test")),
        (&CERTIFICATES.app, with_root("proxy_ssl_name 127.0.0.1:1;"), no_match("127.0.0.1")),
        (&CERTIFICATES.common_name, with_root("proxy_ssl_name other.test;"), no_match("other.test")),
        (&CERTIFICATES.below, with_root("proxy_ssl_name app.test;"), no_match("app.test")),
        (
            &CERTIFICATES.below,
            with_root("proxy_ssl_name a.app.test; proxy_ssl_verify_depth 0;"),
            error("20:unable to get local issuer certificate"),
        ),
        (&CERTIFICATES.expired, with_root(""), error("10:certificate has expired")),
        (&CERTIFICATES.own, with_root(""), error("18:self-signed certificate")),
        (
            &CERTIFICATES.app,
            "proxy_ssl_trusted_certificate own.crt;".to_owned(),
            error("21:unable to verify the first certificate"),
        ),
        (
            &CERTIFICATES.below,
            "proxy_ssl_trusted_certificate own.crt;".to_owned(),
            error("20:unable to get local issuer certificate"),
        ),
    ] {
        assert_eq!(verified(pair, &directives), expected, "{directives}");
    }
}

#[test]
fn who_was_revoked_is_sent_nothing() {
    let crl = format!("{ROOT} proxy_ssl_crl crl.pem;");
    assert_eq!(verified(&CERTIFICATES.app, &crl), (200, vec![]));
    let error = refused("upstream SSL certificate verify error: (23:certificate revoked)");
    assert_eq!(verified(&CERTIFICATES.revoked, &crl), error);
}
