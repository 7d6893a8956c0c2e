//! Configurations of other people's kind, by the reference proxy and by an nginx that is installed here: of right ones
//! nothing is called broken, and of each wrong one its own fault alone.

use std::path::{Path, PathBuf};
use std::process::Command;

use hopcheck_report::{Record, Report};
use hopcheck_targets::target::InstalledNginx;

/// What came of a run.
struct Ran {
    code: Option<i32>,
    said: String,
    report: Report,
}

fn run(target: &str, conf: &Path) -> Ran {
    let directory = tempfile::tempdir().unwrap();
    let results = directory.path().join("r.json");
    let output = Command::new(env!("CARGO_BIN_EXE_hopcheck"))
        .args(["run", "--features", "../../features", "--target", target, "--conf"])
        .arg(conf)
        .arg("--report")
        .arg(format!("results={}", results.display()))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let text = std::fs::read_to_string(&results).unwrap_or_else(|error| panic!("{error}: {said}"));
    Ran { code: output.status.code(), said, report: serde_json::from_str(&text).unwrap() }
}

impl Ran {
    fn broken(&self) -> Vec<&str> {
        let records = self.report.targets.iter().flat_map(|target| &target.records);
        records.filter(|record| record.fails()).map(|record: &Record| record.name.as_str()).collect()
    }

    /// Whether the engine lacks what the configuration uses.
    fn is_lacking(&self) -> bool {
        self.code == Some(2) && self.said.contains("it lacks a feature that this configuration uses")
    }
}

/// The engines at hand.
fn engines() -> Vec<String> {
    let mut engines = vec!["reference".to_owned()];
    match InstalledNginx::locate() {
        Some(program) => engines.push(format!("nginx={}", program.display())),
        None => eprintln!("no nginx is installed here, so only half of this was tested"),
    }
    engines
}

fn confs(directory: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let conf = |path: PathBuf| if path.is_dir() { path.join("nginx.conf") } else { path };
    let mut confs: Vec<PathBuf> = entries
        .map(conf)
        .filter(|path| path.extension().is_some_and(|extension| extension == "conf"))
        .collect();
    confs.sort();
    confs
}

#[test]
fn nothing_of_a_right_site_is_called_broken() {
    let confs = confs("../../tests/sites/right");
    assert!(confs.len() >= 13);
    for engine in engines() {
        for conf in &confs {
            let ran = run(&engine, conf);
            let is_lacking = engine == "reference" && ran.is_lacking();
            assert!(ran.code == Some(0) || is_lacking, "{engine}: {}", ran.said);
            let kept = ran.report.targets[0].records.len();
            assert!(is_lacking || kept > 10, "{engine} asked only {kept} scenarios of {}", conf.display());
        }
    }
}

#[test]
fn of_a_wrong_site_its_own_fault_is_named_and_nothing_else() {
    let faults = [
        ("cache-shared", "No answer of /api/ that was meant for one user is given to another"),
        ("cors-twice-on-post", "Where the app does CORS, POST of /api/ gets its header and no other"),
        ("errors-as-page", "/api/ answers 404, and so is the client told"),
        ("files-win", "/api/hopcheck/7.json is asked of the app, though it looks like a file"),
        ("header-too-big", "A head of 3 KiB from /api/ gets through"),
        ("headers-lost", "The page at / has the headers that the server sets for all"),
        ("host-of-upstream", "A redirect of /api/ leads to the host that was asked"),
        ("page-kept", "The page at / is not kept by browsers"),
        ("preflight-redirected", "No preflight of /api/ is redirected"),
        ("reload-drops-sockets", "A reload does not end the WebSocket at /ws"),
        ("slash-twice", "/api/ leads to the app"),
        ("too-small", "The largest upload of /api/ reaches the app"),
        ("upgrade-lost", "A WebSocket opens at /ws"),
        ("way-out", "No path that begins with /files leaves its directory"),
    ];
    let confs = confs("../../tests/sites/wrong");
    assert_eq!(confs.len(), faults.len());
    for engine in engines() {
        for (conf, (name, fault)) in confs.iter().zip(faults) {
            assert!(conf.display().to_string().contains(name), "{}", conf.display());
            let ran = run(&engine, conf);
            if engine == "reference" && ran.is_lacking() {
                continue;
            }
            assert_eq!(ran.code, Some(1), "{engine}: {}", ran.said);
            let broken = ran.broken();
            assert_eq!(broken.first(), Some(&fault), "{engine}: {}", ran.said);
            // What is broken besides is told as the same: a file that wins does so by each of its endings, a WebSocket that does not
            // open carries nothing.
            let told = ran.said.lines().filter(|line| line.starts_with('✗')).count();
            assert_eq!(told, 1, "{engine}: {}", ran.said);
        }
    }
}
