@document
Feature: Logs

  When something went wrong last night, the logs are all there is. The access log has one line for each exchange, in the
  format `main`. The error log says which app server failed, and how.

  @D18
  Rule: Every exchange is one line of the access log, in format main

    Scenario Outline: <request> is logged with its status and size
      See `log_format main` and `access_log … main;` in `http`. Fields, their order and their quotes matter to what reads it.

      When the client sends "<request>"
      Then the access log says '{client} - - [{time}] "<request> HTTP/1.1" <status> <bytes> "-" "-" "-"'

      Examples:
        | request                  | status | bytes   |
        | GET /                    | 200    | {bytes} |
        | HEAD /api/items          | 200    | 0       |
        | POST /api/status/404     | 404    | {bytes} |
        | OPTIONS /api/items       | 204    | 0       |
        | OPTIONS /stomp/info      | 204    | 0       |
        | GET /api/items?q=%20&x=1 | 200    | {bytes} |
        | GET /stores/%0d%0a1      | 200    | {bytes} |

    Scenario: What the client says of itself is logged
      `$http_referer`, `$http_user_agent` and `$http_x_forwarded_for` in `log_format main`; `$remote_user` is the name in
      Authorization, checked or not.

      When the client sends "GET /api/items" with the headers:
        | Authorization   | Basic bWluamk6c2VjcmV0    |
        | Referer         | http://shop.test/stores/1 |
        | User-Agent      | Mozilla/5.0 (counting)    |
        | X-Forwarded-For | 203.0.113.9, 198.51.100.2 |
      Then the access log says '{client} - minji [{time}] "GET /api/items HTTP/1.1" 200 {bytes} "http://shop.test/stores/1" "Mozilla/5.0 (counting)" "203.0.113.9, 198.51.100.2"'

    @default
    Scenario: Nobody can forge a line or a field of the log
      nginx writes quotes, backslashes and control characters as \xHH; `log_format … escape=none` would not.

      When the client sends "GET /api/items" with the headers:
        | User-Agent | a"b\\x5Cc 가 |
      Then the access log says '{client} - - [{time}] "GET /api/items HTTP/1.1" 200 {bytes} "-" "a\\x22b\\x5Cc \\xEA\\xB0\\x80" "-"'

    @default
    Scenario: A line end in a user's name makes no second line
      `$remote_user` is whatever Base64 holds, checked or not; `log_format … escape=none` would write it as it is.

      When the client sends "GET /api/items" with the headers:
        | Authorization | Basic bWluamkNCjIwMy4wLjExMy45IC0gYWRtaW46cHc= |
      Then the access log says '{client} - minji\\x0D\\x0A203.0.113.9 - admin [{time}] "GET /api/items HTTP/1.1" 200 {bytes} "-" "-" "-"'

    Scenario: A request that made no sense is logged as it came
      `$request` is then whatever the first line was.

      When the client sends these bytes:
        """
        hello\r\n
        \r\n
        """
      Then the access log says '{client} - - [{time}] "hello" 400 {bytes} "-" "-" "-"'

    Scenario: A request without an answer from any app server is logged as 502
      The error log says more; see below.

      Given the app servers "blue and green" are stopped
      When the client sends "GET /api/items"
      Then the access log says '{client} - - [{time}] "GET /api/items HTTP/1.1" 502 {bytes} "-" "-" "-"'

    @default
    Scenario: A client that gave up before its answer is logged as 499
      A status of nginx's own: many of them mean that the app is too slow for its users.

      When the client sends "GET /api/slow" and goes away
      Then the access log says '{client} - - [{time}] "GET /api/slow HTTP/1.1" 499 0 "-" "-" "-"'

    @D11 @W3
    Scenario: A WebSocket is one line, written when it ends
      The status is 101, and the size is all that went to the client.

      Given the client opens a WebSocket at "/stomp/echo"
      When the client closes the WebSocket with 1000 "bye"
      Then the access log says '{client} - - [{time}] "GET /stomp/echo HTTP/1.1" 101 {number} "-" "-" "-"'

  @D19 @default
  Rule: The error log says which app server failed, and how

    Scenario Outline: An app server that <what> is named
      See `error_log`: the level must be `error` or lower; here it is `notice`.

      Given the configuration says beside every "proxy_pass":
        """
        proxy_read_timeout 1s;
        """
      And the app server "blue" <fault>
      When the client sends "GET /api/items"
      Then the error log says "<how>"
      And the error log says 'request: "GET /api/items HTTP/1.1", upstream: "http://{blue}/api/items"'

      Examples:
        | what              | fault                                   | how                                                  |
        | is not there      | is stopped                              | connect() failed (111: Connection refused)           |
        | does not answer   | hangs                                   | upstream timed out (110: Connection timed out)       |
        | drops the request | closes the connection "before the head" | upstream prematurely closed connection while reading |

    Scenario: With no app server left to ask, the log says so
      Both have failed and `fail_timeout` is not over. See that they run, and the lines above this one.

      Given the app servers "blue and green" are stopped
      When the client sends "GET /api/items" 2 times
      Then the error log says "no live upstreams while connecting to upstream"
      And the error log says 'upstream: "http://dambae200/api/items"'

    Scenario: A body that was too large is recorded with its size
      Raise `client_max_body_size` if it was a proper upload.

      When the client sends "POST /api/echo" with a body of 1048577 bytes
      Then the error log says "client intended to send too large body: 1048577 bytes"

    Scenario: A quote in a Referer does not go on in the proxy's name
      nginx writes what it quotes as it came: do not count on quotes when a program reads the error log.

      Given the app servers "blue and green" are stopped
      When the client sends "GET /api/items" with the headers:
        | Referer | http://shop.test/", host: "other.test |
      Then the error log says 'referrer: "http://shop.test/'
      And no line of the error log says ', host: "other.test'

  @D19
  Rule: The proxy tells what it is doing

    Scenario: Starts are recorded
      See `error_log … notice;`: at a higher level, as is the default, starts and reloads leave no trace.

      When the client sends "GET /"
      Then the error log says "[notice]"

    Scenario: The pid file names the process to signal
      See `pid` in the main context. `nginx -s reload` and service managers read it.

      When the client sends "GET /"
      Then the pid file holds the id of the proxy
