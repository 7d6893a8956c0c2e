Feature: Routes of any site

  What a site serves where is decided by a few lines, and an edit of one may move another: a regular expression that wins, a
  slash more, an upstream with a server less. `hopcheck.toml` says what is meant; `hopcheck init --conf nginx.conf` writes a
  first one of what there is. Clients notice a route that moves, and so does this.

  Rule: The configuration has the routes that its profile names

    Scenario: {promised-route} is served as the profile says
      See the location that serves it. If the change is meant, change `[[routes]]` in hopcheck.toml with it.

      When the routes of the configuration are read
      Then the route "{promised-route}" is as the profile says

    Scenario: The upstream {promised-upstream} is as the profile says
      See `server` in this upstream, and `least_conn`, `ip_hash` and the like. If the change is meant, change `[upstreams]` in
      hopcheck.toml with it.

      When the routes of the configuration are read
      Then the upstream "{promised-upstream}" is as the profile says

    Scenario: A request to {promised-destination} reaches an upstream that the profile names
      Which upstream a variable stands for shows only in a run. See `map`, `set` and `rewrite`.

      Given app servers that answer any path
      When the client sends "GET {promised-destination}"
      Then the response comes from an app server that "{promise}" names

  Rule: The configuration is where its profile says, and so are its app servers

    Scenario: Clients find the site at {promised-listen}
      See `listen`. If the change is meant, change `[clients]` in hopcheck.toml with it.

      When the routes of the configuration are read
      Then it listens for clients at "{promised-listen}"

    Scenario: Upstreams have only app servers that the profile names
      See `server` in `upstream`. If the change is meant, change `[app-servers]` in hopcheck.toml with it.

      When the routes of the configuration are read
      Then only "{promised-app-servers}" are asked

  Rule: New routes take nothing from those that the profile names

    @warning
    Scenario: {taking-route} takes no path of a route that the profile names
      See this location. If it is meant, add `[[routes]]` for it to hopcheck.toml.

      When the routes of the configuration are read
      Then "{taking-route}" takes nothing of "{promise}"
