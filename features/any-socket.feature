Feature: WebSockets of any site

  A WebSocket is opened by a request with `Upgrade: websocket`, which a proxy does not pass on unless told to, and then lives
  for as long as both ends want.

  Background:
    Given app servers that answer any path

  Rule: A WebSocket opens, and carries messages both ways

    Scenario: A WebSocket opens at {socket}
      See `proxy_set_header Upgrade $http_upgrade;`, `proxy_set_header Connection …;` and `proxy_http_version 1.1;` in this
      location: without any of them the app is asked for a page. SockJS hides that: it polls, until a second app server comes.

      When the client opens a WebSocket at "{socket}" with the headers:
        | Origin | {site} |
      Then the WebSocket is open

    Scenario: Messages come back over the WebSocket at {socket}
      Once it is open the proxy passes bytes on. See `proxy_read_timeout` if it ends by itself.

      Given the client opens a WebSocket at "{socket}" with the headers:
        | Origin | {site} |
      When the client sends the text "hello"
      Then the client receives the text "hello"

    Scenario: A subprotocol is agreed on at {socket}
      Both ends name the subprotocols that they speak. See `proxy_set_header Sec-WebSocket-Protocol` and `proxy_hide_header` in this
      location.

      When the client opens a WebSocket at "{socket}" with the headers:
        | Origin                 | {site}      |
        | Sec-WebSocket-Protocol | hopcheck.v2 |
      Then the WebSocket is open
      And the header "Sec-WebSocket-Protocol" of the response is "hopcheck.v2"

    Scenario: A long message comes back whole over the WebSocket at {socket}
      A proxy that has passed on the upgrade passes bytes on, however many. See `limit_rate` in this location.

      Given the client opens a WebSocket at "{socket}" with the headers:
        | Origin | {site} |
      When the client sends a text message of 65536 bytes
      Then the message comes back unchanged

    Scenario: Messages in quick succession come back in order over the WebSocket at {socket}
      A proxy that has passed on the upgrade adds nothing, drops nothing and changes no order. See what stands between it and the
      app server.

      Given the client opens a WebSocket at "{socket}" with the headers:
        | Origin | {site} |
      When the client sends 100 messages without waiting
      Then all of them come back in order

    Scenario: The app is told why a client closed the WebSocket at {socket}
      Code and reason of the close frame are for the other end, and no business of the proxy's.

      Given the client opens a WebSocket at "{socket}" with the headers:
        | Origin | {site} |
      When the client closes the WebSocket with 4001 "signed out"
      Then the app server sees the WebSocket closed with 4001 "signed out"

  Rule: A WebSocket opens behind older versions of nginx, too

    @warning
    Scenario: A WebSocket at {socket} opens whatever the version of nginx
      nginx asks app servers by HTTP/1.0 before 1.29.7, which knows no upgrade. See `proxy_http_version 1.1;` in this location.

      When the client opens a WebSocket at "{socket}" with the headers:
        | Origin | {site} |
      Then app servers are asked by HTTP "{http-version}"

  Rule: STOMP is spoken over a WebSocket

    Scenario: What is sent over STOMP at {stomp-socket} reaches those who subscribed
      Both ends agree on `v12.stomp`, and then on a session; a frame ends with a zero byte, and its body may be any text. See
      `proxy_set_header Upgrade $http_upgrade;`, `proxy_hide_header` and `Sec-WebSocket-Protocol` in this location.

      Given "minji" is connected at "{stomp-socket}" over STOMP 1.2
      And "minji" is subscribed to "/topic/hopcheck"
      When "minji" sends "안녕하세요" to "/topic/hopcheck"
      Then "minji" receives "안녕하세요"

  Rule: Nothing but WebSockets is opened

    @warning @routine
    Scenario: {socket} is upgraded to no other protocol
      `proxy_set_header Upgrade $http_upgrade;` passes on any protocol that a client names. If an app server takes `h2c`, the client
      has a tunnel to it, past every `location` and `deny` of the proxy. See `proxy_set_header Upgrade $websocket;` with
      `map $http_upgrade $websocket { websocket websocket; }`.

      When the client sends "GET {socket}" with the headers:
        | Connection     | Upgrade, HTTP2-Settings |
        | Upgrade        | h2c                     |
        | HTTP2-Settings | AAMAAABkAAQAoAAAAAIAAAAA |
      Then no app server saw a header that says "Upgrade: h2c"

  Rule: A reload keeps WebSockets

    Scenario: A reload does not end the WebSocket at {lasting-socket}
      See `worker_shutdown_timeout`: when it is over, the workers of before the reload end every session they have.

      Given the client opens a WebSocket at "{lasting-socket}" with the headers:
        | Origin | {site} |
      And the proxy is reloaded
      And nothing is sent for 2 seconds
      When the client sends the text "still there"
      Then the client receives the text "still there"
