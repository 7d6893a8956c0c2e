//! What a run leaves behind for people and other programs, and what can be asked of it.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use hopcheck_report::{Record, Report, Verdict};
use tempfile::TempDir;

/// Five scenarios in one rule. The second and the fourth are broken.
const FIVE: &str = r#"Feature: Five
  Rule: All of them
    @one
    Scenario: First
      When the client sends "GET /"
      Then the response is 200

    Scenario: Second
      See `root` in `location /`.

      When the client sends "GET /"
      Then the response is 418

    @three
    Scenario: Third
      When the client sends "GET /api/items"
      Then the response is 200

    Scenario: Fourth
      When the client sends "GET /api/items"
      Then the response is 418

    Scenario: Fifth
      When the client sends "GET /"
      Then the response is 200
"#;

/// A directory with a feature, for reports to lie in.
struct Bench(TempDir);

impl Bench {
    fn new(feature: &str) -> Bench {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("f.feature"), feature).unwrap();
        Bench(directory)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs the feature; the code, and what was printed.
    fn run(&self, arguments: &[&str]) -> (Option<i32>, String) {
        self.hopcheck(&[&["run", "--features", "f.feature"], arguments].concat())
    }

    fn hopcheck(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let Output { status, stdout, stderr } = Command::new(env!("CARGO_BIN_EXE_hopcheck"))
            .current_dir(self.0.path())
            .args(arguments)
            .output()
            .unwrap();
        (status.code(), String::from_utf8([stdout, stderr].concat()).unwrap())
    }

    fn results(&self, name: &str) -> Report {
        serde_json::from_str(&std::fs::read_to_string(self.path(name)).unwrap()).unwrap()
    }
}

/// Scenarios by name, each with whether it is kept.
fn told(report: &Report) -> Vec<(&str, bool)> {
    let told = |record: &'_ Record| record.verdict == Verdict::Kept;
    report.targets[0].records.iter().map(|record| (record.name.as_str(), told(record))).collect()
}

#[test]
fn every_kind_of_report_is_written_and_the_exit_code_is_as_ever() {
    let bench = Bench::new(FIVE);
    let (code, said) = bench.run(&[
        "--report",
        "html=out/deep/r.html,junit=out/j.xml,json=out/c.json,github",
        "--report",
        "results=out/r.json",
    ]);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("::error file=f.feature,line=12,title=reference%3A Second::Then the response is 418"),
        "{said}"
    );
    let read = |name: &str| std::fs::read_to_string(bench.path(name)).unwrap();
    assert!(read("out/j.xml").contains("tests=\"5\" failures=\"2\""), "{}", read("out/j.xml"));
    let cucumber: serde_json::Value = serde_json::from_str(&read("out/c.json")).unwrap();
    assert_eq!(cucumber[0]["elements"][1]["steps"][1]["result"]["status"], "failed");
    let page = read("out/deep/r.html");
    assert!(page.contains("<h1>2 promises are broken</h1>") && page.contains("location / {"), "{page}");
    let kept = [("First", true), ("Second", false), ("Third", true), ("Fourth", false), ("Fifth", true)];
    assert_eq!(told(&bench.results("out/r.json")), kept);
}

