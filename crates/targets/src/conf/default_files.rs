//! The usual content of files that exist on servers but not in repositories.

/// The text before a `conf.d` file in the stock `nginx.conf` of official images; all on one line, so that the user's line
/// numbers stay.
pub(super) const STOCK_CONF_HEAD: &str = "user nginx; worker_processes auto; error_log /var/log/nginx/error.log notice; \
    pid /var/run/nginx.pid; events { worker_connections 1024; } http { include /etc/nginx/mime.types; \
    default_type application/octet-stream; log_format main '$remote_addr - $remote_user [$time_local] \"$request\" \
    $status $body_bytes_sent \"$http_referer\" \"$http_user_agent\" \"$http_x_forwarded_for\"'; \
    access_log /var/log/nginx/access.log main; sendfile on; keepalive_timeout 65; ";

/// From Debian's package.
const PROXY_PARAMS: &str = "proxy_set_header Host $http_host;
proxy_set_header X-Real-IP $remote_addr;
proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
proxy_set_header X-Forwarded-Proto $scheme;
";

/// From certbot's nginx plugin.
const CERTBOT_OPTIONS: &str = "ssl_session_cache shared:le_nginx_SSL:10m;
ssl_session_timeout 1440m;
ssl_session_tickets off;
ssl_protocols TLSv1.2 TLSv1.3;
ssl_prefer_server_ciphers off;
";

/// The usual content of the file that `include path` names.
pub(super) fn default_file(path: &str) -> Option<&'static str> {
    match path.strip_prefix("/etc/nginx/").unwrap_or(path) {
        "proxy_params" => Some(PROXY_PARAMS),
        "/etc/letsencrypt/options-ssl-nginx.conf" => Some(CERTBOT_OPTIONS),
        // These are for app servers that are not used here.
        "fastcgi_params" | "fastcgi.conf" | "uwsgi_params" | "scgi_params" | "snippets/fastcgi-php.conf" => {
            Some("# stock\n")
        }
        _ => None,
    }
}
