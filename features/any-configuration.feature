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

  Rule: It fits what it is deployed with

    @warning
    Scenario: Its addresses lead to the services that the compose file has
      In a container `localhost` is the container itself; another is reached by its service's name, at the port that it listens on
      and not at the one that is published, over a network that both share.

      When the addresses of the configuration are held against the services beside it
      Then each of them leads to one
