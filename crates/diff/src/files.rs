//! The files that both configurations find: the same tree in every directory that either serves from, each file with the
//! name of its directory in it, so that one sees which was served.

use std::collections::BTreeSet;
use std::fs::{File, FileTimes};
use std::io::{self, Write as _};
use std::time::{Duration, SystemTime};

use hopcheck_site::Node;
use hopcheck_targets::conf::Scratch;

use crate::configuration::Configuration;
use crate::probe::Probe;
use crate::probes::{NAMED, content_of};
use crate::values;

/// When all of them were last modified: 1 January 2020.
const MODIFIED: Duration = Duration::from_secs(1_577_836_800);

/// More than any comparison needs.
const MAX_FILES: usize = 4_000;

/// So many paths of the requests become files.
const MAX_PATHS: usize = 300;

/// The beginning of every file.
pub(crate) const FILE_MARK: &str = "hopcheck serves the file ";

/// Files to write into each scratch directory.
#[derive(Debug, Clone, Default)]
pub(crate) struct Files {
    /// Paths as the configuration has them.
    paths: BTreeSet<String>,
    /// Files of users and passwords.
    passwords: BTreeSet<String>,
    /// Whether compressed copies lie beside them.
    compressed: bool,
}

impl Files {
    /// Those that the two configurations may serve when asked these.
    pub(crate) fn of(confs: [&Configuration; 2], probes: &[Probe]) -> Files {
        let mut files = Files::default();
        let served: Vec<&str> =
            probes.iter().filter(|probe| is_served(confs, probe)).map(Probe::path).collect();
        let mut names: BTreeSet<String> =
            served.iter().copied().filter(|path| is_file(path)).map(str::to_owned).collect();
        names.extend(served.iter().filter_map(|path| content_of(path)));
        let mut directories = Directories::default();
        for conf in confs {
            directories.add(&conf.nodes, None, &mut names, &mut files);
        }
        let named = served.iter().filter(|path| path.ends_with(NAMED));
        let of_ends =
            |path: &&str| directories.ends.iter().map(|end| format!("{path}{end}")).collect::<Vec<_>>();
        names.extend(named.flat_map(of_ends));
        names.insert("/index.html".to_owned());
        let names: Vec<&String> = names.iter().take(MAX_PATHS).collect();
        for root in &directories.roots {
            files.paths.extend(names.iter().map(|name| format!("{}{name}", root.trim_end_matches('/'))));
        }
        for (location, alias) in &directories.aliases {
            let below = names.iter().filter_map(|name| name.strip_prefix(location.as_str()));
            files.paths.extend(below.filter(|rest| !rest.is_empty()).map(|rest| format!("{alias}{rest}")));
            files.paths.insert(match alias.ends_with('/') {
                true => format!("{alias}index.html"),
                false => alias.clone(),
            });
        }
        files
    }

    /// Writes them.
    pub(crate) fn write(&self, scratch: &Scratch) -> io::Result<()> {
        for path in self.paths.iter().take(MAX_FILES) {
            let text = format!("{FILE_MARK}{path}\n{}", "x".repeat(1_500));
            write(scratch, path, &text)?;
            if self.compressed {
                write(scratch, &format!("{path}.gz"), &format!("compressed {text}"))?;
            }
        }
        for path in &self.passwords {
            write(scratch, path, "user:{PLAIN}pass\n")?;
        }
        Ok(())
    }
}

/// Where files are served from.
#[derive(Debug, Default)]
struct Directories {
    roots: BTreeSet<String>,
    /// The name of a location, and what stands for it.
    aliases: BTreeSet<(String, String)>,
    /// What `try_files` looks for behind the path: `.html` of `$uri.html`.
    ends: BTreeSet<String>,
}

impl Directories {
    fn add(
        &mut self,
        nodes: &[Node],
        around: Option<&Node>,
        names: &mut BTreeSet<String>,
        files: &mut Files,
    ) {
        for node in nodes {
            let path = node.arg(0);
            let is_plain = !path.is_empty() && !path.contains('$');
            match node.name.as_str() {
                "root" if is_plain => {
                    self.roots.insert(path.to_owned());
                }
                "alias" if is_plain => {
                    let location = around.and_then(|node| node.args.last()).cloned().unwrap_or_default();
                    self.aliases.insert((location, path.to_owned()));
                }
                "auth_basic_user_file" if is_plain => {
                    files.passwords.insert(path.to_owned());
                }
                "gzip_static" => files.compressed = true,
                "try_files" | "error_page" | "index" | "rewrite" => {
                    let ends = node.args.iter().filter_map(|word| word.strip_prefix("$uri"));
                    let is_end = |end: &&str| !matches!(*end, "" | "/") && is_file(&format!("/x{end}"));
                    self.ends.extend(ends.filter(is_end).map(str::to_owned));
                    let words = node.args.iter().filter(|word| !word.contains(['$', '^', '(']));
                    let named = words.map(|word| word.split('?').next().unwrap_or_default());
                    let named = named.map(|word| format!("/{}", word.trim_start_matches('/')));
                    names.extend(named.filter(|name| is_file(name)));
                }
                _ => {}
            }
            let around = if node.is("location") { Some(node) } else { around };
            self.add(&node.inner, around, names, files);
        }
    }
}

/// Whether a probe may ask for a file. What is passed on to app servers lies on no disk: the directories of such files
/// would be served in place of what is not passed on.
fn is_served(confs: [&Configuration; 2], probe: &Probe) -> bool {
    let host = probe.host.as_deref().unwrap_or_default();
    let is_passed_on = |conf: &&Configuration| {
        let levels = conf.levels(&probe.port, host, probe.path()).unwrap_or_default();
        levels.last().is_some_and(|level| values::passes_on(level))
    };
    !confs.iter().any(is_passed_on)
}

/// Whether a path is that of a file which is there.
fn is_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let is_plain =
        path.starts_with('/') && !path.contains(['%', '*']) && !path.contains("/..") && !path.contains("//");
    is_plain
        && name.find('.').is_some_and(|at| at + 1 < name.len())
        && !name.contains("missing")
        && path.len() < 200
}

fn write(scratch: &Scratch, path: &str, text: &str) -> io::Result<()> {
    let placed = scratch.place(path);
    if placed.is_dir() {
        return Ok(());
    }
    if let Some(directory) = placed.parent() {
        // A file may already have the name of a directory.
        if std::fs::create_dir_all(directory).is_err() {
            return Ok(());
        }
    }
    let mut file = File::create(&placed)?;
    file.write_all(text.as_bytes())?;
    file.set_times(FileTimes::new().set_modified(SystemTime::UNIX_EPOCH + MODIFIED))
}
