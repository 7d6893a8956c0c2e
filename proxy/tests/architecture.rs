//! Holds the modules of the proxy to one direction: from bytes to messages, to requests, to what answers them, to
//! connections, to the program. `src/lib.rs` tells what each layer is.

/// From the ground up. A module may use its own room and the layers below it.
const LAYERS: &[&[&str]] = &[
    // What all workers count; the time of an event loop's turn.
    &["cycle::counts", "turn"],
    // Connections that wait for a request.
    &["cycle::idle"],
    // The time, bytes as text, what becomes of requests, values of variables, the program's name, and how many connections
    // a worker may hold.
    &["clock", "cycle::connections", "text", "trace", "variables", "version"],
    // Logs; bytes on connections; request targets as nginx normalises them.
    &["log", "uri", "wire"],
    // TLS, on connections from clients and to app servers. Names that are looked up.
    &["resolver", "tls"],
    // Zones of limits; requests as they are read, header fields, responses made here; app servers and whose turn it is.
    &["limits", "message", "upstream"],
    // Answers that are kept.
    &["cache"],
    // What a worker hands down to those who serve its requests.
    &["cycle"],
    // A request while it is answered, with its variables.
    &["exchange"],
    // Responses on their way to the client.
    &["response"],
    // Content handlers: files, and app servers behind `proxy_pass`.
    &["files", "proxy"],
    // nginx's phases, which choose the location and its content handler.
    &["phases"],
    // A client's connection: one request after another.
    &["connection"],
    // The program: command line, master and workers. What fuzz targets call may look at anything.
    &["fuzzing", "server"],
];

#[test]
fn modules_import_only_from_the_layers_below_them() {
    let modules = layers::Modules::read(env!("CARGO_MANIFEST_DIR")).expect("the crate's sources");
    let violations = modules.violations(LAYERS);
    assert!(violations.is_empty(), "{}", violations.join("\n"));
}
