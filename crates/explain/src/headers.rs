//! Where each header of the answer comes from, and where those that are not in it were lost.

use reference_proxy::trace::{Directive, Field, HeaderChange, Omission, Outcome, Step, TracedStep};

use crate::explanation::{AnsweredField, Lost, Origin};

/// What `X-Accel-Redirect` leaves of an app server's answer.
const KEPT_HEADERS: [&str; 4] = ["Set-Cookie", "Content-Disposition", "Cache-Control", "Expires"];

/// Headers that describe a file.
const FILE_HEADERS: [&str; 6] =
    ["Content-Type", "Content-Length", "Last-Modified", "ETag", "Accept-Ranges", "Content-Range"];

/// Headers that the proxy always writes itself.
const OWN_HEADERS: [&str; 4] = ["Date", "Connection", "Keep-Alive", "Transfer-Encoding"];

/// What the steps so far mean for the headers of the answer.
#[derive(Debug, Default)]
struct Known<'s> {
    /// Fields that directives have put into the answer.
    added: Vec<(&'s Field, &'s Option<Directive>)>,
    /// Fields that directives have given another value.
    rewritten: Vec<(&'s Field, &'s str, &'s Option<Directive>)>,
    /// What the app server has sent, if its answer is the one that the client gets.
    app: Vec<&'s Field>,
    /// Whether an answer that was kept is given.
    is_cached: bool,
    /// Whether a file is.
    is_file: bool,
    /// The directive that answers with a redirect, and where to.
    redirect: Option<(&'s str, &'s Option<Directive>)>,
    /// The directive that asks for a password.
    password: Option<&'s Directive>,
    lost: Vec<Lost>,
}

/// The headers of the answer to the client's own request, and those that are not in it.
pub(crate) fn of(steps: &[TracedStep]) -> (Vec<AnsweredField>, Vec<Lost>) {
    let mut known = Known::default();
    let mut response: &[Field] = &[];
    for step in steps.iter().filter(|step| step.within.is_none()) {
        match &step.step {
            Step::Response { fields, .. } => response = fields,
            step => known.take(step),
        }
    }
    let Known { lost, .. } = &known;
    let lost = lost.iter().map(|lost| known.with_instead(lost)).collect();
    // What is added comes last.
    let mut fields: Vec<AnsweredField> = response.iter().rev().map(|field| known.field(field)).collect();
    fields.reverse();
    (fields, lost)
}

impl<'s> Known<'s> {
    fn take(&mut self, step: &'s Step) {
        match step {
            Step::Header { directive, field } => {
                // A head may be made twice before it is sent.
                self.added.retain(|(other, by)| !(other.name == field.name && *by == directive));
                self.added.push((field, directive));
            }
            Step::Omitted { directive, why } => {
                let lost = Lost::Configured { directive: directive.clone(), why: *why, instead: None };
                if !self.lost.contains(&lost) {
                    self.lost.push(lost);
                }
            }
            Step::Answered { fields, .. } => {
                self.app = fields.iter().collect();
                self.is_file = false;
            }
            Step::Changed { field, change, directive } => match change {
                HeaderChange::Hidden => {
                    self.lost.push(Lost::Hidden { field: field.clone(), directive: directive.clone() });
                }
                HeaderChange::Rewritten(new) => self.rewritten.push((field, new, directive)),
            },
            Step::Cache { status, .. } => {
                self.is_cached = !matches!(status.as_str(), "MISS" | "BYPASS" | "-")
            }
            // The answer to what is not there is of the proxy.
            Step::File { status, .. } => self.is_file = *status < 400,
            Step::Return { directive, text: Some(text), .. } => self.redirect = Some((text, directive)),
            Step::Rewrite { directive, to: Some(to), status: Some(_), .. } => {
                self.redirect = Some((to, directive));
            }
            Step::Location { candidates, directive, .. } => {
                let lacks_slash = candidates.iter().any(|one| one.outcome == Outcome::LacksSlash);
                self.redirect = lacks_slash.then_some(("/", directive));
            }
            Step::Password { directive: Some(directive), allowed: false, .. } => {
                self.password = Some(directive);
            }
            Step::Accel { .. } => {
                self.app.retain(|field| {
                    KEPT_HEADERS.iter().any(|kept| field.name.eq_ignore_ascii_case(kept))
                        || field.name.eq_ignore_ascii_case("Content-Type")
                });
            }
            Step::ErrorPage { .. } => {
                self.app.clear();
                self.is_file = false;
            }
            _ => {}
        }
    }

    fn field(&mut self, field: &Field) -> AnsweredField {
        let Field { name, value } = field;
        let told = |origin, directive: Option<&Directive>| AnsweredField {
            name: name.clone(),
            value: value.clone(),
            origin,
            directive: directive.cloned(),
        };
        let is_named = |other: &&Field| other.name.eq_ignore_ascii_case(name);
        let added = self.added.iter().rposition(|(other, _)| is_named(other) && other.value == *value);
        if let Some(nth) = added {
            let (_, directive) = self.added.remove(nth);
            return told(Origin::Directive, directive.as_ref());
        }
        let rewritten = self.rewritten.iter().find(|(other, new, _)| {
            is_named(other) && (value == new || new.starts_with('/') && value.ends_with(*new))
        });
        if let Some((_, _, directive)) = rewritten {
            return told(Origin::Directive, directive.as_ref());
        }
        let is_type = name.eq_ignore_ascii_case("Content-Type");
        let is_apps = |other: &&&Field| {
            is_named(other) && (other.value == *value || is_type && value.starts_with(&other.value))
        };
        let is_own = OWN_HEADERS.iter().any(|own| name.eq_ignore_ascii_case(own));
        if !is_own && self.app.iter().any(|other| is_apps(&other)) {
            return told(Origin::App, None);
        }
        if let (true, Some((to, directive))) = (name.eq_ignore_ascii_case("Location"), self.redirect)
            && value.ends_with(to)
        {
            return told(Origin::Directive, directive.as_ref());
        }
        if let (true, Some(directive)) = (name.eq_ignore_ascii_case("WWW-Authenticate"), self.password) {
            return told(Origin::Directive, Some(directive));
        }
        if self.is_file && FILE_HEADERS.iter().any(|one| name.eq_ignore_ascii_case(one)) {
            return told(Origin::File, None);
        }
        told(if self.is_cached && !is_own { Origin::App } else { Origin::Proxy }, None)
    }

    /// The same with the directive that is in force in place of one that is not inherited.
    fn with_instead(&self, lost: &Lost) -> Lost {
        let Lost::Configured { directive, why: Omission::NotInherited, .. } = lost else {
            return lost.clone();
        };
        let alike = |other: &&Directive| other.name == directive.name;
        let added = self.added.iter().filter_map(|(_, by)| by.as_ref()).find(alike);
        let omitted = self.lost.iter().find_map(|other| match other {
            Lost::Configured { why: Omission::NotInherited, .. } | Lost::Hidden { .. } => None,
            Lost::Configured { directive, .. } => Some(directive).filter(alike),
        });
        Lost::Configured {
            directive: directive.clone(),
            why: Omission::NotInherited,
            instead: added.or(omitted).cloned(),
        }
    }
}
