use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::*;

fn rewrite(directory: &Path, text: &str) -> (RewrittenConf, Scratch, String) {
    std::fs::write(directory.join("nginx.conf"), text).unwrap();
    let source = Source::read(&directory.join("nginx.conf")).unwrap();
    let scratch = Scratch::new(directory).unwrap();
    let rewriter =
        Rewriter { source: &source, scratch: &scratch, app_servers: &[], user: None, allowed_clients: None };
    let mut port = 40_000;
    let rewritten = rewriter.rewrite(&source.text, |_| {
        port += 1;
        Ok(SocketAddr::from(([127, 0, 0, 1], port)))
    });
    let rewritten = rewritten.unwrap();
    let text = rewritten.text.replace(&scratch.path().display().to_string(), "SCRATCH");
    (rewritten, scratch, text)
}

#[test]
fn logs_may_be_anywhere() {
    let here = tempfile::tempdir().unwrap();
    let conf = "error_log logs/error.log; http { server { listen 80; access_log /srv/shop/log/a.log; } }";
    let (rewritten, scratch, _) = rewrite(here.path(), conf);
    rewritten.write(&scratch).unwrap();
    assert!(scratch.place("logs").is_dir() && scratch.place("/srv/shop/log").is_dir());
}

#[test]
fn tls_is_kept_and_its_files_are_copied() {
    let (here, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::create_dir(here.path().join("certs")).unwrap();
    std::fs::write(here.path().join("certs/a.crt"), "certificate").unwrap();
    let key = elsewhere.path().join("a.key").display().to_string();
    std::fs::write(&key, "key").unwrap();
    let conf = format!(
        "http {{ access_log off; server {{\nlisten 80;\nlisten 443 ssl http2;\nssl_certificate certs/a.crt;\n\
         ssl_certificate_key \"{key}\";\nssl_dhparam /none/dh.pem;\nssl_ciphers HIGH;\n}} }}"
    );
    let (rewritten, scratch, text) = rewrite(here.path(), &conf);
    let wanted = format!(
        "listen 127.0.0.1:40001;\nlisten 127.0.0.1:40002 ssl http2;\n\
         ssl_certificate SCRATCH/root/etc/nginx/certs/a.crt;\nssl_certificate_key SCRATCH/root{key};\n\
         ssl_dhparam SCRATCH/root/none/dh.pem;\nssl_ciphers HIGH;"
    );
    assert!(text.contains(&wanted), "{text}");
    assert_eq!(rewritten.tls, [SocketAddr::from(([127, 0, 0, 1], 40_002))]);
    let found = rewritten.tls_files.iter().take(2).map(|file| file.text.as_deref()).collect::<Vec<_>>();
    assert_eq!(found, [Some("certificate"), Some("key")]);
    rewritten.write(&scratch).unwrap();
    assert_eq!(std::fs::read_to_string(scratch.place("certs/a.crt")).unwrap(), "certificate");
    let mode = std::fs::metadata(scratch.place(&key)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn all_addresses_of_a_server_with_ssl_on_speak_tls() {
    let here = tempfile::tempdir().unwrap();
    let conf = "http { access_log off; server { listen 443; listen 8443; ssl on; } server { listen 80; } }";
    let (rewritten, ..) = rewrite(here.path(), conf);
    let tls: Vec<u16> = rewritten.tls.iter().map(SocketAddr::port).collect();
    assert_eq!(tls, [40_001, 40_002]);
}

#[test]
fn app_servers_with_tls_are_spoken_to_by_tls() {
    let here = tempfile::tempdir().unwrap();
    std::fs::write(here.path().join("ours.pem"), "-----BEGIN CERTIFICATE-----").unwrap();
    std::fs::write(here.path().join("nothing.pem"), "nothing").unwrap();
    let conf = "http { access_log off; resolver 10.0.0.2; upstream app { server blue.internal:8443; } map $host $m { default https://m.test/x; }\n\
                server {\nlisten 80;\nserver_name shop.test;\nlocation /a { proxy_pass https://app; proxy_ssl_name app.test; }\n\
                location /b { proxy_pass https://b.test/y; proxy_ssl_trusted_certificate none.pem; }\n\
                location /c { proxy_pass $m; proxy_ssl_trusted_certificate ours.pem; proxy_ssl_certificate $host.crt; }\n\
                location /d { proxy_pass http://d.test; proxy_ssl_trusted_certificate nothing.pem; proxy_ssl_protocols TLSv1; }\n\
                } }";
    let (rewritten, _, text) = rewrite(here.path(), conf);
    for wanted in [
        "map $m $hopcheck_1 { volatile; https://m.test/x https://127.0.0.1:40004/x; }",
        "proxy_pass ${hopcheck_1};",
        "proxy_pass https://app; proxy_ssl_name app.test;",
        "proxy_pass https://127.0.0.1:40003/y;",
        "proxy_pass http://127.0.0.1:40005;",
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    assert!(!text.contains("proxy_ssl_certificate ") && !text.contains("proxy_ssl_protocols"), "{text}");
    let names = rewritten.app_server_names.unwrap();
    for name in ["app", "blue.internal", "app.test", "b.test", "m.test", "shop.test"] {
        assert!(names.contains(name), "{name}: {names:?}");
    }
    let files: Vec<usize> = rewritten
        .tls_files
        .iter()
        .map(|file| file.text.as_ref().unwrap().matches("-----BEGIN CERTIFICATE").count())
        .collect();
    assert_eq!(files, [1, 2, 0]);
}

#[test]
fn without_tls_no_names_are_needed() {
    let here = tempfile::tempdir().unwrap();
    let (rewritten, ..) =
        rewrite(here.path(), "http { server { location / { proxy_pass http://app.test; } } }");
    assert_eq!(rewritten.app_server_names, None);
}

#[test]
fn what_nginx_could_not_look_up_stays_a_name() {
    let here = tempfile::tempdir().unwrap();
    let server = "set $a http://app:8080; location /a { proxy_pass $a; }\n\
                  set $b static:8080; location /b { proxy_pass http://$b; } location /c { proxy_pass http://static:8080; }\n\
                  set $d 10.0.0.1; location /d { proxy_pass http://$d:81; } location /e { proxy_pass http://e.test:82/$uri; }";
    let of = |around: &str| rewrite(here.path(), &around.replace("SERVER", server)).2;
    let text = of("http { access_log off; server { listen 80; SERVER } }");
    let of_conf = |text: &str| {
        let (_, inside) = text.split_once("listen 127").unwrap().1.split_once(';').unwrap();
        inside.split("  map ").next().unwrap().to_owned()
    };
    assert_eq!(
        of_conf(&text),
        " set $a http://app:8080; location /a { proxy_pass $a; }\n\
         set $b static:8080; location /b { proxy_pass http://${hopcheck_1}; } location /c { proxy_pass http://127.0.0.1:40002; }\n\
         set $d 10.0.0.1; location /d { proxy_pass http://${hopcheck_2}; } location /e { proxy_pass http://e.test:82/$uri; } }"
    );
    for around in [
        "http { access_log off; resolver 10.0.0.2; server { listen 80; SERVER } }",
        "http { access_log off; include conf.d/*.conf; server { listen 80; SERVER } }",
        "server { listen 80; access_log off; SERVER }",
    ] {
        let text = of(around);
        assert!(
            text.contains("map $a $hopcheck_1 { volatile; http://app:8080 http://127.0.0.1:40002; }"),
            "{text}"
        );
        assert!(!text.contains("e.test"), "{text}");
    }
}

#[test]
fn a_mistake_in_an_address_is_not_replaced_with_it() {
    let here = tempfile::tempdir().unwrap();
    let server = |inside: &str| format!("http {{\nserver {{\n{inside}\n}} }}");
    for (conf, why) in [
        (server("listen 99999;"), r#"invalid port in "99999" of the "listen" directive in "#),
        (
            "http {\nupstream a {\nserver http://app:80; } }".to_owned(),
            r#"invalid host in upstream "http://app:80" in "#,
        ),
        ("http {\nupstream a {\nserver app:80/; } }".to_owned(), r#"invalid host in upstream "app:80/" in "#),
        (
            "http {\nupstream a {\nserver app:99999; } }".to_owned(),
            r#"invalid port in upstream "app:99999" in "#,
        ),
        (
            server("location / { proxy_pass http://app:80:81; }"),
            r#"invalid port in upstream "app:80:81" in "#,
        ),
        (server("location / { proxy_pass ws://app:80; }"), "invalid URL prefix in "),
        (server("location / { proxy_pass app:80; }"), "invalid URL prefix in "),
    ] {
        let (rewritten, ..) = rewrite(here.path(), &conf);
        let said = rewritten.unreadable.unwrap_or_default();
        assert!(said.starts_with(why) && said.ends_with("nginx.conf:3"), "{conf}: {said}");
    }
    let right = server("listen [::]:80; location / { proxy_pass http://unix:/run/a.sock:/x; }");
    assert_eq!(rewrite(here.path(), &right).0.unreadable, None);
}

#[test]
fn a_redirect_of_an_app_server_is_known_by_the_address_that_stands_in_for_it() {
    let here = tempfile::tempdir().unwrap();
    let conf = "http { server { listen 80; location /r/ {\nproxy_redirect http://desk:8787/ /r/; proxy_pass http://desk:8787/; }
        location / { proxy_redirect http://other:1/ /; proxy_pass http://desk:8787; } } }";
    let (rewritten, _, text) = rewrite(here.path(), conf);
    let by = rewritten.app_servers["desk:8787"];
    assert!(text.contains(&format!("proxy_redirect http://{by}/ /r/; proxy_pass http://{by}/;")), "{text}");
    assert!(text.contains("proxy_redirect http://other:1/ /;"), "{text}");
    // By a variable, the port may stand in another place.
    let by_variable = "http { resolver 127.0.0.11; server { listen 80; location / { proxy_redirect http://desk:8787/ /;
        set $desk desk; proxy_redirect http://$desk:8787/ /; proxy_redirect http://$desk:1/ /; proxy_pass http://$desk:8787; } } }";
    let (rewritten, _, text) = rewrite(here.path(), by_variable);
    let by = rewritten.app_servers["desk:8787"];
    assert!(text.contains(&format!("proxy_redirect http://{by}/ /;")), "{text}");
    assert!(text.contains(&format!("map $desk:8787 $hopcheck_1 {{ volatile; desk:8787 {by}; }}")), "{text}");
    assert!(text.contains("set $desk desk; proxy_redirect http://${hopcheck_1}/ /; "), "{text}");
    assert!(text.contains("proxy_redirect http://$desk:1/ /;"), "{text}");
}

#[test]
fn variables_of_app_servers_keep_their_values() {
    let here = tempfile::tempdir().unwrap();
    let conf = "http { access_log off; resolver 10.0.0.2; upstream pool { server a:1; }
        map $host $app { default app; b.test pool; ~^c app; }
        map $arg_p $port { default 3000; x 4000; }
        server { listen 80;
        if ($app = app) { set $seen 1; }
        location /a { proxy_pass http://$app; }
        location /b { proxy_pass https://$app:$port/; }
        set $url http://app$request_uri; location /c { proxy_pass $url; }
        set $proto http; location /d { proxy_pass $proto://$app:80; }
        set $only pool; location /e { proxy_pass http://$only; }
        set $long http://a-service.of-a-namespace.svc.cluster.local:8080; location /f { proxy_pass $long; }
        } }";
    let (rewritten, _, text) = rewrite(here.path(), conf);
    for wanted in [
        " map_hash_bucket_size 128;",
        "map $app $hopcheck_1 { volatile; app 127.0.0.1:40003; pool pool; }",
        "map $app:$port $hopcheck_2 { volatile; app:3000 127.0.0.1:40004; app:4000 127.0.0.1:40005; \
         pool:3000 127.0.0.1:40006; pool:4000 127.0.0.1:40007; }",
        "map $url $hopcheck_3 { volatile; ~*^http://app(?<hopcheck_rest>([/?].*)?)$ http://127.0.0.1:40003${hopcheck_rest}; }",
        "map $proto://$app:80 $hopcheck_4 { volatile; http://app:80 http://127.0.0.1:40003; http://pool:80 http://127.0.0.1:40008; }",
        "map $host $app { default app; b.test pool; ~^c app; }",
        "if ($app = app) { set $seen 1; }",
        "location /b { proxy_pass https://${hopcheck_2}/; }",
        "set $only pool; location /e { proxy_pass http://$only; }",
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    assert_eq!(rewritten.unreadable, None);
}

#[test]
fn what_a_run_adds_is_in_the_order_that_nginx_takes() {
    let here = tempfile::tempdir().unwrap();
    let of = |size: &str| {
        let conf = format!(
            "http {{ access_log off; resolver 10.0.0.2; map $host $h {{ default x; }} {size}
            server {{ listen 80; set $a a-service.of-a-namespace.in-a-cluster.local; location / {{ proxy_pass $scheme://$a:8080; }} }} }}"
        );
        rewrite(here.path(), &conf)
    };
    let (rewritten, _, text) = of("");
    assert!(
        text.contains("http { client_body_temp_path") && text.contains(" map_hash_bucket_size 128; "),
        "{text}"
    );
    let at = |what: &str| text.find(what).unwrap();
    assert!(
        at("map_hash_bucket_size") < at("map $host") && at("map $host") < at("map $scheme://$a:8080"),
        "{text}"
    );
    assert!(rewritten.app_server_names.is_some(), "it may be asked by TLS");
    for (written, now) in [("32", "128"), ("256", "256")] {
        let (_, _, text) = of(&format!("map_hash_bucket_size {written};"));
        assert!(text.contains(&format!("map_hash_bucket_size {now};")), "{text}");
        assert_eq!(text.matches("map_hash_bucket_size").count(), 1, "{text}");
    }
}
