//! Taking a template, a directory of templates or a ConfigMap.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::addresses::Text;
use crate::conf_files::ConfFiles;
use crate::config_map::of_config_map;
use crate::error::TemplateError;
use crate::file;
use crate::fill::Template;
use crate::overrides::Overrides;
use crate::placeholder::{defined_in, is_environment_name, placeholders, shell_defaults};
use crate::surroundings::{Surroundings, is_service_around};
use crate::template_name::{finished_name, is_template};

/// More templates than any image has.
const MAX_TEMPLATES: usize = 500;

/// Deeper than any directory of templates.
const MAX_DEPTH: usize = 8;

/// The files that come of `path`; `None` if it is a finished file.
///
/// # Errors
/// When something cannot be read, or needs a value that is not there.
pub fn open(path: &Path, overrides: &Overrides) -> Result<Option<ConfFiles>, TemplateError> {
    if path.is_dir() {
        return directory(path, overrides).map(Some);
    }
    let extension = path.extension().and_then(|extension| extension.to_str());
    if matches!(extension, Some("yaml" | "yml")) {
        return of_config_map(path, overrides).map(Some);
    }
    let Ok(text) = file::read(path) else { return Ok(None) };
    let surroundings = Surroundings::of(path, overrides);
    let is_given = || may_be_template(&text) && gives_one(overrides, &text);
    let is_one = is_template(path) || surroundings.is_read_by_a_call(path) || is_given();
    if !is_one {
        return Ok(None);
    }
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let template = TemplateFile { path: path.to_owned(), output: format!("conf.d/{}", finished_name(&name)) };
    fill_in(&[template], &surroundings, overrides).map(Some)
}

/// What is wrong with the addresses of a finished file that is called `name` and lies at `path`, if a compose file runs it.
pub fn address_warnings(path: &Path, name: &str, text: &str) -> Vec<String> {
    Surroundings::of(path, &Overrides::default()).address_warnings(&[Text { name, text }], &BTreeSet::new())
}

/// Whether a compose file around `path` has a service of that name, whatever runs the file.
pub fn is_service_beside(path: &Path, name: &str) -> bool {
    is_service_around(path, name)
}

/// A template, and the path below `/etc/nginx` that it is written to.
struct TemplateFile {
    path: PathBuf,
    output: String,
}

/// Whether a text has placeholders of an environment.
fn may_be_template(text: &str) -> bool {
    let defined = defined_in(text);
    !shell_defaults(text).is_empty()
        || placeholders(text).iter().any(|found| is_environment_name(found.name, &defined))
}

/// Whether the user gave a value for one of the placeholders.
fn gives_one(overrides: &Overrides, text: &str) -> bool {
    placeholders(text).iter().any(|found| overrides.environment().get(found.name).is_some())
}

fn directory(directory: &Path, overrides: &Overrides) -> Result<ConfFiles, TemplateError> {
    // What lies beside says how templates are called, and is found by one of them.
    let any = below(directory, "template").into_iter().next().unwrap_or_else(|| directory.join("x"));
    let surroundings = Surroundings::of(&any, overrides);
    let environment = surroundings.environment(overrides);
    let set =
        |name, default| environment.value(name).filter(|value: &&str| !value.is_empty()).unwrap_or(default);
    let suffix = set("NGINX_ENVSUBST_TEMPLATE_SUFFIX", ".template");
    let stream_suffix = set("NGINX_ENVSUBST_STREAM_TEMPLATE_SUFFIX", ".stream-template");
    let output = set("NGINX_ENVSUBST_OUTPUT_DIR", "/etc/nginx/conf.d").trim_end_matches('/');
    let output = match output.strip_prefix("/etc/nginx") {
        Some("") => String::new(),
        Some(below) => format!("{}/", below.trim_start_matches('/')),
        None => format!("{output}/"),
    };
    let mut found = Vec::new();
    let mut streams = Vec::new();
    for path in below(directory, "") {
        let relative = path.strip_prefix(directory).unwrap_or(&path).display().to_string();
        if let Some(finished) = relative.strip_suffix(suffix) {
            found.push(TemplateFile { output: format!("{output}{finished}"), path });
        } else if relative.ends_with(stream_suffix) {
            streams.push(format!("{} is not checked: it is for `stream`", path.display()));
        }
    }
    if found.is_empty() {
        return Err(TemplateError::NotOne(format!(
            "{} has neither an nginx.conf nor files that end with .conf or {suffix}\n  help: name one file with --conf FILE",
            directory.display()
        )));
    }
    let mut files = fill_in(&found, &surroundings, overrides)?;
    files.warnings.extend(streams);
    Ok(files)
}

/// The files below `directory` whose names end with `end`, in order.
fn below(directory: &Path, end: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut pending = vec![(directory.to_owned(), 0)];
    while let Some((directory, depth)) = pending.pop() {
        for entry in std::fs::read_dir(&directory).into_iter().flatten().filter_map(Result::ok) {
            let path = entry.path();
            if path.is_dir() && depth < MAX_DEPTH {
                pending.push((path, depth + 1));
            } else if path.is_file() && path.to_string_lossy().ends_with(end) && files.len() < MAX_TEMPLATES {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

fn fill_in(
    found: &[TemplateFile],
    surroundings: &Surroundings,
    overrides: &Overrides,
) -> Result<ConfFiles, TemplateError> {
    let environment = surroundings.environment(overrides);
    let mut files = ConfFiles { warnings: surroundings.unread.clone(), ..ConfFiles::default() };
    let mut used = BTreeSet::new();
    let mut missing = Vec::new();
    let mut stand_ins = BTreeSet::new();
    for TemplateFile { path, output } in found {
        let text = file::read(path).map_err(|error| TemplateError::Read { path: path.clone(), error })?;
        let origin = path.display().to_string();
        if origin.ends_with(".stream-template") {
            let message = format!("{origin} is for `stream`, which hopcheck does not check");
            return Err(TemplateError::NotOne(message));
        }
        let method = surroundings.method(path, &environment);
        let filled =
            Template { name: &origin, text: &text, method: &method, environment: &environment }.fill();
        if filled.is_too_large {
            return Err(TemplateError::NotOne(format!(
                "{origin} becomes larger than 16 MiB with its values\n  help: see which of them is so long"
            )));
        }
        files.notes.push(format!("{origin} is filled in {}", method.describe()));
        missing.extend(filled.missing.iter().cloned().map(Into::into));
        stand_ins.extend(filled.stand_ins.iter().cloned());
        used.extend(filled.used.iter().cloned());
        files.add(filled, output, origin);
    }
    if !missing.is_empty() {
        return Err(TemplateError::NoValue(missing));
    }
    let texts: Vec<Text<'_>> =
        files.files.iter().map(|file| Text { name: &file.origin, text: &file.text }).collect();
    files.address_warnings = surroundings.address_warnings(&texts, &stand_ins);
    files.notes.extend(environment.notes(&used));
    Ok(files)
}
