//! The program as its users see it: what it says and how it exits, above all when something is wrong.

use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// The document's configuration with one text replaced, and the features to ask about it.
struct Faulty {
    directory: TempDir,
}

impl Faulty {
    fn new(from: &str, to: &str) -> Faulty {
        let directory = tempfile::tempdir().unwrap();
        for file in ["nginx.conf", "mime.types", "hopcheck.toml"] {
            std::fs::copy(Path::new("../../nginx").join(file), directory.path().join(file)).unwrap();
        }
        std::os::unix::fs::symlink(
            Path::new("../../nginx/www").canonicalize().unwrap(),
            directory.path().join("www"),
        )
        .unwrap();
        let conf = directory.path().join("nginx.conf");
        let text = std::fs::read_to_string(&conf).unwrap();
        assert!(text.contains(from), "nginx.conf does not contain {from:?}");
        std::fs::write(conf, text.replace(from, to)).unwrap();
        Faulty { directory }
    }

    fn run(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let conf = self.directory.path().join("nginx.conf");
        let output = hopcheck(&[&["run", "--conf", conf.to_str().unwrap()], arguments].concat());
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

fn hopcheck(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hopcheck")).args(arguments).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn the_step_catalogue_in_docs_is_the_one_that_is_printed() {
    let printed = hopcheck(&["steps"]).stdout;
    let kept = std::fs::read("../../docs/extend/steps.md").unwrap();
    assert_eq!(
        String::from_utf8(printed),
        String::from_utf8(kept),
        "run `cargo run -- steps > docs/extend/steps.md`"
    );
}

#[test]
fn the_list_of_what_is_asked_of_a_live_deployment_is_the_one_that_is_printed() {
    let printed = hopcheck(&["scenarios"]).stdout;
    let kept = std::fs::read("../../docs/use/live.md").unwrap();
    assert_eq!(
        String::from_utf8(printed),
        String::from_utf8(kept),
        "run `cargo run -- scenarios > docs/use/live.md`"
    );
}

#[test]
fn the_page_about_the_profile_has_a_row_for_every_field() {
    let guide = std::fs::read_to_string("../../docs/use/profile.md").unwrap();
    let schema: serde_json::Value = serde_json::from_str(&hopcheck_site::profile::schema()).unwrap();
    for (section, declared) in schema["properties"].as_object().unwrap() {
        let kind = declared["$ref"].as_str().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
        let Some(fields) = schema["$defs"][kind]["properties"].as_object() else { continue };
        assert!(
            guide.contains(&format!("| `[{section}]` | `")),
            "docs/use/profile.md has no section {section}"
        );
        for field in fields.keys() {
            assert!(
                guide.contains(&format!(" | `{field}` | ")),
                "docs/use/profile.md has no row for {field}"
            );
        }
    }
}

#[test]
fn a_misspelt_variable_breaks_the_upgrade_and_says_what_to_mend() {
    let faulty = Faulty::new("Upgrade $http_upgrade", "Upgrade $http_upgrage");
    let (code, said) = faulty.run(&["--tags", "@W3"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("proxy_set_header Upgrade $http_upgrade;"), "{said}");
}

#[test]
fn a_root_that_is_not_the_deployed_directory_breaks_the_front_end() {
    let faulty = Faulty::new("/home/dambae200/dambae200-front/www", "/home/dambae200_front/www");
    let (code, said) = faulty.run(&["--tags", "@W4"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("is `root` the directory the build is in?"), "{said}");
}

#[test]
fn a_condition_without_its_dollar_is_refused_at_its_line() {
    let faulty = Faulty::new("if ($request_method", "if (request_method");
    let (code, said) = faulty.run(&["--tags", "@D4"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("invalid condition \"request_method\" in "), "{said}");
    assert!(said.contains("nginx.conf:"), "{said}");
}

#[test]
fn a_missing_semicolon_is_refused_at_its_line() {
    let faulty = Faulty::new("proxy_pass http://dambae200;", "proxy_pass http://dambae200");
    let (code, said) = faulty.run(&["--tags", "@D5"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("[emerg]") && said.contains("nginx.conf:"), "{said}");
}

#[test]
fn a_missing_file_could_not_run() {
    let output = hopcheck(&["run", "--conf", "nowhere/nginx.conf"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).starts_with("hopcheck: cannot read nowhere/nginx.conf: No such file"),
        "{output:?}"
    );
}

#[test]
fn a_feature_with_mistakes_could_not_run_and_every_mistake_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let feature =
        "Feature: F\n  Scenario: S\n    When the client sendz \"GET /\"\n    Then the response iz 200\n";
    std::fs::write(directory.path().join("one.feature"), feature).unwrap();
    std::fs::write(directory.path().join("two.feature"), "Feature: F\n  Scenari: S\n").unwrap();
    let output = hopcheck(&["run", "--features", directory.path().to_str().unwrap()]);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("one.feature:3: no step is defined for \"When the client sendz \"GET /\"\""),
        "{said}"
    );
    assert!(said.contains("the nearest is \"the client sends {string}\""), "{said}");
    assert!(said.contains("one.feature:4: no step"), "{said}");
    assert!(said.contains("two.feature: should \"Scenari: S\" begin with Scenario?"), "{said}");
}

/// One scenario that `status` decides about, and a list that says the reference proxy is known not to keep it.
fn known_difference(status: u16) -> (Option<i32>, String) {
    let directory = tempfile::tempdir().unwrap();
    let feature = format!(
        "Feature: F\n  Scenario: S\n    When the client sends \"GET /\"\n    Then the response is {status}\n"
    );
    std::fs::write(directory.path().join("f.feature"), feature).unwrap();
    let list = "[[difference]]\ntarget = \"reference\"\nscenario = \"S\"\nreason = \"For a reason.\"\n";
    std::fs::write(directory.path().join("known-differences.toml"), list).unwrap();
    let output = hopcheck(&["run", "-v", "--features", directory.path().to_str().unwrap()]);
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn a_known_difference_breaks_nothing_and_is_told() {
    let (code, said) = known_difference(418);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("1 scenario: 0 kept, 1 known to differ"), "{said}");
    assert!(said.contains("S: For a reason."), "{said}");
}

#[test]
fn a_known_difference_that_is_kept_after_all_breaks_the_run() {
    let (code, said) = known_difference(200);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("this is listed in known-differences.toml but passes"), "{said}");
}

#[test]
fn a_run_that_is_interrupted_leaves_nothing_behind() {
    use std::io::{BufRead as _, BufReader};
    use std::os::unix::process::CommandExt as _;
    let scratch = tempfile::tempdir().unwrap();
    let mut run = Command::new(env!("CARGO_BIN_EXE_hopcheck"))
        .env("TMPDIR", scratch.path())
        .process_group(0)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    // By the time the first feature is through, several scenarios are under way.
    let mut lines = BufReader::new(run.stdout.take().unwrap()).lines();
    assert!(lines.by_ref().take(3).all(|line| line.is_ok()));
    // As a terminal does at Ctrl-C: to all of the group, but no proxy is to blame then.
    let group = rustix::process::Pid::from_child(&run);
    rustix::process::kill_process_group(group, rustix::process::Signal::INT).unwrap();
    let rest: Vec<String> = lines.map_while(Result::ok).collect();
    assert_eq!(run.wait().unwrap().code(), Some(2));
    assert!(!rest.iter().any(|line| line.starts_with('✗')), "{}", rest.join("\n"));
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0);
}

#[test]
fn a_reader_that_has_seen_enough_is_no_reason_to_panic() {
    for arguments in [&["steps"][..], &["run", "--tags", "@D4", "--quiet"], &["run", "--list"]] {
        let mut run = Command::new(env!("CARGO_BIN_EXE_hopcheck"))
            .args(arguments)
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        drop(run.stdout.take());
        let output = run.wait_with_output().unwrap();
        assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()), "{arguments:?}");
    }
}

