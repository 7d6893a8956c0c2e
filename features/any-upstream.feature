Feature: App servers of any site

  Where an upstream has several servers, one may fail, or be replaced, and nobody should notice.

  Background:
    Given app servers that answer any path

  Rule: While one app server is away another answers

    Scenario: While the {nth} app server of {balanced} refuses connections, the others answer
      See `proxy_next_upstream` of this location, which is `error timeout` unless said otherwise, and `proxy_next_upstream_tries`.

      Given the app server "{server}" is stopped
      When the client sends "GET {balanced}hopcheck" once for each app server
      Then every response is 200

    Scenario: While the app server of {backed-up} refuses connections, its backup answers
      See `server … backup;` in the upstream, and `proxy_next_upstream` of this location.

      Given the app server "blue" is stopped
      When the client sends "GET {backed-up}hopcheck" 2 times
      Then every response is 200

    Scenario: While the app servers of {backed-up-pool} refuse connections, their backup answers
      See `server … backup;` in the upstream, and `proxy_next_upstream` of this location. The first requests may fail where
      `proxy_next_upstream_tries` ends them before the backup's turn; with `max_fails=0` all of them do.

      Given the app servers "{primaries}" are stopped
      When the client sends "GET {backed-up-pool}hopcheck" once for each app server
      Then the response is 200

  Rule: An app server that shuts down is no loss over HTTP/2 either

    @warning
    Scenario: What the {nth} app server of {balanced-http2} refuses as it shuts down is asked of another
      A server that shuts down refuses requests that are on their way to it, and says that nothing was done (`GOAWAY`,
      `REFUSED_STREAM`). nginx takes that for an invalid header: see `proxy_next_upstream error timeout invalid_header;`.

      Given the app server "{server}" refuses requests as it shuts down
      When the client sends "GET {balanced-http2}hopcheck" once for each app server
      Then every response is 200

  Rule: What is sent is done once

    @warning
    Scenario: What is sent to {balanced} and may have been done is not sent to another app server
      A server that breaks down in the middle of a POST may have done what was asked. See `non_idempotent` in
      `proxy_next_upstream`, which has it done again.

      Given the app servers "{primaries}" reset the connection "before the head"
      When the client sends "POST {balanced}hopcheck" with the body "{}"
      Then no request reached more than one of "{primaries}"

    @warning
    Scenario: What is sent to {falling-back} and may have been done is not sent on to the fallback
      A named location is asked by the same method and with the same body: `error_page 502 504 = @fallback` has a POST done again that
      broke down half done. See `if ($request_method !~ ^(GET|HEAD)$) { return 502; }` in that location.

      Given the app servers "{first}" reset the connection "before the head"
      When the client sends "POST {falling-back}hopcheck" with the body "{}"
      Then no request is sent on to "{fallback}"

  Rule: A session of several requests stays with one app server

    Scenario: Requests of one client to {polling} go to one app server
      SockJS without WebSocket, and socket.io before it has one, make a session of many requests; an app server knows nothing of one
      that began on another. See `ip_hash;` in the upstream, or `hash $remote_addr consistent;`.

      When the client sends "GET {polling}hopcheck" 4 times
      Then the responses come from one app server
