Feature: HTTP/2 on any site

  Browsers ask over HTTP/2 wherever it is offered, and scripts over HTTP/1.1 most often. What they get must be the same.

  Rule: What is asked over HTTP/2 is answered as over HTTP/1.1

    Scenario: {http2-front-end} shows the page over HTTP/2
      See `http2` of `listen`, or `http2 on;`: what all servers of an address say of it is for each of them.

      When the client sends "GET {http2-front-end}" over HTTP/2
      Then the response is the front end's page
      And the response over HTTP/1.1 is the same

    Scenario: {http2-proxied} leads to the app over HTTP/2
      Over HTTP/2 the host is `:authority`, which `$http_host` and `$host` have, too, and fields have names in lower case. See
      `proxy_pass` and `proxy_set_header` of this location.

      Given app servers that answer any path
      When the client sends "GET {http2-proxied}hopcheck?q=1" over HTTP/2
      Then the response is 200
      And the response comes from "an app server"
      And the response over HTTP/1.1 is the same
