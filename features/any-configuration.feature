Feature: The configuration of any site

  Rule: nginx has nothing to say against it

    @warning
    Scenario: nginx warns of nothing in the configuration
      What nginx warns of, it puts right as it sees fit, and starts. See the lines that it names.

      When the configuration is tested
      Then it is tested without a warning

  Rule: It has no more than nginx has

    @warning
    Scenario: No directive belongs to a module that nginx comes without
      nginx refuses to start where the module is not loaded, and the official images have none of these. The run leaves them out.

      When the directives in the configuration are read
      Then nginx has all of them

  Rule: Headers are called what others know them by

    @warning
    Scenario: No header is a letter away from one that is known
      nginx takes any name for a header, and `$http_…` for a variable whatever follows; app servers and browsers look for the names
      that they know.

      When the names of headers in the configuration are read
      Then none of them is misspelt

  Rule: Redirects lead to a host

    Scenario: No redirect takes its host from a server without a name
      `$server_name` is the first `server_name` as it stands there, whatever host the client has asked.

      When the configuration is read
      Then each redirect leads to a host with a name

  Rule: Origins are written as browsers send them

    Scenario: Each origin that may read is one
      Browsers compare `Access-Control-Allow-Origin` with the origin of the page letter by letter: one origin, with no path and no `*`
      in it. For several see `map $http_origin`.

      When the configuration is read
      Then each origin that it allows is one

  Rule: What has a certificate speaks TLS

    @warning
    Scenario: TLS is spoken on the port for it where there is a certificate
      Without `ssl` in `listen` nginx speaks HTTP there, and browsers that begin with TLS get an error.

      When the configuration is read
      Then TLS is spoken where there is a certificate for it

  Rule: Each location is there for something

    @warning
    Scenario: No location is hidden by others
      A regular expression wins over a prefix, however long that is, unless the prefix has `^~`.

      When the configuration is read
      Then no location is hidden by others

    @warning
    Scenario: Each location that is gone on to is there
      nginx looks for a location with a name (`@app`) when it is needed, in the same server, and answers 500 if there is none. See
      `try_files` and `error_page`.

      When the configuration is read
      Then each location that is gone on to is there

  Rule: What is called as a WebSocket can be one

    @warning
    Scenario: A location with the name of a WebSocket passes Upgrade on
      nginx passes no `Upgrade` on by itself: see `proxy_http_version 1.1`, `proxy_set_header Upgrade $http_upgrade` and
      `proxy_set_header Connection upgrade`.

      When the configuration is read
      Then what is called as a WebSocket can be one

  Rule: App servers get paths as clients wrote them

    @warning
    Scenario: No path that a pattern has captured is sent on decoded
      A blank in it ends the path, and `%3F` begins a query that nobody asked for: nginx sends it as it is, the reference proxy encodes
      it. `rewrite ^/api/(.*) /$1 break;` with a `proxy_pass` that has no path hands it on as it came.

      When the configuration is read
      Then no path is sent to app servers decoded

  Rule: App servers are found

    @warning
    Scenario: Each name that a variable stands for is one that nginx finds
      Without a `resolver` nginx finds upstreams by a variable, and servers that another `proxy_pass` names without one.

      When the configuration is read
      Then each name that a variable stands for is found

  Rule: Files are looked for where they are

    @warning
    Scenario: No directory has the path of its location in it already
      The file of `/static/app.js` is `/srv/static/app.js` by `root /srv`, and `/srv/app.js` by `alias /srv/` in `location /static/`.

      When the configuration is read
      Then no directory has the path of its location in it already

  Rule: Workers may do what they must, and no more

    @warning
    Scenario: No worker is root
      Whoever gets into a worker that is root has the machine. See `user`.

      When the configuration is read
      Then no worker is root

    @warning
    Scenario: A worker has connections for more than one browser
      See `worker_connections` in `events`: a request to an app server takes two.

      When the configuration is read
      Then a worker has connections for more than one browser

  Rule: It fits what it is deployed with

    @warning
    Scenario: Its addresses lead to the services that the compose file has
      In a container `localhost` is the container itself; another is reached by its service's name, at the port that it listens on
      and not at the one that is published, over a network that both share.

      When the addresses of the configuration are held against the services beside it
      Then each of them leads to one
