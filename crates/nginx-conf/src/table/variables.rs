//! nginx's own variables.

use crate::template::{SslVariable as Ssl, UpstreamVariable as Upstream, Variable};
use crate::version::Version;

/// nginx's own variables that are supported, without the families.
const BUILT_IN: &[(&str, Variable)] = &[
    ("args", Variable::Args),
    ("binary_remote_addr", Variable::BinaryRemoteAddr),
    ("body_bytes_sent", Variable::BodyBytesSent),
    ("bytes_sent", Variable::BytesSent),
    ("connection", Variable::Connection),
    ("connection_requests", Variable::ConnectionRequests),
    ("connection_time", Variable::ConnectionTime),
    ("connections_active", Variable::ConnectionsActive),
    ("connections_reading", Variable::ConnectionsReading),
    ("connections_waiting", Variable::ConnectionsWaiting),
    ("connections_writing", Variable::ConnectionsWriting),
    ("content_length", Variable::ContentLength),
    ("content_type", Variable::ContentType),
    ("date_gmt", Variable::DateGmt),
    ("date_local", Variable::DateLocal),
    ("document_root", Variable::DocumentRoot),
    ("document_uri", Variable::DocumentUri),
    ("gzip_ratio", Variable::GzipRatio),
    ("host", Variable::Host),
    ("hostname", Variable::Hostname),
    ("http2", Variable::Http2),
    ("http3", Variable::Http3),
    ("https", Variable::Https),
    ("invalid_referer", Variable::InvalidReferer),
    ("is_args", Variable::IsArgs),
    ("is_request_port", Variable::IsRequestPort),
    ("limit_conn_status", Variable::LimitConnStatus),
    ("limit_rate", Variable::LimitRate),
    ("limit_req_status", Variable::LimitReqStatus),
    ("msec", Variable::Msec),
    ("nginx_version", Variable::NginxVersion),
    ("pid", Variable::Pid),
    ("pipe", Variable::Pipe),
    ("proxy_add_x_forwarded_for", Variable::ProxyAddXForwardedFor),
    ("proxy_host", Variable::ProxyHost),
    ("proxy_port", Variable::ProxyPort),
    ("proxy_protocol_addr", Variable::ProxyProtocolAddr),
    ("proxy_protocol_port", Variable::ProxyProtocolPort),
    ("proxy_protocol_server_addr", Variable::ProxyProtocolServerAddr),
    ("proxy_protocol_server_port", Variable::ProxyProtocolServerPort),
    ("query_string", Variable::QueryString),
    ("realip_remote_addr", Variable::RealipRemoteAddr),
    ("realip_remote_port", Variable::RealipRemotePort),
    ("realpath_root", Variable::RealpathRoot),
    ("remote_addr", Variable::RemoteAddr),
    ("remote_port", Variable::RemotePort),
    ("remote_user", Variable::RemoteUser),
    ("request", Variable::Request),
    ("request_body", Variable::RequestBody),
    ("request_body_file", Variable::RequestBodyFile),
    ("request_completion", Variable::RequestCompletion),
    ("request_filename", Variable::RequestFilename),
    ("request_id", Variable::RequestId),
    ("request_length", Variable::RequestLength),
    ("request_method", Variable::RequestMethod),
    ("request_port", Variable::RequestPort),
    ("request_time", Variable::RequestTime),
    ("request_uri", Variable::RequestUri),
    ("scheme", Variable::Scheme),
    ("secure_link", Variable::SecureLink),
    ("secure_link_expires", Variable::SecureLinkExpires),
    ("server_addr", Variable::ServerAddr),
    ("server_name", Variable::ServerName),
    ("server_port", Variable::ServerPort),
    ("server_protocol", Variable::ServerProtocol),
    ("ssl_alpn_protocol", Variable::Ssl(Ssl::AlpnProtocol)),
    ("ssl_cipher", Variable::Ssl(Ssl::Cipher)),
    ("ssl_ciphers", Variable::Ssl(Ssl::Ciphers)),
    ("ssl_client_cert", Variable::Ssl(Ssl::ClientCert)),
    ("ssl_client_escaped_cert", Variable::Ssl(Ssl::ClientEscapedCert)),
    ("ssl_client_fingerprint", Variable::Ssl(Ssl::ClientFingerprint)),
    ("ssl_client_i_dn", Variable::Ssl(Ssl::ClientIDn)),
    ("ssl_client_i_dn_legacy", Variable::Ssl(Ssl::ClientIDnLegacy)),
    ("ssl_client_raw_cert", Variable::Ssl(Ssl::ClientRawCert)),
    ("ssl_client_s_dn", Variable::Ssl(Ssl::ClientSDn)),
    ("ssl_client_s_dn_legacy", Variable::Ssl(Ssl::ClientSDnLegacy)),
    ("ssl_client_serial", Variable::Ssl(Ssl::ClientSerial)),
    ("ssl_client_v_end", Variable::Ssl(Ssl::ClientVEnd)),
    ("ssl_client_v_remain", Variable::Ssl(Ssl::ClientVRemain)),
    ("ssl_client_v_start", Variable::Ssl(Ssl::ClientVStart)),
    ("ssl_client_verify", Variable::Ssl(Ssl::ClientVerify)),
    ("ssl_curve", Variable::Ssl(Ssl::Curve)),
    ("ssl_curves", Variable::Ssl(Ssl::Curves)),
    ("ssl_early_data", Variable::Ssl(Ssl::EarlyData)),
    ("ssl_ech_outer_server_name", Variable::Ssl(Ssl::Ech)),
    ("ssl_ech_status", Variable::Ssl(Ssl::Ech)),
    ("ssl_protocol", Variable::Ssl(Ssl::Protocol)),
    ("ssl_server_name", Variable::Ssl(Ssl::ServerName)),
    ("ssl_session_id", Variable::Ssl(Ssl::SessionId)),
    ("ssl_session_reused", Variable::Ssl(Ssl::SessionReused)),
    ("status", Variable::Status),
    ("time_iso8601", Variable::TimeIso8601),
    ("time_local", Variable::TimeLocal),
    ("upstream_addr", Variable::Upstream(Upstream::Addr)),
    ("upstream_bytes_received", Variable::Upstream(Upstream::BytesReceived)),
    ("upstream_bytes_sent", Variable::Upstream(Upstream::BytesSent)),
    ("upstream_cache_status", Variable::Upstream(Upstream::CacheStatus)),
    ("upstream_connect_time", Variable::Upstream(Upstream::ConnectTime)),
    ("upstream_header_time", Variable::Upstream(Upstream::HeaderTime)),
    ("upstream_response_length", Variable::Upstream(Upstream::ResponseLength)),
    ("upstream_response_time", Variable::Upstream(Upstream::ResponseTime)),
    ("upstream_status", Variable::Upstream(Upstream::Status)),
    ("uri", Variable::Uri),
];

