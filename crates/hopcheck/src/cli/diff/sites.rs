//! The two live sites of `hopcheck diff`.

use std::path::Path;
use std::sync::Arc;

use hopcheck_site::profile::Profile;
use hopcheck_targets::target::Deployment;
use url::Url;

use crate::cli::exit::Error;
use crate::cli::targets::{TargetName, live_profile};

/// Contacts both. The second is asked as the first, by its name and `Host`, at the address of its own; unless the profile has a
/// section for it, which says how.
pub(super) async fn open(
    targets: &[TargetName],
    profile: Option<&Path>,
) -> Result<[Arc<Deployment>; 2], Error> {
    let [TargetName::Live { name: old, url: old_url }, TargetName::Live { name: new, url: new_url }] =
        targets
    else {
        return Err("a live site can only be compared with another one\n  help: name both, by `--target URL --target URL`".into());
    };
    let first = live_profile(old, old_url.as_deref(), profile)?;
    let second = match new_url {
        Some(url) if !has_section(new, profile) => moved(&first, url)?,
        _ => live_profile(new, new_url.as_deref(), profile)?,
    };
    let old = Deployment::open(old, first).await?;
    let new = Deployment::open(new, second).await?;
    Ok([Arc::new(old), Arc::new(new)])
}

/// Whether the profile says how to ask `name`.
fn has_section(name: &str, profile: Option<&Path>) -> bool {
    live_profile(name, None, profile).is_ok()
}

/// The site of `profile` at the address of `url`.
fn moved(profile: &Profile, url: &str) -> Result<Profile, Error> {
    let unusable = |error| format!("{url:?} is not a URL, such as \"https://203.0.113.7\": {error}");
    let mut moved = profile.clone();
    let at = Url::parse(url).map_err(|error| unusable(error.to_string()))?;
    let (Some(host), Some(port)) = (at.host_str(), at.port_or_known_default()) else {
        return Err(unusable("it has no host".to_owned()).into());
    };
    let name = profile.url.as_deref().and_then(|url| url.split_once("://")).map_or(host, |(_, rest)| rest);
    moved.url = Some(format!("{}://{name}", at.scheme()));
    moved.connect.address = Some(format!("{host}:{port}"));
    Ok(moved)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_address_is_asked_by_the_name_of_the_first() {
        let first = Profile { url: Some("https://shop.example.com".to_owned()), ..Profile::default() };
        for (url, asked, address) in [
            ("https://203.0.113.7", "https://shop.example.com", "203.0.113.7:443"),
            ("http://new.example.com:8080", "http://shop.example.com", "new.example.com:8080"),
            ("https://[2001:db8::7]/", "https://shop.example.com", "[2001:db8::7]:443"),
        ] {
            let moved = moved(&first, url).unwrap();
            assert_eq!(
                (moved.url.as_deref(), moved.connect.address.as_deref()),
                (Some(asked), Some(address))
            );
        }
        assert!(moved(&first, "https://").is_err());
    }
}
