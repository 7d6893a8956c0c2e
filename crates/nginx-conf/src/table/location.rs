//! Locations: how a request is answered from files, by rewriting, and what is logged of it.

use super::command::Arity::{AtLeast, Flag, Take};
use super::command::{
    Command, HTTP, LEVELS, LIMIT_EXCEPT, LOCATION, LOCATION_IF, SERVER, SERVER_IF, command,
};

pub(super) const COMMANDS: &[Command] = &[
    command("location", SERVER | LOCATION, Take(1, 2), "", "Settings for some URIs.").block(),
    command(
        "limit_except",
        LOCATION,
        AtLeast(1),
        "",
        "Settings for all methods but those named, in the place of the location's `if`, `set`, `rewrite`, `break` and `return`; with GET goes HEAD.",
    )
    .block(),
    command("root", LEVELS | LOCATION_IF, Take(1, 1), "html", "The directory that URIs are looked up in."),
    command(
        "alias",
        LOCATION,
        Take(1, 1),
        "",
        "What replaces the location's prefix in a URI to make a file name.",
    ),
    command("index", LEVELS, AtLeast(1), "index.html", "Files that stand for a directory."),
    command(
        "try_files",
        SERVER | LOCATION,
        AtLeast(2),
        "",
        "Files to look for in turn, and what to do when none is there.",
    ),
    command(
        "types",
        LEVELS,
        Take(0, 0),
        "text/html html; image/gif gif; image/jpeg jpg;",
        "`Content-Type` by extension.",
    )
    .block(),
    command("default_type", LEVELS, Take(1, 1), "text/plain", "`Content-Type` of other files."),
    command("charset", LEVELS | LOCATION_IF, Take(1, 1), "off", "What `Content-Type` says of the characters of a text.")
        .note("Texts are not put into it: `charset_map` is refused."),
    command(
        "source_charset",
        LEVELS | LOCATION_IF,
        Take(1, 1),
        "",
        "The charset of answers that do not say theirs; with another than that of `charset` the file is refused, for want of a \
         `charset_map`.",
    ),
    command(
        "charset_types",
        LEVELS,
        AtLeast(1),
        "text/html text/xml text/plain text/vnd.wap.wml application/javascript application/rss+xml",
        "The types for which it does, besides `text/html`; `*` for all.",
    ),
    command(
        "override_charset",
        LEVELS | LOCATION_IF,
        Flag,
        "off",
        "Whether it replaces what an app server says of them.",
    ),
    command("etag", LEVELS, Flag, "on", "Whether files get an `ETag`."),
    command(
        "if_modified_since",
        LEVELS,
        Take(1, 1),
        "exact",
        "Whether `If-Modified-Since` has to name the very second of a file, or one that is not `before` it; `off` for neither.",
    ),
    command(
        "internal",
        LOCATION,
        Take(0, 0),
        "",
        "Only redirects inside the proxy come here; to clients it is a 404.",
    ),
    command(
        "allow",
        LEVELS | LIMIT_EXCEPT,
        Take(1, 1),
        "",
        "Clients that are let in: an address, a network, or `all`. The first `allow` or `deny` that fits counts; a level with one \
         of its own inherits none.",
    ),
    command("deny", LEVELS | LIMIT_EXCEPT, Take(1, 1), "", "Clients that are answered 403, in the same way."),
    command(
        "error_page",
        LEVELS | LOCATION_IF,
        AtLeast(2),
        "",
        "What answers in place of these statuses: a path, a URL or a named location, with their status, with `=CODE` or, after `=`, \
         with its own. A level with one of its own inherits none.",
    ),
    command(
        "recursive_error_pages",
        LEVELS | LOCATION_IF,
        Flag,
        "off",
        "Whether an error on the way to such a page has one itself.",
    ),
    command(
        "expires",
        LEVELS | LOCATION_IF,
        Take(1, 2),
        "off",
        "How long an answer may be kept, in `Expires` and `Cache-Control`, for the statuses of `add_header`.",
    ),
    command(
        "add_header",
        LEVELS | LOCATION_IF,
        Take(2, 3),
        "",
        "A response header, for statuses 200, 201, 204, 206, 301 to 304, 307 and 308, or `always`. \
         A level with one of its own inherits none.",
    ),
    command(
        "add_header_inherit",
        LEVELS | LOCATION_IF,
        Take(1, 1),
        "on",
        "Whether a level without an `add_header` of its own inherits those around it (`on`), none does (`off`), or all do (`merge`).",
    )
    .since(29, 3),
    command(
        "add_trailer",
        LEVELS | LOCATION_IF,
        Take(2, 3),
        "",
        "A field behind the body of a response, for the statuses of `add_header`, or `always`. Such a response is sent in \
         chunks; one that cannot be, as to HTTP/1.0, has none. A level with one of its own inherits none.",
    ),
    command(
        "add_trailer_inherit",
        LEVELS | LOCATION_IF,
        Take(1, 1),
        "on",
        "The same for `add_trailer` as `add_header_inherit`.",
    )
    .since(29, 3),
    command(
        "if",
        SERVER | LOCATION,
        AtLeast(1),
        "",
        "Settings and actions for requests that meet a condition.",
    )
    .block(),
    command("set", SERVER | SERVER_IF | LOCATION | LOCATION_IF, Take(2, 2), "", "Gives a variable a value.")
        .note(
            "A variable cannot be made by both `set` and `geo` or `split_clients`.",
        ),
    command(
        "rewrite",
        SERVER | SERVER_IF | LOCATION | LOCATION_IF,
        Take(2, 3),
        "",
        "Replaces a URI that matches, or redirects; `last`, `break`, `redirect` and `permanent` say how it goes on.",
    ),
    command(
        "break",
        SERVER | SERVER_IF | LOCATION | LOCATION_IF,
        Take(0, 0),
        "",
        "Nothing more is rewritten.",
    ),
    command(
        "rewrite_log",
        LEVELS | SERVER_IF | LOCATION_IF,
        Flag,
        "off",
        "Whether the error log tells, as notices, what became of URIs.",
    ),
    command(
        "return",
        SERVER | SERVER_IF | LOCATION | LOCATION_IF,
        Take(1, 2),
        "",
        "Answers with a status, a text or a redirect.",
    ),
    command(
        "stub_status",
        SERVER | LOCATION,
        Take(0, 1),
        "",
        "Answers with how many connections and requests there are and have been.",
    ),
    command(
        "mirror",
        LEVELS,
        Take(1, 1),
        "off",
        "Where a copy of each request goes, whose answer nobody sees. A level with one of its own inherits none.",
    ),
    command("mirror_request_body", LEVELS, Flag, "on", "Whether the copy has the body, too.")
        .note("A body of more than 8 MiB is not copied, and its request neither."),
    command("map", HTTP, Take(2, 2), "", "A variable whose value depends on another.")
        .block()
        .note("With `hostnames`, `volatile`, `include` and regular expressions."),
    command("geo", HTTP, Take(1, 2), "", "A variable whose value depends on the client's address, or another one.").block(),
    command(
        "split_clients",
        HTTP,
        Take(2, 2),
        "",
        "A variable whose value is one for some percent of clients, or of whatever the text tells apart, and another for others.",
    )
    .block(),
    command("log_format", HTTP, AtLeast(2), "combined …", "A form of access log lines."),
    command(
        "access_log",
        LEVELS | LOCATION_IF | LIMIT_EXCEPT,
        AtLeast(1),
        "logs/access.log combined",
        "Where requests are logged, and how; `off` for nowhere.",
    )
    .note("With `buffer=`, `flush=`, `gzip`, `if=`, `syslog:`; variables in the path are refused."),
];
