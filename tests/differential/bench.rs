//! Both engines, and the running of many cases on them.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hopcheck::target::{Nginx, NginxOptions, Reference, Target as _};
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use tokio::runtime::Runtime;

use crate::compare;
use crate::engine::{Engine, Observation, Sending};
use crate::stream::Stream;

/// How long an engine may be silent before it is taken to wait for more.
const PATIENCE: Duration = Duration::from_millis(60);

/// The same where a disagreement may come of a machine that is busy.
const LONG_PATIENCE: Duration = Duration::from_millis(600);

/// How many cases are tried, and which.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    cases: u32,
    seed: u64,
    /// Go on after a disagreement until so many of different kinds are found.
    most: usize,
}

impl Budget {
    /// As the environment says: `HOPCHECK_DIFF_CASES`, `HOPCHECK_DIFF_SEED`. `cost` is what a case costs, compared with
    /// a single request.
    pub(crate) fn from_env(cost: u64) -> Budget {
        let number = |name: &str| std::env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
        let cases = (number("HOPCHECK_DIFF_CASES").unwrap_or(3000) / cost).max(1);
        Budget {
            cases: u32::try_from(cases).unwrap_or(u32::MAX),
            seed: number("HOPCHECK_DIFF_SEED").unwrap_or(1),
            most: 12,
        }
    }
}

/// Both engines.
#[derive(Debug)]
pub(crate) struct Bench {
    nginx: Engine,
    reference: Engine,
    runtime: Runtime,
    files: PathBuf,
    /// How often each known difference was met.
    known: BTreeMap<&'static str, usize>,
    disagreements: Vec<String>,
}

