//! The crate's modules, from the ground up: each may use what lies below it, and nothing beside or above it.

#[test]
fn imports_go_down() {
    let modules = layers::Modules::read(env!("CARGO_MANIFEST_DIR")).unwrap();
    let violations = modules.violations(&[
        // Notations that stand for themselves: places in a text, edits of one, text with variables, numbers, typos. Files.
        &["file", "glob", "source", "edit", "template", "units", "spelling", "version"],
        // What is said about a place; addresses.
        &["error", "address"],
        // Text to words and statements.
        &["lexer"],
        // Statements to a tree that can be edited, and the directives that nginx has.
        &["syntax", "table"],
        // A directive that is being read, with errors that point at its words.
        &["directive"],
        // TLS by rustls.
        &["tls"],
        // Directives one after the other, through every include. What a configuration is.
        &["input", "model"],
        // Which location serves a URI. Names of hosts and of variables.
        &["locate", "read::host_names", "read::variables", "read::values"],
        // What is written at each level, before anything is inherited.
        &["read::draft", "read::regex", "read::syslog"],
        // The state that setters work on.
        &["read::reader"],
        // Drafts to the model.
        &["read::build"],
        // What each directive does.
        &["read::setters"],
        // From a file to a configuration.
        &["read"],
    ]);
    assert!(violations.is_empty(), "{}", violations.join("\n"));
}
