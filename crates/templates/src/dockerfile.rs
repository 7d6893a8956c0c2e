//! What a Dockerfile says of the image that serves: `ENV`, what is copied where, and how it starts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use parse_dockerfile::{Command, Instruction, Source, Stage};

use crate::file;
use crate::interpolation::{interpolate, name_length};
use crate::shell;

/// Text that a shell runs, or names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Script {
    pub(crate) text: String,
    pub(crate) file: PathBuf,
    /// The line in that file of its first line.
    pub(crate) line: usize,
}

/// The stage that is built.
#[derive(Debug, Clone, Default)]
pub(crate) struct Image {
    /// The file, as a person calls it.
    pub(crate) name: String,
    /// The image that the first of its stages is made from.
    pub(crate) base: String,
    /// `ENV`, each with its line; the last of a name counts.
    pub(crate) env: Vec<(String, Option<String>, usize)>,
    /// `COPY` and `ADD` from the context: source and destination.
    pub(crate) copies: Vec<(String, String)>,
    /// `COPY --from` an earlier stage, where a file is known by its name alone.
    staged: Vec<(String, String)>,
    /// `CMD` and `ENTRYPOINT`.
    pub(crate) scripts: Vec<Script>,
    /// The directory that `COPY` copies from.
    pub(crate) context: PathBuf,
}

/// How long a chain of stages is followed.
const MAX_STAGES: usize = 32;

impl Image {
    /// Reads the Dockerfile at `path`, whose context is `context`; `None` if there is none or it cannot be read.
    pub(crate) fn read(path: &Path, context: &Path, target: Option<&str>) -> Option<Image> {
        let text = file::read(path).ok()?;
        let dockerfile = parse_dockerfile::parse(&text).ok()?;
        let arguments = assignments(dockerfile.global_args().map(|arg| arg.arguments.value.as_ref()));
        let stages: Vec<Stage<'_, '_>> = dockerfile.stages().collect();
        let named = |name: &str| {
            stages.iter().rposition(|stage| {
                stage.from.as_.as_ref().is_some_and(|(_, known)| known.value.eq_ignore_ascii_case(name))
            })
        };
        let mut last = match target {
            Some(target) => named(target)?,
            None => stages.len().checked_sub(1)?,
        };
        // The stages that it is built on, itself the last.
        let mut chain = vec![last];
        while let Some(base) = named(&stages[last].from.image.value) {
            if base >= last || chain.len() == MAX_STAGES {
                break;
            }
            chain.push(base);
            last = base;
        }
        let mut image = Image { name: file::shown(path), context: context.to_owned(), ..Image::default() };
        image.base = interpolate(&stages[last].from.image.value, &|name| arguments.get(name).cloned())
            .unwrap_or_default();
        let mut reading = Reading { text: &text, path, known: arguments, directory: PathBuf::from("/") };
        for nth in chain.into_iter().rev() {
            for instruction in stages[nth].instructions {
                reading.instruction(instruction, &mut image);
            }
        }
        Some(image)
    }

    /// Whether it runs nginx with what is copied to `places`: a `COPY . .` of an app's own image has everything, too.
    pub(crate) fn serves(&self, places: &[PathBuf]) -> bool {
        is_of_nginx(&self.base)
            || self.scripts.iter().any(|script| script.text.contains("nginx"))
            || places.iter().any(|place| is_read_by_nginx(place))
    }

    /// The paths in the container that `path` is copied to.
    pub(crate) fn copied_to(&self, path: &Path) -> Vec<PathBuf> {
        let copied = self.copies.iter().filter_map(|(source, to)| self.destination(source, to, path));
        let staged =
            self.staged.iter().filter(|(source, _)| Path::new(source).file_name() == path.file_name());
        copied.chain(staged.map(|(_, to)| inside(to, path))).collect()
    }

    fn destination(&self, source: &str, to: &str, path: &Path) -> Option<PathBuf> {
        let from = file::normal(&self.context.join(source.trim_start_matches('/')));
        if let (Some(name), true) = (from.file_name().and_then(|name| name.to_str()), source.contains('*')) {
            let is_one = path.parent() == from.parent() && is_like(path.file_name()?.to_str()?, name);
            return is_one.then(|| Path::new(to).join(path.file_name().unwrap_or_default()));
        }
        if from == path {
            return Some(inside(to, path));
        }
        Some(Path::new(to).join(path.strip_prefix(&from).ok()?))
    }
}

/// Where a file ends up that is copied to `to`.
fn inside(to: &str, path: &Path) -> PathBuf {
    match path.file_name() {
        Some(name) if to.ends_with('/') || to.ends_with("/.") => Path::new(to).join(name),
        _ => PathBuf::from(to),
    }
}

/// Whether the name of an image is that of nginx, or of something built on it.
pub(crate) fn is_of_nginx(image: &str) -> bool {
    ["nginx", "openresty", "angie", "tengine"].iter().any(|name| image.contains(name))
}

/// Whether nginx keeps its configuration there.
pub(crate) fn is_read_by_nginx(place: &Path) -> bool {
    ["/etc/nginx", "/usr/local/nginx", "/usr/local/openresty", "/etc/angie", "/opt/bitnami/nginx"]
        .iter()
        .any(|directory| place.starts_with(directory))
}

/// `*` as in file names.
fn is_like(name: &str, pattern: &str) -> bool {
    let expression = format!("^{}$", regex::escape(pattern).replace(r"\*", ".*").replace(r"\?", "."));
    regex::Regex::new(&expression).is_ok_and(|pattern| pattern.is_match(name))
}

