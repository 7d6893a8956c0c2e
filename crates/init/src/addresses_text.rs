//! Where a configuration listens, and where its app servers are, as a profile.

use std::collections::BTreeSet;

use crate::text::ProfileText;
use hopcheck_site::profile::PromisedListen;
use hopcheck_site::{Line, Listen, Server, Site, canonical_address};

/// Writes the addresses that clients come to, and those of app servers. What is filled in where the configuration is deployed is left
/// out.
pub(crate) fn write_addresses(text: &mut ProfileText, site: &Site, is_filled_in: &dyn Fn(&Line) -> bool) {
    let (listens, left_out) = listens(site, is_filled_in);
    if !listens.is_empty() || !left_out.is_empty() {
        text.gap();
        text.comment(
            "Where clients come to, or who is in front: a `listen` that is gone, that is for this machine alone, or that gains or \
             loses `ssl` is a broken promise. In a container these are the ports inside it, whichever are published.",
        );
        left_out.iter().for_each(|why| text.comment(why));
    }
    if !listens.is_empty() {
        text.line("[clients]");
        let listens: Vec<String> = listens.iter().map(ToString::to_string).collect();
        text.line(&format!("listen = {}", toml::Value::from(listens)));
    }
    match app_servers(site, is_filled_in) {
        Ok(addresses) if addresses.is_empty() => {}
        Ok(addresses) => {
            text.gap();
            text.comment(
                "Where the app servers are: an `upstream` that has any other asks nobody. Add those that it is switched to.",
            );
            text.line("[app-servers]");
            text.line(&format!("deployed-at = {}", toml::Value::from(addresses)));
        }
        Err(line) => {
            text.gap();
            text.comment(&format!(
                "Left out: where the app servers are. What is filled in at {}:{} may be another elsewhere.",
                line.file, line.line
            ));
        }
    }
}

/// The addresses that clients come to, and what is said of those that are left out.
fn listens(site: &Site, is_filled_in: &dyn Fn(&Line) -> bool) -> (Vec<PromisedListen>, Vec<String>) {
    let reachable = || site.servers.iter().filter(|server| server.unreachable.is_none());
    let all = || reachable().flat_map(|server: &Server| &server.listen).filter(|listen| !listen.quic);
    let (mut promised, mut left_out) = (Vec::<PromisedListen>::new(), Vec::new());
    for listen in all() {
        if let Some(line) = listen.line.as_ref().filter(|line| is_filled_in(line)) {
            let why = format!(
                "Left out: what is filled in at {}:{} may be another elsewhere.",
                line.file, line.line
            );
            left_out.extend((!left_out.contains(&why)).then_some(why));
            continue;
        }
        // What one server has of an address, all there have.
        let has = |is: fn(&Listen) -> bool| all().any(|other| other.address == listen.address && is(other));
        let one = PromisedListen {
            address: listen.address.clone(),
            tls: has(|listen| listen.tls),
            proxy_protocol: has(|listen| listen.proxy_protocol),
        };
        if is_plain(&one.address) && !promised.contains(&one) {
            promised.push(one);
        }
    }
    (promised, left_out)
}

/// Whether a profile can have it: no range of ports, and nothing that would need quotes.
fn is_plain(address: &str) -> bool {
    let is_range = |address: &str| {
        let port = address.rsplit(':').next().unwrap_or_default();
        port.contains('-') && port.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
    };
    let is_odd = |c: char| c.is_whitespace() || c.is_control() || "\"'`;${}\\".contains(c);
    !address.is_empty() && !address.contains(is_odd) && !is_range(address)
}

/// The addresses of the servers of upstreams, each once; or the line where one was filled in.
fn app_servers<'a>(site: &'a Site, is_filled_in: &dyn Fn(&Line) -> bool) -> Result<Vec<&'a str>, &'a Line> {
    let mut known = BTreeSet::new();
    let mut in_order = Vec::new();
    for server in site.upstreams.iter().flat_map(|upstream| &upstream.servers) {
        if is_filled_in(&server.line) {
            return Err(&server.line);
        }
        let address = server.address.as_str();
        if known.insert(canonical_address(address)) {
            in_order.push(address);
        }
    }
    Ok(in_order)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hopcheck_site::profile::Profile;

    fn written(conf: &str, is_filled_in: &dyn Fn(&Line) -> bool) -> String {
        let site = Site::read(&format!("http {{\n{conf}\n}}"), "nginx.conf", &|_| Vec::new()).unwrap();
        let mut text = ProfileText::default();
        write_addresses(&mut text, &site, is_filled_in);
        let text = text.finish();
        Profile::parse(&text, "hopcheck.toml").unwrap();
        text
    }

    fn lines(text: &str) -> Vec<&str> {
        text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect()
    }

    #[test]
    fn each_address_is_written_once() {
        let conf = "server { listen 80; listen [::]:80; return 301 https://a.test; }
                    server { listen 443 ssl; listen 443 quic; server_name a.test; }
                    server { listen 443; listen 127.0.0.1:8080 proxy_protocol; server_name b.test; }
                    server { listen 9000-9010; listen unix:/run/a.sock; server_name c.test; }
                    upstream a { server a:80; server b:1 down; } upstream b { server A; server c backup; }";
        let text = written(conf, &|_| false);
        let listen =
            r#"listen = ["80", "[::]:80", "443 ssl", "127.0.0.1:8080 proxy_protocol", "unix:/run/a.sock"]"#;
        let wanted = ["[clients]", listen, "[app-servers]", r#"deployed-at = ["a:80", "b:1", "c"]"#];
        assert_eq!(lines(&text), wanted, "{text}");
    }

    #[test]
    fn what_is_filled_in_is_left_out() {
        let conf = "upstream a { server a; }\nserver { listen 81;\nlisten 80; }\nupstream b { server b; }";
        let at = |wanted: usize| move |line: &Line| line.line == wanted;
        let deployed = r#"deployed-at = ["a", "b"]"#;
        let text = written(conf, &at(3));
        assert_eq!(lines(&text), ["[clients]", r#"listen = ["80"]"#, "[app-servers]", deployed]);
        assert!(
            text.contains("# Left out: what is filled in at nginx.conf:3 may be another elsewhere."),
            "{text}"
        );
        let text = written("server { listen 81; }", &at(2));
        assert_eq!(lines(&text), [""; 0]);
        assert!(text.contains("# Left out: what is filled in at nginx.conf:2"), "{text}");
        let text = written(conf, &at(5));
        assert_eq!(lines(&text), ["[clients]", r#"listen = ["81", "80"]"#]);
        assert!(text.contains("# Left out: where the app servers are."), "{text}");
    }

    #[test]
    fn a_server_without_listen_is_at_80() {
        assert_eq!(
            lines(&written("server { return 204; }", &|_| false)),
            ["[clients]", r#"listen = ["80"]"#]
        );
    }
}
