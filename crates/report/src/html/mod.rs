//! Pages for a browser.

mod failure;
mod matrix;
mod page;
mod pictures;
mod results;
mod rows;
mod site_map;
mod verdict;

pub use page::page;
pub use results::report;
pub use site_map::site_map_page;
