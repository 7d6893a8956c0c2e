@document @socket
Feature: WebSocket

  A WebSocket starts as an HTTP request that asks to switch protocols. Once the app server has agreed with 101, the proxy has
  no more say: it carries bytes both ways, unread, for hours if need be, and ends one side when the other has ended.

  @D8 @D10 @W3
  Rule: A WebSocket is formed across the proxy

    @rfc6455 @deployment
    Scenario: The handshake of a WebSocket is answered as it must be
      See `proxy_set_header Upgrade $http_upgrade;` (letter by letter), `proxy_set_header Connection "upgrade";` and
      `proxy_http_version 1.1;` in `location ~ ^/stomp/`: without any one of them the app is asked for a page. SockJS hides that: it polls.

      When the client opens a WebSocket at "{socket.websocket}"
      Then the WebSocket is open

    @rfc6455 @deployment @D12
    Scenario: The subprotocol is agreed upon end to end
      Sec-WebSocket-Protocol is no hop-by-hop header: it must pass in both directions without a `proxy_set_header`.

      When the client opens a WebSocket at "{socket.websocket}" with the headers:
        | Sec-WebSocket-Protocol | {socket.offers} |
      Then the WebSocket is open
      And the header "Sec-WebSocket-Protocol" of the response is "{socket.protocol}"

    @rfc6455
    Scenario: The client's offers reach the app server
      Headers of the handshake other than Upgrade, Connection and Host pass as they are.

      When the client opens a WebSocket at "/stomp/echo" with the headers:
        | Origin                   | http://shop.test   |
        | Cookie                   | session=s3cr3t     |
        | Authorization            | Bearer a.b-c       |
        | Sec-WebSocket-Extensions | permessage-deflate |
      Then the app server saw these headers:
        | Origin                   | http://shop.test   |
        | Cookie                   | session=s3cr3t     |
        | Authorization            | Bearer a.b-c       |
        | Sec-WebSocket-Extensions | permessage-deflate |
        | Sec-WebSocket-Version    | 13                 |

    Scenario: The app server's choice of extensions reaches the client
      What the app server puts beside its 101 passes as it is.

      Given the app servers "blue and green" answer with these bytes:
        """
        HTTP/1.1 101 Switching Protocols\r\n
        Upgrade: websocket\r\n
        Connection: Upgrade\r\n
        Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n
        \r\n
        """
      When the client sends "GET /stomp/ws" with the headers:
        | Connection | Upgrade   |
        | Upgrade    | websocket |
      Then the response is 101
      And the header "Sec-WebSocket-Extensions" of the response is "permessage-deflate; server_no_context_takeover"

    Scenario Outline: An app server's refusal with <status> reaches the client as it is
      The app server judges the handshake (its Origin, its cookie). `proxy_intercept_errors` would hide the answer, and
      `proxy_next_upstream … http_503`, or another of its `http_…`, would ask the other app server, too.

      When the client opens a WebSocket at "/stomp/echo?refuse=<status>"
      Then the response is <status>
      And the response comes from "an app server"
      And the app servers saw "GET /stomp/echo?refuse=<status>" 1 time

      Examples:
        | status |
        | 400    |
        | 403    |
        | 404    |
        | 500    |
        | 503    |

    @D17
    Scenario: Three hundred sessions are open in one worker and none hears another's messages
      Each takes two of `worker_connections 1024`, one to the client and one to the app server. 512 unless set is too few.

      Given the configuration says in "main":
        """
        worker_processes 1;
        """
      When 300 clients open a WebSocket at "/stomp/echo"
      Then every client gets its own messages back

  @D11 @W3 @rfc6455
  Rule: What either side says reaches the other unchanged

    Scenario Outline: The <kind> "<message>" comes back unchanged
      After 101 the proxy carries bytes and looks at none of them.

      Given the client opens a WebSocket at "/stomp/echo"
      When the client sends the <kind> "<message>"
      Then the message comes back unchanged

      Examples:
        | kind   | message              |
        | text   | hello                |
        | text   | 재고가 없습니다 🏪   |
        | text   |                      |
        | binary | \\x00\\x80\\xFF\\x0D |

    Scenario Outline: A <kind> message of <size> bytes comes back unchanged
      WebSocket messages know no `client_max_body_size`: that limit is for request bodies.

      Given the client opens a WebSocket at "/stomp/echo"
      When the client sends a <kind> message of <size> bytes
      Then the message comes back unchanged

      Examples:
        | kind   | size    |
        | text   | 1048576 |
        | binary | 1048576 |

    Scenario: A message in fragments comes back whole
      Frames are the business of the two ends; the proxy must not wait for a message to be complete.

      Given the client opens a WebSocket at "/stomp/echo"
      When the client sends the text "하나, 둘, 셋, 넷" in 4 fragments
      Then the message comes back unchanged

    Scenario: Ten thousand messages come back in order while as many are sent
      Both directions must flow at once; a proxy that serves one at a time stands still as soon as its buffers are full.

      Given the client opens a WebSocket at "/stomp/echo"
      When the client sends 10000 messages without waiting
      Then all of them come back in order

    Scenario: The client's ping is answered by the app server
      The proxy answers no ping itself, so a pong proves that the app server is alive.

      Given the client opens a WebSocket at "/stomp/echo"
      When the client sends the ping "are you there"
      Then the client receives the pong "are you there"
      And the app server receives the ping "are you there"

    Scenario: The app server's ping is answered by the client
      A pong that the proxy made up would hide a client that is gone.

      When the client opens a WebSocket at "/stomp/echo?ping=hello"
      Then the client receives the ping "hello"
      And the app server receives the pong "hello"

    Scenario: What the app server says in one breath with its 101 is not lost
      Bytes that were read behind the head of the 101 belong to the WebSocket.

      When the client opens a WebSocket at "/stomp/echo?greet=welcome"
      Then the client receives the text "welcome"

    Scenario: What the client says in one breath with its handshake is not lost
      Bytes that were read behind the head of the request belong to the WebSocket, once there is one.

      When the client opens a WebSocket at "/stomp/echo" with the text "hello" right behind
      Then the client receives the text "hello"

  @D11 @W3
  Rule: When one side ends, so does the other

    @rfc6455
    Scenario Outline: The client closes with <code>, and the app server learns why
      The Close frame passes like any other; the proxy must not close the app server's side before it has.

      Given the client opens a WebSocket at "/stomp/echo"
      When the client closes the WebSocket with <code> "<reason>"
      Then the app server sees the WebSocket closed with <code> "<reason>"

      Examples:
        | code | reason |
        | 1000 | bye    |
        | 4001 | 퇴근   |

    @rfc6455
    Scenario Outline: The app server closes with <code>, and the client learns why
      The Close frame passes like any other; the proxy must not close the client's side before it has.

      When the client opens a WebSocket at "/stomp/echo?close=<code>,<reason>"
      Then the WebSocket is closed with <code> "<reason>"

      Examples:
        | code | reason |
        | 1011 | oops   |
        | 4001 | bye    |

    Scenario: A crash of the app server ends the client's WebSocket
      The client can reconnect only if it learns that its session is gone.

      Given the client opens a WebSocket at "/stomp/echo"
      When the app servers "blue and green" crash
      Then the WebSocket is dropped

    Scenario: A client that vanishes frees the app server
      Otherwise sessions of closed laptops pile up on the app server.

      Given the client opens a WebSocket at "/stomp/echo"
      When the client drops the WebSocket
      Then the app server sees the client go away

  @D11 @W3
  Rule: A quiet WebSocket is kept, for as long as proxy_read_timeout says

    Scenario: Timeouts that are meant for requests do not end a WebSocket
      A quiet WebSocket is ruled by `proxy_read_timeout` alone; `keepalive_timeout` and the like stop at the 101.

      Given the configuration says in "http":
        """
        keepalive_timeout 1s;
        client_header_timeout 1s;
        client_body_timeout 1s;
        """
      And the client opens a WebSocket at "/stomp/echo"
      And nothing is sent for 3 seconds
      When the client sends the text "still here"
      Then the message comes back unchanged

    @default
    Scenario: Silence beyond proxy_read_timeout ends the session
      nginx cannot tell a quiet session from a dead one. The cure is heart-beats, or a longer `proxy_read_timeout`.

      Given the configuration says beside every "proxy_pass":
        """
        proxy_read_timeout 1s;
        """
      When the client opens a WebSocket at "/stomp/echo"
      Then the WebSocket is dropped
      And the app server sees the client go away

    @default @slow
    Scenario: A session that is quiet for fifty seconds is still there
      See `proxy_read_timeout`: 60 s unless set. A smaller one in `location ~ ^/stomp/`, `server` or `http` ends it sooner.

      Given the client opens a WebSocket at "/stomp/echo"
      And nothing is sent for 50 seconds
      When the client sends the text "still here"
      Then the message comes back unchanged

    @default @slow @deployment
    Scenario: The WebSocket at {socket.websocket} is kept through fifty seconds of silence
      See `proxy_read_timeout`: 60 s unless set. Whatever stands before the proxy, such as a load balancer, has one of its own. Holds
      for brokers that wait longer than that for CONNECT, as Spring's does, or say goodbye: one that hangs up sooner looks the same.

      Given the client opens a WebSocket at "{socket.websocket}"
      And nothing is sent for 50 seconds
      When the client sends the ping "still here"
      Then the client receives the pong "still here"

    @default @slow
    Scenario: A session that is quiet for more than sixty seconds is not
      `proxy_read_timeout` is 60 s unless set. If sessions may live longer without a word, raise it and change this promise.

      Given the client opens a WebSocket at "/stomp/echo"
      When nothing is sent for 70 seconds
      Then the WebSocket is dropped
