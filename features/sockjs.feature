@deployment @sockjs @http1 @serial
Feature: SockJS

  Where no WebSocket gets through, SockJS makes a session of many requests: one waits for messages, others send them. Only the app server
  that opened the session knows it.

  Rule: A session of SockJS stays with one app server

    Scenario: What is sent on a session at {socket.sockjs} reaches the app server that has it
      Any other app server answers with 404. See `ip_hash;` in the upstream, `hash $remote_addr consistent;`, or a cookie by which the balancer
      knows a client again (`sticky cookie`).

      When a browser without WebSocket opens 4 sessions at "{socket.sockjs}"
      Then what it sends on each of them reaches its session
