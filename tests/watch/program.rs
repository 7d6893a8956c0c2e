//! `hopcheck watch` as its users see it.

use std::process::{Child, Command, Stdio};

use hopcheck_targets::scene::Scene;
use mock_upstreams::journal::Journal;
use tempfile::TempDir;

use crate::support::{SOON, profile, reference, scene};

/// The program, watching a scene with these arguments; and the directory that its reports are written to.
async fn program(scene: &mut Scene, arguments: &[&str]) -> (Child, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("hopcheck.toml"), profile(scene, "/api/items").await).unwrap();
    let url = format!("shop=http://{}", scene.proxy().await.unwrap());
    let child = Command::new(env!("CARGO_BIN_EXE_hopcheck"))
        .args(["watch", "--target", &url])
        .args(arguments)
        .current_dir(directory.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    (child, directory)
}

async fn ended_with(child: Child) -> (Option<i32>, String) {
    let output = tokio::task::spawn_blocking(|| child.wait_with_output().unwrap()).await.unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn interrupted_the_program_says_what_it_saw_and_writes_its_reports() {
    let mut scene = scene(&reference(), "max_fails=0").await;
    let (child, directory) =
        program(&mut scene, &["--gap", "30000", "--report", "html=w.html,json=w.json"]).await;
    for server in scene.app_servers() {
        let asked = |journal: &Journal| journal.to("/api/items").count() >= 5;
        server.wait_for(SOON, asked).await.unwrap();
    }
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let (code, said) = ended_with(child).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("Nobody noticed: ") && said.contains("blue") && said.contains("green"), "{said}");
    let json = std::fs::read_to_string(directory.path().join("w.json")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["noticed"], &json["target"]), (&false.into(), &"shop".into()));
    let page = std::fs::read_to_string(directory.path().join("w.html")).unwrap();
    assert!(page.contains("<svg") && page.contains("Nobody noticed: "), "{page}");
    assert!(!page.contains("<script") && !page.contains("src="), "{page}");
    scene.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_its_time_the_program_says_that_somebody_noticed() {
    let mut scene = scene(&reference(), "max_fails=0").await;
    scene.blue.quit().await;
    scene.green.quit().await;
    let (child, _directory) = program(&mut scene, &["--for", "1s"]).await;
    let (code, said) = ended_with(child).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("STOMP: no session ever opened: the handshake was answered 502, not 101."),
        "{said}"
    );
    assert!(said.contains(" × 502, not 200\n"), "{said}");
    scene.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_watched_is_told_in_words() {
    let mut scene = scene(&reference(), "max_fails=0").await;
    let said = [
        (vec!["--until-key"], "--until-key needs a terminal to press Enter at"),
        (vec!["--rate", "90"], "comes to 144.0 requests a second in all, and the profile allows 100"),
        (vec!["--for", "soon"], "is no length of time, as 90s, 10m and 1h30m are"),
        (vec!["--report", "junit=w.xml"], "a watch has no report of the kind \"junit\""),
    ];
    for (arguments, words) in said {
        let (child, _directory) = program(&mut scene, &arguments).await;
        let (code, said) = ended_with(child).await;
        assert!(code == Some(2) && said.contains(words), "{code:?} {said}");
    }
    scene.strike().await;
}
