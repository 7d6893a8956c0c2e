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
    /// A file that only the real server has, and nothing depends on here: it is left out.
    Absent,
    /// Another protocol than HTTP at its other end (FastCGI and the like): the place answers 503 instead.
    OtherProtocol,
    /// Another machine, or other people's code. Nothing here stands in for it.
    Foreign,
}

/// Directives with something in the real world at their other end, apart from `listen`, `server`, `proxy_pass`, `resolver`
/// and `include`, which are more than a path.
const TOUCHES: [(&str, Touch); 66] = [
    ("access_log", Touch::Written),
    ("alias", Touch::Read),
    ("auth_basic_user_file", Touch::Read),
    ("auth_http", Touch::Foreign),
    ("client_body_temp_path", Touch::Written),
    ("debug_connection", Touch::Absent),
    ("dav_methods", Touch::Foreign),
    ("env", Touch::Absent),
    ("error_log", Touch::Written),
    ("fastcgi_cache_path", Touch::Written),
    ("fastcgi_pass", Touch::OtherProtocol),
    ("fastcgi_temp_path", Touch::Written),
    ("google_perftools_profiles", Touch::Foreign),
    ("grpc_pass", Touch::OtherProtocol),
    ("js_import", Touch::Foreign),
    ("js_include", Touch::Foreign),
    ("load_module", Touch::Absent),
    ("lock_file", Touch::Written),
    ("mail", Touch::Absent),
    ("memcached_pass", Touch::OtherProtocol),
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
    ("scgi_cache_path", Touch::Written),
    ("scgi_pass", Touch::OtherProtocol),
    ("scgi_temp_path", Touch::Written),
    ("ssl_certificate", Touch::Pem),
    ("ssl_certificate_key", Touch::Pem),
    ("ssl_client_certificate", Touch::Pem),
    ("ssl_conf_command", Touch::Absent),
    ("ssl_crl", Touch::Absent),
    ("ssl_dhparam", Touch::Pem),
    ("ssl_engine", Touch::Foreign),
    ("ssl_key_log", Touch::Foreign),
    ("ssl_ocsp", Touch::Foreign),
    ("ssl_ocsp_responder", Touch::Foreign),
    ("ssl_password_file", Touch::Pem),
    ("ssl_session_ticket_key", Touch::Absent),
    ("ssl_stapling_responder", Touch::Absent),
    ("ssl_trusted_certificate", Touch::Pem),
    ("state", Touch::Foreign),
    ("stream", Touch::Absent),
    ("ssl_stapling_file", Touch::Absent),
    ("uwsgi_cache_path", Touch::Written),
    ("uwsgi_pass", Touch::OtherProtocol),
    ("uwsgi_temp_path", Touch::Written),
    ("worker_rlimit_core", Touch::Absent),
    ("working_directory", Touch::Absent),
];

/// Blocks that hold data and no directives.
const DATA: [&str; 5] = ["types", "map", "geo", "split_clients", "charset_map"];

/// What the directive `name` touches.
pub(super) fn touch(name: &str) -> Option<Touch> {
    TOUCHES.iter().find(|(known, _)| *known == name).map(|(_, touch)| *touch)
}

/// Directives of nginx that touch nothing outside of a worker's memory, besides those that the reference proxy has. `…*` stands for
/// all that begin so.
const HARMLESS: &str = "absolute_redirect add_after_body add_before_body add_header_inherit add_trailer add_trailer_inherit \
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

/// Whether a directive is known to reach nothing by itself.
pub(super) fn is_harmless(name: &str) -> bool {
    let listed = |known: &str| match known.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => known == name,
    };
    nginx_conf::is_supported(name) || HARMLESS.split_whitespace().any(listed)
}

/// Whether `value`, in place of a path of the directive `name`, names none.
pub(super) fn is_no_path(name: &str, value: &str) -> bool {
    matches!((name, value), ("access_log", "off") | ("error_log", "stderr"))
}

/// Whether a block of that name holds data and no directives.
pub(super) fn is_data(block: &str) -> bool {
    DATA.contains(&block)
}
