@document @http1
Feature: Client connections

  A browser keeps its connection to the proxy and sends request after request over it, for opening one costs more than most
  requests. So the two must always agree where one message ends and the next begins. What leaves room for doubt is refused:
  attacks are built on it.

  @D17
  Rule: A connection is kept for the next request

    @deployment
    Scenario: A hundred requests are served on one connection
      See `keepalive_timeout`, where 0 turns this off, and `keepalive_requests`, 1000 unless set.

      When the client sends "OPTIONS {preflight.path}" 100 times
      Then the connection is open

    Scenario Outline: <request> with <status> does not cost the connection
      Every kind of answer must end where its framing says, the empty ones too.

      When the client sends "<request>"
      Then the response is <status>
      And the connection is open

      Examples:
        | request             | status |
        | GET /api/status/304 | 304    |
        | HEAD /api/items     | 200    |
        | POST /index.html    | 405    |

    @rfc9112
    Scenario: Requests that are sent without waiting are answered in their order
      However long each of them takes, the order stays.

      When the client sends these bytes:
        """
        GET /api/slow?ms=100 HTTP/1.1\r\nHost: shop.test\r\n\r\n
        GET /api/status/404 HTTP/1.1\r\nHost: shop.test\r\n\r\n
        POST /api/echo HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 5\r\n\r\nhello
        GET /api/status/204 HTTP/1.1\r\nHost: shop.test\r\n\r\n
        HEAD /api/items HTTP/1.1\r\nHost: shop.test\r\n\r\n
        GET /api/status/503 HTTP/1.1\r\nHost: shop.test\r\n\r\n
        """
      Then the responses are "200, 404, 200, 204, 200, 503"
      And the connection is open

    Scenario: A client that says nothing more is let go after keepalive_timeout
      See `keepalive_timeout` in `http`, `server` or the location.

      Given the configuration says in "http":
        """
        keepalive_timeout 1s;
        """
      When the client sends "GET /"
      Then the connection is closed

    @slow
    Scenario: A connection idle for fifty-five seconds is still there
      See `keepalive_timeout 65;` in `http`. Shorter than the pauses of its users, it makes them connect anew each time.

      Given the client sends "GET /"
      When nothing is sent for 55 seconds
      Then the connection is open

    @slow
    Scenario: A connection idle for more than sixty-five seconds is closed
      See `keepalive_timeout 65;` in `http`.

      Given the client sends "GET /"
      When nothing is sent for 75 seconds
      Then the connection is closed

    @default
    Scenario: A client that never finishes its request is let go
      See `client_header_timeout`, 60 s unless set.

      Given the configuration says in "http":
        """
        client_header_timeout 1s;
        """
      When the client sends these bytes:
        """
        GET / HTTP/1.1\r\nHost: shop.test\r\n
        """
      Then the connection is closed

    @default
    Scenario: A client that stops within a body is let go
      See `client_body_timeout`, 60 s unless set: so long a client may send nothing before the rest of its body comes.

      Given the configuration says in "http":
        """
        client_body_timeout 1s;
        """
      When the client sends these bytes:
        """
        POST /api/echo HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 5\r\n\r\nhe
        """
      Then the connection is closed

    Scenario Outline: A client that gives up on <path> frees the app server
      `proxy_ignore_client_abort on` would keep the app server at work for nobody.

      Given the app servers "blue and green" hang
      When the client sends "GET <path>" and goes away
      Then the app server sees the client go away

      Examples:
        | path        |
        | /api/slow   |
        | /stomp/info |

  @rfc9112 @default
  Rule: The client says how its connection goes on

    Scenario: Connection: close closes it after the answer
      nginx does this by itself.

      When the client sends "GET /" with the headers:
        | Connection | close |
      Then the header "Connection" of the response is "close"
      And the connection is closed

    Scenario: HTTP/1.0 needs no Host, and is served
      nginx does this by itself; old health checks rely on it.

      When the client sends these bytes:
        """
        GET /api/items HTTP/1.0\r\n
        \r\n
        """
      Then the response comes from "an app server"
      And the connection is closed

    Scenario: HTTP/1.0 keeps the connection if the client asks for it
      nginx does this by itself.

      When the client sends these bytes:
        """
        GET /api/items HTTP/1.0\r\n
        Connection: keep-alive\r\n
        \r\n
        """
      Then the header "Connection" of the response is "keep-alive"
      And the connection is open

    Scenario: HTTP/1.0 gets no chunks, which it does not know
      The proxy takes the app server's chunks apart, and ends the answer by closing.

      When the client sends these bytes:
        """
        GET /api/trailers HTTP/1.0\r\n
        \r\n
        """
      Then the response has no header "Transfer-Encoding"
      And the body of the response is "body, and more"
      And the connection is closed

    Scenario: Lines that end in a bare line feed are understood
      nginx does this by itself, for people with telnet.

      When the client sends these bytes:
        """
        GET /api/items HTTP/1.1\n
        Host: shop.test\n
        Connection: close\n
        \n
        """
      Then the response comes from "an app server"

  @rfc9112 @default
  Rule: A request that could be read in two ways is refused, and no app server sees it

    Scenario: No Host gets 400, and the connection is closed
      HTTP/1.1 demands one, and nginx does so by itself.

      When the client sends these bytes:
        """
        GET /api/items HTTP/1.1\r\n
        \r\n
        """
      Then the response is 400
      And the connection is closed
      And no app server saw anything

    Scenario Outline: <What> gets 400, and the connection is closed
      nginx does this by itself. Another proxy or CDN in front of it must not read such a request differently.

      When the client sends these bytes:
        """
        POST /api/echo HTTP/1.1\r\n
        Host: shop.test\r\n
        <header>\r\n
        <another>\r\n
        \r\n
        <body>\r\n
        \r\n
        """
      Then the response is 400
      And the connection is closed
      And no app server saw anything

      Examples:
        | What                      | header                     | another                    | body  |
        | A second Host             | Host: other.test           | Content-Length: 0          |       |
        | A length and chunks       | Content-Length: 5          | Transfer-Encoding: chunked | 0     |
        | A second length           | Content-Length: 5          | Content-Length: 6          | hello |
        | A length with a sign      | Content-Length: +5         | Accept: */*                | hello |
        | A chunk size that is none | Transfer-Encoding: chunked | Accept: */*                | zz    |
        | A space before the colon  | Content-Length : 5         | Accept: */*                | hello |
        | A header on two lines     | X-Trace: one               | \\x20two                   |       |
        | A NUL in a header         | X-Trace: a\\x00b           | Accept: */*                |       |
