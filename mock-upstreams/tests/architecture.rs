//! The crate's modules, from the ground up: each may use what lies below it, and nothing beside or above it.

#[test]
fn imports_go_down() {
    let modules = layers::Modules::read(env!("CARGO_MANIFEST_DIR")).unwrap();
    let violations = modules.violations(&[
        // Digests, ports, and the ways to fail.
        &["digest", "port", "fault"],
        // What arrived. STOMP as a codec, and a broker in memory.
        &["journal", "stomp"],
        // Connections whose bytes pass by the journal. SockJS's frames, and sessions made of requests.
        &["transport", "sockjs"],
        // What the parts of one app server share.
        &["instance"],
        // WebSockets whose messages go into the journal.
        &["websocket"],
        // The server's side of a STOMP session. What is checked of its frames when they are fuzzed.
        &["stomp::server", "stomp::fuzzing"],
        // WebSocket handshakes.
        &["sockets", "fuzzing"],
        // The paths of the app.
        &["app"],
        // Accepting, failing, starting and stopping.
        &["server"],
    ]);
    assert!(violations.is_empty(), "{}", violations.join("\n"));
}
