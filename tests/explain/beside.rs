//! What nginx does with the same requests, where one is installed.

use std::path::Path;
use std::process::Command;

use hopcheck_explain::Question;
use hopcheck_targets::target::InstalledNginx;
use serde_json::Value;

use crate::generated::{Pairs, in_full};
use crate::{root, run};

/// So many generated pairs are given to both.
const CASES: usize = 40;

/// Whether an nginx has a debug log.
fn has_debug_log(program: &Path) -> bool {
    let output = Command::new(program).arg("-V").output().unwrap();
    String::from_utf8_lossy(&output.stderr).contains("--with-debug")
}

/// In what nginx differs: names, with both values; and the locations that its log tells.
fn differences(target: &str, text: &str, question: &Question) -> (Vec<(String, String)>, Option<String>) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("nginx.conf");
    std::fs::write(&path, text).unwrap();
    let url = format!("http://{}{}", question.url.authority(), question.url.target);
    let mut arguments =
        vec![path.to_str().unwrap(), &question.method, &url, "--target", target, "--format", "json"];
    let fields: Vec<String> =
        question.headers.iter().map(|(name, value)| format!("-H{name}: {value}")).collect();
    arguments.extend(fields.iter().map(String::as_str));
    let output = run(&arguments);
    assert!(output.status.success(), "{}\n{text}", String::from_utf8_lossy(&output.stderr));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let differences = told["beside"]["differences"].as_array().unwrap().iter();
    let differences = differences.map(|one| (one["what"].as_str().unwrap().to_owned(), one.to_string()));
    (differences.collect(), told["beside"]["locations"].as_str().map(str::to_owned))
}

/// Whether an older nginx differs so by design: it speaks HTTP/1.0 to app servers, and closes.
fn is_of_version(what: &str) -> bool {
    let framing = ["connection", "content-length", "transfer-encoding"];
    what.starts_with("the app server sees request line")
        || framing.iter().any(|name| what.ends_with(name))
        || what.starts_with("the app server sees connection")
}

#[test]
fn nginx_answers_generated_requests_as_it_is_told() {
    let Some(program) = InstalledNginx::locate() else {
        return eprintln!("no nginx is installed here, so nothing was compared");
    };
    let target = format!("nginx={}", program.display());
    let mut pairs = Pairs::new(11);
    let (mut wrong, mut located) = (Vec::new(), 0);
    for _ in 0..CASES {
        let (text, question) = pairs.next();
        let (mut found, locations) = differences(&target, &text, &question);
        located += usize::from(locations.is_some());
        found.retain(|(what, _)| !is_of_version(what));
        if !found.is_empty() {
            let found: Vec<String> = found.into_iter().map(|(_, difference)| difference).collect();
            wrong.push(in_full(&text, &question, &found));
        }
    }
    let expected = if has_debug_log(&program) { CASES / 2 } else { 0 };
    assert!(located >= expected, "of {located} the locations were told");
    assert!(wrong.is_empty(), "{} of {CASES}:\n{}", wrong.len(), wrong.join("\n\n"));
}

#[test]
fn what_nginx_does_is_laid_beside_it() {
    let Some(program) = InstalledNginx::locate() else {
        return eprintln!("no nginx is installed here, so nothing was compared");
    };
    let target = format!("nginx={}", program.display());
    let conf = root().join("tests/sites/wrong/headers-lost.conf");
    let conf = conf.to_str().unwrap();
    let output = run(&[conf, "GET", "http://shop.example.com/", "--target", &target]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let by = if has_debug_log(&program) { ", by the same locations" } else { "" };
    let same = format!("  the same status and headers{by}, and app servers see the same\n");
    assert!(said.contains("\nbeside nginx 1.") && said.contains(&same), "{said}");
    let output = run(&[conf, "GET", "http://shop.example.com/", "--target", "https://shop.example.com"]);
    assert_eq!(output.status.code(), Some(2));
}
