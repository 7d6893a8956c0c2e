//! nginx in a container: one container per run, and in it one nginx per scenario.
//!
//! The container shares the host's network, so that nginx reaches the mock app servers on loopback and sees the clients'
//! addresses, and the directory of the run, under the same path. `serve.sh` in it starts and signals nginx on commands
//! through a FIFO, which takes milliseconds where `docker exec` takes a tenth of a second.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use hopcheck_targets::conf::Scratch;
use hopcheck_targets::target::{
    Proxy, ProxyState, RunDirectory, START_TIMEOUT, Signal, Target, TargetError, Verdict,
    create_run_directory,
};
use testcontainers::core::{ImageExt as _, Mount};
use testcontainers::runners::AsyncRunner as _;
use testcontainers::{ContainerAsync, GenericImage};
use tokio::time::{Instant, sleep};

use crate::blocking_drop::{BlockingDrop, CompleteOnDrop};

/// The script that runs in the container.
const SERVE_SCRIPT: &str = include_str!("../serve.sh");

/// The image used when none is named and no local build is present.
pub const OFFICIAL_IMAGE: &str = "nginx:1.29";

/// The image built by `nginx/image/build`, for when no registry can be reached.
pub const LOCAL_IMAGE: &str = "hopcheck/nginx:local";

/// Directories that nginx writes to by default.
const WRITABLE_DIRECTORIES: [&str; 4] = ["/var/cache/nginx", "/var/lib/nginx", "/var/log/nginx", "/run"];

/// The options of the container.
#[derive(Debug, Clone, Default)]
pub struct NginxOptions {
    /// The image, `name:tag`; by default the local build if there is one, else the official image.
    pub image: Option<String>,
}

impl NginxOptions {
    /// From the environment: `HOPCHECK_NGINX_IMAGE`.
    pub fn from_env() -> NginxOptions {
        NginxOptions { image: std::env::var("HOPCHECK_NGINX_IMAGE").ok().filter(|image| !image.is_empty()) }
    }
}

/// nginx in a container.
#[derive(Debug)]
pub struct Nginx {
    // Dropped first: the container must be removed before its directory.
    _container: BlockingDrop<ContainerAsync<GenericImage>>,
    control: Control,
    scratch: RunDirectory,
    image: String,
    version: String,
}

impl Nginx {
    /// Starts the container.
    ///
    /// # Errors
    /// When there is no Docker engine to talk to, or no such image; the message says what to do.
    pub async fn start(options: &NginxOptions) -> Result<Nginx, TargetError> {
        let image = match &options.image {
            Some(image) => image.clone(),
            None if has_image(LOCAL_IMAGE).await => LOCAL_IMAGE.to_owned(),
            None => OFFICIAL_IMAGE.to_owned(),
        };
        let scratch = create_run_directory(&std::env::temp_dir())?;
        let fifo = scratch.path().join("control");
        let script = scratch.path().join("serve.sh");
        std::fs::write(&script, SERVE_SCRIPT)?;
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, 0o600.into(), 0)
            .map_err(io::Error::from)?;
        let (name, tag) = image.rsplit_once(':').unwrap_or((&image, "latest"));
        let here = scratch.path().display().to_string();
        let user = format!("{}:{}", rustix::process::getuid().as_raw(), rustix::process::getgid().as_raw());
        let mut request = GenericImage::new(name, tag)
            .with_entrypoint("/bin/sh")
            .with_cmd([script.display().to_string(), fifo.display().to_string()])
            .with_mount(Mount::bind_mount(here.clone(), here))
            .with_network("host")
            .with_user(user)
            .with_startup_timeout(START_TIMEOUT)
            // Even if this program is killed, the script ends and the container is removed.
            .with_host_config_modifier(|host| host.auto_remove = Some(true));
        for directory in WRITABLE_DIRECTORIES {
            request = request.with_mount(Mount::tmpfs_mount(directory));
        }
        let starting = CompleteOnDrop::start(async move { request.start().await });
        let container = starting.await?.map_err(|error| unavailable(&image, &error))?;
        // Also opened for reading, so as not to block until the FIFO has a reader.
        let control = Control(Arc::new(std::fs::OpenOptions::new().read(true).write(true).open(&fifo)?));
        let mut nginx = Nginx {
            _container: BlockingDrop::new(container),
            control,
            scratch,
            image,
            version: String::new(),
        };
        nginx.version = nginx.ask_version().await?;
        Ok(nginx)
    }

    /// Whether it is of a version, such as `1.22`.
    pub fn is_of(&self, version: &str) -> bool {
        self.version.strip_prefix(version).is_some_and(|rest| rest.starts_with('.'))
    }

    async fn ask_version(&self) -> Result<String, TargetError> {
        let directory = self.scratch.path().join("version");
        std::fs::create_dir(&directory)?;
        self.control.tell(format_args!("version {}", directory.display()))?;
        wait_for_exit(&directory, "the container's first response").await?;
        let said = std::fs::read_to_string(directory.join("stderr"))?;
        Ok(said.trim().rsplit('/').next().unwrap_or("?").split(' ').next().unwrap_or("?").to_owned())
    }
}

