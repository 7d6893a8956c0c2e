//! Configurations.

use nginx_conf::{ConfigError, read_text};

/// Errors about a configuration as a whole, for which nginx names no line either.
const WITHOUT_A_LINE: [&str; 1] = ["no \"events\" section in configuration"];

/// Directives that would read files of the machine.
const READS_FILES: [&[u8]; 2] = [b"include", b"ssl_"];

/// A configuration is accepted, or refused at one of its lines; comments before it only change the number of that line.
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
            // The whole message shows the line with a caret, whatever the line contains.
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
