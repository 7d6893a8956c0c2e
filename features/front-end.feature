@document
Feature: The front end

  Whatever is neither API nor socket is the single-page app: files of a build, copied into a directory that the proxy serves.
  Only one page exists. Its routes, such as /stores/1, live in the browser, so a path for which there is no file gets that
  page too, and a reload or a shared link works.

  @D13 @W4
  Rule: Every path that is no file gets the app's page

    Scenario Outline: <path> shows the app's page
      See `try_files $uri $uri/ /index.html;` and `root` in `location /`. If `root` is not the directory that was deployed,
      each path is a 500 and the error log says "rewrite or internal redirection cycle".

      When the client sends "GET <path>"
      Then the response is the front end's page

      @deployment
      Examples:
        | path                  |
        | {front-end.page}      |
        | {front-end.deep-link} |

      Examples:
        | path               |
        | /assets/missing.js |
        | /.well-known/none  |

    Scenario: Where the front end is missing, every path is an error
      Compare `root` with the directory that the build is copied to, letter by letter.

      Given the front end is missing
      When the client sends "GET /"
      Then the response is 500
      And the error log says "rewrite or internal redirection cycle"

    @D16
    Scenario: A new build is served as soon as it is there
      nginx keeps nothing of a file, not even its length, unless `open_file_cache` is set.

      Given the client sends "GET /"
      And the front end has the file "index.html" with the content "<title>the new build</title>"
      When the client sends "GET /"
      Then the body of the response is "<title>the new build</title>"
      And the header "Content-Length" of the response is "28"

    @D16 @default
    Scenario: Browsers are not told to keep the page
      Kept, it would name scripts that the next build no longer has. `expires` or `add_header Cache-Control` belong to a
      location of their own for files whose names change with their content.

      When the client sends "GET /"
      Then the response has no header "Cache-Control"
      And the response has no header "Expires"

    Scenario: Only the whole name of a file finds it
      `$uri.html` in `try_files` would give some client-side routes another page than the app's.

      Given the front end has the file "stores.html" with the content "a list of stores"
      When the client sends "GET /stores"
      Then the response is the file "index.html" of the front end

  @D13 @D17
  Rule: A file is served as what it is

    Scenario Outline: <file> is served as <type>
      See `include mime.types;` in `http`, and `default_type` for what is not in that list. A `types` block further in
      replaces the whole list.

      Given the front end has the file "<file>" with the content "some bytes"
      When the client sends "GET /<file>"
      Then the response is the file "<file>" of the front end
      And the header "Content-Type" of the response is "<type>"

      Examples:
        | file         | type                     |
        | about.html   | text/html                |
        | js/app-1a.js | application/javascript   |
        | style.css    | text/css                 |
        | data.json    | application/json         |
        | logo.svg     | image/svg+xml            |
        | photo.png    | image/png                |
        | favicon.ico  | image/x-icon             |
        | font.woff2   | font/woff2               |
        | app.wasm     | application/wasm         |
        | robots.txt   | text/plain               |
        | app.js.map   | application/octet-stream |
        | LICENSE      | application/octet-stream |

    @deployment
    Scenario: The page's {front-end.asset} is served as what it is
      See `root` and `try_files $uri` in `location /`: without them the page is served in its place, which browsers refuse as a
      script or style sheet. See `include mime.types;` for its type.

      When the client sends "GET {front-end.asset}"
      Then the response is 200
      And the response has the type of a file "{front-end.asset}"

    Scenario Outline: <path> finds the file "<file>"
      nginx looks for the file after decoding the path, joining `//` and resolving `.` and `..`.

      Given the front end has the file "<file>" with the content "found"
      When the client sends "GET <path>"
      Then the body of the response is "found"

      Examples:
        | path                             | file         |
        | /%EC%A7%84%EC%97%B4%EB%8C%80.txt | 진열대.txt   |
        | //assets/./x/../a.txt?v=1        | assets/a.txt |

    @rfc9110
    Scenario: HEAD gets a file's headers and no body
      nginx does this by itself; a `return` or an `if` on the method may break it.

      Given the front end has the file "digits.txt" with the content "0123456789"
      When the client sends "HEAD /digits.txt"
      Then the header "Content-Length" of the response is "10"
      And the body of the response is ""

  @default
  Rule: A directory stands for its index file

    @D13
    Scenario Outline: A directory with <file> in it shows that
      See `index index.html index.htm;` in `location /`.

      Given the front end has the file "manual/<file>" with the content "how to count"
      When the client sends "GET /manual/"
      Then the body of the response is "how to count"

      Examples:
        | file       |
        | index.html |
        | index.htm  |

    @D13
    Scenario: A directory with both in it shows index.html
      `index` is read from left to right.

      Given the front end has the file "manual/index.htm" with the content "the old manual"
      And the front end has the file "manual/index.html" with the content "how to count"
      When the client sends "GET /manual/"
      Then the body of the response is "how to count"

    Scenario: A directory without the last slash redirects to the one with it
      nginx builds the address from the Host that the client sent and its own port.

      Given the front end has the file "manual/index.html" with the content "how to count"
      When the client sends "GET /manual?page=2"
      Then the response is 301
      And the header "Location" of the response is "{scheme}://{proxy}/manual/?page=2"

    Scenario: A directory without an index file is not listed
      `autoindex on;` would list it.

      Given the front end has the file "uploads/photo.png" with the content "a shelf"
      When the client sends "GET /uploads/"
      Then the response is 403

    Scenario: A directory with nothing in it does not get the app's page
      `$uri/` in `try_files` finds any directory there is. Without it, what is in the build and what is not look the same.

      Given the front end has the empty directory "uploads"
      When the client sends "GET /uploads/"
      Then the response is 403
      And the response is not the front end's page

  @default @rfc9110
  Rule: What the client already has is not sent again

    Scenario Outline: A client with <name> <value> gets <status>
      nginx compares with the file's ETag and Last-Modified; `etag off;` or `if_modified_since off;` change that.

      Given the front end has the file "digits.txt" with the content "0123456789"
      And the client sends "GET /digits.txt"
      When the client sends "GET /digits.txt" with the headers:
        | <name> | <value> |
      Then the response is <status>

      Examples:
        | name              | value           | status |
        | If-None-Match     | {ETag}          | 304    |
        | If-None-Match     | "another"       | 200    |
        | If-Modified-Since | {Last-Modified} | 304    |
        | If-Match          | "another"       | 412    |

    @deployment
    Scenario: A browser that has {front-end.asset} is told that it is still good
      See `etag`, which is on unless turned off, and whether `add_header` or a `location` of its own takes the header away.

      Given the client sends "GET {front-end.asset}"
      When the client sends "GET {front-end.asset}" with the headers:
        | If-None-Match | {ETag} |
      Then the response is 304

    Scenario Outline: Of 0123456789 the range <range> is "<body>"
      nginx serves ranges of files by itself; `max_ranges 0;` would turn that off.

      Given the front end has the file "digits.txt" with the content "0123456789"
      When the client sends "GET /digits.txt" with the headers:
        | Range | bytes=<range> |
      Then the response is 206
      And the header "Content-Range" of the response is "bytes <content-range>"
      And the body of the response is "<body>"

      Examples:
        | range | content-range | body |
        | 0-3   | 0-3/10        | 0123 |
        | -3    | 7-9/10        | 789  |

    Scenario: Several ranges come as parts of one answer
      Each part says which range it is.

      Given the front end has the file "digits.txt" with the content "0123456789"
      When the client sends "GET /digits.txt" with the headers:
        | Range | bytes=0-0,8-9 |
      Then the response is 206
      And the body of the response contains "Content-Range: bytes 0-0/10\r\n\r\n0\r\n"
      And the body of the response contains "Content-Range: bytes 8-9/10\r\n\r\n89\r\n"

    Scenario: A range beyond the end is refused, and the length told
      The client learns from Content-Range how long the file is.

      Given the front end has the file "digits.txt" with the content "0123456789"
      When the client sends "GET /digits.txt" with the headers:
        | Range | bytes=10- |
      Then the response is 416
      And the header "Content-Range" of the response is "bytes */10"

    Scenario: A range of a file that has changed since becomes the whole file
      If-Range holds the ETag of what the client has; half an old file and half a new one would be worth nothing.

      Given the front end has the file "digits.txt" with the content "0123456789"
      When the client sends "GET /digits.txt" with the headers:
        | Range    | bytes=0-3 |
        | If-Range | "another" |
      Then the response is 200
      And the body of the response is "0123456789"

  @default
  Rule: Nothing else gets in or out

    Scenario: POST is refused by the front end
      `location /` serves files. An address of the API that ends up here was meant for `location /api`: compare the paths.

      When the client sends "POST /stores/1" with the body "milk: 3"
      Then the response is 405
      And no app server saw anything

    Scenario Outline: <path> does not lead out of the front end
      nginx refuses a path that climbs above its root, or holds a NUL, before it looks at any file.

      When the client sends "GET <path>"
      Then the response is 400

      Examples:
        | path                         |
        | /%2e%2e/%2e%2e/etc/passwd    |
        | /assets/..%2f..%2fetc/passwd |
        | /index.html%00.png           |

    @D13
    Scenario Outline: <path> is no way out of the front end
      Decoded once, these are names without a meaning; whoever decodes twice, or takes a backslash for a slash, is led outside.

      When the client sends "GET <path>"
      Then the response is the front end's page

      Examples:
        | path                                 |
        | /%252e%252e/%252e%252e/etc/passwd    |
        | /..%5c..%5cetc%5cpasswd              |
        | /%c0%ae%c0%ae/%c0%ae%c0%ae/etc/passwd |

    @D13
    Scenario: /assets../about.html is no way out of /assets
      A `location /assets` with `alias …/assets/` turns what follows its name into `…/assets/../about.html`: both end with a
      slash, or neither does.

      Given the front end has the file "about.html" with the content "who we are"
      When the client sends "GET /assets../about.html"
      Then the response is the front end's page

    @rfc9110
    Scenario: A line end in a link makes no header of a redirect
      `$uri` is decoded, and nginx sends it as it is: a link could set a cookie on this host. See `return`, `rewrite` and
      `add_header`, and use `$request_uri`.

      Given the configuration says beside every "try_files":
        """
        location /old/ {
            return 301 https://$host$uri;
        }
        """
      When the client sends "GET /old/1%0d%0aSet-Cookie:%20id=7"
      Then the response is 301
      And the response has no header "Set-Cookie"

    @rfc9110
    Scenario: A redirect with $request_uri keeps what is encoded
      It is the path and query as the client sent them.

      Given the configuration says beside every "try_files":
        """
        location /old/ {
            return 301 https://shop.test$request_uri;
        }
        """
      When the client sends "GET /old/1%0d%0aSet-Cookie:%20id=7"
      Then the header "Location" of the response is "https://shop.test/old/1%0d%0aSet-Cookie:%20id=7"
      And the response has no header "Set-Cookie"

    @rfc9110
    Scenario: A path that begins with two slashes does not redirect to another host
      nginx joins the slashes (`merge_slashes`) and names the host that was asked (`absolute_redirect`).

      Given the front end has the empty directory "other.test"
      When the client sends "GET //other.test"
      Then the header "Location" of the response is "{scheme}://{proxy}/other.test/"

  @D15
  Rule: The workers, which are not root, must be able to read the front end

    Scenario: A file that the workers may not read is forbidden
      See `user` and the file's owner and mode; a build copied by root with a strict umask looks like this.

      Given the front end has the file "secret.txt" with the content "for root only"
      And the proxy may not read "secret.txt" of the front end
      When the client sends "GET /secret.txt"
      Then the response is 403
      And the error log says "Permission denied"

    Scenario: Files in a directory that the workers may not search seem not to exist
      Each gets the app's page. A browser then says that a script has the type text/html: look at the directory's mode.

      Given the front end has the file "assets/late.js" with the content "let a = 1"
      And the proxy may not read "assets" of the front end
      When the client sends "GET /assets/late.js"
      Then the response is the file "index.html" of the front end

    Scenario: A root that the workers may not enter shows nobody the page
      Every directory from / down needs mode x for `user`. Below /root, or in a closed home, no worker gets in.

      Given the proxy may not read "/" of the front end
      When the client sends "GET /stores/1"
      Then the response is 500
      And the error log says "Permission denied"
