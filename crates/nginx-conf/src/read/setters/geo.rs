//! `geo` and `split_clients`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::address::ipv4;
use crate::directive::Directive;
use crate::error::ConfigError;
use crate::model::{Geo, GeoValues, Network, SplitClients};
use crate::read::reader::{Reader, Setter};
use crate::read::values::network;
use crate::read::variables::{Definition, template, variable_of};
use crate::source::Word;

pub(super) const SETTERS: &[(&str, Setter)] = &[("geo", geo), ("split_clients", split_clients)];

/// The name of a variable, without the `$`.
fn variable_name<'w>(directive: &Directive, word: &'w Word) -> Result<&'w str, ConfigError> {
    let invalid = || {
        directive
            .error_at(word, format!("invalid variable name \"{}\"", word.text))
            .or_help(|| Some(format!("did you mean \"${}\"?", word.text)))
    };
    word.text.strip_prefix('$').ok_or_else(invalid)
}

/// `geo $variable { … }`, `geo $address $variable { … }`.
fn geo(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let (address, word) = match directive.arguments() {
        [address, word] => {
            variable_name(directive, address)?;
            (Some(variable_of(&mut reader.http.variables, directive, address, &address.text)?), word)
        }
        _ => (None, directive.argument(0)),
    };
    let name = variable_name(directive, word)?;
    let index = reader.http.geos.len();
    reader.http.variables.define(directive, word, name, Definition::Geo(index))?;
    let mut geo = Geo {
        address,
        values: GeoValues::Networks(Vec::new()),
        default: String::new(),
        proxies: Vec::new(),
        is_recursive: false,
    };
    let (mut is_empty, mut has_default) = (true, false);
    while let Some(entry) = reader.entry()? {
        match &entry.words[..] {
            [word] if word.text == "ranges" && is_empty => geo.values = GeoValues::Ranges(Vec::new()),
            [word] if word.text == "ranges" => {
                let message = "the \"ranges\" directive must be the first directive inside \"geo\" block";
                return Err(entry.error_at(word, message));
            }
            [word] if word.text == "proxy_recursive" => geo.is_recursive = true,
            [word, value] if word.text == "proxy" => {
                let proxy = cidr(reader, &entry, value)?;
                geo.proxies.push(proxy);
            }
            [word, value] if word.text == "default" => {
                if std::mem::replace(&mut has_default, true) {
                    warn_duplicate(reader, &entry, "network", word, value, &geo.default);
                }
                geo.default.clone_from(&value.text);
            }
            [word, value] => add(reader, &entry, &mut geo.values, word, value)?,
            _ => return Err(entry.error("invalid number of the geo parameters")),
        }
        is_empty = false;
    }
    reader.http.geos.push(geo);
    Ok(())
}

/// Adds a network or a range, or takes one away.
fn add(
    reader: &mut Reader,
    entry: &Directive,
    values: &mut GeoValues,
    word: &Word,
    value: &Word,
) -> Result<(), ConfigError> {
    let deletes = word.text == "delete";
    let which = if deletes { value } else { word };
    match values {
        GeoValues::Networks(networks) => {
            let network = cidr(reader, entry, which)?;
            let known = networks.iter().position(|(known, _)| *known == network);
            match (deletes, known.and_then(|index| networks.get_mut(index).map(|found| (index, found)))) {
                (true, Some((index, _))) => drop(networks.remove(index)),
                (true, None) => {
                    let message = format!("no network \"{}\" to delete", which.text);
                    reader.warn(&entry.error_at(which, message));
                }
                (false, Some((_, (_, old)))) => {
                    warn_duplicate(reader, entry, "network", word, value, old);
                    old.clone_from(&value.text);
                }
                (false, None) => networks.push((network, value.text.clone())),
            }
        }
        GeoValues::Ranges(ranges) => {
            let (first, last) = range(&which.text)
                .ok_or_else(|| entry.error_at(which, format!("invalid range \"{}\"", which.text)))?;
            let known = ranges.iter().position(|(a, b, _)| (*a, *b) == (first, last));
            match (deletes, known.and_then(|index| ranges.get_mut(index).map(|found| (index, found)))) {
                (true, Some((index, _))) => drop(ranges.remove(index)),
                (true, None) => {
                    let message = format!("no address range \"{}\" to delete", which.text);
                    reader.warn(&entry.error_at(which, message));
                }
                (false, Some((_, (_, _, old)))) => {
                    warn_duplicate(reader, entry, "range", word, value, old);
                    old.clone_from(&value.text);
                }
                (false, None) => {
                    insert(ranges, (first, last, value.text.clone())).map_err(|(first, last)| {
                        entry.error_at(which, format!("range \"{}\" overlaps \"{first}-{last}\"", which.text))
                    })?
                }
            }
        }
    }
    Ok(())
}

