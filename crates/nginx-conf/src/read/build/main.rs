//! The whole configuration, when every file has been read.

use std::path::{Path, PathBuf};

use nix::unistd;

use crate::error::ConfigError;
use crate::model::{Config, ErrorLog, Level, LogTarget, User};
use crate::read::reader::Reader;

/// Puts the whole configuration together, which the file of that name contains.
pub(crate) fn config(mut reader: Reader, file: PathBuf) -> Result<Config, ConfigError> {
    let main = std::mem::take(&mut reader.main);
    let (prefix, as_root, version) = (reader.prefix.clone(), reader.as_root, reader.version);
    if !main.events {
        return Err(ConfigError::new("no \"events\" section in configuration")
            .help("add one: events { worker_connections 1024; }"));
    }
    let user = match main.user {
        Some(user) => user,
        None if as_root => Some(nobody()?),
        None => None,
    };
    let mut http = main.http;
    let worker_connections = main.worker_connections.unwrap_or(512);
    let listening = http.as_ref().map_or(0, |http| http.listen.len());
    if worker_connections <= listening {
        let message = format!(
            "{worker_connections} worker_connections are not enough for {listening} listening sockets"
        );
        return Err(ConfigError::new(message));
    }
    let error_log = or_default(main.error_log, &prefix);
    for location in http.iter_mut().flat_map(|http| &mut http.locations) {
        if location.settings.error_log.is_empty() {
            location.settings.error_log.clone_from(&error_log);
        }
    }
    let (warnings, files) = reader.into_warnings_and_files();
    Ok(Config {
        version,
        files,
        user,
        worker_processes: main.worker_processes.unwrap_or(1),
        worker_connections,
        worker_shutdown_timeout: main.shutdown_timeout.filter(|time| !time.is_zero()),
        pid: main.pid.unwrap_or_else(|| prefix.join("logs/nginx.pid")),
        error_log,
        http,
        warnings,
        prefix,
        file,
    })
}

/// The logs, or nginx's default where there is none.
fn or_default(logs: Vec<ErrorLog>, prefix: &Path) -> Vec<ErrorLog> {
    if logs.is_empty() {
        let target = LogTarget::File(prefix.join("logs/error.log"));
        return vec![ErrorLog { target, level: Level::Error }];
    }
    logs
}

/// The account nginx falls back to: `nobody`, with the group of that name or, where there is none, `nogroup`.
fn nobody() -> Result<User, ConfigError> {
    let account = unistd::User::from_name("nobody").ok().flatten();
    let account = account.ok_or_else(|| ConfigError::new("getpwnam(\"nobody\") failed"))?;
    let group =
        ["nobody", "nogroup"].into_iter().find_map(|name| unistd::Group::from_name(name).ok().flatten());
    let group = group.ok_or_else(|| ConfigError::new("getgrnam(\"nobody\") failed"))?;
    Ok(User { name: account.name, uid: account.uid.as_raw(), gid: group.gid.as_raw() })
}
