//! The way of one request through an nginx configuration, with the line that decides each step.
//!
//! It is a run and not an opinion: the configuration is run as `hopcheck run` runs it, rewritten so that nothing real is
//! touched, by the reference proxy, which [tells what it does](reference_proxy::trace) as it does it. The request is sent,
//! the answer is read, and what was told is put into the words of the configuration: its files and lines, its addresses
//! and paths.
//!
//! 1. `question`: the request, as its client would send it.
//! 2. `run`: the scene is set, the request sent, the trace read once the proxy has ended.
//! 3. `written`: from the configuration as it was run back to the one that was written.
//! 4. `headers`: which line each header of the answer comes from, and which ones are lost where.
//! 5. `beside`: what another engine does with the same request; which locations it chose, as its debug log tells.
//! 6. `rows` and `text`: the [`Explanation`] for people.
//!
//! `examples` asks for each route of a configuration, for pages in which a reader looks a URL up.

mod beside;
mod debug_log;
mod door;
mod examples;
mod explanation;
mod headers;
mod order;
mod question;
mod rows;
mod run;
mod text;
mod written;

pub use examples::explain_examples;
pub use explanation::{AnsweredField, Arrived, AskedRequest, Beside, Difference, Explanation, Lost, Origin};
pub use question::{Question, QuestionError, RequestUrl};
pub use run::{ExplainError, explain};

#[cfg(test)]
mod tests {
    #[test]
    fn the_proxy_is_told_where_to_write() {
        assert_eq!(hopcheck_targets::target::TRACE_VARIABLE, reference_proxy::trace::VARIABLE);
    }
}
