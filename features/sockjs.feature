@deployment @sockjs @http1
Feature: SockJS

  Where no WebSocket gets through, SockJS makes a session of many requests: one that waits for what comes, others that send. They
  belong together for the app server that has the session; to another one they are about nothing.

  Rule: A session of SockJS stays with one app server

    Scenario: What is sent on a session at {socket.endpoint} reaches the app server that has it
      An app server answers with 404 to what belongs to a session of another. See `ip_hash;` in the upstream, `hash $remote_addr
      consistent;`, or a cookie that the balancer keeps clients apart by (`sticky cookie`).

      When a browser without WebSocket opens 4 sessions at "{socket.endpoint}"
      Then what it sends on each of them reaches its session
