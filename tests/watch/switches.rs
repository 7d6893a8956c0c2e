//! Clean switches, hard ones and botched ones.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use hopcheck_container::{Nginx, NginxOptions};
use hopcheck_site::profile::{Profile, Transport};
use hopcheck_targets::{scene::Scene, stage::Stage};
use hopcheck_watch::{KindReport, Report, Status, Watch, WatchOptions};
use mock_upstreams::journal::{Journal, SessionEnd};
use mock_upstreams::{AppServer, StopMode};

use crate::support::{
    LENIENT, TIMEOUT, access_log_of, begin, begin_over, profile, reference, scene, stage, until,
    wait_until_healthy, wait_until_used,
};

fn kind<'a>(report: &'a Report, name: &str) -> &'a KindReport {
    report.kinds.iter().find(|kind| kind.kind == name).unwrap()
}

/// How many sessions of both app servers ended so.
fn ended(scene: &Scene, how: impl Fn(&SessionEnd) -> bool) -> u64 {
    let of = |server: &AppServer| {
        server.read(|journal| {
            journal.sessions().filter(|session| session.end.as_ref().is_some_and(&how)).count()
        })
    };
    scene.app_servers().into_iter().map(of).sum::<usize>() as u64
}

fn went_away(end: &SessionEnd) -> bool {
    matches!(end, SessionEnd::ClosedByServer { code: Some(1001), .. })
}

/// The responses of the proxy itself never failed.
fn static_responses_never_failed(report: &Report) {
    for name in ["front end", "preflight"] {
        let kind = kind(report, name);
        assert_eq!((kind.failed, kind.asked), (0, kind.good), "{}", report.text());
    }
}

/// Blue is replaced, then green, each when the other is up and wait_until_used.
async fn switch_cleanly(stage: &Arc<Stage>, transport: Transport) {
    let mut scene = scene(stage, "fail_timeout=1s").await;
    let running = begin_over(transport, &mut scene, "/api/items", LENIENT).await;
    wait_until_healthy(&running, 10).await;
    for server in scene.app_servers() {
        server.quit().await;
        wait_until_healthy(&running, 10).await;
        server.restart().await.unwrap();
        wait_until_used(server, "/api/items").await;
    }
    let report = running.end().await;
    let (api, sessions) = (kind(&report, "API"), report.sessions.as_ref().unwrap());
    assert!(!report.noticed, "{}", report.text());
    assert_eq!((api.failed, api.asked, api.gaps.count()), (0, api.good, 0));
    let log = access_log_of(&scene, "GET /api/items", api.asked).await;
    assert_eq!((log.len() as u64, log.iter().all(|(status, _)| *status == 200)), (api.asked, true));
    assert_eq!((sessions.dropped, sessions.moved), (0, ended(&scene, went_away)));
    assert!(sessions.moved >= 4, "every session was at one of them: {}", report.text());
    let names: BTreeSet<_> = report.instances.iter().map(|each| each.name.as_str()).collect();
    assert_eq!(names.into_iter().collect::<Vec<_>>(), ["blue", "green"]);
    static_responses_never_failed(&report);
    assert!(report.verdict[0].starts_with("Nothing to notice: "), "{}", report.text());
    scene.tear_down().await;
}

