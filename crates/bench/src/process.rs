//! What the kernel says of a contender: CPU time and memory of all its processes; and where they may run.

use std::collections::HashMap;
use std::fs;
use std::time::Duration;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Cores for the proxy, the backend and the load, apart as far as there are enough.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cores {
    pub(crate) proxy: usize,
    pub(crate) backend: usize,
    pub(crate) load: usize,
    /// How many this process may use.
    pub(crate) count: usize,
}

impl Cores {
    /// Chooses among the cores that this process may use.
    pub(crate) fn choose() -> Cores {
        let all: Vec<usize> = match sched_getaffinity(None) {
            Ok(set) => (0..CpuSet::MAX_CPU).filter(|core| set.is_set(*core)).collect(),
            Err(_) => vec![0],
        };
        let nth = |wanted: usize| all.get(wanted).or(all.last()).copied().unwrap_or(0);
        Cores { proxy: nth(0), backend: nth(1), load: nth(2), count: all.len() }
    }
}

/// Keeps this thread, and threads it starts, on one core.
pub(crate) fn stay_on(core: usize) {
    let mut set = CpuSet::new();
    set.set(core);
    // Where it is not allowed figures are noisier, not wrong.
    let _ = sched_setaffinity(None, &set);
}

/// One line of `/proc/PID/stat`: the parent, and the CPU time of the process and of children that have ended.
struct Stat {
    parent: u32,
    cpu: Duration,
}

fn stat(pid: u32) -> Option<Stat> {
    let line = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name stands in parentheses and may hold anything; what comes behind the last one is plain.
    let fields: Vec<&str> = line.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |field: usize| fields.get(field)?.parse::<u64>().ok();
    let ticks: u64 = (11..15).map(|field| number(field).unwrap_or(0)).sum();
    let per_second = rustix::param::clock_ticks_per_second().max(1);
    Some(Stat {
        parent: u32::try_from(number(1)?).ok()?,
        cpu: Duration::from_micros(ticks * 1_000_000 / per_second),
    })
}

/// A process and all that descend from it.
pub(crate) fn family(root: u32) -> Vec<u32> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        if let Some(stat) = stat(pid) {
            children.entry(stat.parent).or_default().push(pid);
        }
    }
    let mut family = vec![root];
    let mut next = 0;
    while let Some(pid) = family.get(next).copied() {
        family.extend(children.remove(&pid).unwrap_or_default());
        next += 1;
    }
    family
}

/// User and system time of a process, its threads and its descendants, those included that have ended.
pub(crate) fn cpu(root: u32) -> Duration {
    family(root).into_iter().filter_map(stat).map(|stat| stat.cpu).sum()
}

/// Memory of a process and its descendants in bytes, pages that several share counted once in all (PSS).
pub(crate) fn memory(root: u32) -> u64 {
    family(root)
        .into_iter()
        .filter_map(|pid| {
            let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
            let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
            line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()
        })
        .sum::<u64>()
        * 1024
}

/// Kills a process, unless it is this one, and its descendants, all at once: a master that is killed first would leave its
/// workers behind.
pub(crate) fn kill(root: u32) {
    for pid in family(root).into_iter().filter(|pid| *pid != std::process::id()) {
        if let Some(pid) = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
    }
}
