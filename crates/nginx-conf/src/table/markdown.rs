//! `docs/trust/directives.md`.

use std::fmt::Write as _;

use super::{Command, all, context_names, foreign};
use crate::read::variables;

/// What differs from nginx in more than one directive, up to the list of variables.
const DIFFERENCES: &str = "\n## What differs from nginx everywhere\n\n\
- Regular expressions are compiled by `fancy-regex`, not PCRE. What it has not (`\\Q…\\E`), and what it reads in another way\n  \
  (`\\h`, `\\v`, `\\N`, `\\X`, …), is refused. `$` matches at the very end only, not before a last line break.\n\
- Words must be UTF-8; comments may be anything.\n\
- An unknown variable is reported where it stands; nginx names no place.\n\
- Logs and the pid file are below the prefix by default, as when nginx is built from source; packages of nginx set other paths.\n\
- Names of app servers are looked up once, when the file is read, as in nginx without `resolver`.\n\
\n## Variables\n";

/// The text of `docs/trust/directives.md`, from the tables.
pub fn directives_markdown() -> String {
    let mut page = String::from(
        "# Directives\n\n\
         What the reference proxy reads, and how it differs from nginx. Where the last column is empty, it does what nginx does.\n\
         Everything else in a configuration is refused with its file and line; nothing is ignored in silence.\n\
         How requests and responses are treated in another way is told in [differences.md](differences.md).\n\n\
         Generated from the table in `crates/nginx-conf/src/table/`.\n\n\
         | directive | where | default | what it does | differs from nginx |\n\
         |---|---|---|---|---|\n",
    );
    for command in all() {
        row(&mut page, command);
    }
    page.push_str(DIFFERENCES);
    let built_in: Vec<String> = variables::built_in_names().map(|name| format!("`${name}`")).collect();
    let _ = write!(page, "\n{}; `$1` to `$9`, and the families", built_in.join(", "));
    page.push_str(
        " `$http_…`, `$arg_…`, `$cookie_…`, `$sent_http_…` and `$upstream_http_…`.\n\
         `set`, `map` and named captures make others. nginx's other variables are refused by name.\n",
    );
    page.push_str(
        "\n## Known to nginx, but not supported here\n\n\
         These are refused by name, so that a slip of the pen can be told from a feature that is missing.\n",
    );
    for (module, names) in foreign::MODULES {
        let names: Vec<String> = names.split_whitespace().map(|name| format!("`{name}`")).collect();
        let _ = write!(page, "\n**{module}**: {}\n", names.join(", "));
    }
    page
}

fn row(page: &mut String, command: &Command) {
    let Command { name, contexts, default, meaning, note, .. } = command;
    let default = if default.is_empty() { String::new() } else { format!("`{default}`") };
    let places = context_names(*contexts).join(", ");
    let _ = writeln!(page, "| `{name}` | {places} | {default} | {meaning} | {note} |");
}
