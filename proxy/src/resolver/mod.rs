//! `resolver`: addresses of names that are known only while requests are served. Each worker asks, and remembers, for itself.

mod error;
mod message;
mod query;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout};

pub(crate) use error::ResolveError;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use message::check_answer;
use nginx_conf::model::NameServers;

/// The most names that a worker remembers, or asks for at the same time.
const MAX_NAMES: usize = 1024;

/// The resolvers of a configuration, one for each `resolver`.
#[derive(Debug, Default)]
pub(crate) struct Resolvers(RefCell<Vec<Rc<Resolver>>>);

/// Some name servers, and what they have said.
#[derive(Debug)]
pub(crate) struct Resolver {
    servers: Arc<NameServers>,
    known: RefCell<HashMap<String, Known>>,
    asking: RefCell<HashMap<String, watch::Receiver<Option<Looked>>>>,
    /// Whose turn it is: which server is asked, and which address comes first.
    turn: Cell<usize>,
}

/// What a look-up has come to.
type Looked = Result<Rc<[IpAddr]>, ResolveError>;

#[derive(Debug)]
struct Known {
    addresses: Rc<[IpAddr]>,
    until: Instant,
}

impl Resolvers {
    /// The one of this `resolver`.
    pub(crate) fn of(&self, servers: &Arc<NameServers>) -> Rc<Resolver> {
        let mut all = self.0.borrow_mut();
        if let Some(known) = all.iter().find(|known| Arc::ptr_eq(&known.servers, servers)) {
            return Rc::clone(known);
        }
        let new = Rc::new(Resolver {
            servers: Arc::clone(servers),
            known: RefCell::default(),
            asking: RefCell::default(),
            turn: Cell::new(0),
        });
        all.push(Rc::clone(&new));
        new
    }
}

impl Resolver {
    /// The addresses of a name, another one first each time, within `limit`.
    pub(crate) async fn resolve(
        self: &Rc<Resolver>,
        name: &str,
        limit: Duration,
    ) -> Result<Vec<IpAddr>, ResolveError> {
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        let addresses = match self.remembered(&name) {
            Some(addresses) => addresses,
            None => {
                let mut looked = self.look_up(&name)?;
                let waited = timeout(limit, looked.wait_for(Option::is_some)).await;
                match waited {
                    Ok(Ok(looked)) => looked.clone().unwrap_or(Err(ResolveError::ServerFailure))?,
                    Ok(Err(_)) => return Err(ResolveError::ServerFailure),
                    Err(_) => return Err(ResolveError::TimedOut),
                }
            }
        };
        let turn = self.next_turn() % addresses.len().max(1);
        let (before, after) = addresses.split_at_checked(turn).unwrap_or((&[], &addresses));
        Ok([after, before].concat())
    }

    fn next_turn(&self) -> usize {
        let turn = self.turn.get();
        self.turn.set(turn.wrapping_add(1));
        turn
    }

    fn remembered(&self, name: &str) -> Option<Rc<[IpAddr]>> {
        let known = self.known.borrow();
        known.get(name).filter(|known| known.until > Instant::now()).map(|known| Rc::clone(&known.addresses))
    }

    /// Asks for a name, unless somebody is asking already. The look-up goes on if nobody waits any more,
    /// for whoever asks next.
    fn look_up(self: &Rc<Resolver>, name: &str) -> Result<watch::Receiver<Option<Looked>>, ResolveError> {
        let mut asking = self.asking.borrow_mut();
        if let Some(looked) = asking.get(name) {
            return Ok(looked.clone());
        }
        // Names made from requests could be asked for without bound.
        if asking.len() >= MAX_NAMES {
            return Err(ResolveError::ServerFailure);
        }
        let (done, looked) = watch::channel(None);
        // The map's own receiver does not wait for anything.
        let waiting = looked.clone();
        asking.insert(name.to_owned(), looked);
        let (resolver, name, first) = (Rc::clone(self), name.to_owned(), self.next_turn());
        tokio::task::spawn_local(async move {
            let found = query::addresses(&resolver.servers, &name, first).await;
            let found = found.map(|(addresses, ttl)| resolver.remember(&name, addresses, ttl));
            resolver.asking.borrow_mut().remove(&name);
            done.send_replace(Some(found));
        });
        Ok(waiting)
    }

    fn remember(&self, name: &str, addresses: Vec<IpAddr>, ttl: Duration) -> Rc<[IpAddr]> {
        let addresses: Rc<[IpAddr]> = addresses.into();
        let now = Instant::now();
        let mut known = self.known.borrow_mut();
        if known.len() >= MAX_NAMES {
            known.retain(|_, known| known.until > now);
        }
        let ttl = self.servers.valid.unwrap_or(ttl);
        if let (true, Some(until)) = (known.len() < MAX_NAMES, now.checked_add(ttl)) {
            known.insert(name.to_owned(), Known { addresses: Rc::clone(&addresses), until });
        }
        addresses
    }
}
