//! The addresses of a configuration, held against the services of the compose file that runs it.

use std::collections::BTreeSet;

use nginx_conf::syntax::{Directive, parse, walk};

use crate::compose::{Compose, Service};

/// An address that nginx connects to.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Address {
    host: String,
    port: u16,
    /// Whether it is a server of an `upstream`, so that it cannot be the name of one.
    is_of_group: bool,
    /// The directive, as written.
    head: String,
    line: usize,
}

/// A file as nginx reads it, and what its author calls it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text<'a> {
    pub(crate) name: &'a str,
    pub(crate) text: &'a str,
}

/// What is wrong with the addresses of `texts`, which `service` runs. `stand_ins` are hosts that nobody wrote; `is_alone` says
/// that nginx is all that runs in the container.
pub(crate) fn warnings(
    texts: &[Text<'_>],
    stand_ins: &BTreeSet<String>,
    compose: &Compose,
    service: &Service,
    is_alone: bool,
) -> Vec<String> {
    let parsed: Vec<(&str, Vec<Directive>)> =
        texts.iter().filter_map(|text| Some((text.name, parse(text.text, text.name).ok()?))).collect();
    let all = || parsed.iter().flat_map(|(_, directives)| walk(directives));
    let groups: BTreeSet<String> = all()
        .filter(|directive| directive.is("upstream"))
        .filter_map(|directive| directive.arg(0).map(str::to_lowercase))
        .collect();
    let listens: BTreeSet<u16> = all()
        .filter(|directive| directive.is("listen"))
        .filter_map(|directive| directive.arg(0)?.rsplit(':').next()?.parse().ok())
        .collect();
    let mut told = BTreeSet::new();
    let mut warnings = Vec::new();
    for (name, directives) in &parsed {
        for address in addresses(directives) {
            let is_group = !address.is_of_group && groups.contains(&address.host);
            if is_group
                || stand_ins.contains(&address.host)
                || !told.insert((address.host.clone(), address.port))
            {
                continue;
            }
            if let Some((what, help)) = complaint(&address, &listens, compose, service, is_alone) {
                warnings.push(format!("{name}:{}: `{}`: {what}\n  help: {help}", address.line, address.head));
            }
        }
    }
    warnings
}

fn complaint(
    address: &Address,
    listens: &BTreeSet<u16>,
    compose: &Compose,
    service: &Service,
    is_alone: bool,
) -> Option<(String, String)> {
    let Address { host, port, .. } = address;
    let file = &compose.name;
    if !service.has_own_network {
        return None;
    }
    if matches!(host.as_str(), "localhost" | "127.0.0.1" | "[::1]") {
        let mode = format!("service:{}", service.name);
        let has_company = compose.services.iter().any(|other| other.network_mode.as_deref() == Some(&mode));
        if has_company || !is_alone || listens.contains(port) {
            return None;
        }
        let meant = compose.services.iter().find_map(|other| {
            let port = other.ports.iter().find(|published| published.published == *port)?;
            Some(format!("{}:{} (published in {file}:{})", other.name, port.container, port.line))
        });
        let meant = meant.unwrap_or_else(|| "the service by its name".to_owned());
        let what = format!(
            "{host} is the container of service {} itself ({file}:{}), in which nothing else listens",
            service.name, service.line
        );
        return Some((what, format!("name {meant}")));
    }
    let Some(other) = compose.services.iter().find(|other| other.is_called(host)) else {
        let may_be_elsewhere = host.contains(['.', ':', '['])
            || service.hosts.iter().any(|known| known == host)
            || service.networks.iter().flatten().any(|network| compose.external_networks.contains(network))
            || compose.external_networks.contains("default")
            || compose.is_overridden
            || service.extends;
        let names: Vec<&str> = compose.services.iter().map(|service| service.name.as_str()).collect();
        let what = format!("{file} has no service of the name {host}");
        return (!may_be_elsewhere).then(|| (what, format!("its services are {}", names.join(", "))));
    };
    let default = vec!["default".to_owned()];
    let [own, others] = [service, other].map(|service| service.networks.as_ref().unwrap_or(&default));
    if other.has_own_network && !own.iter().any(|network| others.contains(network)) {
        let what = format!(
            "service {} ({file}:{}) and service {} ({file}:{}) share no network",
            service.name, service.line, other.name, other.line
        );
        let help = format!("add one of {} to `networks` of {}", others.join(", "), service.name);
        return Some((what, help));
    }
    let published = other.ports.iter().find(|published| published.published == *port)?;
    let is_inside =
        other.ports.iter().any(|published| published.container == *port) || other.exposed.contains(port);
    let what = format!(
        "{port} is the port that the host publishes ({file}:{}); between containers it is {}",
        published.line, published.container
    );
    (!is_inside && !other.extends).then(|| (what, format!("write {host}:{}", published.container)))
}

/// What nginx connects to, where it is written out.
fn addresses(directives: &[Directive]) -> Vec<Address> {
    let mut found = Vec::new();
    for directive in walk(directives) {
        let passes = matches!(directive.name.text.as_str(), "proxy_pass" | "grpc_pass" | "fastcgi_pass");
        if passes && let Some(url) = directive.arg(0) {
            found.extend(address_of(url, directive));
        } else if directive.is("set") && directive.arg(1).is_some_and(|value| value.contains("://")) {
            found.extend(address_of(directive.arg(1).unwrap_or_default(), directive));
        } else if directive.is("upstream") {
            let servers = directive.inner().iter().filter(|server| server.is("server"));
            found.extend(servers.filter_map(|server| address_of(server.arg(0)?, server)));
        }
    }
    found
}

fn address_of(url: &str, directive: &Directive) -> Option<Address> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    if authority.is_empty() || authority.contains('$') || authority.starts_with("unix:") {
        return None;
    }
    let default = if scheme == "https" { 443 } else { 80 };
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !authority.ends_with(']') => (host, port.parse().ok()?),
        _ => (authority, default),
    };
    Some(Address {
        host: host.to_lowercase(),
        port,
        is_of_group: directive.is("server"),
        head: directive.head(),
        line: directive.line(),
    })
}
