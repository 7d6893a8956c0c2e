//! What lies beside a template and says how it is filled in: a compose file, a Dockerfile, an entry script, `.env`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::addresses::{self, Text};
use crate::compose::{Compose, Entries, Service, entries_of};
use crate::dockerfile::{Image, Script};
use crate::environment::Environment;
use crate::file;
use crate::interpolation::interpolate;
use crate::method::Method;
use crate::overrides::Overrides;
use crate::shell::{self, Assignment, Call, When};

/// How many directories are looked through: to the root of the checkout, if that is near.
const MAX_LEVELS: usize = 5;

/// How many, if no checkout is found: the directory of templates, that of nginx, and the project's.
const LEVELS_WITHOUT_CHECKOUT: usize = 3;

/// More scripts than any image has.
const MAX_SCRIPTS: usize = 32;

/// What lies beside a template.
#[derive(Debug, Default)]
pub(crate) struct Surroundings {
    pub(crate) compose: Option<Compose>,
    /// The service with the template, as an index.
    service: Option<usize>,
    image: Option<Image>,
    /// `.env`, where no service gets the template.
    dotenv: Option<(String, Entries)>,
    /// Where the template is in the container.
    places: Vec<PathBuf>,
    /// The outermost directory that anything is read in.
    root: PathBuf,
    /// What might say more, and cannot be read.
    pub(crate) unread: Vec<String>,
}

/// `directory` and those around it that belong to the same project.
fn levels(directory: &Path) -> Vec<&Path> {
    let mut levels: Vec<&Path> = directory.ancestors().take(MAX_LEVELS).collect();
    let root = levels.iter().position(|level| level.join(".git").exists());
    levels.truncate(root.map_or(LEVELS_WITHOUT_CHECKOUT, |root| root + 1));
    levels
}

/// Whether a compose file around `path` has a service that others reach by this name.
pub(crate) fn is_service_around(path: &Path, name: &str) -> bool {
    let path = file::normal(&std::path::absolute(path).unwrap_or_else(|_| path.to_owned()));
    let levels = levels(file::directory_of(&path));
    let root = levels.last().map_or_else(PathBuf::new, |root| (*root).to_owned());
    let composes =
        levels.iter().filter_map(|level| Compose::in_directory(level, &root, &BTreeMap::new()).ok()?);
    composes.into_iter().any(|compose| compose.services.iter().any(|service| service.is_called(name)))
}

impl Surroundings {
    /// Looks around `path`, a file.
    pub(crate) fn of(path: &Path, overrides: &Overrides) -> Surroundings {
        let path = file::normal(&std::path::absolute(path).unwrap_or_else(|_| path.to_owned()));
        let values = overrides.values();
        let levels = levels(file::directory_of(&path));
        let root = levels.last().map_or_else(PathBuf::new, |root| (*root).to_owned());
        let mut unread = Vec::new();
        for directory in &levels {
            let compose = match Compose::in_directory(directory, &root, &values) {
                Ok(Some(compose)) => compose,
                Ok(None) => continue,
                Err(why) => {
                    unread.push(why);
                    continue;
                }
            };
            if let Some((service, places)) = compose.service_with(&path) {
                let name = service.name.clone();
                let service = compose.services.iter().position(|service| service.name == name);
                let compose = Some(compose);
                return Surroundings { service, places, compose, root, unread, ..Surroundings::default() };
            }
        }
        let image = levels.iter().find_map(|directory| image_with(directory, &levels, &path));
        let places = image.as_ref().map_or_else(Vec::new, |image| image.copied_to(&path));
        let dotenv = levels.iter().find_map(|directory| {
            let path = directory.join(".env");
            Some((file::shown(&path), entries_of(&path, &root, &values)?))
        });
        Surroundings { image, places, dotenv, root, unread, ..Surroundings::default() }
    }

    /// The service that gets the template.
    pub(crate) fn service(&self) -> Option<&Service> {
        self.compose.as_ref()?.services.get(self.service?)
    }

    /// The image that has the template.
    fn image(&self) -> Option<&Image> {
        self.image.as_ref().or_else(|| self.service()?.image.as_ref())
    }

