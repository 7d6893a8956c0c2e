//! `log_format`s by name.

use std::collections::HashMap;

use crate::model::LogFormat;

/// The formats so far; `combined` is the first.
#[derive(Debug)]
pub(crate) struct LogFormats {
    formats: Vec<LogFormat>,
    by_name: HashMap<String, usize>,
}

impl Default for LogFormats {
    fn default() -> LogFormats {
        let mut formats = LogFormats { formats: Vec::new(), by_name: HashMap::new() };
        formats.add(LogFormat::combined());
        formats
    }
}

impl LogFormats {
    /// The index of the format of that name.
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// Adds a format.
    pub(crate) fn add(&mut self, format: LogFormat) {
        self.by_name.insert(format.name.clone(), self.formats.len());
        self.formats.push(format);
    }

    /// The formats by index.
    pub(crate) fn into_vec(self) -> Vec<LogFormat> {
        self.formats
    }
}
