//! What `hopcheck diff` tells of two configurations: of mutants and wrong sites the fault, of changes that change nothing nothing.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use hopcheck_diff::{Diff, DiffError, Options};
use hopcheck_targets::conf::Source;
use hopcheck_targets::stage::Stage;
use hopcheck_targets::target::{InstalledNginx, Reference, Target};

#[path = "diff/examples.rs"]
mod examples;
#[path = "diff/mutants.rs"]
mod mutants;
#[path = "diff/promises.rs"]
mod promises;
#[path = "diff/unchanged.rs"]
mod unchanged;

const PROGRAM: &str = env!("CARGO_BIN_EXE_hopcheck");

/// What runs the configurations.
#[derive(Debug, Clone)]
enum Engine {
    Reference,
    Nginx(PathBuf),
}

impl Engine {
    async fn stage(&self, source: Source) -> Arc<Stage> {
        let target: Box<dyn Target> = match self {
            Engine::Reference => Box::new(Reference::new(PathBuf::from(PROGRAM)).unwrap()),
            Engine::Nginx(program) => {
                Box::new(InstalledNginx::find(program).await.unwrap().launched_by(PathBuf::from(PROGRAM)))
            }
        };
        Arc::new(Stage { target, source })
    }

    async fn diff(&self, old: Source, new: Source) -> Result<Diff, DiffError> {
        let _turn = ONE_AT_A_TIME.lock().await;
        hopcheck_diff::diff(&self.stage(old).await, &self.stage(new).await, &Options::default()).await
    }
}

/// Whether all mutants are taken, and more changes that change nothing.
fn has_all() -> bool {
    std::env::var_os("HOPCHECK_ALL_CHANGES").is_some()
}

/// One at a time: each has four proxies and their app servers.
static ONE_AT_A_TIME: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

async fn diff(old: Source, new: Source) -> Result<Diff, DiffError> {
    Engine::Reference.diff(old, new).await
}

