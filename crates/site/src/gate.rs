//! What keeps strangers out of a place, and by what others are let in.

use serde::Serialize;

use crate::scope::Scope;
use crate::tree::Node;

/// By what a client of a run can be let in where strangers are kept out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Admission {
    /// A password (`auth_basic`): the run has a file of users in place of the site's.
    Password,
    /// Its address (`allow`): the run allows those of its own clients, too.
    Address,
    /// Both.
    PasswordAndAddress,
}

impl Admission {
    /// Whether a password is asked for.
    pub fn by_password(self) -> bool {
        self != Admission::Address
    }

    /// Whether it goes by the address.
    pub fn by_address(self) -> bool {
        self != Admission::Password
    }
}

/// What keeps strangers out of a place: `auth_request` only where nothing else does.
pub(crate) fn gate<'a>(scope: &Scope<'a>) -> Option<&'a Node> {
    password(scope)
        .or_else(|| denied(scope))
        .or_else(|| scope.own_one("internal"))
        .or_else(|| scope.own_one("limit_except"))
        .or_else(|| limited(scope))
        .or_else(|| asks_for_certificate(scope))
        .or_else(|| service(scope))
}

/// By what a client of a run can be let in where `auth_basic` or `deny` keeps strangers out.
pub(crate) fn admission(scope: &Scope<'_>) -> Option<Admission> {
    let others = [scope.own_one("internal"), limited(scope), asks_for_certificate(scope)];
    if others.iter().any(Option::is_some) {
        return None;
    }
    // What is said of the other methods is said within.
    let within = scope.own_one("limit_except").map(|limit| scope.inside(&limit.inner));
    let scope = within.as_ref().unwrap_or(scope);
    let (password, denied) = (password(scope), denied(scope));
    let has_password = password.is_some_and(|realm| is_fixed(realm) && users(scope).is_none_or(is_fixed));
    let has_address = denied.is_some_and(|last| allows_some(scope, last));
    if satisfies_any(scope) {
        return match (has_password, has_address) {
            (true, _) => Some(Admission::Password),
            (false, true) => Some(Admission::Address),
            (false, false) => None,
        };
    }
    match (password.map(|_| has_password), denied.map(|_| has_address)) {
        _ if service(scope).is_some() => None,
        (Some(true), None) => Some(Admission::Password),
        (None, Some(true)) => Some(Admission::Address),
        (Some(true), Some(true)) => Some(Admission::PasswordAndAddress),
        _ => None,
    }
}

/// Whether everybody is asked for a password who has none, and told so by 401.
pub(crate) fn asks_for_password(scope: &Scope<'_>) -> bool {
    let is_told_otherwise =
        scope.all("error_page").into_iter().any(|page| page.args.iter().any(|status| status == "401"));
    let is_for_all = scope.own_one("limit_except").is_none() && !satisfies_any(scope);
    admission(scope) == Some(Admission::Password) && is_for_all && !is_told_otherwise
}

/// The methods that anybody may use where `limit_except` keeps strangers from all others.
pub(crate) fn open_methods(scope: &Scope<'_>) -> Vec<String> {
    let mut methods: Vec<String> =
        scope.own_one("limit_except").map(|limit| limit.args.clone()).unwrap_or_default();
    if methods.iter().any(|method| method == "GET") {
        methods.push("HEAD".to_owned());
    }
    methods
}

fn access<'a>(scope: &Scope<'a>, name: &str) -> Option<&'a Node> {
    scope.all(name).into_iter().find(|node| node.arg(0) != "off")
}

fn password<'a>(scope: &Scope<'a>) -> Option<&'a Node> {
    access(scope, "auth_basic")
}

fn users<'a>(scope: &Scope<'a>) -> Option<&'a Node> {
    scope.one("auth_basic_user_file")
}

fn service<'a>(scope: &Scope<'a>) -> Option<&'a Node> {
    access(scope, "auth_request")
}

