//! Names of variables, and text with variables in it.
//!
//! A name may be used before the directive that makes it, so while files are read every name is a
//! [`Variable::Slot`] of its own; [`Names::resolve`] says in the end what each one is.

use crate::error::ConfigError;
use crate::input::Directive;
use crate::source::Word;
use crate::template::{Part, Template, Variable};

/// Every name that was used or made.
#[derive(Debug, Default)]
pub(crate) struct Names {
    names: Vec<Name>,
}

#[derive(Debug)]
struct Name {
    text: String,
    /// Where it was used first, as the error to report should nothing make it.
    unknown: ConfigError,
    made: Option<Maker>,
}

/// What makes a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Maker {
    /// `set`, or a named capture.
    Set,
    /// `map`, by its index.
    Map(usize),
}

/// nginx's own variables that are supported, without the families.
const BUILT_IN: &[(&str, Variable)] = &[
    ("args", Variable::Args),
    ("body_bytes_sent", Variable::BodyBytesSent),
    ("bytes_sent", Variable::BytesSent),
    ("connection", Variable::Connection),
    ("connection_requests", Variable::ConnectionRequests),
    ("content_length", Variable::ContentLength),
    ("content_type", Variable::ContentType),
    ("document_root", Variable::DocumentRoot),
    ("document_uri", Variable::DocumentUri),
    ("host", Variable::Host),
    ("hostname", Variable::Hostname),
    ("https", Variable::Https),
    ("is_args", Variable::IsArgs),
    ("msec", Variable::Msec),
    ("nginx_version", Variable::NginxVersion),
    ("pid", Variable::Pid),
    ("proxy_add_x_forwarded_for", Variable::ProxyAddXForwardedFor),
    ("proxy_host", Variable::ProxyHost),
    ("proxy_port", Variable::ProxyPort),
    ("query_string", Variable::QueryString),
    ("remote_addr", Variable::RemoteAddr),
    ("remote_port", Variable::RemotePort),
    ("remote_user", Variable::RemoteUser),
    ("request", Variable::Request),
    ("request_filename", Variable::RequestFilename),
    ("request_length", Variable::RequestLength),
    ("request_method", Variable::RequestMethod),
    ("request_time", Variable::RequestTime),
    ("request_uri", Variable::RequestUri),
    ("scheme", Variable::Scheme),
    ("server_addr", Variable::ServerAddr),
    ("server_name", Variable::ServerName),
    ("server_port", Variable::ServerPort),
    ("server_protocol", Variable::ServerProtocol),
    ("ssl_alpn_protocol", Variable::SslAlpnProtocol),
    ("ssl_cipher", Variable::SslCipher),
    ("ssl_curve", Variable::SslCurve),
    ("ssl_protocol", Variable::SslProtocol),
    ("ssl_server_name", Variable::SslServerName),
    ("ssl_session_reused", Variable::SslSessionReused),
    ("status", Variable::Status),
    ("time_iso8601", Variable::TimeIso8601),
    ("time_local", Variable::TimeLocal),
    ("upstream_addr", Variable::UpstreamAddr),
    ("upstream_response_time", Variable::UpstreamResponseTime),
    ("upstream_status", Variable::UpstreamStatus),
    ("uri", Variable::Uri),
];

/// nginx's own variables that are not supported.
const FOREIGN: &[&str] = &[
    "ancient_browser",
    "binary_remote_addr",
    "connection_time",
    "connections_active",
    "connections_reading",
    "connections_waiting",
    "connections_writing",
    "date_gmt",
    "date_local",
    "fastcgi_path_info",
    "fastcgi_script_name",
    "gzip_ratio",
    "http2",
    "http3",
    "invalid_referer",
    "is_request_port",
    "limit_conn_status",
    "limit_rate",
    "limit_req_status",
    "memcached_key",
    "modern_browser",
    "msie",
    "pipe",
    "proxy_internal_body_length",
    "proxy_internal_chunked",
    "proxy_protocol_addr",
    "proxy_protocol_port",
    "proxy_protocol_server_addr",
    "proxy_protocol_server_port",
    "quic",
    "realip_remote_addr",
    "realip_remote_port",
    "realpath_root",
    "request_body",
    "request_body_file",
    "request_completion",
    "request_id",
    "request_port",
    "secure_link",
    "secure_link_expires",
    "server_port_name",
    "slice_range",
    "tcpinfo_rcv_space",
    "tcpinfo_rtt",
    "tcpinfo_rttvar",
    "tcpinfo_snd_cwnd",
    "uid_got",
    "uid_reset",
    "uid_set",
    "upstream_bytes_received",
    "upstream_bytes_sent",
    "upstream_cache_age",
    "upstream_cache_last_modified",
    "upstream_cache_status",
    "upstream_connect_time",
    "upstream_first_byte_time",
    "upstream_header_time",
    "upstream_last_server_name",
    "upstream_queue_time",
    "upstream_response_length",
];

const FOREIGN_FAMILIES: &[&str] = &[
    "geoip_",
    "jwt_",
    "otel_",
    "proxy_protocol_tlv_",
    "sent_trailer_",
    "ssl_",
    "upstream_cookie_",
    "upstream_trailer_",
];

/// Names of families that nginx declares one by one, so that they cannot be made again.
const FIXED: &[&str] = &[
    "http_cookie",
    "http_host",
    "http_referer",
    "http_user_agent",
    "http_via",
    "http_x_forwarded_for",
    "sent_http_cache_control",
    "sent_http_connection",
    "sent_http_content_length",
    "sent_http_content_type",
    "sent_http_keep_alive",
    "sent_http_last_modified",
    "sent_http_link",
    "sent_http_location",
    "sent_http_transfer_encoding",
];