    /// The variables of its container, those that the user gave first.
    pub(crate) fn environment(&self, overrides: &Overrides) -> Environment {
        let mut environment = overrides.environment().clone();
        let mut knows_all = true;
        if let (Some(compose), Some(service)) = (&self.compose, self.service()) {
            let dotenv = file::shown(&compose.directory.join(".env"));
            for entry in &service.environment {
                let by = entry.dotenv_line.map_or_else(String::new, |line| format!(", by {dotenv}:{line}"));
                let place = format!("{}:{}{by}", compose.name, entry.line);
                environment.add(&entry.name, entry.value.clone(), place);
            }
            // The last file counts, and in it the last of a name.
            for env_file in service.env_files.iter().rev() {
                let name = file::shown(&env_file.path);
                let entries = entries_of(&env_file.path, &self.root, &overrides.values());
                knows_all &= entries.is_some() && !env_file.is_optional;
                for (key, (value, line)) in entries.unwrap_or_default() {
                    environment.add(&key, value, format!("{name}:{line}"));
                }
            }
            let of_nginx = service.base().is_some_and(is_official);
            let is_whole = !compose.is_overridden && !service.extends && !self.runs_unread_scripts();
            if knows_all && of_nginx && is_whole {
                environment.complete =
                    Some(format!("service {} ({}:{})", service.name, compose.name, service.line));
            }
            let passed = |name: &str| environment.get(name).is_some();
            let not_passed = compose.dotenv.iter().filter(|(name, _)| !passed(name));
            environment.not_passed =
                not_passed.map(|(name, (_, line))| (name.clone(), format!("{dotenv}:{line}"))).collect();
        }
        if let Some(image) = self.image() {
            for (name, value, line) in &image.env {
                environment.add(name, value.clone(), format!("{}:{line}", image.name));
            }
        }
        if let Some((name, entries)) = &self.dotenv {
            for (key, (value, line)) in entries {
                environment.add(key, value.clone(), format!("{name}:{line}"));
            }
        }
        self.add_of_scripts(overrides, &mut environment);
        // What any container of nginx's image has.
        if environment.value("NGINX_ENTRYPOINT_LOCAL_RESOLVERS").is_some_and(|value| !value.is_empty()) {
            let value = Some("127.0.0.11".to_owned());
            environment.add("NGINX_LOCAL_RESOLVERS", value, "the container".to_owned());
        }
        environment.add("NGINX_VERSION", None, "the container".to_owned());
        environment.add("HOSTNAME", None, "the container".to_owned());
        environment.add("HOME", Some("/root".to_owned()), "the container".to_owned());
        environment
    }

    /// What scripts set before they call `envsubst`: `export DOLLAR='$'`, `: ${API:=http://api}`. Of an `if` the first branch
    /// counts, as a whole.
    fn add_of_scripts(&self, overrides: &Overrides, environment: &mut Environment) {
        let mut of_branches = BTreeSet::new();
        for script in self.scripts() {
            for Assignment { name, value, when, line } in shell::assignments(&script.text) {
                let is_set = environment.value(&name).is_some_and(|value| !value.is_empty());
                let is_new = when != When::Maybe || of_branches.insert(name.clone());
                let counts = is_new && (when == When::Always || !is_set);
                if overrides.environment().get(&name).is_some() || !counts {
                    continue;
                }
                let is_text = !value.contains("$(") && !value.contains('`');
                let value = interpolate(&value, &|name| environment.value(name).map(str::to_owned));
                let place = self.place_in(&script, line);
                environment.replace(&name, value.filter(|_| is_text), place);
            }
        }
    }

    /// `FILE:LINE` of a line of a script.
    fn place_in(&self, script: &Script, line: usize) -> String {
        let name = match (script.file.as_os_str().is_empty(), &self.compose) {
            (true, Some(compose)) => compose.name.clone(),
            _ => file::shown(&script.file),
        };
        format!("{name}:{}", script.line + line.max(1) - 1)
    }