fn is_fixed(node: &Node) -> bool {
    !node.arg(0).contains('$')
}

fn satisfies_any(scope: &Scope<'_>) -> bool {
    scope.one("satisfy").is_some_and(|satisfy| satisfy.arg(0) == "any")
}

fn rules<'a>(scope: &Scope<'a>) -> Vec<&'a Node> {
    scope.all_of(&["allow", "deny"])
}

/// The rule that keeps those out whom no other knows: the first that fits a client decides.
fn denied<'a>(scope: &Scope<'a>) -> Option<&'a Node> {
    let decides = |node: &&Node| ["all", "0.0.0.0/0"].contains(&node.arg(0));
    rules(scope).into_iter().find(decides).filter(|rule| rule.is("deny"))
}

/// Whether an `allow` comes before `last`, the rule that decides over strangers.
fn allows_some(scope: &Scope<'_>, last: &Node) -> bool {
    let before = rules(scope).into_iter().take_while(|rule| !std::ptr::eq(*rule, last));
    before.into_iter().any(|rule| rule.is("allow") && rule.arg(0) != "unix:")
}

/// Without a burst the second request within a moment is refused.
fn limited<'a>(scope: &Scope<'a>) -> Option<&'a Node> {
    let is_strict = |node: &&Node| node.args.iter().all(|word| !word.starts_with("burst="));
    scope.all("limit_req").into_iter().find(is_strict)
}

fn asks_for_certificate<'a>(scope: &Scope<'a>) -> Option<&'a Node> {
    scope.one("ssl_verify_client").filter(|node| node.arg(0) == "on")
}

#[cfg(test)]
mod tests {
    use super::Admission;
    use crate::Site;

    const PASSWORD: &str = "auth_basic in; auth_basic_user_file users;";

    fn admission(inside: &str) -> (Option<Admission>, bool) {
        let text = format!("http {{ server {{ location /api/ {{ {inside} proxy_pass http://app:1; }} }} }}");
        let site = Site::read(&text, "nginx.conf", &|_| Vec::new()).unwrap();
        (site.servers[0].routes[0].admission, site.servers[0].routes[0].asks_for_password)
    }

    #[test]
    fn a_client_of_a_run_is_let_in_by_what_the_run_can_have() {
        use Admission::{Address, Password, PasswordAndAddress};
        let office = "allow 10.0.0.0/8; deny all;";
        for (inside, found) in [
            (PASSWORD.to_owned(), (Some(Password), true)),
            ("auth_basic in;".to_owned(), (Some(Password), true)),
            ("auth_basic off;".to_owned(), (None, false)),
            ("auth_basic $realm; auth_basic_user_file users;".to_owned(), (None, false)),
            ("auth_basic in; auth_basic_user_file $host;".to_owned(), (None, false)),
            (office.to_owned(), (Some(Address), false)),
            ("deny all;".to_owned(), (None, false)),
            ("deny all; allow 10.0.0.0/8;".to_owned(), (None, false)),
            (format!("{PASSWORD} {office}"), (Some(PasswordAndAddress), false)),
            (format!("{PASSWORD} {office} satisfy any;"), (Some(Password), false)),
            (format!("{PASSWORD} deny all; satisfy any;"), (Some(Password), false)),
            (format!("{PASSWORD} deny all;"), (None, false)),
            (format!("limit_except GET {{ {PASSWORD} }}"), (Some(Password), false)),
            (format!("limit_except GET {{ {office} }}"), (Some(Address), false)),
            ("limit_except GET { deny all; }".to_owned(), (None, false)),
            (format!("{PASSWORD} internal;"), (None, false)),
            (format!("{PASSWORD} auth_request /may;"), (None, false)),
            (format!("{PASSWORD} limit_req zone=a;"), (None, false)),
            (format!("{PASSWORD} error_page 401 /sign-in;"), (Some(Password), false)),
        ] {
            assert_eq!(admission(&inside), found, "{inside}");
        }
    }
}
