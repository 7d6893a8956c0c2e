//! The configuration beside what its profile and its compose file say. Nothing is started for it.

use cucumber::{then, when};
use hopcheck_site::{Difference, Differences};

use crate::ensure;
use crate::failure::{Checked, Failure};
use crate::world::World;
use hopcheck_targets::conf::Source;
use hopcheck_targets::setting::Setting;

/// Routes and upstreams are read from the configuration as it is written. Nothing is started.
#[when(expr = "the routes of the configuration are read")]
async fn read(world: &mut World) -> Checked {
    told(world, |_| None)
}

/// The configuration has this route of the profile: where it is, what it is, where it leads, how its path is handed on.
#[then(expr = "the route {string} is as the profile says")]
async fn route(world: &mut World, title: String) -> Checked {
    told(world, |differences| differences.route(&title))
}

/// The configuration has this upstream of the profile: so many servers, and requests spread over them so.
#[then(expr = "the upstream {string} is as the profile says")]
async fn upstream(world: &mut World, name: String) -> Checked {
    told(world, |differences| differences.upstream(&name))
}

/// Some server listens on an address of the profile's `[clients]`, and speaks there what they do.
#[then(expr = "it listens for clients at {string}")]
async fn listens(world: &mut World, address: String) -> Checked {
    let source = source(world)?;
    match source.differences().map_err(Failure::new)?.listen(&address) {
        Some(difference) => Err(Failure::new(difference)),
        None => Ok(()),
    }
}

/// Upstreams have only app servers of the profile's `[app-servers]`; so has `proxy_pass`, where the profile names no routes.
#[then(expr = "only {string} are asked")]
async fn asks_only(world: &mut World, _addresses: String) -> Checked {
    nothing_of(source(world)?.differences().map_err(Failure::new)?.app_servers())
}

/// The addresses of a configuration that a compose file runs are looked up among the services there. Nothing is started.
#[when(expr = "the addresses of the configuration are held against the services beside it")]
async fn addresses(world: &mut World) -> Checked {
    source(world).map(drop)
}

/// Reads the headers that directives and variables name.
#[when(expr = "the names of headers in the configuration are read")]
async fn header_names(world: &mut World) -> Checked {
    source(world).map(drop)
}

/// Reads which directives there are.
#[when(expr = "the directives in the configuration are read")]
async fn directive_names(world: &mut World) -> Checked {
    source(world).map(drop)
}

/// None is one letter away from a header that is known.
#[then(expr = "none of them is misspelt")]
async fn none_misspelt(world: &mut World) -> Checked {
    nothing_of(&source(world)?.site.misspelt_headers)
}

/// None is of a module that many add to nginx.
#[then(expr = "nginx has all of them")]
async fn nginx_has_all(world: &mut World) -> Checked {
    nothing_of(&source(world)?.site.other_modules)
}

/// What the configuration has is read. Nothing is started.
#[when(expr = "the configuration is read")]
async fn configuration(world: &mut World) -> Checked {
    source(world).map(drop)
}

/// Some path leads to each location.
#[then(expr = "no location is hidden by others")]
async fn none_hidden(world: &mut World) -> Checked {
    nothing_of(&source(world)?.site.oversights.hidden_locations)
}

/// `try_files` and `error_page` go on to no location with a name that their server lacks.
#[then(expr = "each location that is gone on to is there")]
async fn none_lost(world: &mut World) -> Checked {
    nothing_of(&source(world)?.site.oversights.lost_locations)
}

/// No `root` ends with the path that is put behind it.
#[then(expr = "no directory has the path of its location in it already")]
async fn none_doubled(world: &mut World) -> Checked {
    nothing_of(&source(world)?.site.oversights.doubled_directories)
}

/// Servers with a certificate speak TLS on the ports for it.
#[then(expr = "TLS is spoken where there is a certificate for it")]
async fn speaks_tls(world: &mut World) -> Checked {
    nothing_of(&source(world)?.site.oversights.plain_listens)
}

/// `$server_name` stands for a name in each redirect.
#[then(expr = "each redirect leads to a host with a name")]
async fn none_nameless(world: &mut World) -> Checked {
    nothing_of(&source(world)?.site.oversights.nameless_redirects)
}

/// Locations with the name of a WebSocket pass `Upgrade` on.
#[then(expr = "what is called as a WebSocket can be one")]
async fn sockets_open(world: &mut World) -> Checked {
    nothing_of(&source(world)?.site.oversights.idle_sockets)
}

/// No `proxy_pass` has what a pattern has captured in its path.
#[then(expr = "no path is sent to app servers decoded")]
async fn paths_are_encoded(world: &mut World) -> Checked {
    nothing_of(&source(world)?.site.oversights.decoded_paths)
}

/// Where variables come to upstreams or servers that nginx finds, they come to no others.
#[then(expr = "each name that a variable stands for is found")]
async fn names_are_found(world: &mut World) -> Checked {
    nothing_of(&world.scene().await?.rewritten().lost_names)
}

/// `user` is not root.
#[then(expr = "no worker is root")]
async fn none_is_root(world: &mut World) -> Checked {
    nothing_of(&source(world)?.site.oversights.root_workers)
}

/// `worker_connections` is more than one browser takes.
#[then(expr = "a worker has connections for more than one browser")]
async fn has_connections(world: &mut World) -> Checked {
    nothing_of(&source(world)?.site.oversights.few_connections)
}

/// What `Access-Control-Allow-Origin` has as a fixed value is `*`, or the origin of a page.
#[then(expr = "each origin that it allows is one")]
async fn origins_are_such(world: &mut World) -> Checked {
    nothing_of(&source(world)?.site.oversights.impossible_origins)
}

/// Each address leads to a service, at the port that it listens on, by a network that both share.
#[then(expr = "each of them leads to one")]
async fn lead_to_services(world: &mut World) -> Checked {
    nothing_of(&source(world)?.origin.address_warnings)
}

fn nothing_of(told: &[String]) -> Checked {
    ensure!(told.is_empty(), "{}", told.join("\n"));
    Ok(())
}

fn source(world: &World) -> Result<Source, Failure> {
    match world.setting()? {
        Setting::Staged(stage) => Ok(stage.source.clone()),
        Setting::Live(_) => Err(Failure::new("a deployment's configuration cannot be read")),
    }
}

fn told(world: &World, which: impl Fn(&Differences) -> Option<&Difference>) -> Checked {
    match source(world)?.differences() {
        Err(error) => Err(Failure::new(error)),
        Ok(differences) => {
            which(differences).map_or(Ok(()), |difference| Err(Failure::new(difference.to_string())))
        }
    }
}
