//! A proxy before two app servers, and a watch of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hopcheck_site::profile::{Profile, Transport};
use hopcheck_targets::conf::{Overlay, Source};
use hopcheck_targets::target::{Reference, Target};
use hopcheck_targets::{scene::Scene, stage::Stage};
use hopcheck_watch::{Glance, Running, Watch, Wishes};
use mock_upstreams::AppServer;
use tokio::time::{sleep, timeout};

/// Only ever waited out when something is wrong.
pub(crate) const SOON: Duration = Duration::from_secs(60);

/// On a busy machine anything may take a while; a test of a switch in good order is not about that.
pub(crate) const PATIENT: Wishes =
    Wishes { rate: 25.0, sessions: 4, gap: Duration::from_secs(30), heart_beat: Duration::from_secs(10) };

pub(crate) fn reference() -> Arc<Stage> {
    let target = Reference::new(PathBuf::from(env!("CARGO_BIN_EXE_hopcheck"))).unwrap();
    stage(Box::new(target))
}

pub(crate) fn stage(target: Box<dyn Target>) -> Arc<Stage> {
    let source = Source::read(Path::new("../../nginx/nginx.conf")).unwrap();
    Arc::new(Stage { target, source })
}

/// A scene before whose app servers `upstream` stands for each `server` line, and a watch of it that has not begun.
pub(crate) async fn scene(stage: &Arc<Stage>, upstream: &str) -> Scene {
    let mut scene = Scene::set(Arc::clone(stage)).await.unwrap();
    scene.overlay(Overlay::UpstreamParameter(upstream.to_owned()));
    // One worker, so that there is one opinion on which app server is up.
    scene.overlay(Overlay::Directives { context: "main".to_owned(), text: "worker_processes 1;".to_owned() });
    scene.proxy().await.unwrap();
    scene
}

/// What a profile would say of a scene's proxy.
pub(crate) async fn profile(scene: &mut Scene, api: &str) -> String {
    format!(
        "url = \"http://{}\"\n[api]\npath = \"{api}\"\n[front-end]\ndeep-link = \"/stores/7\"\n[stomp]\n\
         endpoint = \"/stomp/ws\"\nsubscribe = \"/topic/stock\"\n[instances]\nheader = \"X-Instance\"\n[limits]\n\
         requests-per-second = 100\n",
        scene.proxy().await.unwrap()
    )
}

pub(crate) async fn begin(scene: &mut Scene, api: &str, wishes: Wishes) -> Running {
    begin_over(Transport::WebSocket, scene, api, wishes).await
}

/// The same with what carries STOMP.
pub(crate) async fn begin_over(
    transport: Transport,
    scene: &mut Scene,
    api: &str,
    wishes: Wishes,
) -> Running {
    let mut profile = Profile::parse(&profile(scene, api).await, "hopcheck.toml").unwrap();
    profile.stomp.transport = transport;
    Watch::prepare("shop", profile, wishes).await.unwrap().begin()
}

/// Waits until the watch stands so.
pub(crate) async fn until(running: &Running, mut stands: impl FnMut(&Glance) -> bool) {
    let waited = timeout(SOON, async {
        while !stands(&running.glance()) {
            sleep(Duration::from_millis(10)).await;
        }
    });
    assert!(waited.await.is_ok(), "the watch does not come to stand as it should: {:?}", running.glance());
}

/// Waits until all sessions are open, and so many more requests to the API were answered.
pub(crate) async fn well(running: &Running, more: u64) {
    let enough = running.glance().kinds[0].good + more;
    until(running, |glance| glance.sessions == (4, 4) && glance.kinds[0].good >= enough).await;
}

/// Waits until so many more requests to the API have reached an app server: the proxy has it back.
pub(crate) async fn trusted(server: &AppServer, api: &str) {
    let enough = server.read(|journal| journal.to(api).count()) + 3;
    server.wait_for(SOON, |journal| journal.to(api).count() >= enough).await.unwrap();
}

/// The lines of the proxy's access log for such requests: status and body bytes. A line is written when its answer is
/// out, perhaps a little after the client has it.
pub(crate) async fn logged(scene: &Scene, request: &str, count: u64) -> Vec<(u16, u64)> {
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
    let complete = timeout(SOON, async {
        while (lines().len() as u64) < count {
            sleep(Duration::from_millis(10)).await;
        }
    });
    assert!(complete.await.is_ok(), "of {count} {request} the proxy logged {:?}", lines());
    lines()
}
