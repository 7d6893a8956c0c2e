//! `autoindex`: lists of directories.

/// `autoindex` and the directives that go with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Autoindex {
    /// `autoindex`.
    pub on: bool,
    /// `autoindex_exact_size`: sizes in bytes, not in `K`, `M` and `G`.
    pub exact_size: bool,
    /// `autoindex_localtime`: times in the local time zone.
    pub local_time: bool,
    /// `autoindex_format`.
    pub format: AutoindexFormat,
}

/// `autoindex_format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub enum AutoindexFormat {
    #[default]
    Html,
    Json,
    Jsonp,
    Xml,
}

impl Default for Autoindex {
    fn default() -> Autoindex {
        Autoindex { on: false, exact_size: true, local_time: false, format: AutoindexFormat::Html }
    }
}
