//! `ssl_verify_client`: who is let in, and what is said of the certificate.

use std::sync::Arc;

use rcgen::{CertificateParams, DistinguishedName, DnType, DnValue, KeyPair, SerialNumber, date_time_ymd};
use rustls::ClientConfig;

use super::client::{ask, both, client, config, config_that_shows, get, server, site};
use crate::server::Server;
use crate::upstream_tls::app::{CERTIFICATES, Pair};

/// A server for each way to verify, by name.
fn servers() -> String {
    let said = "return 200 '$ssl_client_verify|$ssl_client_s_dn|$ssl_client_i_dn|$ssl_client_serial|$ssl_client_fingerprint';";
    let named = |name: &str, verify: &str| {
        server(&format!("server_name {name}.test; ssl_verify_depth 2; location / {{ {said} }} {verify}"))
    };
    [
        named("off", ""),
        named("on", "ssl_verify_client on; ssl_client_certificate root.crt;"),
        named("optional", "ssl_verify_client optional; ssl_client_certificate root.crt;"),
        named("no-ca", "ssl_verify_client optional_no_ca;"),
        named("depth", "ssl_verify_client on; ssl_client_certificate root.crt;").replace("depth 2", "depth 0"),
        named("own", "ssl_verify_client on; ssl_client_certificate own.crt;"),
        named("both", "ssl_verify_client on; ssl_client_certificate own.crt; ssl_trusted_certificate root.crt;"),
        named("crl", "ssl_verify_client on; ssl_client_certificate root.crt; ssl_crl crl.pem;"),
        named(
            "page",
            "ssl_verify_client on; ssl_client_certificate root.crt; error_page 495 496 =403 /why; location = /why { return 200 \"why $status $ssl_client_verify\"; }",
        ),
    ]
    .concat()
}

const NAMES: [&str; 9] = [
    "off.test",
    "on.test",
    "optional.test",
    "no-ca.test",
    "depth.test",
    "own.test",
    "both.test",
    "crl.test",
    "page.test",
];

fn shows(pair: &Pair) -> ClientConfig {
    config_that_shows(&pair.chain, &pair.key)
}

/// Status and body of an answer, without the programs' names.
fn answered(server: &Server<'_>, config: &Arc<ClientConfig>, name: &'static str, host: &str) -> String {
    let answer = ask(&mut client(server, config, name), &get("/", host));
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let body = body.split("<hr>").next().unwrap_or_default();
    let closes = head.contains("Connection: close");
    format!("{} {closes} {body}", head.lines().next().unwrap_or_default())
}

/// What the log says of clients that are turned away.
fn logged(server: &Server<'_>) -> Vec<String> {
    let text = server.site.read("logs/error.log");
    let said =
        |line: &str| Some(line.split_once(" *")?.1.split_once(' ')?.1.split_once(", client")?.0.to_owned());
    let is_meant =
        |line: &&str| ["client SSL", "client sent no", "attempted"].iter().any(|text| line.contains(text));
    text.lines().filter(is_meant).filter_map(said).collect()
}

fn all(config: fn() -> ClientConfig) -> (Vec<String>, Vec<String>) {
    both(&servers(), |server| {
        let config = Arc::new(config());
        let answers = NAMES.map(|name| answered(server, &config, name, name));
        (answers.to_vec(), logged(server))
    })
}

#[test]
fn a_client_without_a_certificate_is_turned_away_where_it_needs_one() {
    let (answers, logged) = all(config);
    assert!(answers[0].contains("200 OK") && answers[2].contains("200 OK true NONE|"), "{answers:#?}");
    assert!(
        answers[1].contains("400 Bad Request") && answers[1].contains("No required SSL certificate was sent")
    );
    assert!(answers[8].starts_with("HTTP/1.1 403") && answers[8].contains("why"), "{answers:#?}");
    assert!(logged[0].starts_with("client sent no required SSL certificate while reading"), "{logged:#?}");
}

#[test]
fn one_that_is_known_is_let_in() {
    let (answers, _) = all(|| shows(&CERTIFICATES.app));
    assert!(answers[1].contains("SUCCESS|"), "{answers:#?}");
    all(|| shows(&CERTIFICATES.common_name));
}

#[test]
fn one_that_another_has_vouched_for_is_let_in_if_that_is_near_enough() {
    let (answers, _) = all(|| shows(&CERTIFICATES.below));
    assert!(answers[1].contains("SUCCESS|") && answers[4].contains("SSL certificate error"), "{answers:#?}");
}

