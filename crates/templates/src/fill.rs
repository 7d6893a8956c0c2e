//! Filling one template in, and saying what a reader should know of the result.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use nginx_conf::syntax::{Directive, parse};

use crate::environment::Environment;
use crate::method::{Method, Substitution};
use crate::placeholder::{self, Placeholder, defined_in, is_of_nginx, line_at, placeholders};
use crate::stand_in::{Context, stand_in};

/// So many placeholders of a kind are told.
const MAX_TOLD: usize = 100;

/// A template that is filled in.
#[derive(Debug, Default)]
pub(crate) struct FilledTemplate {
    pub(crate) text: String,
    /// The names that were replaced by their values.
    pub(crate) used: BTreeSet<String>,
    /// The lines with something filled in.
    pub(crate) lines: BTreeSet<usize>,
    /// The stand-ins, which nobody wrote.
    pub(crate) stand_ins: BTreeSet<String>,
    pub(crate) notes: Vec<String>,
    pub(crate) warnings: Vec<String>,
    /// What has no value and needs one.
    pub(crate) missing: Vec<Missing>,
    /// Whether values are left out, since the text would become too large.
    pub(crate) is_too_large: bool,
}

/// As large as any file that is read.
const MAX_FILLED_SIZE: usize = 16 << 20;

/// A name that needs a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Missing {
    pub(crate) name: String,
    /// `default.conf.template:3`.
    pub(crate) place: String,
    /// The line, as written.
    pub(crate) line: String,
}

/// A template, and who fills it in.
#[derive(Debug)]
pub(crate) struct Template<'a> {
    /// As a person calls it.
    pub(crate) name: &'a str,
    pub(crate) text: &'a str,
    pub(crate) method: &'a Method,
    pub(crate) environment: &'a Environment,
}

