Feature: Front ends of any site

  A single-page app is files of a build, and one page that all its own paths show. Browsers keep what they may; a page that
  is kept names scripts that the next build no longer has.

  Rule: The page is shown

    Scenario: {front-end} shows the page
      See `root` and `index` of this location.

      When a browser opens "{front-end}"
      Then the page is shown

    Scenario: A path of the app below {single-page} shows the page
      See `try_files $uri $uri/ /index.html;`.

      When a browser opens "{single-page}hopcheck/of/the/app"
      Then the page is shown

    @warning
    Scenario: A path of the app below {single-page} is no error
      Browsers show the page of a 404, and nobody else believes in it: crawlers, monitors, link checkers. See
      `try_files $uri $uri/ /index.html;`, or `=200` in `error_page`.

      When a browser opens "{single-page}hopcheck/of/the/app"
      Then the response is 200

    Scenario: The page at {single-page} is not kept by browsers
      See `expires` and `add_header Cache-Control`: files whose names change with their content may be kept, the page that
      names them may not.

      When a browser opens "{single-page}"
      Then no browser may keep the response without asking again

    @warning @routine
    Scenario: The page at {single-page} says how long browsers may keep it
      Without `Cache-Control` or `Expires` browsers guess, by the age of the file: the older the build, the longer they keep a
      page whose scripts the next build no longer has. See `add_header Cache-Control no-cache;` in this location: browsers
      ask for the page each time, and a 304 costs little.

      When a browser opens "{single-page}"
      Then the response says how long browsers may keep it

    Scenario: A new build at {front-end-of-fixed-times} is shown though its files are as old and as long as before
      nginx makes `ETag` and `Last-Modified` of time and length alone, and answers 304 to who has the old page. See `etag off;` and
      `if_modified_since off;`, or `add_header Cache-Control no-store;`, for the page.

      Given the directory "{directory}" has the file "index.html" of 1980 with the content "<title>build 1</title>"
      And a browser opens "{front-end-of-fixed-times}"
      And the directory "{directory}" has the file "index.html" of 1980 with the content "<title>build 2</title>"
      When a browser asks for the same again
      Then the body of the response is "<title>build 2</title>"

    @warning @routine
    Scenario: A script that {single-page} no longer has is not answered with the page
      After a deploy, open tabs ask for scripts of the build before; a browser that gets the page in place of one reports a
      syntax error, or a wrong type, and nothing tells that the file is gone. See `location /assets/ { try_files $uri =404; }`.

      When the client asks for scripts that are gone below "{single-page}"
      Then the page does not stand in for the file

    Scenario: What would change something at a path that {single-page} does not have is refused
      `error_page 404 =200 /index.html` answers a POST, PUT or DELETE with the page and 200, and the client believes that it was
      done. See `try_files $uri /index.html`, which answers 405.

      When the client sends "POST {single-page}hopcheck/gone" with the body "{}"
      Then the status of the response is none of "200, 201, 202, 204"

    Scenario: The page at {page-with-headers} has the headers that the server sets for all
      A location with an `add_header` of its own loses all of those of the `server` around it: they must be written there again.

      When a browser opens "{page-with-headers}"
      Then the response has each of the headers "{headers}"

  Rule: The page of a front end on a server of its own is shown

    Scenario: {proxied-front-end} shows the page of its app server
      See `proxy_pass` of this location.

      Given the app servers serve the front end
      When the client sends "GET {proxied-front-end}hopcheck/of/the/app"
      Then the response shows the front end's page

    @warning
    Scenario: The page of {proxied-front-end} is kept no longer than its app server says
      `expires` and `add_header Cache-Control` in a location with a `proxy_pass` take the place of what the app server says of its
      page, or stand beside it: a page that is kept names scripts that the next build no longer has.

      Given the app servers serve the front end
      When the client sends "GET {proxied-front-end}hopcheck/of/the/app"
      Then no browser may keep the response without asking again

  Rule: Each front end shows its own page

    @warning
    Scenario: A path of the app below {second-front-end} shows the page of its own directory
      The last argument of `try_files` is a path of the site, whatever `root` or `alias` this location has: `/index.html` is the
      page at `/`. See `try_files $uri $uri/ {second-front-end}index.html;`.

      Given the directory "{directory}" has the file "index.html" with the content "<title>its own</title>"
      When a browser opens "{second-front-end}hopcheck/of/the/app"
      Then the body of the response is "<title>its own</title>"

  Rule: The files of the build are served

    Scenario: Scripts, style sheets and pictures of the build are found below {front-end}
      See `root`: a location for `.js` and `.css` without one, in a server without one, looks in a directory of nginx's own.

      Given the build has scripts, style sheets and pictures
      When the client asks for each of these files below "{front-end}"
      Then each of these files comes

    @warning
    Scenario: Scripts, style sheets and pictures of the build below {front-end} come as what they are
      Browsers refuse module scripts and style sheets of another type. See `include mime.types;`, and `types` of this location, which
      takes the place of all of them.

      Given the build has scripts, style sheets and pictures
      When the client asks for each of these files below "{front-end}"
      Then each of these files has its type

    @everybody
    Scenario: A directory of the build below {front-end} comes to an end
      nginx sends browsers on to the path with a slash, and a `rewrite` or `return` that takes it away sends them back.

      Given the directory "{directory}" has the file "hopcheck-directory/index.html" with the content "<title>a directory</title>"
      When a browser follows "{front-end}hopcheck-directory" as far as it leads on this site
      Then it is not sent in a circle there

  Rule: Nothing beside the files is served

    Scenario Outline: {root-front-end}<path> leads out of no directory
      Only a directory of the front end's own may be read, however `..` is spelt. See `root`, `alias` and any `rewrite` of this
      location.

      Given the directory "{directory}" has the file "../hopcheck-secret.txt" with the content "nobody may read this"
      When the client sends "GET {root-front-end}<path>"
      Then the body of the response does not contain "nobody may read this"

      Examples:
        | path                                  |
        | ../hopcheck-secret.txt                |
        | hopcheck/%2e%2e/../hopcheck-secret.txt |
        | ..%2fhopcheck-secret.txt              |

    @warning @routine
    Scenario Outline: {front-end}<file> is kept to itself
      Files whose names begin with a dot are for those who build the site, and get into a build by mistake: keys, passwords, the
      history of the source. See `location ~ /\.(?!well-known) { return 404; }`.

      Given the directory "{directory}" has the file "<file>" with the content "nobody may read this"
      When the client sends "GET {front-end}<file>"
      Then the body of the response does not contain "nobody may read this"

      Examples:
        | file        |
        | .env        |
        | .git/config |

    @warning
    Scenario: No directory below {front-end} is listed
      `autoindex on` shows the names of all files to everybody, and those of a build are nobody's business.

      Given the directory "{directory}" has the file "hopcheck-directory/hopcheck-secret.txt" with the content "nobody may read this"
      When the client sends "GET {front-end}hopcheck-directory/"
      Then the body of the response does not contain "hopcheck-secret.txt"

    Scenario Outline: The source map {front-end-without-maps}<file> is kept to itself
      A source map holds the source of the front end. See `location ~ \.map$ { return 404; }`.

      Given the directory "{directory}" has the file "<file>" with the content "nobody may read this"
      When the client sends "GET {front-end-without-maps}<file>"
      Then the body of the response does not contain "nobody may read this"

      Examples:
        | file                            |
        | hopcheck.js.map                 |
        | assets/hopcheck-5814969b.js.map |

    Scenario: No path that begins with {alias} leaves its directory
      A `location` without a slash at its end and an `alias` with one: `..` right behind the name leads one directory up. See
      `location {alias}/`.

      Given the directory "{directory}" has the file "../hopcheck-secret.txt" with the content "nobody may read this"
      When the client sends "GET {alias}../hopcheck-secret.txt"
      Then the body of the response does not contain "nobody may read this"
