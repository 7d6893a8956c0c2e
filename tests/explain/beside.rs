//! What nginx does with the same requests, where one is installed.

use hopcheck_explain::Question;
use hopcheck_targets::target::InstalledNginx;
use serde_json::Value;

use crate::generated::{Pairs, in_full};
use crate::{root, run};

/// So many generated pairs are given to both.
const CASES: usize = 40;

/// In what nginx differs: names, with both values.
fn differences(target: &str, text: &str, question: &Question) -> Vec<(String, String)> {
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
    differences.map(|one| (one["what"].as_str().unwrap().to_owned(), one.to_string())).collect()
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
    let mut wrong = Vec::new();
    for _ in 0..CASES {
        let (text, question) = pairs.next();
        let mut found = differences(&target, &text, &question);
        found.retain(|(what, _)| !is_of_version(what));
        if !found.is_empty() {
            let found: Vec<String> = found.into_iter().map(|(_, difference)| difference).collect();
            wrong.push(in_full(&text, &question, &found));
        }
    }
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
    let same = "  the same status and headers, and app servers see the same\n";
    assert!(said.contains("\nbeside nginx 1.") && said.contains(same), "{said}");
    let output = run(&[conf, "GET", "http://shop.example.com/", "--target", "https://shop.example.com"]);
    assert_eq!(output.status.code(), Some(2));
}
