@document
Feature: The configuration

  nginx tests a configuration before it uses it: `nginx -t`. That finds what nginx cannot read, and names file and line. It
  does not find what nginx can read but nobody meant; for that there are the other features.

  Rule: A configuration that can be read is accepted

    Scenario: The configuration under test is accepted
      Run `nginx -t` on it and see the line that it names.

      When the configuration is tested
      Then it is accepted

    @W3
    Scenario: A misspelt header variable is accepted, and shows only when the proxy is used
      `$http_upgrage` is a variable like any other, and empty. The features on hop-by-hop headers and WebSocket find it.

      Given the configuration is:
        """
        events {}
        http {
            proxy_set_header Upgrade $http_upgrage;
        }
        """
      When the configuration is tested
      Then it is accepted

  Rule: A configuration that cannot be read is refused, with the line to mend

    @W1
    Scenario: A condition without its `$` is refused
      `if ($request_method = 'OPTIONS')`: the variable needs its `$`.

      Given the configuration is:
        """
        events {}
        http {
            server {
                location /api {
                    if (request_method = 'OPTIONS') {
                        return 204;
                    }
                }
            }
        }
        """
      When the configuration is tested
      Then it is refused at the line of "(request_method =" with 'invalid condition "request_method"'

    @W2
    Scenario: A proxy_pass without its semicolon is refused
      nginx notices at the next line, where a directive cannot go on: look one line up.

      Given the configuration is:
        """
        events {}
        http {
            server {
                location /api {
                    proxy_pass http://localhost:1025
                }
            }
        }
        """
      When the configuration is tested
      Then it is refused after the line of "proxy_pass" with 'unexpected "}"'

    Scenario Outline: <What> is refused
      The message is nginx's own, and names the line.

      Given the configuration is:
        """
        events {}
        http {
            <directives> # here
        }
        """
      When the configuration is tested
      Then it is refused at the line of "# here" with '<message>'

      Examples:
        | What                           | directives                                  | message                                   |
        | A misspelt directive           | try_file $uri /index.html;                  | unknown directive "try_file"              |
        | A directive in a wrong place   | try_files $uri /index.html;                 | "try_files" directive is not allowed here |
        | A directive without its value  | sendfile;                                   | invalid number of arguments in "sendfile" |
        | A directive given twice        | sendfile on; sendfile on;                   | "sendfile" directive is duplicate         |
        | A flag that is not on or off   | sendfile yes;                               | invalid value "yes" in "sendfile"         |
        | A time in an unknown unit      | keepalive_timeout 65x;                      | "keepalive_timeout" directive invalid     |
        | A log format that is not there | access_log /var/log/nginx/access.log mian;  | unknown log format "mian"                 |
        | A location given twice         | server { location / { } location "/" { } }  | duplicate location "/"                    |
        | A file that is not there       | include mime.typos;                         | (2: No such file or directory)            |
        | A parameter that is misspelt   | upstream app { server localhost:1 wait=2; } | invalid parameter "wait=2"                |
        | An error_log level that is not | error_log /var/log/nginx/error.log notise;  | invalid log level "notise"                |
        | A brace too many               | } }                                         | unexpected "}"                            |

    Scenario: A variable that does not exist is refused
      nginx notices when all is read, so it names no line: search for the variable.

      Given the configuration is:
        """
        events {}
        http {
            server {
                location /stomp/ {
                    proxy_pass http://localhost:1025;
                    proxy_set_header X-Real-IP $remote_adr;
                }
            }
        }
        """
      When the configuration is tested
      Then it is refused with 'unknown "remote_adr" variable'

    Scenario Outline: <What> is refused
      nginx goes on to the end of the file before it notices. Compare quotes and braces from the top down.

      Given the configuration is:
        """
        events {}
        http {
            <directives>
        }
        """
      When the configuration is tested
      Then it is refused with "unexpected end of file"

      Examples:
        | What                    | directives                            |
        | A quote without end     | proxy_set_header Connection "upgrade; |
        | A brace that is missing | server {                              |
