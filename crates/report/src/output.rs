//! Writing to standard output. Whoever reads it may stop when it has seen enough, as `head` does: that is no reason to
//! panic, which `println!` does then.

/// Writes a text.
#[macro_export]
macro_rules! out {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let _ = write!(std::io::stdout(), $($text)*);
    }};
}

/// Writes a line.
#[macro_export]
macro_rules! outln {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($text)*);
    }};
}
