//! Upstreams told apart: each app server of a configuration has a stand-in of its own, and what lands at that of another upstream is
//! told in words.

mod ran;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hopcheck_clients::{Connection, Request};
use hopcheck_report::Record;
use hopcheck_targets::conf::Source;
use hopcheck_targets::scene::Scene;
use hopcheck_targets::stage::Stage;
use hopcheck_targets::target::Reference;
use mock_upstreams::{AppServer, Fault};
use ran::{Ran, engines, run};

/// Runs all scenarios of a configuration by every engine at hand.
fn run_everywhere(conf: &Path) -> Vec<Ran> {
    engines().iter().map(|engine| run(engine, conf)).collect()
}

/// A directory with this configuration and profile.
fn site(conf: &str, profile: &str) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("nginx.conf");
    std::fs::write(&path, conf).unwrap();
    if !profile.is_empty() {
        std::fs::write(directory.path().join("hopcheck.toml"), profile).unwrap();
    }
    (directory, path)
}

#[test]
fn each_of_three_servers_may_be_away() {
    for ran in run_everywhere(Path::new("../../tests/sites/right/three-upstreams.conf")) {
        let asked: Vec<&str> =
            ran.report.targets[0].records.iter().map(|record| record.name.as_str()).collect();
        for nth in ["first", "next", "third"] {
            let name = format!("While the {nth} app server of /ws/ refuses connections, the others answer");
            assert!(asked.contains(&name.as_str()), "{name}: {}", ran.said);
        }
        let third_of_two = "While the third app server of /api/ refuses connections, the others answer";
        assert!(!asked.contains(&third_of_two), "{}", ran.said);
        assert_eq!(ran.code, Some(0), "{}", ran.said);
    }
}

#[test]
fn what_reaches_another_upstream_is_told_with_its_server_and_the_line() {
    for ran in run_everywhere(Path::new("../../tests/sites/wrong/assets-win.conf")) {
        let said = "/api/hopcheck/7.json reached server web:3000 of upstream web, not upstream api\n      it falls into \
                    `location ~* \\.(js|css|png|json|pdf)$` in ../../tests/sites/wrong/assets-win.conf:7: ";
        assert!(ran.said.contains(said), "{}", ran.said);
        assert!(ran.said.contains("# web:3000 of upstream web saw this"), "{}", ran.said);
    }
    let (_here, conf) = site(
        "server { listen 80; proxy_set_header Host $host;\nlocation ~ json { proxy_pass http://files:81; }\n\
         location /api/ { proxy_pass http://app:82; } }\n",
        "",
    );
    for ran in run_everywhere(&conf) {
        let said = "/api/hopcheck/7.json reached server files:81, not app:82\n";
        assert!(ran.said.contains(said), "{}", ran.said);
    }
}

#[test]
fn only_a_profile_tells_that_upstreams_were_swapped() {
    let swapped = Path::new("../../tests/sites/wrong/upstreams-swapped/nginx.conf");
    for ran in run_everywhere(swapped) {
        let broken = ["orders", "users"]
            .map(|name| format!("A request to /{name}/hopcheck reaches an upstream that the profile names"));
        assert_eq!(ran.broken(), broken, "{}", ran.said);
        let said = "/orders/hopcheck reached server users-1:8080 of upstream users, not upstream orders\n      it falls into \
                    `location ~ ^/(?<service>orders|users)/` in ../../tests/sites/wrong/upstreams-swapped/nginx.conf:13: ";
        assert!(ran.said.contains(said), "{}", ran.said);
        assert!(ran.said.contains("hopcheck.toml:1 says which is meant"), "{}", ran.said);
    }
    let text = std::fs::read_to_string(swapped).unwrap();
    let (_here, alone) = site(&text, "");
    for ran in run_everywhere(&alone) {
        assert_eq!(ran.code, Some(0), "{}", ran.said);
    }
}

#[test]
fn a_file_that_shows_that_a_route_leads_elsewhere_is_told_so_without_a_run() {
    let conf = "upstream a { server a:1; }\nupstream b { server b:1; }\nserver { listen 80; proxy_set_header Host $host;\n\
                location /a/ { proxy_pass http://b; } }\n";
    let (_here, conf) = site(conf, "[[routes]]\npath = \"/a/\"\nupstreams = [\"a\"]\n");
    for ran in run_everywhere(&conf) {
        assert_eq!(ran.broken(), ["/a/… is served as the profile says"], "{}", ran.said);
        assert!(ran.said.contains("it leads to b, not a"), "{}", ran.said);
        assert!(ran.said.contains("hopcheck.toml:1 "), "{}", ran.said);
    }
    let conf = std::fs::read_to_string(&conf).unwrap();
    let (_here, conf) = site(&conf, "[[routes]]\npath = \"/a/\"\nupstreams = [\"b\", \"c\"]\n");
    for ran in run_everywhere(&conf) {
        assert_eq!(ran.broken(), ["/a/… is served as the profile says"], "{}", ran.said);
        assert!(ran.said.contains("there is no upstream c"), "{}", ran.said);
    }
}

