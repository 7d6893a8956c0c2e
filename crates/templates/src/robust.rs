//! No text makes a reader panic, or take long.

use std::path::Path;

use proptest::prelude::*;

use crate::environment::Environment;
use crate::fill::Template;
use crate::method::Method;
use crate::shell::List;
use crate::{dotenv, interpolation, mistake, shell, yaml};

/// Pieces that mean something to one of the readers.
fn text() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "$",
        "{",
        "}",
        "${",
        "$A",
        "${A}",
        "${A:-",
        "'",
        "\"",
        "\\",
        "\n",
        " ",
        "#",
        "=",
        ":",
        "- ",
        "|",
        "|\n  ",
        "&a",
        "*a",
        "<<",
        "<",
        ">",
        "`",
        "$(",
        ")",
        ";",
        "A",
        "B=",
        "export ",
        "envsubst ",
        "server ",
        "listen ",
        "proxy_pass http://",
        "set $x ",
        "map $a $b {",
        "FROM nginx\n",
        "ENV A=",
        "COPY ",
        "CMD [\"",
        "RUN <<E\n",
        "data:\n",
        "kind: ConfigMap\n",
        "é",
        "\u{feff}",
        "\r\n",
    ]);
    prop::collection::vec(pieces, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn readers_do_not_panic(text in text()) {
        let _ = yaml::documents(&text);
        let _ = dotenv::entries(&text, &Default::default());
        let _ = interpolation::interpolate(&text, &|name| (name == "A").then(|| "a".to_owned()));
        shell::envsubst_calls(&text);
        shell::assignments(&text);
        shell::script_in(&text);
        mistake::mistake_in(&text, "f");
        let directory = tempfile::tempdir().unwrap();
        let dockerfile = directory.path().join("Dockerfile");
        std::fs::write(&dockerfile, &text).unwrap();
        if let Some(image) = crate::dockerfile::Image::read(&dockerfile, directory.path(), None) {
            image.copied_to(Path::new("/a/A"));
        }
    }

    #[test]
    fn templates_keep_their_lines(text in text(), complete: bool, all: bool) {
        let mut environment = Environment::default();
        environment.add("A", Some("one\ntwo".to_owned()), "here".to_owned());
        environment.complete = complete.then(|| "web".to_owned());
        let place = "Dockerfile:1".to_owned();
        let method = if all { Method::Envsubst { list: List::All, place } } else { Method::Image { filter: None } };
        let filled = Template { name: "t", text: &text, method: &method, environment: &environment }.fill();
        let added = filled.notes.iter().any(|note| note.contains("a value of several lines"));
        prop_assert!(added || filled.text.matches('\n').count() == text.matches('\n').count());
    }
}

#[test]
fn long_texts_take_no_longer_than_they_are() {
    let environment = Environment::default();
    let method = Method::Image { filter: None };
    let text = "server { listen ${PORT}; proxy_pass ${URL:-x}; add_header A ${B}; }\n".repeat(20_000);
    let filled = Template { name: "t", text: &text, method: &method, environment: &environment }.fill();
    assert_eq!(filled.text.matches("add_header A b;").count(), 20_000);
    assert!(filled.missing.len() + filled.warnings.len() < 1_000);
}
