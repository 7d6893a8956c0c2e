Feature: CORS on any site

  A page on another origin reads an answer only if it carries `Access-Control-Allow-Origin` once: none, and the answer is
  kept from the page; two, and it is, too. Either the app says it or the proxy does.

  Background:
    Given app servers that answer any path

  Rule: One of the two does CORS, on every answer

    Scenario Outline: Where the app does CORS, <method> of {api-without-cors} gets its header and no other
      See `add_header Access-Control-Allow-Origin` in an `if` of this location: it comes on top of the app's own.

      When the client sends "<method> {api-without-cors}hopcheck" with the headers:
        | Origin | https://shop.example.test |
      Then the response has 1 header "Access-Control-Allow-Origin"

      Examples:
        | method |
        | GET    |
        | POST   |
        | DELETE |

    Scenario: Where the proxy does CORS, every answer of {api-with-cors} says so
      See `add_header Access-Control-Allow-Origin` of this location, which must not stand in an `if` for some methods.

      Given the app servers leave CORS to the proxy
      And a page that the proxy lets read "{api-with-cors}hopcheck"
      When the page sends "DELETE {api-with-cors}hopcheck"
      Then the response has 1 header "Access-Control-Allow-Origin"

    Scenario: Where the proxy does CORS, an error of {api-with-cors} says so, too
      Without `always`, `add_header` leaves out answers of 400 and above: the page is told "Failed to fetch", and not what is wrong.
      See `add_header Access-Control-Allow-Origin … always;`.

      Given the app servers leave CORS to the proxy
      And a page that the proxy lets read "{api-with-cors}hopcheck"
      And the app servers answer every request with 404 and "{\"error\":\"no\"}"
      When the page sends "GET {api-with-cors}hopcheck"
      Then the response has 1 header "Access-Control-Allow-Origin"

    @warning
    Scenario: Where the proxy does CORS, its own errors for {api-with-cors} say so, too
      While no app server answers, the page is told "Failed to fetch", and not that the site is down for a moment. See
      `add_header Access-Control-Allow-Origin … always;`, in the location of an `error_page`, too.

      Given the app servers leave CORS to the proxy
      And a page that the proxy lets read "{api-with-cors}hopcheck"
      And every app server is stopped
      When the page sends "GET {api-with-cors}hopcheck"
      Then the response has 1 header "Access-Control-Allow-Origin"

    Scenario: {api-with-cors} does not say `*` to pages with credentials
      Browsers take no `*` together with `Access-Control-Allow-Credentials: true`. See `add_header Access-Control-Allow-Origin
      $cors_origin`, with a `map` of the origins.

      Given the app servers leave CORS to the proxy
      And a page that the proxy lets read "{api-with-cors}hopcheck"
      When the page sends "GET {api-with-cors}hopcheck"
      Then the response does not allow every origin to send credentials

    @warning
    Scenario: {api-with-cors} may not be read with credentials by pages of any origin
      `$http_origin` is whoever asks: any page may then read what its visitor may. See `add_header Access-Control-Allow-Origin
      $cors_origin`, with a `map` of the origins.

      Given the app servers leave CORS to the proxy
      And a page that the proxy lets read "{api-with-cors}hopcheck"
      When the page sends "GET {api-with-cors}hopcheck"
      Then no other origin is allowed to send credentials

    @warning
    Scenario: {api-with-cors} tells caches that its answer depends on the origin
      An answer for one origin that a cache gives to another is kept from that one's page. See `add_header Vary Origin always;`.

      Given the app servers leave CORS to the proxy
      And a page that the proxy lets read "{api-with-cors}hopcheck"
      When the page sends "GET {api-with-cors}hopcheck"
      Then the response varies by origin, or is for every origin

    Scenario: No page of another origin may read {api-of-this-origin}
      See `add_header Access-Control-Allow-Origin` of this location: the profile says that nobody does CORS here.

      Given the app servers leave CORS to the proxy
      When the client sends "GET {api-of-this-origin}hopcheck" with the headers:
        | Origin | https://shop.example.test |
      Then the response has 0 headers "Access-Control-Allow-Origin"

  Rule: A preflight is answered where it is asked

    @everybody
    Scenario: Where the proxy does CORS, a preflight of {api-with-cors} is let through
      A browser that is refused here never asks what it wanted to ask. See `if ($request_method = OPTIONS) { return 204; }` in this
      location, with the `add_header` lines in it: browsers send no credentials with a preflight, so it must come before any
      `auth_request` or `auth_basic`.

      Given the app servers leave CORS to the proxy
      And a page that the proxy lets read "{api-with-cors}hopcheck"
      When the page has the browser ask "{api-with-cors}hopcheck" for a preflight
      Then the proxy lets the preflight through

    @warning
    Scenario: A preflight of {api-without-cors} that the proxy answers names who may ask
      `if ($request_method = OPTIONS) { return 204; }` alone says that nobody may, and the app is not asked. See
      `add_header Access-Control-Allow-Origin` in it, or leave the preflight to the app.

      When a page of the site has the browser ask "{api-without-cors}hopcheck" for a preflight
      Then a preflight that the proxy answers names an origin

    Scenario: No preflight of {api} is redirected
      Browsers follow no redirect of a preflight. See any `return 301 https://…` in this location; a server of its own for
      port 80, which the page is redirected by, too, does no harm.

      When a page of the site has the browser ask "{api}hopcheck" for a preflight
      Then the status of the response is none of "301, 302, 303, 307, 308"

    @everybody
    Scenario: Where the app does CORS, a preflight of {api-that-does-cors} reaches it
      Nobody else knows which origins may ask. See any `if ($request_method = OPTIONS)` and `limit_except` of this location or its
      server.

      When a page of the site has the browser ask "{api-that-does-cors}hopcheck" for a preflight
      Then the response comes from "an app server"
