@document
Feature: Two app servers

  The app runs twice, as blue and green, behind two ports. The proxy gives each request to the next in turn, so that both
  share the load and each of them can do without the other for a while. Every worker process of nginx keeps its own turn.

  @D1 @D2
  Rule: Both app servers take turns

    Scenario: Requests on one connection go to blue and green in turn
      See `upstream dambae200`: two `server` lines of equal weight with the addresses of both, and no `ip_hash` or
      `least_conn`. Where they run is said in hopcheck.toml.

      When the client sends "GET /api/items" 20 times
      Then every response is 200
      And the responses come from "blue" and "green" in turn

    @deployment
    Scenario: More than one app server answers
      See `upstream dambae200`: two `server` lines, neither of them `down` or `backup`, no `ip_hash`; and whether both are up.

      When the client sends "GET {api.path}" 10 times
      Then the responses have at least 2 values of "{instances.header}"

    Scenario: With one worker there is one turn for all clients
      See `upstream dambae200`: neither `server` line may be `down`, `backup` or of another weight. With several workers the
      shares differ by at most one request for each of them.

      Given the configuration says in "main":
        """
        worker_processes 1;
        """
      When 20 clients send "GET /api/items"
      Then the app server "blue" saw 10 requests
      And the app server "green" saw 10 requests

    Scenario: With two workers the shares differ by two at most
      Each worker starts with blue. Neither `server` line may be `down`, `backup` or of another weight.

      Given the configuration says in "main":
        """
        worker_processes 2;
        """
      When 40 clients send "GET /api/items"
      Then the app server "blue" saw at least 19 requests
      And the app server "green" saw at least 19 requests

    @D11 @W3
    Scenario: WebSocket sessions are spread in the same way
      See `proxy_pass` in `location ~ ^/stomp/`: it must name the upstream, not one of its servers.

      Given the configuration says in "main":
        """
        worker_processes 1;
        """
      When 20 clients open a WebSocket at "/stomp/echo"
      Then every client gets its own messages back
      And the app server "blue" saw 10 requests
      And the app server "green" saw 10 requests

    @D12
    Scenario: A session that is open does not change whose turn it is
      `least_conn` would give every request to the app server without one. The turn is kept, however busy each of them is.

      Given the configuration says in "main":
        """
        worker_processes 1;
        """
      And "minji" is connected to the app server "blue" over STOMP 1.2
      When the client sends "GET /api/items" 10 times
      Then every response is 200
      And the responses come from "blue" and "green" in turn

    @D14
    Scenario: API and socket requests share one turn
      Both locations say `proxy_pass http://dambae200;`: one upstream, one turn.

      When the client sends these bytes:
        """
        GET /api/items HTTP/1.1\r\nHost: shop.test\r\n\r\n
        GET /stomp/info HTTP/1.1\r\nHost: shop.test\r\n\r\n
        """
      Then the responses are "200, 200"
      And the app server "blue" saw 1 request
      And the app server "green" saw 1 request

  @D3 @default
  Rule: One that fails is left to itself for a while

    Scenario Outline: While <gone> is stopped, <left> answers every request
      See `upstream dambae200`: the other `server` must be there; and with `proxy_next_upstream off` requests would fail.

      Given the app server "<gone>" is stopped
      When the client sends "GET /api/items" 20 times
      Then every response is 200
      And the app server "<left>" saw 20 requests

      Examples:
        | gone  | left  |
        | blue  | green |
        | green | blue  |

    Scenario Outline: When <it> failed it is asked once, and then not again for a while
      `max_fails=1 fail_timeout=10s` are the defaults of each `server` line.

      Given the app server "<it>" closes the connection "before the head"
      When the client sends "GET /api/items" 6 times
      Then every response is 200
      And the app server "<it>" saw 1 request

      Examples:
        | it    |
        | blue  |
        | green |

    @slow
    Scenario Outline: <seconds> seconds after <it> failed it has been asked <times>
      `fail_timeout`, 10 s unless set on its `server` line, is how long it is left out, and how long a deployment must wait.

      Given the app server "<it>" closes the connection "before the head"
      And the client sends "GET /api/items" 2 times
      And nothing is sent for <seconds> seconds
      When the client sends "GET /api/items" 10 times
      Then the app server "<it>" saw <count> requests

      Examples:
        | seconds | it    | count | times |
        | 8       | blue  | 1     | once  |
        | 8       | green | 1     | once  |
        | 14      | blue  | 2     | twice |
        | 14      | green | 2     | twice |

    Scenario: One that is back gets its share again
      After `fail_timeout` the next request is given to it, to see.

      Given app servers that failed are left out for 1 second
      And the app server "blue" is stopped
      And the client sends "GET /api/items"
      And the app server "blue" is started again
      And nothing is sent for 3 seconds
      When the client sends "GET /api/items" 10 times
      Then the app server "blue" saw at least 3 requests
