//! Sizes as nginx writes them.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// A number of bytes: `512`, `"512k"`, `"10m"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size(pub u64);

impl Size {
    pub(crate) fn of(text: &str) -> Option<Size> {
        let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
        let shift = match unit {
            "" => 0,
            "k" | "K" => 10,
            "m" | "M" => 20,
            _ => return None,
        };
        number.parse::<u64>().ok()?.checked_mul(1 << shift).map(Size)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Size, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum SizeValue {
            Bytes(u64),
            Text(String),
        }
        match SizeValue::deserialize(from)? {
            SizeValue::Bytes(bytes) => Ok(Size(bytes)),
            SizeValue::Text(text) => Size::of(&text)
                .ok_or_else(|| D::Error::custom("a size is a number of bytes, or one with k or m: \"10m\"")),
        }
    }
}

impl JsonSchema for Size {
    fn schema_name() -> Cow<'static, str> {
        "Size".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A number of bytes: 512, \"512k\", \"10m\".",
            "anyOf": [{ "type": "integer", "minimum": 0 }, { "type": "string", "pattern": "^[0-9]+[kKmM]?$" }],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_nginx() {
        let of = |text| Size::of(text).map(|Size(bytes)| bytes);
        assert_eq!([of("7"), of("2k"), of("10m")], [Some(7), Some(2048), Some(10 << 20)]);
        assert_eq!(
            [of("m"), of("1g"), of("1 m"), of("99999999999999999999"), of("18446744073709551615k")],
            [None; 5]
        );
    }
}
