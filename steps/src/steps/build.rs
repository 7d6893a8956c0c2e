//! The files of a build, as any site serves them.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, SystemTime};

use cucumber::{given, then, when};

use super::page::{media_type, types_of};
use crate::ensure;
use crate::failure::Checked;
use crate::world::World;
use hopcheck_clients::{Request, Response};
use hopcheck_site::Kind;

/// Files as builds name them, with and without a hash, in the directories that are usual for them.
const BUILD_FILES: [&str; 6] = [
    "hopcheck.js",
    "hopcheck.css",
    "hopcheck.svg",
    "assets/hopcheck-5814969b.js",
    "static/js/hopcheck.5814969b.js",
    "static/css/hopcheck.5814969b.css",
];

/// From the Unix epoch to the beginning of 1980.
const YEAR_1980: Duration = Duration::from_secs(315_532_800);

/// Puts some files of a build into every directory that the configuration names for files.
#[given(expr = "the build has scripts, style sheets and pictures")]
async fn build_files(world: &mut World) -> Checked {
    let scene = world.scene().await?;
    let site = scene.stage().source.site.clone();
    let files = || site.routes().map(|(_, route)| route).filter(|route| !route.roots.is_empty());
    // Below which paths builds are asked for.
    let paths: BTreeSet<&str> =
        files().filter(|route| route.is_front_page()).map(|route| &*route.path).collect();
    for route in files() {
        for (path, file) in paths.iter().flat_map(|path| BUILD_FILES.map(|file| (path, file))) {
            let asked = format!("{}/{file}", path.trim_end_matches('/'));
            let inside = match (route.content, route.alias) {
                (Kind::Files | Kind::FrontEnd, true) => asked.strip_prefix(route.path.trim_end_matches('/')),
                (Kind::Files | Kind::FrontEnd, false) => Some(&*asked),
                _ => None,
            };
            let Some(inside) = inside else { continue };
            for root in &route.roots {
                let inside = inside.trim_start_matches('/');
                let path = scene.place(&format!("{}/{inside}", root.trim_end_matches('/')));
                fs::create_dir_all(path.parent().unwrap_or(&path))?;
                fs::write(&path, file)?;
                fs::set_permissions(path, fs::Permissions::from_mode(0o644))?;
            }
        }
    }
    Ok(())
}

/// Asks for these files.
#[when(expr = "the client asks for each of these files below {string}")]
async fn asks_for_build(world: &mut World, path: String) -> Checked {
    world.begin();
    let path = world.text(&path);
    for file in BUILD_FILES {
        world.ask(Request::new("GET", &format!("{path}{file}"))).await?;
    }
    Ok(())
}

/// Writes a file below the directories that the configuration names, with commas between them, last changed at the beginning of 1980: the time that reproducible
/// builds often give to all files.
#[given(expr = "the directory {string} has the file {string} of 1980 with the content {string}")]
async fn file_of_1980(world: &mut World, directories: String, name: String, content: String) -> Checked {
    for directory in directories.split(", ") {
        let path = world.scene().await?.place(directory).join(&name);
        fs::create_dir_all(path.parent().unwrap_or(&path))?;
        fs::write(&path, &content)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644))?;
        let file = fs::File::options().write(true).open(path)?;
        file.set_modified(SystemTime::UNIX_EPOCH + YEAR_1980)?;
    }
    Ok(())
}

/// Asks as a browser does that has kept the latest response: whether it has changed since.
#[when(expr = "a browser asks for the same again")]
async fn asks_again(world: &mut World) -> Checked {
    let response = world.response()?;
    let is_kept =
        !response.values("cache-control").any(|value| value.to_ascii_lowercase().contains("no-store"));
    let conditions = [("etag", "If-None-Match"), ("last-modified", "If-Modified-Since")];
    let conditions = conditions.into_iter().filter(|_| is_kept);
    let target = world.request.as_ref().map(|request| request.target.as_str()).unwrap_or_default();
    let request = conditions.fold(Request::new("GET", target), |request, (validator, condition)| {
        match response.value(validator) {
            Some(value) => request.header(condition, value),
            None => request,
        }
    });
    world.begin();
    world.ask(request).await?;
    Ok(())
}

/// Each of them has come, unless an app server has it.
#[then(expr = "each of these files comes")]
async fn each_comes(world: &mut World) -> Checked {
    let any = from_files(world).any(|(file, response)| is_file(file, response));
    let page = world.page().await?;
    // Where the page stands for every path, files are in a directory of their own.
    let is_for_page = |response: &Response| any && page.differs(response).is_none();
    for (file, response) in from_files(world).filter(|(_, response)| !is_for_page(response)) {
        ensure!(
            is_file(file, response),
            "the build has /{file}, but the response is {} as {:?}: which `location` does that path fall into, and what is its \
             `root`?",
            response.status,
            response.value("content-type").unwrap_or_default()
        );
    }
    Ok(())
}

/// Each that has come has a type that browsers take for it.
#[then(expr = "each of these files has its type")]
async fn each_has_its_type(world: &mut World) -> Checked {
    for (file, response) in from_files(world).filter(|(file, response)| is_file(file, response)) {
        // Of several browsers take the last.
        let seen = response.values("content-type").last().unwrap_or_default();
        let wanted = types_of(file);
        ensure!(
            wanted.contains(&media_type(seen)),
            "/{file} comes as {seen:?}, not as {}: see `types`",
            wanted.join(" or ")
        );
    }
    Ok(())
}

/// The answers so far that no app server has given, each with the file that was asked for.
fn from_files(world: &World) -> impl Iterator<Item = (&'static str, &Response)> {
    let answers = BUILD_FILES.into_iter().zip(world.batch());
    answers.filter(|(_, response)| !world.is_from_app_server(response))
}

/// Whether a response is that file of the build.
fn is_file(file: &str, response: &Response) -> bool {
    response.status == 200 && response.body == file.as_bytes()
}
