//! Both engines, and the running of many cases on them.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use hopcheck_container::{Nginx, NginxOptions};
use hopcheck_targets::target::{Reference, Target as _};
use proptest::strategy::{Strategy, ValueTree as _};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use tokio::runtime::Runtime;

use crate::compare;
use crate::conf::{self, Case};
use crate::engine::{Engine, Observation, Sending};
use crate::known::LAST_SERVER_LOST;
use crate::stream::Stream;

/// How long an engine may be silent before it is taken to wait for more.
const READ_TIMEOUT: Duration = Duration::from_millis(60);

/// The same where a disagreement may come of a machine that is busy.
const LONG_READ_TIMEOUT: Duration = Duration::from_millis(600);

/// How often a stream is sent again where an answer has broken off.
const MAX_ATTEMPTS: usize = 5;

/// How often it is tried to make a configuration smaller.
const MAX_TRIES: usize = 150;

/// The versions of nginx to compare with.
const VERSIONS: [&str; 3] = ["1.22", "1.26", "1.30"];

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

    fn runner(&self) -> TestRunner {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&self.seed.to_le_bytes());
        let config = Config {
            cases: self.cases,
            failure_persistence: None,
            max_shrink_iters: 300,
            ..Config::default()
        };
        TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed))
    }
}

