//! The clients, and what each is put in front of.

/// What a script is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    Node,
    Python,
    Shell,
}

/// A program of this machine that not every machine has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Program {
    Chromium,
    RabbitMq,
}

/// What is behind the proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AppServers {
    /// The mock app servers.
    Mock,
    /// Two processes of this server.
    Real(Language, &'static str),
}

/// What the proxy is configured by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Conf {
    /// The document's configuration, with these directives in its location for WebSockets.
    Document(&'static str),
    /// `site.conf`, with each of these texts replaced by the other.
    Site(&'static [(&'static str, &'static str)]),
}

/// A client, and what it is put in front of.
#[derive(Debug)]
pub(crate) struct Client {
    /// What `cargo test --test clients -- NAME` selects it by.
    pub(crate) name: &'static str,
    /// The packages that it is made of, and its app server's if that is a real one.
    pub(crate) packages: &'static [&'static str],
    /// What is special about the proxy.
    pub(crate) circumstances: &'static str,
    pub(crate) language: Language,
    /// The script, in `scripts/`.
    pub(crate) script: &'static str,
    /// More that the script is told, as JSON.
    pub(crate) told: &'static str,
    pub(crate) conf: Conf,
    pub(crate) app_servers: AppServers,
    /// What it cannot do without.
    pub(crate) needs: Option<Program>,
}

const PLAIN: Client = Client {
    name: "",
    packages: &[],
    circumstances: "",
    language: Language::Node,
    script: "",
    told: "{}",
    conf: Conf::Site(&[]),
    app_servers: AppServers::Mock,
    needs: None,
};

/// Requests take turns of the app servers.
const TURNS: (&str, &str) = ("ip_hash;", "");

/// Bodies may be as long as the app server takes them.
const ANY_LENGTH: (&str, &str) = ("proxy_buffering off;", "proxy_buffering off; client_max_body_size 0;");

/// App servers are asked by HTTP/1.0, as they are if `proxy_http_version` says nothing.
const HTTP_1_0: (&str, &str) = ("proxy_http_version 1.1;", "proxy_http_version 1.0;");

/// The site speaks TLS and HTTP/2.
const TLS: (&str, &str) = (
    "listen 80;",
    "listen 443 ssl http2;\n        ssl_certificate SCRATCH/site.pem;\n        ssl_certificate_key SCRATCH/site.key;",
);

