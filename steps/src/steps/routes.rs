//! The configuration beside what its profile and its compose file say. Nothing is started for it.

use cucumber::{then, when};
use hopcheck_site::{Comparison, Difference};

use crate::ensure;
use crate::failure::{Checked, Failure};
use crate::world::World;
use hopcheck_targets::conf::Source;
use hopcheck_targets::setting::Setting;

/// Routes and upstreams are read from the configuration as it is written. Nothing is started.
#[when(expr = "the routes of the configuration are read")]
async fn read(world: &mut World) -> Checked {
    compare(world, |_| None)
}

/// The configuration has this route of the profile: where it is, what it is, where it leads, how its path is handed on.
#[then(expr = "the route {string} is as the profile says")]
async fn route(world: &mut World, title: String) -> Checked {
    compare(world, |comparison| comparison.route(&title))
}

/// The configuration has this upstream of the profile: so many servers, and requests spread over them so.
#[then(expr = "the upstream {string} is as the profile says")]
async fn upstream(world: &mut World, name: String) -> Checked {
    compare(world, |comparison| comparison.upstream(&name))
}

/// The addresses of a configuration that a compose file runs are looked up among the services there. Nothing is started.
#[when(expr = "the addresses of the configuration are held against the services beside it")]
async fn addresses(world: &mut World) -> Checked {
    source(world).map(drop)
}

/// Each address leads to a service, at the port that it listens on, by a network that both share.
#[then(expr = "each of them leads to one")]
async fn lead_to_services(world: &mut World) -> Checked {
    let warnings = source(world)?.origin.address_warnings.clone();
    ensure!(warnings.is_empty(), "{}", warnings.join("\n"));
    Ok(())
}

fn source(world: &World) -> Result<Source, Failure> {
    match world.setting()? {
        Setting::Staged(stage) => Ok(stage.source.clone()),
        Setting::Live(_) => Err(Failure::new("a deployment's configuration cannot be read")),
    }
}

fn compare(world: &World, what: impl FnOnce(&Comparison<'_>) -> Option<Difference>) -> Checked {
    let source = source(world)?;
    let site = source.read_site().map_err(|error| Failure::new(error.to_string()))?;
    match what(&Comparison::of(&site, &source.profile)) {
        Some(difference) => Err(Failure::new(difference.to_string())),
        None => Ok(()),
    }
}
