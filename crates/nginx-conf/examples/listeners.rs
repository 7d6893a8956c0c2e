//! Prints every `listen` and `proxy_pass` of a file with its line.
//!
//! ```sh
//! cargo run --example listeners /etc/nginx/nginx.conf
//! ```
//!
//! Included files are not read: nothing is looked up.

use std::process::ExitCode;

use nginx_conf::syntax;

fn main() -> ExitCode {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("usage: listeners FILE");
        return ExitCode::FAILURE;
    };
    let text = match std::fs::read(&path) {
        Ok(text) => text,
        Err(error) => {
            eprintln!("{path}: {error}");
            return ExitCode::FAILURE;
        }
    };
    match syntax::parse(&text, &path) {
        Ok(tree) => {
            for directive in syntax::walk(&tree).filter(|one| one.is("listen") || one.is("proxy_pass")) {
                println!("{path}:{}: {}", directive.line(), directive.head());
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
