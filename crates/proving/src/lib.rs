//! Tests the test suite itself.
//!
//! [`mutants`] is mutation testing of configurations: it makes one fault at a time in a correct `nginx.conf`, from a
//! catalogue of mistakes and by generic edits, and runs the scenarios on each of these mutants. One that no scenario
//! notices shows that the specification has a hole.
//!
//! [`trace`] is traceability: which statement of the document each scenario checks, which mutants it notices and on
//! which targets it runs. It reports statements, scenarios and steps that are traced to nothing.

pub mod mutants;
pub mod trace;
