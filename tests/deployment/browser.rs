//! Live sites as Chromium shows them: a right one, and one for each fault.

use std::process::Command;

use crate::page_site::{Answer, PageSite, page, script};
use crate::site::{Engine, PROFILE, Plan, hopcheck, said};

/// Whether there is a browser to test with; without one, unless it is required, it is said that this did not run.
pub(crate) fn has_browser() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    let mut places =
        std::env::split_paths(&path).flat_map(|directory| names.map(|name| directory.join(name)));
    if places.any(|program| program.is_file()) {
        return true;
    }
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| value == "1");
    let required = is_set("HOPCHECK_REQUIRE_CHROMIUM") || is_set("HOPCHECK_REQUIRE_CLIENTS");
    assert!(!required, "a browser is required, and there is no chromium in PATH");
    eprintln!("there is no chromium in PATH: no live site was looked at in a browser");
    false
}

/// Has a browser look at a site whose profile says `more`, too.
pub(crate) fn look(site: &PageSite, more: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let profile = site.profile(more);
    let run = ["run", "--browser", "--target", &site.url, "--profile", &profile, "--tags", "@browser"];
    said(&hopcheck(&[&run[..], arguments].concat()))
}

#[test]
fn a_site_that_works_keeps_every_promise_and_is_only_asked_what_its_page_asks() {
    if !has_browser() {
        return;
    }
    let site = PageSite::with(&[(
        "/app-2.js",
        script(
            "navigator.serviceWorker.register('/sw.js'); fetch('/api/me');
                fetch('/api/visits', { method: 'POST' }).catch(() => {});
                navigator.sendBeacon('/api/beacon', 'x');
                new WebSocket(location.origin.replace('http', 'ws') + '/ws', 'v12.stomp');",
        ),
    )]);
    let report = site.directory.path().join("r.html");
    let (code, said) = look(&site, "", &["--report", &format!("html={}", report.display())]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("8 scenarios: 8 kept in ") && said.contains("in Chromium "), "{said}");
    let asked = site.asked();
    for line in &asked {
        assert!(["GET ", "HEAD ", "OPTIONS "].iter().any(|method| line.starts_with(method)), "{line}");
    }
    assert!(asked.iter().any(|line| line.starts_with("OPTIONS /api/items")), "{asked:?}");
    let page = std::fs::read_to_string(report).unwrap();
    assert!(page.contains("src=\"data:image/png;base64,iVBORw0KGgo"), "{}", page.len());
    assert!(page.contains("POST ") && page.contains("not sent, as it may change something"), "{page}");
}

