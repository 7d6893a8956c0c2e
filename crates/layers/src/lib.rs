//! Holds a crate's modules to one direction of imports.
//!
//! A crate names its layers from the ground up. A module may import from its own layer's room and from the layers below
//! it, never from a room beside it or above it; and no files import each other in a circle, wherever they lie.
//!
//! ```no_run
//! # // Runs in the crate's own tests, where there are sources to read.
//! let modules = layers::Modules::read(env!("CARGO_MANIFEST_DIR")).unwrap();
//! let violations = modules.violations(&[
//!     &["text", "clock"], // the ground: these two know nothing of each other
//!     &["http"],          // may use both
//!     &["server"],        // may use all three
//! ]);
//! assert!(violations.is_empty(), "{}", violations.join("\n"));
//! ```
//!
//! Why not cargo-modules: it needs rust-analyzer's libraries and a build of the crate, finds circles but knows no layers,
//! and counts a parent that re-exports its child's names as a use of the child. This reads tokens, which is enough for
//! `use` trees and qualified paths, within macros too. What it cannot see is a method called on a value whose type was
//! never named.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::str::FromStr;

use proc_macro2::TokenStream;

mod cycles;
mod paths;

use paths::Scanned;

/// A module's path within its crate: `http::request::head`. The crate's root is the empty string.
pub type Module = String;

/// What the modules of a crate import from each other. Unit tests (`#[cfg(test)]`) are left out.
#[derive(Debug, Default)]
pub struct Modules {
    imports: BTreeMap<Module, BTreeSet<Module>>,
}

impl Modules {
    /// Reads the sources below `src` of the crate that lies in `manifest_dir`. `main.rs` is left out: it is on top of
    /// everything.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, or that is not Rust.
    pub fn read(manifest_dir: impl AsRef<Path>) -> io::Result<Self> {
        let mut scanned = BTreeMap::new();
        scan(&manifest_dir.as_ref().join("src"), "", &mut scanned)?;
        let imports =
            scanned.iter().map(|(module, file)| (module.clone(), resolve_all(module, file, &scanned)));
        Ok(Self { imports: imports.collect() })
    }

    /// Each module with what it imports from.
    pub fn imports(&self) -> impl Iterator<Item = (&str, &BTreeSet<Module>)> {
        self.imports.iter().map(|(module, imports)| (module.as_str(), imports))
    }

    /// What breaks the order of `layers`, a line each: imports that do not go down, modules without a layer, circles of
    /// files. A room is named by its module path and holds everything below that path, unless a longer path is named too.
    pub fn violations(&self, layers: &[&[&str]]) -> Vec<String> {
        let mut found = Vec::new();
        for (module, imports) in self.imports.iter().filter(|(module, _)| !module.is_empty()) {
            let Some((layer, room)) = room_of(module, layers) else {
                found.push(format!("{module} has no layer"));
                continue;
            };
            for import in imports.iter().filter(|import| !import.is_empty()) {
                match room_of(import, layers) {
                    Some((lower, _)) if lower < layer => {}
                    Some((_, same)) if same == room => {}
                    Some((beside, _)) if beside == layer => {
                        found.push(format!("{module} imports {import}, which lies beside it"))
                    }
                    _ => found.push(format!("{module} imports {import}, which lies above it")),
                }
            }
        }
        found.extend(self.cycles().iter().map(|cycle| format!("import each other: {}", cycle.join(", "))));
        found
    }

    /// The sets of modules that import each other in a circle.
    pub fn cycles(&self) -> Vec<Vec<Module>> {
        cycles::find(&self.imports)
    }
}

/// The layer (counted from the ground) and the room of a module: the longest path named that holds it.
fn room_of<'a>(module: &str, layers: &[&[&'a str]]) -> Option<(usize, &'a str)> {
    let rooms =
        layers.iter().enumerate().flat_map(|(layer, rooms)| rooms.iter().map(move |room| (layer, *room)));
    rooms
        .filter(|(_, room)| {
            module == *room || module.strip_prefix(room).is_some_and(|rest| rest.starts_with("::"))
        })
        .max_by_key(|(_, room)| room.len())
}

/// Reads the files of a folder and of those below it.
fn scan(folder: &Path, parent: &str, scanned: &mut BTreeMap<Module, Scanned>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        if path.is_dir() {
            scan(&path, &paths::join(parent, stem), scanned)?;
        } else if path.extension().is_some_and(|ext| ext == "rs") && !(parent.is_empty() && stem == "main") {
            let tokens = TokenStream::from_str(&std::fs::read_to_string(&path)?).map_err(|error| {
                io::Error::new(io::ErrorKind::InvalidData, format!("{}: {error}", path.display()))
            })?;
            let module =
                if ["mod", "lib"].contains(&stem) { parent.to_owned() } else { paths::join(parent, stem) };
            scanned.insert(module, paths::scan(tokens));
        }
    }
    Ok(())
}

/// The modules whose items a file names.
fn resolve_all(module: &str, file: &Scanned, scanned: &BTreeMap<Module, Scanned>) -> BTreeSet<Module> {
    let used = file.uses.iter().map(|path| resolve(&path.absolute(module), scanned, 8));
    used.filter(|target| target != module).collect()
}

/// The module in which the item of a path is declared: a name that a module passes on (`pub use child::Item`) is its
/// child's.
fn resolve(path: &[String], scanned: &BTreeMap<Module, Scanned>, hops: usize) -> Module {
    let depth =
        (0..=path.len()).rev().find(|depth| scanned.contains_key(&path[..*depth].join("::"))).unwrap_or(0);
    let module = path[..depth].join("::");
    let (Some(name), Some(file)) = (path.get(depth), scanned.get(&module)) else { return module };
    match file.passed_on.get(name) {
        Some(target) if hops > 0 => {
            resolve(&[target.absolute(&module), path[depth + 1..].to_vec()].concat(), scanned, hops - 1)
        }
        _ => module,
    }
}
