//! Access logs beside those of nginx: the same site, the same requests, compared line by line.

use crate::files::nginx;
use crate::server::{Site, eventually};

/// What may stand after a number.
const SEPARATORS: [char; 4] = [' ', ',', '"', '|'];

/// Sends each request to both, one after the other, and compares `logs/access.log`. Times are written as `T`, ports as names.
pub(crate) fn compare_logs(site: fn() -> Site, requests: &[String]) {
    compare_logs_of_app(site, requests, 0);
}

/// The same with `logs/app.log`, which has at least so many lines, in any order.
pub(crate) fn compare_logs_of_app(site: fn() -> Site, requests: &[String], of_app: usize) {
    let Some(nginx) = nginx() else { return };
    let (ours, theirs) = (site(), site());
    let servers = (ours.start(), theirs.start_nginx(&nginx));
    for request in requests {
        servers.0.send(request.as_bytes());
        servers.1.send(request.as_bytes());
    }
    let (mut got, mut wanted) = (Vec::new(), Vec::new());
    eventually("both have logged every request", || {
        let logs = [&ours, &theirs].map(|site| [lines(site, "access"), lines(site, "app")]);
        let are_there = logs.iter().all(|[main, app]| main.len() >= requests.len() && app.len() >= of_app);
        let [mut first, mut second] = logs;
        [&mut first, &mut second].into_iter().for_each(|[_, app]| app.sort());
        (got, wanted) = (first.concat(), second.concat());
        are_there && got.len() == wanted.len()
    });
    let differences: Vec<String> = got
        .iter()
        .zip(&wanted)
        .filter(|(got, wanted)| got != wanted)
        .map(|(got, wanted)| format!("  got {got}\nnginx {wanted}"))
        .collect();
    assert!(differences.is_empty() && got.len() == wanted.len(), "{}", differences.join("\n"));
}

fn lines(site: &Site, log: &str) -> Vec<String> {
    let ports =
        [(0, "PORT"), (1, "PORT2")].map(|(index, name)| (site.address(index).port().to_string(), name));
    let named = |line: &str| {
        let line = ports.iter().fold(line.to_owned(), |line, (port, name)| line.replace(port, name));
        line.split_inclusive(SEPARATORS).map(without_time).collect()
    };
    site.read(&format!("logs/{log}.log")).lines().map(named).collect()
}

/// `0.003` as `T`.
fn without_time(word: &str) -> String {
    let number = word.trim_end_matches(SEPARATORS);
    let is_time = number.split_once('.').is_some_and(|(seconds, rest)| {
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        rest.len() == 3 && !seconds.is_empty() && digits(seconds) && digits(rest)
    });
    if is_time { word.replace(number, "T") } else { word.to_owned() }
}
