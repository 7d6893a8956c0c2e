//! The app's page, by which it is told from all else.

use hopcheck_clients::{Response, digest};

/// How the app's page is known.
#[derive(Debug)]
pub enum Page {
    /// By all of it.
    Whole {
        /// How many bytes it has.
        length: usize,
        /// Their SHA-256 digest.
        digest: String,
    },
    /// By a text that it contains.
    With(String),
}

impl Page {
    /// The page that is `body`.
    pub fn whole(body: &[u8]) -> Page {
        Page::Whole { length: body.len(), digest: digest(body) }
    }

    /// What sets a response's body apart from the page; `None` if nothing does.
    pub fn differs(&self, response: &Response) -> Option<String> {
        match self {
            Page::Whole { length, digest }
                if *length == response.body.len() && *digest == response.digest() =>
            {
                None
            }
            Page::Whole { length, .. } => {
                let seen = response.body.len();
                Some(format!("the body is not the front end's page: {seen} bytes, where that has {length}"))
            }
            Page::With(text) if response.text().contains(text) => None,
            Page::With(text) => {
                Some(format!("the body is not the front end's page: it does not contain {text:?}"))
            }
        }
    }
}
