//! Colours and other styles of the output.

use std::io::IsTerminal as _;

/// The style of the output.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Whether to use colour.
    pub colour: bool,
    /// Whether the current line may be overwritten.
    pub live: bool,
    /// Whether progress is left out.
    pub silent: bool,
    /// Whether what is kept, what was not checked and what is routine is told in a line where there is one for it.
    pub brief: bool,
}

impl Style {
    /// Colour and a live line on a terminal only, and colour not where `NO_COLOR` is set (no-color.org).
    pub fn detect() -> Style {
        let terminal = std::io::stdout().is_terminal();
        Style {
            colour: terminal && std::env::var_os("NO_COLOR").is_none(),
            live: terminal,
            silent: false,
            brief: false,
        }
    }

    /// `text` in a colour of SGR number `code`.
    pub fn paint(self, code: u8, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// Green.
    pub fn good(self, text: &str) -> String {
        self.paint(32, text)
    }

    /// Red.
    pub fn bad(self, text: &str) -> String {
        self.paint(31, text)
    }

    /// Yellow.
    pub fn warn(self, text: &str) -> String {
        self.paint(33, text)
    }

    /// Faint.
    pub fn quiet(self, text: &str) -> String {
        self.paint(2, text)
    }

    /// Bold.
    pub fn strong(self, text: &str) -> String {
        self.paint(1, text)
    }
}
