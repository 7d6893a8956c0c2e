//! The handshake: whose certificate, what is agreed upon, and what happens when there is none.

use std::io::Write;
use std::net::Shutdown;
use std::sync::Arc;

use rustls::SignatureScheme;
use rustls::crypto::ring::cipher_suite;
use rustls::version::{TLS12, TLS13};

use super::client::{
    PAIRS, Tls, any_client, ask, both, client, config, config_of, config_that_checks, get, server, site,
};
use crate::server::{Server, eventually, read_response};

const VERSIONS: &str = "ssl_protocols TLSv1.2 TLSv1.3;";

/// Three servers on an address: the default, `a` with a certificate of its own, and `b` without.
fn three(location: &str) -> String {
    let default = server(&format!("server_name default.test; {location}"));
    format!(
        "{VERSIONS} {default}
         server {{ listen 127.0.0.1:@PORT@ ssl; server_name *.a.test a.test; ssl_certificate a.crt; ssl_certificate_key a.key; {location} }}
         server {{ listen 127.0.0.1:@PORT@; server_name ~^b; {location} }}"
    )
}

fn shown(tls: &mut Tls) -> &'static str {
    tls.conn.complete_io(&mut tls.sock).unwrap();
    let certificate = tls.conn.peer_certificates().unwrap().first().unwrap();
    PAIRS.iter().find(|pair| pair.der == *certificate).unwrap().name
}

#[test]
fn a_client_is_shown_the_certificate_of_the_server_it_names() {
    let config = Arc::new(config());
    let certificates = both(&three(""), |server| {
        ["a.test", "x.a.test", "default.test", "b.test", "unknown.test", "127.0.0.1"]
            .map(|name| shown(&mut client(server, &config, name)))
    });
    assert_eq!(certificates, ["a", "a", "default", "default", "default", "default"]);
}

#[test]
fn a_client_is_shown_a_certificate_that_it_can_check() {
    let http =
        "server { listen 127.0.0.1:@PORT@ ssl; ssl_certificate ed25519.crt; ssl_certificate_key ed25519.key;
        ssl_certificate default.crt; ssl_certificate_key default.key;
        ssl_certificate a.crt; ssl_certificate_key a.key; }";
    let knows = |scheme| Arc::new(config_that_checks(scheme));
    let configs = [knows(SignatureScheme::ECDSA_NISTP256_SHA256), knows(SignatureScheme::ED25519)];
    let certificates =
        both(http, |server| configs.each_ref().map(|config| shown(&mut client(server, config, "a.test"))));
    assert_eq!(certificates, ["a", "ed25519"]);
}

#[test]
fn the_request_chooses_its_server_anew() {
    let config = Arc::new(config());
    let names = both(&three("location / { return 200 $server_name; }"), |server| {
        [("a.test", "a.test"), ("a.test", "b1"), ("a.test", "unknown.test"), ("127.0.0.1", "a.test")].map(
            |(name, host)| {
                let answer = ask(&mut client(server, &config, name), &get("/", host));
                answer.rsplit("\r\n").next().unwrap_or_default().to_owned()
            },
        )
    });
    assert_eq!(names, ["*.a.test", "~^b", "default.test", "*.a.test"]);
}

#[test]
fn variables_tell_what_was_agreed_upon() {
    let log = "log_format tls '$scheme|$https|$ssl_protocol|$ssl_cipher|$ssl_curve|$ssl_server_name|$ssl_alpn_protocol|$ssl_session_reused|$status';";
    let http = format!("{log} {}", three("access_log logs/tls.log tls; return 204;"));
    let suites = [
        (&TLS13, cipher_suite::TLS13_CHACHA20_POLY1305_SHA256),
        (&TLS12, cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256),
    ];
    let lines = both(&http, |server| {
        for (version, suite) in suites {
            let mut config = config_of(&[version], &[suite]);
            config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
            ask(&mut client(server, &Arc::new(config), "a.test"), &get("/", "a.test"));
        }
        ask(
            &mut client(server, &Arc::new(config_of(&[&TLS13], &[suites[0].1])), "127.0.0.1"),
            &get("/", "x"),
        );
        server.send(get("/", "a.test").as_bytes());
        let lines = || server.site.read("logs/tls.log");
        eventually("four requests are logged", || lines().lines().count() == 4);
        lines()
    });
    assert_eq!(
        lines,
        "https|on|TLSv1.3|TLS_CHACHA20_POLY1305_SHA256|X25519|a.test|http/1.1|.|204\n\
         https|on|TLSv1.2|ECDHE-ECDSA-AES128-GCM-SHA256|X25519|a.test|http/1.1|.|204\n\
         https|on|TLSv1.3|TLS_CHACHA20_POLY1305_SHA256|X25519|-|-|.|204\n\
         http||-|-|-|-|-|-|400\n"
    );
}

