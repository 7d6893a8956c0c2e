//! Versions of nginx.

use std::fmt;
use std::str::FromStr;

/// A version of nginx. Those that a configuration can be read for stand for the nginx of a Debian each, which is what they
/// were compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    minor: u16,
    patch: u16,
}

/// There is no such version to choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownVersion(String);

impl Version {
    /// 1.22.1, of Debian 12.
    pub const V1_22: Version = Version::new(22, 1);
    /// 1.26.3, of Debian 13.
    pub const V1_26: Version = Version::new(26, 3);
    /// 1.30.6, of Debian 14.
    pub const V1_30: Version = Version::new(30, 6);

    /// 1.`minor`.`patch`.
    pub const fn new(minor: u16, patch: u16) -> Version {
        Version { minor, patch }
    }
}

impl FromStr for Version {
    type Err = UnknownVersion;

    fn from_str(text: &str) -> Result<Version, UnknownVersion> {
        match text {
            "1.22" => Ok(Version::V1_22),
            "1.26" => Ok(Version::V1_26),
            "1.30" => Ok(Version::V1_30),
            other => Err(UnknownVersion(other.to_owned())),
        }
    }
}

impl fmt::Display for UnknownVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "version \"{}\" is none of 1.22, 1.26 and 1.30", self.0)
    }
}

impl std::error::Error for UnknownVersion {}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}.{}", self.minor, self.patch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_chosen_by_its_first_two_numbers() {
        let read = |text: &str| text.parse::<Version>().map(|version| version.to_string());
        assert_eq!(read("1.26"), Ok("1.26.3".to_owned()));
        for text in ["1.24", "1.26.3", "1", ""] {
            assert!(read(text).is_err(), "{text}");
        }
        assert!(Version::V1_22 < Version::new(25, 1) && Version::new(25, 1) < Version::V1_26);
    }
}
