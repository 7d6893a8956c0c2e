//! The steps of a request.

use serde::{Deserialize, Serialize};

use super::part::{Candidate, Directive, Field, HeaderChange, Omission, Phase, ServerChoice, WrittenField};

/// A step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub enum Step {
    /// A server takes the request.
    Server {
        /// The request line.
        line: String,
        /// The address that it came to.
        address: String,
        /// Whether over TLS.
        tls: bool,
        /// The name that it asks for, from the request line or `Host`.
        host: Option<String>,
        /// The `server`.
        directive: Option<Directive>,
        /// Its `listen` of that address.
        listen: Option<Directive>,
        /// Why it is this one.
        by: ServerChoice,
        /// Its `server_name` with the name that fits.
        server_name: Option<Directive>,
        /// How many servers share the address.
        servers: usize,
    },
    /// `real_ip_header` names the client's address.
    RealIp {
        /// The `real_ip_header`.
        directive: Option<Directive>,
        /// Who connected.
        from: String,
        /// Who the client is.
        to: String,
    },
    /// A location is looked for.
    Location {
        /// The URI.
        uri: String,
        /// Those that were considered, in nginx's order.
        candidates: Vec<Candidate>,
        /// The one that is chosen; `None` if none fits, and the server itself answers.
        directive: Option<Directive>,
    },
    /// A `limit_except` is in the place of its location.
    LimitExcept {
        /// The `limit_except`.
        directive: Option<Directive>,
        /// The method.
        method: String,
    },
    /// The location is `internal`, and the request is not.
    Internal {
        /// The `internal`.
        directive: Option<Directive>,
    },
    /// The body is too large.
    TooLarge {
        /// The `client_max_body_size`, unless it is the default.
        directive: Option<Directive>,
        /// Bytes of the body.
        length: u64,
    },
    /// A `set`.
    Set {
        /// The `set`.
        directive: Option<Directive>,
        /// The value.
        value: String,
    },
    /// An `if`.
    If {
        /// The `if`.
        directive: Option<Directive>,
        /// The value of what it looks at.
        value: String,
        /// Whether it holds.
        holds: bool,
    },
    /// A `rewrite`.
    Rewrite {
        /// The `rewrite`.
        directive: Option<Directive>,
        /// The URI before.
        uri: String,
        /// The URI, with its arguments, that it makes, or what it redirects to; `None` if it does not match.
        to: Option<String>,
        /// The status of a redirect.
        status: Option<u16>,
    },
    /// A `break`.
    Break {
        /// The `break`.
        directive: Option<Directive>,
    },
    /// A `return`.
    Return {
        /// The `return`.
        directive: Option<Directive>,
        /// The status.
        status: u16,
        /// The text or URL.
        text: Option<String>,
    },
    /// A variable of a `map`, `geo` or `split_clients` is evaluated.
    Variable {
        /// The block.
        directive: Option<Directive>,
        /// What is looked up.
        key: String,
        /// The line that says so.
        entry: Option<Directive>,
        /// The value.
        value: String,
    },
    /// `limit_req` or `limit_conn` has decided.
    Limit {
        /// Those in force.
        directives: Vec<Directive>,
        /// What `$limit_req_status` or `$limit_conn_status` is.
        status: String,
    },
    /// `allow` or `deny` has decided.
    Access {
        /// The one that fits; `None` if none does.
        directive: Option<Directive>,
        /// The client's address.
        address: String,
        /// Whether the client is let in, as far as this goes.
        allowed: bool,
    },
    /// `auth_basic` has decided.
    Password {
        /// The `auth_basic`, or the `auth_basic_user_file` that cannot be read.
        directive: Option<Directive>,
        /// Whether the client is let in, as far as this goes.
        allowed: bool,
        /// The status that it is refused with: 401 asks for a password, others do not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
        /// What was found.
        reason: String,
    },
    /// `auth_request` has decided.
    AuthRequest {
        /// The `auth_request`.
        directive: Option<Directive>,
        /// The status of its answer.
        status: u16,
    },
    /// A rule has refused the client, and with `satisfy any` another may let it in.
    SatisfyAny {
        /// The `satisfy`.
        directive: Option<Directive>,
        /// The status of the refusal.
        status: u16,
    },
    /// The request ended before these could have a say.
    Unreached {
        /// Where it ended.
        phase: Phase,
        /// What would have been next.
        directives: Vec<Directive>,
    },
    /// A name of `try_files` or `index` is looked up.
    Try {
        /// The `try_files` or `index`, unless it is the default.
        directive: Option<Directive>,
        /// Its path.
        path: String,
        /// Whether a directory is looked for, and not a file.
        directory: bool,
        /// Whether there is one.
        found: bool,
    },
    /// The last argument of `try_files` counts.
    Fallback {
        /// The `try_files`.
        directive: Option<Directive>,
        /// That argument.
        to: String,
    },
    /// A file is opened.
    File {
        /// The `root` or `alias`, unless it is the default.
        directive: Option<Directive>,
        /// The file.
        path: String,
        /// The status that comes of it.
        status: u16,
    },
    /// The request goes to an index file.
    Index {
        /// The `index`, unless it is the default.
        directive: Option<Directive>,
        /// Its URI.
        to: String,
    },
    /// A directory is listed.
    Autoindex {
        /// The `autoindex`.
        directive: Option<Directive>,
        /// The directory.
        path: String,
    },
    /// An app server sends the request elsewhere: `X-Accel-Redirect`.
    Accel {
        /// Where to.
        to: String,
    },
    /// An `error_page` takes the place of an error.
    ErrorPage {
        /// The `error_page`.
        directive: Option<Directive>,
        /// The status of the error.
        status: u16,
        /// The page.
        to: String,
    },
    /// A copy is sent elsewhere.
    Mirror {
        /// The `mirror`.
        directive: Option<Directive>,
        /// Its URI.
        uri: String,
    },
    /// A cache was looked into.
    Cache {
        /// The `proxy_cache`.
        directive: Option<Directive>,
        /// What `$upstream_cache_status` is.
        status: String,
    },
    /// A request is made for the app server.
    Pass {
        /// The `proxy_pass`.
        directive: Option<Directive>,
        /// The `upstream`, if it names one.
        upstream: Option<Directive>,
        /// The URL.
        url: String,
        /// The request line.
        line: String,
        /// The fields.
        fields: Vec<WrittenField>,
        /// `proxy_set_header`s that do not hold here, since a block further in has some of its own.
        overridden: Vec<Directive>,
    },
    /// An app server is asked.
    Ask {
        /// Its address.
        address: String,
        /// The `server` of the upstream.
        directive: Option<Directive>,
    },
    /// It fails.
    Failed {
        /// Its address.
        address: String,
        /// How.
        error: String,
    },
    /// It answers.
    Answered {
        /// Its address.
        address: String,
        /// The status.
        status: u16,
        /// The fields.
        fields: Vec<Field>,
    },
    /// A field of its answer is not passed on as it is.
    Changed {
        /// Which.
        field: Field,
        /// What is done to it.
        change: HeaderChange,
        /// The directive that says so; `None` if nginx does so unasked.
        directive: Option<Directive>,
    },
    /// A directive puts a field into the answer.
    Header {
        /// The `add_header` or `expires`.
        directive: Option<Directive>,
        /// The field.
        field: Field,
    },
    /// The body becomes another on its way to the client.
    Filter {
        /// The directive.
        directive: Option<Directive>,
        /// `gunzip`, `sub_filter` or `gzip`.
        filter: String,
    },
    /// A header that is configured is not in the answer.
    Omitted {
        /// The `add_header`.
        directive: Directive,
        /// Why.
        why: Omission,
    },
    /// The head of the answer is sent.
    Response {
        /// The status line.
        line: String,
        /// The status.
        status: u16,
        /// The fields.
        fields: Vec<Field>,
    },
    /// There is no answer: the connection is closed.
    Closed {
        /// The status in the log.
        status: u16,
    },
}
