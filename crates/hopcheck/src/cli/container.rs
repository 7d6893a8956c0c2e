//! nginx in a container. What that takes is compiled only for those who ask for it, with the feature `container`.

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, ExitCode};

use super::exit::Error;
use hopcheck_targets::target::Target;

/// Starts nginx in a container of `image`.
///
/// # Errors
/// When there is no container engine, or no such image; says what to do.
#[cfg(feature = "container")]
pub(super) async fn start(image: Option<&str>) -> Result<Box<dyn Target>, Error> {
    use hopcheck_container::{Nginx, NginxOptions};

    let from_env = NginxOptions::from_env();
    let options = NginxOptions { image: image.map(str::to_owned).or(from_env.image) };
    Ok(Box::new(Nginx::start(&options).await?))
}

/// Says what to do instead.
///
/// # Errors
/// Always: this build starts no containers.
#[cfg(not(feature = "container"))]
pub(super) async fn start(_: Option<&str>) -> Result<Box<dyn Target>, Error> {
    Err("this build of hopcheck starts no containers\n  help: build one that does (`cargo install --path crates/hopcheck --features container`), \
         or name an installed nginx, as in --target nginx=/usr/sbin/nginx"
        .into())
}

/// Where `cargo run` has built this without containers and they are wanted, replaces this process by the same command of a
/// build with them. `None` where that is not so.
pub(super) fn rebuild_if(wanted: bool) -> Option<ExitCode> {
    if cfg!(feature = "container") || !wanted {
        return None;
    }
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let cargo = std::env::var_os("CARGO")?;
    if std::env::var_os("CARGO_MANIFEST_DIR")? != here {
        return None;
    }
    eprintln!("hopcheck: building what nginx in a container takes (--features container)");
    let mut command = Command::new(cargo);
    command.args(["run", "--features", "container", "--manifest-path"]).arg(here.join("Cargo.toml"));
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    let error = command.arg("--").args(std::env::args_os().skip(1)).exec();
    Some(super::could_not_run(&error))
}
