@document
Feature: API requests

  One address serves everything: the path alone decides whether a request is for the REST API, for a socket or for the
  front end. What is for the API goes to an app server as if the proxy were not there, and the answer comes back the same
  way: method, path, headers and body, byte for byte, in both directions.

  @D14
  Rule: The path decides who answers

    @deployment @D5
    Scenario: The API answers under {api.path}
      See `location /api` and its `proxy_pass`; a 502 or 504 means that no app server could be reached. Where the path falls into
      `location /`, the front end's page comes, with 200.

      When the client sends "GET {api.path}"
      Then the response is {api.status}
      And the response is not the front end's page

    @D5
    Scenario Outline: <path> goes to an app server
      See `location /api`, a prefix, and `location ~ ^/stomp/`, a regular expression. nginx compares them with the path after
      decoding `%61`, joining `//` and resolving `..`.

      When the client sends "GET <path>"
      Then the response comes from "an app server"

      Examples:
        | path             |
        | /api             |
        | /apifoo          |
        | /stomp/          |
        | /stomp/info      |
        | /stomp/7/a-b/xhr |
        | //api/items      |
        | /%61pi/items     |

    @D5 @D7
    Scenario Outline: <path> goes to an app server, though it looks like a file
      A `location ~ \.js$` for the front end's assets wins over the prefix `/api`, and over `^/stomp/` if it stands first.
      `location ^~ /api` would keep it away.

      When the client sends "GET <path>"
      Then the response comes from "an app server"

      Examples:
        | path                   |
        | /api/items.json        |
        | /api/items/7/photo.png |
        | /api/app.js            |
        | /stomp/iframe.html     |
        | /stomp/app.js          |

    @D13
    Scenario Outline: <path> goes to the front end
      `location /api` and `location ~ ^/stomp/` are case-sensitive (`~*` is not) and start with the path (the `^`), and
      `^/stomp/` needs its last slash.

      When the client sends "GET <path>"
      Then the response is the file "index.html" of the front end
      And no app server saw anything

      Examples:
        | path               |
        | /API/items         |
        | /STOMP/info        |
        | /stomp             |
        | /stompx/info       |
        | /stores/api/items  |
        | /stores/stomp/info |
        | /api/../stores     |
        | /ap/items          |

    @D20
    Scenario: A request for any host name is served
      There is one server for the port, so it is the default one for every name. A second `server` would need its own names.

      When the client sends "GET /api/items" with the headers:
        | Host | shop.example |
      Then the response comes from "an app server"

  @D5
  Rule: What the client sends reaches the app server unchanged

    @D7
    Scenario Outline: <method> <path> arrives as it is
      See `proxy_pass` in the location of that path; a `limit_except`, or an `if` on other methods than OPTIONS, would stop
      it. Under /stomp/ clients for which no WebSocket opens fall back on POST.

      When the client sends "<method> <path>"
      Then the response is 200
      And the app server saw "<method> <path>"

      Examples:
        | method | path           |
        | HEAD   | /api/echo      |
        | POST   | /api/echo      |
        | PUT    | /api/echo      |
        | PATCH  | /api/echo      |
        | DELETE | /api/echo      |
        | PURGE  | /api/echo      |
        | HEAD   | /stomp/7/a/xhr |
        | POST   | /stomp/7/a/xhr |
        | PUT    | /stomp/7/a/xhr |
        | PATCH  | /stomp/7/a/xhr |
        | DELETE | /stomp/7/a/xhr |

    Scenario Outline: The target <target> arrives byte for byte
      `proxy_pass http://dambae200;` has no path of its own, not even a last slash: nginx would put that in place of `/api`,
      and decode and encode the rest anew.

      When the client sends "GET <target>"
      Then the app server saw "GET <target>"

      Examples:
        | target                             |
        | /api/echo?                         |
        | /api/a%2Fb%20c?q=a+b&q=%20&q=      |
        | /api/%EC%83%81%ED%92%88%2e         |
        | /api//a/./b;v=1?c;d&to=http://e/.. |
        | /api                               |
        | /apifoo                            |
        | //api/items                        |
        | /%61pi/items                       |
        | /stomp//a%2Fb/./%EC%83%81?q=%20&q= |

    @D6
    Scenario: Headers arrive as they were sent, repeated ones in their order, and no others
      `proxy_pass_request_headers off` drops them all; a `proxy_set_header` replaces one, drops it if empty, or adds one.

      When the client sends "GET /api/echo" with the headers:
        | Authorization   | Bearer a.b-c     |
        | StorelId        | 11               |
        | Cookie          | cart=7; store=11 |
        | Content-Type    | application/xml  |
        | Origin          | http://shop.test |
        | Accept-Encoding | gzip, br         |
        | If-None-Match   | "v1"             |
        | Range           | bytes=0-3        |
        | X-Trace         | one              |
        | X-Trace         | two, three       |
      Then the app server saw these headers:
        | Authorization   | Bearer a.b-c     |
        | StorelId        | 11               |
        | Cookie          | cart=7; store=11 |
        | Content-Type    | application/xml  |
        | Origin          | http://shop.test |
        | Accept-Encoding | gzip, br         |
        | If-None-Match   | "v1"             |
        | Range           | bytes=0-3        |
        | X-Trace         | one              |
        | X-Trace         | two, three       |

    Scenario: No header is added
      A `proxy_set_header` in `location /api`, or further out, that no one asked for. Host and Connection are nginx's own.

      When the client sends "GET /api/echo"
      Then the response is 200
      And the app server saw no headers but "Host, Connection"

    @default
    Scenario: A header with an underscore in its name is dropped
      nginx ignores such names unless `underscores_in_headers on;` is set. The app must not rely on one.

      When the client sends "GET /api/echo" with the headers:
        | Store_Id | 7 |
      Then the response is 200
      And the app server saw no header "Store_Id"

    Scenario Outline: A body of <size> bytes for <path> arrives whole
      1 MiB is the most that nginx lets through unless `client_max_body_size` says otherwise.

      When the client sends "POST <path>" with a body of <size> bytes
      Then the response is 200
      And the app server saw the body that the client sent

      Examples:
        | size    | path                |
        | 0       | /api/echo           |
        | 1048576 | /api/echo           |
        | 1048576 | /stomp/7/a/xhr_send |

    @rfc9112
    Scenario: A body sent in chunks arrives whole
      The proxy may pass it on in chunks or with a Content-Length; the app server must get every byte once.

      When the client sends "POST /api/echo" with a chunked body of 300000 bytes
      Then the response is 200
      And the app server saw the body that the client sent

    @rfc9112
    Scenario: Trailers behind a chunked body do no harm to it
      A proxy may drop trailer fields, and nginx does; they must not end up in the body or in the next request.

      When the client sends these bytes:
        """
        POST /api/echo HTTP/1.1\r\n
        Host: shop.test\r\n
        Transfer-Encoding: chunked\r\n
        \r\n
        5\r\nhello\r\n
        0\r\nX-Checksum: 7\r\n
        \r\n
        """
      Then the response is 200
      And the app server saw the body "hello"
      And the connection is open

    @default
    Scenario: A client that waits for leave to send its body gets it from the proxy
      nginx answers `Expect: 100-continue` itself and sends the app server the request without it.

      When the client sends these bytes:
        """
        POST /api/echo HTTP/1.1\r\n
        Host: shop.test\r\n
        Expect: 100-continue\r\n
        Content-Length: 5\r\n
        \r\n
        hello
        """
      Then the responses are "100, 200"
      And the app server saw the body "hello"
      And the app server saw no header "Expect"

  @D5
  Rule: What the app server answers reaches the client unchanged

    Scenario Outline: The app server's <status> stays <status>
      `error_page` with `proxy_intercept_errors on` would replace it; `proxy_next_upstream … http_503`, or another of its
      `http_…`, would ask the other app server, too.

      When the client sends "GET /api/status/<status>"
      Then the response is <status>
      And the response comes from "an app server"
      And the app servers saw "GET /api/status/<status>" 1 time

      Examples:
        | status |
        | 204    |
        | 304    |
        | 403    |
        | 404    |
        | 429    |
        | 500    |
        | 502    |
        | 503    |
        | 504    |

    Scenario: Headers come back as the app server wrote them, repeated and empty ones too
      `proxy_hide_header`, or an `add_header` of the same name, would change them.

      When the client sends "GET /api/headers"
      Then the response has these headers:
        | X-Repeated    | one                               |
        | X-Repeated    | two, three                        |
        | X-Repeated    | one                               |
        | X-Empty       |                                   |
        | X-Separators  | a=b; c=d, e:f                     |
        | Cache-Control | no-store, private                 |
        | ETag          | W/"v1"                            |
        | Link          | </a>; rel=preload, </b>; rel=next |

    Scenario: Every cookie comes back, in its own field
      Set-Cookie fields must never be joined into one. `proxy_cookie_path` and `proxy_cookie_domain` would rewrite them.

      When the client sends "GET /api/cookies"
      Then the response has these headers:
        | Set-Cookie | session=s3cr3t; Path=/; HttpOnly              |
        | Set-Cookie | theme=dark; Path=/api; Max-Age=3600           |
        | Set-Cookie | empty=; Expires=Thu, 01 Jan 1970 00:00:00 GMT |

    @D7
    Scenario: Under /stomp/ headers and cookies come back as well
      A load balancer's session cookie, say: see that no `proxy_hide_header` or `add_header` changes them.

      Given the app servers "blue and green" answer with these bytes:
        """
        HTTP/1.1 200 OK\r\n
        Set-Cookie: JSESSIONID=dummy; Path=/\r\n
        Cache-Control: no-store\r\n
        X-Repeated: one\r\n
        X-Repeated: two\r\n
        Content-Length: 2\r\n
        \r\n
        ok
        """
      When the client sends "GET /stomp/info"
      Then the response has these headers:
        | Set-Cookie    | JSESSIONID=dummy; Path=/ |
        | Cache-Control | no-store                 |
        | X-Repeated    | one                      |
        | X-Repeated    | two                      |

    Scenario Outline: No header is added to an answer to <path>
      An `add_header` in the location, or further out. What the app server needs besides its own headers it sends itself.

      Given the app servers "blue and green" answer with these bytes:
        """
        HTTP/1.1 200 OK\r\n
        Content-Type: text/plain\r\n
        Content-Length: 2\r\n
        \r\n
        ok
        """
      When the client sends "GET <path>"
      Then the response has no headers but "Server, Date, Connection, Content-Type, Content-Length"

      Examples:
        | path        |
        | /api/items  |
        | /stomp/info |

    Scenario: A redirect comes back unchanged
      `proxy_redirect` rewrites only what starts with the address in `proxy_pass`.

      When the client sends "GET /api/redirect?to=http://other.test/items/8"
      Then the response is 302
      And the header "Location" of the response is "http://other.test/items/8"

    @default
    Scenario: A redirect to the upstream's name leads back to the proxy
      The app is told `Host: dambae200` and may redirect there; `proxy_redirect default` puts the client's own address in.

      When the client sends "GET /api/redirect?to=http://dambae200/api/items/8"
      Then the header "Location" of the response is "{scheme}://{proxy}/api/items/8"

    Scenario: A large answer comes back whole
      Look at the error log: nginx buffers large answers in a temporary file, which its worker must be able to write.

      When the client sends "GET /api/bytes/8388608"
      Then the response is 200
      And the body of the response is 8388608 bytes, as the app server sent them

    @rfc9110
    Scenario: HEAD gets the headers of GET and no body
      The Content-Length tells what GET would bring. A proxy that waits for that many bytes hangs.

      When the client sends "HEAD /api/bytes/1000"
      Then the header "Content-Length" of the response is "1000"
      And the body of the response is ""
      And the connection is open

    Scenario: A streamed answer arrives as it is produced
      nginx holds a small answer back until it is complete. An app that streams events needs `proxy_buffering off;`.

      Given the configuration says beside every "proxy_pass":
        """
        proxy_buffering off;
        """
      When the client sends "GET /api/stream?chunks=3"
      Then each chunk reaches the client before the app server sends the next

    @rfc9112
    Scenario: An answer with trailers comes back whole
      A proxy may drop trailer fields; the body must end where the last chunk does.

      When the client sends "GET /api/trailers"
      Then the response is 200
      And the body of the response is "body, and more"

    Scenario: An answer given before the body was read comes back
      The app server may answer at once, as with 401, without reading the body. That is no failure.

      When the client sends "POST /api/early?status=401" with a body of 1000 bytes
      Then the response is 401
      And the response comes from "an app server"

  @default
  Rule: What is too large is refused before it reaches an app server

    Scenario Outline: A body over 1 MiB for <path> gets 413
      `client_max_body_size` is 1m unless set. Raise it in the location of that path if the app takes larger uploads.

      When the client sends "POST <path>" with a body of 1048577 bytes
      Then the response is 413
      And no app server saw anything

      Examples:
        | path                |
        | /api/echo           |
        | /stomp/7/a/xhr_send |

    Scenario: A body over 1 MiB gets 413 even if its size was not announced
      With chunks the size is known only as they come; nginx counts them.

      When the client sends "POST /api/echo" with a chunked body of 1048577 bytes
      Then the response is 413

    Scenario: The limit is the one that client_max_body_size sets
      `client_max_body_size` may stand in `http`, `server` or the location; the innermost one counts.

      Given the configuration says beside every "proxy_pass":
        """
        client_max_body_size 2m;
        """
      When the client sends "POST /api/echo" with a body of 1048577 bytes
      Then the response is 200
      And the app server saw the body that the client sent

    Scenario Outline: A target of <length> bytes gets <status>
      A request line must fit one of `large_client_header_buffers`, 8k each unless set.

      When the client sends "GET /api/{a*<length>}"
      Then the response is <status>

      Examples:
        | length | status |
        | 8000   | 200    |
        | 8200   | 414    |

    Scenario Outline: A header of <length> bytes gets <status>
      A header line must fit one of `large_client_header_buffers`, too: 8k each unless set. Mind large cookies.

      When the client sends "GET /api/echo" with the headers:
        | Cookie | {a*<length>} |
      Then the response is <status>

      Examples:
        | length | status |
        | 8000   | 200    |
        | 8200   | 400    |

    Scenario: Headers of 24 kB in all get through
      Each line must fit one of `large_client_header_buffers`, of which there are four unless set.

      When the client sends "GET /api/echo" with the headers:
        | Cookie    | {a*6000} |
        | X-Trace-1 | {a*6000} |
        | X-Trace-2 | {a*6000} |
        | X-Trace-3 | {a*6000} |
      Then the response is 200

    Scenario: Headers of 36 kB in all get 400
      There are four `large_client_header_buffers`, 8k each unless set; together they are the limit.

      When the client sends "GET /api/echo" with the headers:
        | Cookie    | {a*6000} |
        | X-Trace-1 | {a*6000} |
        | X-Trace-2 | {a*6000} |
        | X-Trace-3 | {a*6000} |
        | X-Trace-4 | {a*6000} |
        | X-Trace-5 | {a*6000} |
      Then the response is 400
      And no app server saw anything