/// Blue crashes with all sessions, and responses in flight.
async fn crash_one_app_server(stage: &Arc<Stage>) {
    const API: &str = "/api/stream?chunks=2";
    let mut scene = scene(stage, "max_fails=0").await;
    scene.app_server("green").unwrap().quit().await;
    // Green responds at once. Blue keeps its responses open, so that all slots are soon taken.
    scene.app_server("green").unwrap().release_many(1_000_000);
    let running = begin(&mut scene, API, LENIENT).await;
    until(&running, |status| status.sessions == (4, 4)).await;
    let open =
        |journal: &Journal| journal.to(API).filter(|exchange| exchange.status == Some(200)).count() == 4;
    scene.app_server("blue").unwrap().wait_for(TIMEOUT, open).await.unwrap();
    scene.app_server("green").unwrap().restart().await.unwrap();
    scene.app_server("blue").unwrap().stop_with(StopMode::Reset).await;
    wait_until_healthy(&running, 10).await;
    let report = running.end().await;
    let (api, sessions) = (kind(&report, "API"), report.sessions.as_ref().unwrap());
    let log = access_log_of(&scene, &format!("GET {API}"), api.asked + api.asked_again).await;
    // Green's responses are complete. Those of blue are cut off, or a 502 if nothing had arrived yet.
    let whole = log.iter().filter(|(status, _)| *status == 200).map(|(_, bytes)| *bytes).max();
    let lost = log.iter().filter(|(status, bytes)| (*status, Some(*bytes)) != (200, whole)).count() as u64;
    // A request whose kept connection was closed before any response is retried, as browsers do.
    assert_eq!(api.failed + api.asked_again, lost, "{}\n{log:?}", report.text());
    assert!(api.failed > 0 && report.noticed, "{}\n{log:?}", report.text());
    let aborted = ended(&scene, |end| matches!(end, SessionEnd::Aborted { .. }));
    assert_eq!((sessions.dropped, sessions.moved, aborted), (4, 0, 4), "{}", report.text());
    for end in &sessions.ends.listed {
        let at = (end.instance.as_deref(), end.back_at.as_deref(), end.in_order);
        assert_eq!(at, (Some("blue"), Some("green"), false), "{}", report.text());
    }
    static_responses_never_failed(&report);
    scene.tear_down().await;
}

/// Blue is stopped before green is up; after a while blue comes back, or none does.
async fn stop_both_app_servers(stage: &Arc<Stage>, comes_back: bool) {
    let gap = Duration::from_millis(500);
    let mut scene = scene(stage, "max_fails=0").await;
    let running = begin(&mut scene, "/api/items", WatchOptions { gap, ..LENIENT }).await;
    wait_until_healthy(&running, 10).await;
    scene.app_server("green").unwrap().quit().await;
    scene.app_server("blue").unwrap().quit().await;
    let outage = running.status().after;
    until(&running, |status| {
        let [api, ..] = status.kinds.as_slice() else { return false };
        api.failed >= 20 && status.sessions.0 == 0 && status.after > outage + 4 * gap
    })
    .await;
    if comes_back {
        scene.app_server("blue").unwrap().restart().await.unwrap();
        wait_until_healthy(&running, 10).await;
    }
    let report = running.end().await;
    let (api, sessions) = (kind(&report, "API"), report.sessions.as_ref().unwrap());
    let log = access_log_of(&scene, "GET /api/items", api.asked).await;
    let refused = log.iter().filter(|(status, _)| *status == 502).count() as u64;
    assert_eq!((api.failed, api.reasons.get("502, not 200")), (refused, Some(&refused)), "{}", report.text());
    let first = api.failures.listed.first().unwrap().due.offset_ms;
    let last = api.failures.listed.last().unwrap().due.offset_ms;
    let covers = |from: u64, to: u64| from <= first + 500 && to >= last;
    let gaps = &api.gaps.listed;
    assert!(gaps.iter().any(|gap| covers(gap.from.offset_ms, gap.to.offset_ms)), "{}", report.text());
    let handshakes = access_log_of(&scene, "GET /stomp/ws", sessions.attempts_failed).await;
    let refused = handshakes.iter().filter(|(status, _)| *status == 502).count() as u64;
    assert_eq!(sessions.attempts_failed, refused, "{}", report.text());
    assert_eq!(sessions.dropped + sessions.moved, ended(&scene, went_away), "{}", report.text());
    let lost = sessions.ends.listed.iter().filter(|end| end.noticed && end.attempts_failed > 0).count();
    let not_back = sessions.ends.listed.iter().filter(|end| end.back.is_none()).count();
    assert_eq!((lost, not_back), (4, if comes_back { 0 } else { 4 }), "{}", report.text());
    assert_eq!((report.noticed, report.verdict[0].as_str()), (true, "Visitors noticed."));
    scene.tear_down().await;
}

