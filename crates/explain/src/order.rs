//! The steps of requests within a request, each in one piece.

use std::collections::BTreeMap;

use reference_proxy::trace::{Step, TracedStep};

/// The steps as they are read: those of a request within another stand together, where it begins, or behind the `mirror` that
/// it is the copy of. As they happened, copies go on beside the request.
pub(crate) fn in_pieces(steps: &[TracedStep]) -> Vec<&TracedStep> {
    let mut within: BTreeMap<u64, (usize, Vec<&TracedStep>)> = BTreeMap::new();
    for (nth, step) in steps.iter().enumerate().filter(|(_, step)| step.within.is_some()) {
        within.entry(step.request).or_insert((nth, Vec::new())).1.push(step);
    }
    let mut ordered = Vec::with_capacity(steps.len());
    let own = steps.iter().enumerate().filter(|(_, step)| step.within.is_none());
    for (nth, step) in own {
        // What has begun before this, and is no copy.
        let begun =
            |(request, (first, _)): (&u64, &(usize, Vec<&TracedStep>))| (*first < nth).then_some(*request);
        while let Some(request) = within.iter().find_map(begun) {
            ordered.extend(within.remove(&request).map(|(_, steps)| steps).unwrap_or_default());
        }
        ordered.push(step);
        // Requests are numbered in the order in which they begin.
        if matches!(step.step, Step::Mirror { .. })
            && let Some((_, (_, copy))) = within.pop_first()
        {
            ordered.extend(copy);
        }
    }
    ordered.extend(within.into_values().flat_map(|(_, steps)| steps));
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_within_stands_together() {
        let step = |request: u64, within: Option<u64>, text: &str| {
            let step = match text {
                "mirror" => Step::Mirror { directive: None, uri: String::new() },
                text => Step::Set { directive: None, value: text.to_owned() },
            };
            TracedStep { request, within, step }
        };
        let steps = [
            step(1, None, "a"),
            step(2, Some(1), "auth"),
            step(1, None, "b"),
            step(1, None, "mirror"),
            step(1, None, "mirror"),
            step(1, None, "c"),
            step(3, Some(1), "first"),
            step(4, Some(1), "second"),
            step(1, None, "d"),
            step(3, Some(1), "end"),
        ];
        let ordered = in_pieces(&steps);
        let texts: Vec<&str> = ordered
            .iter()
            .map(|step| match &step.step {
                Step::Set { value, .. } => value.as_str(),
                _ => "mirror",
            })
            .collect();
        assert_eq!(texts, ["a", "auth", "b", "mirror", "first", "end", "mirror", "second", "c", "d"]);
    }
}
