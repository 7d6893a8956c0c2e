//! What is told is what was then seen: by the client, and by the app servers.

use std::path::{Path, PathBuf};

use hopcheck_explain::{Explanation, Question};
use hopcheck_targets::conf::Source;
use reference_proxy::trace::{Directive, Field, Step, TracedStep};

use crate::{explain, root};

/// What is wrong with what was told; empty if nothing is.
pub(crate) fn contradictions(told: &Explanation) -> Vec<String> {
    let mut wrong = Vec::new();
    let own = || told.steps.iter().filter(|step| step.within.is_none()).map(|step| &step.step);
    if told.status.is_none() {
        let has_response = own().any(|step| matches!(step, Step::Response { .. }));
        if has_response || told.unanswered.is_none() {
            wrong.push("an answer was told that nobody has seen".to_owned());
        }
        return wrong;
    }
    let mut response = own().filter_map(|step| match step {
        Step::Response { status, fields, .. } => Some((*status, fields)),
        _ => None,
    });
    match response.next_back() {
        Some((status, fields)) => {
            if told.status != Some(status) {
                wrong.push(format!("the status is {:?}, not {status}", told.status));
            }
            if *fields != told.received {
                wrong.push(format!("the client has received {:?}, not {fields:?}", told.received));
            }
        }
        None => wrong.push("no answer was told".to_owned()),
    }
    let told_fields: Vec<Field> = told
        .headers
        .iter()
        .map(|field| Field { name: field.name.clone(), value: field.value.clone() })
        .collect();
    if told_fields != told.received {
        wrong.push(format!("the headers are {:?}, not {told_fields:?}", told.received));
    }
    let mut sent = sent(&told.steps);
    for arrived in &told.arrived {
        let seen = (arrived.address.clone(), arrived.line.clone(), arrived.headers.clone());
        match sent.iter().position(|sent| *sent == seen) {
            Some(nth) => drop(sent.remove(nth)),
            None => wrong.push(format!("an app server has seen {seen:?}, which is none of {sent:?}")),
        }
    }
    wrong.extend(sent.iter().map(|sent| format!("no app server has seen {sent:?}")));
    wrong
}

/// The requests that were sent to app servers, as they were told, by the servers' addresses.
fn sent(steps: &[TracedStep]) -> Vec<(String, String, Vec<Field>)> {
    let mut made: Vec<(u64, &str, Vec<Field>)> = Vec::new();
    let mut sent = Vec::new();
    for TracedStep { request, step, .. } in steps {
        match step {
            Step::Pass { line, fields, .. } => {
                let fields = fields.iter();
                let fields =
                    fields.map(|field| Field { name: field.name.clone(), value: field.value.clone() });
                made.push((*request, line, fields.collect()));
            }
            Step::Answered { address, .. } => {
                let (_, line, fields) = made.iter().rev().find(|(by, ..)| by == request).unwrap();
                sent.push((address.clone(), (*line).to_owned(), fields.clone()));
            }
            _ => {}
        }
    }
    sent
}

/// Whether the file of every directive that is told has these words on that line.
fn misplaced(conf: &Path, told: &Explanation) -> Vec<String> {
    let mut wrong = Vec::new();
    let text = serde_json::to_value(&told.steps).unwrap();
    let mut values = vec![&text];
    while let Some(value) = values.pop() {
        if let Ok(directive) = serde_json::from_value::<Directive>(value.clone()) {
            let beside = conf.with_file_name(&directive.file);
            let path = if beside.exists() { beside } else { root().join(&directive.file) };
            let lines = std::fs::read_to_string(path).unwrap();
            let line = lines.lines().nth(directive.line - 1).unwrap_or_default();
            if !line.contains(&directive.name) {
                wrong.push(format!("{directive:?} is not in {line:?}"));
            }
        }
        match value {
            serde_json::Value::Array(inner) => values.extend(inner),
            serde_json::Value::Object(inner) => values.extend(inner.values()),
            _ => {}
        }
    }
    wrong
}

/// Kinds of steps that the page of the command does not name.
fn unnamed(told: &Explanation, page: &str) -> Vec<String> {
    let steps = serde_json::to_value(&told.steps).unwrap();
    let kinds = steps.as_array().unwrap().iter().map(|step| step["step"].as_str().unwrap());
    let unnamed = kinds.filter(|kind| !page.contains(&format!("`{kind}`")));
    unnamed.map(|kind| format!("docs/use/explain.md does not name the step `{kind}`")).collect()
}

/// Every configuration of a folder that stands in one file.
fn confs(folder: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> =
        std::fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.extension().is_some_and(|extension| extension == "conf"));
    found.sort();
    found
}

fn read(path: &Path) -> Source {
    let mut source = Source::read(path).unwrap();
    source.name = path.strip_prefix(root()).unwrap().display().to_string();
    source
}

/// Asks every route of a configuration in a few ways, and returns what is wrong with what is told.
async fn ask_all(conf: &Path) -> Vec<String> {
    let source = read(conf);
    let page = std::fs::read_to_string(root().join("docs/use/explain.md")).unwrap();
    let mut wrong = Vec::new();
    let site = std::sync::Arc::clone(&source.site);
    for server in &site.servers {
        let Some(listen) = server.listen.first().filter(|listen| !listen.http2_alone) else { continue };
        let name = server.names_to_ask().first().cloned().unwrap_or_else(|| "any.test".to_owned());
        let scheme = if listen.tls { "https" } else { "http" };
        let paths =
            server.routes.iter().map(|route| route.path.as_str()).filter(|path| path.starts_with('/'));
        let mut paths: Vec<&str> = paths.chain(["/", "/else/where?a=b"]).collect();
        paths.sort_unstable();
        paths.dedup();
        for (nth, path) in paths.iter().enumerate() {
            let method = ["GET", "POST", "OPTIONS", "HEAD"][nth % 4];
            let url = format!("{scheme}://{name}:{}{path}", listen.port());
            let question = Question::new(method, &url).unwrap();
            let mut question = question.header("Origin: https://shop.test").unwrap();
            question.body = (method == "POST").then(|| "{}".to_owned());
            let told = explain(source.clone(), &question).await.unwrap();
            let found =
                contradictions(&told).into_iter().chain(misplaced(conf, &told)).chain(unnamed(&told, &page));
            wrong.extend(found.map(|wrong| format!("{}: {method} {url}: {wrong}", source.name)));
        }
    }
    wrong
}

#[tokio::test(flavor = "multi_thread")]
async fn of_sites_is_told_what_is_seen() {
    let mut asked = confs("tests/sites/right");
    asked.extend(confs("tests/sites/wrong"));
    asked.push(root().join("nginx/nginx.conf"));
    let mut wrong = Vec::new();
    for path in &asked {
        wrong.extend(ask_all(path).await);
    }
    assert!(asked.len() > 40);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
