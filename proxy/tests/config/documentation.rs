//! `docs/trust/directives.md` is what the table prints.

use std::fmt::Write as _;

use nginx_conf::table::{self, Command};

/// What differs from nginx in more than one directive, up to the list of variables.
const DIFFERENCES: &str = "\n## What differs from nginx everywhere\n\n\
- Regular expressions are compiled by `fancy-regex`, not PCRE. What it has not (`\\Q…\\E`), and what it reads in another way\n  \
  (`\\h`, `\\v`, `\\N`, `\\X`, …), is refused. `$` matches at the very end only, not before a last line break.\n\
- Words must be UTF-8; comments may be anything.\n\
- An unknown variable is reported where it stands; nginx names no place.\n\
- Logs and the pid file are below the prefix by default, as when nginx is built from source; packages of nginx set other paths.\n\
- Names of `server` and of a `proxy_pass` without variables are looked up once, when the file is read, as in nginx without `resolve`.\n\
\n## Variables\n";

#[test]
fn the_list_of_directives_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/trust/directives.md");
    let printed = page();
    if std::env::var_os("HOPCHECK_WRITE_DOCS").is_some() {
        std::fs::write(path, &printed).expect("the page is written");
    }
    let page = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        page == printed,
        "docs/trust/directives.md is not what the table says; HOPCHECK_WRITE_DOCS=1 cargo test writes it anew"
    );
}

/// The text of `docs/trust/directives.md`, from the tables.
fn page() -> String {
    let mut page = String::from(
        "# Directives\n\n\
         What the reference proxy reads, and how it differs from nginx. Where the last column is empty, it does what nginx does.\n\
         Everything else in a configuration is refused with its file and line; nothing is ignored in silence.\n\
         How requests and responses are treated in another way is told in [differences.md](differences.md).\n\n\
         Generated from the table in `crates/nginx-conf/src/table/`.\n\n\
         Where a directive says so, nginx has it from a version on, or no more: it is unknown to the reference proxy where that stands\n\
         for a version without it (`--as`).\n\n\
         | directive | where | default | what it does | differs from nginx |\n\
         |---|---|---|---|---|\n",
    );
    for command in table::commands() {
        row(&mut page, command);
    }
    page.push_str(DIFFERENCES);
    let built_in: Vec<String> = table::variables().map(|name| format!("`${name}`")).collect();
    let _ = write!(page, "\n{}; `$1` to `$9`, and the families", built_in.join(", "));
    page.push_str(
        " `$http_…`, `$arg_…`, `$cookie_…`, `$sent_http_…`, `$sent_trailer_…`, `$upstream_http_…`, `$upstream_trailer_…` and `$upstream_cookie_…`.\n\
         `set`, `map` and named captures make others.\n",
    );
    let (names, families) = table::unsupported_variables();
    let names = names.iter().map(|name| format!("`${name}`"));
    let families = families.iter().map(|family| format!("other `${family}…`"));
    let _ = writeln!(
        page,
        "\nRefused by name, for belonging to directives that are, or for telling what the library or the system does not tell here: {}.\n\
         `$ssl_session_id` is a number of our own in the cases where nginx has one, and `$ssl_ech_…` are always empty, as with an OpenSSL that has no ECH.",
        names.chain(families).collect::<Vec<_>>().join(", ")
    );
    page.push_str(
        "\n## Known to nginx, but not supported here\n\n\
         These are refused by name, so that a slip of the pen can be told from what is outside the purpose of this proxy, or missing.\n",
    );
    for (module, why, names) in table::unsupported() {
        let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
        let _ = write!(page, "\n**{module}**: {why} {}\n", names.join(", "));
    }
    page
}

fn row(page: &mut String, command: &Command) {
    let Command { name, default, summary, note, since, until, .. } = command;
    let default = if default.is_empty() { String::new() } else { format!("`{default}`") };
    let places = command.contexts().join(", ");
    let versions = match (since, until) {
        (Some(since), _) => format!(" From {since} on."),
        (None, Some(until)) => format!(" Up to {until}."),
        (None, None) => String::new(),
    };
    let _ = writeln!(page, "| `{name}` | {places} | {default} | {summary}{versions} | {note} |");
}
