//! A watch of switches from blue to green and back: in good order nobody notices, and of the others every loss is
//! counted, no more and no less than what the proxy's log and the app servers' journals say.

mod heart_beats;
mod program;
mod support;
mod switches;
