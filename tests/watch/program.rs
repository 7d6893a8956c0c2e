//! The command `hopcheck watch`.

use std::process::{Child, Command, Stdio};

use hopcheck_targets::scene::Scene;
use mock_upstreams::journal::Journal;
use tempfile::TempDir;

use crate::support::{TIMEOUT, profile, reference, scene};

/// Starts `hopcheck watch` on a scene, in a directory of its own.
async fn program(scene: &mut Scene, arguments: &[&str]) -> (Child, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("hopcheck.toml"), profile(scene, "/api/items").await).unwrap();
    let url = format!("shop=http://{}", scene.proxy().await.unwrap());
    (spawn(&directory, &url, arguments), directory)
}

fn spawn(directory: &TempDir, target: &str, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_hopcheck"))
        .args(["watch", "--target", target])
        .args(arguments)
        .current_dir(directory.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

async fn wait_for(child: Child) -> (Option<i32>, String) {
    let output = tokio::task::spawn_blocking(|| child.wait_with_output().unwrap()).await.unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_watch_prints_its_verdict_and_writes_its_reports() {
    let mut scene = scene(&reference(), "max_fails=0").await;
    let (child, directory) =
        program(&mut scene, &["--gap", "30000", "--report", "html=w.html,json=w.json"]).await;
    for server in scene.app_servers() {
        let asked = |journal: &Journal| journal.to("/api/items").count() >= 5;
        server.wait_for(TIMEOUT, asked).await.unwrap();
    }
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let (code, said) = wait_for(child).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("Nothing to notice: ") && said.contains("blue") && said.contains("green"),
        "{said}"
    );
    let json = std::fs::read_to_string(directory.path().join("w.json")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["noticed"], &json["target"]), (&false.into(), &"shop".into()));
    let page = std::fs::read_to_string(directory.path().join("w.html")).unwrap();
    assert!(page.contains("<svg") && page.contains("Nothing to notice: "), "{page}");
    assert!(!page.contains("<script") && !page.contains("src="), "{page}");
    scene.tear_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_exit_code_is_1_when_visitors_noticed() {
    let mut scene = scene(&reference(), "max_fails=0").await;
    scene.app_server("blue").unwrap().quit().await;
    scene.app_server("green").unwrap().quit().await;
    let (child, _directory) = program(&mut scene, &["--for", "1s"]).await;
    let (code, said) = wait_for(child).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("STOMP: no session ever opened: the handshake was answered with 502, not 101."),
        "{said}"
    );
    assert!(said.contains(" × 502, not 200\n"), "{said}");
    scene.tear_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_arguments_are_explained() {
    let mut scene = scene(&reference(), "max_fails=0").await;
    let said = [
        (vec!["--until-key"], "--until-key needs a terminal to press Enter at"),
        (vec!["--rate", "90"], "makes 144.0 requests per second in total, and the profile allows 100"),
        (vec!["--for", "soon"], "is not a duration such as 90s, 10m or 1h30m"),
        (vec!["--report", "junit=w.xml"], "a watch has no report of the kind \"junit\""),
    ];
    for (arguments, words) in said {
        let (child, _directory) = program(&mut scene, &arguments).await;
        let (code, said) = wait_for(child).await;
        assert!(code == Some(2) && said.contains(words), "{code:?} {said}");
    }
    scene.tear_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_anything_to_watch_none_is_begun() {
    let mut scene = scene(&reference(), "max_fails=0").await;
    let directory = tempfile::tempdir().unwrap();
    let url = format!("http://{}", scene.proxy().await.unwrap());
    std::fs::write(directory.path().join("hopcheck.toml"), format!("url = \"{url}\"\n")).unwrap();
    let child = spawn(&directory, &url, &["--for", "1h"]);
    let (code, said) = wait_for(child).await;
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("names nothing to watch") && said.contains("hopcheck init"), "{said}");
    scene.tear_down().await;
}
