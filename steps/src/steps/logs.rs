//! The configuration as nginx checks it, and what the proxy writes down.

use std::time::Instant;

use cucumber::{then, when};

use crate::failure::{Checked, Failure};
use crate::text;
use crate::world::World;
use crate::{ensure, ensure_eq};
use hopcheck_clients::DEFAULT_TIMEOUT;
use hopcheck_targets::target::Verdict;

/// What words in braces stand for in a log line.
const LOG_PATTERNS: [(&str, &str); 2] =
    [("time", r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}"), ("number", r"\d+")];

/// Has the configuration checked, as `nginx -t` does.
#[when(expr = "the configuration is tested")]
async fn tested(world: &mut World) -> Checked {
    world.verdict = Some(world.scene().await?.test().await?);
    Ok(())
}

/// The check says that the configuration is fine.
#[then(expr = "it is accepted")]
async fn accepted(world: &mut World) -> Checked {
    let verdict = verdict(world)?;
    ensure!(verdict.accepted, "the configuration is refused:\n{}", verdict.output.trim_end());
    ensure!(
        verdict.output.contains("test is successful"),
        "nothing was said of success:\n{}",
        verdict.output
    );
    Ok(())
}

/// Warnings of nginx that are about the machine, or about what stands in for the server's own, or what the reference proxy
/// lacks, and not about the site.
const OTHER_WARNINGS: [&str; 5] = [
    "the \"user\" directive makes sense",
    "could not build optimal",
    "\"ssl_stapling\" ignored",
    "worker_connections exceed",
    "is not spoken here",
];

/// What nginx does after a warning, by words of the warning.
const CONSEQUENCES: [(&str, &str); 6] = [
    ("conflicting server name", "requests for that name go to the server above; this one gets none of them"),
    ("load balancing method redefined", "the method that is written last counts, and the others do not"),
    ("duplicate MIME type", "it counts once; `text/html` is always among them"),
    (
        "\"listen ... http2\" directive is deprecated",
        "write `http2 on;` beside `listen`, as nginx has it since 1.25.1",
    ),
    ("suspicious symbols", "it is taken as it stands, and no client asks for such a name"),
    ("protocol options redefined", "those that are written last count for all servers at that address"),
];

/// The check takes the configuration, and warns of nothing in it.
#[then(expr = "it is tested without a warning")]
async fn no_warning(world: &mut World) -> Checked {
    let verdict = verdict(world)?;
    let is_other = |line: &str| OTHER_WARNINGS.iter().any(|other| line.contains(other));
    let warnings =
        verdict.output.lines().filter_map(|line| line.split_once("[warn] ").map(|(_, warning)| warning));
    let mut told = Vec::new();
    for warning in warnings.filter(|warning| !is_other(warning)) {
        // Ids of process and thread come before what the log is told.
        let is_ids = |ids: &str| ids.chars().all(|c| c.is_ascii_digit() || c == '#');
        let warning =
            warning.split_once(": ").filter(|(ids, _)| is_ids(ids)).map_or(warning, |(_, said)| said);
        let consequence = CONSEQUENCES.iter().find(|(words, _)| warning.contains(words));
        told.push(format!(
            "{warning}{}",
            consequence.map_or(String::new(), |(_, then)| format!("\n  {then}"))
        ));
    }
    told.dedup();
    ensure!(told.is_empty(), "{}", told.join("\n"));
    Ok(())
}

/// The check refuses the configuration with a message that contains this.
#[then(expr = "it is refused with {string}")]
async fn refused(world: &mut World, message: String) -> Checked {
    let emerg = emerg(world)?;
    ensure!(emerg.contains(&message), "it is refused with other words than {message:?}:\n{emerg}");
    Ok(())
}

/// The check refuses the configuration with this message, `at` the line where the text first stands, or `after` it.
#[then(expr = "it is refused {word} the line of {string} with {string}")]
async fn refused_at(world: &mut World, place: String, text: String, message: String) -> Checked {
    let emerg = emerg(world)?;
    ensure!(emerg.contains(&message), "it is refused with other words than {message:?}:\n{emerg}");
    let run = &world.scene().await?.rewritten().text;
    let line = run.lines().position(|line| line.contains(&text)).map(|index| index + 1);
    let line = line.ok_or_else(|| Failure::new(format!("the configuration does not contain {text:?}")))?;
    let expected = line + usize::from(place == "after");
    let named = emerg.rsplit(':').next().and_then(|number| number.trim().parse::<usize>().ok());
    ensure_eq!(named, Some(expected), "another line is blamed:\n{emerg}\n");
    Ok(())
}

/// One line of the access log is exactly this. `{time}` is any time, `{bytes}` the length of the response's body.
#[then(expr = "the access log says {string}")]
async fn access_log(world: &mut World, line: String) -> Checked {
    let body = world.responses.last().map(|response| response.wire_length.to_string());
    let lookup = |word: &str| if word == "bytes" { body.clone() } else { world.lookup(word) };
    let pattern = text::pattern(&line, &lookup, &LOG_PATTERNS)?;
    let exact = regex::Regex::new(&format!("^(?:{pattern})$"))?;
    log_has(world, "access_log", &exact).await
}

/// One line of the error log contains this.
#[then(expr = "the error log says {string}")]
async fn error_log(world: &mut World, line: String) -> Checked {
    let pattern = text::pattern(&line, &|word| world.lookup(word), &LOG_PATTERNS)?;
    log_has(world, "error_log", &pattern).await
}

/// No line of the error log contains this; what would be beside it was found before.
#[then(expr = "no line of the error log says {string}")]
async fn error_log_without(world: &mut World, line: String) -> Checked {
    let pattern = text::pattern(&line, &|word| world.lookup(word), &LOG_PATTERNS)?;
    let log = world.scene().await?.log("error_log");
    match log.lines().find(|line| pattern.is_match(line)) {
        Some(found) => Err(Failure::new(format!("the error_log says\n  {found}"))),
        None => Ok(()),
    }
}

/// The pid file holds the process id of the master process that runs.
#[then(expr = "the pid file holds the id of the proxy")]
async fn pid_file(world: &mut World) -> Checked {
    let expected = world.scene().await?.running().await?.pid().await;
    let text = world.scene().await?.log("pid");
    ensure_eq!(text.trim().parse().ok(), expected, "the pid file holds another number");
    Ok(())
}

async fn log_has(world: &mut World, name: &str, pattern: &regex::Regex) -> Checked {
    let deadline = Instant::now() + DEFAULT_TIMEOUT;
    loop {
        let log = world.scene().await?.log(name);
        if log.lines().any(|line| pattern.is_match(line)) {
            return Ok(());
        }
        if Instant::now() > deadline {
            let last: Vec<&str> = log.lines().rev().take(5).collect();
            return Err(Failure::new(format!(
                "no line of the {name} is like\n  {}\nits last lines are\n  {}",
                pattern.as_str().replace('\\', ""),
                last.into_iter().rev().collect::<Vec<_>>().join("\n  ")
            )));
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

fn verdict(world: &World) -> Result<&Verdict, Failure> {
    world.verdict.as_ref().ok_or_else(|| Failure::new("the configuration has not been tested"))
}

fn emerg(world: &World) -> Result<String, Failure> {
    let verdict = verdict(world)?;
    ensure_refused(verdict)?;
    let line = verdict.output.lines().find(|line| line.contains("[emerg]"));
    Ok(line.ok_or_else(|| Failure::new(format!("there is no [emerg] line:\n{}", verdict.output)))?.to_owned())
}

fn ensure_refused(verdict: &Verdict) -> Checked {
    ensure!(!verdict.accepted, "the configuration is accepted, though it cannot work");
    Ok(())
}
