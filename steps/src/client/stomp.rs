//! STOMP.
/// A session.
#[derive(Debug)]
pub struct StompClient;
