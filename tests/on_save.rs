//! `run --on-save`: a file that is changed while hopcheck waits for it.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

const CONF: &str = "server {\n    listen 80;\n    include locations.inc;\n}\n";
const RIGHT: &str = "location /ws { proxy_pass http://app:8080; proxy_http_version 1.1; proxy_set_header Host $host;\n\
                     proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; }\n";

/// No run of these few scenarios takes as long.
const DEADLINE: Duration = Duration::from_secs(120);

struct Running {
    child: Child,
    lines: Receiver<String>,
    directory: TempDir,
}

impl Running {
    fn start() -> Running {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("nginx.conf"), CONF).unwrap();
        std::fs::write(directory.path().join("locations.inc"), RIGHT).unwrap();
        let features = std::fs::canonicalize("../../features/any-socket.feature").unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_hopcheck"))
            .args(["run", "--on-save", "nginx.conf", "--target", "reference", "--features"])
            .arg(features)
            .current_dir(directory.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (send, lines) = channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| send.send(line)));
        Running { child, lines, directory }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// What is printed until it waits again.
    fn until_it_waits(&self) -> String {
        let mut said = String::new();
        while !said.contains("Ctrl-C ends") {
            let line = self.lines.recv_timeout(DEADLINE);
            said += &(line.unwrap_or_else(|error| panic!("{error}: {said}")) + "\n");
        }
        said
    }

    fn interrupt(mut self) -> Option<i32> {
        let pid = Pid::from_raw(self.child.id().try_into().unwrap()).unwrap();
        kill_process(pid, Signal::INT).unwrap();
        self.child.wait().unwrap().code()
    }
}

#[test]
fn a_change_of_an_included_file_runs_again_what_was_broken_first() {
    let running = Running::start();
    let said = running.until_it_waits();
    assert!(said.contains("waiting for nginx.conf or another file of it to be saved"), "{said}");
    assert!(!said.contains('✗'), "{said}");

    std::fs::write(running.file("locations.inc"), RIGHT.replace("$http_upgrade", "$http_upgrage")).unwrap();
    let said = running.until_it_waits();
    assert!(said.contains("\nlocations.inc changed: running again\n"), "{said}");
    assert!(said.contains("✗ A WebSocket opens at /ws"), "{said}");

    // As editors do that write another file and put it in the place of the old one.
    std::fs::write(running.file("locations.inc~"), RIGHT).unwrap();
    std::fs::rename(running.file("locations.inc~"), running.file("locations.inc")).unwrap();
    let said = running.until_it_waits();
    assert!(said.contains("\nlocations.inc changed: running again, the "), "{said}");
    assert!(!said.contains('✗'), "{said}");
    assert_eq!(running.interrupt(), Some(0));
}

#[test]
fn it_ends_with_the_exit_code_of_the_last_run() {
    let running = Running::start();
    running.until_it_waits();
    std::fs::write(running.file("locations.inc"), RIGHT.replace("$http_upgrade", "$http_upgrage")).unwrap();
    running.until_it_waits();
    std::fs::write(running.file("of-no-account.txt"), "").unwrap();
    assert_eq!(running.interrupt(), Some(1));
}

#[test]
fn a_file_that_is_not_right_yet_is_waited_for() {
    let running = Running::start();
    running.until_it_waits();
    std::fs::remove_file(running.file("locations.inc")).unwrap();
    let said = running.until_it_waits();
    assert!(said.contains("locations.inc is gone: running again"), "{said}");
    assert!(said.contains("nginx.conf:3 names a file that does not exist"), "{said}");
    std::fs::write(running.file("locations.inc"), RIGHT).unwrap();
    let said = running.until_it_waits();
    assert!(said.contains("locations.inc is new: running again"), "{said}");
    assert_eq!(running.interrupt(), Some(0));
}
