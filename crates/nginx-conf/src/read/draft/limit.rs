//! `limit_req`, `limit_conn` and their zones.

use crate::error::ConfigError;
use crate::model::{Level, LimitConn, LimitKind, LimitReq, LimitZone};

/// What the limits of one kind say at a level.
#[derive(Debug)]
pub(crate) struct LimitSettings<T> {
    pub(crate) limits: Vec<T>,
    pub(crate) status: Option<u16>,
    pub(crate) log_level: Option<Level>,
    pub(crate) dry_run: Option<bool>,
}

/// `limit_req…` of a level.
pub(crate) type LimitReqSettings = LimitSettings<LimitReq>;
/// `limit_conn…` of a level.
pub(crate) type LimitConnSettings = LimitSettings<LimitConn>;

/// Zones by name. A limit may name a zone before it is declared.
#[derive(Debug, Default)]
pub(crate) struct LimitZones(Vec<ZoneDraft>);

#[derive(Debug)]
struct ZoneDraft {
    name: String,
    counts_requests: bool,
    zone: Option<LimitZone>,
}

/// Why a zone cannot be declared.
pub(crate) enum ZoneConflict {
    /// The name is that of a zone that counts something else.
    OtherUse,
    /// It has another size.
    Size(usize),
    /// It was declared before, with this key.
    Bound(String),
}

impl<T> Default for LimitSettings<T> {
    fn default() -> LimitSettings<T> {
        LimitSettings { limits: Vec::new(), status: None, log_level: None, dry_run: None }
    }
}

impl LimitZones {
    /// The index of the zone of this name; `None` if it counts something else.
    pub(crate) fn reference(&mut self, name: &str, counts_requests: bool) -> Option<usize> {
        if let Some(index) = self.0.iter().position(|zone| zone.name == name) {
            return self.0.get(index).filter(|zone| zone.counts_requests == counts_requests).map(|_| index);
        }
        self.0.push(ZoneDraft { name: name.to_owned(), counts_requests, zone: None });
        Some(self.0.len() - 1)
    }

    /// Declares a zone.
    pub(crate) fn declare(&mut self, zone: LimitZone) -> Result<(), ZoneConflict> {
        let counts_requests = zone.kind != LimitKind::Connections;
        let index = self.reference(&zone.name, counts_requests).ok_or(ZoneConflict::OtherUse)?;
        let Some(draft) = self.0.get_mut(index) else { return Ok(()) };
        match &draft.zone {
            Some(earlier) if earlier.size != zone.size => Err(ZoneConflict::Size(earlier.size)),
            Some(earlier) => Err(ZoneConflict::Bound(earlier.key_text.clone())),
            None => {
                draft.zone = Some(zone);
                Ok(())
            }
        }
    }

    /// Every zone, in the order of their indices.
    pub(crate) fn finish(self) -> Result<Vec<LimitZone>, ConfigError> {
        let undeclared = |name: &str| ConfigError::new(format!("zero size shared memory zone \"{name}\""));
        let zones = self.0.into_iter().map(|draft| draft.zone.ok_or_else(|| undeclared(&draft.name)));
        zones.collect()
    }
}
