//! What tunes nginx, and changes nothing that can be seen from outside.

use super::command::Arity::{AtLeast, Flag, Take};
use super::command::{
    Arity, Command, Contexts, EVENTS, HTTP, LEVELS, LOCATION, LOCATION_IF, MAIN, SERVER, SERVER_IF, command,
};

pub(super) const COMMANDS: &[Command] = &[
    tuning("debug_connection", EVENTS, Take(1, 1), "", "Clients for whom everything is logged."),
    tuning("debug_points", MAIN, Take(1, 1), "", "What happens where nginx finds a fault in itself."),
    tuning("env", MAIN, Take(1, 1), "TZ", "A variable of the environment that workers keep."),
    tuning("load_module", MAIN, Take(1, 1), "", "A module of nginx to load.")
        .note("Accepted without effect: the directives of other modules stay unknown."),
    tuning("lock_file", MAIN, Take(1, 1), "logs/nginx.lock", "The lock that workers take turns by."),
    tuning("pcre_jit", MAIN, Flag, "off", "Compile regular expressions to machine code."),
    tuning("thread_pool", MAIN, Take(2, 3), "default threads=32 max_queue=65536", "Threads that read files."),
    tuning("timer_resolution", MAIN, Take(1, 1), "", "How often the clock is read."),
    tuning(
        "worker_aio_requests",
        EVENTS,
        Take(1, 1),
        "32",
        "How many reads of files a worker may have under way.",
    ),
    tuning("worker_cpu_affinity", MAIN, AtLeast(1), "", "Which core each worker runs on."),
    tuning("worker_priority", MAIN, Take(1, 1), "0", "How workers are scheduled."),
    tuning("worker_rlimit_core", MAIN, Take(1, 1), "", "How large a core file of a worker may be."),
    tuning("working_directory", MAIN, Take(1, 1), "", "The current directory of the workers."),
    tuning("aio", LEVELS, Take(1, 1), "off", "Read files without blocking."),
    tuning("aio_write", LEVELS, Flag, "off", "Write files without blocking."),
    tuning("client_body_in_file_only", LEVELS, Take(1, 1), "off", "Keep every request body in a file."),
    tuning(
        "client_body_in_single_buffer",
        LEVELS,
        Flag,
        "off",
        "Keep a request body in one piece of memory.",
    ),
    tuning(
        "connection_pool_size",
        HTTP | SERVER,
        Take(1, 1),
        "512",
        "Memory for a connection to begin with.",
    ),
    tuning("directio", LEVELS, Take(1, 1), "off", "From which size on files are read past the page cache."),
    tuning("directio_alignment", LEVELS, Take(1, 1), "512", "How such reads are aligned."),
    tuning("keepalive_disable", LEVELS, AtLeast(1), "msie6", "Browsers whose connections are not kept."),
    tuning("keepalive_min_timeout", LEVELS, Take(1, 1), "0", "How long a connection is kept at least."),
    tuning("lingering_close", LEVELS, Take(1, 1), "on", "Whether what a client still sends is read before its connection is closed.")
        .note("Accepted without effect: it is read."),
    tuning("lingering_time", LEVELS, Take(1, 1), "30s", "For how long.")
        .note("Accepted without effect: 30 s."),
    tuning("lingering_timeout", LEVELS, Take(1, 1), "5s", "How long the client may be silent meanwhile.")
        .note("Accepted without effect: 5 s."),
    tuning("log_subrequest", LEVELS, Flag, "off", "Log subrequests in the access log."),
    tuning("msie_padding", LEVELS, Flag, "on", "Make error pages long enough for old browsers."),
    tuning("msie_refresh", LEVELS, Flag, "off", "Send pages in place of redirects to old browsers."),
    tuning("open_file_cache", LEVELS, Take(1, 2), "off", "Keep files open that were asked for.")
        .note("Accepted without effect: a file that changes is seen at once, by nginx after `open_file_cache_valid`."),
    tuning("open_file_cache_errors", LEVELS, Flag, "off", "Remember which files were not there."),
    tuning("open_file_cache_events", LEVELS, Flag, "off", "Be told of changes by the system."),
    tuning(
        "open_file_cache_min_uses",
        LEVELS,
        Take(1, 1),
        "1",
        "How often a file is asked for before it is kept open.",
    ),
    tuning("open_file_cache_valid", LEVELS, Take(1, 1), "60s", "For how long a file is taken for unchanged."),
    tuning(
        "open_log_file_cache",
        LEVELS | LOCATION_IF,
        Take(1, 4),
        "off",
        "Keep logs open whose names have variables.",
    ),
    tuning("output_buffers", LEVELS, Take(2, 2), "2 32k", "Memory to read a file into."),
    tuning("postpone_output", LEVELS, Take(1, 1), "1460", "Wait until there is so much to send."),
    tuning("read_ahead", LEVELS, Take(1, 1), "0", "How far the system reads ahead in a file."),
    tuning("request_pool_size", HTTP | SERVER, Take(1, 1), "4k", "Memory for a request to begin with."),
    tuning("reset_timedout_connection", LEVELS, Flag, "off", "Reset connections that have timed out."),
    tuning("send_lowat", LEVELS, Take(1, 1), "0", "Wait until there is room for so much."),
    tuning("sendfile_max_chunk", LEVELS, Take(1, 1), "2m", "How much of a file is sent at once."),
    tuning("subrequest_output_buffer_size", LEVELS, Take(1, 1), "4k", "Memory for the body of a subrequest."),
    tuning(
        "uninitialized_variable_warn",
        LEVELS | SERVER_IF | LOCATION_IF,
        Flag,
        "on",
        "Warn of variables without a value.",
    ),
    tuning("gzip_hash", LEVELS, Take(1, 1), "", "Memory to compress with."),
    tuning("gzip_no_buffer", LEVELS, Flag, "off", "Pass on at once what is compressed."),
    tuning("gzip_window", LEVELS, Take(1, 1), "", "Memory to compress with."),
    tuning("postpone_gzipping", LEVELS, Take(1, 1), "0", "Wait until there is so much to compress."),
    tuning(
        "proxy_max_temp_file_size",
        LEVELS,
        Take(1, 1),
        "1024m",
        "How much of an answer is kept in a file.",
    ),
    tuning("proxy_send_lowat", LEVELS, Take(1, 1), "0", "Wait until there is room for so much."),
    tuning(
        "proxy_socket_keepalive",
        LEVELS,
        Flag,
        "off",
        "Let the system ask whether app servers are still there.",
    ),
    tuning(
        "proxy_temp_file_write_size",
        LEVELS,
        Take(1, 1),
        "8k",
        "How much is written to such a file at once.",
    ),
    tuning("client_body_temp_path", LEVELS, Take(1, 4), "", "Where request bodies are kept that memory does not hold.").note("Accepted without effect: nothing is kept in files."),
    tuning("proxy_temp_path", LEVELS, Take(1, 4), "", "Where answers of app servers are kept that memory does not hold.").note("Accepted without effect: nothing is kept in files."),
    tuning("fastcgi_temp_path", LEVELS, Take(1, 4), "", "Where answers of FastCGI servers are kept that memory does not hold.").note("Accepted without effect: nothing is kept in files."),
    tuning("scgi_temp_path", LEVELS, Take(1, 4), "", "Where answers of SCGI servers are kept that memory does not hold.").note("Accepted without effect: nothing is kept in files."),
    tuning("uwsgi_temp_path", LEVELS, Take(1, 4), "", "Where answers of uwsgi servers are kept that memory does not hold.").note("Accepted without effect: nothing is kept in files."),
    tuning("server_names_hash_max_size", HTTP, Take(1, 1), "512", "Size of a table of nginx."),
    tuning("server_names_hash_bucket_size", HTTP, Take(1, 1), "64", "Size of a table of nginx."),
    tuning("types_hash_max_size", HTTP | SERVER | LOCATION, Take(1, 1), "1024", "Size of a table of nginx."),
    tuning("types_hash_bucket_size", HTTP | SERVER | LOCATION, Take(1, 1), "64", "Size of a table of nginx."),
    tuning("variables_hash_max_size", HTTP, Take(1, 1), "1024", "Size of a table of nginx."),
    tuning("variables_hash_bucket_size", HTTP, Take(1, 1), "64", "Size of a table of nginx."),
    tuning("map_hash_max_size", HTTP, Take(1, 1), "2048", "Size of a table of nginx."),
    tuning("map_hash_bucket_size", HTTP, Take(1, 1), "64", "Size of a table of nginx."),
    tuning("proxy_headers_hash_max_size", LEVELS, Take(1, 1), "512", "Size of a table of nginx."),
    tuning("proxy_headers_hash_bucket_size", LEVELS, Take(1, 1), "64", "Size of a table of nginx."),
    tuning("http2_pool_size", HTTP | SERVER, Take(1, 1), "4k", "Memory for a connection of HTTP/2 to begin with."),
    tuning("http2_streams_index_size", HTTP | SERVER, Take(1, 1), "32", "Size of a table of nginx."),
    tuning("proxy_cache_max_range_offset", LEVELS, Take(1, 1), "", "From where on a range is passed on without the rest.")
        .note("Accepted without effect: an answer is kept whole, or not at all."),
    tuning("ssl_certificate_cache", HTTP | SERVER, Take(1, 3), "off", "Keep certificates that are named by variables.").since(27, 4),
    tuning("proxy_ssl_certificate_cache", LEVELS, Take(1, 3), "off", "Keep certificates that are named by variables.").since(27, 4),
    tuning("ssl_object_cache_inheritable", MAIN, Flag, "on", "Take certificates over from the configuration before.").since(27, 4),
    tuning("ssl_certificate_compression", HTTP | SERVER, Flag, "off", "Compress certificates for clients that can unpack them.").since(29, 1),
    tuning("ssl_stapling_file", HTTP | SERVER, Take(1, 1), "", "The OCSP response to send along.")
        .note("Accepted without effect: none is sent along."),
    tuning("ssl_stapling_responder", HTTP | SERVER, Take(1, 1), "", "Whom to ask for it.")
        .note("Accepted without effect: nobody is asked."),
    tuning("ssl_early_data", HTTP | SERVER, Flag, "off", "Take requests before the handshake has ended."),
    tuning("ssl_password_file", HTTP | SERVER, Take(1, 1), "", "Passphrases of keys.")
        .note("Accepted without effect: a key with a passphrase is refused."),
];

const fn tuning(
    name: &'static str,
    contexts: Contexts,
    arity: Arity,
    default: &'static str,
    summary: &'static str,
) -> Command {
    command(name, contexts, arity, default, summary).note("Accepted without effect.")
}
