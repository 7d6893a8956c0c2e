//! `hopcheck.toml`: what cannot be read from `nginx.conf`, and what a deployment's own paths and values are.

mod environment;
mod listening;
mod promises;
mod read;
mod routes;
mod seconds;
mod secret;
mod size;
mod words;

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

pub use environment::EnvironmentValue;
pub use listening::PromisedListen;
pub use read::ProfileError;
pub use routes::{Cors, EVERYBODY, PromisedRoute, PromisedUpstream, Protocol};
pub use seconds::Seconds;
pub use secret::Secret;
pub use size::Size;
pub use words::{MissingWord, WORDS, Words, lines_to_add};
pub use words::{asset_of, title_of};

/// The file's name, beside the configuration or in the current directory.
pub const FILE: &str = "hopcheck.toml";

/// What hopcheck cannot find out by itself. Every field may be left out: what needs it is then reported as not checked.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Profile {
    /// Where the deployment answers: `https://shop.example.com`, with a port where it is not the scheme's own. A URL
    /// given to `--target` comes first.
    pub url: Option<String>,
    /// For runs of a configuration: whether the site is built as the document has it: `/api` and STOMP at `/stomp/` asked of two app servers by turns,
    /// preflights answered by the proxy, one page for all else. Then all that the document says is asked of its
    /// configuration, and not only what every site needs.
    pub as_documented: bool,
    /// The REST API.
    pub api: Api,
    /// How preflights are answered.
    pub preflight: Preflight,
    /// STOMP over WebSocket.
    pub stomp: Stomp,
    /// A WebSocket that does not speak STOMP, and what may be sent to sockets besides.
    pub socket: Socket,
    /// The single-page front end.
    pub front_end: FrontEnd,
    /// How the instances behind the proxy can be told apart.
    pub instances: Instances,
    /// Headers that every request to the deployment carries, such as `Authorization`. A value may be `env:NAME`; values
    /// are never printed.
    pub headers: BTreeMap<String, Secret>,
    /// How the deployment is connected to, where its URL does not say.
    pub connect: Connect,
    /// How gently the deployment is asked.
    pub limits: Limits,
    /// For runs of a configuration: where the instances of the app run.
    pub app_servers: AppServers,
    /// For runs of a configuration: what its clients ask.
    pub clients: Clients,
    /// For runs of a configuration: which one the routes and upstreams are of.
    pub configuration: Configuration,
    /// For runs of a configuration: the routes that it must have. `hopcheck init --conf nginx.conf` writes those of a file.
    pub routes: Vec<PromisedRoute>,
    /// For runs of a configuration: the upstreams that it must have, by name.
    pub upstreams: BTreeMap<String, PromisedUpstream>,
    /// For runs of a configuration: the variables that a template is filled in from, before those that are found beside it.
    pub environment: BTreeMap<String, EnvironmentValue>,
    /// Deployments by name, for `--target NAME`: each says what differs from the rest of this file.
    pub target: BTreeMap<String, Profile>,
    /// The directory that paths in here are relative to.
    #[serde(skip)]
    pub directory: PathBuf,
    /// The file, as its user calls it; empty where there is none.
    #[serde(skip)]
    pub name: String,
}

/// The REST API.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Api {
    /// A path of the API that may be read by GET, such as `/api/stores`.
    pub path: Option<String>,
    /// The status that a GET of it is answered with; 200 unless said otherwise.
    #[schemars(range(min = 200, max = 599))]
    pub status: Option<u16>,
    /// For runs of a configuration: how large the largest upload is, as nginx writes sizes: `10m`, `512k`, or bytes.
    pub largest_upload: Option<Size>,
    /// For runs of a configuration: how large the head of an answer can be, with cookies and tokens, as nginx writes sizes: `12k`.
    pub largest_head: Option<Size>,
}

/// How preflights are answered. What is left out is not checked, unless the site is built as the document has it.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Preflight {
    /// A path whose preflight the proxy answers; `api.path` unless said otherwise, and `/api/` if there is none.
    pub path: Option<String>,
    /// The origin whose pages may ask from elsewhere, or `*`: `Access-Control-Allow-Origin`.
    pub allow_origin: Option<String>,
    /// The methods that `Access-Control-Allow-Methods` must list; of a site as documented, letter by letter.
    pub allow_methods: Option<String>,
    /// The headers that `Access-Control-Allow-Headers` must list; of a site as documented, letter by letter.
    pub allow_headers: Option<String>,
    /// `Access-Control-Max-Age`, in seconds.
    pub max_age: Option<u32>,
    /// Whether pages of that origin ask with cookies, by `credentials: "include"`. Asked in a browser (`--browser`).
    pub credentials: Option<bool>,
}

