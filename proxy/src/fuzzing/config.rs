//! The configuration reader.

use nginx_conf::{ConfigError, read_text};

/// Errors about the whole of a configuration, which nginx names no line for either.
const WITHOUT_A_LINE: [&str; 1] = ["no \"events\" section in configuration"];

/// Directives that read files, which would be those of the machine it runs on.
const READS_FILES: [&[u8]; 2] = [b"include", b"ssl_"];

/// A configuration is accepted, or refused at one of its lines; lines before it change nothing but that line's number.
pub fn config(text: &[u8]) {
    if READS_FILES.iter().any(|name| memchr::memmem::find(text, name).is_some()) {
        return;
    }
    let outcome = read(text);
    let later = read(&[b"#\n \n", text].concat());
    match (outcome, later) {
        (Ok(()), later) => assert_eq!(later, Ok(())),
        (Err(error), later) => {
            let place = error.place().map(|place| place.line);
            // Shown with the line and a caret, whatever there is in it.
            let shown = error.to_string();
            assert!(shown.starts_with(&error.headline()), "{shown}");
            let moved =
                later.as_ref().err().map(|error| (error.message(), error.place().map(|place| place.line)));
            assert_eq!(moved, Some((error.message(), place.map(|line| line + 2))));
            let lines = 1 + text.iter().filter(|&&byte| byte == b'\n').count();
            match place {
                Some(line) => assert!((1..=lines).contains(&line), "line {line} of {lines}: {error}"),
                None => assert!(WITHOUT_A_LINE.contains(&error.message()), "no line: {error}"),
            }
        }
    }
}

fn read(text: &[u8]) -> Result<(), ConfigError> {
    read_text(text).map(drop)
}
