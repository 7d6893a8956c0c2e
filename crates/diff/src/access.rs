//! Who is let in by address: `allow` and `deny` as one set, since nginx goes by the first that fits (`ngx_http_access_module`).

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr};

use hopcheck_site::Node;

/// A kind of address that rules are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    V4,
    V6,
    Unix,
}

/// All of them.
const FAMILIES: [Family; 3] = [Family::V4, Family::V6, Family::Unix];

/// Addresses from one to another, as numbers.
type Range = (u128, u128);

/// One `allow` or `deny`, for a family.
type Rule = (Family, Range, bool);

impl Family {
    fn last(self) -> u128 {
        match self {
            Family::V4 => u128::from(u32::MAX),
            Family::V6 => u128::MAX,
            Family::Unix => 0,
        }
    }

    /// Of addresses written as numbers: `10.0.0.0/8`, `10.0.0.5`, or from one to another.
    fn text(self, (first, last): Range) -> String {
        let one = |number: u128| match self {
            Family::V4 => Ipv4Addr::from(u32::try_from(number).unwrap_or(u32::MAX)).to_string(),
            Family::V6 => Ipv6Addr::from(number).to_string(),
            Family::Unix => "unix:".to_owned(),
        };
        let bits = if self == Family::V4 { 32 } else { 128 };
        let size = last - first;
        match size {
            0 => one(first),
            _ if (size & size.wrapping_add(1)) == 0 && first & size == 0 => {
                format!("{}/{}", one(first), bits - (128 - size.leading_zeros()))
            }
            _ => format!("{} to {}", one(first), one(last)),
        }
    }

    /// Which of its addresses are let in, or not: by the first rule that fits, and where none does they are.
    fn with(self, rules: &[Rule], wanted: bool) -> Vec<Range> {
        let own: Vec<&Rule> = rules.iter().filter(|(family, ..)| *family == self).collect();
        let mut borders = BTreeSet::from([0]);
        for (_, (first, last), _) in &own {
            borders.insert(*first);
            borders.extend(last.checked_add(1).filter(|next| *next <= self.last()));
        }
        let ends = borders.iter().skip(1).map(|next| next - 1).chain([self.last()]);
        let mut found: Vec<Range> = Vec::new();
        for (first, last) in borders.iter().copied().zip(ends) {
            let rule = own.iter().find(|(_, (from, to), _)| (*from..=*to).contains(&first));
            if rule.is_none_or(|(.., allowed)| *allowed) != wanted {
                continue;
            }
            match found.last_mut().filter(|(_, end)| end.checked_add(1) == Some(first)) {
                Some((_, end)) => *end = last,
                None => found.push((first, last)),
            }
        }
        found
    }
}

/// Who is let in by the rules that hold, which are those of the innermost level that has any; `None` where all are.
pub(crate) fn let_in(levels: &[&[Node]]) -> Option<String> {
    let is_rule = |node: &&Node| node.is("allow") || node.is("deny");
    let level = levels.iter().rev().find(|level| level.iter().any(|node| is_rule(&node)))?;
    let written = || level.iter().filter(is_rule);
    let mut rules: Vec<Rule> = Vec::new();
    for node in written() {
        let Some(ranges) = ranges(node.arg(0)) else {
            // No address: it is compared as it stands.
            let texts: Vec<String> = written().map(|node| node.head.clone()).collect();
            return Some(texts.join("; "));
        };
        rules.extend(ranges.into_iter().map(|(family, range)| (family, range, node.is("allow"))));
    }
    let texts = |wanted: bool| -> Vec<String> {
        let of =
            |family: Family| family.with(&rules, wanted).into_iter().map(move |range| family.text(range));
        FAMILIES.into_iter().flat_map(of).collect()
    };
    let (allowed, denied) = (texts(true), texts(false));
    match (allowed.len(), denied.len()) {
        (_, 0) => None,
        (0, _) => Some("nobody".to_owned()),
        (many, few) if few < many => Some(format!("all but {}", denied.join(", "))),
        _ => Some(allowed.join(", ")),
    }
}

/// The addresses of one rule; `None` where it has none.
fn ranges(text: &str) -> Option<Vec<(Family, Range)>> {
    match text {
        "all" => return Some(FAMILIES.map(|family| (family, (0, family.last()))).to_vec()),
        "unix:" => return Some(vec![(Family::Unix, (0, 0))]),
        _ => {}
    }
    let (network, _) = nginx_conf::network(text)?;
    let family = if network.address.is_ipv4() { Family::V4 } else { Family::V6 };
    Some(vec![(family, network.range())])
}

#[cfg(test)]
mod tests {
    use hopcheck_targets::conf::Source;

    use super::*;

    fn nodes(rules: &str) -> Vec<Node> {
        let source = Source::built_in().with_text(format!("http {{ {rules} }}"));
        source.expand().unwrap().into_iter().flat_map(|http| http.inner).collect()
    }

    fn text(rules: &str) -> Option<String> {
        let_in(&[&nodes(rules)])
    }

    #[test]
    fn what_means_the_same_is_the_same() {
        for (one, other) in [
            (
                "allow 10.0.0.0/8; allow 192.168.0.0/16; deny all;",
                "allow 192.168.0.0/16; allow 10.0.0.0/8; deny all;",
            ),
            ("allow 10.1.2.3/8; deny all;", "allow 10.0.0.0/8; allow 10.5.0.0/16; deny all;"),
            ("deny all;", "deny 0.0.0.0/0; deny ::/0; deny unix:;"),
            ("allow 2001:db8:0:0::/32; deny all;", "allow 2001:db8::/32; deny all;"),
            ("allow all;", "allow 10.0.0.0/8;"),
        ] {
            assert_eq!(text(one), text(other), "{one} and {other}");
        }
    }

    #[test]
    fn the_first_rule_that_fits_decides() {
        assert_eq!(text("allow 10.0.0.0/8; deny all;").unwrap(), "10.0.0.0/8");
        assert_eq!(text("allow 10.0.0.0/8; deny 10.0.0.5; deny all;").unwrap(), "10.0.0.0/8");
        assert_eq!(
            text("deny 10.0.0.5; allow 10.0.0.0/8; deny all;").unwrap(),
            "10.0.0.0 to 10.0.0.4, 10.0.0.6 to 10.255.255.255"
        );
        assert_eq!(text("deny 10.0.0.5;").unwrap(), "all but 10.0.0.5");
        assert_eq!(text("allow unix:; deny all;").unwrap(), "unix:");
        assert_eq!(text("deny all;").unwrap(), "nobody");
        assert_eq!(text("allow all; deny all;"), None);
        assert_eq!(text("allow $them; deny all;").unwrap(), "allow $them; deny all");
    }

    #[test]
    fn the_innermost_level_with_any_rule_holds() {
        let (outer, inner) = (nodes("allow 10.0.0.0/8; deny all;"), nodes("allow all;"));
        assert_eq!(let_in(&[&outer, &inner]), None);
        assert_eq!(let_in(&[&outer, &nodes("root /srv;")]).unwrap(), "10.0.0.0/8");
    }
}
