//! Where the URLs of a configuration go, for pages in which a reader looks one up.

use std::sync::Arc;

use hopcheck_explain::explain_examples;
use hopcheck_report::ExplainedUrl;
use hopcheck_site::Mask;
use hopcheck_targets::conf::Source;
use hopcheck_targets::stage::Stage;
use hopcheck_targets::target::Reference;

/// What becomes of an example of each route, by the reference proxy, without credentials. None where it does not run.
pub(super) async fn explained(source: &Source) -> Vec<ExplainedUrl> {
    let target = std::env::current_exe().map_err(|error| error.to_string());
    let target = target.and_then(|program| Reference::new(program).map_err(|error| error.to_string()));
    let Ok(target) = target else { return Vec::new() };
    // The URL says which port it is.
    let mut source = source.clone();
    source.port = None;
    let mut mask = Mask::of_credentials([]);
    mask.learn_configuration(&source.text);
    let stage = Arc::new(Stage { target: Box::new(target.traced()), source });
    let told = explain_examples(&stage).await;
    told.iter()
        .map(|one| ExplainedUrl {
            method: one.request.method.clone(),
            url: one.request.url.clone(),
            text: mask.text(&one.text(&|_, text| text.to_owned())),
        })
        .collect()
}
