//! The pictures of a run: of each configuration once, with what became of each route by all targets.

use maud::{Markup, html};

use super::super::verdict;
use super::explained::{explained, script};
use super::picture::{picture, style};
use super::route_verdict::RouteVerdict;
use crate::model::{Record, Report, TargetResults};
use crate::site_map::SiteMap;

/// A configuration with the targets that it was tested by.
struct Mapped<'a> {
    name: &'a str,
    map: &'a SiteMap,
    /// Each with its number in the report.
    targets: Vec<(usize, &'a TargetResults)>,
}

/// What was tested, as a picture.
pub(crate) fn section(report: &Report) -> Markup {
    let mut configurations: Vec<Mapped<'_>> = Vec::new();
    for (number, target) in report.targets.iter().enumerate() {
        let Some(map) = &target.site else { continue };
        let is_map = |other: &SiteMap| other.servers == map.servers && other.upstreams == map.upstreams;
        let same = |one: &&mut Mapped<'_>| one.name == target.configuration && is_map(one.map);
        match configurations.iter_mut().find(same) {
            Some(known) => known.targets.push((number, target)),
            None => configurations.push(Mapped {
                name: &target.configuration,
                map,
                targets: vec![(number, target)],
            }),
        }
    }
    if configurations.is_empty() {
        return html! {};
    }
    html! {
        section aria-labelledby="routes" {
            h2 #routes { "Routes" }
            (style())
            p.quiet {
                "Each server with its locations, in the order in which nginx tries them, and where they lead. "
                "What is broken, or warned of, leads to its failures."
            }
            @for (nth, mapped) in configurations.iter().enumerate() {
                @if configurations.len() > 1 { p { b { (mapped.name) } } }
                (picture(mapped.map, &|number| mapped.verdict(number)))
                (explained(&mapped.map.explained, nth))
            }
            @if configurations.iter().any(|mapped| !mapped.map.explained.is_empty()) { (script()) }
        }
    }
}

impl Mapped<'_> {
    /// What became of the route with this number; `None` where nothing was asked of it.
    fn verdict(&self, number: usize) -> Option<RouteVerdict> {
        let mut records: Vec<(String, &Record)> = Vec::new();
        for (nth, target) in &self.targets {
            let all = target.records.iter().enumerate();
            let here = all.filter(|(_, record)| record.route == Some(number));
            records.extend(here.map(|(index, record)| (format!("#f{nth}-{index}"), record)));
        }
        if records.is_empty() {
            return None;
        }
        let (class, mark, words) =
            verdict::together(&records.iter().map(|(_, record)| *record).collect::<Vec<_>>());
        let worst = records.iter().find(|(_, record)| record.fails());
        let worst = worst.or_else(|| records.iter().find(|(_, record)| record.warns()));
        Some(RouteVerdict { class, mark, words, link: worst.map(|(link, _)| link.clone()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Verdict;
    use crate::sample;
    use hopcheck_site::Site;

    fn report() -> Report {
        let text =
            "http { server { location /a { proxy_pass http://a; }\n location /b { proxy_pass http://b; } } }";
        let record = |name: &str, route, verdict| Record { route, ..sample::record(name, verdict) };
        let mut report = sample::report(vec![
            record("one", Some(0), Verdict::Kept),
            record("two", Some(1), Verdict::Kept),
            record("three", Some(1), sample::broken("no")),
            record("four", None, sample::broken("of no route")),
        ]);
        report.targets[0].site = Some(SiteMap::of(&Site::read(text, "nginx.conf", &|_| Vec::new()).unwrap()));
        report
    }

    #[test]
    fn a_broken_route_is_a_click_away_from_its_failure() {
        let page = super::super::super::report(&report());
        assert!(
            page.contains("class=\"m-route good\" role=\"img\" aria-label=\"/a…: 1 kept; api, "),
            "{page}"
        );
        assert!(
            page.contains("<a href=\"#f0-2\" class=\"m-route bad\" aria-label=\"/b…: 1 of 2 broken; api, "),
            "{page}"
        );
        assert!(page.contains("id=\"f0-2\"") && page.contains("<a href=\"#routes\">"), "{page}");
    }

    #[test]
    fn two_targets_of_one_configuration_share_its_picture() {
        let mut both = report();
        let mut other = both.targets[0].clone();
        other.records[0].verdict = sample::broken("here alone");
        both.targets.push(other);
        let section = section(&both).into_string();
        assert_eq!(section.matches("<svg").count(), 1, "{section}");
        assert!(
            section.contains("href=\"#f1-0\" class=\"m-route bad\" aria-label=\"/a…: 1 of 2 broken"),
            "{section}"
        );
    }

    #[test]
    fn a_deployment_has_no_picture() {
        assert_eq!(section(&sample::report(Vec::new())).into_string(), "");
    }
}