/// STOMP over WebSocket.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Stomp {
    /// The path of the endpoint: where a WebSocket is opened, or the SockJS endpoint that has one below it
    /// (`/stomp/ws` for `/stomp/ws/000/abc/websocket`).
    pub endpoint: Option<String>,
    /// What is spoken there; `websocket` unless said otherwise.
    pub transport: Transport,
    /// The header `login` of CONNECT. May be `env:NAME`; never printed.
    pub login: Option<Secret>,
    /// The header `passcode` of CONNECT. May be `env:NAME`; never printed.
    pub passcode: Option<Secret>,
    /// The header `host` of CONNECT, for brokers that want one.
    pub host: Option<String>,
    /// A destination that may be subscribed to. No other is.
    pub subscribe: Option<String>,
    /// A destination that may be sent to, where it harms nobody, and whose messages come to `subscribe`. Nothing is
    /// sent if none is named.
    pub send: Option<String>,
    /// The heart-beats to ask for in CONNECT, in milliseconds: `10000,10000`. Whether they come is checked only if the app
    /// server is known to send some.
    pub heart_beat: Option<String>,
}

/// What may be sent to sockets besides.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Socket {
    /// The path of a WebSocket, or the SockJS endpoint that has one below it. Without it, the one of `[stomp]` is asked for.
    pub endpoint: Option<String>,
    /// What is spoken there; `websocket` unless said otherwise.
    pub transport: Transport,
    /// The subprotocol that it agrees to, such as `graphql-transport-ws`.
    pub protocol: Option<String>,
    /// Whether SockJS may be asked by POST, which its transports without WebSocket are made of: sessions are opened, and sent nothing
    /// to. Needs `transport = "sockjs"`, here or in `[stomp]`.
    pub may_post: bool,
}

impl Profile {
    /// The path of the WebSocket that a live site is asked for: that of `[socket]`, or else of `[stomp]`.
    pub fn websocket(&self) -> Option<String> {
        let (endpoint, transport) = match &self.socket.endpoint {
            Some(endpoint) => (endpoint, self.socket.transport),
            None => (self.stomp.endpoint.as_ref()?, self.stomp.transport),
        };
        Some(transport.websocket(endpoint))
    }

    /// The path of a live site's page; none where nothing is said of a front end.
    pub fn front_page(&self) -> Option<&str> {
        let FrontEnd { page, text, deep_link, asset, .. } = &self.front_end;
        let is_named = self.as_documented || [page, text, deep_link, asset].into_iter().any(Option::is_some);
        is_named.then(|| page.as_deref().unwrap_or("/"))
    }

    /// The path that a live site answers preflights for; none where nothing is said of any.
    pub fn preflight_path(&self) -> Option<&str> {
        let asked = &self.preflight;
        let Preflight { path, allow_origin, allow_methods, allow_headers, .. } = asked;
        let named = [path, allow_origin, allow_methods, allow_headers].into_iter().any(Option::is_some);
        let is_named = self.as_documented || named || asked.max_age.is_some() || asked.credentials.is_some();
        path.as_deref().or(self.api.path.as_deref()).filter(|_| is_named)
    }

    /// The endpoint at which a live site speaks SockJS: that of `[socket]`, or else of `[stomp]`.
    pub fn sockjs(&self) -> Option<&str> {
        let of =
            [(&self.socket.endpoint, self.socket.transport), (&self.stomp.endpoint, self.stomp.transport)];
        let mut spoken = of.into_iter().filter(|(_, transport)| *transport == Transport::SockJs);
        spoken.find_map(|(endpoint, _)| endpoint.as_deref())
    }

    /// What the WebSocket of a live site is offered as subprotocols, and the one that it agrees to, if that can be known.
    fn subprotocol(&self) -> Option<(&str, &str)> {
        match (&self.socket.protocol, &self.socket.endpoint, self.stomp.transport) {
            (Some(protocol), ..) => Some((protocol, protocol)),
            // Behind SockJS a subprotocol is nobody's business.
            (None, None, Transport::WebSocket) => Some(STOMP_SUBPROTOCOLS),
            _ => None,
        }
    }
}

