//! `init` and `watch` on a site that offers HTTP/2: they ask as a browser does, on one connection.

use std::collections::BTreeSet;
use std::time::Duration;

use hopcheck_site::profile::Profile;
use hopcheck_targets::target::Signal;
use hopcheck_watch::{KindReport, Report, RunningWatch, Watch, WatchOptions};
use tokio::time::{sleep, timeout};

use crate::site::{Engine, PROFILE, Plan, Site, engines, hopcheck, said};

const HTTP2: (&str, &str) = ("listen 443 ssl;", "listen 443 ssl http2;");

/// Tells connections apart in the log.
const CONNECTION: (&str, &str) = ("log_format main '", "log_format main '$connection ");

/// The connections of the requests over this version that are logged, and how many requests there were.
fn logged(site: &Site, version: &str) -> (BTreeSet<String>, usize) {
    let log = site.scene.log("access_log");
    let lines = log.lines().filter(|line| line.contains(&format!(" {version}\" ")));
    let connections: Vec<String> =
        lines.filter_map(|line| Some(line.split(' ').next()?.to_owned())).collect();
    (connections.iter().cloned().collect(), connections.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn init_follows_the_page_as_a_browser_does() {
    let gate = "location = / { add_header Set-Cookie \"seen=1; Path=/; Secure\"; return 302 /app/; }
        location /app/ {
            if ($cookie_seen = \"\") { return 403; }
            if ($http_sec_fetch_dest != document) { return 403; }
            add_header Alt-Svc 'h2=\"other.example.com:443\"; ma=60';
            root /home/dambae200/dambae200-front/www;
            try_files /index.html =404;
        }
        location /api {";
    for engine in engines() {
        let site = Plan::of(engine)
            .edit(HTTP2.0, HTTP2.1)
            .edit(CONNECTION.0, CONNECTION.1)
            .edit("location /api {", gate)
            .deploy()
            .await;
        let file = site.directory.path().join("found.toml");
        let (authority, address) = (site.directory.path().join("ca.pem"), format!("127.0.0.1:{}", site.port));
        let [profile, authority] = [&file, &authority].map(|path| path.to_str().unwrap());
        let connect = ["--address", &address, "--ca-file", authority];
        let told = ["init", "--target", &site.url, "--profile", profile];
        let (code, told) = said(&hopcheck(&[&told[..], &connect].concat()));
        assert_eq!(code, Some(0), "{told}");
        for found in [
            "HTTP/1.1; also HTTP/2; asked over HTTP/2 as by a browser; the scenarios ask over both",
            "the page's Alt-Svc names h2=\"other.example.com:443\", where browsers may go on; it is not asked there",
            "found: [front-end] page = \"/app/\" (GET / leads there)",
            "found: [front-end] asset = \"/assets/app-5814969b.js\"",
            "found: [front-end] deep-link = \"/app/hopcheck/deep/link\" (serves the same page as /app/)",
            "found: [api] path = \"/api/items\"",
            "found: [instances] header = \"x-instance\"",
        ] {
            assert!(told.contains(found), "{found:?} is not in\n{told}");
        }
        let (connections, requests) = logged(&site, "HTTP/2.0");
        assert!(connections.len() == 1 && requests >= 7, "{connections:?} {requests}\n{told}");
        let found = Profile::read(&file).unwrap();
        assert_eq!(found.front_end.page.as_deref(), Some("/app/"));
        site.end().await;
    }
}

async fn watch(site: &Site) -> RunningWatch {
    let profile = Profile::read(site.profile(PROFILE).as_ref()).unwrap();
    let options = WatchOptions { rate: 25.0, gap: Duration::from_secs(30), ..WatchOptions::default() };
    Watch::prepare("shop", profile, options).await.unwrap().begin()
}

/// Waits until so many more requests to the API were answered, well or not.
async fn until_answered(running: &RunningWatch, more: u64) {
    let answered = || running.status().kinds.first().map_or(0, |api| api.good + api.failed);
    let before = answered();
    let waited = timeout(Duration::from_secs(60), async {
        while answered() < before + more {
            sleep(Duration::from_millis(10)).await;
        }
    });
    assert!(waited.await.is_ok(), "{:?}", running.status());
}

fn api(report: &Report) -> &KindReport {
    report.kinds.iter().find(|kind| kind.kind == "API").unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_under_a_visit_over_http2_loses_nothing() {
    for engine in engines() {
        let mut site =
            Plan::of(engine).edit(HTTP2.0, HTTP2.1).edit(CONNECTION.0, CONNECTION.1).deploy().await;
        let running = watch(&site).await;
        until_answered(&running, 12).await;
        let (connections, requests) = logged(&site, "HTTP/2.0");
        assert!(connections.len() == 1 && requests >= 4, "{connections:?} {requests}");
        site.scene.running().await.unwrap().signal(Signal::Hup).await.unwrap();
        until_answered(&running, 24).await;
        let report = running.end().await;
        let api = api(&report);
        assert!(!report.noticed, "{}", report.text());
        assert!(api.on_streams >= 10 && api.on_streams <= api.asked / 3 + 1, "{}", report.text());
        assert_eq!(logged(&site, "HTTP/2.0").0.len(), 2, "{}", report.text());
        site.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_over_http2_alone_is_told_so() {
    let site = Plan::of(Engine::Reference)
        .edit(HTTP2.0, HTTP2.1)
        .edit("location /api {", "location /api { if ($server_protocol = HTTP/2.0) { return 502; }")
        .deploy()
        .await;
    let running = watch(&site).await;
    until_answered(&running, 12).await;
    let report = running.end().await;
    let api = api(&report);
    assert!(api.failed == api.on_streams && api.failed > 0, "{}", report.text());
    assert!(report.noticed && report.text().contains(", over HTTP/2)"), "{}", report.text());
    site.end().await;
}
