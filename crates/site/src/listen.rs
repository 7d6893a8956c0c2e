//! An address that a server listens on.

use serde::Serialize;

use crate::line::Line;
use crate::tree::Node;

/// A `listen`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listen {
    /// The address as it is written.
    pub address: String,
    /// `ssl`.
    pub tls: bool,
    /// `http2`.
    pub http2: bool,
    /// `http2` without `ssl`: HTTP/1.1 is not spoken.
    pub http2_alone: bool,
    /// `default_server`.
    pub default: bool,
    /// `quic`: by UDP.
    #[serde(skip)]
    pub quic: bool,
    /// `proxy_protocol`: each connection begins with what another proxy tells of the client.
    #[serde(skip)]
    pub proxy_protocol: bool,
    /// `ipv6only=off`: for clients of IPv4, too.
    #[serde(skip)]
    pub both_families: bool,
    /// Where it stands; `None` if it is not written, but the default.
    #[serde(skip)]
    pub line: Option<Line>,
}

impl Listen {
    /// One with nothing but an address.
    pub fn at(address: &str) -> Listen {
        Listen {
            address: address.to_owned(),
            tls: false,
            http2: false,
            http2_alone: false,
            default: false,
            quic: false,
            proxy_protocol: false,
            both_families: false,
            line: None,
        }
    }

    pub(crate) fn read(node: &Node) -> Listen {
        let has = |word: &str| node.args.iter().skip(1).any(|arg| arg == word);
        Listen {
            tls: has("ssl") || has("quic"),
            http2: has("http2"),
            http2_alone: has("http2") && !has("ssl"),
            default: has("default_server") || has("default"),
            quic: has("quic"),
            proxy_protocol: has("proxy_protocol"),
            both_families: has("ipv6only=off"),
            line: Some(Line { file: node.file.to_string(), line: node.line }),
            ..Listen::at(node.arg(0))
        }
    }

    /// The port; of a socket in the file system all of its address.
    pub fn port(&self) -> &str {
        let last = self.address.rsplit_once(':').map_or(self.address.as_str(), |(_, last)| last);
        let is_number = !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit());
        match self.address.starts_with("unix:") {
            true => &self.address,
            false if is_number => last,
            false => "80",
        }
    }
}
