@document
Feature: Preflight

  Before a page of one origin sends anything but the plainest request to another, its browser asks for leave with an
  OPTIONS request: the preflight. No user sees it, but where its answer lacks one header the real request never leaves
  the browser. The answer is the same for everybody, so the proxy gives it itself and spares the app servers the question.

  @D4 @D7
  Rule: A preflight under /api or /stomp/ is answered by the proxy itself

    Scenario Outline: A preflight for <path> gets 204 and each of the four CORS headers once
      See `if ($request_method = 'OPTIONS')` in `location /api` and again in `location ~ ^/stomp/`: each needs the four
      `add_header` and `return 204;`, letter by letter.

      When the client sends "OPTIONS <path>" with the headers:
        | Origin                         | http://shop.test |
        | Access-Control-Request-Method  | POST             |
        | Access-Control-Request-Headers | content-type     |
      Then the response is 204
      And the response has these headers:
        | Access-Control-Allow-Origin  | {preflight.allow-origin}  |
        | Access-Control-Allow-Methods | {preflight.allow-methods} |
        | Access-Control-Allow-Headers | {preflight.allow-headers} |
        | Access-Control-Max-Age       | {preflight.max-age}       |
      And the response has no header "Access-Control-Allow-Credentials"

      Examples:
        | path              |
        | {preflight.path}  |
        | {stomp.endpoint}  |
        | /api              |
        | /api/items/7?full |
        | /stomp/info       |

    Scenario Outline: For <path> the answer is the same to a client that sends <what>
      The condition must look at `$request_method` alone; one on `$http_origin` leaves some clients without an answer.

      When the client sends "OPTIONS <path>" with the headers:
        | <name> | <value> |
      Then the response is 204
      And the header "Access-Control-Allow-Origin" of the response is "{preflight.allow-origin}"
      And the header "Access-Control-Allow-Methods" of the response is "{preflight.allow-methods}"

      Examples:
        | path             | what                        | name                          | value               |
        | {preflight.path} | no Origin                   | Accept                        | */*                 |
        | {preflight.path} | an Origin nobody knows      | Origin                        | http://evil.example |
        | {preflight.path} | a method that is not listed | Access-Control-Request-Method | PUT                 |
        | {stomp.endpoint} | no Origin                   | Accept                        | */*                 |
        | /stomp/info      | no Origin                   | Accept                        | */*                 |
        | /stomp/info      | an Origin nobody knows      | Origin                        | http://evil.example |
        | /stomp/info      | a method that is not listed | Access-Control-Request-Method | PUT                 |

    @rfc9110
    Scenario Outline: The answer for <path> has no body, and no header that speaks of one
      `return 204;` with no `add_header Content-Type` or `Content-Length` before it; another code has a body.

      When the client sends "OPTIONS <path>"
      Then the body of the response is ""
      And the response has no header "Content-Type"
      And the response has no header "Content-Length"

      Examples:
        | path             |
        | {preflight.path} |
        | {stomp.endpoint} |

    Scenario Outline: No preflight for <path> reaches an app server
      `return 204;` must end the request before `proxy_pass` is looked at; it belongs inside the `if`.

      When the client sends "OPTIONS <path>"
      Then the response is 204
      And no app server saw anything

      Examples:
        | path        |
        | /api/items  |
        | /stomp/info |

    Scenario Outline: The preflight for <path> is answered while no app server is up
      The `if` and its `return 204;` must not depend on `proxy_pass`.

      Given the app servers "blue and green" are stopped
      When the client sends "OPTIONS <path>"
      Then the response is 204

      Examples:
        | path        |
        | /api/items  |
        | /stomp/info |

    @default @rfc9112
    Scenario: The body that a client adds to a preflight is not taken for its next request
      nginx reads such a body and drops it. A proxy that leaves it on the connection answers the next request with 400.

      When the client sends "OPTIONS /api/items" with the body "nothing to see here"
      Then the response is 204
      And the connection is open

  @D4 @D5 @deployment
  Rule: Browsers let pages of other origins ask what they may, and no others

    Scenario: A preflight for {preflight.path} lets pages of {preflight.allow-origin} ask
      Whoever answers it, proxy or app: 200 to 299, one `Access-Control-Allow-Origin`, and every method and header that pages use in
      `Access-Control-Allow-Methods` and `Access-Control-Allow-Headers`. A redirect to https, or a login page, is no answer to a browser.

      When a page that the profile lets in has the browser ask "{preflight.path}" for a preflight
      Then the browser lets it ask what the profile says

    Scenario: A preflight for {preflight.path} lets no pages but those of {preflight.allow-origin} ask
      Look for a proxy or an app that says to everybody who asks that it is allowed: `Access-Control-Allow-Origin $http_origin`.

      When the client sends "OPTIONS {preflight.path}" with the headers:
        | Origin                        | http://evil.example |
        | Access-Control-Request-Method | PUT                 |
      Then the response lets in pages of "{preflight.allow-origin}" alone

    Scenario: Browsers need not ask for {preflight.path} again for {preflight.max-age} seconds
      `Access-Control-Max-Age` spares users a round trip before each request.

      When a page that the profile lets in has the browser ask "{preflight.path}" for a preflight
      Then the header "Access-Control-Max-Age" of the response is "{preflight.max-age}"

    @D14
    Scenario: A preflight for / lets in pages of no other origin
      The page is for its own origin: look for what answers every OPTIONS, whatever the path.

      When the client sends "OPTIONS /" with the headers:
        | Origin                        | http://evil.example |
        | Access-Control-Request-Method | PUT                 |
      Then the response has no header "Access-Control-Allow-Origin"

    Scenario: GET {api.path} names one origin at most
      Where the proxy adds `Access-Control-Allow-Origin` to what the app says already, browsers refuse the answer.

      When the client sends "GET {api.path}" with the headers:
        | Origin | http://shop.test |
      Then the response has the header "Access-Control-Allow-Origin" at most once

  @D5 @D6
  Rule: An actual request gets the app server's CORS header and none of the proxy's

    Scenario Outline: <request> comes back with the origin that the app server allowed, once
      An `add_header Access-Control-…` outside the `if` adds a second one, and browsers reject an answer with two.

      When the client sends "<request>" with the headers:
        | Origin | http://shop.test |
      Then the response comes from "an app server"
      And the header "Access-Control-Allow-Origin" of the response is "http://shop.test"
      And the response has no header "Access-Control-Allow-Methods"
      And the response has no header "Access-Control-Allow-Headers"
      And the response has no header "Access-Control-Max-Age"

      Examples:
        | request         |
        | GET /api/items  |
        | GET /stomp/info |

    Scenario: An origin that the app server turns down is not let in by the proxy
      Only the preflight may say `Access-Control-Allow-Origin: *`: look for an `add_header` outside the `if`.

      When the client sends "GET /api/items" with the headers:
        | Origin | http://evil.example |
      Then the response comes from "an app server"
      And the response has no header "Access-Control-Allow-Origin"

    Scenario: An error of the proxy's own carries no CORS header
      Look for an `add_header … always` in the location, the server or `http`.

      Given the app servers "blue and green" are stopped
      When the client sends "GET /api/items" with the headers:
        | Origin | http://shop.test |
      Then the response is 502
      And the response has no header "Access-Control-Allow-Origin"

  Rule: Nothing else is a preflight

    @D14
    Scenario Outline: OPTIONS for <path> belongs to the front end, which refuses it
      Only `location /api` and `location ~ ^/stomp/` answer preflights. `location /` serves files, to GET and HEAD.

      When the client sends "OPTIONS <path>"
      Then the response is 405
      And the response has no header "Access-Control-Allow-Origin"

      Examples:
        | path   |
        | /      |
        | /stomp |

    @D5 @D13
    Scenario Outline: GET <path> is answered without the headers of a preflight
      `add_header Access-Control-…` belongs into `if ($request_method = 'OPTIONS')`. Beside it, in the location or the server, it
      goes out with every answer: twice, where the app server sets it too, which browsers refuse.

      When the client sends "GET <path>"
      Then the response has no header "Access-Control-Allow-Methods"
      And the response has no header "Access-Control-Allow-Headers"
      And the response has no header "Access-Control-Max-Age"

      Examples:
        | path       |
        | /          |
        | {api.path} |

    @deployment @D13
    Scenario: The front end's page is for its own origin
      An `add_header Access-Control-Allow-Origin` in `location /` or in `server` lets pages of any origin read it.

      When the client sends "GET /"
      Then the response has no header "Access-Control-Allow-Origin"

    @default @rfc9110
    Scenario: A method in lower case is a malformed request, not a preflight
      Methods are case-sensitive. nginx does not accept small letters in one; `~*` in place of `=` would be no help.

      When the client sends "options /api/items"
      Then the response is 400
      And the response has no header "Access-Control-Allow-Origin"
