//! A site that says whatever the test wants, byte by byte.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};

/// Serves in the background, for as long as the test runs, and returns the site's URL. `answer` gets the head of each
/// request, and the connection to answer on; it returns whether that is kept.
pub(crate) fn serve(answer: impl Fn(&str, &mut TcpStream) -> bool + Clone + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let answer = answer.clone();
            std::thread::spawn(move || converse(stream, &answer));
        }
    });
    url
}

/// The same response to every request.
pub(crate) fn serve_always(response: String) -> String {
    serve(move |_, stream| stream.write_all(response.as_bytes()).is_ok())
}

fn converse(mut stream: TcpStream, answer: &impl Fn(&str, &mut TcpStream) -> bool) {
    let mut requests = BufReader::new(stream.try_clone().unwrap());
    let mut head = String::new();
    while requests.read_line(&mut head).is_ok_and(|length| length > 0) {
        if head.ends_with("\r\n\r\n") {
            if !answer(&head, &mut stream) {
                return;
            }
            head.clear();
        }
    }
}
