//! App servers that are asked in HTTP/2, as nginx does from 1.29.4 on.

use std::path::PathBuf;

use hopcheck_report::{Record, Verdict};

use crate::ran::{run, run_features};

/// The reference proxy, and nginx where `HOPCHECK_NGINX_VERSIONS` has one of that version.
fn newer_engines(version: &str) -> Vec<String> {
    let programs = std::env::var_os("HOPCHECK_NGINX_VERSIONS").map(PathBuf::from);
    let nginx =
        programs.map(|programs| programs.join(format!("nginx-{version}"))).filter(|nginx| nginx.is_file());
    let nginx = nginx.map(|nginx| format!("nginx={}", nginx.display()));
    std::iter::once("reference".to_owned()).chain(nginx).collect()
}

#[test]
fn app_servers_that_are_asked_in_http2_are_held_to_the_same() {
    let right = std::fs::read_to_string("../../tests/sites/newer/http2-upstream.conf").unwrap();
    let directory = tempfile::tempdir().unwrap();
    let conf = directory.path().join("nginx.conf");
    let refused = "What the next app server of /api/ refuses as it shuts down is asked of another";
    for engine in newer_engines("1.30") {
        std::fs::write(&conf, &right).unwrap();
        let ran = run(&engine, &conf);
        assert_eq!((ran.code, ran.broken()), (Some(0), vec![]), "{engine}: {}", ran.said);
        let kept = |record: &Record| record.name == refused && record.verdict == Verdict::Kept;
        assert!(ran.report.targets[0].records.iter().any(kept), "{engine}: {}", ran.said);

        std::fs::write(&conf, right.replace(" invalid_header", "")).unwrap();
        let ran = run(&engine, &conf);
        assert_eq!((ran.code, ran.broken()), (Some(0), vec![]), "{engine}: {}", ran.said);
        assert!(
            ran.said.contains("proxy_next_upstream error timeout invalid_header"),
            "{engine}: {}",
            ran.said
        );

        // What is usual for WebSockets makes every request malformed.
        std::fs::write(&conf, right.replace("proxy_http_version 1.1", "proxy_http_version 2")).unwrap();
        let ran = run(&engine, &conf);
        assert_eq!(
            (ran.code, ran.broken().first()),
            (Some(1), Some(&"/live/ leads to the app")),
            "{engine}: {}",
            ran.said
        );
        assert!(
            ran.said.contains("`Connection` and `Upgrade` are no fields of HTTP/2"),
            "{engine}: {}",
            ran.said
        );
    }
}

#[test]
fn a_switch_from_blue_to_green_goes_unnoticed_over_http2_too() {
    let directory = tempfile::tempdir().unwrap();
    let document = std::fs::canonicalize("../../nginx").unwrap();
    for name in ["hopcheck.toml", "conf.d", "mime.types", "www"] {
        std::os::unix::fs::symlink(document.join(name), directory.path().join(name)).unwrap();
    }
    let conf = directory.path().join("nginx.conf");
    let text = std::fs::read_to_string(document.join("nginx.conf")).unwrap();
    let (before, api) = text.split_once("location /api {").unwrap();
    let over_http2 = "proxy_http_version 2; proxy_next_upstream error timeout invalid_header;";
    std::fs::write(&conf, format!("{before}location /api {{ {over_http2}{api}")).unwrap();
    for engine in newer_engines("1.30") {
        let ran = run_features("../../features/blue-green.feature", &conf, &["--target", &engine]);
        let of_switches = ran.report.targets[0].records.iter().filter(|record| {
            let rule = &record.rule;
            rule.starts_with("Replacing one")
                || rule.starts_with("While no app server")
                || rule.ends_with("is given up")
        });
        let (mut kept, mut others) = (0, Vec::new());
        for record in of_switches {
            match record.verdict {
                Verdict::Kept => kept += 1,
                _ => others.push(&record.name),
            }
        }
        // One takes twelve seconds, and runs with --slow alone.
        assert!(kept >= 10 && others.is_empty(), "{engine}: {kept} kept, not {others:?}: {}", ran.said);
    }
}
