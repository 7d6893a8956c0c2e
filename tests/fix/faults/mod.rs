//! Of every kind of fault a small site.

mod answers;
mod forwarding;
mod front_end;
mod limits;
mod locations;
mod redirects;
