//! SockJS without WebSocket: sessions that are made of requests.

use cucumber::{then, when};

use crate::ensure;
use crate::failure::{Checked, Failure};
use crate::world::World;
use hopcheck_clients::{Body, Connection, NO_MESSAGES, Request, Response, sockjs_session};

/// How often something is sent on each session.
const SENDS: usize = 2;

/// Opens that many sessions by POST, each request on a connection of its own as browsers may have it, with the cookies it was given; on
/// each sends no message, twice. A session ends by itself once nobody waits for what comes.
#[when(expr = "a browser without WebSocket opens {int} sessions at {string}")]
async fn opens_sessions(world: &mut World, count: usize, endpoint: String) -> Checked {
    world.begin();
    let mut cookies = Cookies::default();
    let info = Request::new("GET", &format!("{}/info", endpoint.trim_end_matches('/')));
    send(world, &mut cookies, info).await?;
    for _ in 0..count {
        let session = sockjs_session(&endpoint);
        let opened = send(world, &mut cookies, Request::new("POST", &format!("{session}/xhr"))).await?;
        is_open(&opened)?;
        for _ in 0..SENDS {
            let nothing = Body::Sized(NO_MESSAGES.as_bytes().to_vec());
            let request = Request::new("POST", &format!("{session}/xhr_send")).body(nothing);
            let sent = send(world, &mut cookies, request.header("Content-Type", "text/plain")).await?;
            world.session_answers.push(sent.status);
        }
    }
    Ok(())
}

/// No app server says that it does not know the session.
#[then(expr = "what it sends on each of them reaches its session")]
async fn reaches_session(world: &mut World) -> Checked {
    let answers = &world.session_answers;
    let unknown = answers.iter().filter(|status| **status == 404).count();
    let failed = answers.iter().find(|status| **status >= 500);
    ensure!(
        unknown == 0,
        "{unknown} of {} requests on open sessions came to an app server that does not know the session, and says 404",
        answers.len()
    );
    ensure!(failed.is_none(), "what is sent on an open session is answered with {}", failed.unwrap_or(&0));
    match answers.iter().find(|status| **status >= 300) {
        Some(status) => {
            Err(Failure::not_asked(format!("the app answers what is sent on its sessions with {status}")))
        }
        None => Ok(()),
    }
}

/// Whether a session was opened; where the app does not let it be, there is nothing to ask.
fn is_open(opened: &Response) -> Checked {
    let status = opened.status;
    ensure!(status < 500, "a session of SockJS is not opened, but answered with {status}");
    match status == 200 && opened.text().starts_with('o') {
        true => Ok(()),
        false => Err(Failure::not_asked(format!(
            "the app opens no session of SockJS by xhr: it answers with {status}"
        ))),
    }
}

/// The cookies that a site has given.
#[derive(Default)]
struct Cookies(Vec<(String, String)>);

impl Cookies {
    fn take(&mut self, response: &Response) {
        for cookie in response.values("set-cookie") {
            let pair = cookie.split(';').next().and_then(|pair| pair.split_once('='));
            if let Some((name, value)) = pair {
                self.0.retain(|(known, _)| known != name.trim());
                self.0.push((name.trim().to_owned(), value.trim().to_owned()));
            }
        }
    }

    fn give(&self, request: Request) -> Request {
        let all: Vec<String> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if all.is_empty() { request } else { request.header("Cookie", &all.join("; ")) }
    }
}

async fn send(world: &mut World, cookies: &mut Cookies, request: Request) -> Result<Response, Failure> {
    let request = cookies.give(request);
    let mut connection = Connection::open(&world.route().await?).await?;
    world.transcript.sent(&connection.head_of(&request), &request.framed_body());
    let response = world.keep(connection.ask(&request).await)?.clone();
    cookies.take(&response);
    Ok(response)
}
