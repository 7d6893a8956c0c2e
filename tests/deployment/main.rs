//! Acceptance checks against deployments of our own: by both engines, over TLS, whole and broken.

mod brokers;
mod browser;
#[path = "../certificate.rs"]
mod certificate;
mod compared;
mod gateway;
mod limits;
mod page_site;
mod promises;
mod raw_site;
mod restless;
mod secrets;
mod site;
mod sockjs;
mod visits;

use site::{Engine, PROFILE, Plan, engines, hopcheck, said};

/// Every scenario that can be asked of a live system, on both engines, and what reached the app servers.
#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_keeps_every_promise_and_only_gets_safe_requests() {
    for engine in engines() {
        let site = Plan::of(engine).deploy().await;
        let (code, said) = site.run(PROFILE, &[]);
        assert_eq!(code, Some(0), "{engine:?}: {said}");
        assert!(said.contains(" 18 kept in "), "{engine:?}: {said}");
        assert!(said.contains("TLS 1."), "{said}");
        let arrived = site.arrived();
        assert!(arrived.len() > 10, "{arrived:?}");
        for exchange in &arrived {
            assert!(matches!(&*exchange.method, "GET" | "HEAD" | "OPTIONS"), "{exchange}");
            assert_eq!(exchange.body.length, 0, "{exchange}");
            let agent = exchange.headers.get("user-agent").unwrap_or_default();
            assert!(agent.starts_with("hopcheck/"), "{exchange}");
        }
        let frames: Vec<&str> = arrived
            .iter()
            .filter_map(|exchange| exchange.session.as_ref())
            .flat_map(|session| session.texts())
            .collect();
        for frame in frames {
            let command = frame.lines().next().unwrap_or_default();
            let harmless = match command {
                "" | "CONNECT" => true,
                "SUBSCRIBE" | "SEND" => frame.contains("\ndestination:/topic/stock\n"),
                _ => false,
            };
            assert!(harmless, "{frame}");
        }
        site.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_observe_the_rate_limit_of_the_profile() {
    let site = Plan::of(Engine::Reference).deploy().await;
    let profile = site.profile(PROFILE);
    let text = std::fs::read_to_string(&profile).unwrap().replace("per-second = 200", "per-second = 20");
    std::fs::write(&profile, text).unwrap();
    let (code, said) =
        said(&hopcheck(&["run", "--target", &site.url, "--profile", &profile, "--tags", "@D1 or @D5"]));
    assert_eq!(code, Some(0), "{said}");
    let mut arrived = site.arrived();
    arrived.sort_by_key(|exchange| exchange.at);
    assert!(arrived.len() >= 10, "{arrived:?}");
    // Half of what is due, as the first may have been held up on its way.
    let due = std::time::Duration::from_millis(50) * u32::try_from(arrived.len() - 1).unwrap() / 2;
    let took = arrived[arrived.len() - 1].at - arrived[0].at;
    assert!(took >= due, "{} requests in {took:?}", arrived.len());
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_in_flight_observe_the_limit_of_the_profile() {
    let site = Plan::of(Engine::Reference).deploy().await;
    // Every answer takes so long: whatever comes sooner after another was sent before that was answered.
    let slow = PROFILE.replace("\"/api/items\"", "\"/api/slow?ms=100\"");
    let (code, said) = site.run(&format!("in-flight = 1\n{slow}"), &["--tags", "@D1 or @D5"]);
    assert_eq!(code, Some(0), "{said}");
    let mut arrived = site.arrived();
    arrived.retain(|exchange| exchange.target.starts_with("/api/slow"));
    arrived.sort_by_key(|exchange| exchange.at);
    assert!(arrived.len() >= 10, "{arrived:?}");
    for pair in arrived.windows(2) {
        assert!(pair[1].at - pair[0].at >= std::time::Duration::from_millis(100), "two at a time: {pair:?}");
    }
    site.end().await;
}

/// What certbot makes of the document's configuration, tested on a machine that has none of its certificates.
#[test]
fn a_configuration_with_tls_keeps_the_same_promises_with_both_engines() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    let nginx = std::path::Path::new("../../nginx").canonicalize().unwrap();
    std::fs::copy(nginx.join("mime.types"), here.join("mime.types")).unwrap();
    let settings = std::fs::read_to_string(nginx.join("hopcheck.toml")).unwrap();
    let www = format!("build = {:?}", nginx.join("www"));
    let settings = settings.replace("build = \"www\"", &www).replace("port = 80", "port = 443");
    std::fs::write(here.join("hopcheck.toml"), settings).unwrap();
    let conf = std::fs::read_to_string(nginx.join("nginx.conf")).unwrap();
    let certbot = "listen 443 ssl; # managed by Certbot
        ssl_certificate /etc/letsencrypt/live/shop.example.com/fullchain.pem;
        ssl_certificate_key /etc/letsencrypt/live/shop.example.com/privkey.pem;
        ssl_dhparam /etc/letsencrypt/ssl-dhparams.pem;
        ssl_session_cache shared:le_nginx_SSL:10m;
        ssl_session_timeout 1440m;
        ssl_session_tickets off;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_prefer_server_ciphers off;";
    let redirect = "server { listen 80 default_server; return 301 https://$host$request_uri; }";
    let conf = conf
        .replace("listen 80;", certbot)
        .replace("    server {\n", &format!("    {redirect}\n    server {{\n"));
    std::fs::write(here.join("nginx.conf"), &conf).unwrap();
    assert!(conf.contains("Certbot") && conf.contains("301"), "{conf}");
    let conf = here.join("nginx.conf").display().to_string();
    // All of it where there is time for it.
    let all = std::env::var_os("HOPCHECK_SLOW").is_some_and(|value| value == "1");
    let tags = if all { "not @slow" } else { "(@D4 or @D8 or @D13) and not @slow" };
    for engine in engines() {
        let target = if engine == Engine::Nginx { "nginx" } else { "reference" };
        let (code, said) = said(&hopcheck(&["run", "--conf", &conf, "--target", target, "--tags", tags]));
        assert_eq!(code, Some(0), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_upgrade_is_reported_with_the_directive_to_fix() {
    for engine in engines() {
        let site = Plan::of(engine).edit("proxy_set_header Upgrade $http_upgrade;", "").deploy().await;
        let (code, said) = site.run(PROFILE, &["--tags", "@W3"]);
        assert_eq!(code, Some(1), "{engine:?}: {said}");
        assert!(said.contains("`proxy_set_header Upgrade $http_upgrade;`"), "{said}");
        site.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unanswered_preflight_and_a_missing_page_are_broken_promises() {
    let site = Plan::of(Engine::Reference)
        .edit("if ($request_method = 'OPTIONS')", "if ($request_method = 'OPTION')")
        .edit("try_files $uri $uri/ /index.html;", "try_files $uri =404;")
        .deploy()
        .await;
    let (code, said) = site.run(PROFILE, &[]);
    assert_eq!(code, Some(1), "{said}");
    let unanswered = "Access-Control-Allow-Methods lacks POST, DELETE, PATCH, OPTIONS: it is \"GET, HEAD\"";
    assert!(said.contains(unanswered), "{said}");
    assert!(said.contains("the response is 404, not the front end's page"), "{said}");
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_single_instance_is_noticed_if_instances_are_identified() {
    let site = Plan::of(Engine::Reference).deploy().await;
    site.scene.app_server("green").unwrap().stop().await;
    let (code, said) = site.run(PROFILE, &["--tags", "@D1"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("of 10 responses each has X-Instance: blue; is only one instance up"), "{said}");
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn scenarios_that_need_missing_fields_are_not_checked() {
    let site = Plan::of(Engine::Reference).deploy().await;
    let (code, said) = site.run("", &[]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("could not be checked:"), "{said}");
    assert!(said.contains("the profile names no STOMP endpoint (`[stomp] endpoint`)"), "{said}");
    assert!(
        site.arrived().iter().all(|exchange| exchange.session.is_none()),
        "a WebSocket was opened unasked"
    );
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unsafe_scenarios_are_refused_before_anything_is_sent() {
    let site = Plan::of(Engine::Reference).deploy().await;
    let feature = site.directory.path().join("mine.feature");
    for (step, why) in [
        (
            r#"When the client sends "POST /api/items" with the body "x""#,
            "a POST request may change something",
        ),
        (r#"When the client sends "DELETE /api/items/7""#, "a DELETE request may change something"),
        (r#"When the client sends "GET /api/items" with the body "x""#, "a GET request with a body"),
        (
            "When the client sends these bytes:\n      \"\"\"\n      PUT / HTTP/1.1\\r\\n\\r\\n\n      \"\"\"",
            "raw bytes",
        ),
    ] {
        let text =
            format!("@deployment\nFeature: F\n  Scenario: S\n    {step}\n    Then the response is 200\n");
        std::fs::write(&feature, text).unwrap();
        let (code, said) = site.run(PROFILE, &["--features", feature.to_str().unwrap()]);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains(&format!("refused to send this to a live deployment: {why}")), "{said}");
    }
    assert!(site.arrived().is_empty(), "{:?}", site.arrived());
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_errors_are_distinguished_from_routing_errors() {
    let expired = |certificate: &mut rcgen::CertificateParams| {
        certificate.not_before = rcgen::date_time_ymd(2001, 2, 3);
        certificate.not_after = rcgen::date_time_ymd(2002, 3, 4);
    };
    let for_another = |certificate: &mut rcgen::CertificateParams| {
        let other = "other.example.com".try_into().unwrap();
        certificate.subject_alt_names = vec![rcgen::SanType::DnsName(other)];
    };
    for (plan, why) in [
        (Plan::of(Engine::Reference).certificate(expired), "the server's certificate expired on 2002-03-04"),
        (
            Plan::of(Engine::Reference).certificate(for_another),
            "is for other.example.com, not for shop.example.com",
        ),
        (
            Plan::of(Engine::Reference).edit(
                "ssl_certificate_key site.key;",
                "ssl_certificate_key site.key; ssl_protocols TLSv1.3;",
            ),
            "",
        ),
    ] {
        let site = plan.deploy().await;
        let (code, said) = site.run(PROFILE, &["--tags", "@D13"]);
        if why.is_empty() {
            assert_eq!(code, Some(0), "{said}");
        } else {
            assert_eq!(code, Some(2), "{said}");
            assert!(said.contains(why) && said.contains("this is not about routing"), "{said}");
        }
        site.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_ca_is_only_trusted_if_the_profile_names_it() {
    let site = Plan::of(Engine::Reference).deploy().await;
    let profile = site.profile("");
    let text = std::fs::read_to_string(&profile).unwrap().replace("ca-file = \"ca.pem\"\n", "");
    std::fs::write(&profile, text).unwrap();
    let (code, said) = said(&hopcheck(&["run", "--target", &site.url, "--profile", &profile]));
    assert_eq!(code, Some(2), "{said}");
    assert!(
        said.contains("was issued by an unknown CA") || said.contains("has no CA certificates"),
        "{said}"
    );
    site.end().await;
}

/// As `openssl req -x509` makes it: the certificate of an authority, signed by itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_signs_itself_is_trusted_if_the_profile_names_it() {
    let site = Plan::of(Engine::Reference).self_signed().deploy().await;
    let (code, said) = site.run(PROFILE, &["--tags", "@D5"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("is one of an authority (CA:TRUE), as `openssl req -x509` makes it"), "{said}");
    std::fs::copy(site.directory.path().join("site.pem"), site.directory.path().join("ca.pem")).unwrap();
    let (code, said) = site.run(PROFILE, &["--tags", "@D5"]);
    assert_eq!(code, Some(0), "{said}");
    let other =
        format!("{PROFILE}\n[connect]\naddress = \"127.0.0.1:{}\"\nca-file = \"ca.pem\"\n", site.port);
    let profile = site.directory.path().join("other.toml");
    std::fs::write(&profile, other).unwrap();
    let url = format!("https://other.example.com:{}", site.port);
    let (code, said) =
        crate::said(&hopcheck(&["run", "--target", &url, "--profile", profile.to_str().unwrap()]));
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("is for shop.example.com, not for other.example.com"), "{said}");
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_on_a_tls_port_and_vice_versa_are_reported() {
    let plain = Plan::of(Engine::Reference).plain().deploy().await;
    let profile = plain.profile("");
    let secure = plain.url.replace("http:", "https:");
    let (code, text) = said(&hopcheck(&["run", "--target", &secure, "--profile", &profile]));
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("answers with something that is not TLS, as plain HTTP would be"), "{text}");
    plain.end().await;
    for engine in engines() {
        let site = Plan::of(engine).deploy().await;
        let profile = site.profile("");
        let (code, text) = said(&hopcheck(&[
            "run",
            "--target",
            &site.url.replace("https:", "http:"),
            "--profile",
            &profile,
        ]));
        assert_eq!(code, Some(2), "{text}");
        assert!(text.contains("as a TLS port does; should it be https://"), "{engine:?}: {text}");
        site.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn stomp_uses_sockjs_if_the_profile_says_so() {
    let site = Plan::of(Engine::Reference).deploy().await;
    let sockjs = PROFILE.replace("[stomp]", "[stomp]\ntransport = \"sockjs\"");
    let (code, said) = site.run(&sockjs, &["--tags", "@D12 and not @rfc6455"]);
    assert_eq!(code, Some(0), "{said}");
    let arrived = site.arrived();
    assert!(!arrived.is_empty(), "nothing was asked");
    for exchange in arrived {
        let parts: Vec<&str> = exchange.target.split('/').collect();
        assert!(matches!(parts[..], ["", "stomp", "ws", _, _, "websocket"]), "{exchange}");
    }
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn offered_protocols_are_listed_and_a_client_certificate_is_sent() {
    if !engines().contains(&Engine::Nginx) {
        return;
    }
    let wants = "listen 443 ssl http2; ssl_verify_client on; ssl_client_certificate ca.pem;";
    let site = Plan::of(Engine::Nginx).edit("listen 443 ssl;", wants).deploy().await;
    let (code, without) = site.run("", &["--tags", "@D13"]);
    assert_eq!(code, Some(2), "{without}");
    assert!(without.contains("TLS: the server requires a client certificate; name one"), "{without}");
    let profile = site.profile("");
    let shown = "ca-file = \"ca.pem\"\nclient-certificate = \"site.pem\"\nclient-key = \"site.key\"";
    let text = std::fs::read_to_string(&profile).unwrap().replace("ca-file = \"ca.pem\"", shown);
    std::fs::write(&profile, text).unwrap();
    let (code, with) =
        said(&hopcheck(&["run", "--target", &site.url, "--profile", &profile, "--tags", "@D13"]));
    assert_eq!(code, Some(0), "{with}");
    assert!(with.contains("tested over HTTP/1.1, HTTP/2"), "{with}");
    site.end().await;
}

#[test]
fn an_invalid_profile_is_refused_with_its_line() {
    let directory = tempfile::tempdir().unwrap();
    let profile = directory.path().join("hopcheck.toml");
    std::fs::write(&profile, "[api]\npth = \"/api/items\"\n").unwrap();
    let (code, text) =
        said(&hopcheck(&["run", "--target", "https://x.test", "--profile", profile.to_str().unwrap()]));
    assert_eq!(code, Some(2), "{text}");
    assert!(
        text.contains("hopcheck.toml:2: unknown field `pth`") && text.contains("the nearest is `path`"),
        "{text}"
    );
}

#[test]
fn an_unreachable_deployment_is_not_a_broken_promise() {
    let port = mock_upstreams::ReservedPort::any().unwrap();
    let (code, text) = said(&hopcheck(&["run", "--target", &format!("http://{}", port.address())]));
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("does not answer: ") && text.contains("help: check the URL"), "{text}");
}
