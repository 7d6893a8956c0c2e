//! Writes to standard output. Its reader may close it early, as `head` does; unlike `println!`, these macros do not panic
//! then.

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