struct Reading<'a> {
    text: &'a str,
    path: &'a Path,
    /// `ARG` and `ENV` so far.
    known: BTreeMap<String, String>,
    directory: PathBuf,
}

impl Reading<'_> {
    fn line(&self, at: usize) -> usize {
        1 + self.text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count()
    }

    fn filled(&self, text: &str) -> Option<String> {
        // `\$` is a dollar.
        interpolate(&text.replace("\\$", "$$"), &|name| self.known.get(name).cloned())
    }

    fn instruction(&mut self, instruction: &Instruction<'_>, image: &mut Image) {
        match instruction {
            Instruction::Arg(arg) => {
                let new = assignments(std::iter::once(arg.arguments.value.as_ref()));
                for (name, value) in new {
                    self.known.entry(name).or_insert(value);
                }
            }
            Instruction::Env(env) => {
                for (name, value, at) in pairs(&env.arguments.value) {
                    let line = self.line(env.arguments.span.start + at);
                    let value = self.filled(&value);
                    self.known.extend(value.clone().map(|value| (name.clone(), value)));
                    image.env.retain(|(known, ..)| *known != name);
                    image.env.push((name, value, line));
                }
            }
            Instruction::Workdir(workdir) => {
                self.directory = self.directory.join(workdir.arguments.value.as_ref());
            }
            Instruction::Copy(copy) => {
                let is_staged = copy.options.iter().any(|flag| flag.name.value == "from");
                let to = if is_staged { &mut image.staged } else { &mut image.copies };
                self.copy(&copy.src, &copy.dest.value, to);
            }
            Instruction::Add(add) => self.copy(&add.src, &add.dest.value, &mut image.copies),
            Instruction::Cmd(cmd) => {
                self.script(&cmd.arguments, image);
            }
            Instruction::Entrypoint(entrypoint) => {
                self.script(&entrypoint.arguments, image);
            }
            // FilledTemplate in when the image is built, with what is set then.
            Instruction::Run(run) => {
                if let Command::Shell(shell) = &run.arguments
                    && shell.value.contains("envsubst")
                {
                    self.script(&run.arguments, image);
                }
            }
            _ => {}
        }
    }

    fn copy(&self, sources: &[Source<'_>], to: &str, copies: &mut Vec<(String, String)>) {
        let Some(to) = self.filled(to) else { return };
        let into = if to.ends_with('/') || sources.len() > 1 { "/" } else { "" };
        let to = format!("{}{into}", self.directory.join(to.trim_end_matches('/')).display());
        for source in sources {
            if let Source::Path(path) = source
                && let Some(source) = self.filled(&path.value)
            {
                copies.push((source, to.clone()));
            }
        }
    }

    fn script(&self, command: &Command<'_>, image: &mut Image) {
        let (text, at) = match command {
            Command::Shell(shell) => {
                let script = shell::script_in(shell.value).unwrap_or_else(|| shell.value.to_owned());
                (script, shell.span.start)
            }
            Command::Exec(words) => {
                let words_text: Vec<&str> = words.value.iter().map(|word| word.value.as_ref()).collect();
                (script_of_words(&words_text), words.span.start)
            }
            _ => return,
        };
        image.scripts.push(Script { text, file: self.path.to_owned(), line: self.line(at) });
    }
}

/// The script that a list of words runs: of `["sh", "-c", "…"]` the last, of others the words, which no shell reads.
pub(crate) fn script_of_words(words: &[&str]) -> String {
    match words {
        [shell, flags @ .., script]
            if shell.ends_with("sh")
                && flags.iter().any(|flag| flag.starts_with('-') && flag.ends_with('c')) =>
        {
            (*script).to_owned()
        }
        words => words.join(" "),
    }
}

/// `ARG NAME=VALUE`, those without a value left out.
fn assignments<'a>(arguments: impl Iterator<Item = &'a str>) -> BTreeMap<String, String> {
    let pairs = arguments.filter(|text| text.contains('=')).flat_map(pairs);
    pairs.map(|(name, value, _)| (name, value)).collect()
}

/// `NAME=VALUE NAME="A VALUE"`, or `NAME VALUE`; each with where it stands.
fn pairs(text: &str) -> Vec<(String, String, usize)> {
    let name = name_length(text);
    if name > 0 && text[name..].starts_with([' ', '\t']) {
        return vec![(text[..name].to_owned(), text[name..].trim().to_owned(), 0)];
    }
    let mut pairs = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let name = name_length(rest);
        if name == 0 || !rest[name..].starts_with('=') {
            at += rest.chars().next().map_or(1, char::len_utf8);
            continue;
        }
        let (value, used) = word(&rest[name + 1..]);
        pairs.push((rest[..name].to_owned(), value, at));
        at += name + 1 + used;
    }
    pairs
}

/// The word that `text` begins with, without its quotes, and how long it is.
fn word(text: &str) -> (String, usize) {
    let mut out = String::new();
    let mut quote = None;
    let mut chars = text.char_indices();
    while let Some((at, char)) = chars.next() {
        match (char, quote) {
            ('\\', None | Some('"')) => match chars.next() {
                Some((_, '$')) => out.push_str("\\$"),
                Some((_, '\n')) | None => {}
                Some((_, next)) => out.push(next),
            },
            (char, Some(open)) if char == open => quote = None,
            ('"' | '\'', None) => quote = Some(char),
            (char, None) if char.is_whitespace() => return (out, at),
            (char, _) => out.push(char),
        }
    }
    (out, text.len())
}
