//! The same configuration with other texts of its files, as they would be after an edit that is not made yet.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::source::{Source, wrap_server_blocks};

impl Source {
    /// The same configuration with another text.
    #[must_use]
    pub fn with_text(self, text: String) -> Source {
        Source { text, differences: Arc::default(), ..self }
    }

    /// The same with these texts, by the names of the files: the main one as it is written, and any that it includes. Nothing
    /// is written, and its routes are read anew.
    #[must_use]
    pub fn with_files(&self, texts: &BTreeMap<String, String>) -> Source {
        let mut source = self.clone();
        if let Some(text) = texts.get(&self.name) {
            source = source.with_text(wrap_server_blocks(text.clone()));
        }
        source.edited = Arc::new(texts.clone());
        source.site = Arc::new(source.read_site().unwrap_or_default());
        source
    }

    /// Where the included file that it calls `name` lies; `None` for one that is built in.
    pub fn path_of(&self, name: &str) -> Option<PathBuf> {
        let directory = self.directory.as_ref()?;
        let beside = name.rsplit_once('/').map_or(name, |(_, beside)| beside);
        // As `include` looks for it.
        [directory.join(name), directory.join(beside)].into_iter().find(|path| path.is_file())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_of_an_included_file_is_read_and_not_written() {
        let directory = tempfile::tempdir().unwrap();
        let file = |name: &str| directory.path().join(name);
        std::fs::write(file("site.conf"), "server { listen 80; include api.inc; }").unwrap();
        std::fs::write(file("api.inc"), "location /api/ { return 404; }").unwrap();
        let source = Source::read(&file("site.conf")).unwrap();
        let texts =
            BTreeMap::from([("api.inc".to_owned(), "location /v1/ { proxy_pass http://app; }".to_owned())]);
        let edited = source.with_files(&texts);
        assert_eq!(edited.site.routes().map(|(_, route)| route.path.as_str()).collect::<Vec<_>>(), ["/v1/"]);
        assert_eq!(edited.text, source.text);
        assert_eq!(std::fs::read_to_string(file("api.inc")).unwrap(), "location /api/ { return 404; }");
        assert_eq!(source.path_of("api.inc"), Some(file("api.inc")));
        assert_eq!(source.path_of("mime.types"), None);
        let texts = BTreeMap::from([(source.name.clone(), "server { listen 80; return 204; }".to_owned())]);
        assert_eq!(source.with_files(&texts).site.servers.len(), 1);
    }
}
