@document
Feature: Who is asking

  Behind a proxy every request seems to come from the proxy. The app server learns who really asked, and under which name,
  from headers that the proxy sets: Host, X-Real-IP and X-Forwarded-For. It may believe only what the proxy itself has put
  there, since a client can send headers of those names too.

  @D9
  Rule: Under /stomp/ the app server is told the name that the client used

    Scenario Outline: Host <host> arrives as <arrives>
      See `proxy_set_header Host $host;` in `location ~ ^/stomp/`. `$host` is in small letters and has no port; `$http_host`
      would be as the client sent it; without the line it is the upstream's name.

      When the client sends "GET /stomp/info" with the headers:
        | Host | <host> |
      Then the app server saw the header "Host" as "<arrives>"

      Examples:
        | host              | arrives      |
        | shop.example      | shop.example |
        | shop.example:8080 | shop.example |
        | Shop.Example      | shop.example |

    @default @D20
    Scenario: A client that names no host is taken to mean the server's name
      HTTP/1.0 has no Host. `$host` then falls back on the first `server_name`.

      When the client sends these bytes:
        """
        GET /stomp/info HTTP/1.0\r\n
        \r\n
        """
      Then the app server saw the header "Host" as "49.50.164.244"

  @D9
  Rule: Under /stomp/ the app server is told the client's address

    Scenario: X-Real-IP is the client's address
      See `proxy_set_header X-Real-IP $remote_addr;` in `location ~ ^/stomp/`.

      When the client sends "GET /stomp/info"
      Then the app server saw the header "X-Real-IP" as "{client}"

    Scenario: An X-Real-IP that the client made up is replaced
      `$remote_addr` cannot be forged; `$http_x_real_ip` and `$proxy_add_x_forwarded_for` are the client's own word.

      When the client sends "GET /stomp/info" with the headers:
        | X-Real-IP       | 203.0.113.9 |
        | X-Forwarded-For | 203.0.113.9 |
      Then the app server saw the header "X-Real-IP" as "{client}"

    Scenario: X-Forwarded-For starts with the client's address
      See `proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;` in `location ~ ^/stomp/`.

      When the client sends "GET /stomp/info"
      Then the app server saw the header "X-Forwarded-For" as "{client}"

    Scenario: An X-Forwarded-For of earlier proxies is kept and extended
      `$proxy_add_x_forwarded_for` appends; `$remote_addr` would forget the proxies before this one.

      When the client sends "GET /stomp/info" with the headers:
        | X-Forwarded-For | 203.0.113.9, 198.51.100.2 |
      Then the app server saw the header "X-Forwarded-For" as "203.0.113.9, 198.51.100.2, {client}"

    @default
    Scenario: Several X-Forwarded-For fields become one list
      `$proxy_add_x_forwarded_for` joins all fields in order, with the client's address last.

      When the client sends "GET /stomp/info" with the headers:
        | X-Forwarded-For | 203.0.113.9  |
        | X-Forwarded-For | 198.51.100.2 |
      Then the app server saw the header "X-Forwarded-For" as "203.0.113.9, 198.51.100.2, {client}"

    @W3
    Scenario: A WebSocket handshake says who is asking, too
      One `proxy_set_header` in `location ~ ^/stomp/` stops it inheriting any from further out: all five must stand there.

      When the client opens a WebSocket at "/stomp/echo"
      Then the app server saw these headers:
        | Upgrade         | websocket |
        | Connection      | upgrade   |
        | Host            | {host}    |
        | X-Real-IP       | {client}  |
        | X-Forwarded-For | {client}  |

  @default @D5
  Rule: Under /api nothing is set, so nginx's defaults hold

    Scenario: Host is the name of the upstream
      Without `proxy_set_header Host` nginx sends `$proxy_host`, what `proxy_pass` says; links that the app builds from it
      are wrong. Should the client's name arrive, set `Host $host` here too and change this promise.

      When the client sends "GET /api/items" with the headers:
        | Host | shop.example |
      Then the app server saw the header "Host" as "dambae200"

    Scenario: Nothing is added about the client
      The five `proxy_set_header` belong to `location ~ ^/stomp/`. Set in `http` or `server`, they would apply here.

      When the client sends "GET /api/items"
      Then the response is 200
      And the app server saw no header "X-Real-IP"
      And the app server saw no header "X-Forwarded-For"

    Scenario: What the client claims arrives as it is, so the app server must not believe it
      To make these trustworthy, set them in `location /api` as in `location ~ ^/stomp/`.

      When the client sends "GET /api/items" with the headers:
        | X-Real-IP       | 203.0.113.9 |
        | X-Forwarded-For | 203.0.113.9 |
      Then the app server saw these headers:
        | X-Real-IP       | 203.0.113.9 |
        | X-Forwarded-For | 203.0.113.9 |

  @rfc9110
  Rule: A client makes up no header that the proxy does not know of

    Scenario Outline: A line end in <target> is not one to the app server
      The path is passed on as the client sent it. Put together from `$uri`, as in `proxy_pass http://dambae200$uri`, it would be
      decoded, and the rest of the line a header of the client's making.

      When the client sends "GET <target>%0d%0aX-User:%20admin"
      Then the app server saw no header "X-User"
      And the app server saw "GET <target>%0d%0aX-User:%20admin"

      Examples:
        | target      |
        | /api/items  |
        | /stomp/info |

    Scenario: A line end in a user's name makes no header of its own
      `$remote_user` is whatever Base64 holds, and nginx sends it as it is. Pass Authorization on instead, and let the app server
      read it.

      Given the configuration says beside every "proxy_pass":
        """
        proxy_set_header X-Name $remote_user;
        """
      When the client sends "GET /api/items" with the headers:
        | Authorization | Basic bWluamkNClgtVXNlcjogYWRtaW46cHc= |
      Then the app server saw no header "X-User"