impl Template<'_> {
    /// Fills it in.
    pub(crate) fn fill(&self) -> FilledTemplate {
        let defined = defined_in(self.text);
        let parsed = parse(self.text, self.name).ok();
        let mut filled = FilledTemplate::default();
        let mut taken: BTreeMap<&str, usize> = BTreeMap::new();
        let mut kept: BTreeMap<&str, usize> = BTreeMap::new();
        let (mut done, mut line, mut counted) = (0, 1, 0);
        for found in placeholders(self.text) {
            let Placeholder { name, range } = found;
            filled.text.push_str(&self.text[done..range.start]);
            done = range.end;
            line += filled.text[counted..].matches('\n').count();
            counted = filled.text.len();
            let written = &self.text[range.clone()];
            let context = parsed.as_deref().map(|parsed| Context::of(parsed, range.start, range.len()));
            let is_comment = matches!(context, Some(None));
            let context = context.flatten();
            match self.method.substitution(name, self.environment, &defined) {
                Substitution::Value(value) => {
                    if filled.used.insert(name.to_owned()) {
                        self.warn_of_value(name, value, range.start, context.as_ref(), &mut filled);
                    }
                    let joined = self.joined(value, range.start, &mut filled);
                    // What is left out makes no file that nginx would take, so that nobody runs half of it.
                    if filled.text.len() + joined.len() <= MAX_FILLED_SIZE {
                        filled.text.push_str(&joined);
                    } else {
                        filled.is_too_large = true;
                    }
                }
                Substitution::Empty => {
                    if !is_comment {
                        taken.entry(name).or_insert(range.start);
                    }
                }
                Substitution::Keep => {
                    let is_variable = is_of_nginx(name) && !context.as_ref().is_some_and(takes_no_variables);
                    let is_meant = placeholder::is_environment_name(name, &defined) && !is_variable;
                    if is_meant && !is_comment {
                        kept.entry(name).or_insert(range.start);
                    }
                    filled.text.push_str(written);
                }
                Substitution::Unknown if is_comment => filled.text.push_str(written),
                Substitution::Unknown => self.unknown(name, range, context.as_ref(), &mut filled),
            }
            if filled.text[counted..] != *written {
                let last = line + filled.text[counted..].matches('\n').count();
                filled.lines.extend(line..=last);
            }
        }
        filled.text.push_str(&self.text[done..]);
        self.warn_of_defaults(parsed.as_deref(), &mut filled);
        self.warn_of_kept(&kept, parsed.as_deref(), &mut filled);
        self.warn_of_taken(&taken, &mut filled);
        filled
    }

    /// A name whose value is not known: a stand-in, or what must be given.
    fn unknown(
        &self,
        name: &str,
        range: Range<usize>,
        context: Option<&Context<'_>>,
        filled: &mut FilledTemplate,
    ) {
        let written = &self.text[range.clone()];
        let Some(instead) = context.and_then(|context| stand_in(name, context, self.text)) else {
            filled.text.push_str(written);
            if filled.missing.len() < MAX_TOLD {
                let (place, line) = (self.place(range.start), self.line(range.start).to_owned());
                filled.missing.push(Missing { name: name.to_owned(), place, line });
            }
            return;
        };
        filled.text.push_str(&instead);
        filled.stand_ins.insert(instead.rsplit('/').next().unwrap_or_default().to_owned());
        if filled.notes.len() < MAX_TOLD {
            let place = self.place(range.start);
            filled.notes.push(format!("{place}: {written} -> {instead}, as {name} has no value here"));
        }
    }

    /// `FILE:LINE` of what stands at `at`.
    fn place(&self, at: usize) -> String {
        format!("{}:{}", self.name, line_at(self.text, at))
    }

    fn line(&self, at: usize) -> &str {
        let starts = self.text[..at].rfind('\n').map_or(0, |end| end + 1);
        self.text[starts..].split('\n').next().unwrap_or_default().trim()
    }

    /// A value of several lines on one, where that is the same to nginx, so that what follows keeps its line.
    fn joined(&self, value: &str, at: usize, filled: &mut FilledTemplate) -> String {
        let starts = self.text[..at].rfind('\n').map_or(0, |end| end + 1);
        if !value.contains('\n') {
            return value.to_owned();
        }
        if !value.contains('#') && !self.text[starts..at].contains(['#', '"', '\'']) {
            return value.replace("\r\n", " ").replace('\n', " ");
        }
        if filled.notes.len() < MAX_TOLD {
            filled.notes.push(format!(
                "{}: a value of several lines; from here on, lines are those of the text when filled in",
                self.place(at)
            ));
        }
        value.to_owned()
    }

    fn warn_of_value(
        &self,
        name: &str,
        value: &str,
        at: usize,
        context: Option<&Context<'_>>,
        filled: &mut FilledTemplate,
    ) {
        let from = self.environment.get(name).map_or("", |variable| variable.from.as_str());
        if is_of_nginx(name) && !name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            filled.warnings.push(format!(
                "{}: ${name} is nginx's own, but becomes {value:?}: the environment has a variable of that name ({from})\n  \
                 help: call that one something else, or let only yours through: NGINX_ENVSUBST_FILTER",
                self.place(at)
            ));
        } else if value.is_empty() && context.is_some_and(|context| context.is_whole() && is_needed(context))
        {
            filled.warnings.push(format!(
                "{}: `{}` loses a value: {name} is set and empty ({from})",
                self.place(at),
                self.line(at)
            ));
        }
    }

    /// Defaults, which only shells and compose know.
    fn warn_of_defaults(&self, parsed: Option<&[Directive]>, filled: &mut FilledTemplate) {
        for found in placeholder::shell_defaults(self.text).into_iter().take(MAX_TOLD) {
            if parsed.is_some_and(|parsed| Context::of(parsed, found.at, 2).is_none()) {
                continue;
            }
            let is_set = self.environment.value(found.name).is_some();
            filled.warnings.push(format!(
                "{}: {} stays as it stands{}: templates of nginx have no defaults\n  help: write ${{{}}} here, and its \
                 default where the container gets its environment: `ENV {}=…` in the Dockerfile, or compose's `environment`",
                self.place(found.at),
                found.text,
                if is_set { format!(", although {} is set", found.name) } else { String::new() },
                found.name,
                found.name
            ));
        }
    }

    /// Names that are not set, and so stay.
    fn warn_of_kept(
        &self,
        kept: &BTreeMap<&str, usize>,
        parsed: Option<&[Directive]>,
        filled: &mut FilledTemplate,
    ) {
        for (&name, &at) in kept.iter().take(MAX_TOLD) {
            let environment = self.environment;
            let (what, help) = match (&environment.complete, environment.not_passed.get(name)) {
                (None, _) => (format!("{name} is not filled in"), self.how_to_name(name)),
                _ if matches!(self.method, Method::Nobody { .. }) => {
                    (format!("{name} is not filled in"), self.how_to_name(name))
                }
                _ if environment.get(name).is_some() => {
                    (format!("{name} is set, but not filled in"), self.how_to_name(name))
                }
                (Some(service), Some(place)) => (
                    format!("{service} does not get {name}, which stands in {place}"),
                    format!("pass it on: `{name}: ${{{name}}}` under `environment`"),
                ),
                (Some(service), None) => (
                    format!("{service} has no {name}"),
                    format!("set it under `environment`, or try one: --env {name}=VALUE"),
                ),
            };
            let directive = parsed
                .and_then(|parsed| Context::of(parsed, at, 1))
                .map(|context| context.directive.name.text.clone());
            let matches_nothing = matches!(directive.as_deref(), Some("server_name" | "location"));
            let then = if matches_nothing { ", and matches no request" } else { "" };
            filled.warnings.push(format!(
                "{}: ${{{name}}} stays as it stands{then}: {what}\n  help: {help}",
                self.place(at)
            ));
        }
    }

    /// How a name comes to be filled in, too.
    fn how_to_name(&self, name: &str) -> String {
        match self.method {
            Method::Image { .. } => format!("let {name} through: NGINX_ENVSUBST_FILTER"),
            Method::Envsubst { place, .. } => format!("name it in the list of `envsubst` ({place})"),
            Method::Nobody { place } => {
                let file = place.rsplit('/').next().unwrap_or_default().trim_end_matches(".template");
                format!(
                    "nothing fills {place} in: bring the file into the container as /etc/nginx/templates/{file}.template"
                )
            }
        }
    }

    /// What `envsubst` without a list takes away.
    fn warn_of_taken(&self, taken: &BTreeMap<&str, usize>, filled: &mut FilledTemplate) {
        let own: Vec<String> =
            taken.keys().filter(|name| is_of_nginx(name)).map(|name| format!("${name}")).collect();
        if let (true, false, Method::Envsubst { place, .. }) =
            (self.method.takes_all(), own.is_empty(), self.method)
        {
            let meant: Vec<String> = filled.used.iter().map(|name| format!("${{{name}}}")).collect();
            let help = match meant.is_empty() {
                true => "there is nothing in it to replace: copy it as it is".to_owned(),
                false => format!(
                    "name what it is to replace: `envsubst '{}' < …`; or put the file into /etc/nginx/templates, where nginx's \
                     image fills it in by itself",
                    meant.join(" ")
                ),
            };
            let own = own.join(", ");
            filled.warnings.push(format!(
                "{place}: `envsubst` without a list takes {own} out of {}\n  help: {help}",
                self.name
            ));
        }
    }
}

/// Whether a directive needs an argument: what follows an address in `server` and `listen` may as well be left out.
fn is_needed(context: &Context<'_>) -> bool {
    let has_parameters = ["server", "listen"].contains(&context.directive.name.text.as_str());
    !has_parameters || context.argument == Some(0)
}

/// Whether nginx takes the arguments of a directive as they stand, so that a variable in them is none.
fn takes_no_variables(context: &Context<'_>) -> bool {
    ["server_name", "location", "listen"].contains(&context.directive.name.text.as_str())
}
