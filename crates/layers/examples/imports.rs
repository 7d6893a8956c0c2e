//! Prints what each module of a crate imports, and the circles: `cargo run -p layers --example imports proxy`.

use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(folder) = std::env::args().nth(1) else {
        eprintln!("usage: imports CRATE-FOLDER");
        return ExitCode::from(2);
    };
    let modules = match layers::Modules::read(&folder) {
        Ok(modules) => modules,
        Err(error) => {
            eprintln!("cannot read the sources below {folder}: {error}");
            return ExitCode::from(2);
        }
    };
    for (module, imports) in modules.imports() {
        let imports: Vec<&str> = imports.iter().map(String::as_str).collect();
        println!("{module}: {}", imports.join(" "));
    }
    for cycle in modules.cycles() {
        println!("circle: {}", cycle.join(", "));
    }
    ExitCode::from(u8::from(!modules.cycles().is_empty()))
}
