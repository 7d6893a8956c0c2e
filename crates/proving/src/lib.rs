//! Proves the suite itself.
//!
//! [`mutants`] puts a fault into a right configuration and sees which rule notices: one that no rule notices is a hole.
//! [`trace`] says which statement each scenario stands for, and which statements and steps have none.

pub mod mutants;
pub mod trace;