type Range = (Ipv4Addr, Ipv4Addr, String);

/// Inserts a range, which may lie inside of another one but not across its ends; then that one is the error.
fn insert(ranges: &mut Vec<Range>, new: Range) -> Result<(), (Ipv4Addr, Ipv4Addr)> {
    let (first, last, _) = new;
    let touched = ranges.iter().position(|(start, end, _)| *start <= last && first <= *end);
    if let Some(index) = touched {
        let (start, end, value) = ranges.remove(index);
        if first < start || last > end {
            return Err((start, end));
        }
        let below = (start < first).then(|| Ipv4Addr::from_bits(first.to_bits() - 1));
        let above = (last < end).then(|| Ipv4Addr::from_bits(last.to_bits() + 1));
        ranges.extend(below.map(|last| (start, last, value.clone())));
        ranges.extend(above.map(|first| (first, end, value)));
    }
    ranges.push(new);
    Ok(())
}

fn warn_duplicate(reader: &mut Reader, entry: &Directive, what: &str, word: &Word, value: &Word, old: &str) {
    let (name, value) = (&word.text, &value.text);
    let message = format!("duplicate {what} \"{name}\", value: \"{value}\", old value: \"{old}\"");
    let warning = entry.error_at(word, message);
    reader.warn(&warning);
    if name == "default" {
        // nginx has a tree for each version of IP.
        reader.warn(&warning);
    }
}

/// A network, without the bits of its address that do not count.
fn cidr(reader: &mut Reader, entry: &Directive, word: &Word) -> Result<Network, ConfigError> {
    let invalid = || entry.error_at(word, format!("invalid network \"{}\"", word.text));
    let (network, is_round) = network(&word.text).ok_or_else(invalid)?;
    if !is_round {
        let message = format!("low address bits of {} are meaningless", word.text);
        reader.warn(&entry.error_at(word, message));
    }
    let unused = |all: u32| all - u32::from(network.bits);
    let address = match network.address {
        IpAddr::V4(it) => {
            let bits = it.to_bits().checked_shr(unused(32)).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from_bits(bits.checked_shl(unused(32)).unwrap_or(0)))
        }
        IpAddr::V6(it) => {
            let bits = it.to_bits().checked_shr(unused(128)).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from_bits(bits.checked_shl(unused(128)).unwrap_or(0)))
        }
    };
    Ok(Network { address, ..network })
}

/// `10.0.0.1-10.0.0.9`.
fn range(text: &str) -> Option<(Ipv4Addr, Ipv4Addr)> {
    let (first, last) = text.split_once('-')?;
    let (first, last) = (ipv4(first)?, ipv4(last)?);
    (first <= last).then_some((first, last))
}

/// `split_clients text $variable { … }`.
fn split_clients(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let key = template(&mut reader.http.variables, directive, directive.argument(0))?;
    let word = directive.argument(1);
    let name = variable_name(directive, word)?;
    let index = reader.http.splits.len();
    reader.http.variables.define(directive, word, name, Definition::SplitClients(index))?;
    let (mut shares, mut total) = (Vec::new(), 0);
    while let Some(entry) = reader.entry()? {
        let [word, value, ..] = &entry.words[..] else {
            return Err(entry.error("a share of \"split_clients\" has no value"));
        };
        let end = match word.text.as_str() {
            "*" => None,
            text => {
                let invalid = || entry.error_at(word, format!("invalid percent value \"{text}\""));
                total += hundredths(text).filter(|share| *share > 0).ok_or_else(invalid)?;
                if total > 10_000 {
                    return Err(reader.error_here("percent total is greater than 100%"));
                }
                Some((total * u64::from(u32::MAX) / 10_000) as u32)
            }
        };
        shares.push((end, value.text.clone()));
    }
    reader.http.splits.push(SplitClients { key, shares });
    Ok(())
}

/// `12.34%` in hundredths of a percent.
fn hundredths(text: &str) -> Option<u64> {
    let number = text.strip_suffix('%')?;
    let (whole, rest) = number.split_once('.').unwrap_or((number, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 9 || rest.len() > 2 || !is_number(whole) || !is_number(rest) {
        return None;
    }
    Some(whole.parse::<u64>().ok()? * 100 + format!("{rest:0<2}").parse::<u64>().ok()?)
}