/// Of a WebSocket that does not speak STOMP the handshake is watched: it is there, then it is not, and then again.
#[tokio::test(flavor = "multi_thread")]
async fn a_websocket_that_does_not_open_is_noticed() {
    let mut scene = scene(&reference(), "max_fails=0").await;
    let text = profile(&mut scene, "/api/items").await;
    let text = text.replace(
        "[stomp]\nendpoint = \"/stomp/ws\"\nsubscribe = \"/topic/stock\"\n",
        "[socket]\nendpoint = \"/stomp/echo\"\n",
    );
    let profile = Profile::parse(&text, "hopcheck.toml").unwrap();
    let watch = Watch::prepare("shop", profile, LENIENT).await.unwrap();
    let said = watch.describe().join("\n");
    assert!(said.contains("  WebSocket GET /stomp/echo, expecting 101, 5 per second"), "{said}");
    assert!(!said.contains("STOMP"), "{said}");
    let running = watch.begin();
    let opened = |status: &Status, more| status.kinds[3].good >= more;
    until(&running, |status| opened(status, 3)).await;
    scene.app_server("green").unwrap().quit().await;
    scene.app_server("blue").unwrap().quit().await;
    until(&running, |status| status.kinds[3].failed >= 3).await;
    scene.app_server("blue").unwrap().restart().await.unwrap();
    let before = running.status().kinds[3].good;
    until(&running, |status| opened(status, before + 3)).await;
    let report = running.end().await;
    let socket = kind(&report, "WebSocket");
    let log = access_log_of(&scene, "GET /stomp/echo", socket.asked).await;
    let refused = log.iter().filter(|(status, _)| *status == 502).count() as u64;
    assert_eq!(socket.reasons.get("502, not 101"), Some(&refused), "{}", report.text());
    let dropped = socket.failed - refused;
    let of_drops =
        socket.reasons.iter().filter(|(reason, _)| reason.starts_with("the WebSocket was dropped: "));
    assert_eq!(of_drops.map(|(_, count)| count).sum::<u64>(), dropped, "{}", report.text());
    // What was open when its app server quit was dropped. All others were closed.
    let aborted = |end: &SessionEnd| matches!(end, SessionEnd::Aborted { .. });
    assert_eq!(ended(&scene, aborted), dropped, "{}", report.text());
    scene.tear_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clean_switch_goes_unnoticed() {
    switch_cleanly(&reference(), Transport::WebSocket).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clean_switch_goes_unnoticed_over_sockjs() {
    switch_cleanly(&reference(), Transport::SockJs).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_loss_of_a_crash_is_counted() {
    crash_one_app_server(&reference()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_loss_of_an_outage_is_counted() {
    stop_both_app_servers(&reference(), true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_may_last_until_the_end_of_the_watch() {
    stop_both_app_servers(&reference(), false).await;
}

/// Where nginx cannot be had, this says so, and fails only if `HOPCHECK_REQUIRE_NGINX` is set.
#[tokio::test(flavor = "multi_thread")]
async fn switches_behind_nginx_are_judged_alike() {
    let nginx = match Nginx::start(&NginxOptions::from_env()).await {
        Ok(nginx) => nginx,
        Err(error) => {
            let required = std::env::var_os("HOPCHECK_REQUIRE_NGINX").is_some_and(|value| !value.is_empty());
            assert!(!required, "{error}");
            return println!("nginx did not run, so this was not tested: {error}");
        }
    };
    let stage = stage(Box::new(nginx));
    tokio::join!(
        switch_cleanly(&stage, Transport::WebSocket),
        crash_one_app_server(&stage),
        stop_both_app_servers(&stage, true)
    );
}