#[test]
fn each_fault_is_found_by_one_scenario_and_says_why() {
    if !has_browser() {
        return;
    }
    let other = PageSite::with(&[]);
    let refused = format!("fetch('{}/api/none').catch(() => {{}});", other.url);
    let faults: Vec<(&str, Answer, &str, &str)> = vec![
        ("/app-2.js", script("throw new Error('no shop');"), "No script of the page breaks down", "Error: no shop"),
        (
            "/app-2.css",
            Answer(404, "Content-Type: text/plain", "no".to_owned()),
            "What the page needs of its site is there",
            "/app-2.css is answered with 404",
        ),
        ("/app-2.js", page("<p>old"), "What the page needs of its site is there", "is answered with a page, text/html"),
        (
            "/app-2.js",
            script(&refused),
            "The browser blocks nothing that the page asks for",
            "the answer has no Access-Control-Allow-Origin",
        ),
        (
            "/",
            Answer(
                200,
                "Content-Type: text/html\r\nContent-Security-Policy: script-src 'none'",
                "<script src=\"/app-2.js\"></script>".to_owned(),
            ),
            "The browser blocks nothing that the page asks for",
            "Content Security Policy",
        ),
        (
            "/app-2.js",
            script("new WebSocket(location.origin.replace('http', 'ws') + '/none');"),
            "What the page needs of its site is there",
            "/none does not open: Error during WebSocket handshake: Unexpected response code: 404",
        ),
        (
            "/app-2.css",
            Answer(200, "Content-Type: text/plain", "h1 { color: green }".to_owned()),
            "What the page needs of its site is there",
            "comes as text/plain, of which browsers take no style",
        ),
        (
            "/app-2.js",
            Answer(200, "Content-Type: text/plain\r\nX-Content-Type-Options: nosniff", "1".to_owned()),
            "The browser blocks nothing that the page asks for",
            "MIME type",
        ),
        (
            "/sw.js",
            script("self.addEventListener('install', () => self.skipWaiting());
                    self.addEventListener('fetch', event => { if (event.request.mode === 'navigate') event.respondWith(new Response(
                      '<script src=\"/app-1.js\"></script>', { headers: { 'Content-Type': 'text/html' } })); });"),
            "No service worker shows an old build",
            "/app-1.js",
        ),
        (
            "/ws",
            Answer(403, "Content-Type: text/plain", "no".to_owned()),
            "A WebSocket opens from the page at /ws",
            "Unexpected response code: 403",
        ),
        (
            "/api/items",
            Answer(200, "Content-Type: application/json\r\nAccess-Control-Allow-Origin: *", "[]".to_owned()),
            "A page of https://app.example.com reads /api/items",
            "the browser keeps the answer from the page",
        ),
        ("/app-2.js", Answer(0, "", String::new()), "The page comes to rest in a browser", "/app-2.js"),
        ("/app-2.js", script("location.reload();"), "The page comes to rest in a browser", "again and again"),
    ];
    for (path, answer, scenario, why) in faults {
        let limit = if answer.0 == 0 { "longest-page = 5\n" } else { "" };
        let site = PageSite::with(&[(path, answer)]);
        let (code, said) = look(&site, limit, &[]);
        assert_eq!(code, Some(1), "{scenario}: {said}");
        assert!(said.contains(&format!("✗ {scenario}")), "{scenario}: {said}");
        assert!(said.contains(why) && said.contains(" 1 broken"), "{why}: {said}");
    }
}

#[test]
fn what_may_come_of_what_is_not_sent_is_not_the_site_s_fault() {
    if !has_browser() {
        return;
    }
    let text = "fetch('/api/token', { method: 'POST' }).catch(() => { setTimeout(() => { throw new Error('no token'); }); });";
    let site = PageSite::with(&[("/app-2.js", script(text))]);
    let (code, said) = look(&site, "", &[]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("it may come of what was not sent") && said.contains("/api/token"), "{said}");
}

#[test]
fn a_page_that_never_stops_asking_and_one_that_waits_for_another_site_are_no_faults() {
    if !has_browser() {
        return;
    }
    let text = "new EventSource('/events'); fetch('/poll'); setInterval(() => fetch('/api/items'), 200);";
    let never = || Answer(0, "", String::new());
    let site = PageSite::with(&[("/app-2.js", script(text)), ("/events", never()), ("/poll", never())]);
    let (code, said) = look(&site, "", &[]);
    assert!(code == Some(0) && said.contains("8 kept"), "{said}");
    let other = PageSite::with(&[("/slow.js", never())]);
    let slow = format!("<h1>Shop</h1><script src=\"{}/slow.js\"></script>", other.url);
    let site = PageSite::with(&[("/", page(&slow))]);
    let (code, said) = look(&site, "longest-page = 8\n", &[]);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("after 8 s the page still waits for") && said.contains("not of this site"),
        "{said}"
    );
}

#[test]
fn what_the_profile_adds_to_requests_goes_to_the_site_alone() {
    if !has_browser() {
        return;
    }
    let other = PageSite::with(&[]);
    let text = format!("fetch('/api/me'); fetch('{}/api/none', {{ mode: 'no-cors' }});", other.url);
    let site = PageSite::with(&[("/app-2.js", script(&text))]);
    let (code, said) = look(&site, "[headers]\nX-Login = \"abc\"\n", &["--name", "rest"]);
    assert_eq!(code, Some(0), "{said}");
    let asked = site.asked();
    assert!(asked.len() > 4, "{asked:?}");
    for head in asked {
        assert!(head.contains("\r\nX-Login: abc\r\n") && head.contains("hopcheck/"), "{head}");
    }
    assert!(!other.asked().is_empty() && other.asked().iter().all(|head| !head.contains("X-Login")));
}

/// A page that is made for it, by both the browser and its document.
#[tokio::test(flavor = "multi_thread")]
async fn the_document_s_own_site_keeps_every_promise_with_and_without_tls() {
    if !has_browser() {
        return;
    }
    for plan in [Plan::of(Engine::Reference), Plan::of(Engine::Reference).plain()] {
        let site = plan.deploy().await;
        let report = format!("html={}", site.directory.path().join("r.html").display());
        let (code, said) = site.run(PROFILE, &["--browser", "--tags", "@browser", "--report", &report]);
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("8 scenarios: 8 kept in "), "{said}");
        for exchange in site.arrived() {
            assert!(matches!(&*exchange.method, "GET" | "HEAD" | "OPTIONS"), "{exchange}");
        }
        site.end().await;
    }
}

/// Over TLS by a name that no DNS has, with an authority that only the profile names; what is in the page asks by http.
#[tokio::test(flavor = "multi_thread")]
async fn mixed_content_is_blocked_on_a_site_that_only_its_profile_leads_to() {
    if !has_browser() {
        return;
    }
    for (scheme, expected) in [("https", 0), ("http", 1)] {
        let page = format!(
            "location / {{ location = / {{ default_type text/html; return 200 '<!doctype html><title>Shop</title>\
             <script src=\"{scheme}://shop.example.com/assets/app-5814969b.js\"></script>'; }}"
        );
        // Edits live as long as the test.
        let site = Plan::of(Engine::Reference).edit("location / {", page.leak()).deploy().await;
        let (code, said) = site.run("", &["--browser", "--tags", "@browser", "--name", "blocks|rest"]);
        assert_eq!(code, Some(expected), "{said}");
        assert_eq!(said.contains("mixed content: it is asked by http"), expected == 1, "{said}");
        site.end().await;
    }
}