#[test]
fn one_that_is_not_believed_is_turned_away() {
    for (config, why) in [
        (expired as fn() -> ClientConfig, "(10:certificate has expired)"),
        (own, "(18:self-signed certificate)"),
        (revoked, "(23:certificate revoked)"),
    ] {
        let (_, logged) = all(config);
        let line = format!("client SSL certificate verify error: {why} while reading client request headers");
        assert!(logged.contains(&line), "{logged:#?}");
    }
}

fn expired() -> ClientConfig {
    shows(&CERTIFICATES.expired)
}

fn own() -> ClientConfig {
    shows(&CERTIFICATES.own)
}

fn revoked() -> ClientConfig {
    shows(&CERTIFICATES.revoked)
}

#[test]
fn a_name_that_was_not_negotiated_is_not_answered_where_clients_are_verified() {
    let answers = both(&servers(), |server| {
        let config = Arc::new(shows(&CERTIFICATES.app));
        let asked = [
            ("off.test", "on.test"),
            ("on.test", "off.test"),
            ("on.test", "optional.test"),
            ("127.0.0.1", "on.test"),
        ];
        (asked.map(|(name, host)| answered(server, &config, name, host)), logged(server))
    });
    assert!(
        answers.0[0].starts_with("HTTP/1.1 421") && answers.0[1].starts_with("HTTP/1.1 200"),
        "{answers:#?}"
    );
}

/// A certificate whose names have everything that has to be escaped.
fn odd() -> ClientConfig {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    let mut name = DistinguishedName::new();
    name.push(DnType::CountryName, "DE");
    name.push(DnType::OrganizationName, "H\u{f6}p, + \"x\" <a>; \\ =#");
    name.push(DnType::CommonName, " # blank ");
    name.push(DnType::OrganizationalUnitName, DnValue::BmpString("b\u{e4}d\u{20ac}".try_into().unwrap()));
    name.push(DnType::LocalityName, DnValue::Ia5String("ia5@".try_into().unwrap()));
    name.push(DnType::CustomDnType(vec![1, 2, 840, 113_549, 1, 9, 1]), "a@b.test");
    name.push(DnType::CustomDnType(vec![1, 2, 3, 4]), "who knows");
    name.push(DnType::StateOrProvinceName, "#first");
    params.distinguished_name = name;
    params.serial_number = Some(SerialNumber::from_slice(&[0, 0xab, 1]));
    params.not_before = date_time_ymd(2024, 2, 3);
    params.not_after = date_time_ymd(2077, 11, 30);
    config_that_shows(&params.self_signed(&key).unwrap().pem(), &key.serialize_pem())
}

#[test]
fn what_a_certificate_says_is_told_as_by_nginx() {
    let names = "client_verify client_s_dn client_i_dn client_s_dn_legacy client_i_dn_legacy client_serial client_fingerprint \
        client_cert client_raw_cert client_escaped_cert client_v_start client_v_end client_v_remain early_data";
    let all: Vec<String> = names.split_whitespace().map(|name| format!("{name}=$ssl_{name}")).collect();
    let http = server(&format!("ssl_verify_client optional_no_ca; return 200 \"{}\";", all.join("|")));
    // Each certificate is made anew.
    let odd = Arc::new(odd());
    let known = Arc::new(shows(&CERTIFICATES.common_name));
    for config in [&odd, &known] {
        let said = both(&http, |server| answered(server, config, "default.test", "x"));
        assert!(said.contains("|client_v_start="), "{said}");
    }
    let nobody = both(&http, |server| answered(server, &Arc::new(config()), "default.test", "x"));
    assert!(nobody.contains("client_verify=NONE|client_s_dn=|"), "{nobody}");
}

#[test]
fn a_session_that_is_resumed_has_the_same_certificate() {
    let site = site(&server(
        "ssl_verify_client on; ssl_client_certificate root.crt; return 200 \"$ssl_session_reused $ssl_client_verify\";",
    ));
    let server = site.start();
    let config = Arc::new(shows(&CERTIFICATES.app));
    let answers = [(); 2].map(|()| answered(&server, &config, "default.test", "x"));
    assert!(answers[0].ends_with(" . SUCCESS") && answers[1].ends_with(" r SUCCESS"), "{answers:?}");
}
