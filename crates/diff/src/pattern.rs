//! Texts that a regular expression matches, and texts that it just does not.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind, Repetition};

/// How often what may repeat without end does.
const MAX_REPEAT: u32 = 3;

/// No part of a pattern repeats more often, whatever it says.
const MAX_COUNTED_REPEAT: u32 = 64;

/// Longer than any path that is asked.
const MAX_SAMPLE: usize = 512;

/// Texts that `pattern` should match, and others that are a letter away from that. None for a pattern beyond `regex-syntax`
/// (look-around, back references).
pub(crate) fn samples(pattern: &str, count: usize, seed: u64) -> (Vec<String>, Vec<String>) {
    let plain = pattern.replace("(?<", "(?P<").replace("(?P<=", "(?<=").replace("(?P<!", "(?<!");
    let Ok(hir) = regex_syntax::ParserBuilder::new().unicode(true).build().parse(&plain) else {
        return (Vec::new(), Vec::new());
    };
    let Ok(regex) = rand_regex::Regex::with_hir(printable(&hir), MAX_REPEAT) else {
        return (Vec::new(), Vec::new());
    };
    let mut random = StdRng::seed_from_u64(seed ^ hash(pattern));
    let mut matching: Vec<String> = Vec::new();
    for _ in 0..count {
        let text: String = random.sample(&regex);
        if text.len() <= MAX_SAMPLE && !matching.contains(&text) {
            matching.push(text);
        }
    }
    let mut others = Vec::new();
    for text in &matching {
        let ends = text.char_indices().last().map_or(0, |(end, _)| end);
        others.extend([text[..ends].to_owned(), format!("{text}x"), text.to_ascii_uppercase()]);
        if let Some(dot) = text.rfind('.') {
            others.push(format!("{}x{}", &text[..dot], &text[dot + 1..]));
        }
    }
    others.retain(|other| !matching.contains(other));
    others.dedup();
    (matching, others)
}

/// The same seed for the same pattern, wherever it stands.
fn hash(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The same expression of letters that a path may have, without anchors.
fn printable(hir: &Hir) -> Hir {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Hir::empty(),
        HirKind::Literal(literal) => Hir::literal(literal.0.clone()),
        HirKind::Class(Class::Unicode(class)) => Hir::class(Class::Unicode(narrowed(class))),
        HirKind::Class(class) => Hir::class(class.clone()),
        HirKind::Repetition(repetition) => {
            let min = repetition.min.min(MAX_COUNTED_REPEAT);
            let max = repetition.max.map(|max| max.min(MAX_COUNTED_REPEAT).max(min));
            Hir::repetition(Repetition { min, max, greedy: true, sub: Box::new(printable(&repetition.sub)) })
        }
        HirKind::Capture(capture) => printable(&capture.sub),
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(printable).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(printable).collect()),
    }
}

/// What of a class is lower-case letters and digits, or else punctuation of paths, or else all of it.
fn narrowed(class: &ClassUnicode) -> ClassUnicode {
    for ranges in [&[('a', 'z'), ('0', '9')][..], &[('A', 'Z')], &[('-', '/'), ('_', '_'), ('~', '~')]] {
        let mut narrow = class.clone();
        narrow.intersect(&ClassUnicode::new(
            ranges.iter().map(|(start, end)| ClassUnicodeRange::new(*start, *end)),
        ));
        if !narrow.ranges().is_empty() {
            return narrow;
        }
    }
    class.clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_match_and_just_do_not() {
        for pattern in [r"\.(png|jpe?g)$", "^/api/v[0-9]+/", r"^/u/(?<id>\d{2,4})/(.*)$", "[^/]+/edit"] {
            let (matching, others) = samples(pattern, 4, 1);
            let regex = regex::Regex::new(pattern).unwrap();
            assert!(!matching.is_empty() && matching.iter().all(|text| regex.is_match(text)), "{matching:?}");
            assert!(
                others.iter().any(|text| !regex.is_match(text)) || pattern.starts_with('['),
                "{others:?}"
            );
            assert_eq!(samples(pattern, 4, 1), (matching, others), "the same seed, the same texts");
        }
        assert_eq!(samples("(?!x)y", 2, 1), (Vec::new(), Vec::new()));
    }
}
