//! A proxy in front of two app servers, and a watch of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hopcheck_site::profile::{Profile, Transport};
use hopcheck_targets::conf::{Overlay, Source};
use hopcheck_targets::target::{Reference, Target};
use hopcheck_targets::{scene::Scene, stage::Stage};
use hopcheck_watch::{RunningWatch, Status, Watch, WatchOptions};
use mock_upstreams::AppServer;
use tokio::time::{sleep, timeout};

/// Only expires when something is wrong.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(60);

/// Tolerates the delays of a busy machine.
pub(crate) const LENIENT: WatchOptions = WatchOptions {
    rate: 25.0,
    sessions: 4,
    gap: Duration::from_secs(30),
    heart_beat: Duration::from_secs(10),
    show_secrets: false,
};

pub(crate) fn reference() -> Arc<Stage> {
    let target = Reference::new(PathBuf::from(env!("CARGO_BIN_EXE_hopcheck"))).unwrap();
    stage(Box::new(target))
}

pub(crate) fn stage(target: Box<dyn Target>) -> Arc<Stage> {
    let source = Source::read(Path::new("../../nginx/nginx.conf")).unwrap();
    Arc::new(Stage { target, source })
}

/// A scene whose `server` lines all have the parameter `upstream`.
pub(crate) async fn scene(stage: &Arc<Stage>, upstream: &str) -> Scene {
    let mut scene = Scene::set(Arc::clone(stage)).await.unwrap();
    scene.overlay(Overlay::UpstreamParameter(upstream.to_owned()));
    // One worker, so that there is one opinion on which app server is up.
    scene.overlay(Overlay::Directives { context: "main".to_owned(), text: "worker_processes 1;".to_owned() });
    scene.proxy().await.unwrap();
    scene
}

/// The profile of a scene's proxy.
pub(crate) async fn profile(scene: &mut Scene, api: &str) -> String {
    format!(
        "url = \"http://{}\"\n[api]\npath = \"{api}\"\n[preflight]\nallow-origin = \"*\"\n[front-end]\ndeep-link = \"/stores/7\"\n[stomp]\n\
         endpoint = \"/stomp/ws\"\nsubscribe = \"/topic/stock\"\n[instances]\nheader = \"X-Instance\"\n[limits]\n\
         requests-per-second = 100\n",
        scene.proxy().await.unwrap()
    )
}

pub(crate) async fn begin(scene: &mut Scene, api: &str, options: WatchOptions) -> RunningWatch {
    begin_over(Transport::WebSocket, scene, api, options).await
}

/// The same with a STOMP transport.
pub(crate) async fn begin_over(
    transport: Transport,
    scene: &mut Scene,
    api: &str,
    options: WatchOptions,
) -> RunningWatch {
    let mut profile = Profile::parse(&profile(scene, api).await, "hopcheck.toml").unwrap();
    profile.stomp.transport = transport;
    Watch::prepare("shop", profile, options).await.unwrap().begin()
}

/// Waits until the status of the watch satisfies `stands`.
pub(crate) async fn until(running: &RunningWatch, mut stands: impl FnMut(&Status) -> bool) {
    let waited = timeout(TIMEOUT, async {
        while !stands(&running.status()) {
            sleep(Duration::from_millis(10)).await;
        }
    });
    assert!(waited.await.is_ok(), "timed out waiting for the watch: {:?}", running.status());
}

/// Waits until all sessions are open, and `more` requests to the API have been answered.
pub(crate) async fn wait_until_healthy(running: &RunningWatch, more: u64) {
    let enough = running.status().kinds[0].good + more;
    until(running, |status| status.sessions == (4, 4) && status.kinds[0].good >= enough).await;
}

/// Waits until requests to the API reach an app server again: the proxy uses it.
pub(crate) async fn wait_until_used(server: &AppServer, api: &str) {
    let enough = server.read(|journal| journal.to(api).count()) + 3;
    server.wait_for(TIMEOUT, |journal| journal.to(api).count() >= enough).await.unwrap();
}

/// The lines of the proxy's access log for `request`: status and body bytes. A line may be written a little after the
/// client has the response.
pub(crate) async fn access_log_of(scene: &Scene, request: &str, count: u64) -> Vec<(u16, u64)> {
    let lines = || -> Vec<(u16, u64)> {
        let log = scene.log("access_log");
        let of_request = log.lines().filter_map(|line| line.split_once(&format!("\"{request} HTTP/1.1\" ")));
        of_request
            .map(|(_, rest)| {
                let mut numbers = rest.split(' ').map_while(|word| word.parse::<u64>().ok());
                let mut number = || numbers.next().unwrap();
                (u16::try_from(number()).unwrap(), number())
            })
            .collect()
    };
    let complete = timeout(TIMEOUT, async {
        while (lines().len() as u64) < count {
            sleep(Duration::from_millis(10)).await;
        }
    });
    assert!(complete.await.is_ok(), "of {count} {request} the proxy logged {:?}", lines());
    lines()
}
