//! Pages for a browser.

mod failure;
mod matrix;
mod page;
mod results;
mod verdict;

pub use page::page;
pub use results::report;
