//! What was found, for a terminal. The patches in it are such that `git apply` takes all of it.

use std::fmt::Write as _;

use crate::model::{Fix, Mend, Unmended};

const RED: u8 = 31;
const GREEN: u8 = 32;
const YELLOW: u8 = 33;
const CYAN: u8 = 36;
const BOLD: u8 = 1;
const FAINT: u8 = 2;

/// Puts a text in a colour of SGR number.
type Paint<'a> = &'a dyn Fn(u8, &str) -> String;

/// More of what was tried is not told.
const MAX_TRIED: usize = 5;

impl Fix {
    /// For a terminal; `paint` puts a text in a colour of SGR number.
    pub fn text(&self, paint: Paint<'_>) -> String {
        let mut text = String::new();
        self.mends.iter().for_each(|mend| add_mend(mend, paint, &mut text));
        self.unmended.iter().for_each(|unmended| add_unmended(unmended, paint, &mut text));
        for name in &self.not_looked_at {
            let _ = writeln!(
                text,
                "{} {name}: not looked at, {} edits were tried",
                paint(YELLOW, "!"),
                self.trials
            );
        }
        let colour = if self.leaves_broken() { RED } else { GREEN };
        let _ = writeln!(text, "{}", paint(colour, &self.summary()));
        text
    }

    /// What was found, in a line.
    pub fn summary(&self) -> String {
        let left = self.left();
        let mends = match self.mends.len() {
            1 => "1 mend".to_owned(),
            count => format!("{count} mends"),
        };
        match (self.mends.len(), left) {
            (0, 0) => format!("{}: nothing to mend", self.name),
            (_, 0) => format!("{}: {mends}, and every promise that was checked is kept", self.name),
            (0, 1) => format!("{}: 1 promise stays broken", self.name),
            (0, _) => format!("{}: {left} promises stay broken", self.name),
            (_, 1) => format!("{}: {mends}, and 1 promise stays broken", self.name),
            (_, _) => format!("{}: {mends}, and {left} promises stay broken", self.name),
        }
    }
}

fn add_mend(mend: &Mend, paint: Paint<'_>, text: &mut String) {
    let _ = writeln!(text, "{} {}", paint(GREEN, "✓"), paint(BOLD, &mend.title));
    let also = others(mend.also.len());
    let place = match mend.place.is_empty() {
        true => String::new(),
        false => format!("  {}", paint(FAINT, &format!("({})", mend.place))),
    };
    let _ = writeln!(text, "    mends: {}{also}{place}", mend.promise);
    for warned in &mend.warned {
        let _ = writeln!(text, "    {} {warned}", paint(YELLOW, "warned of then:"));
    }
    if mend.place.is_empty() {
        text.push('\n');
        return add_patch(&mend.patch, paint, text);
    }
    let proof = format!("tried: {} promises kept, none lost; {} requests compared", mend.kept, mend.requests);
    let _ = writeln!(text, "    {}", paint(FAINT, &proof));
    for effect in &mend.effects {
        let _ = writeln!(text, "    changes for users: {effect}");
    }
    if mend.more_effects > 0 {
        let _ = writeln!(text, "    and {} more, as `hopcheck diff` tells", mend.more_effects);
    }
    text.push('\n');
    add_patch(&mend.patch, paint, text);
}

fn add_patch(patch: &str, paint: Paint<'_>, text: &mut String) {
    for line in patch.split_inclusive('\n') {
        let colour = match line.as_bytes().first() {
            Some(b'+') => GREEN,
            Some(b'-') => RED,
            Some(b'@') => CYAN,
            _ => {
                text.push_str(line);
                continue;
            }
        };
        let (line, end) = line.split_at(line.trim_end_matches(['\r', '\n']).len());
        text.push_str(&paint(colour, line));
        text.push_str(end);
    }
    text.push('\n');
}

fn others(count: usize) -> String {
    match count {
        0 => String::new(),
        1 => ", and 1 other".to_owned(),
        _ => format!(", and {count} others"),
    }
}

fn add_unmended(unmended: &Unmended, paint: Paint<'_>, text: &mut String) {
    let place = paint(FAINT, &format!("({})", unmended.place));
    let name = paint(BOLD, &unmended.promise);
    let _ = writeln!(text, "{} {name}{}  {place}", paint(RED, "✗"), others(unmended.also.len()));
    for line in unmended.message.lines() {
        let _ = writeln!(text, "    {line}");
    }
    match &unmended.choice {
        Some(choice) => {
            let _ = writeln!(text, "    {} {}", paint(YELLOW, "you choose:"), choice.question);
            for line in choice.profile.lines() {
                let _ = writeln!(text, "      {}", paint(CYAN, line));
            }
        }
        None => {
            let _ = writeln!(text, "    look at: {}", unmended.hint);
        }
    }
    for tried in unmended.tried.iter().take(MAX_TRIED) {
        let _ = writeln!(text, "    {} {}: {}", paint(FAINT, "tried:"), tried.title, tried.objection);
    }
    if unmended.tried.len() > MAX_TRIED {
        let _ = writeln!(text, "    and {} more edits", unmended.tried.len() - MAX_TRIED);
    }
    text.push('\n');
}
