//! What an app server is sent, and where.

mod buffering;
mod head;
mod pass;
mod upload;

pub(crate) use buffering::read_whole_body;
pub(super) use buffering::{max_body_size, read_body, refuse};
pub(super) use head::{ForCache, RequestBody, RequestHead, create, target};
pub(super) use pass::{Destination, EvaluatedPass, evaluate_pass, left, resolve};
pub(super) use upload::{Upload, UploadError, UploadLimits};
