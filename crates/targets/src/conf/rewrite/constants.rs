//! Variables that are another way to write what never changes: `set $upstream_port 8989;`.

use std::collections::HashMap;

use nginx_conf::syntax::Directive;

use crate::conf::proxy_pass::variable;

/// The fixed values that `set` gives variables in a block; `None` where there are several, or one that depends on the request.
#[derive(Debug, Default)]
pub(super) struct Constants(HashMap<String, Option<String>>);

impl Constants {
    /// Those of a block, whatever an `if` in it makes of them.
    pub(super) fn of(block: &[Directive]) -> Constants {
        let mut constants = Constants::default();
        constants.add(block, false);
        constants
    }

    fn add(&mut self, block: &[Directive], sometimes: bool) {
        for directive in block {
            if let (true, Some(name), Some(value)) = (directive.is("set"), directive.arg(0), directive.arg(1))
            {
                let name = name.trim_start_matches('$').to_ascii_lowercase();
                let value = Some(value.to_owned()).filter(|value| !sometimes && !value.contains('$'));
                let known = self.0.entry(name).or_insert_with(|| value.clone());
                if *known != value {
                    *known = None;
                }
            } else if directive.is("if") {
                self.add(directive.inner(), true);
            }
        }
    }
}

/// `text` with the values of such variables in their places, up to the first other variable. `blocks` are those around it, the
/// outermost first.
pub(super) fn substitute(blocks: &[Constants], text: &str) -> String {
    let mut known = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let (before, from) = rest.split_at(at);
        let Some((name, after)) = variable(from) else { break };
        let name = name.to_ascii_lowercase();
        let found = blocks.iter().rev().find_map(|block| block.0.get(&name));
        let Some(Some(value)) = found else { break };
        known.push_str(before);
        known.push_str(value);
        rest = after;
    }
    known + rest
}

#[cfg(test)]
mod tests {
    use nginx_conf::syntax::parse;

    use super::*;

    #[test]
    fn what_an_if_may_change_is_no_constant() {
        let block =
            parse("set $a x; set $b y; if ($c) { set $b z; } set $d $e; set $f 1; set $f 2;", "n").unwrap();
        let blocks = [Constants::of(&block)];
        let with = |text| substitute(&blocks, text);
        assert_eq!(with("$a://${A}:1$b/$a"), "x://x:1$b/$a");
        assert_eq!((with("$d"), with("$f"), with("no")), ("$d".into(), "$f".into(), "no".into()));
    }
}
