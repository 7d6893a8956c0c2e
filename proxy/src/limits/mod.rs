//! What all workers know of clients whose requests or connections are limited: the zones of `limit_req` and
//! `limit_conn`. As in nginx, a zone outlives the configuration that declared it.

mod connections;
mod memory;
mod requests;

use std::sync::Arc;

pub(crate) use connections::{ConnectionRefusal, ConnectionSlot, ConnectionZone};
pub(crate) use memory::Memory;
pub(crate) use requests::{Pass, RequestLimit, RequestZone, account};

use nginx_conf::model::{Http, LimitKind, LimitZone};

/// The zones of a configuration, by index.
#[derive(Debug, Clone, Default)]
pub(crate) struct Zones(Vec<(LimitZone, Zone)>);

/// A zone, shared by all workers.
#[derive(Debug, Clone)]
pub(crate) enum Zone {
    /// Of `limit_req_zone`.
    Requests(Arc<RequestZone>),
    /// Of `limit_conn_zone`.
    Connections(Arc<ConnectionZone>),
}

impl Zones {
    /// The zones of a configuration: those of an earlier one where they are the same.
    pub(crate) fn of(&self, http: Option<&Http>) -> Zones {
        let zones = http.map(|http| &http.limit_zones[..]).unwrap_or_default();
        let known = |zone: &LimitZone| self.0.iter().find(|(known, _)| known.is_compatible(zone));
        let zone = |zone: &LimitZone| match (known(zone), zone.kind) {
            (Some((_, earlier)), _) => earlier.clone(),
            (None, LimitKind::Requests { .. }) => Zone::Requests(Arc::new(RequestZone::new(zone.size))),
            (None, LimitKind::Connections) => Zone::Connections(Arc::new(ConnectionZone::new(zone.size))),
        };
        Zones(zones.iter().map(|declared| (declared.clone(), zone(declared))).collect())
    }

    /// The zone of that index, and what is said of it.
    pub(crate) fn get(&self, index: usize) -> Option<(&LimitZone, &Zone)> {
        self.0.get(index).map(|(declared, zone)| (declared, zone))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_outlives_its_configuration() {
        let zones = |text: &str, earlier: &Zones| {
            let conf = format!("events {{}} http {{ {text} }}");
            earlier.of(nginx_conf::read_text(conf.as_bytes()).unwrap().http.as_ref())
        };
        let is_same = |one: &Zones, other: &Zones| match (one.get(0), other.get(0)) {
            (Some((_, Zone::Requests(one))), Some((_, Zone::Requests(other)))) => Arc::ptr_eq(one, other),
            _ => false,
        };
        let first = zones("limit_req_zone $uri zone=a:1m rate=1r/s;", &Zones::default());
        assert!(is_same(&first, &zones("limit_req_zone $uri zone=a:1m rate=2r/s;", &first)));
        assert!(!is_same(&first, &zones("limit_req_zone $uri zone=a:2m rate=1r/s;", &first)));
        assert!(!is_same(&first, &zones("limit_req_zone $args zone=a:1m rate=1r/s;", &first)));
        assert!(zones("limit_conn_zone $uri zone=a:1m;", &first).get(1).is_none());
    }
}
