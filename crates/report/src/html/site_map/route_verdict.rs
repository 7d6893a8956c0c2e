//! What a picture shows of a route beside where it leads.

/// How a route fared, as the picture shows it.
#[derive(Debug, Clone)]
pub(super) struct RouteVerdict {
    /// A class of the page's style: `good`, `bad`, `warn` or `quiet`.
    pub(super) class: &'static str,
    /// A mark, for eyes alone.
    pub(super) mark: &'static str,
    /// The same in words: `2 of 9 broken`.
    pub(super) words: String,
    /// What to open for more, such as `#f0-3`.
    pub(super) link: Option<String>,
}
