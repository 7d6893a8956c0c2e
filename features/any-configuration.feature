Feature: The configuration of any site

  Rule: nginx has nothing to say against it

    @warning
    Scenario: nginx warns of nothing in the configuration
      What nginx warns of, it puts right as it sees fit, and starts. See the lines that it names.

      When the configuration is tested
      Then it is tested without a warning
