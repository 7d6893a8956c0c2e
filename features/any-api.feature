Feature: APIs of any site

  What a browser asks an API must reach an app server as it was asked, and what the app answers must reach the browser as
  it was answered. This holds whatever the paths are called and whatever the proxy takes off them or puts on.

  Background:
    Given app servers that answer any path

  Rule: What is asked of an API is asked of the app, and its answer comes back

    @first
    Scenario: {proxied} leads to the app
      See `proxy_pass` of this location: what it has behind the host takes the place of the location's name, slash for slash. A 502
      or 504 means that it names nobody who listens.

      When the client sends "GET {proxied}hopcheck?q=1"
      Then the response is 200
      And the response comes from "an app server"
      And the app server saw a path with one slash at its beginning

    Scenario: Path and query of a request to {proxied} reach the app as they were asked
      `$uri` has no query, and what a pattern has captured is decoded: a blank in it ends the path. Without variables `proxy_pass`
      hands on both; see `rewrite ^/api/(.*) /$1 break;` in front of it where a prefix is to go. What it has behind the host takes the
      place of the location's name, slash for slash: `http://app/v2/` for `/api/`.

      When the client sends "GET {proxied}hopcheck%20one?q=a+b&to=%2Fx"
      Then the response is 200
      And the app server saw "hopcheck%20one" between slashes
      And the app server saw "q=a+b&to=%2Fx" in the query

    Scenario: A body that is sent to {proxied} reaches the app
      See `proxy_pass_request_body`, `proxy_set_body` and `client_max_body_size`.

      When the client sends "POST {proxied}hopcheck" with a body of 900 bytes
      Then the response is 200
      And the app server saw the body that the client sent

    Scenario Outline: <method> is asked of {api} as it is
      See `proxy_method`, `limit_except` and any `if ($request_method …)` of this location.

      When the client sends "<method> {api}hopcheck" with the body "{}"
      Then the response is 200
      And the response comes from "an app server"

      Examples:
        | method |
        | PUT    |
        | PATCH  |
        | DELETE |

    @warning @everybody
    Scenario: What is sent to {api} is not sent on to another path
      Browsers repeat a POST that is answered 301 or 302 as a GET, without what was sent. See `rewrite … permanent;` and `return 301` for
      slashes, which should leave the API alone.

      When the client sends "POST {api}hopcheck" with the body "{}"
      Then the request is not sent on to another path

    @warning
    Scenario: The app servers of {proxied-with-forwards} are told what the server around it says
      A location with a `proxy_set_header` of its own loses all of those of the `server` around it, if only for `Upgrade`: they must be
      written there again.

      When the client sends "GET {proxied-with-forwards}hopcheck"
      Then none of "{lost}" is lost on the way

    Scenario Outline: {api}<name> is asked of the app, though it looks like a file
      A `location ~* \.(js|css|…)$` for the front end's files wins over every prefix, unless that is written with `^~`: see
      `location ^~ {api}`.

      When the client sends "GET {api}<name>"
      Then the response is 200
      And the response comes from "an app server"

      Examples:
        | name            |
        | hopcheck/7.json    |
        | report-2026.pdf |

    Scenario: A head of 3 KiB from {proxied} gets through
      Long cookies and tokens are in it. See `proxy_buffer_size`; the error log says "upstream sent too big header".

      Given the app servers answer with a header of 3000 bytes
      When the client sends "GET {proxied}hopcheck"
      Then the response is 200

    Scenario: The largest head from {proxied} gets through
      See `proxy_buffer_size`, which is 4k or 8k unless said otherwise: what is larger is a 502.

      Given the app servers answer with a header of {api.largest-head} bytes
      When the client sends "GET {proxied}hopcheck"
      Then the response is 200

    Scenario: The largest upload of {proxied} reaches the app
      See `client_max_body_size`, which is 1m unless said otherwise: what is longer is answered 413.

      When the client sends "POST {proxied}hopcheck" with a body of {api.largest-upload} bytes
      Then the response is 200
      And the app server saw the body that the client sent

    Scenario: No answer of {personal} that was meant for one user is given to another
      See `proxy_cache`, `proxy_ignore_headers` and `proxy_cache_key`: what an app marks as private, or sends a cookie with,
      may be kept for nobody else.

      Given the app servers answer with the headers:
        | Cache-Control | private             |
        | Set-Cookie    | session=1; HttpOnly |
      And the client sends "GET {personal}hopcheck" with the headers:
        | Authorization | Bearer minji |
      When the client sends "GET {personal}hopcheck" with the headers:
        | Authorization | Bearer hana |
      Then at least 2 requests reached the app servers

    Scenario: What {cached-api} answers to one query is not given for another
      See `proxy_cache_key`: without `$request_uri`, or `$uri` with `$is_args$args`, all queries of a path are one.

      Given the app servers answer with the headers:
        | Cache-Control | max-age=600 |
      And the client sends "GET {cached-api}hopcheck?page=1"
      When the client sends "GET {cached-api}hopcheck?page=2"
      Then at least 2 requests reached the app servers

    Scenario: What is sent to {cached-api} reaches the app each time
      See `proxy_cache_methods POST`: what is sent is no part of the key unless `$request_body` is in `proxy_cache_key`.

      Given the app servers answer with the headers:
        | Cache-Control | max-age=600 |
      And the client sends "POST {cached-api}hopcheck" with the body "{\"page\":1}"
      When the client sends "POST {cached-api}hopcheck" with the body "{\"page\":2}"
      Then at least 2 requests reached the app servers

    Scenario: Events of {events} reach the browser as they are sent
      nginx holds a small answer back until it is complete: see `proxy_buffering off;` and `gzip_types` of this location.

      Given the app servers send events one by one
      When the client asks for the events of "{events}hopcheck"
      Then each event reaches the client before the app server sends the next

    Scenario: A reload ends no answer of {api} that is on its way
      See `worker_shutdown_timeout`: when it is over, the workers of before the reload end every request they have.

      When the proxy is reloaded while "GET {api}hopcheck" is being answered
      Then the whole response comes

  Rule: The files of a front end take nothing from an API

    @warning @routine
    Scenario Outline: {api}<name> is asked of the app, though it looks like a file of the front end
      A `location ~* \.(js|css|png|…)$` wins over every prefix, unless that is written with `^~`. See `location ^~ {api}`.

      When the client sends "GET {api}<name>"
      Then the response is 200
      And the response comes from "an app server"

      Examples:
        | name                |
        | hopcheck/avatar.png |
        | hopcheck/client.js  |

  Rule: What clients send with a request reaches the app

    @warning
    Scenario Outline: <header> of a client reaches the app at {personal-api}
      `proxy_set_header <header> "";` keeps it from the app, and `proxy_pass_request_headers off;` all there are.

      When the client sends "POST {personal-api}hopcheck" with the headers:
        | <header> | <value> |
      Then the app server saw a header "<header>"

      Examples:
        | header        | value            |
        | Authorization | Bearer hopcheck  |
        | Cookie        | session=1        |
        | Content-Type  | application/json |

    @warning
    Scenario: The app is told of what type a body is that is sent to {personal-api}
      An upload is taken apart by the boundary that its type names. See `proxy_set_header Content-Type` of this location, which puts one
      type in the place of all.

      When the client sends "POST {personal-api}hopcheck" with the headers:
        | Content-Type | multipart/form-data; boundary=hopcheck |
      Then the app server saw the header "Content-Type" as "multipart/form-data; boundary=hopcheck"

    @warning
    Scenario: A request to {personal-api} may have 5 KiB of cookies
      A line of a request must fit into one buffer, of 8k unless said otherwise. See `large_client_header_buffers`.

      When the client sends "GET {personal-api}hopcheck" with 5000 bytes of cookies
      Then the response is 200

  Rule: Browsers keep answers as the app says

    @warning
    Scenario: An answer of {personal-api} that must not be kept is not
      `expires` and `proxy_hide_header Cache-Control` take away what the app says, and browsers show what was.

      Given the app servers answer with the headers:
        | Cache-Control | no-store |
      When the client sends "GET {personal-api}hopcheck"
      Then the response says "no-store" in "Cache-Control"

    @warning
    Scenario: A cookie that {personal-api} sets reaches the client
      `proxy_hide_header Set-Cookie` keeps it from all clients, and nobody stays signed in.

      Given the app servers answer with the headers:
        | Set-Cookie | session=1; HttpOnly |
      When the client sends "GET {personal-api}hopcheck"
      Then the response says "session=1" in "Set-Cookie"

  Rule: What an app marks as private is for one user

    @warning
    Scenario: No answer of {personal} that is marked as private is given to another
      See `proxy_ignore_headers Cache-Control`: whom an answer is for, the app says by that alone where its users have tokens and no
      cookies. Where nobody has either, as for maps or pictures, it may be meant.

      Given the app servers answer with the headers:
        | Cache-Control | private |
      And the client sends "GET {personal}hopcheck" with the headers:
        | Authorization | Bearer minji |
      When the client sends "GET {personal}hopcheck" with the headers:
        | Authorization | Bearer hana |
      Then at least 2 requests reached the app servers

  Rule: The app's own errors come through as they are

    Scenario Outline: {api} answers <status>, and so is the client told
      See `proxy_intercept_errors` and `error_page`: with these the client reads the proxy's page, or even the front end's
      with 200, where the app has said what is wrong.

      Given the app servers answer every request with <status> and "{\"error\":\"no\"}"
      When the client sends "GET {api}hopcheck"
      Then the response is <status>

      Examples:
        | status |
        | 400    |
        | 401    |
        | 404    |
        | 422    |

    @warning
    Scenario Outline: What {api} says is wrong reaches the client with <status>
      An API's client reads what the app says, as JSON or otherwise. See `proxy_intercept_errors off;` of this location, and
      `error_page` in a location for pages.

      Given the app servers answer every request with <status> and "{\"error\":\"no\"}"
      When the client sends "GET {api}hopcheck"
      Then the body of the response is "{\"error\":\"no\"}"
      And the header "Content-Type" of the response is "application/problem+json"

      Examples:
        | status |
        | 404    |
        | 500    |

  Rule: Headers of the server are on answers of the app, too

    @warning
    Scenario: Answers of {proxied-with-headers} have the headers that the server sets for all
      A location with an `add_header` of its own, if only for CORS, loses all of those of the `server` around it: they must be
      written there again.

      When the client sends "GET {proxied-with-headers}hopcheck"
      Then the response has each of the headers "{headers}"

  Rule: Redirects of the app lead back to the site

    Scenario: A redirect of {redirecting} leads to the host that was asked
      The app makes it of `Host` as it is told. See `proxy_set_header Host $host;` and `proxy_redirect` of this location.

      Given the app servers redirect to their own "next"
      When the client sends "GET {redirecting}hopcheck"
      Then the response leads back to the site

  Rule: Cookies of the app come back to it

    Scenario: A cookie that {proxied} sets for the whole site comes back to it
      Browsers send a cookie only to the host that it names and below its path. See `proxy_cookie_path` and `proxy_cookie_domain`.

      Given the app servers answer with the headers:
        | Set-Cookie | hopcheck=1; Path=/; HttpOnly |
      When the client sends "GET {proxied}hopcheck"
      Then browsers send each cookie of the response to "{proxied}hopcheck"

  Rule: Cookies of an app that knows nothing of its prefix come back to it

    @warning
    Scenario: A cookie that {stripped} sets for a path of its own comes back to it
      `proxy_pass http://app/;` takes the name of the location away, and the app names paths without it. See
      `proxy_cookie_path / {stripped};`, and `proxy_redirect` for its redirects.

      Given the app servers answer with the headers:
        | Set-Cookie | hopcheck=1; Path=/hopcheck; HttpOnly |
      When the client sends "GET {stripped}hopcheck"
      Then browsers send each cookie of the response to "{stripped}hopcheck"
