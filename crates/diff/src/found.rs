//! What a report is made of.

use std::collections::BTreeSet;

use hopcheck_targets::stage::Stage;

use crate::changes::{ChangeId, Merged};
use crate::compare::Group;
use crate::probe::Probe;

/// What a report is made of.
#[derive(Debug)]
pub(crate) struct Found<'a> {
    pub(crate) old: &'a Stage,
    pub(crate) new: &'a Stage,
    pub(crate) probes: &'a [Probe],
    pub(crate) merged: &'a Merged,
    pub(crate) groups: &'a [Group],
    pub(crate) causes: &'a [BTreeSet<ChangeId>],
}
