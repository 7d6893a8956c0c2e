//! Sites that are no finished file: templates, with what fills them in.

use std::path::Path;
use std::process::Command;

use super::run_with;
use crate::ran::{Ran, engines};

/// A site that is no finished file: what is given to `--conf`, and flags.
fn run_made(target: &str, conf: &str, flags: &[&str]) -> Ran {
    run_with(target, &Path::new("../../tests/sites/templates").join(conf), flags)
}

#[test]
fn nothing_of_a_right_template_is_called_broken() {
    for engine in engines() {
        for (conf, flags) in [
            ("shop/templates", &[][..]),
            ("script/nginx.conf", &["--env", "API_PORT=8080"]),
            ("config-map/rendered.yaml", &[]),
        ] {
            let ran = run_made(&engine, conf, flags);
            assert_eq!(ran.code, Some(0), "{engine}: {}", ran.said);
            assert!(ran.report.targets[0].records.len() > 20, "{engine}: {}", ran.said);
            assert!(!ran.said.lines().any(|line| line.starts_with("warning:")), "{engine}: {}", ran.said);
        }
    }
}

#[test]
fn what_fills_a_template_in_wrongly_is_named() {
    for engine in engines() {
        let ran = run_made(&engine, "wrong/defaults/templates", &[]);
        assert_eq!(ran.code, Some(1), "{engine}: {}", ran.said);
        let said = "the closing bracket in \"BACKEND\" variable is missing in ../../tests/sites/templates/wrong/defaults/templates/\
                    default.conf.template:10";
        assert!(ran.said.contains(said), "{engine}: {}", ran.said);

        let ran = run_made(&engine, "wrong/emptied-host/site.conf.template", &[]);
        assert_eq!(ran.code, Some(1), "{engine}: {}", ran.said);
        let said = "invalid number of arguments in \"proxy_set_header\" directive in ../../tests/sites/templates/wrong/emptied-host/\
                    site.conf.template:10";
        assert!(ran.said.contains(said), "{engine}: {}", ran.said);

        let ran = run_made(&engine, "wrong/emptied/site.conf.template", &[]);
        assert_eq!(ran.code, Some(1), "{engine}: {}", ran.said);
        assert_eq!(ran.broken().first(), Some(&"/ shows the page"), "{engine}: {}", ran.said);
        let first = ran.said.lines().next().unwrap_or_default();
        assert!(
            first.contains("docker-compose.yml:7: `envsubst` without a list takes $uri"),
            "{engine}: {}",
            ran.said
        );
        let told = ran.said.lines().filter(|line| line.starts_with('✗')).count();
        assert_eq!(told, 1, "{engine}: {}", ran.said);
    }
}

#[test]
fn a_value_that_must_be_given_is_asked_for() {
    let conf = "../../tests/sites/templates/shop/templates/default.conf.template";
    let directory = tempfile::tempdir().unwrap();
    let alone = directory.path().join("default.conf.template");
    std::fs::copy(conf, &alone).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_hopcheck")).arg("run").arg(&alone).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("default.conf.template:2: PORT has no value\n    listen ${PORT};\n"), "{said}");
    assert!(said.contains("--env PORT=8080 --env MAX_UPLOAD_MB=VALUE"), "{said}");
}
