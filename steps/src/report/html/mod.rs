//! Pages for a browser.

mod page;

pub use page::page;