#[test]
fn an_upstream_that_the_profile_names_may_have_another_name() {
    let conf = "upstream new { server a:1; }\nserver { listen 80; proxy_set_header Host $host;\n\
                location /a/ { proxy_pass http://new; } }\n";
    let profile = "[[routes]]\npath = \"/a/\"\nto = \"http://old\"\nupstreams = [\"old\"]\n\n[upstreams.old]\nservers = 1\n";
    let (_here, conf) = site(conf, profile);
    for ran in run_everywhere(&conf) {
        assert_eq!(ran.code, Some(0), "{}", ran.said);
        let name = "A request to /a/hopcheck reaches an upstream that the profile names";
        assert!(ran.report.targets[0].records.iter().any(|record| record.name == name), "{}", ran.said);
    }
}

#[test]
fn the_page_of_a_front_end_behind_the_proxy_is_shown_and_kept_as_its_app_server_says() {
    let conf = |more: &str| {
        format!(
            "server {{ listen 80; proxy_set_header Host $host;\nlocation /api/ {{ proxy_pass http://app:8080; }}\n\
             location / {{ proxy_pass http://web:3000; {more} }} }}\n"
        )
    };
    let (shown, kept) =
        ("/ shows the page of its app server", "The page of / is kept no longer than its app server says");
    for (more, broken, warned) in [
        ("", vec![], vec![]),
        ("expires 7d;", vec![], vec![kept]),
        ("proxy_hide_header Content-Type;", vec![shown], vec![]),
    ] {
        let (_here, conf) = site(&conf(more), "");
        for ran in run_everywhere(&conf) {
            let records = &ran.report.targets[0].records;
            let asked: Vec<_> =
                records.iter().filter(|record| [shown, kept].contains(&&*record.name)).collect();
            assert_eq!(asked.len(), 2, "{}", ran.said);
            let named = |is: fn(&Record) -> bool| -> Vec<&str> {
                records.iter().filter(|record| is(record)).map(|record| record.name.as_str()).collect()
            };
            assert_eq!(
                (named(Record::fails), named(Record::warns)),
                (broken.clone(), warned.clone()),
                "{}",
                ran.said
            );
        }
    }
}

/// A scene of this configuration, by the reference proxy.
async fn scene(conf: &Path) -> Scene {
    let target = Reference::new(env!("CARGO_BIN_EXE_hopcheck").into()).unwrap();
    let stage = Stage { target: Box::new(target), source: Source::read(conf).unwrap() };
    Scene::set(Arc::new(stage)).await.unwrap()
}

/// The status of the answer to `GET path`, and who gave it.
async fn ask(scene: &mut Scene, path: &str) -> (u16, String) {
    let mut connection = Connection::open(&scene.route().await.unwrap()).await.unwrap();
    let response = connection.ask(&Request::new("GET", path)).await.unwrap();
    (response.status, response.value("x-instance").unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_fault_of_one_upstream_is_none_of_the_others() {
    let mut scene = scene(Path::new("../../tests/sites/right/three-upstreams.conf")).await;
    let names: Vec<String> = scene.app_servers().iter().map(|server| server.name().to_owned()).collect();
    let expected = [
        "api-1:8080 of upstreams api and exports",
        "api-2:8080 of upstreams api and exports",
        "web:3000 of upstream web",
        "ws-1:9000 of upstream sockets",
        "ws-2:9000 of upstream sockets",
        "ws-3:9000 of upstream sockets",
    ];
    assert_eq!(names, expected);
    scene.select_upstreams(vec!["api".to_owned()]);
    assert_eq!(scene.app_server("blue").unwrap().name(), expected[0]);
    assert_eq!(scene.app_server("green").unwrap().name(), expected[1]);
    assert_eq!(scene.app_server("ws-3:9000").unwrap().name(), expected[5]);
    scene.selected_app_servers().into_iter().for_each(|server| server.inject(Fault::status(418)));
    assert_eq!(ask(&mut scene, "/api/items").await.0, 418);
    assert_eq!(ask(&mut scene, "/exports/items").await.0, 418);
    scene.app_servers().into_iter().for_each(AppServer::answer_any_path);
    assert_eq!(ask(&mut scene, "/").await, (200, expected[2].to_owned()));
    assert_eq!(ask(&mut scene, "/ws/info").await.0, 200);
    let journal = scene.app_server("web:3000").unwrap().journal();
    assert_eq!(journal.len(), 1);
    let shown = journal.to_string();
    assert!(shown.starts_with("# web:3000 of upstream web saw this, request 1 of connection 1"), "{shown}");
    assert!(scene.app_server("web").unwrap_err().to_string().contains("ws-3:9000 of upstream sockets"));
    scene.tear_down().await;
}
