@document
Feature: Hop-by-hop headers

  Some headers speak to the next hop only: Connection says how long to keep this connection, Upgrade offers another protocol
  on it. A proxy is a hop. It reads them, acts on them and does not pass them on, which is why a WebSocket handshake gets
  lost on the way unless the proxy is told to send Upgrade and Connection anew.

  @D8 @rfc9110
  Rule: What a client says to the proxy alone does not reach the app server

    Scenario Outline: <name> does not cross /api
      nginx drops these, save Proxy-Connection, unless a `proxy_set_header` in `location /api` or further out sends them
      anew.

      When the client sends "GET /api/items" with the headers:
        | <name> | <value> |
      Then the response is 200
      And the app server saw no header "<name>"

      Examples:
        | name             | value      |
        | Upgrade          | websocket  |
        | Keep-Alive       | timeout=5  |
        | TE               | trailers   |
        | Proxy-Connection | keep-alive |

    Scenario: The client's Connection header does not cross /api
      `proxy_set_header Connection $http_connection` would pass it on. nginx sends "close" or nothing, as suits its own hop.

      When the client sends "GET /api/items" with the headers:
        | Connection | keep-alive, X-Trace |
      Then the response is 200
      And the app server saw no header "Connection" with "X-Trace"

    Scenario: A header that Connection names goes no further than the proxy
      RFC 9110 section 7.6.1 has a proxy remove it. nginx is known not to; `proxy_set_header X-Secret "";` would help.

      When the client sends "GET /api/items" with the headers:
        | Connection | X-Secret |
        | X-Secret   | hush     |
      Then the response is 200
      And the app server saw no header "X-Secret"

    Scenario: A WebSocket asked for under /api is a plain request to the app server
      Only `location ~ ^/stomp/` offers the app server an upgrade. Is there a `proxy_set_header Upgrade` in `/api`?

      When the client opens a WebSocket at "/api/items"
      Then the response is 200
      And the app server saw no header "Upgrade"
      And the app server saw no header "Connection" with "upgrade"

  @D8 @rfc9110
  Rule: What the app server says to the proxy alone does not reach the client

    Scenario Outline: <name> of an answer does not cross /api
      RFC 9110 section 7.6.1 names these. nginx removes Connection and Keep-Alive, and is known to let the others pass:
      `proxy_hide_header` removes one.

      Given the app servers "blue and green" answer with these bytes:
        """
        HTTP/1.1 200 OK\r\n
        Connection: close, X-Hop\r\n
        <name>: <value>\r\n
        Content-Length: 2\r\n
        \r\n
        ok
        """
      When the client sends "GET /api/items"
      Then the body of the response is "ok"
      And the response has no header "<name>"

      Examples:
        | name             | value      |
        | Keep-Alive       | timeout=5  |
        | X-Hop            | named      |
        | Proxy-Connection | keep-alive |
        | TE               | trailers   |
        | Upgrade          | h2c        |

    Scenario: The app server's wish to close does not close the client's connection
      Connection belongs to one hop: the client's is kept for `keepalive_timeout`, whatever the app server does with its own.

      Given the app servers "blue and green" answer with these bytes:
        """
        HTTP/1.1 200 OK\r\n
        Connection: close\r\n
        Content-Length: 2\r\n
        \r\n
        ok
        """
      When the client sends "GET /api/items"
      Then the body of the response is "ok"
      And the connection is open

  @D8
  Rule: Under /stomp/ the proxy sends Upgrade and Connection anew

    @W3
    Scenario: Upgrade arrives as the client sent it
      See `proxy_set_header Upgrade $http_upgrade;` in `location ~ ^/stomp/`, letter by letter: a misspelt `$http_…` is
      empty, an empty header is not sent, and `nginx -t` finds nothing wrong.

      When the client sends "GET /stomp/info" with the headers:
        | Connection | Upgrade   |
        | Upgrade    | WebSocket |
      Then the app server saw the header "Upgrade" as "WebSocket"

    Scenario Outline: Connection arrives as "upgrade" when the client sent "<value>"
      See `proxy_set_header Connection "upgrade";` in `location ~ ^/stomp/`: a fixed text, for plain requests too.

      When the client sends "GET /stomp/info" with the headers:
        | Connection | <value> |
      Then the app server saw the header "Connection" as "upgrade"

      Examples:
        | value      |
        | Upgrade    |
        | keep-alive |

    Scenario: No Upgrade is made up for a client that sent none
      `proxy_set_header Upgrade` must use `$http_upgrade`, empty for a plain request, rather than a fixed "websocket".

      When the client sends "GET /stomp/info"
      Then the response is 200
      And the app server saw no header "Upgrade"

    @rfc9110
    Scenario: The other hop-by-hop headers do not cross /stomp/ either
      Upgrade and Connection are the only two that `location ~ ^/stomp/` may send anew.

      When the client sends "GET /stomp/info" with the headers:
        | Keep-Alive | timeout=5 |
        | TE         | trailers  |
      Then the response is 200
      And the app server saw no header "Keep-Alive"
      And the app server saw no header "TE"

    @D10
    Scenario: The app server is spoken to in HTTP/1.1, the version that can switch protocols
      See `proxy_http_version 1.1;` in `location ~ ^/stomp/`: nginx before 1.29.7 speaks HTTP/1.0 unless told.

      When the client sends "GET /stomp/info"
      Then the app server was spoken to in "HTTP/1.1"
