Feature: WebSockets of any site

  A WebSocket is opened by a request with `Upgrade: websocket`, which a proxy does not pass on unless told to, and then lives
  for as long as both ends want.

  Background:
    Given app servers that answer any path

  Rule: A WebSocket opens, and carries messages both ways

    Scenario: A WebSocket opens at {socket}
      See `proxy_set_header Upgrade $http_upgrade;`, `proxy_set_header Connection …;` and `proxy_http_version 1.1;` in this
      location: without any of them the app is asked for a page.

      When the client opens a WebSocket at "{socket}" with the headers:
        | Origin | {site} |
      Then the WebSocket is open

    Scenario: Messages come back over the WebSocket at {socket}
      Once it is open the proxy passes bytes on. See `proxy_read_timeout` if it ends by itself.

      Given the client opens a WebSocket at "{socket}" with the headers:
        | Origin | {site} |
      When the client sends the text "hello"
      Then the client receives the text "hello"

  Rule: A reload keeps WebSockets

    Scenario: A reload does not end the WebSocket at {socket}
      See `worker_shutdown_timeout`: when it is over, the workers of before the reload end every session they have.

      Given the client opens a WebSocket at "{socket}" with the headers:
        | Origin | {site} |
      And the proxy is reloaded
      And nothing is sent for 2 seconds
      When the client sends the text "still there"
      Then the client receives the text "still there"
