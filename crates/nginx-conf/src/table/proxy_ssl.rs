//! `proxy_ssl_…`: TLS to app servers.

use super::command::Arity::{AtLeast, Flag, Take};
use super::command::{Command, LEVELS, command};

pub(super) const COMMANDS: &[Command] = &[
    command("proxy_ssl_server_name", LEVELS, Flag, "off", "Whether the handshake asks for a name (SNI)."),
    command(
        "proxy_ssl_name",
        LEVELS,
        Take(1, 1),
        "$proxy_host",
        "The name that is asked for, and that the certificate must have.",
    ),
    command("proxy_ssl_verify", LEVELS, Flag, "off", "Whether an app server's certificate is verified."),
    command(
        "proxy_ssl_verify_depth",
        LEVELS,
        Take(1, 1),
        "1",
        "How many certificates may stand between an app server's and a trusted one.",
    ),
    command(
        "proxy_ssl_trusted_certificate",
        LEVELS,
        Take(1, 1),
        "",
        "Certificates to verify app servers' by (PEM).",
    )
    .note("A certificate that is trusted need not be a root."),
    command("proxy_ssl_crl", LEVELS, Take(1, 1), "", "Certificates that are revoked (PEM)."),
    command(
        "proxy_ssl_certificate",
        LEVELS,
        Take(1, 1),
        "",
        "The certificate that app servers are shown if they ask for one (PEM).",
    )
    .note("As `ssl_certificate`."),
    command("proxy_ssl_certificate_key", LEVELS, Take(1, 1), "", "Its key (PEM).")
        .note("As `ssl_certificate_key`."),
    command(
        "proxy_ssl_protocols",
        LEVELS,
        AtLeast(1),
        "TLSv1.2 TLSv1.3",
        "Versions of TLS that app servers are offered.",
    )
    .note("TLSv1.2 and TLSv1.3. Older ones are accepted with a warning that they are not spoken."),
    command(
        "proxy_ssl_ciphers",
        LEVELS,
        Take(1, 1),
        "DEFAULT",
        "Cipher suites of TLS 1.2 that app servers are offered.",
    )
    .note("As `ssl_ciphers`."),
    command("proxy_ssl_session_reuse", LEVELS, Flag, "on", "Whether sessions with app servers are resumed."),
];
