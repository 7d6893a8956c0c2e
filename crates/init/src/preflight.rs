//! Finds out how preflights are answered.

use crate::client::{SiteClient, describe};
use crate::findings::{Field, Findings};
use hopcheck_clients::{Destination, Request, Response};

const PATH: Field = ("preflight", "path");

/// The origin in the scenarios' requests.
const ORIGIN: &str = "http://shop.test";

/// Each header of the response, and its field.
const HEADERS: [(&str, Field); 4] = [
    ("Access-Control-Allow-Origin", ("preflight", "allow-origin")),
    ("Access-Control-Allow-Methods", ("preflight", "allow-methods")),
    ("Access-Control-Allow-Headers", ("preflight", "allow-headers")),
    ("Access-Control-Max-Age", ("preflight", "max-age")),
];

/// Sends a preflight for `api`, or else for the whole API, and notes what the response allows.
pub(super) async fn explore(client: &SiteClient<'_>, api: Option<&str>, findings: &mut Findings<'_>) {
    let path = api.unwrap_or("/api/");
    let request = Request::new("OPTIONS", path)
        .header("Origin", ORIGIN)
        .header("Access-Control-Request-Method", "POST")
        .header("Access-Control-Request-Headers", "content-type");
    let answer = client.ask(request, Destination::OtherApi).await;
    match &answer {
        Ok(response) if HEADERS.iter().any(|(name, _)| response.value(name).is_some()) => {
            record(path, response, findings);
        }
        _ => {
            let why = format!(
                "OPTIONS {path} is not answered as a preflight: {}, without CORS headers",
                describe(&answer)
            );
            findings.missing(PATH, why);
        }
    }
}

fn record(path: &str, response: &Response, findings: &mut Findings<'_>) {
    let status = response.status;
    if !(200..300).contains(&status) {
        findings.fact(format!("OPTIONS {path} is answered with {status}, after which no browser goes on"));
    }
    for (name, field) in HEADERS {
        match (response.value(name), field.1) {
            (None, _) => findings.missing(field, format!("the response to OPTIONS {path} has no {name}")),
            (Some(ORIGIN), _) => {
                let why = "the request's origin is echoed; decide whose pages may ask";
                findings.suggested(field, "https://shop.example.com", why);
            }
            (Some(value), "max-age") => match value.parse::<u32>() {
                Ok(seconds) => findings.found(field, i64::from(seconds), ""),
                Err(_) => findings.missing(field, format!("{value:?} is not a number of seconds")),
            },
            (Some(value), _) => findings.found(field, value, ""),
        }
    }
}
