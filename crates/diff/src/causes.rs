//! Which change makes which difference. It is tried: each change is made alone in the old configuration, and the requests that
//! differ are asked again. What then answers as the new configuration does is the work of that change. Where no change does
//! it alone, each is taken back in the new configuration: those without which the old answer comes back do it together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::StreamExt as _;
use hopcheck_targets::stage::Stage;
use tokio::task::JoinError;

use crate::changes::{ChangeId, Merged};
use crate::compare::{self, Differing, Group, Peers, SAMPLES};
use crate::configuration::Configuration;
use crate::files::Files;
use crate::observation::{Changed, Observation};
use crate::probe::{Probe, Way};
use crate::side::{Side, SideError};

/// So many changes are tried one by one; of more, those of one block together.
const MAX_TRIALS: usize = 40;

/// So many requests are asked in all trials together. With more changes fewer differences are traced, the gravest first; others are
/// taken for the work of what makes differences like them.
const MAX_REQUESTS: usize = 12_000;

/// So many differences are always traced.
const MIN_GROUPS: usize = 120;

/// Trials that run at once.
const AT_ONCE: usize = 2;

/// What came of asking in a task of its own.
pub(crate) type Ran = Result<Result<Vec<Observation>, SideError>, JoinError>;

/// What is needed to try changes.
#[derive(Debug)]
pub(crate) struct Trials<'a> {
    pub(crate) stage: &'a Arc<Stage>,
    pub(crate) old: &'a Configuration,
    pub(crate) merged: &'a Merged,
    pub(crate) files: &'a Arc<Files>,
    pub(crate) peers: &'a Peers,
    pub(crate) probes: &'a [Probe],
    pub(crate) differing: &'a Differing,
}

/// Changes that are tried together.
type Bundle = BTreeSet<ChangeId>;