/// Those of STOMP: what is offered, and what is agreed upon.
const STOMP_SUBPROTOCOLS: (&str, &str) = ("v12.stomp, v11.stomp", "v12.stomp");

/// What carries a socket's messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// A WebSocket, as it is.
    #[default]
    WebSocket,
    /// The WebSocket transport of SockJS.
    SockJs,
}

impl Transport {
    /// The path of the WebSocket of an endpoint: every one of SockJS has a plain one below it.
    pub fn websocket(self, endpoint: &str) -> String {
        match self {
            Transport::WebSocket => endpoint.to_owned(),
            Transport::SockJs => format!("{}/websocket", endpoint.trim_end_matches('/')),
        }
    }
}

/// The single-page front end.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct FrontEnd {
    /// Where a live site's page is, such as `/app/`; `/` unless it is said.
    pub page: Option<String>,
    /// A path that only the app itself knows, such as `/stores/7`: it must show the app's page.
    pub deep_link: Option<String>,
    /// A text that the app's page contains, such as its title.
    pub text: Option<String>,
    /// The path of one of its built files, whose name holds a hash: `/assets/index-4f3c2a10.js`.
    pub asset: Option<String>,
    /// For runs of a configuration: the build, relative to this file.
    pub build: Option<PathBuf>,
    /// For runs of a configuration: the directory that the build is deployed to, as `root` must name it.
    pub deployed_to: Option<String>,
}

/// How the instances behind the proxy can be told apart.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Instances {
    /// A response header whose value differs from instance to instance, such as `X-Instance`.
    pub header: Option<String>,
}

/// How the deployment is connected to.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Connect {
    /// Connect here, `192.0.2.7` or `192.0.2.7:8443`, whatever the DNS says: to test a new box before the name moves.
    pub address: Option<String>,
    /// What `Host` says, where it is not the URL's host.
    pub host: Option<String>,
    /// The name that the certificate must be for, asked for by SNI, where it is not the URL's host.
    pub server_name: Option<String>,
    /// A PEM file of certificate authorities to trust besides the machine's own.
    pub ca_file: Option<PathBuf>,
    /// A PEM file with the client's certificate and its chain.
    pub client_certificate: Option<PathBuf>,
    /// A PEM file with the client certificate's key.
    pub client_key: Option<PathBuf>,
}

/// How gently the deployment is asked.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Limits {
    /// The most requests in a second.
    #[schemars(range(min = 0.1, max = 1000.0))]
    pub requests_per_second: f64,
    /// The most requests that wait for their answers at the same time.
    #[schemars(range(min = 1, max = 64))]
    pub in_flight: usize,
    /// How long to wait for the next thing to happen, in seconds.
    #[schemars(range(min = 1, max = 600))]
    pub timeout: u64,
    /// How many bytes are read of one answer at most: of its head, of its body, or of a message of a WebSocket.
    pub largest_answer: Size,
    /// How long one answer is read at most, to its end.
    pub longest_answer: Seconds,
    /// How long the page may take to come to rest in a browser (`--browser`).
    pub longest_page: Seconds,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            requests_per_second: 20.0,
            in_flight: 4,
            timeout: 15,
            largest_answer: Size(16 << 20),
            longest_answer: Seconds(60),
            longest_page: Seconds(30),
        }
    }
}

/// For runs of a configuration: where the instances of the app run.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct AppServers {
    /// Their addresses, as the `upstream` must name them: `["192.0.2.5:1025", "192.0.2.5:1026"]`.
    pub deployed_at: Vec<String>,
}

/// For runs of a configuration: what its clients ask.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Clients {
    /// The port, as `listen` must name it. Nothing is asked at any other.
    pub port: Option<u16>,
    /// The addresses that they come to, as `listen` must have them: `["80", "[::]:80", "443 ssl"]`. In a container those inside it,
    /// whichever are published.
    pub listen: Vec<PromisedListen>,
}

/// For runs of a configuration: which one the routes and upstreams are of.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Configuration {
    /// The name of its file, beside this one. Others there are not held to the routes. Left out: all are.
    pub file: Option<String>,
}

/// The JSON schema of the file (docs/hopcheck.schema.json), for editors.
pub fn schema() -> String {
    let schema = schemars::schema_for!(Profile);
    serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
}
