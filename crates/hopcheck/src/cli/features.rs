//! `hopcheck features`.

use hopcheck_report::outln;
use std::path::PathBuf;

use clap::Args;

use super::exit::{EXIT_KEPT, Error};
use hopcheck_steps::features::built_in_files;

#[derive(Debug, Args)]
pub(super) struct FeaturesArgs {
    /// Export them to this directory, for editing and `--features DIR`; existing files are not overwritten
    #[arg(long, value_name = "DIR")]
    export: Option<PathBuf>,
}

/// Lists the built-in feature files, or exports them.
pub(super) fn features_command(arguments: &FeaturesArgs) -> Result<u8, Error> {
    let Some(directory) = &arguments.export else {
        built_in_files().for_each(|(name, _)| outln!("{}", name.display()));
        return Ok(EXIT_KEPT);
    };
    let there = built_in_files().map(|(name, _)| directory.join(name)).find(|file| file.exists());
    if let Some(file) = there {
        return Err(format!("{} already exists, and is not overwritten", file.display()).into());
    }
    std::fs::create_dir_all(directory)
        .map_err(|error| format!("cannot make {}: {error}", directory.display()))?;
    let mut count = 0;
    for (name, text) in built_in_files() {
        let file = directory.join(name);
        std::fs::write(&file, text).map_err(|error| format!("cannot write {}: {error}", file.display()))?;
        count += 1;
    }
    outln!("wrote {count} files; run them with: hopcheck run --features {}", directory.display());
    Ok(EXIT_KEPT)
}