#[test]
fn a_report_that_cannot_be_written_is_told_before_anything_is_run() {
    let bench = Bench::new(FIVE);
    std::fs::create_dir(bench.path("taken")).unwrap();
    let (code, said) = bench.run(&["--report", "html=taken"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.starts_with("hopcheck: cannot write taken: "), "{said}");
}

#[test]
fn shards_merge_to_what_one_run_would_have_said() {
    let bench = Bench::new(FIVE);
    assert_eq!(bench.run(&["--report", "results=whole.json"]).0, Some(1));
    let codes = ["1/2", "2/2"].map(|shard| {
        let file = format!("results=shard-{}.json", &shard[..1]);
        let (code, said) = bench.run(&["--shard", shard, "--report", &file]);
        assert!(said.contains(&format!("(shard {shard})")), "{said}");
        code
    });
    assert_eq!(codes, [Some(0), Some(1)], "odd ones are kept, even ones are not");
    let (code, said) =
        bench.hopcheck(&["merge", "shard-2.json", "shard-1.json", "--report", "results=merged.json"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("reference: 5 scenarios: 3 kept, 2 broken in "), "{said}");
    let (merged, whole) = (bench.results("merged.json"), bench.results("whole.json"));
    assert_eq!(told(&merged), told(&whole));
    assert_eq!((&merged.features, merged.specification), (&whole.features, whole.specification));
}

#[test]
fn missing_duplicate_and_foreign_shards_are_reported() {
    let bench = Bench::new(FIVE);
    bench.run(&["--shard", "1/2", "--report", "results=1.json"]);
    bench.run(&["--tags", "@one", "--report", "results=other.json"]);
    let (code, said) = bench.hopcheck(&["merge", "1.json"]);
    assert_eq!((code, said.contains("not finished: shard 2/2 missing")), (Some(2), true), "{said}");
    let (code, said) = bench.hopcheck(&["merge", "1.json", "1.json"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.starts_with("hopcheck: 1.json and 1.json both have shard 1/2 of reference"), "{said}");
    let (code, said) = bench.hopcheck(&["merge", "1.json", "other.json"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.starts_with("hopcheck: 1.json and other.json are of different runs"), "{said}");
    let (code, said) = bench.hopcheck(&["merge", "f.feature"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("f.feature was not written by `hopcheck run --report results=FILE`"), "{said}");
}

#[test]
fn fail_fast_stops_at_the_first_broken_promise() {
    let bench = Bench::new(FIVE);
    let (code, said) = bench.run(&["--fail-fast", "--jobs", "1", "--report", "results=r.json"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("not finished: stopped at the first broken promise; 3 of 5 scenarios were not run"),
        "{said}"
    );
    assert_eq!(told(&bench.results("r.json")), [("First", true), ("Second", false)]);
}

/// The files below a directory, which may go while they are looked for.
fn files_below(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().filter_map(Result::ok);
    let below = entries.map(|entry| entry.path());
    below.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

#[test]
fn a_promise_that_is_kept_when_tried_again_is_kept_and_told_apart() {
    let feature = "Feature: F\n  Scenario: Ready\n    When the client sends \"GET /ready.txt\"\n    \
                   Then the body of the response is \"ready\"\n";
    let bench = Bench::new(feature);
    for file in ["nginx.conf", "mime.types", "hopcheck.toml", "www/index.html"] {
        std::fs::create_dir_all(bench.path("www")).unwrap();
        std::fs::copy(Path::new("../../nginx").join(file), bench.path(file)).unwrap();
    }
    let mut run = Command::new(env!("CARGO_BIN_EXE_hopcheck"));
    let scratch = tempfile::tempdir().unwrap();
    let mut run = run
        .current_dir(bench.0.path())
        .env("TMPDIR", scratch.path())
        .args(["run", "--features", "f.feature", "--conf", "nginx.conf", "--retry", "100000"])
        .args(["--report", "results=r.json,junit=j.xml,html=r.html,github"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // An attempt whose proxy has logged the request has been answered, and without the file that is a failure.
    wait_for(|| {
        files_below(scratch.path()).iter().any(|file| {
            file.ends_with("access.log")
                && std::fs::read_to_string(file).is_ok_and(|log| log.contains("GET /ready.txt"))
        })
    });
    std::fs::write(bench.path("www/ready.txt"), "ready").unwrap();
    let mut said = String::new();
    run.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(run.wait().unwrap().code(), Some(0), "{said}");
    assert!(said.contains("1 kept, 1 of them only on retry in "), "{said}");
    let attempts = bench.results("r.json").targets[0].records[0].attempts;
    assert!(attempts > 1 && said.contains("::warning file=f.feature,line=2,"), "{said}");
    let read = |name: &str| std::fs::read_to_string(bench.path(name)).unwrap();
    assert!(read("j.xml").contains("<system-out>kept at the "), "{}", read("j.xml"));
    assert!(read("r.html").contains("Passed only on retry"));
}

#[test]
fn a_promise_that_stays_broken_is_tried_as_often_as_asked() {
    let bench = Bench::new(FIVE);
    let (code, said) = bench.run(&["--retry", "2", "--name", "Second", "--report", "results=r.json"]);
    assert_eq!(code, Some(1), "{said}");
    assert_eq!(bench.results("r.json").targets[0].records[0].attempts, 3);
}

#[test]
fn scenarios_are_chosen_by_name_and_listed_with_place_and_tags() {
    let bench = Bench::new(FIVE);
    let (code, said) = bench.run(&["--list", "--name", "^(First|Third)$"]);
    assert_eq!((code, said.as_str()), (Some(0), "f.feature:4  First  @one\nf.feature:15  Third  @three\n"));
    let (code, said) = bench.run(&["--list", "--shard", "2/2"]);
    assert_eq!((code, said.lines().count()), (Some(0), 2), "{said}");
    let (code, said) = bench.run(&["--name", "Sixth"]);
    assert_eq!((code, said.as_str()), (Some(2), "hopcheck: no scenario's name matches --name\n"));
    assert_eq!(bench.run(&["--shard", "3/2"]).0, Some(2));
}

#[test]
fn a_quiet_run_tells_failures_and_the_summary_alone() {
    let bench = Bench::new(FIVE);
    let (code, said) = bench.run(&["--quiet", "--tags", "@one"]);
    assert_eq!(code, Some(0), "{said}");
    let (file, rest) = said.split_once('\n').unwrap();
    assert!(file.starts_with("testing nginx.conf (built in) by reference proxy "), "{said}");
    assert!(rest.starts_with("\nreference: 1 scenario: 1 kept in "), "{said}");
}

#[test]
fn an_interrupted_run_leaves_a_report_that_says_so() {
    let feature = "Feature: Long\n  Scenario: Waits\n    Given the client sends \"GET /\"\n    \
                   And nothing is sent for 600 seconds\n    When the client sends \"GET /\"\n    \
                   Then the response is 200\n";
    let bench = Bench::new(feature);
    let scratch = tempfile::tempdir().unwrap();
    let mut run = Command::new(env!("CARGO_BIN_EXE_hopcheck"))
        .current_dir(bench.0.path())
        .env("TMPDIR", scratch.path())
        .args(["run", "--features", "f.feature", "--report", "results=r.json,html=r.html"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(run.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().starts_with("testing "));
    wait_for(|| std::fs::read_dir(scratch.path()).unwrap().count() > 0);
    rustix::process::kill_process(rustix::process::Pid::from_child(&run), rustix::process::Signal::INT)
        .unwrap();
    assert_eq!(run.wait().unwrap().code(), Some(2));
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0, "what was started has ended");
    let unfinished = bench.results("r.json").targets[0].unfinished.clone();
    assert_eq!(unfinished.as_deref(), Some("interrupted; 1 of 1 scenarios were not run"));
    assert!(std::fs::read_to_string(bench.path("r.html")).unwrap().contains("Not finished"));
}

#[test]
fn an_unavailable_target_does_not_discard_the_others_results() {
    let bench = Bench::new(FIVE);
    let output = Command::new(env!("CARGO_BIN_EXE_hopcheck"))
        .current_dir(bench.0.path())
        .args(["run", "--features", "f.feature", "--tags", "@one", "--report", "results=r.json"])
        .args(["--target", "reference", "--target", "nginx"])
        .env("DOCKER_HOST", "unix:///nowhere/docker.sock")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let report = bench.results("r.json");
    assert_eq!(report.targets[0].records.len(), 1);
    assert!(
        report.targets[1]
            .unfinished
            .as_ref()
            .unwrap()
            .starts_with("it was not run: cannot start a container of"),
        "{report:?}"
    );
}

#[test]
fn the_built_in_features_are_written_out_once_and_can_be_run() {
    let bench = Bench::new(FIVE);
    let (code, said) = bench.hopcheck(&["features", "--export", "mine"]);
    assert_eq!(code, Some(0), "{said}");
    let (code, listed) = bench.hopcheck(&["run", "--features", "mine", "--list"]);
    assert_eq!(code, Some(0), "{listed}");
    assert!(listed.contains("mine/preflight.feature:"), "{listed}");
    let (code, said) = bench.hopcheck(&["features", "--export", "mine"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains(" already exists, and is not overwritten"), "{said}");
}

#[test]
fn completions_know_the_options_of_run() {
    let bench = Bench::new(FIVE);
    for shell in ["bash", "zsh", "fish"] {
        let (code, said) = bench.hopcheck(&["completions", shell]);
        assert_eq!((code, said.contains("fail-fast")), (Some(0), true), "{shell}");
    }
}

/// Renders the page in a browser, and returns what a script in it has found out. `None` where there is no browser, and
/// none is required.
fn rendered(page: &Path, width: u32, script: &str) -> Option<String> {
    let browsers = ["chromium", "chromium-browser", "google-chrome"];
    let directories: Vec<PathBuf> = std::env::split_paths(&std::env::var_os("PATH")?).collect();
    let browser =
        browsers.iter().flat_map(|name| directories.iter().map(move |d| d.join(name))).find(|p| p.is_file());
    let Some(browser) = browser else {
        let required = std::env::var_os("HOPCHECK_REQUIRE_CHROMIUM").is_some_and(|value| !value.is_empty());
        assert!(!required, "HOPCHECK_REQUIRE_CHROMIUM is set, and there is no chromium in PATH");
        eprintln!("there is no chromium in PATH: the page was not looked at in a browser");
        return None;
    };
    // A window is never narrower than 500 px, but a frame is.
    let frame = page.with_extension("frame.html");
    let text = format!(
        "<iframe src=\"{}\" width=\"{width}\" height=\"800\" style=\"border:0\"></iframe><script>\
         onload = () => {{ const d = document.querySelector('iframe').contentDocument; document.title = '';\
         document.body.textContent = 'found:' + JSON.stringify((() => {{ {script} }})()) + ':end'; }};</script>",
        page.file_name()?.to_str()?
    );
    std::fs::write(&frame, text).unwrap();
    let profile = tempfile::tempdir().unwrap();
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--allow-file-access-from-files", "--virtual-time-budget=10000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("file://{}", frame.display()))
        .output()
        .unwrap();
    let dom = String::from_utf8_lossy(&output.stdout).into_owned();
    let found = dom.split("found:").nth(1).and_then(|rest| rest.split(":end").next());
    Some(found.unwrap_or_else(|| panic!("the browser found nothing: {dom}")).to_owned())
}

#[test]
fn on_a_phone_nothing_overflows_and_every_failure_can_be_reached() {
    let long = "x".repeat(200);
    let bench = Bench::new(&FIVE.replace("Scenario: Fourth", &format!("Scenario: Fourth {long}")));
    let (code, said) = bench.run(&["--report", "html=r.html"]);
    assert_eq!(code, Some(1), "{said}");
    let script = "\
        d.querySelectorAll('details').forEach(x => { x.open = true; });\
        const broken = [...d.querySelectorAll('.matrix a')];\
        return [d.documentElement.scrollWidth <= d.documentElement.clientWidth, broken.length,\
          broken.filter(a => d.getElementById(a.hash.slice(1))?.textContent.includes('418')).length,\
          d.querySelectorAll('main#main, h1, html[lang], nav[aria-label], table thead th[scope=col]').length];";
    let Some(found) = rendered(&bench.path("r.html"), 360, script) else { return };
    assert_eq!(found, "[true,2,2,6]");
}

fn wait_for(mut holds: impl FnMut() -> bool) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while !holds() {
        assert!(std::time::Instant::now() < deadline, "it did not come to pass");
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
}

#[test]
fn shards_of_many_files_merge_to_a_row_for_each() {
    let bench = Bench::new(
        "Feature: One\n  @warning\n  Scenario: Ready\n    When the client sends \"GET /\"\n    Then the response is 200\n\n  Scenario: Steady\n    When the client sends \"GET /\"\n    Then the response is 204\n",
    );
    for (name, status) in [("a.conf", 204), ("b.conf", 200)] {
        std::fs::write(bench.path(name), format!("server {{ listen 80; return {status} ''; }}\n")).unwrap();
    }
    for nth in ["1", "2"] {
        let (shard, results) = (format!("{nth}/2"), format!("results={nth}.json"));
        let (code, said) = bench.run(&["a.conf", "b.conf", "--shard", &shard, "--report", &results]);
        assert!(code != Some(2), "{said}");
    }
    let (code, said) = bench.hopcheck(&["merge", "1.json", "2.json", "--report", "html=r.html"]);
    assert_eq!(code, Some(1), "{said}");
    let rows: Vec<&str> = said.lines().rev().take(2).collect();
    assert_eq!(
        rows,
        ["✗ b.conf by reference: 1 broken", "! a.conf by reference: 1 kept, 1 warning"],
        "{said}"
    );
    // What is broken is told in full, warnings only of a file that is run alone.
    assert!(said.contains("✗ Steady") && !said.contains("! warning:"), "{said}");
    let page = std::fs::read_to_string(bench.path("r.html")).unwrap();
    assert!(page.contains("Every configuration") && !page.contains("Every rule"), "{page}");
}

#[test]
fn what_is_read_is_not_written_over() {
    let bench = Bench::new(FIVE);
    let conf = "server { listen 80; location /a/ { proxy_pass http://a; } }\n";
    std::fs::write(bench.path("n.conf"), conf).unwrap();
    for arguments in [
        &["run", "--features", "f.feature", "n.conf", "--report", "html=./n.conf"][..],
        &["routes", "n.conf", "--html", "n.conf"],
        &["init", "--conf", "n.conf", "--profile", "n.conf", "--force"],
    ] {
        let (code, said) = bench.hopcheck(arguments);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains("n.conf is read, and is not written over"), "{said}");
    }
    assert_eq!(std::fs::read_to_string(bench.path("n.conf")).unwrap(), conf);
}
