//! Finds out how preflights are answered.

use crate::client::{SiteClient, describe};
use crate::findings::{Field, Findings};
use hopcheck_clients::{Request, Response};
use hopcheck_site::profile::{Profile, Words};

const PATH: Field = ("preflight", "path");

/// The origin in the scenarios' requests.
const ORIGIN: &str = "http://shop.test";

/// Each header of the response, its field, and its word in scenarios, which defaults to the document's value.
const HEADERS: [(&str, Field, &str); 4] = [
    ("Access-Control-Allow-Origin", ("preflight", "allow-origin"), "preflight.allow-origin"),
    ("Access-Control-Allow-Methods", ("preflight", "allow-methods"), "preflight.allow-methods"),
    ("Access-Control-Allow-Headers", ("preflight", "allow-headers"), "preflight.allow-headers"),
    ("Access-Control-Max-Age", ("preflight", "max-age"), "preflight.max-age"),
];

/// Sends a preflight for `api`, or else for the whole API, and notes where the response differs from the document.
pub(super) async fn explore(client: &SiteClient<'_>, api: Option<&str>, findings: &mut Findings<'_>) {
    let path = api.unwrap_or("/api/");
    let request = Request::new("OPTIONS", path)
        .header("Origin", ORIGIN)
        .header("Access-Control-Request-Method", "POST")
        .header("Access-Control-Request-Headers", "content-type");
    let answer = client.ask(&request).await;
    match &answer {
        Ok(response) if HEADERS.iter().any(|(name, ..)| response.value(name).is_some()) => {
            compare(path, response, findings);
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

fn compare(path: &str, response: &Response, findings: &mut Findings<'_>) {
    let document = Words::live(&Profile::default());
    let mut differs = response.status != 204;
    if differs {
        let status = response.status;
        findings.fact(format!(
            "OPTIONS {path} is answered with {status}; the document and the scenarios expect 204"
        ));
    }
    for (name, field, word) in HEADERS {
        let expected = document.get(word).unwrap_or_default();
        match response.value(name) {
            Some(value) if value == expected => continue,
            None => findings.missing(field, format!("the response to OPTIONS {path} has no {name}")),
            Some(value) => {
                let echoed = if value == ORIGIN { "the request's origin is echoed; " } else { "" };
                let note = format!("{echoed}the document has {expected}");
                match (field.1, value.parse::<u32>()) {
                    ("max-age", Ok(seconds)) => findings.found(field, i64::from(seconds), note),
                    ("max-age", Err(_)) => {
                        findings.missing(field, format!("{value:?} is not a number of seconds"))
                    }
                    _ => findings.found(field, value, note),
                }
            }
        }
        differs = true;
    }
    if !differs {
        findings.fact(format!("OPTIONS {path} is answered as in the document: [preflight] needs no fields"));
    }
}
