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

      Given the configuration with "$http_upgrade" replaced by "$http_upgrage"
      When the configuration is tested
      Then it is accepted

  Rule: A configuration that cannot be read is refused, with the line to mend

    @W1
    Scenario: A condition without its `$` is refused
      `if ($request_method = 'OPTIONS')`: the variable needs its `$`.

      Given the configuration with "($request_method =" replaced by "(request_method ="
      When the configuration is tested
      Then it is refused at the line of "(request_method =" with 'invalid condition "request_method"'

    @W2
    Scenario: A proxy_pass without its semicolon is refused
      nginx notices at the next line, where a directive cannot go on: look one line up.

      Given the configuration with "proxy_pass http://dambae200;" replaced by "proxy_pass http://dambae200"
      When the configuration is tested
      Then it is refused after the line of "proxy_pass http://dambae200" with 'unexpected "}"'

    Scenario Outline: <What> is refused
      The message is nginx's own, and names the line.

      Given the configuration with '<right>' replaced by '<wrong>'
      When the configuration is tested
      Then it is refused at the line of '<wrong>' with '<message>'

      Examples:
        | What                           | right                 | wrong                     | message                                   |
        | A misspelt directive           | try_files $uri        | try_file $uri             | unknown directive "try_file"              |
        | A directive in a wrong place   | sendfile on;          | try_files a b;            | "try_files" directive is not allowed here |
        | A directive without its value  | sendfile on;          | sendfile;                 | invalid number of arguments in "sendfile" |
        | A directive given twice        | sendfile on;          | sendfile on; sendfile on; | "sendfile" directive is duplicate         |
        | A flag that is not on or off   | sendfile on;          | sendfile yes;             | invalid value "yes" in "sendfile"         |
        | A time in an unknown unit      | keepalive_timeout 65; | keepalive_timeout 65x;    | "keepalive_timeout" directive invalid     |
        | A log format that is not there | access.log main;      | access.log mian;          | unknown log format "mian"                 |
        | A location given twice         | location /api {       | location "/" {            | duplicate location "/"                    |
        | A file that is not there       | mime.types;           | mime.typos;               | (2: No such file or directory)            |

    Scenario: A variable that does not exist is refused
      nginx notices when all is read, so it names no line: search for the variable.

      Given the configuration with "$remote_addr;" replaced by "$remote_adr;"
      When the configuration is tested
      Then it is refused with 'unknown "remote_adr" variable'

    Scenario Outline: <What> is refused
      nginx can name only the line where it noticed. Compare quotes and braces from there upwards.

      Given the configuration with '<right>' replaced by '<wrong>'
      When the configuration is tested
      Then it is refused with '<message>'

      Examples:
        | What                | right                 | wrong                | message                       |
        | A quote without end | Connection "upgrade"; | Connection "upgrade; | unexpected "                  |
        | A brace too many    | sendfile on;          | sendfile on; }       | directive is not allowed here |