#[test]
fn variables_tell_what_a_client_offers_and_its_session() {
    let http = three("return 200 \"$ssl_ciphers $ssl_curves $ssl_session_id\";");
    let suites =
        [cipher_suite::TLS13_CHACHA20_POLY1305_SHA256, cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256];
    let told = both(&http, |server| {
        [&TLS13, &TLS12].map(|version| {
            let config = Arc::new(config_of(&[version], &suites));
            let answer = ask(&mut client(server, &config, "a.test"), &get("/", "a.test"));
            let body = answer.rsplit("\r\n").next().unwrap_or_default();
            let [ciphers, curves, id] = body.split(' ').collect::<Vec<_>>().try_into().unwrap();
            assert!(
                id.is_empty() || id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit()),
                "{id}"
            );
            (ciphers.to_owned(), curves.to_owned(), id.is_empty())
        })
    });
    let groups = "X25519:prime256v1:secp384r1";
    let both_suites = "TLS_CHACHA20_POLY1305_SHA256:ECDHE-ECDSA-AES128-GCM-SHA256";
    let with_marker = format!("{both_suites}:TLS_EMPTY_RENEGOTIATION_INFO_SCSV");
    assert_eq!(
        told,
        [(both_suites.to_owned(), groups.to_owned(), false), (with_marker, groups.to_owned(), true)]
    );
}

#[test]
fn the_file_says_what_is_spoken() {
    let chosen = |directives: &str| {
        let http = format!(
            "ssl_protocols TLSv1.2; {}",
            server(&format!("{directives} return 200 $ssl_cipher,$ssl_curve;"))
        );
        both(&http, |server| {
            let answer = ask(&mut any_client(server), &get("/", "x"));
            answer.rsplit("\r\n").next().unwrap_or_default().to_owned()
        })
    };
    let (long, short) = ("ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-GCM-SHA256");
    assert_eq!(chosen(&format!("ssl_ciphers AES128-SHA:{short};")), format!("{short},X25519"));
    let both_ways = format!("ssl_ciphers {short}:{long};");
    assert_eq!(chosen(&format!("{both_ways} ssl_prefer_server_ciphers on;")), format!("{short},X25519"));
    assert_eq!(chosen(&format!("{both_ways} ssl_ecdh_curve secp384r1;")), format!("{long},secp384r1"));
}

#[test]
fn sessions_are_resumed_where_the_file_allows_it() {
    let resumed = |directives: &str| {
        let http = format!("{VERSIONS} {}", server(&format!("{directives} return 200 $ssl_session_reused;")));
        both(&http, |server| {
            [&TLS12, &TLS13].map(|version| {
                let config = config_of(&[version], rustls::crypto::ring::DEFAULT_CIPHER_SUITES);
                let config = Arc::new(config);
                let last = || ask(&mut client(server, &config, "a.test"), &get("/", "x")).chars().last();
                (last(), last())
            })
        })
    };
    let (full, again) = ((Some('.'), Some('.')), (Some('.'), Some('r')));
    assert_eq!(resumed(""), [again, again]);
    assert_eq!(resumed("ssl_session_tickets off;"), [full, full]);
    assert_eq!(resumed("ssl_session_tickets off; ssl_session_cache shared:TLS:1m;"), [again, again]);
}

#[test]
fn a_client_that_wants_nothing_but_http_2_is_told() {
    let alert = both(&server(""), |server| {
        let mut config = config();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let mut tls = client(server, &Arc::new(config), "a.test");
        tls.conn.complete_io(&mut tls.sock).unwrap_err().to_string()
    });
    assert_eq!(alert, "received fatal alert: NoApplicationProtocol");
}

