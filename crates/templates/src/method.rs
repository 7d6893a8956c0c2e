//! What fills a template in: nginx's image, or a call of `envsubst` in a Dockerfile, a compose file or a script.

use std::collections::BTreeSet;

use regex::Regex;

use crate::environment::{Environment, Lookup};
use crate::placeholder::is_environment_name;
use crate::shell::List;

/// What fills a template in.
#[derive(Debug, Clone)]
pub(crate) enum Method {
    /// nginx's image: names that are set and match `NGINX_ENVSUBST_FILTER`.
    Image {
        /// The filter; `None` lets all pass.
        filter: Option<Regex>,
    },
    /// Nobody: a container gets it at this path, where nginx reads it as it stands.
    Nobody { place: String },
    /// `envsubst`, called here.
    Envsubst {
        list: List,
        /// `Dockerfile:4`.
        place: String,
    },
}

/// What becomes of a placeholder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Substitution<'a> {
    /// This stands in its place.
    Value(&'a str),
    /// Nothing does, as the name is not set.
    Empty,
    /// It stays as it stands.
    Keep,
    /// It has a value, but that is not known here.
    Unknown,
}

impl Method {
    /// nginx's image, as the environment sets it up.
    pub(crate) fn of_image(environment: &Environment) -> Method {
        let filter = environment.value("NGINX_ENVSUBST_FILTER").filter(|filter| !filter.is_empty());
        Method::Image { filter: filter.and_then(|filter| Regex::new(filter).ok()) }
    }

    /// What becomes of `$name` in a text that defines the variables `defined` itself.
    pub(crate) fn substitution<'a>(
        &self,
        name: &str,
        environment: &'a Environment,
        defined: &BTreeSet<String>,
    ) -> Substitution<'a> {
        let lookup = environment.lookup(name);
        let may_be_set = environment.get(name).is_some() || is_environment_name(name, defined);
        let is_listed = match self {
            Method::Image { filter } => filter.as_ref().is_none_or(|filter| filter.is_match(name)),
            Method::Nobody { .. } => false,
            Method::Envsubst { list: List::Names(names), .. } => names.iter().any(|known| known == name),
            Method::Envsubst { .. } => true,
        };
        let keeps_unset = matches!(self, Method::Image { .. } | Method::Envsubst { list: List::Set, .. });
        let is_named = matches!(self, Method::Envsubst { list: List::Names(_), .. });
        match lookup {
            _ if !is_listed => Substitution::Keep,
            Lookup::Set(value) => Substitution::Value(value),
            Lookup::Unknown if may_be_set || is_named => Substitution::Unknown,
            Lookup::Unknown | Lookup::Unset if keeps_unset => Substitution::Keep,
            Lookup::Unknown | Lookup::Unset => Substitution::Empty,
        }
    }

    /// Whether it takes away what is not set, nginx's own variables included.
    pub(crate) fn takes_all(&self) -> bool {
        matches!(self, Method::Envsubst { list: List::All, .. })
    }

    /// In words.
    pub(crate) fn describe(&self) -> String {
        match self {
            Method::Image { filter: None } => "as nginx's image does".to_owned(),
            Method::Image { filter: Some(filter) } => {
                format!("as nginx's image does, names that match {filter} (NGINX_ENVSUBST_FILTER)")
            }
            Method::Nobody { place } => format!("by nobody: the container has it as {place}"),
            Method::Envsubst { list: List::All, place } => format!("by `envsubst` without a list ({place})"),
            Method::Envsubst { list: List::Names(names), place } => {
                format!("by `envsubst` for {} ({place})", names.join(", "))
            }
            Method::Envsubst { list: List::Set, place } => {
                format!("by `envsubst` for all that is set ({place})")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_has_its_own_idea_of_what_is_not_set() {
        let mut environment = Environment::default();
        environment.add("PORT", Some("80".to_owned()), "here".to_owned());
        let image = Method::Image { filter: None };
        let filtered = Method::Image { filter: Regex::new("^APP_").ok() };
        let of = |list| Method::Envsubst { list, place: "Dockerfile:1".to_owned() };
        let named = of(List::Names(vec!["PORT".to_owned(), "api".to_owned()]));
        let substitutions = |method: &Method, environment: &Environment| {
            let defined = ["own".to_owned()].into();
            ["PORT", "API", "host", "api", "OWN"].map(|name| {
                match method.substitution(name, environment, &defined) {
                    Substitution::Value(_) => 'v',
                    Substitution::Empty => '0',
                    Substitution::Keep => '$',
                    Substitution::Unknown => '?',
                }
            })
        };
        assert_eq!(substitutions(&image, &environment), ['v', '?', '$', '$', '$']);
        assert_eq!(substitutions(&filtered, &environment), ['$'; 5]);
        assert_eq!(substitutions(&of(List::All), &environment), ['v', '?', '0', '0', '0']);
        assert_eq!(substitutions(&of(List::Set), &environment), ['v', '?', '$', '$', '$']);
        assert_eq!(substitutions(&named, &environment), ['v', '$', '$', '?', '$']);
        environment.complete = Some("web".to_owned());
        assert_eq!(substitutions(&image, &environment), ['v', '$', '$', '$', '$']);
        assert_eq!(substitutions(&of(List::All), &environment), ['v', '0', '0', '0', '0']);
        assert_eq!(substitutions(&named, &environment), ['v', '$', '$', '0', '$']);
    }
}
