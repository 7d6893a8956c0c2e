//! The vocabulary of the scenarios, and what runs them.
//!
//! A scenario's steps live in `steps`, one file for each subject. They share a [`world`]: what was asked, what came back,
//! and the scene it takes place in. [`run`] puts a feature's scenarios to a target, [`features`] reads them, [`catalogue`]
//! lists the steps there are.

pub mod catalogue;
pub mod failure;
pub mod features;
pub mod run;
pub mod scenarios;
mod steps;
pub mod text;
pub mod world;
