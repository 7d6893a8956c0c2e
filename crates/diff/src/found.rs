//! What a report is made of.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::changes::{ChangeId, Merged};
use crate::compare::Group;
use crate::probe::Probe;
use crate::report::Ran;

/// What is told together of differences without a cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Together {
    /// Those in the same field: of two engines.
    Fields,
    /// Those of the same requests: of two sites.
    Requests,
}

/// What a report is made of.
#[derive(Debug)]
pub(crate) struct Found<'a> {
    pub(crate) old: Ran,
    pub(crate) new: Ran,
    pub(crate) probes: &'a [Probe],
    pub(crate) merged: &'a Arc<Merged>,
    pub(crate) groups: &'a [Group],
    pub(crate) causes: &'a [BTreeSet<ChangeId>],
    pub(crate) together: Together,
}
