//! The routes of the configuration beside those that the profile names. Nothing is started for them.

use cucumber::{then, when};
use hopcheck_site::{Comparison, Difference};

use crate::failure::{Checked, Failure};
use crate::world::World;
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

fn compare(world: &World, what: impl FnOnce(&Comparison<'_>) -> Option<Difference>) -> Checked {
    let Setting::Staged(stage) = world.setting()? else {
        return Err(Failure::new("a deployment's configuration cannot be read"));
    };
    let site = stage.source.read_site().map_err(|error| Failure::new(error.to_string()))?;
    match what(&Comparison::of(&site, &stage.source.profile)) {
        Some(difference) => Err(Failure::new(difference.to_string())),
        None => Ok(()),
    }
}
