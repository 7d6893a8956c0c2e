//! The program under test, and app servers that say exactly what a test tells them to.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::reserved::{Reserved, reserve};

/// Longer than any test takes; one that hangs fails after it.
pub(crate) const TEST_TIMEOUT: Duration = Duration::from_secs(10);

/// More bytes than all socket buffers on the way hold.
pub(crate) const LARGE_BODY_SIZE: usize = 16 << 20;

/// The program, running on a port of its own until dropped.
pub(crate) struct Proxy {
    child: Child,
    pub(crate) address: SocketAddr,
    directory: tempfile::TempDir,
    _port: Reserved,
}

impl Proxy {
    /// Starts it with one server that has this inside, and this beside it in `http`. `@ADDRESS@` is where it listens.
    pub(crate) fn start(http: &str, server: &str) -> Proxy {
        let directory = tempfile::tempdir().expect("a scratch directory");
        let port = reserve();
        let address = port.address;
        let path = directory.path().display();
        let server = server.replace("@ADDRESS@", &address.to_string());
        let text = format!(
            "worker_processes 1; pid {path}/pid; error_log {path}/error.log info; events {{}}\n\
             http {{ log_format t '$request|$status|$body_bytes_sent|$upstream_addr|$upstream_status';\n\
             access_log {path}/access.log t; {http}\n server {{ listen {address}; {server} }} }}\n"
        );
        std::fs::write(directory.path().join("nginx.conf"), text).expect("a written configuration");
        let child = Command::new(env!("CARGO_BIN_EXE_reference-proxy"))
            .args(["-p".as_ref(), directory.path().as_os_str(), "-c".as_ref(), "nginx.conf".as_ref()])
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("the program");
        let proxy = Proxy { child, address, directory, _port: port };
        wait_for("the program to listen", || TcpStream::connect(proxy.address).ok().map(drop));
        proxy
    }

    /// One location that passes everything to `backend`.
    pub(crate) fn before(backend: SocketAddr) -> Proxy {
        Proxy::start("", &format!("location / {{ proxy_pass http://{backend}; }}"))
    }

