//! Why a browser keeps something from a page, in words.

/// Why a request was blocked, for its reader.
pub(crate) fn blocked_reason(reason: &str) -> &str {
    match reason {
        "mixed-content" => "mixed content: it is asked by http from a page that came by https",
        "csp" => "the page's Content-Security-Policy does not allow it",
        "content-type" => "it comes as another type than it is used as, and with `nosniff`",
        other => other,
    }
}

/// Why a page may not read an answer, for its reader.
pub(crate) fn cors_error(error: &str, parameter: &str) -> String {
    let header = match error.strip_prefix("Preflight") {
        Some(_) => "the answer to the preflight",
        None => "the answer",
    };
    match error.strip_prefix("Preflight").unwrap_or(error) {
        "MissingAllowOriginHeader" => format!("{header} has no Access-Control-Allow-Origin"),
        "MultipleAllowOriginValues" => {
            format!("Access-Control-Allow-Origin of {header} has several values: {parameter}")
        }
        "AllowOriginMismatch" => format!("{header} lets {parameter} read it, not this page's origin"),
        "InvalidAllowOriginValue" => {
            format!("Access-Control-Allow-Origin of {header} is no origin: {parameter}")
        }
        "WildcardOriginNotAllowed" => {
            format!("{header} lets `*` read it, which does not hold for requests with credentials")
        }
        "InvalidAllowCredentials" => {
            format!("{header} has no `Access-Control-Allow-Credentials: true`")
        }
        "InvalidStatus" => "the preflight is not answered with 2xx".to_owned(),
        "DisallowedRedirect" => "the preflight is answered with a redirect".to_owned(),
        "HeaderDisallowedByPreflightResponse" => {
            format!("{header} to the preflight does not allow the header {parameter}")
        }
        "MethodDisallowedByPreflightResponse" => {
            format!("{header} to the preflight does not allow the method {parameter}")
        }
        _ => format!("CORS: {error} {parameter}").trim_end().to_owned(),
    }
}
