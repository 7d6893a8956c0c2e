//! Where clients come to.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// What an address may have behind it.
const TLS: &str = "ssl";
const PROXY_PROTOCOL: &str = "proxy_protocol";

/// An address that the configuration must listen on, as `listen` has it: `80`, `[::]:80`, `443 ssl`, `127.0.0.1:8080`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromisedListen {
    /// The address.
    pub address: String,
    /// `ssl`: TLS is spoken there, and otherwise not.
    pub tls: bool,
    /// `proxy_protocol`: another proxy is in front, which tells of its clients.
    pub proxy_protocol: bool,
}

impl PromisedListen {
    fn of(text: &str) -> Option<PromisedListen> {
        let mut words = text.split_ascii_whitespace();
        let address = words.next().filter(|address| !address.contains(['"', '`', ';', '$', '{']))?.to_owned();
        let mut promised = PromisedListen { address, tls: false, proxy_protocol: false };
        for word in words {
            match word {
                TLS => promised.tls = true,
                PROXY_PROTOCOL => promised.proxy_protocol = true,
                _ => return None,
            }
        }
        Some(promised)
    }
}

impl fmt::Display for PromisedListen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.address)?;
        let words = [(self.tls, TLS), (self.proxy_protocol, PROXY_PROTOCOL)];
        words.into_iter().filter(|(is, _)| *is).try_for_each(|(_, word)| write!(f, " {word}"))
    }
}

impl<'de> Deserialize<'de> for PromisedListen {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<PromisedListen, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Port(u16),
            Text(String),
        }
        let text = match Written::deserialize(from)? {
            Written::Port(port) => port.to_string(),
            Written::Text(text) => text,
        };
        PromisedListen::of(&text).ok_or_else(|| {
            D::Error::custom(
                "an address is what `listen` begins with, and `ssl` or `proxy_protocol`: \"443 ssl\"",
            )
        })
    }
}

impl JsonSchema for PromisedListen {
    fn schema_name() -> Cow<'static, str> {
        "PromisedListen".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "An address as `listen` has it: 80, \"[::]:80\", \"443 ssl\", \"127.0.0.1:8080\".",
            "anyOf": [
                { "type": "integer", "minimum": 1, "maximum": 65535 },
                { "type": "string", "pattern": "^[^\\s\"`;$]+( ssl)?( proxy_protocol)?$" }
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_with_what_matters_to_clients() {
        let read = |text| PromisedListen::of(text).map(|listen| (listen.to_string(), listen.tls));
        assert_eq!(read("80"), Some(("80".to_owned(), false)));
        assert_eq!(read("[::]:443  ssl"), Some(("[::]:443 ssl".to_owned(), true)));
        assert_eq!(read("81 proxy_protocol ssl"), Some(("81 ssl proxy_protocol".to_owned(), true)));
        assert_eq!([read(""), read("80 default_server"), read("${PORT}")], [None, None, None]);
    }
}