#[test]
fn an_unknown_target_could_not_run() {
    let output = hopcheck(&["run", "--target", "apache"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("a target is reference, nginx, nginx=IMAGE, nginx=/PATH, a URL,"),
        "{output:?}"
    );
}

#[test]
fn a_bare_server_block_is_wrapped_as_official_images_do() {
    let directory = tempfile::tempdir().unwrap();
    let conf = directory.path().join("default.conf");
    std::fs::write(&conf, "server {\n    listen 8080;\n    root /srv;\n}\n").unwrap();
    let output = hopcheck(&["rewrite", "--conf", conf.to_str().unwrap()]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(text.contains("http { client_body_temp_path "), "{text}");
    assert_eq!(text.lines().position(|line| line.contains("listen 127.0.0.1:")), Some(1), "{text}");
    assert!(stderr(&output).contains("# line 2: listen 8080 -> 127.0.0.1:"), "{output:?}");
}

#[test]
fn a_random_order_names_the_seed_that_repeats_it() {
    let said = |arguments: &[&str]| {
        let output = hopcheck(&[&["run", "--tags", "@D4", "--quiet", "--shuffle"], arguments].concat());
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(said(&["7"]).ends_with("(in random order: --shuffle 7)\n"));
    assert!(said(&[]).contains("in random order: --shuffle "));
}

#[test]
fn a_file_to_look_at_is_named_with_or_without_conf() {
    let file = "../../tests/sites/right/certbot.conf";
    for command in ["routes", "rewrite"] {
        let (named, positional) = (hopcheck(&[command, "--conf", file]), hopcheck(&[command, file]));
        assert_eq!((named.status.code(), positional.status.code()), (Some(0), Some(0)), "{command}");
        assert!(positional.stdout.windows(14).any(|part| part == b"shop.example.c"), "{command}");
        let both = hopcheck(&[command, file, "--conf", file]);
        assert_eq!(both.status.code(), Some(2), "{command}");
    }
}
