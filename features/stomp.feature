@document @socket
Feature: STOMP

  The app speaks STOMP: small text frames over a WebSocket, with which clients subscribe to topics and send messages to them.
  To the proxy this is one long exchange of bytes. A stock keeper notices only that the shelf count on one screen follows
  what another counts, and that it catches up by itself after an app server was replaced.

  @D12 @W3 @stomp12
  Rule: A STOMP session works across the proxy as it does without

    @deployment
    Scenario: A client connects
      No WebSocket, no STOMP: see the hints of websocket.feature first. If all is well there, ask the app server's log. Holds for
      brokers that know STOMP 1.2, as all but the oldest do; what a broker refuses is its own affair.

      When "minji" is connected over STOMP 1.2
      Then "minji" receives the frame "CONNECTED" with the headers:
        | version | 1.2 |

    @deployment
    Scenario: What a client sends to {stomp.send} comes to whoever subscribed to {stomp.subscribe}
      The session works both ways. If it opens and this fails, ask the app server's log, not the proxy's. Holds for brokers where
      what is sent to the one destination comes to the other; no receipt is needed.

      Given "minji" is connected over STOMP 1.2
      And "minji" is subscribed to "{stomp.subscribe}"
      When "minji" sends "hopcheck was here" to "{stomp.send}"
      Then "minji" receives a message from "{stomp.subscribe}"

    Scenario Outline: What one client of STOMP <version> sends, another receives
      Both are on one app server, as topics are its own.

      Given "minji" is connected to the app server "blue" over STOMP <version>
      And "jun" is connected to the app server "blue" over STOMP <version>
      And "jun" is subscribed to "/topic/stock"
      When "minji" sends "milk: 3" to "/topic/stock"
      Then "jun" receives "milk: 3"

      Examples:
        | version |
        | 1.0     |
        | 1.1     |
        | 1.2     |

    Scenario: A message in Korean arrives as it was written
      content-length counts bytes, not letters; the proxy counts neither.

      Given "minji" is connected over STOMP 1.2
      And "minji" is subscribed to "/topic/stock"
      When "minji" sends "바나나맛 우유 재고: 3개 🍌" to "/topic/stock"
      Then "minji" receives "바나나맛 우유 재고: 3개 🍌"

    Scenario: A binary message with every byte there is arrives as it was sent
      A body may hold NUL, the end of a frame without a content-length.

      Given "minji" is connected over STOMP 1.2
      And "minji" is subscribed to "/topic/photos"
      When "minji" sends 65536 bytes to "/topic/photos"
      Then "minji" receives the same bytes

    Scenario: A header with a colon, a backslash and a line break arrives as it was sent
      STOMP 1.2 escapes them; nothing on the way may take them for its own.

      Given "minji" is connected over STOMP 1.2
      And "minji" is subscribed to "/topic/stock"
      When "minji" sends the frame "SEND" with the headers:
        | destination | /topic/stock    |
        | shelf       | a:b\\x5Cc\\x0Ad |
      Then "minji" receives the frame "MESSAGE" with the headers:
        | shelf | a:b\\x5Cc\\x0Ad |

    Scenario: After UNSUBSCRIBE no more messages come
      The app server obeys; the proxy has only to pass the frame on.

      Given "minji" is connected over STOMP 1.2
      And "minji" sends the frame "SUBSCRIBE" with the headers:
        | id          | stock-1      |
        | destination | /topic/stock |
      And "minji" sends the frame "UNSUBSCRIBE" with the headers:
        | id | stock-1 |
      When "minji" sends "milk: 2" to "/topic/stock"
      Then "minji" receives nothing more

    Scenario Outline: A receipt asked for with <frame> comes back
      A receipt proves that the frame went all the way to the app server.

      Given "minji" is connected over STOMP 1.2
      When "minji" sends the frame "<frame>" with the headers:
        | <name>  | <value> |
        | receipt | r-1     |
      Then "minji" receives the frame "RECEIPT" with the headers:
        | receipt-id | r-1 |

      Examples:
        | frame      | name        | value        |
        | SEND       | destination | /topic/stock |
        | DISCONNECT | x-reason    | going home   |

    Scenario Outline: A message can be answered with <frame>
      The message's `ack` header names it; the app server would answer a wrong one with ERROR.

      Given "minji" is connected over STOMP 1.2
      And "minji" is subscribed to "/topic/stock" with the headers:
        | ack | client-individual |
      And "minji" sends "milk: 1" to "/topic/stock"
      And "minji" receives "milk: 1"
      When "minji" sends the frame "<frame>" with the headers:
        | id      | {ack} |
        | receipt | a-1   |
      Then "minji" receives the frame "RECEIPT" with the headers:
        | receipt-id | a-1 |

      Examples:
        | frame |
        | ACK   |
        | NACK  |

    Scenario Outline: A transaction's message <outcome>
      Until COMMIT the app server keeps it back, with ABORT it forgets it.

      Given "minji" is connected over STOMP 1.2
      And "minji" is subscribed to "/topic/stock"
      And "minji" sends the frame "BEGIN" with the headers:
        | transaction | count-1 |
      And "minji" sends "milk: 7" to "/topic/stock" with the headers:
        | transaction | count-1 |
      When "minji" sends the frame "<end>" with the headers:
        | transaction | count-1 |
      Then "minji" receives <what>

      Examples:
        | outcome                  | end    | what         |
        | is delivered upon COMMIT | COMMIT | "milk: 7"    |
        | is forgotten upon ABORT  | ABORT  | nothing more |

    Scenario: A frame that makes no sense gets an ERROR, and the session ends
      The ERROR must arrive before the end: the proxy passes on what it has before it closes.

      Given "minji" is connected over STOMP 1.2
      When "minji" sends the frame "SEND" with the headers:
        | x-destination | forgotten |
        | receipt       | r-1       |
      Then "minji" receives the frame "ERROR" with the headers:
        | receipt-id | r-1 |
      And "minji" is disconnected

  @D11 @D12 @W3
  Rule: Heart-beats keep a session open

    @stomp12 @deployment
    Scenario: Heart-beats agreed upon come through the proxy
      A heart-beat is a single line break. A proxy that collects bytes before it sends them would break this. Holds for brokers that
      send the heart-beats they agree to; Spring's simple broker agrees to none without a task scheduler.

      When "minji" is connected over STOMP 1.2 with the headers:
        | heart-beat | {stomp.heart-beat} |
      Then "minji" keeps getting heart-beats

    @default
    Scenario Outline: Heart-beats from <who> alone keep a session open beyond proxy_read_timeout
      Any byte, in either direction, starts `proxy_read_timeout` anew. See that heart-beats come more often than that.

      Given the configuration says beside every "proxy_pass":
        """
        proxy_read_timeout 2s;
        """
      And "minji" is connected over STOMP 1.2 with the headers:
        | heart-beat | <heart-beat> |
      And "minji" is subscribed to "/topic/stock"
      And nothing is sent for 3 seconds
      When "minji" sends "milk: 4" to "/topic/stock"
      Then "minji" receives "milk: 4"

      Examples:
        | who            | heart-beat |
        | the client     | 500,0      |
        | the app server | 0,500      |

    @default @slow
    Scenario: With heart-beats every ten seconds a session outlives the sixty
      `proxy_read_timeout` is 60 s unless set; heart-beats, every 10 s with most clients, must reach the proxy in time.

      Given "minji" is connected over STOMP 1.2 with the headers:
        | heart-beat | 10000,10000 |
      And "minji" is subscribed to "/topic/stock"
      And nothing is sent for 75 seconds
      When "minji" sends "milk: 4" to "/topic/stock"
      Then "minji" receives "milk: 4"

  @D1 @D3 @D12
  Rule: A session belongs to one app server

    Scenario: Sessions on different app servers run side by side, and do not hear each other
      Topics live in one instance. An app with two needs a broker behind both; `ip_hash` would only hide that.

      Given "minji" is connected to the app server "blue" over STOMP 1.2
      And "jun" is connected to the app server "green" over STOMP 1.2
      And "minji" is subscribed to "/topic/stock"
      And "jun" is subscribed to "/topic/stock"
      When "minji" sends "milk: 3" to "/topic/stock"
      Then "minji" receives "milk: 3"
      And "jun" receives nothing more

    Scenario: A session ends when its app server is stopped
      The proxy must pass the end on at once, for the client to connect anew.

      Given "minji" is connected to the app server "blue" over STOMP 1.2
      When the app server "blue" is stopped
      Then "minji" is disconnected

    Scenario: Whoever connects after an app server was stopped lands on the other
      See the `server` lines of `upstream dambae200`: both must be there. The handshake moves on, as nothing was sent yet.

      Given "minji" is connected to the app server "blue" over STOMP 1.2
      And the app server "blue" is stopped
      When "minji" is connected over STOMP 1.2
      Then the response comes from "green"
