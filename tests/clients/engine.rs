//! The proxies that clients go through.

use std::sync::Arc;

use hopcheck_container::{Nginx, NginxOptions};
use hopcheck_targets::conf::Source;
use hopcheck_targets::stage::Stage;
use hopcheck_targets::target::{CHILD_SUBCOMMAND, InstalledNginx, REFERENCE_SUBCOMMAND, Reference, Target};

use crate::is_set;

/// A proxy, with the document's configuration.
pub(crate) struct Engine {
    /// `reference` or `nginx`.
    pub(crate) name: &'static str,
    pub(crate) stage: Arc<Stage>,
}

impl Engine {
    fn new(name: &'static str, target: Box<dyn Target>) -> Result<Engine, String> {
        let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let source = Source::find(here).map_err(|error| error.to_string())?;
        Ok(Engine { name, stage: Arc::new(Stage { target, source }) })
    }

    /// Its name and version.
    pub(crate) fn describe(&self) -> String {
        let described = self.stage.target.describe();
        described.split(" (").next().unwrap_or_default().split(" in ").next().unwrap_or_default().to_owned()
    }
}

/// Whether this process was started to be a proxy.
pub(crate) fn is_child() -> bool {
    std::env::args().nth(1).is_some_and(|first| first == REFERENCE_SUBCOMMAND || first == CHILD_SUBCOMMAND)
}

/// Both, or only the reference proxy where there is no nginx and none is required.
pub(crate) async fn engines() -> Result<Vec<Engine>, String> {
    let this = std::env::current_exe().map_err(|error| error.to_string())?;
    let reference = Reference::new(this).map_err(|error| error.to_string())?;
    let mut engines = vec![Engine::new("reference", Box::new(reference))?];
    match nginx().await {
        Ok(nginx) => engines.push(Engine::new("nginx", nginx)?),
        Err(why) if is_set("HOPCHECK_REQUIRE_NGINX") => return Err(why),
        Err(why) => {
            let line = why.lines().next().unwrap_or_default();
            println!("nginx did not run, so only half of this was tested: {line}");
        }
    }
    Ok(engines)
}

/// The one that is installed, or else one in a container.
async fn nginx() -> Result<Box<dyn Target>, String> {
    let named = std::env::var_os("HOPCHECK_NGINX").map(std::path::PathBuf::from);
    if let Some(program) = named.or_else(InstalledNginx::locate) {
        let installed = InstalledNginx::find(&program).await.map_err(|error| error.to_string())?;
        return Ok(Box::new(installed));
    }
    let container = Nginx::start(&NginxOptions::from_env()).await.map_err(|error| error.to_string())?;
    Ok(Box::new(container))
}
