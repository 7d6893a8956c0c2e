//! Who a client is, and whether it gets an answer.

use super::command::Arity::{AtLeast, Flag, Take};
use super::command::{Command, HTTP, LEVELS, LIMIT_EXCEPT, LOCATION, SERVER, command};

pub(super) const COMMANDS: &[Command] = &[
    command("set_real_ip_from", LEVELS, Take(1, 1), "", "Proxies that are believed about the client's address: an address, a network or a name. A level with one of its own inherits none.")
    .note("Where only a location has it, `$remote_addr` changes there even if an `if` has looked at it before."),
    command("real_ip_header", LEVELS, Take(1, 1), "X-Real-IP", "The header that they put it in, or `proxy_protocol`."),
    command("real_ip_recursive", LEVELS, Flag, "off", "Whether addresses of such proxies in the header are passed over."),
    command("limit_req_zone", HTTP, Take(3, 3), "", "Memory about the requests of each client, or of whatever the key tells apart, and how many it may make.")
        .note("A zone holds about as many keys as that of nginx, but takes other memory."),
    command("limit_req", LEVELS, Take(1, 3), "", "How many requests too many are kept waiting, or let through at once. A level with one of its own inherits none."),
    command("limit_req_status", LEVELS, Take(1, 1), "503", "The answer to more than that."),
    command("limit_req_log_level", LEVELS, Take(1, 1), "error", "How severe the error log calls it; a delay is one less."),
    command("limit_req_dry_run", LEVELS, Flag, "off", "Whether it is only logged."),
    command("limit_conn_zone", HTTP, Take(2, 2), "", "Memory about the requests being answered for each client, or whatever the key tells apart.")
        .note("A zone holds about as many keys as that of nginx, but takes other memory."),
    command("limit_conn", LEVELS, Take(2, 2), "", "How many may be answered at the same time. A level with one of its own inherits none."),
    command("limit_conn_status", LEVELS, Take(1, 1), "503", "The answer to more than that."),
    command("limit_conn_log_level", LEVELS, Take(1, 1), "error", "How severe the error log calls it."),
    command("limit_conn_dry_run", LEVELS, Flag, "off", "Whether it is only logged."),
    command("valid_referers", SERVER | LOCATION, AtLeast(1), "", "Pages that may lead here: their hosts, with paths or without, `none`, `blocked`, `server_names` and expressions. `$invalid_referer` is `1` for others."),
    command("referer_hash_max_size", SERVER | LOCATION, Take(1, 1), "2048", "Size of a table of nginx.").note("Accepted without effect."),
    command("referer_hash_bucket_size", SERVER | LOCATION, Take(1, 1), "64", "Size of a table of nginx.").note("Accepted without effect."),
    command("auth_basic", LEVELS | LIMIT_EXCEPT, Take(1, 1), "off", "The realm that names and passwords are asked for; `off` for nobody."),
    command("auth_basic_user_file", LEVELS | LIMIT_EXCEPT, Take(1, 1), "", "The file with them, a `name:password` in each line.")
        .note("`{PLAIN}`, `{SHA}`, `{SSHA}`, `$apr1$`, `$1$`, `$5$` and `$6$`; what else `crypt()` knows (DES, bcrypt, yescrypt) lets nobody in, and the error log says so."),
    command("auth_delay", LEVELS, Take(1, 1), "0s", "How long a 401 is held back, so that passwords cannot be guessed fast."),
    command("auth_request", LEVELS, Take(1, 1), "off", "Where it is asked whether a client is let in: by 2xx, or not, by 401 and 403."),
    command("auth_request_set", LEVELS, Take(2, 2), "", "Gives a variable a value of that answer. A level with one of its own inherits none."),
    command("satisfy", LEVELS, Take(1, 1), "all", "Whether a client needs all of `allow`, `deny`, `auth_basic` and `auth_request` on its side, or `any`."),
];