    /// What is wrong with the addresses of what its service reads.
    pub(crate) fn address_warnings(&self, texts: &[Text<'_>], stand_ins: &BTreeSet<String>) -> Vec<String> {
        match (&self.compose, self.service()) {
            (Some(compose), Some(service)) => {
                let is_alone = service.base().is_some_and(is_official) && !self.runs_unread_scripts();
                addresses::warnings(texts, stand_ins, compose, service, is_alone)
            }
            _ => Vec::new(),
        }
    }

    /// What fills `path` in, in such an environment.
    pub(crate) fn method(&self, path: &Path, environment: &Environment) -> Method {
        match self.call_for(path) {
            Some((Call { list, .. }, place)) => Method::Envsubst { list, place },
            None => match self.untouched_place(environment) {
                Some(place) => Method::Nobody { place },
                None => Method::of_image(environment),
            },
        }
    }

    /// Where the template is in a container of nginx's own image that nothing fills it in for.
    fn untouched_place(&self, environment: &Environment) -> Option<String> {
        let base = self.service().map_or_else(|| self.image().map(|image| &image.base[..]), Service::base);
        let is_read = |place: &&PathBuf| {
            place.starts_with("/etc/nginx") && place.extension().is_some_and(|extension| extension == "conf")
        };
        let directory = environment.value("NGINX_ENVSUBST_TEMPLATE_DIR").unwrap_or("/etc/nginx/templates");
        let is_filled_in = |place: &&PathBuf| place.starts_with(directory);
        let runs_others = self.scripts().iter().any(|script| !script.text.trim_start().starts_with("nginx"));
        if !base.is_some_and(is_official)
            || runs_others
            || self.places.iter().any(|place| is_filled_in(&place))
        {
            return None;
        }
        self.places.iter().find(is_read).map(|place| place.display().to_string())
    }

    /// Whether a call of `envsubst` names `path`, whatever it is called.
    pub(crate) fn is_read_by_a_call(&self, path: &Path) -> bool {
        self.call_for(path).is_some_and(|(call, _)| !call.input.is_some_and(|input| input.contains('$')))
    }

    /// The call of `envsubst` that reads `path`, and its place.
    fn call_for(&self, path: &Path) -> Option<(Call, String)> {
        let file_name = path.file_name()?;
        let mut calls = Vec::new();
        for script in self.scripts() {
            for call in shell::envsubst_calls(&script.text) {
                let place = self.place_in(&script, call.line);
                calls.push((call, place));
            }
        }
        let reads = |call: &Call| {
            call.input.as_deref().is_some_and(|input| {
                let input = Path::new(input);
                self.places.iter().any(|place| place == input) || input.file_name() == Some(file_name)
            })
        };
        if let Some(at) = calls.iter().position(|(call, _)| reads(call)) {
            return Some(calls.swap_remove(at));
        }
        // `for template in …; do envsubst < "$template"`
        let is_only =
            calls.len() == 1 && calls[0].0.input.as_deref().is_some_and(|input| input.contains('$'));
        calls.pop().filter(|_| is_only)
    }

    /// What runs when the container starts, and what it calls.
    fn scripts(&self) -> Vec<Script> {
        let of_service = self.service().map_or(&[][..], |service| &service.scripts);
        let of_image = self.image().map_or(&[][..], |image| &image.scripts);
        let mut scripts: Vec<Script> = of_service.iter().chain(of_image).cloned().collect();
        let copied = self.image().into_iter().flat_map(|image| {
            image.copies.iter().map(|(source, to)| {
                (file::normal(&image.context.join(source.trim_start_matches('/'))), Path::new(to))
            })
        });
        let mounted = self.service().into_iter().flat_map(|service| &service.mounts);
        let files = copied.chain(mounted.map(|mount| (mount.host.clone(), mount.container.as_path())));
        for path in files.flat_map(|(path, to)| scripts_in(&path, to)).take(MAX_SCRIPTS) {
            if let (true, Ok(text)) = (file::is_below(&self.root, &path), file::read(&path)) {
                scripts.push(Script { text, file: path, line: 1 });
            }
        }
        scripts
    }

    /// Whether scripts may set what is not known here: by files that they read, or as they are not here.
    fn runs_unread_scripts(&self) -> bool {
        const READERS: [&str; 5] = ["source ", ". /", ". \"", "set -a", "eval "];
        let scripts = self.scripts();
        let has_files = scripts.iter().any(|script| script.file.extension().is_some_and(|end| end == "sh"));
        scripts.iter().any(|Script { text, .. }| {
            let reads_more = READERS.iter().any(|reader| text.contains(reader)) || text.contains("export $(");
            reads_more || text.contains(".sh") && !has_files
        })
    }
}

/// The image whose Dockerfile stands in `directory` and copies `path`. What it copies from may be any directory around it.
fn image_with(directory: &Path, levels: &[&Path], path: &Path) -> Option<Image> {
    let dockerfile = ["Dockerfile", "Containerfile"].iter().map(|name| directory.join(name));
    let root = levels.last()?;
    let dockerfile = dockerfile.into_iter().find(|path| file::is_below(root, path))?;
    let contexts = levels.iter().filter(|level| directory.starts_with(level));
    let images = contexts.filter_map(|context| Image::read(&dockerfile, context, None));
    images.into_iter().find(|image| {
        let places = image.copied_to(path);
        !places.is_empty() && image.serves(&places)
    })
}

/// `path` if it is a script, or the scripts in it if it becomes the directory that nginx's image runs them from.
fn scripts_in(path: &Path, to: &Path) -> Vec<PathBuf> {
    let is_script = |path: &Path| {
        path.extension().is_some_and(|extension| extension == "sh" || extension == "envsh")
            || path.file_name().is_some_and(|name| name.to_string_lossy().contains("entrypoint"))
    };
    if path.is_file() {
        return if is_script(path) { vec![path.to_owned()] } else { Vec::new() };
    }
    if !to.ends_with("docker-entrypoint.d") {
        return Vec::new();
    }
    let entries = std::fs::read_dir(path).into_iter().flatten().filter_map(Result::ok);
    let mut scripts: Vec<PathBuf> =
        entries.take(MAX_SCRIPTS).map(|entry| entry.path()).filter(|path| is_script(path)).collect();
    scripts.sort();
    scripts
}

/// Whether an image is nginx's own, whose environment is known.
fn is_official(image: &str) -> bool {
    let name = image.rsplit('/').next().unwrap_or_default();
    let name = name.split([':', '@']).next().unwrap_or_default();
    name == "nginx" || name == "nginx-unprivileged"
}
