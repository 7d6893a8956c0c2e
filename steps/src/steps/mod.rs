//! The step definitions, by subject. They say what is checked; clients, scene and targets know how.

mod admission;
mod answering;
mod arrival;
mod asking;
mod browser;
mod build;
mod cors;
mod events;
mod handed_on;
mod handshake;
mod logs;
mod page;
mod redirects;
mod response;
mod routes;
mod scene;
mod site;
mod sockjs;
mod stomp;
mod websocket;

use gherkin::Step;

use crate::ensure_eq;
use crate::failure::{Checked, Failure};

/// The rows of a step's table: a name and a value each.
fn rows(step: &Step) -> Result<Vec<(String, String)>, Failure> {
    let table =
        step.table.as_ref().ok_or_else(|| Failure::new("this step needs a table of names and values"))?;
    let row = |row: &Vec<String>| match &row[..] {
        [name, value] => Ok((name.clone(), value.clone())),
        _ => Err(Failure::new("each row of this table must have a name and a value")),
    };
    table.rows.iter().map(row).collect()
}

/// A step's doc string, without the line break that Gherkin puts first.
fn doc_string(step: &Step) -> Result<String, Failure> {
    let text = step.docstring.as_ref().ok_or_else(|| Failure::new("this step needs a doc string"))?;
    Ok(text.trim_matches('\n').to_owned())
}

/// `GET /api/items` in its two parts.
fn request_line(text: &str) -> Result<(&str, &str), Failure> {
    text.split_once(' ').ok_or_else(|| Failure::new(format!("{text:?} is not a method and a target")))
}

/// The names in `"blue and green"`.
fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split(" and ").map(str::trim)
}

/// Whether the values of a header are those wanted, in their order; `who` begins the sentence if not.
fn same_values(who: &str, name: &str, seen: &[&str], wanted: &[String]) -> Checked {
    if seen.is_empty() && !wanted.is_empty() {
        return Err(Failure::new(format!("{who} no {name}; expected: {wanted:?}")));
    }
    ensure_eq!(seen, wanted, "{who} another {name}");
    Ok(())
}