impl Names {
    /// The number of a name, which is its provisional slot. Case does not matter.
    pub(crate) fn mention(&mut self, directive: &Directive, word: &Word, text: &str) -> usize {
        let text = &text.to_ascii_lowercase();
        if let Some(index) = self.names.iter().position(|name| name.text == *text) {
            return index;
        }
        let unknown = directive.error_at(word, format!("unknown \"{text}\" variable"));
        self.names.push(Name { text: text.to_owned(), unknown, made: None });
        self.names.len() - 1
    }

    /// Makes a variable, or makes it again.
    pub(crate) fn make(
        &mut self,
        directive: &Directive,
        word: &Word,
        text: &str,
        maker: Maker,
    ) -> Result<usize, ConfigError> {
        let text = &text.to_ascii_lowercase()[..];
        if matches!(text, "args" | "limit_rate") {
            let message = format!("changing \"${text}\" is known to nginx, but not supported here");
            return Err(directive.error_at(word, message));
        }
        if built_in(text).is_some() || FOREIGN.contains(&text) || FIXED.contains(&text) {
            return Err(directive.error_at(word, format!("the duplicate \"{text}\" variable")));
        }
        let index = self.mention(directive, word, text);
        let Some(name) = self.names.get_mut(index) else { return Ok(index) };
        match (name.made, maker) {
            (Some(Maker::Set), Maker::Map(_)) | (Some(Maker::Map(_)), Maker::Set) => {
                let message = format!("variable \"${text}\" is made by both \"set\" and \"map\"");
                return Err(directive.error_at(word, message).help("nginx allows it; give one another name"));
            }
            _ => name.made = Some(maker),
        }
        Ok(index)
    }

    /// What every name is, in the order of their numbers, and the names of the slots.
    pub(crate) fn resolve(self) -> Result<(Vec<Variable>, Vec<String>), ConfigError> {
        let made: Vec<String> =
            self.names.iter().filter(|name| name.made.is_some()).map(|name| name.text.clone()).collect();
        let mut slots = Vec::new();
        let mut variables = Vec::new();
        for Name { text, unknown, made: maker } in self.names {
            variables.push(match maker {
                Some(Maker::Map(index)) => Variable::Map(index),
                Some(Maker::Set) => {
                    slots.push(text);
                    Variable::Slot(slots.len() - 1)
                }
                None => match built_in(&text).or_else(|| family(&text)) {
                    Some(variable) => variable,
                    None => return Err(explain(unknown, &text, &made)),
                },
            });
        }
        Ok((variables, slots))
    }
}

/// Compiles text with variables, as `ngx_http_script_compile`: `$name`, `${name}`, `$1`.
pub(crate) fn template(
    names: &mut Names,
    directive: &Directive,
    word: &Word,
) -> Result<Template, ConfigError> {
    template_of(names, directive, word, &word.text)
}

/// The same for a part of a word.
pub(crate) fn template_of(
    names: &mut Names,
    directive: &Directive,
    word: &Word,
    text: &str,
) -> Result<Template, ConfigError> {
    let mut parts: Vec<Part> = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let literal = rest.find('$').unwrap_or(rest.len());
        if let (Some(text), Some(after)) = (rest.get(..literal), rest.get(literal..)) {
            if !text.is_empty() {
                parts.push(Part::Literal(text.into()));
            }
            rest = after;
        }
        let Some(after) = rest.strip_prefix('$') else { continue };
        if let Some(digit @ '1'..='9') = after.chars().next() {
            parts.push(Part::Variable(Variable::Capture(digit as u8 - b'0')));
            rest = after.get(1..).unwrap_or_default();
            continue;
        }
        let braced = after.strip_prefix('{');
        let start = braced.unwrap_or(after);
        let length =
            start.len() - start.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_').len();
        let (name, tail) = start.split_at(length);
        rest = match braced {
            Some(_) => tail.strip_prefix('}').ok_or_else(|| {
                directive.error_at(word, format!("the closing bracket in \"{name}\" variable is missing"))
            })?,
            None => tail,
        };
        if name.is_empty() {
            return Err(directive.error_at(word, "invalid variable name"));
        }
        let number = names.mention(directive, word, name);
        parts.push(Part::Variable(Variable::Slot(number)));
    }
    Ok(Template { parts })
}

/// The names of nginx's own variables that are supported, without the families.
pub(crate) fn built_in_names() -> impl Iterator<Item = &'static str> {
    BUILT_IN.iter().map(|(name, _)| *name)
}

fn built_in(name: &str) -> Option<Variable> {
    BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, variable)| variable.clone())
}

fn family(name: &str) -> Option<Variable> {
    type Make = fn(Box<str>) -> Variable;
    const FAMILIES: &[(&str, Make)] = &[
        ("http_", Variable::Http),
        ("sent_http_", Variable::SentHttp),
        ("upstream_http_", Variable::UpstreamHttp),
        ("arg_", Variable::Arg),
        ("cookie_", Variable::Cookie),
    ];
    FAMILIES.iter().find_map(|(prefix, make)| name.strip_prefix(prefix).map(|rest| make(rest.into())))
}

fn explain(unknown: ConfigError, name: &str, made: &[String]) -> ConfigError {
    if FOREIGN.contains(&name) || FOREIGN_FAMILIES.iter().any(|family| name.starts_with(family)) {
        let place = unknown.clone();
        return place.with_message(format!("variable \"${name}\" is known to nginx, but not supported here"));
    }
    if name.contains(['=', '~', '!']) {
        return unknown.help("put spaces around the operator");
    }
    let known = BUILT_IN.iter().map(|(name, _)| *name).chain(made.iter().map(String::as_str));
    match crate::table::nearest(name, known) {
        Some(near) => unknown.help(format!("did you mean \"${near}\"?")),
        None => unknown,
    }
}
