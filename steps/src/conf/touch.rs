//! What a directive touches outside its own text. The rewriter moves all of it into the scratch directory, and the last
//! look before a start asks whether it did.

/// What the first argument of a directive names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Touch {
    /// A file or directory that is read.
    Read,
    /// A file or directory that is written: the directory above must be there.
    Written,
    /// A certificate, key or the like, in PEM: copied, or stood in for where this machine has none.
    Pem,
    /// Something that says how app servers are asked over TLS. The stand-ins speak plain HTTP, so that it goes.
    UpstreamTls,
    /// Another machine, or other people's code. Nothing here stands in for it.
    Foreign,
}

/// Directives with something in the real world at their other end, apart from `listen`, `server`, `proxy_pass`, `resolver`
/// and `include`, which are more than a path.
const TOUCHES: [(&str, Touch); 58] = [
    ("access_log", Touch::Written),
    ("alias", Touch::Read),
    ("auth_basic_user_file", Touch::Read),
    ("auth_http", Touch::Foreign),
    ("client_body_temp_path", Touch::Written),
    ("dav_methods", Touch::Foreign),
    ("error_log", Touch::Written),
    ("fastcgi_cache_path", Touch::Written),
    ("fastcgi_pass", Touch::Foreign),
    ("fastcgi_temp_path", Touch::Written),
    ("google_perftools_profiles", Touch::Foreign),
    ("grpc_pass", Touch::Foreign),
    ("js_import", Touch::Foreign),
    ("js_include", Touch::Foreign),
    ("load_module", Touch::Foreign),
    ("lock_file", Touch::Written),
    ("mail", Touch::Foreign),
    ("memcached_pass", Touch::Foreign),
    ("otel_exporter", Touch::Foreign),
    ("perl_modules", Touch::Foreign),
    ("perl_require", Touch::Foreign),
    ("pid", Touch::Written),
    ("proxy_cache_path", Touch::Written),
    ("proxy_ssl_certificate", Touch::UpstreamTls),
    ("proxy_ssl_certificate_key", Touch::UpstreamTls),
    ("proxy_ssl_ciphers", Touch::UpstreamTls),
    ("proxy_ssl_conf_command", Touch::UpstreamTls),
    ("proxy_ssl_crl", Touch::UpstreamTls),
    ("proxy_ssl_name", Touch::UpstreamTls),
    ("proxy_ssl_password_file", Touch::UpstreamTls),
    ("proxy_ssl_protocols", Touch::UpstreamTls),
    ("proxy_ssl_server_name", Touch::UpstreamTls),
    ("proxy_ssl_session_reuse", Touch::UpstreamTls),
    ("proxy_ssl_trusted_certificate", Touch::UpstreamTls),
    ("proxy_ssl_verify", Touch::UpstreamTls),
    ("proxy_ssl_verify_depth", Touch::UpstreamTls),
    ("proxy_store", Touch::Foreign),
    ("proxy_temp_path", Touch::Written),
    ("root", Touch::Read),
    ("scgi_pass", Touch::Foreign),
    ("scgi_temp_path", Touch::Written),
    ("ssl_certificate", Touch::Pem),
    ("ssl_certificate_key", Touch::Pem),
    ("ssl_client_certificate", Touch::Pem),
    ("ssl_crl", Touch::Pem),
    ("ssl_dhparam", Touch::Pem),
    ("ssl_engine", Touch::Foreign),
    ("ssl_key_log", Touch::Foreign),
    ("ssl_ocsp", Touch::Foreign),
    ("ssl_ocsp_responder", Touch::Foreign),
    ("ssl_password_file", Touch::Pem),
    ("ssl_session_ticket_key", Touch::Foreign),
    ("ssl_stapling_responder", Touch::Foreign),
    ("ssl_trusted_certificate", Touch::Pem),
    ("state", Touch::Foreign),
    ("stream", Touch::Foreign),
    ("uwsgi_pass", Touch::Foreign),
    ("uwsgi_temp_path", Touch::Written),
];

/// Blocks that hold data and no directives.
const DATA: [&str; 5] = ["types", "map", "geo", "split_clients", "charset_map"];

/// What the directive `name` touches.
pub(super) fn touch(name: &str) -> Option<Touch> {
    TOUCHES.iter().find(|(known, _)| *known == name).map(|(_, touch)| *touch)
}

/// Whether `value`, in place of a path, names none, or one that is the same everywhere.
pub(super) fn is_no_path(value: &str) -> bool {
    ["off", "stderr", "/dev/null"].contains(&value)
}

/// Whether a block of that name holds data and no directives.
pub(super) fn is_data(block: &str) -> bool {
    DATA.contains(&block)
}
