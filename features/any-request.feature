Feature: Requests to any site

  What every path of a site owes those who ask, whoever answers there.

  Background:
    Given app servers that answer any path

  Rule: A client writes no headers but its own

    @everybody
    Scenario: A line end in a path at {path} ends no header
      `$uri` and what a pattern has captured are decoded: `%0d%0a` in them ends the line that they stand in. See
      `return 301 https://$host$request_uri;`, where they are as they were sent.

      When the client sends "GET {path}hopcheck%0d%0aX-Hopcheck:%20written"
      Then no header of the response says "X-Hopcheck: written"
      And no app server saw a header that says "X-Hopcheck: written"

  Rule: Where a password is asked for, everybody is asked

    Scenario: {locked} asks those for a password who have none
      `auth_basic` asks nobody unless there is an `auth_basic_user_file`, too, here or further out.

      Given clients have no password
      When the client sends "GET {locked}hopcheck"
      Then the response is 401

  Rule: A redirect comes to an end

    @everybody
    Scenario: The redirect of {redirect} comes to an end
      A prefix takes what begins with it, too: `location /app { return 301 /app/; }` sends `/app/` to itself, see
      `location = /app`. So does port 80 with `return 301 http://$host$request_uri;`, where `https://` is meant.

      When a browser follows "{redirect}" as far as it leads on this site
      Then it comes to an end