    /// A connection to it.
    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("a connection");
        stream.set_read_timeout(Some(TEST_TIMEOUT)).expect("a timeout");
        stream.set_write_timeout(Some(TEST_TIMEOUT)).expect("a timeout");
        stream
    }

    /// Sends these bytes and returns everything that comes until the program closes the connection.
    pub(crate) fn ask(&self, request: impl AsRef<[u8]>) -> String {
        let mut stream = self.connect();
        stream.write_all(request.as_ref()).expect("the request sent");
        rest(&mut stream)
    }

    /// `GET path` on a connection that is closed after it.
    pub(crate) fn get(&self, path: &str) -> String {
        self.ask(format!("GET {path} HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\n\r\n"))
    }

    /// Waits for a line in the error log that holds this, and returns it.
    pub(crate) fn error_line(&self, part: &str) -> String {
        self.line("error.log", part)
    }

    /// Waits for a line in the access log that holds this, and returns it.
    pub(crate) fn access_line(&self, part: &str) -> String {
        self.line("access.log", part)
    }

    fn line(&self, file: &str, part: &str) -> String {
        let path = self.directory.path().join(file);
        wait_for(&format!("{part:?} in {file}"), || {
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            // A long line can be seen before all of it is written.
            let mut whole = text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
            whole.find(|line| line.contains(part)).map(str::to_owned)
        })
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An app server: `serve` is given each connection and what its requests were.
pub(crate) struct Backend {
    pub(crate) address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

/// A connection that an app server has accepted.
pub(crate) struct Conversation {
    reader: BufReader<TcpStream>,
    heads: Arc<Mutex<Vec<String>>>,
    /// The number of the connection, from 0.
    pub(crate) number: usize,
}

impl Backend {
    /// Listens, and runs `serve` for each connection on a thread of its own.
    pub(crate) fn start(serve: impl Fn(&mut Conversation) + Send + Sync + 'static) -> Backend {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a listening socket");
        let address = listener.local_addr().expect("its address");
        let heads = Arc::new(Mutex::new(Vec::new()));
        let (serve, seen) = (Arc::new(serve), Arc::clone(&heads));
        thread::spawn(move || {
            for (number, stream) in listener.incoming().flatten().enumerate() {
                stream.set_read_timeout(Some(TEST_TIMEOUT)).expect("a timeout");
                let (serve, heads) = (Arc::clone(&serve), Arc::clone(&seen));
                let mut conversation = Conversation { reader: BufReader::new(stream), heads, number };
                thread::spawn(move || serve(&mut conversation));
            }
        });
        Backend { address, heads }
    }

    /// Answers every request on every connection with these bytes.
    pub(crate) fn saying(response: &'static str) -> Backend {
        Backend::start(move |conversation| {
            while conversation.head().is_some() {
                conversation.say(response);
            }
        })
    }

    /// Answers every request with 200 and its own name.
    pub(crate) fn named(name: &'static str) -> Backend {
        Backend::start(move |conversation| {
            while conversation.head().is_some() {
                conversation.say(&format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{name}", name.len()));
            }
        })
    }

    /// Every request's head so far, in the order they arrived.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().expect("the heads").clone()
    }
}

impl Conversation {
    /// Reads the next request's head; `None` at the end of the connection.
    pub(crate) fn head(&mut self) -> Option<String> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            match self.reader.read_line(&mut head) {
                Ok(1..) => {}
                _ => return None,
            }
        }
        self.heads.lock().expect("the heads").push(head.clone());
        Some(head)
    }

    /// Reads so many bytes.
    pub(crate) fn read(&mut self, count: usize) -> String {
        let mut bytes = vec![0; count];
        self.reader.read_exact(&mut bytes).expect("bytes");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Reads a chunked body.
    pub(crate) fn chunks(&mut self) -> String {
        let mut body = String::new();
        loop {
            let mut line = String::new();
            self.reader.read_line(&mut line).expect("a chunk's size");
            let size = usize::from_str_radix(line.trim(), 16).expect("a size");
            body += &self.read(size);
            assert_eq!(self.read(2), "\r\n");
            if size == 0 {
                return body;
            }
        }
    }

    /// Reads what is left until the proxy closes.
    pub(crate) fn rest(&mut self) -> String {
        let mut bytes = Vec::new();
        let _ = self.reader.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Writes; the proxy may be gone.
    pub(crate) fn say(&mut self, text: &str) {
        let _ = self.reader.get_mut().write_all(text.as_bytes());
    }

    /// Whether the proxy ends the connection within this time.
    pub(crate) fn ends_within(&mut self, time: Duration) -> bool {
        self.reader.get_ref().set_read_timeout(Some(time)).expect("a timeout");
        matches!(self.reader.read(&mut [0]), Ok(0))
    }

    /// Writes until nothing is taken any more for a while, and says how much was.
    pub(crate) fn pour(&mut self, count: usize) -> usize {
        let stream = self.reader.get_mut();
        stream.set_write_timeout(Some(Duration::from_millis(500))).expect("a timeout");
        let (piece, mut written) = ([b'x'; 65536], 0);
        while written < count {
            match stream.write(&piece) {
                Ok(taken) => written += taken,
                Err(_) => break,
            }
        }
        written
    }

    /// Lets the connection end with a reset.
    pub(crate) fn reset_at_end(&mut self) {
        let stream = socket2::SockRef::from(self.reader.get_ref());
        stream.set_linger(Some(Duration::ZERO)).expect("an option");
    }

    /// Ends its half of the connection.
    pub(crate) fn finish(&mut self) {
        let _ = self.reader.get_mut().shutdown(Shutdown::Write);
    }
}

/// Everything until the end of the stream.
pub(crate) fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset ends the stream, too; what came before it counts.
    let _ = stream.read_to_end(&mut bytes);
    undated(&String::from_utf8_lossy(&bytes))
}

/// Reads until what has come ends like this.
pub(crate) fn until(stream: &mut TcpStream, end: &str) -> String {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(end.as_bytes()) {
        match stream.read(&mut byte) {
            Ok(1) => bytes.push(byte[0]),
            other => panic!("{other:?} after {:?}", String::from_utf8_lossy(&bytes)),
        }
    }
    undated(&String::from_utf8_lossy(&bytes))
}

/// A 200 as the program sends it, with these fields between `Date` and the body.
pub(crate) fn ok(fields: &str, body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nServer: reference-proxy/{}\r\n{fields}\r\n{body}", env!("CARGO_PKG_VERSION"))
}

/// Without `Date` lines, which nobody can predict.
fn undated(text: &str) -> String {
    let date = |line: &&str| !line.starts_with("Date: ");
    text.split_inclusive("\r\n").filter(date).collect()
}

/// The status code of a response.
pub(crate) fn status(response: &str) -> &str {
    response.split(' ').nth(1).unwrap_or_default()
}

/// Waits for something to be there.
pub(crate) fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begin.elapsed() < TEST_TIMEOUT, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(2));
    }
}
