//! TLS.

use super::command::Arity::{AtLeast, Flag, Take};
use super::command::{Command, HTTP, LEVELS, SERVER, UPSTREAM, command};

const SERVERS: u16 = HTTP | SERVER;

pub(super) const COMMANDS: &[Command] = &[
    command("ssl", SERVERS, Flag, "off", "Speak TLS on all addresses of the server, whatever `listen` says; deprecated.").until(25, 1),
    command("ssl_certificate", SERVERS, Take(1, 1), "", "The server's certificate and those that lead to its issuer (PEM). Several, each with its key, for several kinds of keys: a client is shown the first that it can check.")
    .note("A path beside the configuration file, or absolute; variables, `data:` and `engine:` are refused."),
    command("ssl_certificate_key", SERVERS, Take(1, 1), "", "The certificate's key (PEM).")
        .note("As `ssl_certificate`. RSA from 2048 to 8192 bits, ECDSA on P-256 and P-384, Ed25519; no passphrase."),
    command("ssl_protocols", SERVERS, AtLeast(1), "TLSv1.2 TLSv1.3", "Versions of TLS.")
        .note("TLSv1.2 and TLSv1.3. Older ones are accepted with a warning that they are not spoken. Each server has its own; to nginx that of the default server counts."),
    command("ssl_ciphers", SERVERS, Take(1, 1), "HIGH:!aNULL:!MD5", "Cipher suites of TLS 1.2.")
    .note("Suites by name, in their order, of ECDHE with AES-GCM or ChaCha20; others are left out, and a list without any of these is refused. Where a class (`HIGH`, `EECDH+AESGCM`) stands, all of them are offered; exclusions (`!…`) have no effect."),
    command("ssl_prefer_server_ciphers", SERVERS, Flag, "off", "Whose order of cipher suites counts."),
    command("ssl_ecdh_curve", SERVERS, Take(1, 1), "auto", "Groups for the key exchange.")
    .note("X25519, prime256v1 and secp384r1; others are left out, and a list without any of these is refused."),
    command("ssl_dhparam", SERVERS, Take(1, 1), "", "Parameters for DHE cipher suites.")
    .note("The file must be there; it has no effect, as DHE is not spoken."),
    command("ssl_session_cache", SERVERS, Take(1, 2), "none", "Where sessions are kept that clients may resume.")
        .note("`off` is `none`. A zone does not outlive a reload."),
    command("ssl_session_timeout", SERVERS, Take(1, 1), "5m", "How long a session may be resumed.")
        .note("Tickets live for 12 hours at most."),
    command("ssl_session_tickets", SERVERS, Flag, "on", "Let clients keep their sessions themselves.")
    .note("Each server has keys of its own, which do not outlive a reload."),
    command("ssl_reject_handshake", SERVERS, Flag, "off", "Turn clients away that ask for this server, or for none."),
    command("ssl_buffer_size", SERVERS, Take(1, 1), "16k", "Bytes of a TLS record at most.")
    .note("Accepted without effect: records are as long as what there is to send, up to 16 KiB."),
    command("ssl_stapling", SERVERS, Flag, "off", "Send OCSP responses along.")
    .note("Accepted without effect: none are sent, and clients ask by themselves if they want to know."),
    command("ssl_stapling_verify", SERVERS, Flag, "off", "Verify OCSP responses.")
    .note("Accepted without effect."),
    command("ssl_verify_client", SERVERS, Take(1, 1), "off", "Whether clients are asked for a certificate: `on`, `optional` (they need none) or `optional_no_ca` (whoever has issued it)."),
    command("ssl_client_certificate", SERVERS, Take(1, 1), "", "Certificates that those of clients are verified by, whose names clients are told (PEM)."),
    command("ssl_trusted_certificate", SERVERS, Take(1, 1), "", "The same, without telling clients. OCSP responses are not looked at."),
    command("ssl_verify_depth", SERVERS, Take(1, 1), "1", "How many certificates there may be between that of a client and one of these."),
    command("ssl_crl", SERVERS, Take(1, 1), "", "Certificates of clients that are revoked (PEM).")
        .note("A file without a list is refused, as by nginx from 1.29 on."),
    command("resolver", LEVELS | UPSTREAM, AtLeast(1), "", "Name servers, for names in the variables of `proxy_pass`, and of servers with `resolve`.")
        .note("Each worker remembers answers for itself. `status_zone=` is accepted without effect."),
    command("resolver_timeout", LEVELS | UPSTREAM, Take(1, 1), "30s", "Time for a look-up."),
];
