//! The versions of HTTP that a live site is asked over: the same promises over each that it offers.

use gherkin::Feature;

use super::select::BROWSER_TAG;
use hopcheck_targets::target::DeploymentInfo;

/// The tag of features, or scenarios, whose promise is one of HTTP/1.1 alone.
const HTTP1_TAG: &str = "http1";

/// The tag of features whose requests open WebSockets, which few sites let be done over HTTP/2 (RFC 8441).
const WEBSOCKET_TAG: &str = "socket";

/// The tag of features that are asked over HTTP/2.
pub(super) const HTTP2_TAG: &str = "http2";

/// What is said of what is asked over HTTP/2.
const OVER_HTTP2: &str = " over HTTP/2";

/// `features`, and once more over HTTP/2 what the site lets be asked over it.
pub(super) fn over_each_version(mut features: Vec<Feature>, offers: &DeploymentInfo) -> Vec<Feature> {
    let is_asked = |tags: &[String]| match tags {
        // A browser chooses by itself.
        tags if tags.iter().any(|tag| tag == HTTP1_TAG || tag == BROWSER_TAG) => false,
        tags if tags.iter().any(|tag| tag == WEBSOCKET_TAG) => offers.offers_websocket_over_http2(),
        _ => offers.offers_http2(),
    };
    let mut again: Vec<Feature> =
        features.iter().filter(|feature| is_asked(&feature.tags)).cloned().collect();
    for feature in &mut again {
        feature.name.push_str(OVER_HTTP2);
        feature.tags.push(HTTP2_TAG.to_owned());
        let of_rules = feature.rules.iter_mut().flat_map(|rule| &mut rule.scenarios);
        for scenario in feature.scenarios.iter_mut().chain(of_rules) {
            scenario.name.push_str(OVER_HTTP2);
        }
    }
    features.extend(again);
    features
}
