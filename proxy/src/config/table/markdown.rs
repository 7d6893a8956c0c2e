//! `docs/directives.md`.

use std::fmt::Write as _;

use super::{Command, all, context_names, foreign};

/// The text of `docs/directives.md`, from the tables.
pub fn directives_markdown() -> String {
    let mut page = String::from(
        "# Directives\n\n\
         What the reference proxy reads, and how it differs from nginx. Where the last column is empty, it does what nginx does.\n\
         Everything else in a configuration is refused with its file and line; nothing is ignored in silence.\n\n\
         Generated from the table in `proxy/src/config/table/`.\n\n\
         | directive | where | default | what it does | differs from nginx |\n\
         |---|---|---|---|---|\n",
    );
    for command in all() {
        row(&mut page, command);
    }
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
