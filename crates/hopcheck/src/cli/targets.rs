//! The values of `--target`, and the profile of a deployment.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use super::container;
use super::exit::Error;
use hopcheck_site::profile::{FILE, Profile};
use hopcheck_targets::conf::Source;
use hopcheck_targets::setting::Setting;
use hopcheck_targets::stage::Stage;
use hopcheck_targets::target::{Deployment, InstalledNginx, Reference};

/// A value of `--target`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TargetName {
    /// The reference proxy: no Docker, answers in seconds.
    Reference,
    /// nginx in a container; of this image, if one is named.
    Nginx(Option<String>),
    /// An nginx that is installed on this machine.
    Installed(PathBuf),
    /// A deployment: by its URL, by the name of its section in the profile, or both.
    Live {
        /// The name, as reports have it.
        name: String,
        /// `https://shop.example.com`, if it was given.
        url: Option<String>,
    },
}

impl FromStr for TargetName {
    type Err = String;

    fn from_str(text: &str) -> Result<TargetName, String> {
        let live = |name: &str, url: Option<&str>| TargetName::Live {
            name: name.to_owned(),
            url: url.map(str::to_owned),
        };
        let is_url = |text: &str| text.starts_with("http://") || text.starts_with("https://");
        let is_name = |text: &str| {
            !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
        };
        match (text, text.split_once('=')) {
            ("reference", _) => Ok(TargetName::Reference),
            ("nginx", _) => Ok(TargetName::Nginx(None)),
            (_, Some(("nginx", program))) if program.starts_with(['/', '.']) => {
                Ok(TargetName::Installed(PathBuf::from(program)))
            }
            (_, Some(("nginx", image))) if !image.is_empty() && !is_url(image) => {
                Ok(TargetName::Nginx(Some(image.to_owned())))
            }
            (url, _) if is_url(url) => {
                Ok(live(authority(url), Some(url)))
            }
            (_, Some((name, url))) if is_name(name) && is_url(url) => Ok(live(name, Some(url))),
            (name, None) if is_name(name) => Ok(live(name, None)),
            _ => Err("a target is reference, nginx, nginx=IMAGE, nginx=/PATH, a URL, NAME=URL or the name of a [target.NAME] \
                      section"
                .to_owned()),
        }
    }
}

impl TargetName {
    /// The name, as reports have it.
    pub(crate) fn name(&self) -> &str {
        match self {
            TargetName::Reference => "reference",
            TargetName::Nginx(_) | TargetName::Installed(_) => "nginx",
            TargetName::Live { name, .. } => name,
        }
    }

    /// Whether it is nginx in a container.
    pub(crate) fn is_container(&self) -> bool {
        matches!(self, TargetName::Nginx(_))
    }

    /// Whether it is a live deployment.
    pub(crate) fn is_live(&self) -> bool {
        matches!(self, TargetName::Live { .. })
    }

    /// Prepares the target: starts the container, or contacts the deployment.
    ///
    /// # Errors
    /// When it is not available; says what to do.
    pub(crate) async fn open(&self, source: &Source, profile: Option<&Path>) -> Result<Setting, Error> {
        let staged = |target| Setting::Staged(Arc::new(Stage { target, source: source.clone() }));
        Ok(match self {
            TargetName::Reference => staged(Box::new(Reference::new(std::env::current_exe()?)?)),
            TargetName::Nginx(image) => staged(container::start(image.as_deref()).await?),
            TargetName::Installed(program) => staged(Box::new(InstalledNginx::find(program).await?)),
            TargetName::Live { name, url } => {
                let profile = live_profile(name, url.as_deref(), profile)?;
                Setting::Live(Arc::new(Deployment::open(name, profile).await?))
            }
        })
    }
}

/// The profile of the deployment `name`: its section, or the whole profile if it has none and a URL is given.
///
/// # Errors
/// When the profile cannot be read, or does not have that name.
pub(crate) fn live_profile(name: &str, url: Option<&str>, file: Option<&Path>) -> Result<Profile, Error> {
    let (profile, path) = match file {
        Some(file) => (Profile::read(file)?, file.to_owned()),
        None => (Profile::beside(Path::new("."))?, PathBuf::from(FILE)),
    };
    let mut found = match (profile.of(name), url) {
        (Some(section), _) => section.clone(),
        (None, Some(_)) => profile,
        (None, None) => {
            let nearest =
                nearest_target(name, &profile).map(|nearest| format!("\n  help: did you mean {nearest}?"));
            let lacks = if path.exists() { "has no" } else { "does not exist and has no" };
            return Err(format!(
                "{name:?} is not a target: {} {lacks} section [target.{name}]{}{}\n  help: a target is reference, nginx, nginx=IMAGE, nginx=/PATH, a URL, \
                 NAME=URL or the name of such a section",
                path.display(),
                profile.known_targets(),
                nearest.unwrap_or_default()
            )
            .into());
        }
    };
    found.url = url.map(str::to_owned).or(found.url);
    Ok(found)
}

/// The host of a URL, with its port; without what may be secret before it or behind it.
fn authority(url: &str) -> &str {
    let (_, rest) = url.split_once("://").unwrap_or(("", url));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

/// The target whose name is spelt much like `name`.
fn nearest_target(name: &str, profile: &Profile) -> Option<String> {
    let known = ["reference", "nginx"].into_iter().chain(profile.target.keys().map(String::as_str));
    let nearest = known.min_by_key(|known| strsim::osa_distance(name, known))?;
    (strsim::osa_distance(name, nearest) <= 2).then(|| nearest.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live(name: &str, url: Option<&str>) -> Result<TargetName, String> {
        Ok(TargetName::Live { name: name.to_owned(), url: url.map(str::to_owned) })
    }

    #[test]
    fn targets_are_parsed() {
        assert_eq!("reference".parse(), Ok(TargetName::Reference));
        assert_eq!("nginx".parse(), Ok(TargetName::Nginx(None)));
        assert_eq!("nginx=nginx:1.28".parse(), Ok(TargetName::Nginx(Some("nginx:1.28".to_owned()))));
        assert_eq!("nginx=/usr/sbin/nginx".parse(), Ok(TargetName::Installed("/usr/sbin/nginx".into())));
        assert_eq!(
            "https://a.example:8443/".parse(),
            live("a.example:8443", Some("https://a.example:8443/"))
        );
        let with_password = "https://ann:p@a.example/?token=b";
        assert_eq!(with_password.parse(), live("a.example", Some(with_password)));
        assert_eq!("new-box=http://a".parse(), live("new-box", Some("http://a")));
        assert_eq!("staging".parse(), live("staging", None));
        for wrong in ["", "a=b", "=https://a", "ftp://a"] {
            assert!(wrong.parse::<TargetName>().is_err(), "{wrong}");
        }
    }
}
