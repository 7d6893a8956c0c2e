//! The `http` block.

pub(crate) mod files;
pub(crate) mod listen;
pub(crate) mod location;
pub(crate) mod log;
pub(crate) mod map;
pub(crate) mod proxy;
pub(crate) mod rewrite;
pub(crate) mod server;
pub(crate) mod ssl;
pub(crate) mod upstream;

use super::Reader;
use super::values::{duplicate, number};
use crate::error::ConfigError;
use crate::input::Directive;
use crate::table;

/// `http { … }`.
pub(crate) fn http(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    if std::mem::replace(&mut reader.main.http, true) {
        return Err(duplicate(directive));
    }
    reader.block(table::HTTP)?;
    super::build::finish(reader)
}

/// A place for files that this program does not make.
pub(crate) fn no_files(_: &mut Reader, _: &Directive) -> Result<(), ConfigError> {
    Ok(())
}

/// The size of a table that nginx has and this program has not.
pub(crate) fn tuning(_: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    number::<u64>(directive).map(|_| ())
}
