//! Interim responses of app servers (RFC 9110 §15.2).

use nginx_conf::model::Config;

/// Which interim responses (1xx but 101) of an app server are passed over. nginx takes the others for final ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interim {
    /// All of them.
    All,
    /// 103, as in nginx from 1.29.0 on.
    EarlyHints,
    /// None, as in nginx before.
    None,
}

impl Interim {
    /// Those that the proxy passes over for the version it stands for.
    pub(crate) fn of(config: &Config) -> Interim {
        match config.version {
            None => Interim::All,
            Some(_) if config.is_before(29, 0) => Interim::None,
            Some(_) => Interim::EarlyHints,
        }
    }

    /// Whether a response of this status is passed over.
    pub(crate) fn is_passed_over(self, status: u16) -> bool {
        match self {
            Interim::All => status < 200 && status != 101,
            Interim::EarlyHints => status == 103,
            Interim::None => false,
        }
    }
}
