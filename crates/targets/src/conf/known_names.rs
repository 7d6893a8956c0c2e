//! The names that a configuration uses: its upstreams, its variables, and all that these can be.

use std::collections::{BTreeSet, HashMap, HashSet};

use nginx_conf::syntax::Directive;

use super::effects::is_data;
use super::proxy_pass::{
    Host, Url, assigned, begins_as_name, declared_group, is_filled_by_requests, is_name, mixed_authority,
    only_variable, port_by_variable, server_by_variables, variable,
};
use super::words::named_groups;

/// More variables than stand for one another in any real configuration.
const MAX_DEPTH: usize = 8;

/// More hosts than variables come to in any real configuration.
const MAX_HOSTS: usize = 20_000;

/// The names in all texts together, in lower case, as nginx treats them.
#[derive(Debug, Default)]
pub(super) struct KnownNames {
    pub(super) upstreams: HashSet<String>,
    /// Every value that a variable is set to.
    pub(super) values: HashMap<String, BTreeSet<String>>,
    /// Variables that have values from elsewhere: a request, a response, another file.
    pub(super) captured: HashSet<String>,
    /// Whether names can be looked up while requests are served.
    has_resolver: bool,
}

impl KnownNames {
    /// Whether an app server that variables come to is a name which nobody looks up. nginx looks up those of a URL without
    /// variables when it starts, and others by its `resolver` alone.
    pub(super) fn is_never_found(&self, value: &str) -> bool {
        if let Some((_, authority, _)) = mixed_authority(value) {
            return !self.has_resolver && begins_as_name(authority);
        }
        let server = match Url::of(value) {
            // What follows a port can be no part of the name.
            Some(Url { scheme: Some(_), host: Host::Literal(host), rest })
                if host.contains(':') || !rest.starts_with('$') =>
            {
                host
            }
            None => value,
            Some(_) => return false,
        };
        !self.has_resolver && is_name(server)
    }

    /// The part of a URL that says which server it is for, as [`server_by_variables`], or with a port of which a variable has the last
    /// digits.
    pub(super) fn server_of<'u>(&self, url: &'u str) -> Option<(&'u str, &'u str, &'u str)> {
        server_by_variables(url).or_else(|| {
            let (before, server, rest, name) = port_by_variable(url)?;
            self.is_of_digits(&name.to_ascii_lowercase()).then_some((before, server, rest))
        })
    }

    fn is_of_digits(&self, name: &str) -> bool {
        let are_digits = |text: &String| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let is_fixed = !is_filled_by_requests(name) && !self.captured.contains(name);
        is_fixed && self.values.get(name).is_some_and(|values| values.iter().all(are_digits))
    }

    /// Whether a server has no variables in its scheme and its host.
    fn has_whole_host(&self, server: &str) -> bool {
        let url = if server.contains("://") { server.to_owned() } else { format!("http://{server}") };
        matches!(Url::of(&url), Some(Url { host: Host::Literal(_), .. })) && self.server_of(&url).is_none()
    }

    /// All that the server of a URL can be by the fixed values of the variables in it; what a request fills in behind the host stays
    /// a variable. `None` where a request may fill in more than that, or there are too many.
    pub(super) fn servers(&self, server: &str) -> Option<Vec<String>> {
        let mut found = Vec::new();
        self.add_servers(server, 0, &mut found)?;
        Some(found)
    }

    fn add_servers(&self, server: &str, depth: usize, found: &mut Vec<String>) -> Option<()> {
        let Some(at) = server.find('$').filter(|_| !self.has_whole_host(server)) else {
            found.push(server.to_owned());
            return (found.len() <= MAX_HOSTS).then_some(());
        };
        let (name, rest) = variable(&server[at..])?;
        let name = name.to_ascii_lowercase();
        if depth > MAX_DEPTH || is_filled_by_requests(&name) || self.captured.contains(&name) {
            return None;
        }
        let goes_on = rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        let of_scheme = || ["http", "https"].map(str::to_owned).into();
        let values = match name.as_str() {
            "scheme" => &of_scheme(),
            _ => self.values.get(&name)?,
        };
        for value in values {
            // Together they would be another variable.
            if goes_on && value.rsplit_once('$').is_some_and(|(_, last)| is_word(last)) {
                return None;
            }
            self.add_servers(&format!("{}{value}{rest}", &server[..at]), depth + 1, found)?;
        }
        Some(())
    }

    /// Those of all these texts together, each with the block that includes it.
    pub(super) fn of<'a>(
        files: impl Iterator<Item = (&'a [Directive], Option<&'a Directive>)>,
    ) -> KnownNames {
        let mut known = KnownNames::default();
        for (directives, around) in files {
            directives.iter().for_each(|directive| known.add(directive, around));
        }
        known
    }

    fn add(&mut self, directive: &Directive, block: Option<&Directive>) {
        self.note(directive, block);
        directive.inner().iter().for_each(|inner| self.add(inner, Some(directive)));
    }

    /// Adds those of a directive in `block`, without what is in its own.
    pub(super) fn note(&mut self, directive: &Directive, block: Option<&Directive>) {
        if let Some((name, nth)) = assigned(directive, block) {
            self.values.entry(name).or_default().insert(directive.arg(nth).unwrap_or_default().to_owned());
        }
        self.upstreams.extend(declared_group(directive, block).map(str::to_ascii_lowercase));
        self.has_resolver |= directive.is("resolver");
        // `auth_request_set $x …`, and other directives that set a variable.
        let fills = !directive.is("set") && !is_data(&directive.name.text) && directive.args.len() > 1;
        self.captured.extend(directive.arg(0).filter(|_| fills).and_then(only_variable));
        for word in std::iter::once(&directive.name).chain(&directive.args) {
            self.captured.extend(named_groups(&word.text).map(str::to_ascii_lowercase));
        }
    }
}

fn is_word(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use nginx_conf::syntax::parse;

    use super::*;

    #[test]
    fn variables_come_to_all_their_values() {
        let text = "map $host $port { default 80; a 81; } set $app app; set $full $app.test:$port; set $url http://$app$request_uri;
            set $loop $loop; set $tail $app; set $slot 1; set $slot 2; set $mixed 1; set $mixed /a; set $sometimes $arg_a; upstream pool { server a; }";
        let text = parse(text, "nginx.conf").unwrap();
        let known = KnownNames::of([(&text[..], None)].into_iter());
        let of = |server: &str| known.servers(server).map(|found| found.join(" "));
        for (server, all) in [
            ("$app:$port", "app:80 app:81"),
            ("$full", "app.test:80 app.test:81"),
            ("$url", "http://app$request_uri"),
            ("$app:80$uri", "app:80$uri"),
            ("app:80$slot", "app:801 app:802"),
            ("app:80$slot$request_uri", "app:801$request_uri app:802$request_uri"),
            ("app:80$mixed", "app:80$mixed"),
            ("${tail}s", ""),
            ("$loop", ""),
            ("$sometimes", ""),
            ("$app-$arg_a", ""),
            ("$none", ""),
        ] {
            assert_eq!(of(server).as_deref(), Some(all).filter(|all| !all.is_empty()), "{server}");
        }
    }
}
