//! What must hold for any text; the fuzz target `template` calls it.

use crate::environment::Environment;
use crate::fill::Template;
use crate::method::Method;
use crate::shell::List;
use crate::{dotenv, interpolation, mistake, shell, yaml};

/// No reader panics, a template keeps its lines, and one without a `$` is as it was.
pub fn template(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let _ = yaml::documents(text);
    let _ = dotenv::entries(text, &Default::default());
    let _ = interpolation::interpolate(text, &|name| (name == "A").then(|| "a".to_owned()));
    shell::envsubst_calls(text);
    shell::assignments(text);
    shell::script_in(text);
    mistake::mistake_in(text, "f");
    let place = || "Dockerfile:1".to_owned();
    let methods = [
        Method::Image { filter: None },
        Method::Nobody { place: place() },
        Method::Envsubst { list: List::All, place: place() },
        Method::Envsubst { list: List::Names(vec!["A".to_owned()]), place: place() },
    ];
    let mut environment = Environment::default();
    environment.add("A", Some("one".to_owned()), place());
    environment.add("B", Some(String::new()), place());
    for complete in [None, Some("web".to_owned())] {
        environment.complete = complete;
        for method in &methods {
            let filled = Template { name: "t", text, method, environment: &environment }.fill();
            let lines = |text: &str| text.matches('\n').count();
            assert!(filled.is_too_large || lines(&filled.text) == lines(text), "by {method:?}");
            assert!(text.contains('$') || filled.text == text, "by {method:?}");
        }
    }
}
