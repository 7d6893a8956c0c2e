//! Files that are on every server, and in nobody's repository.

/// What surrounds a `conf.d` file in the stock `nginx.conf` of official images; all on the first line, so that the
/// user's line numbers hold.
pub(super) const HEAD: &str = "user nginx; worker_processes auto; error_log /var/log/nginx/error.log notice; \
    pid /var/run/nginx.pid; events { worker_connections 1024; } http { include /etc/nginx/mime.types; \
    default_type application/octet-stream; log_format main '$remote_addr - $remote_user [$time_local] \"$request\" \
    $status $body_bytes_sent \"$http_referer\" \"$http_user_agent\" \"$http_x_forwarded_for\"'; \
    access_log /var/log/nginx/access.log main; sendfile on; keepalive_timeout 65; ";

/// What Debian's package puts beside `nginx.conf`.
const PROXY_PARAMS: &str = "proxy_set_header Host $http_host;
proxy_set_header X-Real-IP $remote_addr;
proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
proxy_set_header X-Forwarded-Proto $scheme;
";

/// What certbot's installer sets for TLS.
const CERTBOT: &str = "ssl_session_cache shared:le_nginx_SSL:10m;
ssl_session_timeout 1440m;
ssl_session_tickets off;
ssl_protocols TLSv1.2 TLSv1.3;
ssl_prefer_server_ciphers off;
";

/// What usually stands in the file that `include path` names.
pub(super) fn file(path: &str) -> Option<&'static str> {
    match path.strip_prefix("/etc/nginx/").unwrap_or(path) {
        "proxy_params" => Some(PROXY_PARAMS),
        "/etc/letsencrypt/options-ssl-nginx.conf" => Some(CERTBOT),
        // What these set is for app servers that are not asked here.
        "fastcgi_params" | "fastcgi.conf" | "uwsgi_params" | "scgi_params" | "snippets/fastcgi-php.conf" => {
            Some("# stock\n")
        }
        _ => None,
    }
}
