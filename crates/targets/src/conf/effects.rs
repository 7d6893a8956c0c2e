//! What directives affect outside the configuration. The rewriter moves all of it into the scratch directory, and the final
//! check verifies that.

/// What a directive affects, by its first argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// A file or directory that is read.
    Read,
    /// A file or directory that is written: its parent must exist.
    Written,
    /// A certificate, key or the like, in PEM: copied, or replaced if it is not on this machine.
    Pem,
    /// TLS to app servers, of a kind that those of a run have no part in: it is removed.
    UpstreamTls,
    /// A file that only exists on the real server, and that nothing depends on: it is removed.
    Absent,
    /// Another protocol to the app server than HTTP (FastCGI and the like): responds with 503 instead.
    OtherProtocol,
    /// Another machine, or third-party code, for which there is no replacement.
    Foreign,
}

/// Directives that affect something outside the configuration, except `listen`, `server`, `proxy_pass`, `resolver` and
/// `include`, which are handled separately.
const EFFECTS: [(&str, Effect); 60] = [
    ("access_log", Effect::Written),
    ("alias", Effect::Read),
    ("auth_basic_user_file", Effect::Read),
    ("auth_http", Effect::Foreign),
    ("client_body_temp_path", Effect::Written),
    ("debug_connection", Effect::Absent),
    ("dav_methods", Effect::Foreign),
    ("env", Effect::Absent),
    ("error_log", Effect::Written),
    ("fastcgi_cache_path", Effect::Written),
    ("fastcgi_pass", Effect::OtherProtocol),
    ("fastcgi_temp_path", Effect::Written),
    ("google_perftools_profiles", Effect::Foreign),
    ("grpc_pass", Effect::OtherProtocol),
    ("js_import", Effect::Foreign),
    ("js_include", Effect::Foreign),
    ("load_module", Effect::Absent),
    ("lock_file", Effect::Written),
    ("mail", Effect::Absent),
    ("memcached_pass", Effect::OtherProtocol),
    ("otel_exporter", Effect::Foreign),
    ("perl_modules", Effect::Foreign),
    ("perl_require", Effect::Foreign),
    ("pid", Effect::Written),
    ("proxy_cache_path", Effect::Written),
    ("proxy_ssl_certificate", Effect::Pem),
    ("proxy_ssl_certificate_key", Effect::Pem),
    ("proxy_ssl_ciphers", Effect::UpstreamTls),
    ("proxy_ssl_conf_command", Effect::UpstreamTls),
    ("proxy_ssl_crl", Effect::UpstreamTls),
    ("proxy_ssl_password_file", Effect::Pem),
    ("proxy_ssl_trusted_certificate", Effect::Pem),
    ("proxy_store", Effect::Foreign),
    ("proxy_temp_path", Effect::Written),
    ("root", Effect::Read),
    ("scgi_cache_path", Effect::Written),
    ("scgi_pass", Effect::OtherProtocol),
    ("scgi_temp_path", Effect::Written),
    ("ssl_certificate", Effect::Pem),
    ("ssl_certificate_key", Effect::Pem),
    ("ssl_client_certificate", Effect::Pem),
    ("ssl_conf_command", Effect::Absent),
    ("ssl_crl", Effect::Absent),
    ("ssl_dhparam", Effect::Pem),
    ("ssl_engine", Effect::Foreign),
    ("ssl_key_log", Effect::Foreign),
    ("ssl_ocsp", Effect::Foreign),
    ("ssl_ocsp_responder", Effect::Foreign),
    ("ssl_password_file", Effect::Pem),
    ("ssl_session_ticket_key", Effect::Absent),
    ("ssl_stapling_responder", Effect::Absent),
    ("ssl_trusted_certificate", Effect::Pem),
    ("state", Effect::Foreign),
    ("stream", Effect::Absent),
    ("ssl_stapling_file", Effect::Absent),
    ("uwsgi_cache_path", Effect::Written),
    ("uwsgi_pass", Effect::OtherProtocol),
    ("uwsgi_temp_path", Effect::Written),
    ("worker_rlimit_core", Effect::Absent),
    ("working_directory", Effect::Absent),
];

/// Blocks that contain data, not directives.
const DATA_BLOCKS: [&str; 5] = ["types", "map", "geo", "split_clients", "charset_map"];

/// What the directive `name` affects.
pub(super) fn effect_of(name: &str) -> Option<Effect> {
    EFFECTS.iter().find(|(known, _)| *known == name).map(|(_, effect)| *effect)
}

/// Directives of nginx that affect nothing outside a worker's memory, besides those of the reference proxy. `…*` is a prefix.
const HARMLESS_DIRECTIVES: &str = "absolute_redirect add_after_body add_before_body add_header_inherit add_trailer add_trailer_inherit \
    addition_types aio aio_write ancient_browser ancient_browser_value auth_basic auth_delay auth_request auth_request_set \
    autoindex* break charset charset_map charset_types chunked_transfer_encoding client_body_in_file_only \
    client_body_in_single_buffer connection_pool_size create_full_put_path dav_access directio directio_alignment \
    disable_symlinks early_hints empty_gif fastcgi_* flv geo grpc_* gunzip* gzip* hash http2* http3* if_modified_since \
    ignore_invalid_headers keepalive_disable keepalive_min_timeout keepalive_time least_time limit_conn* limit_except \
    limit_rate limit_rate_after limit_req* lingering_close lingering_time lingering_timeout log_not_found log_subrequest \
    max_headers max_ranges memcached_* merge_slashes min_delete_depth mirror mirror_request_body modern_browser \
    modern_browser_value mp4* msie_padding msie_refresh ntlm open_file_cache* open_log_file_cache output_buffers \
    override_charset pcre_jit port_in_redirect postpone_gzipping postpone_output proxy_cache* proxy_cookie_* proxy_force_ranges \
    proxy_ignore_client_abort proxy_ignore_headers proxy_limit_rate proxy_max_temp_file_size proxy_method proxy_no_cache \
    proxy_pass_header proxy_pass_request_body proxy_pass_trailers proxy_request_dynamic proxy_send_lowat proxy_set_body \
    proxy_socket_keepalive proxy_temp_file_write_size queue quic_* random random_index read_ahead real_ip_header \
    real_ip_recursive referer_hash_bucket_size referer_hash_max_size request_pool_size reset_timedout_connection \
    resolver_timeout rewrite rewrite_log satisfy scgi_* secure_link* send_lowat sendfile_max_chunk server_name_in_redirect \
    slice source_charset split_clients ssi* ssl_buffer_size ssl_early_data ssl_object_cache_inheritable ssl_stapling \
    ssl_stapling_verify ssl_verify_client ssl_verify_depth sticky stub_status sub_filter* subrequest_output_buffer_size \
    thread_pool timer_resolution underscores_in_headers uninitialized_variable_warn userid* uwsgi_* valid_referers \
    worker_aio_requests worker_cpu_affinity worker_priority worker_shutdown_timeout";

/// Whether a directive is known to have no effect outside the worker.
pub(super) fn is_harmless(name: &str) -> bool {
    let listed = |known: &str| match known.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => known == name,
    };
    nginx_conf::is_supported(name) || HARMLESS_DIRECTIVES.split_whitespace().any(listed)
}

/// Whether `value` is not a path, but a keyword of the directive `name`.
pub(super) fn is_no_path(name: &str, value: &str) -> bool {
    matches!((name, value), ("access_log", "off") | ("error_log", "stderr"))
}

/// Whether a block of that name contains data, not directives.
pub(super) fn is_data(block: &str) -> bool {
    DATA_BLOCKS.contains(&block)
}
