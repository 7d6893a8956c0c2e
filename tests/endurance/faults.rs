//! App servers that are killed one after the other, under load, while the configuration is reloaded and logs are moved away.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use hopcheck_targets::target::Signal;
use mock_upstreams::{AppServer, StopMode};

use crate::load::{Load, Outcome};
use crate::processes::MIB;
use crate::sessions::{Sessions, Talk};
use crate::site::{DEADLINE, Site, bounded, on_each};

/// What may stand in an error log, from `warn` on, when app servers are killed.
const EXPECTED: [&str; 10] = [
    "connect() failed (111: Connection refused) while connecting to upstream",
    "connect() failed (104: Connection reset by peer) while connecting to upstream",
    "upstream prematurely closed connection while reading response header from upstream",
    "recv() failed (104: Connection reset by peer) while reading response header from upstream",
    "recv() failed (104: Connection reset by peer) while reading upstream",
    "readv() failed (104: Connection reset by peer) while reading upstream",
    "writev() failed (104: Connection reset by peer) while sending request to upstream",
    "writev() failed (32: Broken pipe) while sending request to upstream",
    "recv() failed (104: Connection reset by peer) while proxying upgraded connection",
    "send() failed (104: Connection reset by peer) while proxying upgraded connection",
];

/// `HOPCHECK_FAULT_ROUNDS`, or a few.
fn rounds() -> usize {
    std::env::var("HOPCHECK_FAULT_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(6)
}

#[tokio::test(flavor = "multi_thread")]
async fn app_servers_that_are_killed_in_turn_cost_nothing() {
    // With two workers nobody can tell when both have found out that a server is back.
    let changes = [("main", "worker_processes 2;"), ("upstream servers", "max_fails=0")];
    on_each(&changes, async |site| {
        reload(site).await;
        idle(site).await;
        let (descriptors, memory) = (site.processes.descriptors(), site.processes.start_peak());
        let (load, sessions) = (Load::start(&site.route()), Sessions::start(&site.route(), 2));
        let mut moved = Vec::new();
        for round in 0..rounds() {
            let mode = if round % 4 < 2 { StopMode::Close } else { StopMode::Reset };
            let victim = site.scene.app_servers()[round % 2].clone();
            tokio::join!(load.go_on(10), sessions.go_on(4));
            sessions.dies(victim.name());
            victim.stop_with(mode).await;
            sessions.dies(victim.name());
            load.go_on(10).await;
            if round % 3 == 0 {
                reload(site).await;
                load.go_on(10).await;
            }
            comes_back(&victim).await;
            if round % 3 == 1 {
                reload(site).await;
            }
            moved.push(move_logs(site, round).await);
        }
        let (outcomes, talk) = tokio::join!(load.stop(), sessions.stop());
        bounded(site, &format!("{} rounds", rounds()), memory, 40 * MIB);
        idle(site).await;
        site.eventually("no descriptor is left", || site.processes.descriptors() == descriptors).await;
        nothing_is_lost(site, &outcomes);
        nothing_is_done_twice(site, &outcomes);
        each_is_logged(site, &outcomes, &moved);
        only_what_must_be_said(site, &moved);
        sessions_end_with_their_app_server_only(site, &talk);
    })
    .await;
}

async fn comes_back(server: &AppServer) {
    let before = server.read(|journal| journal.len());
    server.restart().await.expect("the port that it had");
    server.wait_for(DEADLINE, |journal| journal.len() > before).await.expect("to be asked again");
}

/// Has a new generation of workers take over.
async fn reload(site: &mut Site) {
    let count = |site: &Site| errors(site).matches("gracefully shutting down").count();
    let before = count(site);
    site.signal(Signal::Hup).await;
    site.eventually("the old workers go", || count(site) >= before + 2).await;
}

/// The error log, moved parts included.
fn errors(site: &Site) -> String {
    let log = log_path(site, "error_log");
    let moved = (0..).map(|round| log.with_extension(round.to_string()));
    let moved = moved.map_while(|path| fs::read_to_string(path).ok());
    moved.chain([site.errors()]).collect()
}

fn log_path(site: &Site, name: &str) -> PathBuf {
    site.scene.rewritten().logs.get(name).expect("a log").clone()
}

/// Moves both logs away, as `logrotate` does, and has new ones begun; the access log's new name.
async fn move_logs(site: &mut Site, round: usize) -> PathBuf {
    let [access, error] = ["access_log", "error_log"].map(|name| log_path(site, name));
    let moved = access.with_extension(round.to_string());
    fs::rename(&access, &moved).expect("a log that can be moved");
    fs::rename(&error, error.with_extension(round.to_string())).expect("a log that can be moved");
    site.signal(Signal::Usr1).await;
    site.eventually("the new log is used", || !site.access().is_empty()).await;
    moved
}

/// Waits until nobody is connected to the proxy, nor the proxy to anybody.
async fn idle(site: &Site) {
    for server in site.scene.app_servers() {
        server.close_idle(StopMode::Close);
    }
    site.eventually("no connection is left", || site.processes.connections() == 0).await;
}

fn nothing_is_lost(site: &Site, outcomes: &[Outcome]) {
    let (gets, posts): (Vec<_>, Vec<_>) = outcomes.iter().partition(|outcome| outcome.method == "GET");
    let lost: Vec<_> = gets.iter().filter(|outcome| outcome.result != Ok(200)).collect();
    assert!(lost.is_empty(), "{}: {} of {} GETs are lost: {lost:?}", site.engine, lost.len(), gets.len());
    let mut results: BTreeMap<String, usize> = BTreeMap::new();
    for outcome in &posts {
        let result = outcome.result.as_ref().map_or_else(|error| error.clone(), u16::to_string);
        *results.entry(result).or_default() += 1;
    }
    let again = gets.iter().filter(|outcome| outcome.again).count();
    site.note("GETs answered 200", format!("{}, {again} of them on a second connection", gets.len()));
    site.note("POSTs by what came of them", format!("{results:?}"));
    // Sent when the connection had been closed already, none is lost by the proxy; a reset says that it had come. nginx
    // closes an idle connection without a look.
    let unsent =
        |result: &str| result.starts_with("the connection was closed") || result.starts_with("Broken pipe");
    let reset = |result: &str| site.engine == "nginx" && result.starts_with("Connection reset");
    let expected = |outcome: &&&Outcome| match &outcome.result {
        Ok(status) => [201, 502].contains(status),
        Err(error) => unsent(error) || reset(error),
    };
    let unexpected: Vec<_> = posts.iter().filter(|outcome| !expected(outcome)).collect();
    assert!(unexpected.is_empty(), "{}: {unexpected:?}", site.engine);
}

/// An answer of the app stands for one run, no answer for one at most.
fn nothing_is_done_twice(site: &Site, outcomes: &[Outcome]) {
    let mut runs: BTreeMap<String, usize> = BTreeMap::new();
    for server in site.scene.app_servers() {
        server.read(|journal| {
            for id in journal.exchanges.iter().filter_map(|exchange| exchange.headers.get("x-request-id")) {
                *runs.entry(id.to_owned()).or_default() += 1;
            }
        });
    }
    for outcome in outcomes.iter().filter(|outcome| outcome.method == "POST") {
        let ran = runs.get(&outcome.id).copied().unwrap_or(0);
        let right = if outcome.result == Ok(201) { ran == 1 } else { ran <= 1 };
        assert!(right, "{}: {outcome:?} reached app servers {ran} times", site.engine);
    }
}

/// Every answer is in one of the access logs, once.
fn each_is_logged(site: &Site, outcomes: &[Outcome], moved: &[PathBuf]) {
    let logs: String =
        moved.iter().map(|path| fs::read_to_string(path).expect("a log")).chain([site.access()]).collect();
    let mut lines: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in logs.lines() {
        let fields: Vec<&str> = line.split('"').collect();
        let (status, id) = (fields[2].split_whitespace().next().unwrap_or_default(), fields[3]);
        lines.entry(id).or_default().push(status);
    }
    for outcome in outcomes {
        let Ok(status) = &outcome.result else { continue };
        let logged = lines.get(&*outcome.id).cloned().unwrap_or_default();
        assert_eq!(logged, [status.to_string()], "{}: {outcome:?}", site.engine);
    }
}

/// Neither reloads nor reopened logs, nor the other app server's death, concern an open WebSocket.
fn sessions_end_with_their_app_server_only(site: &Site, talk: &Talk) {
    assert!(talk.wrong.is_empty(), "{}: {:?}", site.engine, talk.wrong);
    let Talk { messages, died, .. } = talk;
    assert!(*died > 0, "{}: no app server that was killed had a session", site.engine);
    site.note("WebSocket messages", format!("{messages}; sessions that died with their app server: {died}"));
}

fn only_what_must_be_said(site: &Site, moved: &[PathBuf]) {
    let errors = errors(site);
    let mut said: BTreeMap<&str, usize> = BTreeMap::new();
    for line in errors.lines().filter(|line| !line.contains("[notice]") && !line.contains("[info]")) {
        let expected = EXPECTED.iter().find(|expected| line.contains("[error]") && line.contains(*expected));
        let Some(expected) = expected else { panic!("{}: the error log says {line}", site.engine) };
        *said.entry(expected).or_default() += 1;
    }
    assert_eq!(moved.len(), rounds());
    site.note("error log", format!("{said:?}"));
}