/// All of them.
pub(crate) const CLIENTS: &[Client] = &[
    Client {
        name: "stompjs",
        packages: &["@stomp/stompjs", "ws"],
        script: "stompjs.mjs",
        conf: Conf::Document(""),
        ..PLAIN
    },
    Client {
        name: "stompjs-idle",
        packages: &["@stomp/stompjs", "ws"],
        circumstances: "`proxy_read_timeout 5s`",
        script: "stompjs-idle.mjs",
        conf: Conf::Document("proxy_read_timeout 5s;"),
        ..PLAIN
    },
    Client {
        name: "sockjs-client",
        packages: &["sockjs-client", "@stomp/stompjs"],
        circumstances: "`ip_hash`",
        script: "sockjs-client.mjs",
        ..PLAIN
    },
    Client {
        name: "sockjs-turns",
        packages: &["sockjs-client"],
        circumstances: "requests take turns",
        script: "sockjs-client-turns.mjs",
        told: r#"{"transports":["websocket","xhr-streaming","xhr-polling"]}"#,
        conf: Conf::Site(&[TURNS]),
        ..PLAIN
    },
    Client {
        name: "sockjs-upgrage",
        packages: &["sockjs-client"],
        circumstances: "`$http_upgrage`",
        script: "sockjs-client-turns.mjs",
        told: r#"{"transports":["websocket",null]}"#,
        conf: Conf::Site(&[("Upgrade $http_upgrade", "Upgrade $http_upgrage")]),
        ..PLAIN
    },
    Client {
        name: "sockjs-node",
        packages: &["sockjs-client", "sockjs"],
        circumstances: "`ip_hash`",
        script: "sockjs-node.mjs",
        app_servers: AppServers::Real(Language::Node, "sockjs.mjs"),
        ..PLAIN
    },
    Client {
        name: "socket.io",
        packages: &["socket.io-client", "socket.io"],
        circumstances: "`ip_hash`",
        script: "socket.io-client.mjs",
        app_servers: AppServers::Real(Language::Node, "socket.io.mjs"),
        ..PLAIN
    },
    Client {
        name: "socket.io-turns",
        packages: &["socket.io-client", "socket.io"],
        circumstances: "requests take turns",
        script: "socket.io-client-turns.mjs",
        conf: Conf::Site(&[TURNS]),
        app_servers: AppServers::Real(Language::Node, "socket.io.mjs"),
        ..PLAIN
    },
    Client {
        name: "graphql-ws",
        packages: &["graphql-ws", "ws"],
        circumstances: "`ip_hash`",
        script: "graphql-ws.mjs",
        app_servers: AppServers::Real(Language::Node, "graphql-ws.mjs"),
        ..PLAIN
    },
    Client { name: "ws", packages: &["ws"], script: "ws.mjs", conf: Conf::Document(""), ..PLAIN },
    Client {
        name: "chromium",
        packages: &["Chromium", "@stomp/stompjs"],
        script: "chromium.mjs",
        conf: Conf::Document(""),
        needs: Some(Program::Chromium),
        ..PLAIN
    },
    Client {
        name: "chromium-sockjs",
        packages: &["Chromium", "sockjs-client"],
        circumstances: "`ip_hash`",
        script: "chromium-sockjs.mjs",
        needs: Some(Program::Chromium),
        ..PLAIN
    },
    Client {
        name: "stomp.py",
        packages: &["stomp.py"],
        language: Language::Python,
        script: "stomp_py.py",
        conf: Conf::Document(""),
        ..PLAIN
    },
    Client {
        name: "websockets",
        packages: &["websockets"],
        language: Language::Python,
        script: "websockets_client.py",
        conf: Conf::Document(""),
        ..PLAIN
    },
    Client {
        name: "rabbitmq",
        packages: &["@stomp/stompjs", "RabbitMQ"],
        circumstances: "the second node a `backup`",
        script: "rabbitmq.mjs",
        conf: Conf::Site(&[TURNS, ("1026;", "1026 backup;")]),
        app_servers: AppServers::Real(Language::Shell, "rabbitmq.sh"),
        needs: Some(Program::RabbitMq),
        ..PLAIN
    },
    Client {
        name: "waitress",
        packages: &["waitress"],
        circumstances: "asked by Node",
        script: "waitress.mjs",
        conf: Conf::Site(&[ANY_LENGTH]),
        app_servers: AppServers::Real(Language::Python, "waitress_server.py"),
        ..PLAIN
    },
    Client {
        name: "http.server",
        packages: &["http.server of Python"],
        circumstances: "asked by Node",
        script: "http-server.mjs",
        app_servers: AppServers::Real(Language::Python, "http_server.py"),
        ..PLAIN
    },
    Client {
        name: "uvicorn",
        packages: &["uvicorn"],
        circumstances: "asked by Node",
        script: "uvicorn.mjs",
        app_servers: AppServers::Real(Language::Python, "uvicorn_server.py"),
        ..PLAIN
    },
    Client {
        name: "gunicorn",
        packages: &["gunicorn"],
        circumstances: "asked by Node",
        script: "gunicorn.mjs",
        app_servers: AppServers::Real(Language::Python, "gunicorn_server.py"),
        ..PLAIN
    },
    Client {
        name: "gunicorn-http1.0",
        packages: &["gunicorn"],
        circumstances: "asked by Node, the app servers by HTTP/1.0",
        script: "gunicorn.mjs",
        conf: Conf::Site(&[HTTP_1_0]),
        app_servers: AppServers::Real(Language::Python, "gunicorn_server.py"),
        ..PLAIN
    },
    Client {
        name: "hypercorn",
        packages: &["hypercorn"],
        circumstances: "asked by Node",
        script: "hypercorn.mjs",
        app_servers: AppServers::Real(Language::Python, "hypercorn_server.py"),
        ..PLAIN
    },
    Client {
        name: "hopcheck-rabbitmq",
        packages: &["hopcheck's live check", "RabbitMQ"],
        circumstances: "over TLS and HTTP/2",
        script: "hopcheck-rabbitmq.mjs",
        conf: Conf::Site(&[TURNS, TLS, ("1026;", "1026 backup;")]),
        app_servers: AppServers::Real(Language::Shell, "rabbitmq.sh"),
        needs: Some(Program::RabbitMq),
        ..PLAIN
    },
    Client {
        name: "hopcheck-sockjs-node",
        packages: &["hopcheck's live check", "sockjs"],
        circumstances: "over TLS and HTTP/2",
        script: "hopcheck-sockjs-node.mjs",
        conf: Conf::Site(&[TLS]),
        app_servers: AppServers::Real(Language::Node, "sockjs.mjs"),
        ..PLAIN
    },
    Client {
        name: "hopcheck-graphql-ws",
        packages: &["hopcheck's live check", "graphql-ws"],
        circumstances: "over TLS and HTTP/2",
        script: "hopcheck-graphql-ws.mjs",
        conf: Conf::Site(&[TLS]),
        app_servers: AppServers::Real(Language::Node, "graphql-ws.mjs"),
        ..PLAIN
    },
];
