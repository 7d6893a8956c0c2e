//! Which known name a misspelt one was probably meant to be.

/// The candidate closest to `name`, if it is close enough to be a typo: one edit, and one more for every five characters.
pub(crate) fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = 1 + name.chars().count() / 5;
    names
        .map(|candidate| (edit_distance(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The optimal string alignment distance: insertions, deletions, substitutions and swaps of adjacent characters.
fn edit_distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut row_before_last: Vec<usize> = Vec::new();
    let mut last_row: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let substituted = last_row[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = substituted.min(last_row[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(row_before_last[j - 2] + 1);
            }
            row.push(least);
        }
        row_before_last = std::mem::replace(&mut last_row, row);
    }
    last_row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::edit_distance;

    #[test]
    fn edit_distances_are_counted() {
        for (a, b, count) in [
            ("listen", "listen", 0),
            ("lisen", "listen", 1),
            ("listten", "listen", 1),
            ("lixten", "listen", 1),
            ("ilsten", "listen", 1),
            ("lsiten", "listen", 1),
            ("listne", "listen", 1),
            ("ab", "ba", 1),
            ("", "abc", 3),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
            ("abcdef", "badcfe", 3),
            ("abab", "baba", 2),
            ("aabb", "bbaa", 3),
            ("xabx", "yabyy", 3),
        ] {
            assert_eq!(edit_distance(a, b), count, "{a} {b}");
        }
    }
}
