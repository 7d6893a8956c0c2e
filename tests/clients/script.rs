//! Runs a client's script: a line of JSON for each check, and for each thing that it asks for meanwhile.

use std::fs::File;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::Command;
use tokio::time::timeout;

/// For a whole script. Each of its checks has a deadline of its own, so this only expires when something is wrong.
const DEADLINE: Duration = Duration::from_secs(240);

/// What a script may say, in bytes of a line and in lines.
const MAX_LINE: u64 = 64 * 1024;
const MAX_LINES: usize = 1000;

/// What of its standard error is shown, in bytes.
const MAX_SAID: usize = 2000;

/// One check of a client: its name, and what was seen, or why it failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Check {
    pub(crate) name: String,
    pub(crate) saw: Result<String, String>,
}

/// A line of a script.
enum Line {
    Check(Check),
    Ask(Vec<String>),
}

impl Line {
    fn read(text: &str) -> Result<Line, String> {
        let line: Value = serde_json::from_str(text).map_err(|error| format!("{error} in {text:?}"))?;
        let text = |name: &str| line[name].as_str().map(str::to_owned);
        match (text("check"), text("saw"), text("failed")) {
            (Some(name), Some(saw), None) => Ok(Line::Check(Check { name, saw: Ok(saw) })),
            (Some(name), None, Some(why)) => Ok(Line::Check(Check { name, saw: Err(why) })),
            _ => serde_json::from_value(line["ask"].clone())
                .map(Line::Ask)
                .map_err(|error| format!("{error} in {line}")),
        }
    }
}

/// Runs a script to its end. `act` does what it asks for.
pub(crate) async fn run(
    mut command: Command,
    act: impl AsyncFnMut(&[String]) -> Result<Value, String>,
) -> Result<Vec<Check>, String> {
    let said = tempfile::NamedTempFile::new().map_err(|error| error.to_string())?;
    let stderr = File::create(said.path()).map_err(|error| error.to_string())?;
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(stderr);
    let result = match timeout(DEADLINE, converse(command, act)).await {
        Ok(result) => result,
        Err(_) => Err(format!("it did not end within {} s", DEADLINE.as_secs())),
    };
    result.map_err(|why| {
        let text = std::fs::read(said.path()).unwrap_or_default();
        let last = &text[text.len().saturating_sub(MAX_SAID)..];
        format!("{why}\n{}", String::from_utf8_lossy(last))
    })
}

async fn converse(
    mut command: Command,
    mut act: impl AsyncFnMut(&[String]) -> Result<Value, String>,
) -> Result<Vec<Check>, String> {
    let mut child = command.spawn().map_err(|error| format!("cannot run {command:?}: {error}"))?;
    let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
        return Err("it has no standard input and output".to_owned());
    };
    let mut output = BufReader::new(output);
    let mut checks = Vec::new();
    for _ in 0..MAX_LINES {
        let Some(line) = read_line(&mut output).await? else {
            let status = child.wait().await.map_err(|error| error.to_string())?;
            return match (status.success(), checks.is_empty()) {
                (true, false) => Ok(checks),
                _ => Err(format!("after {} checks it ended with {status}", checks.len())),
            };
        };
        match Line::read(&line)? {
            Line::Check(check) => checks.push(check),
            Line::Ask(words) => {
                let answer = match act(&words).await {
                    Ok(answer) => json!({ "answer": answer }),
                    Err(error) => json!({ "error": error }),
                };
                input.write_all(format!("{answer}\n").as_bytes()).await.map_err(|error| error.to_string())?;
            }
        }
    }
    Err(format!("it said more than {MAX_LINES} lines"))
}

/// The next line; `None` at the end.
pub(crate) async fn read_line(
    output: &mut BufReader<impl AsyncRead + Unpin>,
) -> Result<Option<String>, String> {
    let mut line = Vec::new();
    let mut bounded = output.take(MAX_LINE);
    bounded.read_until(b'\n', &mut line).await.map_err(|error| error.to_string())?;
    match line.pop() {
        None => Ok(None),
        Some(b'\n') => String::from_utf8(line).map(Some).map_err(|error| error.to_string()),
        Some(_) => Err(format!("a line of more than {MAX_LINE} bytes, or one without an end")),
    }
}