impl Trials<'_> {
    /// For each group the changes that cause it; none where that cannot be told.
    ///
    /// # Errors
    /// When this machine lacks what a trial needs.
    pub(crate) async fn causes(&self, groups: &[Group]) -> Result<Vec<BTreeSet<ChangeId>>, SideError> {
        let bundles = self.bundles();
        let mut causes = vec![BTreeSet::new(); groups.len()];
        if let [only] = bundles.as_slice() {
            causes.fill(only.clone());
            return Ok(causes);
        }
        let traced = groups.len().min((MAX_REQUESTS / bundles.len().max(1) / SAMPLES).max(MIN_GROUPS));
        let pending: Vec<usize> = (0..traced).collect();
        for (bundle, explained) in self.try_each(&bundles, groups, &pending, Direction::Make).await? {
            explained.into_iter().for_each(|nth| causes[nth].extend(&bundles[bundle]));
        }
        let pending: Vec<usize> = (0..traced).filter(|nth| causes[*nth].is_empty()).collect();
        if !pending.is_empty() {
            for (bundle, explained) in self.try_each(&bundles, groups, &pending, Direction::TakeBack).await? {
                explained.into_iter().for_each(|nth| causes[nth].extend(&bundles[bundle]));
            }
        }
        for nth in traced..groups.len() {
            let like = (0..traced).find(|like| groups[*like].alike == groups[nth].alike);
            causes[nth] = like.map(|like| causes[like].clone()).unwrap_or_default();
        }
        Ok(causes)
    }

    /// The changes, one by one or, if there are many, by the block they are in. Definitions of what others may use do nothing
    /// alone.
    fn bundles(&self) -> Vec<Bundle> {
        let changes = self.merged.changes();
        let all = (0..changes.len()).filter(|id| !changes[*id].is_definition);
        let single: Vec<Bundle> = all.clone().map(|id| Bundle::from([id])).collect();
        if single.len() <= MAX_TRIALS {
            return if single.is_empty() && !changes.is_empty() {
                vec![(0..changes.len()).collect()]
            } else {
                single
            };
        }
        for depth in (0..=4).rev() {
            let mut blocks: BTreeMap<Vec<&String>, Bundle> = BTreeMap::new();
            for id in all.clone() {
                blocks.entry(changes[id].within.iter().take(depth).collect()).or_default().insert(id);
            }
            if blocks.len() <= MAX_TRIALS {
                return blocks.into_values().collect();
            }
        }
        vec![all.collect()]
    }

    /// Tries each bundle, and tells which of the `pending` groups it explains.
    async fn try_each(
        &self,
        bundles: &[Bundle],
        groups: &[Group],
        pending: &[usize],
        direction: Direction,
    ) -> Result<BTreeMap<usize, Vec<usize>>, SideError> {
        let mut asked: Vec<(usize, usize)> = Vec::new();
        for nth in pending {
            asked.extend(groups[*nth].probes.iter().take(SAMPLES).map(|probe| (*probe, *nth)));
        }
        let each: BTreeSet<usize> = asked.iter().map(|(probe, _)| *probe).collect();
        let each: Vec<usize> = each.into_iter().collect();
        let probes: Arc<Vec<Probe>> = Arc::new(each.iter().map(|nth| self.probes[*nth].clone()).collect());
        let trials = bundles.iter().enumerate().map(|(nth, bundle)| {
            let conf = Arc::new(self.configuration(bundle, direction));
            let (stage, files, probes) =
                (Arc::clone(self.stage), Arc::clone(self.files), Arc::clone(&probes));
            async move {
                let ran = tokio::spawn(async move { ask(&stage, &conf, &files, &probes).await });
                (nth, ran.await)
            }
        });
        let ran: Vec<(usize, Ran)> = futures::stream::iter(trials).buffer_unordered(AT_ONCE).collect().await;
        let mut explained: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (bundle, seen) in ran {
            let seen = match seen {
                Ok(Ok(seen)) => seen,
                Ok(Err(error @ SideError::Machine(_))) => return Err(error),
                // With some changes alone it need not run.
                _ => continue,
            };
            let mut votes: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
            let seen: BTreeMap<usize, Observation> =
                each.iter().zip(seen).map(|(probe, seen)| (*probe, self.peers.without_turns(seen))).collect();
            for (probe, group) in &asked {
                let (agreed, all) = votes.entry(*group).or_default();
                *all += 1;
                let changed = compare::changed(self.differing, *probe, &groups[*group].changed.field);
                *agreed += usize::from(changed.is_some_and(|changed| {
                    seen.get(probe).is_some_and(|seen| direction.explains(changed, seen))
                }));
            }
            let is_most = |(_, (agreed, all)): &(usize, (usize, usize))| agreed * 2 >= *all && *agreed > 0;
            explained.insert(bundle, votes.into_iter().filter(is_most).map(|(group, _)| group).collect());
        }
        Ok(explained)
    }

    fn configuration(&self, bundle: &Bundle, direction: Direction) -> Configuration {
        self.old.with(match direction {
            Direction::Make => self.merged.making(bundle),
            Direction::TakeBack => self.merged.taking_back(bundle),
        })
    }
}

/// What is done with a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    /// It is made in the old configuration.
    Make,
    /// It is taken back in the new one.
    TakeBack,
}

impl Direction {
    /// Whether what was seen has the value that the change is to bring.
    fn explains(self, changed: &Changed, seen: &Observation) -> bool {
        let wanted = match self {
            Direction::Make => &changed.new,
            Direction::TakeBack => &changed.old,
        };
        compare::fits(wanted.as_deref(), seen.get(&changed.field))
    }
}

/// Asks these by a proxy of their own; none is started to read values alone.
pub(crate) async fn ask(
    stage: &Arc<Stage>,
    conf: &Arc<Configuration>,
    files: &Files,
    probes: &[Probe],
) -> Result<Vec<Observation>, SideError> {
    if probes.iter().all(|probe| probe.way == Way::Read) {
        return Ok(probes.iter().map(|probe| Side::read(conf, probe)).collect());
    }
    Side::start(stage, conf, files).await?.ask_all(probes).await
}
