//! Carets below lines of a configuration that are shown as they were written, and not as they were run.

/// `shown`, which is `run` with other words in its lines, with each caret again below what it points at. One that points at
/// nothing that is left is taken away.
pub(super) fn realigned(run: &str, shown: &str) -> String {
    let (before, after): (Vec<&str>, Vec<&str>) = (run.split('\n').collect(), shown.split('\n').collect());
    if before == after || before.len() != after.len() {
        return shown.to_owned();
    }
    let mut lines = Vec::new();
    for (nth, line) in after.iter().enumerate() {
        let above = nth.checked_sub(1).and_then(|above| Some((*before.get(above)?, *after.get(above)?)));
        match above.filter(|(run, shown)| run != shown && is_caret(line)) {
            Some((run, shown)) => lines.extend(moved(line, run, shown)),
            None => lines.push((*line).to_owned()),
        }
    }
    lines.join("\n")
}

fn is_caret(line: &str) -> bool {
    let Some((gutter, carets)) = line.split_once('|') else { return false };
    let carets = carets.trim();
    gutter.trim().is_empty() && !carets.is_empty() && carets.bytes().all(|byte| byte == b'^')
}

/// The caret below `shown` of what it points at in `run`.
fn moved(caret: &str, run: &str, shown: &str) -> Option<String> {
    let at = caret.chars().position(|letter| letter == '^')?;
    let width = caret.chars().filter(|letter| *letter == '^').count();
    let word: String = run.chars().skip(at).take(width).collect();
    // From the end: what was replaced by something longer stands before it.
    let found = shown.rfind(&word).filter(|_| !word.trim().is_empty())?;
    let bar = caret.find('|')?;
    let indent = shown.get(bar + 1..found)?.chars().map(|letter| if letter == '\t' { '\t' } else { ' ' });
    Some(format!("{}|{}{}", caret.get(..bar)?, indent.collect::<String>(), "^".repeat(width)))
}

#[cfg(test)]
mod tests {
    use super::realigned;

    #[test]
    fn a_caret_stays_below_its_word() {
        let run = "unknown\n 4 | \taccess_log /scratch/long/a.log gw;\n   | \t                               ^^\n  = help";
        let shown = run.replace("/scratch/long/", "/");
        let expected = "unknown\n 4 | \taccess_log /a.log gw;\n   | \t                  ^^\n  = help";
        assert_eq!(realigned(run, &shown), expected);
        let run = " 1 | proxy_pass http://127.0.0.1:1;\n   |            ^^^^^^^^^^^^^^^^^^";
        assert_eq!(
            realigned(run, " 1 | proxy_pass http://app;\n   |            ^^^^^^^^^^^^^^^^^^"),
            " 1 | proxy_pass http://app;"
        );
        assert_eq!(realigned("a\n", "b\n"), "b\n");
    }
}
