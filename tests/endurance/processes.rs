//! What a proxy takes of this machine: its processes as `/proc` shows them, from outside the container too.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use rustix::process::{Pid, Resource, Rlimit, prlimit};

/// The processes of a proxy: the master, and its workers where these are processes.
#[derive(Debug)]
pub(crate) struct Processes {
    /// A directory that the master's command line names, and no other's.
    directory: PathBuf,
}

/// How many bytes something may cost.
pub(crate) const MIB: u64 = 1024 * 1024;

impl Processes {
    /// Those of the proxy that was started below this directory.
    pub(crate) fn in_directory(directory: &Path) -> Processes {
        Processes { directory: directory.to_owned() }
    }

    /// The master and its children, by their numbers on this side of the container's wall.
    pub(crate) fn all(&self) -> Vec<u32> {
        let directory = self.directory.display().to_string();
        let mut all: Vec<u32> = numbers(Path::new("/proc"));
        let parents: BTreeMap<u32, u32> = all.iter().filter_map(|&pid| Some((pid, parent(pid)?))).collect();
        let masters: Vec<u32> =
            all.iter().copied().filter(|&pid| command(pid).contains(&directory)).collect();
        all.retain(|pid| masters.contains(pid) || parents.get(pid).is_some_and(|up| masters.contains(up)));
        assert!(!all.is_empty(), "no process of the proxy is to be seen in /proc");
        all
    }

    /// Begins to watch for a new peak of memory: how many bytes it is now.
    pub(crate) fn start_peak(&self) -> u64 {
        for pid in self.all() {
            // `5` is for the peak, as proc(5) has it.
            fs::write(format!("/proc/{pid}/clear_refs"), "5").expect("leave to watch a process");
        }
        self.peak()
    }

    /// Bytes of memory that they had at most since then, all together.
    pub(crate) fn peak(&self) -> u64 {
        let kilobytes = |pid| {
            let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
            let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
            peak.split_whitespace().next().and_then(|peak| peak.parse::<u64>().ok()).unwrap_or_default()
        };
        self.all().into_iter().map(kilobytes).sum::<u64>() * 1024
    }

    /// How many descriptors they have open, by what these are: `socket`, `pipe`, `anon_inode` or `file`.
    pub(crate) fn descriptors(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for link in self.open_files() {
            let kind = link.split_once(':').map_or("file", |(kind, _)| kind);
            *counts.entry(kind.to_owned()).or_default() += 1;
        }
        counts
    }

    /// What each descriptor leads to, as `socket:[4711]`.
    fn open_files(&self) -> Vec<String> {
        let directories = self.all().into_iter().map(|pid| PathBuf::from(format!("/proc/{pid}/fd")));
        let links = directories.flat_map(|directory| {
            numbers(&directory)
                .into_iter()
                .map(move |number| fs::read_link(directory.join(number.to_string())))
        });
        links.filter_map(Result::ok).map(|link| link.display().to_string()).collect()
    }

    /// How many TCP connections they hold, in whatever state.
    pub(crate) fn connections(&self) -> usize {
        self.sockets(|_, _| true)
    }

    /// Whether they hold a connection with the client that asks from this port.
    pub(crate) fn holds(&self, port: u16) -> bool {
        self.sockets(|local, remote| local != port && remote == port) > 0
    }

    /// How many of their TCP sockets, other than those that listen, have such ports: their own and the other side's.
    fn sockets(&self, wanted: impl Fn(u16, u16) -> bool) -> usize {
        const LISTENS: &str = "0A";
        let table = fs::read_to_string("/proc/net/tcp").unwrap_or_default();
        let port = |address: &str| u16::from_str_radix(address.rsplit(':').next()?, 16).ok();
        let inodes: BTreeSet<&str> = table
            .lines()
            .filter_map(|line| {
                let columns: Vec<&str> = line.split_whitespace().collect();
                let [_, local, remote, state, _, _, _, _, _, inode, ..] = columns[..] else { return None };
                (state != LISTENS && wanted(port(local)?, port(remote)?)).then_some(inode)
            })
            .collect();
        let is_one = |link: &String| {
            let inode = link.strip_prefix("socket:[").and_then(|link| link.strip_suffix(']'));
            inode.is_some_and(|inode| inodes.contains(inode))
        };
        self.open_files().iter().filter(|link| is_one(link)).count()
    }

    /// Lets each process have so many descriptors and no more. Those of another account cannot be told so.
    pub(crate) fn limit_descriptors(&self, most: u64) {
        for pid in self.all() {
            let limits = fs::read_to_string(format!("/proc/{pid}/limits")).unwrap_or_default();
            let maximum = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
            let maximum = maximum.and_then(|limits| limits.split_whitespace().nth(1)?.parse().ok());
            let limit = Rlimit { current: Some(most), maximum };
            let number = Pid::from_raw(pid.cast_signed()).expect("a process id");
            prlimit(Some(number), Resource::Nofile, limit).expect("leave to set a limit");
        }
    }
}

/// Entries of a directory that are numbers.
fn numbers(directory: &Path) -> Vec<u32> {
    let entries = fs::read_dir(directory).into_iter().flatten().filter_map(Result::ok);
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

fn command(pid: u32) -> String {
    fs::read(format!("/proc/{pid}/cmdline"))
        .map(|line| String::from_utf8_lossy(&line).into_owned())
        .unwrap_or_default()
}

fn parent(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name before it may hold anything, parentheses too.
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}