/// Those that came later than the oldest version that a configuration can be read for.
const SINCE: &[(&str, Version)] = &[
    ("http3", Version::new(25, 0)),
    ("is_request_port", Version::new(29, 3)),
    ("request_port", Version::new(29, 3)),
    ("ssl_ech_outer_server_name", Version::new(29, 4)),
    ("ssl_ech_status", Version::new(29, 4)),
];

/// nginx's own variables that are not supported.
const UNSUPPORTED: &[&str] = &[
    "ancient_browser",
    "fastcgi_path_info",
    "fastcgi_script_name",
    "memcached_key",
    "modern_browser",
    "msie",
    "proxy_internal_body_length",
    "proxy_internal_chunked",
    "slice_range",
    "ssl_client_sigalg",
    "ssl_sigalg",
    "tcpinfo_rcv_space",
    "tcpinfo_rtt",
    "tcpinfo_rttvar",
    "tcpinfo_snd_cwnd",
    "uid_got",
    "uid_reset",
    "uid_set",
    "upstream_cache_age",
    "upstream_cache_etag",
    "upstream_cache_last_modified",
    "upstream_first_byte_time",
    "upstream_last_server_name",
    "upstream_queue_time",
];

const UNSUPPORTED_FAMILIES: &[&str] = &["geoip_", "jwt_", "otel_", "proxy_protocol_tlv_"];

/// Members of families that nginx declares one by one, so that they cannot be defined again.
const RESERVED_FAMILY_MEMBERS: &[&str] = &[
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

/// The names of nginx's own variables that are supported, without the families.
pub(crate) fn built_in_names() -> impl Iterator<Item = &'static str> {
    BUILT_IN.iter().map(|(name, _)| *name)
}

/// Those of nginx's own that are refused by name, and how the names of others begin.
pub(crate) fn unsupported_names() -> (&'static [&'static str], &'static [&'static str]) {
    (UNSUPPORTED, UNSUPPORTED_FAMILIES)
}

/// The variable of nginx of that name.
pub(crate) fn built_in(name: &str) -> Option<Variable> {
    BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, variable)| variable.clone())
}

/// The version that brought a variable; `None` where all have it.
pub(crate) fn since(name: &str) -> Option<Version> {
    SINCE.iter().find(|(known, _)| *known == name).map(|(_, since)| *since)
}

/// The member of a family of that name, such as `$http_name`.
pub(crate) fn family(name: &str) -> Option<Variable> {
    type Make = fn(Box<str>) -> Variable;
    const FAMILIES: &[(&str, Make)] = &[
        ("http_", Variable::Http),
        ("sent_http_", Variable::SentHttp),
        ("sent_trailer_", Variable::SentTrailer),
        ("upstream_http_", Variable::UpstreamHttp),
        ("upstream_trailer_", Variable::UpstreamTrailer),
        ("upstream_cookie_", Variable::UpstreamCookie),
        ("arg_", Variable::Arg),
        ("cookie_", Variable::Cookie),
    ];
    FAMILIES.iter().find_map(|(prefix, make)| name.strip_prefix(prefix).map(|rest| make(rest.into())))
}

/// Whether nginx has a variable of that name that cannot be used here.
pub(crate) fn is_unsupported(name: &str) -> bool {
    UNSUPPORTED.contains(&name) || UNSUPPORTED_FAMILIES.iter().any(|family| name.starts_with(family))
}

/// Whether nginx refuses to let `set`, `map` or a capture define a variable of that name.
pub(crate) fn is_reserved(name: &str) -> bool {
    if name == "invalid_referer" {
        return false;
    }
    built_in(name).is_some() || UNSUPPORTED.contains(&name) || RESERVED_FAMILY_MEMBERS.contains(&name)
}