fn run(here: &Path, arguments: &[&str]) -> Output {
    Command::new(PROGRAM).current_dir(here).arg("diff").args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

/// The wrong sites, each with the edit that mends it, and a word of what is told.
const MENDED: &[(&str, &str, &str, &str)] = &[
    ("backup-unused.conf", "proxy_next_upstream_tries 1;", "", "proxy_next_upstream_tries 1;"),
    ("cache-shared.conf", "proxy_ignore_headers Cache-Control Set-Cookie; ", "", "proxy_ignore_headers"),
    (
        "cors-credentials-for-all.conf",
        "Origin *",
        "Origin https://app.example.com",
        "Access-Control-Allow-Origin",
    ),
    (
        "cors-silent-on-errors.conf",
        "add_header Vary Origin;",
        "add_header Vary Origin always;",
        "Vary Origin",
    ),
    (
        "cors-twice-on-post.conf",
        "if ($request_method = POST) { add_header Access-Control-Allow-Origin '*'; }",
        "",
        "if ($request_method = POST)",
    ),
    ("errors-as-page.conf", "error_page 404 =200 /index.html; ", "", "error_page 404"),
    ("files-win.conf", "location /api/", "location ^~ /api/", "location ^~ /api/"),
    (
        "header-too-big.conf",
        "proxy_buffer_size 1k; proxy_buffers 4 1k; proxy_busy_buffers_size 2k; ",
        "",
        "proxy_buffer_size 1k",
    ),
    (
        "headers-lost.conf",
        "{ add_header Cache-Control no-cache; }",
        "{ expires -1; }",
        "add_header Cache-Control",
    ),
    ("host-of-upstream.conf", "proxy_redirect off;", "proxy_set_header Host $host;", "proxy_set_header Host"),
    ("line-end.conf", "/store$uri", "/store$request_uri", "return 301"),
    ("no-second-try.conf", "proxy_next_upstream off;", "", "proxy_next_upstream off"),
    ("page-kept.conf", "(html|js|css)", "(js|css)", r"location ~* \.(js|css)$"),
    ("polling-takes-turns.conf", "upstream chat {", "upstream chat { ip_hash;", "ip_hash"),
    (
        "preflight-redirected.conf",
        "if ($http_x_forwarded_proto != https) { return 301 https://$host$request_uri; } ",
        "",
        "if ($http_x_forwarded_proto",
    ),
    ("preflight-refused.conf", "DELETE)$", "DELETE|OPTIONS)$", "if ($request_method"),
    ("query-lost.conf", "$rest;", "$rest$is_args$args;", "proxy_pass"),
    ("reload-drops-sockets.conf", "worker_shutdown_timeout 1s;", "", "worker_shutdown_timeout"),
    ("slash-missing.conf", "/v2;", "/v2/;", "proxy_pass"),
    ("slash-twice.conf", "location /api {", "location /api/ {", "location /api/"),
    ("subprotocol-lost.conf", "proxy_hide_header Sec-WebSocket-Protocol;", "", "proxy_hide_header"),
    (
        "upgrade-lost.conf",
        "proxy_set_header Connection \"\"; proxy_read_timeout",
        "proxy_set_header Connection upgrade; proxy_set_header Upgrade $http_upgrade; proxy_read_timeout",
        "Upgrade",
    ),
    ("way-out.conf", "location /files {", "location /files/ {", "location /files/"),
    ("writes-as-page.conf", "", "", ""),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_mends_a_wrong_site_is_told() {
    let mut wrong = Vec::new();
    for (name, fault, mend, word) in MENDED.iter().filter(|(_, fault, ..)| !fault.is_empty()) {
        let source = Source::read(&Path::new("../../tests/sites/wrong").join(name)).unwrap();
        let mended = source.text.replacen(fault, mend, 1);
        assert_ne!(mended, source.text, "{name} has no {fault}");
        let found = diff(source.clone().with_text(mended), source).await.unwrap();
        let causes =
            found.entries.iter().flat_map(|entry| &entry.causes).flat_map(|cause| [&cause.old, &cause.new]);
        if !causes.flatten().any(|at| at.text.contains(word)) {
            wrong.push(format!("{name}: {}", found.text(&|_, text| text.to_owned())));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Two faults at once, in places of their own: each is an entry with its own cause.
#[tokio::test(flavor = "multi_thread")]
async fn each_change_is_an_entry() {
    let source = Source::read(Path::new("../../tests/sites/right/vite-api.conf")).unwrap();
    let text = "server { listen 80; root /srv/www; add_header X-Frame-Options DENY always;
        location /api/ { proxy_pass http://app:8080; proxy_set_header Host $host; }
        location /old { return 301 /new; }
        location / { try_files $uri /index.html; } }";
    let old = format!("events {{ }} http {{ {text} }}");
    let new =
        old.replace("Host $host", "Host other").replace("301 /new", "302 /new").replace("DENY", "SAMEORIGIN");
    let found = diff(source.clone().with_text(old), source.with_text(new)).await.unwrap();
    let told: Vec<String> = found
        .entries
        .iter()
        .map(|entry| {
            let causes: Vec<&str> = entry.causes.iter().map(|cause| cause.title.as_str()).collect();
            format!("{} | {}", entry.summary, causes.join(", "))
        })
        .collect();
    assert_eq!(
        told,
        [
            "GET /old: status 302, was 301 | `return 302 /new;` for `return 301 /new;` in location /old",
            "GET /: x-frame-options: SAMEORIGIN, was DENY | `add_header X-Frame-Options SAMEORIGIN always;` for \
             `add_header X-Frame-Options DENY always;` in server",
            "GET /api/: the app server sees host: other, was www.hopcheck.test | `proxy_set_header Host other;` for \
             `proxy_set_header Host $host;` in location /api/",
        ]
    );
}

/// Places that are closed to strangers are asked as somebody who is let in, too.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_behind_a_gate_is_compared() {
    let source = Source::read(Path::new("../../tests/sites/right/vite-api.conf")).unwrap();
    for (gate, asked) in [
        ("allow 10.0.0.0/8; deny all;", "GET /office/ from an allowed address"),
        (
            "auth_basic office; auth_basic_user_file /etc/nginx/users;",
            "GET /office/ with Authorization: Basic dXNlcjpwYXNz",
        ),
    ] {
        let old = format!(
            "events {{ }} http {{ server {{ listen 80; root /srv/www; location / {{ try_files $uri /index.html; }} \
             location /office/ {{ {gate} proxy_pass http://app:8080; proxy_set_header X-Of old; }} }} }}"
        );
        let new = old.replace("X-Of old", "X-Of new");
        let found = diff(source.clone().with_text(old), source.clone().with_text(new)).await.unwrap();
        let told: Vec<&str> = found.entries.iter().map(|entry| entry.summary.as_str()).collect();
        assert_eq!(told, [format!("{asked}: the app server sees x-of: new, was old")]);
    }
}

/// The right sites and the document's, changed in ways that change nothing. `HOPCHECK_ALL_CHANGES=1` takes more of them.
#[tokio::test(flavor = "multi_thread")]
async fn changes_that_change_nothing_are_no_entry() {
    let (rounds, expected) = if has_all() { (12, 200) } else { (3, 60) };
    nothing_is_told(&Engine::Reference, rounds, expected).await;
}

/// The same with nginx, where one is installed.
#[tokio::test(flavor = "multi_thread")]
async fn changes_that_change_nothing_are_no_entry_with_nginx() {
    let Some(program) = InstalledNginx::locate().filter(|_| has_all()) else { return };
    nothing_is_told(&Engine::Nginx(program), 12, 200).await;
}

async fn nothing_is_told(engine: &Engine, rounds: usize, expected: usize) {
    let mut confs = vec![PathBuf::from("../../nginx/nginx.conf")];
    let entries = std::fs::read_dir("../../tests/sites/right").unwrap().map(|entry| entry.unwrap().path());
    confs.extend(entries.filter(|path| path.extension().is_some_and(|extension| extension == "conf")));
    confs.sort();
    let (mut told, mut changed) = (Vec::new(), 0);
    for (nth, conf) in confs.iter().enumerate() {
        for round in 0..rounds {
            let directory = tempfile::tempdir().unwrap();
            let Some((new, how)) = unchanged::write(conf, directory.path(), nth * 100 + round) else {
                continue;
            };
            changed += 1;
            let (old, new) = (Source::read(conf).unwrap(), Source::read(&new).unwrap());
            let found = engine.diff(old, new).await;
            let found = found.unwrap_or_else(|error| panic!("{} by {how}: {error}", conf.display()));
            if !found.is_empty() {
                told.push(format!("{} by {how}: {}", conf.display(), found.text(&|_, text| text.to_owned())));
            }
        }
    }
    eprintln!("{changed} changes that change nothing");
    assert!(changed >= expected && told.is_empty(), "{changed} changes:\n{}", told.join("\n"));
}

#[test]
fn commits_are_compared_without_a_checkout() {
    let repository = tempfile::tempdir().unwrap();
    let here = repository.path();
    let git = |arguments: &[&str]| {
        let done = Command::new("git")
            .current_dir(here)
            .args(["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main"])
            .args(arguments)
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", said(&done));
    };
    let conf = here.join("nginx/nginx.conf");
    std::fs::create_dir_all(here.join("nginx/conf.d")).unwrap();
    std::fs::write(&conf, "events { }\nhttp { include conf.d/*.conf; }\n").unwrap();
    let site = here.join("nginx/conf.d/site.conf");
    std::fs::write(&site, "server {\n  listen 80;\n  location /a { return 204; }\n}\n").unwrap();
    git(&["init", "--quiet"]);
    git(&["add", "."]);
    git(&["commit", "--quiet", "-m", "one"]);
    let same = run(here, &["HEAD"]);
    assert_eq!(same.status.code(), Some(0), "{}", said(&same));

    std::fs::write(&site, "server {\n  listen 80;\n  location /a { return 410; }\n}\n").unwrap();
    let changed = run(here, &["HEAD"]);
    assert_eq!(changed.status.code(), Some(1), "{}", said(&changed));
    assert!(said(&changed).contains("1. GET /a: status 410, was 204"), "{}", said(&changed));
    assert!(said(&changed).contains("- conf.d/site.conf:3  return 204;"), "{}", said(&changed));
    git(&["commit", "--quiet", "-am", "two"]);
    let branch = run(here, &["HEAD~1..HEAD", "--", "nginx/nginx.conf"]);
    assert_eq!(branch.status.code(), Some(1), "{}", said(&branch));
    assert_eq!(run(here, &["HEAD"]).status.code(), Some(0));

    std::fs::write(&site, "server {\n  listen 80;\n  location /a { retrun 204; }\n}\n").unwrap();
    let broken = run(here, &["HEAD"]);
    assert_eq!(broken.status.code(), Some(2));
    assert!(said(&broken).contains("the new one, does not run"), "{}", said(&broken));
    for (arguments, error) in [
        (&["nowhere..HEAD"][..], "there is no commit \"nowhere\" here"),
        (&["HEAD", "--", "other.conf"], "other.conf is not in HEAD"),
        (&["nginx/nginx.conf"], "nginx/nginx.conf is one file"),
        (&["nginx/nginx.conf", "absent.conf"], "the new one cannot be run: cannot read absent.conf"),
    ] {
        let refused = run(here, arguments);
        assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
        assert!(said(&refused).contains(error), "{}", said(&refused));
    }
}

#[test]
fn differences_are_accepted_ignored_and_reported() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    let write = |name: &str, text: &str| std::fs::write(here.join(name), text).unwrap();
    write("old.conf", "server { listen 80; add_header X-A 1; location /x { return 200 a; } }");
    write("new.conf", "server { listen 80; add_header X-A 2; location /x { return 200 b; } }");
    write(
        "accepted.toml",
        "[[accepted]]\ndifference = \"x-a: 2, was 1\"\nreason = \"meant\"\n\n[[accepted]]\ndifference = \"gone *\"\nreason = \"r\"\n",
    );
    let of = |more: &[&str]| {
        let output = run(here, &[&["old.conf", "new.conf"], more].concat());
        (output.status.code(), said(&output))
    };
    let (code, text) =
        of(&["--accept", "accepted.toml", "--report", "json=d.json,html=d.html,markdown=d.md"]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("accepted: GET /x: x-a: 2, was 1 (meant)"), "{text}");
    assert!(text.contains("gone: gone * was accepted"), "{text}");
    let json: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(here.join("d.json")).unwrap()).unwrap();
    assert_eq!(json["entries"][0]["kind"], "body");
    let markdown = std::fs::read_to_string(here.join("d.md")).unwrap();
    assert!(markdown.contains("### hopcheck: 1 difference in"), "{markdown}");
    assert!(std::fs::read_to_string(here.join("d.html")).unwrap().starts_with("<!DOCTYPE html>"));

    assert_eq!(of(&["--ignore", "header:X-A", "--ignore", "body"]).0, Some(0));
    assert_eq!(of(&["--only", "status"]).0, Some(0));
    let again = of(&[]);
    assert_eq!((again.0, &again), (Some(1), &of(&[])), "the same seed, the same report");
}

/// What a proxy cannot do for lack of the machine is no difference, and not the same either.
#[test]
fn what_the_machine_lacks_is_no_answer() {
    use std::os::unix::fs::PermissionsExt as _;
    let Some(nginx) = InstalledNginx::locate() else {
        eprintln!("no nginx is installed here, so this was not tested");
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    // An nginx that logs, in the file that its configuration (after `-c`) names, that it found no local port.
    let logged = "2026/01/01 00:00:00 [crit] 7#7: *1 connect() failed (99: Cannot assign requested address) while connecting";
    let script = format!(
        "#!/bin/sh\nlog=$(sed -n 's/.*error_log \"*\\([^ ;\"]*\\).*/\\1/p' \"$2\" 2>/dev/null | head -n 1)\n\
         [ -z \"$log\" ] || echo '{logged}' >> \"$log\"\nexec {} \"$@\"\n",
        nginx.display()
    );
    let program = here.join("nginx");
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let conf = "error_log /var/log/nginx/error.log; events { } http { server { listen 80; location / { return 204; } } }";
    std::fs::write(here.join("a.conf"), conf).unwrap();
    let ran = run(here, &["a.conf", "a.conf", "--target", &format!("nginx={}", program.display())]);
    assert_eq!(ran.status.code(), Some(2), "{}", said(&ran));
    assert!(said(&ran).contains("no local address or port left on this machine"), "{}", said(&ran));
}

/// By an nginx that is installed.
#[test]
fn nginx_is_asked_the_same() {
    let Some(program) = InstalledNginx::locate() else {
        eprintln!("no nginx is installed here, so this was not tested");
        return;
    };
    let target = format!("nginx={}", program.display());
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    let text = std::fs::read_to_string("../../tests/sites/right/vite-api.conf").unwrap();
    std::fs::write(here.join("old.conf"), &text).unwrap();
    std::fs::write(here.join("new.conf"), text.replacen("location /api", "location /apj", 1)).unwrap();
    let changed = run(here, &["old.conf", "new.conf", "--target", &target]);
    assert_eq!(changed.status.code(), Some(1), "{}", said(&changed));
    assert!(said(&changed).contains("+ new.conf:") && said(&changed).contains("answers, was app server"));
    let same = run(here, &["old.conf", "old.conf", "--target", &target]);
    assert_eq!(same.status.code(), Some(0), "{}", said(&same));
    // One file by two engines: each is asked the same.
    let engines = run(here, &["old.conf", "--target", "reference", "--target", &target]);
    assert!(matches!(engines.status.code(), Some(0 | 1)), "{}", said(&engines));
}
