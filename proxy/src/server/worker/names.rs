//! Looks up the names of servers with `resolve`, for as long as the worker lives: `ngx_http_upstream_resolve_name`.

use std::rc::Rc;
use std::time::Duration;

use tokio::time::sleep;

use crate::cycle::Cycle;
use crate::resolver::ResolveError;
use nginx_conf::model::{Level, ResolvedServers};

/// How often a name is asked for, at most: its answer is remembered for as long as it holds.
const INTERVAL: Duration = Duration::from_secs(1);

/// Begins to look up all names.
pub(super) fn look_up(cycle: &Rc<Cycle>) {
    for (group, upstream) in cycle.upstreams.groups().iter().enumerate() {
        let Some(servers) = &upstream.names.servers else { continue };
        for number in 0..servers.names.len() {
            tokio::task::spawn_local(keep(Rc::clone(cycle), group, number));
        }
    }
}

/// Keeps the addresses of a name as they are.
async fn keep(cycle: Rc<Cycle>, group: usize, number: usize) {
    let Some(group) = cycle.upstreams.group(group) else { return };
    let Some(ResolvedServers { names, resolver, timeout }) = &group.names.servers else { return };
    let Some(name) = names.get(number) else { return };
    let resolver = cycle.upstreams.resolvers.of(resolver);
    let mut is_first = true;
    loop {
        let failed = match resolver.resolve(&name.host, *timeout).await {
            Ok(addresses) => {
                group.resolved(number, Some(&addresses), is_first);
                None
            }
            Err(error) => {
                group.resolved(number, (error == ResolveError::NotFound).then_some(&[]), is_first);
                Some(error)
            }
        };
        is_first = false;
        if let Some(error) = &failed {
            let host = &name.host;
            cycle.logs.main_error(Level::Error, format_args!("{host} could not be resolved {error}"));
        }
        sleep(if failed.is_some() { INTERVAL.max(*timeout) } else { INTERVAL }).await;
    }
}
