//! Times as nginx writes them.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// A number of seconds: `90`, `"90s"`, `"5m"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seconds(pub u64);

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Seconds, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum SecondsValue {
            Number(u64),
            Text(String),
        }
        match SecondsValue::deserialize(from)? {
            SecondsValue::Number(seconds) => Ok(Seconds(seconds)),
            SecondsValue::Text(text) => match nginx_conf::parse_time(&text) {
                Some(time) => Ok(Seconds(time.as_secs())),
                None => {
                    Err(D::Error::custom("a time is a number of seconds, or one with s, m or h: \"90s\""))
                }
            },
        }
    }
}

impl JsonSchema for Seconds {
    fn schema_name() -> Cow<'static, str> {
        "Seconds".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A number of seconds: 90, \"90s\", \"5m\".",
            "anyOf": [{ "type": "integer", "minimum": 0 }, { "type": "string", "pattern": "^[0-9]" }],
        })
    }
}