/// Both engines.
#[derive(Debug)]
pub(crate) struct Bench {
    nginx: Engine,
    reference: Engine,
    runtime: Runtime,
    files: PathBuf,
    /// The version of nginx, if it is one to stand for.
    version: Option<&'static str>,
    /// How often each known difference was met.
    known: BTreeMap<&'static str, usize>,
    /// Whether it counts which app server is asked.
    turns: bool,
    /// How often what was done.
    tally: BTreeMap<&'static str, usize>,
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
        // `known` is about these. With another, whoever names a number of cases wants to see what is new.
        let version = VERSIONS.into_iter().find(|version| nginx.is_of(version));
        if version.is_none() && std::env::var_os("HOPCHECK_DIFF_CASES").is_none() {
            println!("not compared with {}: nothing is known of it", nginx.describe());
            return None;
        }
        let reference =
            Reference::new(PathBuf::from(env!("CARGO_BIN_EXE_hopcheck"))).expect("a scratch directory");
        // That of the oldest is also what is done without a version.
        let reference = match version {
            Some(version) if version != VERSIONS[0] => reference.standing_for(version),
            _ => reference,
        };
        let (nginx, reference) = runtime.block_on(async {
            let nginx = Engine::new(Box::new(nginx)).await.expect("app servers for nginx");
            (nginx, Engine::new(Box::new(reference)).await.expect("app servers for the reference proxy"))
        });
        // One copy for both, so that times and entity tags agree; nginx can read its own directory only.
        let files = nginx.directory().join("files");
        copy(Path::new("../../nginx/www"), &files.join("www"));
        std::fs::copy("../../nginx/mime.types", files.join("mime.types")).expect("a copied file");
        println!("{} and {}", nginx.describe(), reference.describe());
        Some(Bench {
            nginx,
            reference,
            runtime,
            files,
            version,
            known: BTreeMap::new(),
            turns: false,
            tally: BTreeMap::new(),
            disagreements: Vec::new(),
        })
    }

    /// The version of nginx, if it is one to stand for.
    pub(crate) fn version(&self) -> Option<&'static str> {
        self.version
    }

    /// Has both run this configuration. False where neither would; an error where only one would, or for unlike reasons.
    pub(crate) fn configure(&mut self, template: &str) -> Result<bool, String> {
        let accepted = self.accept(template)?;
        if accepted {
            self.run()?;
        }
        Ok(accepted)
    }

    fn accept(&mut self, template: &str) -> Result<bool, String> {
        let text = template.replace("@FILES@", &self.files.display().to_string());
        let Bench { nginx, reference, runtime, tally, .. } = self;
        if self.version == Some(VERSIONS[0]) && conf::is_newer(&text) {
            *tally.entry("configurations for a newer nginx").or_default() += 1;
            return Ok(false);
        }
        runtime.block_on(async {
            for engine in [&mut *nginx, &mut *reference] {
                engine.write(&text).map_err(|error| error.to_string())?;
            }
            let (theirs, ours) = tokio::join!(nginx.refuses(), reference.refuses());
            match (theirs?, ours?) {
                (None, None) => {}
                (theirs, ours) => {
                    let verdict = compare::refusals(&text, theirs.as_deref(), ours.as_deref());
                    *tally
                        .entry(verdict.as_ref().map_or("configurations read in two ways", |how| how))
                        .or_default() += 1;
                    return verdict.map(|_| false);
                }
            }
            *tally.entry("configurations accepted").or_default() += 1;
            Ok(true)
        })
    }

    /// Has both run what they have accepted.
    fn run(&mut self) -> Result<(), String> {
        let Bench { nginx, reference, runtime, .. } = self;
        runtime.block_on(async {
            let (theirs, ours) = tokio::join!(nginx.run(), reference.run());
            theirs.and(ours)
        })
    }

    /// Has both run a generated configuration, and sends them what belongs to it.
    pub(crate) fn visit(&mut self, case: &Case) -> Result<(), String> {
        let text = case.text();
        if !self.accept(&text)? {
            return Ok(());
        }
        if conf::asks_elsewhere(&text) {
            *self.tally.entry("configurations that ask elsewhere").or_default() += 1;
            return Ok(());
        }
        if !conf::listens(&text) {
            *self.tally.entry("configurations that listen elsewhere").or_default() += 1;
            return Ok(());
        }
        // What is hashed with `consistent` goes by the addresses of the app servers, and each engine has its own.
        self.turns = !text.contains(" consistent;");
        self.run()?;
        *self.tally.entry("servers visited").or_default() += case.servers();
        for stream in case.visits() {
            let met = self.send(&stream);
            let met = met.map_err(|difference| format!("{difference}to the request\n{stream:?}\n"))?;
            if met.contains(&LAST_SERVER_LOST) {
                break;
            }
        }
        Ok(())
    }

    /// Sends a stream to both, and returns the known differences that were met; an error tells on what they disagree.
    pub(crate) fn send(&mut self, stream: &Stream) -> Result<Vec<&'static str>, String> {
        let mut outcome = self.attempt(stream, READ_TIMEOUT)?;
        // Again: a connection that is reset takes bytes with it that were on their way, if it comes to that.
        for _ in 0..MAX_ATTEMPTS {
            if outcome.difference.is_some() {
                outcome =
                    self.attempt(stream, if outcome.waits { LONG_READ_TIMEOUT } else { READ_TIMEOUT })?;
            }
            if !outcome.broken_off {
                break;
            }
        }
        *self.tally.entry("streams of requests sent").or_default() += 1;
        for name in &outcome.known {
            *self.known.entry(name).or_default() += 1;
        }
        outcome.difference.map_or(Ok(outcome.known), Err)
    }

    /// What both do with bytes that are no generated stream. Where that is not what was `expected`, whether one that is
    /// silent only takes its time is looked at once more.
    pub(crate) fn observe(
        &mut self,
        request: &[u8],
        reply: &[u8],
        expected: impl Fn(&[Observation; 2]) -> bool,
    ) -> Result<[Observation; 2], String> {
        let pieces = [request.to_vec()];
        let heads = [request.starts_with(b"HEAD ")];
        let Bench { nginx, reference, runtime, .. } = self;
        let mut look = |patience| {
            let sending = Sending { pieces: &pieces, heads: &heads, reply, patience };
            let (theirs, ours) = runtime
                .block_on(async { tokio::join!(nginx.observe(&sending), reference.observe(&sending)) });
            Ok::<_, String>([theirs?, ours?])
        };
        let seen = look(READ_TIMEOUT)?;
        let silent = seen.iter().any(|observation| observation.received.waits);
        if silent && !expected(&seen) { look(LONG_READ_TIMEOUT) } else { Ok(seen) }
    }

    fn attempt(&mut self, stream: &Stream, patience: Duration) -> Result<compare::Outcome, String> {
        let (pieces, heads) = (stream.pieces(), stream.heads());
        let sending = Sending { pieces: &pieces, heads: &heads, reply: stream.reply.as_bytes(), patience };
        let Bench { nginx, reference, runtime, .. } = self;
        let (theirs, ours): (Result<Observation, String>, Result<Observation, String>) =
            runtime.block_on(async { tokio::join!(nginx.observe(&sending), reference.observe(&sending)) });
        let (mut theirs, mut ours) = (theirs?, ours?);
        // Requests that one refuses and the other passes on, as is known, take a turn with one only.
        if !self.turns {
            theirs.seen.iter_mut().chain(&mut ours.seen).for_each(|seen| seen.server = 0);
        }
        Ok(compare::compare(stream, theirs, ours))
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
        let mut runner = budget.runner();
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
                let kind = kind_of(&difference);
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
                    let found = format!("{difference}\nfor\n{case:?}\n");
                    println!("{what}, after {} cases:\n{found}", tried.get());
                    this.borrow_mut().disagreements.push(found);
                    kinds.extend(current.into_inner());
                }
                Err(TestError::Abort(reason)) => panic!("{what}: {reason}"),
            }
        }
        println!("{what}: {} tried", tried.get());
    }

    /// Tries configurations. Those on which the engines disagree are made smaller by leaving out what they can do without.
    pub(crate) fn try_configurations(
        &mut self,
        what: &str,
        budget: Budget,
        strategy: &impl Strategy<Value = Case>,
    ) {
        let (mut runner, mut kinds) = (budget.runner(), Vec::new());
        println!("{what}: {} cases from seed {}", budget.cases, budget.seed);
        let started = Instant::now();
        for number in 1..=budget.cases {
            let mut case = strategy.new_tree(&mut runner).expect("a case").current();
            // Again from the beginning: on a busy machine a request that came late takes the turn of another.
            let visited = self.visit(&case).or_else(|_| self.visit(&case));
            let Err(mut difference) = visited else { continue };
            let kind = kind_of(&difference);
            if kinds.contains(&kind) {
                continue;
            }
            // Each is refused for one of several mistakes; which is told first is of no matter.
            let both_refuse = kind.starts_with("reading:") && !kind.contains("accepts it");
            let alone = case.each_mistake();
            if both_refuse && alone.len() > 1 && alone.iter().all(|case| self.visit(case).is_ok()) {
                *self
                    .tally
                    .entry("configurations with two mistakes, of which each told another")
                    .or_default() += 1;
                continue;
            }
            let mut tries = 0;
            while let Some((smaller, said)) = case.smaller().into_iter().find_map(|smaller| {
                tries += 1;
                let said = if tries > MAX_TRIES { None } else { self.visit(&smaller).err() }?;
                (kind_of(&said) == kind).then_some((smaller, said))
            }) {
                (case, difference) = (smaller, said);
            }
            let found = format!("{difference}for\n{case:?}\n");
            println!("{what}, case {number}:\n{found}");
            self.disagreements.push(found);
            kinds.push(kind);
            if kinds.len() == budget.most {
                break;
            }
        }
        println!("{what}: {} s", started.elapsed().as_secs());
    }

    /// Ends both, and fails if they disagreed.
    pub(crate) fn finish(self) {
        let Bench { nginx, reference, runtime, .. } = self;
        for (what, times) in &self.tally {
            println!("{times} {what}");
        }
        for (name, times) in &self.known {
            println!("known, {times} times: {name}");
        }
        runtime.block_on(async {
            nginx.stop().await;
            reference.stop().await;
        });
        drop(runtime);
        let count = self.disagreements.len();
        assert!(count == 0, "{count} kinds of disagreement:\n\n{}", self.disagreements.concat());
    }
}

/// Disagreements of a kind begin with the same line.
fn kind_of(difference: &str) -> String {
    difference.lines().next().unwrap_or_default().to_owned()
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
