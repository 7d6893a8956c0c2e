//! Of every kind of fault a small site. Each mend is made, and the site then run by nginx itself, where one is installed.

use hopcheck_targets::target::InstalledNginx;

use crate::{Site, changed_lines, feature};

/// A fault: the feature that finds it, the server's own lines, the profile, and what the patch takes away and adds.
struct Fault {
    feature: &'static str,
    http: &'static str,
    server: &'static str,
    profile: &'static str,
    options: &'static [&'static str],
    lines: &'static [&'static str],
}

const FAULT: Fault =
    Fault { feature: "any-api", http: "", server: "", profile: "", options: &[], lines: &[] };

impl Fault {
    fn conf(&self) -> String {
        format!("events {{ }}\nhttp {{\n{}\nserver {{\n    listen 80;\n{}\n}}\n}}\n", self.http, self.server)
    }

    /// The mend is found, is as it should be, and holds.
    fn is_mended(&self) {
        let conf = self.conf();
        let site = Site::of(&[("nginx.conf", conf.as_str()), ("hopcheck.toml", self.profile)]);
        let feature = feature(self.feature);
        let options = [&["--features", &feature, "--apply"], self.options].concat();
        let (code, told) = site.fix(&options);
        assert_eq!(code, Some(0), "{conf}\n{told:#}");
        assert_eq!(changed_lines(&told), self.lines, "{conf}\n{told:#}");
        assert_ne!(site.text("nginx.conf"), conf);
        if let Some(program) = InstalledNginx::locate() {
            let target = format!("nginx={}", program.display());
            let ran =
                site.hopcheck(&["run", "nginx.conf", "-q", "--features", &feature, "--target", &target]);
            assert!(ran.status.success(), "{}\n{}", site.text("nginx.conf"), crate::said(&ran));
        }
    }
}

#[test]
fn a_misspelt_variable() {
    Fault {
        feature: "any-socket",
        server: "
    location /live/ws {
        proxy_pass http://chat:9000;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgarde;  # as the manual says
        proxy_set_header Connection upgrade;
    }",
        lines: &[
            "-proxy_set_header Upgrade $http_upgarde;  # as the manual says",
            "+proxy_set_header Upgrade $http_upgrade;  # as the manual says",
        ],
        ..FAULT
    }
    .is_mended();
}

#[test]
fn a_misspelt_header() {
    Fault {
        feature: "any-configuration",
        server: "
    location /orders {
        proxy_pass http://orders:9000;
        proxy_set_header X-Forwarded-Prot $scheme;
    }",
        options: &["--strict"],
        lines: &[
            "-proxy_set_header X-Forwarded-Prot $scheme;",
            "+proxy_set_header X-Forwarded-Proto $scheme;",
        ],
        ..FAULT
    }
    .is_mended();
}

#[test]
fn a_handshake_that_is_not_handed_down() {
    Fault {
        feature: "any-socket",
        http: "    map $http_upgrade $conn { default upgrade; '' close; }",
        server: "
    proxy_set_header Host $host;
    location /cable {
        proxy_pass http://chat:9000;
        proxy_read_timeout 1h;
    }",
        lines: &[
            "+proxy_http_version 1.1;",
            "+proxy_set_header Host $host;",
            "+proxy_set_header Upgrade $http_upgrade;",
            "+proxy_set_header Connection $conn;",
        ],
        ..FAULT
    }
    .is_mended();
}

#[test]
fn a_slash_too_much_behind_the_host() {
    Fault {
        server: "
    location /rest {
        proxy_pass http://127.0.0.1:9000/;
    }",
        lines: &["-location /rest {", "+location /rest/ {"],
        ..FAULT
    }
    .is_mended();
}

#[test]
fn a_slash_too_few_behind_the_path() {
    Fault {
        server: "
    location /rest/ {
        proxy_pass http://127.0.0.1:9000/v2;
    }",
        lines: &["-proxy_pass http://127.0.0.1:9000/v2;", "+proxy_pass http://127.0.0.1:9000/v2/;"],
        ..FAULT
    }
    .is_mended();
}

#[test]
fn an_alias_that_can_be_left() {
    Fault {
        feature: "any-front-end",
        server: "
    root /srv/site;
    location /docs {
        alias /srv/manual/;
    }
    location / { try_files $uri /index.html; }",
        lines: &["-location /docs {", "+location /docs/ {"],
        ..FAULT
    }
    .is_mended();
}

#[test]
fn headers_that_a_location_of_its_own_loses() {
    Fault {
        feature: "any-front-end",
        server: "
    root /srv/site;
    add_header Referrer-Policy no-referrer always;
    location / {
        add_header Cache-Control no-cache;
        try_files $uri /index.html;
    }",
        lines: &["+add_header Referrer-Policy no-referrer always;"],
        ..FAULT
    }
    .is_mended();
}

#[test]
fn a_rewrite_that_leaves_its_location() {
    Fault {
        server: "
    location /backend/ {
        rewrite ^/backend/(.*)$ /$1;
        proxy_set_header Host $host;
        proxy_pass http://app:9000;
    }",
        lines: &["-rewrite ^/backend/(.*)$ /$1;", "+rewrite ^/backend/(.*)$ /$1 break;"],
        ..FAULT
    }
    .is_mended();
}

#[test]
fn a_redirect_to_itself() {
    Fault {
        feature: "any-request",
        server: "
    location /help { return 301 /help/; }
    location / { proxy_set_header Host $host; proxy_pass http://app:9000; }",
        lines: &["-location /help { return 301 /help/; }", "+location = /help { return 301 /help/; }"],
        ..FAULT
    }
    .is_mended();
}

#[test]
fn a_redirect_to_a_server_without_a_name() {
    Fault {
        feature: "any-configuration",
        server: "
    server_name _;
    return 301 https://$server_name$request_uri;",
        lines: &["-return 301 https://$server_name$request_uri;", "+return 301 https://$host$request_uri;"],
        ..FAULT
    }
    .is_mended();
}
