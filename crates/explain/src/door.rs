//! The address by which a client comes in.

use std::net::SocketAddr;

use hopcheck_targets::conf::RewrittenConf;

use crate::question::RequestUrl;
use crate::written::port_of;

/// Where a request comes in.
#[derive(Debug, Clone)]
pub(crate) struct Door {
    /// The `listen` address as it was written.
    pub(crate) listen: String,
    /// Its replacement.
    pub(crate) address: SocketAddr,
}

/// The `listen` that a client of the URL reaches: of those with its port the one with its address, or else one that takes
/// any, IPv4 first.
///
/// # Errors
/// Why there is none, as its client would notice it.
pub(crate) fn find(conf: &RewrittenConf, url: &RequestUrl) -> Result<Door, String> {
    let port = url.port.to_string();
    let rank = |written: &str| {
        let host = written.rsplit_once(':').map_or("", |(host, _)| host);
        let host = if written.contains('.') && host.is_empty() { written } else { host };
        match host {
            host if host == url.host => 0,
            "" | "*" | "0.0.0.0" => 1,
            host if !host.starts_with('[') => 2,
            "[::]" => 3,
            _ => 4,
        }
    };
    let mut doors: Vec<&(String, SocketAddr)> = conf
        .listen
        .iter()
        .filter(|(written, _)| !written.starts_with("unix:") && port_of(written) == port)
        .collect();
    doors.sort_by_key(|(written, _)| rank(written));
    let tls = |address: &SocketAddr| conf.tls.contains(address);
    let Some((listen, address)) =
        doors.iter().find(|(_, address)| tls(address) == url.tls).or(doors.first()).copied()
    else {
        let others = conf.listen.iter().map(|(written, address)| match tls(address) {
            true => format!("{written} ssl"),
            false => written.clone(),
        });
        let others = others.collect::<Vec<_>>().join(", ");
        return Err(format!("nobody listens on port {port}: the configuration listens on {others}"));
    };
    if url.tls && !tls(address) {
        return Err(format!("there is no TLS on port {port}: its `listen` lacks `ssl`"));
    }
    Ok(Door { listen: listen.clone(), address: *address })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_comes_in_where_its_url_leads() {
        let address = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let listen = ["[::]:80", "80", "10.0.0.1:80", "443", "127.0.0.1:8080"];
        let conf = RewrittenConf {
            listen: listen.iter().zip(1..).map(|(one, port)| ((*one).to_owned(), address(port))).collect(),
            tls: vec![address(4)],
            ..RewrittenConf::default()
        };
        let found = |url: &str| find(&conf, &url.parse().unwrap()).map(|door| door.listen);
        assert_eq!(found("http://a.test/"), Ok("80".to_owned()));
        assert_eq!(found("http://10.0.0.1/"), Ok("10.0.0.1:80".to_owned()));
        assert_eq!(found("https://a.test/"), Ok("443".to_owned()));
        assert_eq!(found("http://a.test:443/"), Ok("443".to_owned()));
        assert_eq!(found("http://a.test:8080/"), Ok("127.0.0.1:8080".to_owned()));
        assert_eq!(
            found("http://a.test:81/"),
            Err("nobody listens on port 81: the configuration listens on [::]:80, 80, 10.0.0.1:80, 443 ssl, 127.0.0.1:8080"
                .to_owned())
        );
        assert!(found("https://a.test:8080/").unwrap_err().contains("no TLS on port 8080"));
    }
}