impl Bench {
    /// Starts them; `None`, and a line that says so, where nginx cannot be had.
    pub(crate) fn start() -> Option<Bench> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let nginx = match runtime.block_on(Nginx::start(&NginxOptions::from_env())) {
            Ok(nginx) => nginx,
            Err(error) => {
                let required = std::env::var_os("HOPCHECK_REQUIRE_NGINX")
                    .is_some_and(|value| !value.is_empty() && value != "0");
                assert!(!required, "nginx is required: {error}");
                println!(
                    "not compared with nginx, which did not run: {}",
                    error.to_string().lines().next().unwrap_or_default()
                );
                return None;
            }
        };
        // `known.rs` is about this one. With another, whoever names a number of cases wants to see what is new.
        if !nginx.describe().starts_with("nginx 1.22.") && std::env::var_os("HOPCHECK_DIFF_CASES").is_none() {
            println!("not compared with {}: what is known of nginx is known of 1.22", nginx.describe());
            return None;
        }
        let reference =
            Reference::new(PathBuf::from(env!("CARGO_BIN_EXE_hopcheck"))).expect("a scratch directory");
        let (nginx, reference) = runtime.block_on(async {
            let nginx = Engine::new(Box::new(nginx)).await.expect("app servers for nginx");
            (nginx, Engine::new(Box::new(reference)).await.expect("app servers for the reference proxy"))
        });
        // One copy for both, so that times and entity tags agree; nginx can read its own directory only.
        let files = nginx.directory().join("files");
        copy(Path::new("../nginx/www"), &files.join("www"));
        std::fs::copy("../nginx/mime.types", files.join("mime.types")).expect("a copied file");
        println!("{} and {}", nginx.describe(), reference.describe());
        let (known, disagreements) = (BTreeMap::new(), Vec::new());
        Some(Bench { nginx, reference, runtime, files, known, disagreements })
    }

    /// Has both run this configuration. Where neither would, what both say; an error where only one would.
    pub(crate) fn configure(&mut self, template: &str) -> Result<bool, String> {
        let text = template.replace("@FILES@", &self.files.display().to_string());
        let Bench { nginx, reference, runtime, .. } = self;
        runtime.block_on(async {
            for engine in [&mut *nginx, &mut *reference] {
                engine.write(&text).map_err(|error| error.to_string())?;
            }
            let (theirs, ours) = tokio::join!(nginx.refuses(), reference.refuses());
            match (theirs?, ours?) {
                (None, None) => {}
                (Some(theirs), Some(ours)) if compare::same_refusal(&theirs, &ours) => return Ok(false),
                (theirs, ours) => {
                    return Err(format!("on reading it\n  nginx: {theirs:?}\n   ours: {ours:?}\n"));
                }
            }
            let (theirs, ours) = tokio::join!(nginx.run(), reference.run());
            theirs.and(ours).map(|()| true)
        })
    }

    /// Sends a stream to both; an error tells on what they disagree.
    pub(crate) fn send(&mut self, stream: &Stream) -> Result<(), String> {
        let mut outcome = self.attempt(stream, PATIENCE)?;
        if outcome.difference.is_some() && outcome.waits {
            outcome = self.attempt(stream, LONG_PATIENCE)?;
        }
        for name in outcome.known {
            *self.known.entry(name).or_default() += 1;
        }
        outcome.difference.map_or(Ok(()), Err)
    }

    fn attempt(&mut self, stream: &Stream, patience: Duration) -> Result<compare::Outcome, String> {
        let (pieces, heads) = (stream.pieces(), stream.heads());
        let sending = Sending { pieces: &pieces, heads: &heads, reply: stream.reply.as_bytes(), patience };
        let Bench { nginx, reference, runtime, .. } = self;
        let (theirs, ours): (Result<Observation, String>, Result<Observation, String>) =
            runtime.block_on(async { tokio::join!(nginx.observe(&sending), reference.observe(&sending)) });
        Ok(compare::compare(stream, theirs?, ours?))
    }

    /// Tries cases, shrinks those on which the engines disagree, and goes on for as long as their kind is new.
    pub(crate) fn try_many<S: Strategy>(
        &mut self,
        what: &str,
        budget: Budget,
        strategy: &S,
        attempt: impl Fn(&mut Bench, &S::Value) -> Result<(), String>,
    ) where
        S::Value: Debug,
    {
        println!(
            "{what}: {} cases from seed {} (HOPCHECK_DIFF_CASES, HOPCHECK_DIFF_SEED)",
            budget.cases, budget.seed
        );
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&budget.seed.to_le_bytes());
        let config = Config {
            cases: budget.cases,
            failure_persistence: None,
            max_shrink_iters: 300,
            ..Config::default()
        };
        let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
        let mut kinds: Vec<String> = Vec::new();
        let (this, tried) = (std::cell::RefCell::new(self), std::cell::Cell::new(0));
        for _ in 0..budget.most {
            let current = std::cell::RefCell::new(None::<String>);
            let outcome = runner.run(strategy, |case| {
                if tried.get() >= budget.cases && current.borrow().is_none() {
                    return Ok(());
                }
                tried.set(tried.get() + 1);
                let Err(difference) = attempt(&mut this.borrow_mut(), &case) else { return Ok(()) };
                let kind = difference.lines().next().unwrap_or_default().to_owned();
                let mut current = current.borrow_mut();
                // While one is made smaller, another kind is another matter.
                let wanted = current.as_ref().map_or(!kinds.contains(&kind), |current| *current == kind);
                if wanted {
                    *current = Some(kind);
                }
                if wanted { Err(TestCaseError::fail(difference)) } else { Ok(()) }
            });
            match outcome {
                Ok(()) => break,
                Err(TestError::Fail(difference, case)) => {
                    this.borrow_mut().disagreements.push(format!("{difference}\nfor\n{case:?}\n"));
                    kinds.extend(current.into_inner());
                }
                Err(TestError::Abort(reason)) => panic!("{what}: {reason}"),
            }
        }
        println!("{what}: {} tried", tried.get());
    }

    /// Ends both, and fails if they disagreed.
    pub(crate) fn finish(self) {
        let Bench { nginx, reference, runtime, .. } = self;
        for (name, times) in &self.known {
            println!("known, {times} times: {name}");
        }
        runtime.block_on(async {
            nginx.stop().await;
            reference.stop().await;
        });
        drop(runtime);
        let count = self.disagreements.len();
        assert!(count == 0, "{count} kinds of disagreement:\n\n{}", self.disagreements.join("\n"));
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a directory");
    for entry in std::fs::read_dir(from).expect("a directory").flatten() {
        let to = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(std::fs::copy(entry.path(), to).expect("a copied file")),
        }
    }
}
