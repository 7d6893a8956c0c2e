//! Directives of stock nginx that are not supported here, by the part of nginx they belong to.

/// Part of nginx, what it is for, which is outside the purpose of this proxy, and the names of its directives.
pub(super) const MODULES: &[(&str, &str, &str)] = &[
    (
        "ssi, addition",
        "Pages put together in the proxy: what is asked for would depend on what is in them.",
        "add_after_body add_before_body addition_types ssi ssi_last_modified ssi_min_file_chunk ssi_silent_errors \
         ssi_types ssi_value_length",
    ),
    ("charset", "Texts in encodings of one byte: browsers read UTF-8.", "charset_map"),
    (
        "browser",
        "Telling browsers apart by their names.",
        "ancient_browser ancient_browser_value modern_browser modern_browser_value",
    ),
    ("slice", "Large files in pieces, each asked for by itself.", "slice"),
    (
        "files",
        "Content that is not what is in a file: media cut to pieces, a picture of one pixel, any file by chance.",
        "empty_gif flv mp4 mp4_buffer_size mp4_limit_rate mp4_limit_rate_after mp4_max_buffer_size \
         mp4_start_key_frame random_index",
    ),
    (
        "dav, store",
        "Writing files.",
        "create_full_put_path dav_access dav_methods min_delete_depth proxy_store proxy_store_access",
    ),
    (
        "userid",
        "Following people by a cookie.",
        "userid userid_domain userid_expires userid_flags userid_mark userid_name userid_p3p userid_path \
         userid_service",
    ),
    (
        "perl, js",
        "Programs in the configuration.",
        "js_access js_body_filter js_content js_fetch_timeout js_header_filter js_import js_path js_periodic \
         js_preload_object js_set js_shared_dict_zone js_var perl perl_modules perl_require perl_set",
    ),
    (
        "image, xslt, geoip, otel",
        "Modules that have to be loaded, and need other libraries.",
        "geoip_city geoip_country geoip_org geoip_proxy geoip_proxy_recursive google_perftools_profiles \
         image_filter image_filter_buffer image_filter_interlace image_filter_jpeg_quality image_filter_sharpen \
         image_filter_transparency image_filter_webp_quality otel_exporter otel_service_name otel_span_attr \
         otel_span_name otel_trace otel_trace_context xml_entities xslt_last_modified xslt_param \
         xslt_string_param xslt_stylesheet xslt_types",
    ),
    (
        "commercial",
        "What only the commercial nginx has.",
        "auth_jwt auth_jwt_key_file least_time ntlm proxy_ssl_key_log queue ssl_handshake_timeout ssl_key_log \
         state status upstream_conf",
    ),
    (
        "fastcgi",
        "A protocol that is not HTTP.",
        "fastcgi_bind fastcgi_buffer_size fastcgi_buffering fastcgi_buffers fastcgi_busy_buffers_size \
         fastcgi_cache fastcgi_cache_background_update fastcgi_cache_bypass fastcgi_cache_key fastcgi_cache_lock \
         fastcgi_cache_lock_age fastcgi_cache_lock_timeout fastcgi_cache_max_range_offset fastcgi_cache_methods \
         fastcgi_cache_min_uses fastcgi_cache_path fastcgi_cache_revalidate fastcgi_cache_use_stale \
         fastcgi_cache_valid fastcgi_catch_stderr fastcgi_connect_timeout fastcgi_force_ranges \
         fastcgi_hide_header fastcgi_ignore_client_abort fastcgi_ignore_headers fastcgi_index \
         fastcgi_intercept_errors fastcgi_keep_conn fastcgi_limit_rate fastcgi_max_temp_file_size \
         fastcgi_next_upstream fastcgi_next_upstream_timeout fastcgi_next_upstream_tries fastcgi_no_cache \
         fastcgi_param fastcgi_pass fastcgi_pass_header fastcgi_pass_request_body fastcgi_pass_request_headers \
         fastcgi_read_timeout fastcgi_request_buffering fastcgi_send_lowat fastcgi_send_timeout \
         fastcgi_socket_keepalive fastcgi_split_path_info fastcgi_store fastcgi_store_access \
         fastcgi_temp_file_write_size",
    ),
    (
        "scgi, uwsgi",
        "Protocols that are not HTTP.",
        "scgi_bind scgi_buffer_size scgi_buffering scgi_buffers scgi_busy_buffers_size scgi_cache \
         scgi_cache_background_update scgi_cache_bypass scgi_cache_key scgi_cache_lock scgi_cache_lock_age \
         scgi_cache_lock_timeout scgi_cache_max_range_offset scgi_cache_methods scgi_cache_min_uses \
         scgi_cache_path scgi_cache_revalidate scgi_cache_use_stale scgi_cache_valid scgi_connect_timeout \
         scgi_force_ranges scgi_hide_header scgi_ignore_client_abort scgi_ignore_headers scgi_intercept_errors \
         scgi_limit_rate scgi_max_temp_file_size scgi_next_upstream scgi_next_upstream_timeout \
         scgi_next_upstream_tries scgi_no_cache scgi_param scgi_pass scgi_pass_header scgi_pass_request_body \
         scgi_pass_request_headers scgi_read_timeout scgi_request_buffering scgi_send_timeout \
         scgi_socket_keepalive scgi_store scgi_store_access scgi_temp_file_write_size uwsgi_bind \
         uwsgi_buffer_size uwsgi_buffering uwsgi_buffers uwsgi_busy_buffers_size uwsgi_cache \
         uwsgi_cache_background_update uwsgi_cache_bypass uwsgi_cache_key uwsgi_cache_lock uwsgi_cache_lock_age \
         uwsgi_cache_lock_timeout uwsgi_cache_max_range_offset uwsgi_cache_methods uwsgi_cache_min_uses \
         uwsgi_cache_path uwsgi_cache_revalidate uwsgi_cache_use_stale uwsgi_cache_valid uwsgi_connect_timeout \
         uwsgi_force_ranges uwsgi_hide_header uwsgi_ignore_client_abort uwsgi_ignore_headers \
         uwsgi_intercept_errors uwsgi_limit_rate uwsgi_max_temp_file_size uwsgi_modifier1 uwsgi_modifier2 \
         uwsgi_next_upstream uwsgi_next_upstream_timeout uwsgi_next_upstream_tries uwsgi_no_cache uwsgi_param \
         uwsgi_pass uwsgi_pass_header uwsgi_pass_request_body uwsgi_pass_request_headers uwsgi_read_timeout \
         uwsgi_request_buffering uwsgi_send_timeout uwsgi_socket_keepalive uwsgi_ssl_certificate \
         uwsgi_ssl_certificate_cache uwsgi_ssl_certificate_key uwsgi_ssl_ciphers uwsgi_ssl_conf_command \
         uwsgi_ssl_crl uwsgi_ssl_name uwsgi_ssl_password_file uwsgi_ssl_protocols uwsgi_ssl_server_name \
         uwsgi_ssl_session_reuse uwsgi_ssl_trusted_certificate uwsgi_ssl_verify uwsgi_ssl_verify_depth \
         uwsgi_store uwsgi_store_access uwsgi_string uwsgi_temp_file_write_size",
    ),
    (
        "grpc, memcached",
        "Protocols of their own.",
        "grpc_bind grpc_buffer_size grpc_connect_timeout grpc_hide_header grpc_ignore_headers \
         grpc_intercept_errors grpc_next_upstream grpc_next_upstream_timeout grpc_next_upstream_tries grpc_pass \
         grpc_pass_header grpc_read_timeout grpc_send_timeout grpc_set_header grpc_socket_keepalive \
         grpc_ssl_certificate grpc_ssl_certificate_cache grpc_ssl_certificate_key grpc_ssl_ciphers \
         grpc_ssl_conf_command grpc_ssl_crl grpc_ssl_name grpc_ssl_password_file grpc_ssl_protocols \
         grpc_ssl_server_name grpc_ssl_session_reuse grpc_ssl_trusted_certificate grpc_ssl_verify \
         grpc_ssl_verify_depth memcached_bind memcached_buffer_size memcached_connect_timeout \
         memcached_force_ranges memcached_gzip_flag memcached_next_upstream memcached_next_upstream_timeout \
         memcached_next_upstream_tries memcached_pass memcached_read_timeout memcached_send_timeout \
         memcached_socket_keepalive",
    ),
    (
        "TLS",
        "What OpenSSL alone does, or what asks others about certificates.",
        "proxy_ssl_alpn proxy_ssl_conf_command proxy_ssl_password_file ssl_alpn ssl_conf_command ssl_ech_file \
         ssl_engine ssl_ocsp ssl_ocsp_cache ssl_ocsp_responder ssl_preread ssl_session_ticket_key",
    ),
    (
        "http",
        "What nobody has needed here yet.",
        "disable_symlinks limit_zone post_action proxy_bind proxy_force_ranges proxy_limit_rate \
         proxy_pass_trailers",
    ),
    (
        "stream, mail",
        "Connections that are not HTTP.",
        "auth_http auth_http_header auth_http_pass_client_cert auth_http_timeout imap_auth imap_capabilities \
         imap_client_buffer mail max_errors pass pop3_auth pop3_capabilities preread_buffer_size preread_timeout \
         protocol proxy_buffer proxy_download_rate proxy_half_close proxy_pass_error_message proxy_protocol \
         proxy_protocol_timeout proxy_requests proxy_responses proxy_session_drop proxy_smtp_auth proxy_ssl \
         proxy_timeout proxy_upload_rate smtp_auth smtp_capabilities smtp_client_buffer smtp_greeting_delay \
         starttls stream timeout xclient",
    ),
];

/// Whether nginx has a directive of this name that is not supported here.
pub(crate) fn is_unsupported(name: &str) -> bool {
    MODULES.iter().any(|(.., names)| names.split_whitespace().any(|known| known == name))
}