#[test]
fn strangers_may_be_turned_away() {
    let http = "server { listen 127.0.0.1:@PORT@ ssl default_server; ssl_reject_handshake on; }
         server { listen 127.0.0.1:@PORT@ ssl; server_name a.test; ssl_certificate a.crt; ssl_certificate_key a.key; }";
    let config = Arc::new(config());
    let outcomes = both(http, |server| {
        ["a.test", "unknown.test", "127.0.0.1"].map(|name| {
            let mut tls = client(server, &config, name);
            tls.conn.complete_io(&mut tls.sock).map(|_| ()).map_err(|error| error.to_string())
        })
    });
    let away = Err("received fatal alert: UnrecognisedName".to_owned());
    assert_eq!(outcomes, [Ok(()), away.clone(), away]);
}

#[test]
fn plain_http_is_told_apart() {
    let answer = both(&server("server_name default.test; return 204;"), |server| {
        let answer = server.send(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
        let line = "client sent plain HTTP request to HTTPS port while reading client request headers, \
                    client: 127.0.0.1, server: default.test, request: \"GET /x HTTP/1.1\", host: \"a\"";
        server.logged(line, 1);
        let page = answer.body.split("<hr>").next().unwrap_or_default().to_owned();
        (answer.head[0].clone(), answer.head.last().cloned().unwrap_or_default(), page)
    });
    let reason = "The plain HTTP request was sent to HTTPS port";
    let page = format!(
        "<html>\r\n<head><title>400 {reason}</title></head>\r\n<body>\r\n\
         <center><h1>400 Bad Request</h1></center>\r\n<center>{reason}</center>\r\n"
    );
    assert_eq!(answer, ("HTTP/1.1 400 Bad Request".into(), "Connection: close".into(), page));
}

#[test]
fn a_handshake_that_fails_is_logged() {
    let http = server("client_header_timeout 200ms;");
    both(&http, |server| {
        let begun = |bytes: &[u8]| {
            let mut stream = server.connect();
            stream.write_all(bytes).unwrap();
            stream
        };
        let logged = |server: &Server<'_>, what: &str, times| {
            let address = server.site.address(0);
            let context = format!("while SSL handshaking, client: 127.0.0.1, server: {address}");
            server.logged(&format!("{what} {context}"), times);
        };
        // One client has been here already, to see whether the program listens.
        logged(server, "client closed connection", 1);
        let stream = begun(b"\x16\x03\x01\x02");
        stream.shutdown(Shutdown::Write).unwrap();
        logged(server, "peer closed connection in SSL handshake", 1);
        let (_silent, _half) = (begun(b""), begun(b"\x16\x03\x01\x02"));
        logged(server, "client timed out (110: Connection timed out)", 2);
        let answer = read_response(&mut begun(b"\x16\x03\x01garbage"));
        assert!(answer.head[0].starts_with("\x15\x03"), "an alert: {answer:?}");
        server.logged("SSL_do_handshake() failed (SSL: ", 1);
    });
}

#[test]
fn those_who_never_shake_hands_hold_nobody_up() {
    let site = site(&server("return 200 served;"));
    site.configure(&site.read("nginx.conf").replace("events {}", "events { worker_connections 64; }"));
    let server = site.start();
    let half: Vec<_> = (0..30)
        .map(|_| {
            let mut stream = server.connect();
            stream.write_all(b"\x16\x03\x01\x02\x00\x01").unwrap();
            stream
        })
        .collect();
    let silent: Vec<_> = (0..100).map(|_| server.connect()).collect();
    assert!(ask(&mut any_client(&server), &get("/", "x")).ends_with("\r\n\r\nserved"));
    drop((half, silent));
}

#[test]
fn a_request_that_is_refused_is_the_named_server_s() {
    let log = "access_log logs/refused.log who;";
    let http = format!(
        "log_format who '$server_name $status'; {}
         server {{ listen 127.0.0.1:@PORT@ ssl; server_name a.test; ssl_certificate a.crt; ssl_certificate_key a.key; {log} }}",
        server(&format!("server_name default.test; {log}"))
    );
    let line = both(&http, |server| {
        ask(&mut client(server, &Arc::new(config()), "a.test"), "get / HTTP/1.1\r\n\r\n");
        eventually("it is logged", || server.site.read("logs/refused.log").ends_with('\n'));
        server.site.read("logs/refused.log")
    });
    assert_eq!(line, "a.test 400\n");
}
