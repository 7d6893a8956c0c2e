@deployment @browser
Feature: The site in a browser

  A browser does more than ask: it runs scripts, keeps from a page what it may not have, and may show what a service worker has
  kept. With `--browser`, Chromium opens the live site as its visitors do.

  Rule: The page works in a browser

    Scenario: The page comes to rest in a browser
      A page that still waits for something is blank, or half drawn. See what it waits for, and whether the proxy or the app holds
      that back.

      When a browser opens the page of the site
      Then the page is at rest

    Scenario: What the page needs of its site is there
      A script, style sheet or picture that fails is often of another build than the page: see `expires` and `Cache-Control` of the
      page, and `try_files` of where its files are. One that comes as a type of another kind lacks `include mime.types;`. A 502 or 504
      comes of an app that is not there.

      When a browser opens the page of the site
      Then nothing is missing that the page needs

    Scenario: No script of the page breaks down
      `Unexpected token '<'` means that a page came in place of a script. Other exceptions are the app's own, or come of an answer that
      it did not expect.

      When a browser opens the page of the site
      Then no script has failed

    Scenario: The browser blocks nothing that the page asks for
      Mixed content: a page that came by https asks by http; an app that writes such URLs may lack `X-Forwarded-Proto`. CORS: see which of
      the two adds `Access-Control-Allow-Origin`, the app or the proxy. A MIME type: see `include mime.types;`. Else see
      `Content-Security-Policy`.

      When a browser opens the page of the site
      Then the browser has blocked nothing

    @warning
    Scenario: Nothing is wrong by the console of the page
      Developers see this first, and visitors never. It may still tell of something that does not work.

      When a browser opens the page of the site
      Then the console has no errors

    Scenario: No service worker shows an old build
      A worker that was kept shows the page that it was built with, whose files may be gone. Serve the worker's script, and the page, with
      `Cache-Control: no-cache`.

      When a browser opens the page of the site
      Then the page is that of the latest build, whoever serves it

  Rule: Pages reach the app

    Scenario: A WebSocket opens from the page at {socket.websocket}
      A browser sends `Origin` and cookies, and keeps to the page's `Content-Security-Policy` (`connect-src`). An app that refuses the origin
      may see another `Host` than the browser's: `proxy_set_header Host $host;`.

      When the page opens a WebSocket at "{socket.websocket}"
      Then the browser has a WebSocket

    Scenario: A page of {preflight.allow-origin} reads {api.path}
      A browser keeps an answer from pages of other origins unless it says that they may read it, once, for this origin, and with
      `Access-Control-Allow-Credentials: true` if they ask with cookies.

      When a page of "{preflight.allow-origin}" reads "{api.path}"
      Then the browser gives it the answer
