//! From request to answer, in nginx's phases: server rewrite, find location, rewrite, access, try files, content.

mod access;
mod answer;
mod error_page;
mod limit;
mod password;
mod real_ip;
mod redirect;
mod rewrite;
mod rewrite_uri;
mod run;
mod search;
mod status;

pub(crate) use answer::Answer;
pub(crate) use error_page::{accel_redirect, error_page};
pub(crate) use run::{after_mirror, authorized, resume, run};
