//! What becomes of a request, for whoever traces it.

use super::Exchange;
use crate::trace::{Directive, Phase, Step, Trace, Written, shown};
use nginx_conf::model::{LocationId, UpstreamServer};

/// The directives of the rewrite phase, one for each of its operations.
const REWRITE_DIRECTIVES: [&str; 5] = ["if", "set", "rewrite", "break", "return"];

/// The directives behind the rewrite phase that can end a request, in the order in which they have a say.
const LATER_DIRECTIVES: [(Phase, &[&str]); 6] = [
    (Phase::Preaccess, &["limit_req"]),
    (Phase::Preaccess, &["limit_conn"]),
    (Phase::Access, &["allow", "deny"]),
    (Phase::Access, &["auth_basic"]),
    (Phase::Access, &["auth_request"]),
    (Phase::Precontent, &["mirror"]),
];

impl Exchange<'_> {
    /// Tells a step to whoever traces the request. Nothing is made up if nobody does.
    #[inline]
    pub(crate) fn trace(&self, step: impl FnOnce(Written<'_>) -> Step) {
        if let Some(trace) = &self.trace {
            self.tell(trace, step);
        }
    }

    #[cold]
    fn tell(&self, trace: &Trace, step: impl FnOnce(Written<'_>) -> Step) {
        trace.tell(step(self.written()));
    }

    /// The configuration as it was written, seen from where the request is.
    pub(crate) fn written(&self) -> Written<'_> {
        let location = self.http.locations.get(self.level.0);
        let block = location.and_then(|location| location.directive);
        Written { outline: &self.cycle.config.outline, block }
    }

    /// The same, seen from a location.
    pub(crate) fn written_in(&self, id: LocationId) -> Written<'_> {
        let block = self.http.locations.get(id.0).and_then(|location| location.directive);
        self.written().from(block)
    }

    /// The directive of an operation of a location's rewrite phase.
    pub(crate) fn operation(&self, id: LocationId, nth: usize) -> Option<Directive> {
        self.written_in(id).own(&REWRITE_DIRECTIVES, nth)
    }

    /// Tells which directives have no say any more, as the request has ended with `last`; one of the rewrite phase if that is
    /// none of those behind it.
    pub(crate) fn trace_unreached(&self, last: &str) {
        if self.trace.is_none() {
            return;
        }
        let here = self.written();
        let ended = LATER_DIRECTIVES.iter().position(|(_, names)| names.contains(&last));
        let phase =
            ended.and_then(|nth| LATER_DIRECTIVES.get(nth)).map_or(Phase::Rewrite, |(phase, _)| *phase);
        let later = LATER_DIRECTIVES.iter().skip(ended.map_or(0, |nth| nth + 1));
        let mut directives: Vec<Directive> = later
            .flat_map(|(_, names)| here.in_force(names))
            .filter(|directive| !directive.text.ends_with(" off"))
            .collect();
        if self.settings.try_files.is_some() {
            directives.extend(here.own(&["try_files"], 0));
        }
        if self.settings.proxy_pass.is_some() {
            directives.extend(here.first(&["proxy_pass"]));
        }
        if !directives.is_empty() {
            self.trace(|_| Step::Unreached { phase, directives });
        }
    }

    /// The `map`, `geo` or `split_clients` of that number, with the line of an entry by its first word.
    pub(crate) fn data_block(
        &self,
        name: &str,
        nth: usize,
        is_entry: impl Fn(&str) -> bool,
    ) -> (Option<Directive>, Option<Directive>) {
        let here = self.written();
        let Some(http) = here.http() else { return (None, None) };
        let Some((block, _)) = here.outline.inside(Some(http)).filter(|(_, one)| one.is(name)).nth(nth)
        else {
            return (None, None);
        };
        let entry = here.outline.inside(Some(block)).find(|(_, entry)| is_entry(&entry.name));
        (here.directive(block), entry.and_then(|(entry, _)| here.directive(entry)))
    }

    /// The `upstream` of that name, and its `server` at an address.
    pub(crate) fn written_upstream(
        &self,
        name: &str,
        address: Option<&str>,
    ) -> (Option<Directive>, Option<Directive>) {
        let here = self.written();
        let named = |one: &nginx_conf::model::WrittenDirective| {
            one.is("upstream") && one.args.first().is_some_and(|it| it.eq_ignore_ascii_case(name))
        };
        let Some(block) = here.http().and_then(|http| here.inside(http, named)) else { return (None, None) };
        let upstream = self.http.upstreams.iter().find(|one| one.name.eq_ignore_ascii_case(name));
        let is_asked = |server: &&UpstreamServer| address == Some(server.address.to_string().as_str());
        let server =
            upstream.and_then(|upstream| upstream.servers.iter().find(is_asked)).and_then(|server| {
                here.inside(block, |one| {
                    one.is("server") && one.args.first().is_some_and(|it| *it == server.name)
                })
            });
        (here.directive(block), server.and_then(|server| here.directive(server)))
    }
}

/// A URI with its arguments.
pub(crate) fn shown_uri(uri: &[u8], args: &[u8]) -> String {
    match args {
        [] => shown(uri),
        args => format!("{}?{}", shown(uri), shown(args)),
    }
}
