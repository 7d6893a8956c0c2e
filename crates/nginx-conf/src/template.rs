//! Text with variables in it, compiled once: nginx calls it a complex value.

/// Text with variables, ready to be evaluated for a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Template {
    /// Its parts in order; adjacent literals are joined.
    pub parts: Vec<Part>,
}

/// A piece of a [`Template`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Text as it stands.
    Literal(Box<str>),
    /// A variable.
    Variable(Variable),
}

/// A variable. The generic families carry the part of the name after their prefix, lower case, with `_` as written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Variable {
    /// `$http_name`: compared with field names in lower case with `-` as `_`.
    Http(Box<str>),
    /// `$sent_http_name`.
    SentHttp(Box<str>),
    /// `$sent_trailer_name`.
    SentTrailer(Box<str>),
    /// `$upstream_http_name`.
    UpstreamHttp(Box<str>),
    /// `$upstream_trailer_name`.
    UpstreamTrailer(Box<str>),
    /// `$upstream_cookie_name`.
    UpstreamCookie(Box<str>),
    /// `$arg_name`.
    Arg(Box<str>),
    /// `$cookie_name`.
    Cookie(Box<str>),
    /// `$1` … `$9`: a capture of the regular expression that matched last.
    Capture(u8),
    /// A `set` variable or named capture: index into [`super::model::Http::slots`].
    Slot(usize),
    /// A `map`: index into [`super::model::Http::maps`].
    Map(usize),
    /// A `geo`: index into [`super::model::Http::geos`].
    Geo(usize),
    /// A `split_clients`: index into [`super::model::Http::splits`].
    SplitClients(usize),
    Args,
    BinaryRemoteAddr,
    BodyBytesSent,
    BytesSent,
    Connection,
    ConnectionRequests,
    ConnectionTime,
    ConnectionsActive,
    ConnectionsReading,
    ConnectionsWaiting,
    ConnectionsWriting,
    ContentLength,
    ContentType,
    DateGmt,
    DateLocal,
    DocumentRoot,
    DocumentUri,
    GzipRatio,
    Host,
    Hostname,
    Http2,
    Http3,
    Https,
    InvalidReferer,
    IsArgs,
    IsRequestPort,
    LimitConnStatus,
    LimitRate,
    LimitReqStatus,
    Msec,
    NginxVersion,
    Pid,
    Pipe,
    ProxyAddXForwardedFor,
    ProxyHost,
    ProxyPort,
    ProxyProtocolAddr,
    ProxyProtocolPort,
    ProxyProtocolServerAddr,
    ProxyProtocolServerPort,
    QueryString,
    RealipRemoteAddr,
    RealipRemotePort,
    RealpathRoot,
    RemoteAddr,
    RemotePort,
    RemoteUser,
    Request,
    RequestBody,
    RequestBodyFile,
    RequestCompletion,
    RequestFilename,
    RequestId,
    RequestLength,
    RequestMethod,
    RequestPort,
    RequestTime,
    RequestUri,
    Scheme,
    SecureLink,
    SecureLinkExpires,
    ServerAddr,
    ServerName,
    ServerPort,
    ServerProtocol,
    Status,
    TimeIso8601,
    TimeLocal,
    Uri,
    /// Of TLS: `$ssl_…`.
    Ssl(SslVariable),
    /// Of the app servers that were asked: `$upstream_…`.
    Upstream(UpstreamVariable),
}

/// A variable of `ngx_http_ssl_module`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum SslVariable {
    AlpnProtocol,
    Cipher,
    Ciphers,
    ClientCert,
    ClientEscapedCert,
    ClientFingerprint,
    ClientIDn,
    ClientIDnLegacy,
    ClientRawCert,
    ClientSDn,
    ClientSDnLegacy,
    ClientSerial,
    ClientVEnd,
    ClientVRemain,
    ClientVStart,
    ClientVerify,
    Curve,
    Curves,
    EarlyData,
    /// Of Encrypted Client Hello, which is not spoken.
    Ech,
    Protocol,
    ServerName,
    SessionId,
    SessionReused,
}

/// A variable of `ngx_http_upstream_module`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum UpstreamVariable {
    Addr,
    BytesReceived,
    BytesSent,
    CacheStatus,
    ConnectTime,
    HeaderTime,
    ResponseLength,
    ResponseTime,
    Status,
}

impl Template {
    /// A template that is just this text.
    pub fn literal(text: &str) -> Template {
        if text.is_empty() {
            Template::default()
        } else {
            Template { parts: vec![Part::Literal(text.into())] }
        }
    }

    /// The text, if there is no variable in it.
    pub fn as_literal(&self) -> Option<&str> {
        match &self.parts[..] {
            [] => Some(""),
            [Part::Literal(text)] => Some(text),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_text_is_literal() {
        for text in ["", "text"] {
            assert_eq!(Template::literal(text).as_literal(), Some(text));
        }
        assert_eq!(Template { parts: vec![Part::Variable(Variable::Uri)] }.as_literal(), None);
    }
}
