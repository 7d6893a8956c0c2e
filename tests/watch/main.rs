//! Watches switches from blue to green and back: a clean one goes unnoticed, and of others exactly the losses are counted
//! that the proxy's log and the app servers' journals show.

mod heart_beats;
mod program;
mod support;
mod switches;
