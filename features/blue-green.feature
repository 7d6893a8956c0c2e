@document
Feature: Blue-green deployment

  To deploy without downtime, one app server is replaced while the other does all the work, and then they change roles. The
  proxy makes that possible: it notices that one is gone, asks the other, and tries the first again later. It may send a
  request a second time only if that does no harm.

  @D3
  Rule: Replacing one app server after the other goes unnoticed

    @default
    Scenario: No GET fails and no POST is run twice while both are replaced in turn
      Between the two restarts let `fail_timeout` go by (10 s unless set on the `server` lines; here 1 s), so that every
      worker trusts the first again.

      Given app servers that failed are left out for 1 second
      And clients keep sending "GET /api/items"
      And clients keep sending "POST /api/echo"
      When the app servers are restarted one after the other, 3 seconds apart
      Then every "GET /api/items" that clients kept sending was answered 200
      And no "POST /api/echo" reached the app servers twice

    @default
    Scenario: The trap: stopping the second too soon is an outage, though the first is back
      A worker that saw blue fail leaves it out for all of `fail_timeout`, back or not. Wait that long before green is
      stopped, or shorten it: `server … fail_timeout=2s;`.

      Given the app server "blue" is stopped
      And the client sends "GET /api/items"
      And the app server "blue" is started again
      And the app server "green" is stopped
      When the client sends "GET /api/items"
      Then the response is 502
      And the app server "blue" saw 0 requests

    @D11 @D12 @W3
    Scenario: Sessions on the app server that stays are not touched
      A WebSocket belongs to one app server; nothing that happens to the other may reach it.

      Given "minji" is connected to the app server "green" over STOMP 1.2
      And "minji" is subscribed to "/topic/stock"
      And the app server "blue" is stopped
      When "minji" sends "milk: 3" to "/topic/stock"
      Then "minji" receives "milk: 3"

  @D3 @default
  Rule: While no app server is up the proxy says so at once, and recovers by itself

    Scenario: With both stopped the answer is a quick 502
      A refused connection is known at once. Waiting means that the address answers nothing at all: `proxy_connect_timeout`.

      Given the app servers "blue and green" are stopped
      When the client sends "GET /api/items"
      Then the response is 502
      And the response comes within 10 seconds

    @D14
    Scenario: With both stopped the front end is still there
      `location /` needs no app server.

      Given the app servers "blue and green" are stopped
      When the client sends "GET /"
      Then the response is the file "index.html" of the front end

    Scenario: Once both are back the service is, too, without a reload
      Each is tried again when its `fail_timeout` is over; nobody has to tell nginx.

      Given app servers that failed are left out for 1 second
      And the app servers "blue and green" are stopped
      And the client sends "GET /api/items"
      When the app servers "blue and green" are started again
      Then "GET /api/items" is answered 200 again within 30 seconds

  @D3 @default
  Rule: An app server that does not answer in time is given up

    Scenario: A GET that blue does not answer is answered by green
      See `proxy_next_upstream` in `location /api`: `error timeout` unless set, and this is a `timeout`.

      Given the configuration says beside every "proxy_pass":
        """
        proxy_read_timeout 1s;
        """
      And the app server "blue" hangs
      When the client sends "GET /api/items"
      Then the response is 200
      And the app server "blue" saw 1 request

    Scenario: A plain request under /stomp/ that blue does not answer is answered by green
      See `proxy_next_upstream` in `location ~ ^/stomp/`: `error timeout` unless set, and this is a `timeout`.

      Given the configuration says beside every "proxy_pass":
        """
        proxy_read_timeout 1s;
        """
      And the app server "blue" hangs
      When the client sends "GET /stomp/info"
      Then the response is 200
      And the app server "blue" saw 1 request

    Scenario: A plain request under /stomp/ that finds blue down is answered by green
      See `proxy_next_upstream` in `location ~ ^/stomp/`: `error timeout` unless set, and this is an `error`.

      Given the app server "blue" is stopped
      When the client sends "GET /stomp/info"
      Then the response comes from "green"

    @slow
    Scenario: An answer that takes twelve seconds is waited for
      See `proxy_read_timeout`: 60 s unless set. A report that takes long must fit in it.

      When the client sends "GET /api/slow?ms=12000"
      Then the response is 200
      And the app servers saw "GET /api/slow?ms=12000" 1 time

    Scenario Outline: A <method> that nobody answers gets 504 after <tries>
      Each try may take `proxy_read_timeout`. What is not idempotent is tried once: the first may still be at work on it.

      Given the configuration says beside every "proxy_pass":
        """
        proxy_read_timeout 1s;
        """
      And the app servers "blue and green" hang
      When the client sends "<method> /api/echo"
      Then the response is 504
      And the response comes within 30 seconds
      And the app servers saw "<method> /api/echo" <times> times

      Examples:
        | method | times | tries     |
        | GET    | 2     | two tries |
        | POST   | 1     | one try   |

  @D3 @default
  Rule: A request that one app server drops goes to the other only if that does no harm

    Scenario Outline: A GET is answered by green when blue <how> the connection <where>
      Nothing of an answer has gone to the client yet, and GET is safe: `proxy_next_upstream error` moves on.

      Given the app server "blue" <how> the connection "<where>"
      When the client sends "GET /api/items"
      Then the response is 200
      And the response comes from "green"
      And the app server "blue" saw 1 request

      Examples:
        | how    | where           |
        | resets | before the head |
        | closes | before the head |
        | closes | in the head     |

    @rfc9110
    Scenario: A PUT is answered by green, as it may be repeated
      RFC 9110 calls it idempotent, and DELETE too: done twice is as good as done once.

      Given the app server "blue" closes the connection "before the head"
      When the client sends "PUT /api/echo" with the body "milk: 3"
      Then the response comes from "green"
      And the app servers saw "PUT /api/echo" 2 times

    @rfc9110
    Scenario Outline: <method> <path> is not repeated, as blue may have done it already
      `proxy_next_upstream … non_idempotent` would repeat it: an order placed twice.

      Given the app server "blue" closes the connection "before the head"
      When the client sends "<method> <path>" with the body "milk: 3"
      Then the response is 502
      And the app servers saw "<method> <path>" 1 time

      Examples:
        | method | path                |
        | POST   | /api/echo           |
        | PATCH  | /api/echo           |
        | POST   | /stomp/7/a/xhr_send |

    Scenario: A POST whose connection was refused goes to the other, as nothing was sent yet
      This is what makes a deployment harmless for writes, too.

      Given the app server "blue" is stopped
      When the client sends "POST /api/echo" 10 times
      Then every response is 200
      And the app server "green" saw 10 requests

    @rfc9112
    Scenario Outline: A client can tell that an answer was cut short when the app server <how> in the middle
      The head has gone to the client, so no other can step in. The proxy must not make half an answer look whole.

      Given the app servers "blue and green" <how> the connection "in the body"
      When the client sends "GET /api/items"
      Then the response is cut short
      And the app servers saw "GET /api/items" 1 time

      Examples:
        | how   |
        | reset |
        | close |

  @default
  Rule: An answer that is no proper HTTP is not passed on

    Scenario Outline: What blue answers so for <path> is not asked of green
      The app has done its work, and said so badly; `proxy_next_upstream … invalid_header` would have it done again.

      Given the app server "blue" answers with these bytes:
        """
        HTTP/1.1 200 OK\r\n
        X-Odd: a\x00b\r\n
        \r\n
        """
      When the client sends "GET <path>"
      Then the response is 502
      And the app server "green" saw 0 requests

      Examples:
        | path        |
        | /api/items  |
        | /stomp/info |

    @rfc9110
    Scenario Outline: <What> in the head of the answer becomes a 502
      The error log says what was wrong: "upstream sent invalid header" or "upstream sent too big header". For the latter,
      `proxy_buffer_size` is what the whole head must fit in.

      Given the app servers "blue and green" answer with these bytes:
        """
        HTTP/1.1 200 OK\r\n
        X-Odd: <value>\r\n
        Content-Length: 2\r\n
        \r\n
        ok
        """
      When the client sends "GET /api/items"
      Then the response is 502

      Examples:
        | What             | value     |
        | A NUL byte       | a\\x00b   |
        | A line of 64 KiB | {a*65536} |

    @rfc9112
    Scenario: What comes after the announced length is dropped
      Content-Length says 5. Passed on, the rest would be taken for the start of the client's next answer.

      Given the app servers "blue and green" answer with these bytes:
        """
        HTTP/1.1 200 OK\r\n
        Content-Length: 5\r\n
        \r\n
        hello and more
        """
      When the client sends "GET /api/items"
      Then the body of the response is "hello"
      And the connection is open