#[test]
fn a_picture_shows_no_secret() {
    if !has_browser() {
        return;
    }
    let picture = |password: &str, token: &str| {
        let body = format!(
            "<input type=password value=\"{password}\"><input name=api-key value=\"{password}\">\
             <p>https://shop.example.com/?access_token={token}</p>"
        );
        let site = PageSite::with(&[("/", page(&body))]);
        let report = site.directory.path().join("r.html");
        let (code, said) =
            look(&site, "", &["--name", "rest", "--report", &format!("html={}", report.display())]);
        assert_eq!(code, Some(0), "{said}");
        let page = std::fs::read_to_string(report).unwrap();
        page.split("data:image/png;base64,").nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    assert_eq!(picture("hunter2", "0123456789abcdef"), picture("swordfish-and-more", "fedcba98"));
    assert_ne!(picture("hunter2", "0123456789abcdef"), picture("hunter2", "0123456789abcdef</p><p>more"));
}

#[test]
fn without_a_browser_it_is_said_what_to_install() {
    let site = PageSite::with(&[]);
    let profile = site.profile("");
    let run = |variable: &str, value: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hopcheck"));
        command.args(["run", "--browser", "--target", &site.url, "--profile", &profile]).env(variable, value);
        said(&command.output().unwrap())
    };
    for (variable, value, why) in [
        ("PATH", "/nowhere", "install chromium or Google Chrome"),
        ("HOPCHECK_CHROMIUM", "/nowhere/chromium", "there is no file /nowhere/chromium"),
        ("HOPCHECK_CHROMIUM", "/bin/false", "/bin/false does not start"),
    ] {
        let (code, said) = run(variable, value);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.lines().last().is_some_and(|line| line.contains(why)), "{why}: {said}");
    }
    let (code, text) = said(&hopcheck(&["run", "--browser", "--target", "reference"]));
    assert!(code == Some(2) && text.contains("--browser has a live site looked at"), "{text}");
    let (code, text) =
        said(&hopcheck(&["run", "--target", &site.url, "--profile", &profile, "--tags", "@browser"]));
    assert!(code == Some(2) && text.contains("are run with --browser"), "{text}");
}

/// Whatever ends hopcheck, the browser ends, too.
#[cfg(target_os = "linux")] // which says what processes there are
#[test]
fn a_browser_ends_with_who_started_it() {
    if !has_browser() {
        return;
    }
    let site = PageSite::with(&[("/app-2.js", Answer(0, "", String::new()))]);
    let profile = site.profile("");
    let temporary = site.directory.path().to_owned();
    let mut running = Command::new(env!("CARGO_BIN_EXE_hopcheck"))
        .args(["run", "--browser", "--target", &site.url, "--profile", &profile, "--tags", "@browser"])
        .env("TMPDIR", &temporary)
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    wait_until("the page is asked for", || site.asked().iter().any(|line| line.contains("/app-2.js")));
    assert!(processes_with(&temporary) > 0);
    running.kill().unwrap();
    running.wait().unwrap();
    wait_until("no process is left", || processes_with(&temporary) == 0);
    // The next one cleans up after the one that was killed, and after itself.
    let works = PageSite::with(&[]);
    let profile = works.profile("");
    let mut command = Command::new(env!("CARGO_BIN_EXE_hopcheck"));
    command.args([
        "run",
        "--browser",
        "--target",
        &works.url,
        "--profile",
        &profile,
        "--name",
        "comes to rest",
    ]);
    let (code, said) = said(&command.env("TMPDIR", &temporary).output().unwrap());
    assert_eq!(code, Some(0), "{said}");
    let left: Vec<_> =
        std::fs::read_dir(&temporary).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["hopcheck.toml"]);
    assert_eq!(processes_with(&temporary), 0);
}

/// How many processes name this directory on their command line.
#[cfg(target_os = "linux")]
fn processes_with(directory: &std::path::Path) -> usize {
    let directory = directory.display().to_string();
    let processes = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let commands = processes.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
    let names = |command: &Vec<u8>| {
        let command = String::from_utf8_lossy(command);
        command.contains(&format!("{directory}/")) && command.contains("--user-data-dir")
    };
    commands.filter(names).count()
}

#[cfg(target_os = "linux")]
pub(crate) fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while !is_so() {
        assert!(std::time::Instant::now() < deadline, "not within a minute: {what}");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}