#[async_trait]
impl Target for Nginx {
    fn name(&self) -> &str {
        "nginx"
    }

    fn describe(&self) -> String {
        format!("nginx {} in a container of {}", self.version, self.image)
    }

    fn scratch_parent(&self) -> &Path {
        self.scratch.path()
    }

    async fn start(&self, scratch: &Scratch) -> Result<Box<dyn Proxy>, TargetError> {
        self.control.tell(format_args!("start {}", scratch.prefix().display()))?;
        Ok(Box::new(ContainerProxy { directory: scratch.prefix(), control: self.control.clone() }))
    }

    async fn test(&self, scratch: &Scratch) -> Result<Verdict, TargetError> {
        self.control.tell(format_args!("test {}", scratch.prefix().display()))?;
        let status = wait_for_exit(&scratch.prefix(), "nginx -T").await?;
        let output = std::fs::read_to_string(scratch.prefix().join("stderr"))?;
        let dump = std::fs::read(scratch.prefix().join("stdout"))?;
        std::fs::remove_file(scratch.prefix().join("exit"))?;
        Ok(Verdict { accepted: status == "0", output, dump: Some(dump) })
    }
}

/// The FIFO that `serve.sh` reads. Lines are short enough to be written atomically.
#[derive(Debug, Clone)]
struct Control(Arc<std::fs::File>);

impl Control {
    fn tell(&self, command: std::fmt::Arguments<'_>) -> io::Result<()> {
        (&*self.0).write_all(format!("{command}\n").as_bytes())
    }
}

#[derive(Debug)]
struct ContainerProxy {
    directory: PathBuf,
    control: Control,
}

#[async_trait]
impl Proxy for ContainerProxy {
    async fn state(&self) -> ProxyState {
        if self.directory.join("exit").exists() {
            ProxyState::Ended(std::fs::read_to_string(self.directory.join("stderr")).unwrap_or_default())
        } else {
            ProxyState::Running
        }
    }

    async fn pid(&self) -> Option<u32> {
        std::fs::read_to_string(self.directory.join("master")).ok()?.trim().parse().ok()
    }

    async fn signal(&self, signal: Signal) -> Result<(), TargetError> {
        Ok(self.control.tell(format_args!("signal {} {}", signal.name(), self.directory.display()))?)
    }

    async fn stop(&mut self) {
        if self.signal(Signal::Term).await.is_ok() {
            // If it does not end, it is removed with its container.
            let _ = wait_for_exit(&self.directory, "the end of nginx").await;
        }
    }
}

impl Drop for ContainerProxy {
    /// Stops a proxy whose scenario was cancelled. By its number, since its directory goes next.
    fn drop(&mut self) {
        let master = || std::fs::read_to_string(self.directory.join("master")).ok();
        if !self.directory.join("exit").exists()
            && let Some(master) = master()
        {
            // If it does not end, it is removed with its container.
            let _ = self.control.tell(format_args!("end {}", master.trim()));
        }
    }
}

/// Waits until `serve.sh` has noted the exit status of what ran in `directory`.
async fn wait_for_exit(directory: &Path, what: &str) -> Result<String, TargetError> {
    let deadline = Instant::now() + START_TIMEOUT;
    loop {
        match std::fs::read_to_string(directory.join("exit")) {
            Ok(status) => return Ok(status.trim().to_owned()),
            _ if Instant::now() > deadline => return Err(TargetError::Deadline { what: what.to_owned() }),
            _ => sleep(Duration::from_millis(2)).await,
        }
    }
}

/// Whether an image exists on this machine.
async fn has_image(image: &str) -> bool {
    let inspect = tokio::process::Command::new("docker")
        .args(["image", "inspect", "--format", "{{.Id}}", image])
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .status();
    inspect.await.is_ok_and(|status| status.success())
}

fn unavailable(image: &str, error: &dyn std::error::Error) -> TargetError {
    let mut causes = vec![error.to_string()];
    let mut inner = error.source();
    while let Some(cause) = inner {
        causes.push(cause.to_string());
        inner = cause.source();
    }
    causes.dedup();
    TargetError::Container(format!(
        "cannot start a container of {image} ({})\n  help: start a Docker engine; if no registry can be \
         reached, build the image with nginx/image/build; set HOPCHECK_NGINX_IMAGE to use another image",
        causes.last().map_or("", |cause| cause.trim())
    ))
}
