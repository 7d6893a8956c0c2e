Feature: Front ends of any site

  A single-page app is files of a build, and one page that all its own paths show. Browsers keep what they may; a page that
  is kept names scripts that the next build no longer has.

  Rule: The page is shown

    Scenario: {front-end} shows the page
      See `root` and `index` of this location.

      When the client sends "GET {front-end}"
      Then the response is the front end's page

    Scenario: A path of the app below {single-page} shows the page
      See `try_files $uri $uri/ /index.html;`.

      When the client sends "GET {single-page}hopcheck/of/the/app"
      Then the response is the front end's page

    Scenario: The page at {front-end} is not kept by browsers
      See `expires` and `add_header Cache-Control`: files whose names change with their content may be kept, the page that
      names them may not.

      When the client sends "GET {front-end}"
      Then no browser may keep the response without asking again

    Scenario: The page at {page-with-headers} has the headers that the server sets for all
      A location with an `add_header` of its own loses all of those of the `server` around it: they must be written there again.

      When the client sends "GET {page-with-headers}"
      Then the response has each of the headers "{headers}"

  Rule: Nothing beside the files is served

    Scenario: No path that begins with {alias} leaves its directory
      A `location` without a slash at its end and an `alias` with one: `..` right behind the name leads one directory up. See
      `location {alias}/`.

      Given the directory "{directory}" has the file "../hopcheck-secret.txt" with the content "nobody may read this"
      When the client sends "GET {alias}../hopcheck-secret.txt"
      Then the body of the response does not contain "nobody may read this"
