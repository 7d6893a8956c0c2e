/// The origins that the app lets read its responses and open WebSockets.
#[derive(Clone, Debug, Default)]
pub struct Origins(Option<Vec<String>>);

impl Origins {
    /// The origin that [`Origins::default`] refuses; every other `http://…` or `https://…` is allowed.
    pub const EVIL: &'static str = "http://evil.example";

    /// Exactly these, compared byte for byte.
    pub fn only<S: Into<String>>(origins: impl IntoIterator<Item = S>) -> Self {
        Self(Some(origins.into_iter().map(Into::into).collect()))
    }

    /// Whether `origin`, the value of an `Origin` field, is allowed.
    pub fn allow(&self, origin: &str) -> bool {
        match &self.0 {
            Some(origins) => origins.iter().any(|each| each == origin),
            None => {
                let scheme = origin.split_once("://").map(|(scheme, _)| scheme);
                matches!(scheme, Some("http" | "https")) && origin != Self::EVIL
            }
        }
    }
}
