//! What `tests/clients/install` has installed, and the versions that it was told to.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tokio::process::Command;

use crate::list::{Client, Language, Program};

/// The folder of this test, from that of its crate.
pub(crate) const HERE: &str = "../../tests/clients";

/// Debian's RabbitMQ, which needs no account of its own here.
const RABBITMQ: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";

/// The packages of npm and pip, with their versions.
#[derive(Debug)]
pub(crate) struct Packages {
    here: PathBuf,
    versions: BTreeMap<String, String>,
    programs: BTreeMap<Program, PathBuf>,
}

impl Packages {
    /// Reads what is to be installed, and looks whether it is; or why not.
    pub(crate) fn find() -> Result<Packages, String> {
        let here = Path::new(HERE).canonicalize().map_err(|error| format!("{HERE}: {error}"))?;
        let read = |name: &str| {
            std::fs::read_to_string(here.join(name)).map_err(|error| format!("{HERE}/{name}: {error}"))
        };
        let package: serde_json::Value =
            serde_json::from_str(&read("package.json")?).map_err(|error| format!("package.json: {error}"))?;
        let of_npm = package["dependencies"].as_object().into_iter().flatten();
        let mut versions: BTreeMap<String, String> = of_npm
            .map(|(name, version)| (name.clone(), version.as_str().unwrap_or_default().to_owned()))
            .collect();
        let install = "run tests/clients/install (Node, npm and Python are needed)";
        for (name, version) in &versions {
            let manifest = here.join("node_modules").join(name).join("package.json");
            let text = std::fs::read_to_string(manifest).unwrap_or_default();
            let installed: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
            if installed["version"].as_str() != Some(version) {
                return Err(format!("{name} {version} of npm is not installed; {install}"));
            }
        }
        let of_pip = read("requirements.in")?;
        for line in of_pip.lines().filter(|line| !line.starts_with('#')) {
            let Some((name, version)) = line.trim().split_once("==") else { continue };
            if !is_in_venv(&here, name, version) {
                return Err(format!("{name} {version} of pip is not installed; {install}"));
            }
            versions.insert(name.to_owned(), version.to_owned());
        }
        let rabbitmq = Some(PathBuf::from(RABBITMQ)).filter(|program| program.is_file());
        let found = [(Program::Chromium, chromium()), (Program::RabbitMq, rabbitmq)];
        let programs = found.into_iter().filter_map(|(program, path)| Some((program, path?))).collect();
        Ok(Packages { here, versions, programs })
    }

    /// What of this machine they run in, with its version.
    pub(crate) async fn platform(&self) -> Vec<String> {
        let mut platform = Vec::new();
        let python = self.here.join(".venv/bin/python");
        let programs = [
            Some((Path::new("node"), "Node ")),
            Some((&python, "")),
            self.program(Program::Chromium).map(|one| (one, "")),
        ];
        for (program, name) in programs.into_iter().flatten() {
            let output = Command::new(program).arg("--version").output().await;
            let said =
                output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
            let version =
                said.trim().trim_start_matches('v').split(" built").next().unwrap_or_default().to_owned();
            platform.push(format!("{name}{version}"));
        }
        // Its folder is called by its version.
        let rabbitmq = self.program(Program::RabbitMq).and_then(|program| program.canonicalize().ok());
        let folders = rabbitmq.iter().flat_map(|program| program.iter()).filter_map(|folder| folder.to_str());
        let version = folders.filter_map(|folder| folder.strip_prefix("rabbitmq_server-")).next();
        platform.extend(version.map(|version| format!("RabbitMQ {version}")));
        platform
    }

    /// Where that program is, if this machine has it.
    pub(crate) fn program(&self, program: Program) -> Option<&Path> {
        self.programs.get(&program).map(PathBuf::as_path)
    }

    /// The client as the table names it: its package and version, and the app server's where it is a real one.
    pub(crate) fn title(&self, client: &Client) -> String {
        let named = |name: &&str| match self.versions.get(*name) {
            Some(version) => format!("{name} {version}"),
            None => (*name).to_owned(),
        };
        let packages: Vec<String> = client.packages.iter().map(named).collect();
        let circumstances = if client.circumstances.is_empty() { "" } else { ", " };
        format!("{}{circumstances}{}", packages.join(" and "), client.circumstances)
    }

    /// A command that runs this file of the folder.
    pub(crate) fn command(&self, language: Language, file: &str) -> Command {
        let program = match language {
            Language::Node => PathBuf::from("node"),
            Language::Python => self.here.join(".venv/bin/python"),
            Language::Shell => PathBuf::from("bash"),
        };
        let mut command = Command::new(program);
        // Nothing of the user's environment decides how a client behaves.
        for variable in ["NODE_OPTIONS", "PYTHONPATH", "http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"] {
            command.env_remove(variable);
        }
        command.env("PYTHONDONTWRITEBYTECODE", "1").arg(self.here.join(file));
        command.kill_on_drop(true);
        command
    }
}

fn chromium() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let directories: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let programs =
        names.iter().flat_map(|name| directories.iter().map(move |directory| directory.join(name)));
    programs.into_iter().find(|program| program.is_file())
}

/// Whether pip has installed that version: it leaves a directory that is called so.
fn is_in_venv(here: &Path, name: &str, version: &str) -> bool {
    let normalized = name.to_lowercase().replace(['-', '.'], "_");
    let wanted = format!("{normalized}-{version}.dist-info");
    let libraries = std::fs::read_dir(here.join(".venv/lib")).into_iter().flatten().filter_map(Result::ok);
    libraries.map(|library| library.path().join("site-packages").join(&wanted)).any(|info| info.is_dir())
}
