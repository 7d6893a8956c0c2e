//! What is printed: progress while a run lasts, and its results at the end.

mod failures;
mod matrix;
mod progress;
mod style;
mod summary;

pub use failures::print_failures;
pub use matrix::print_matrix;
pub use progress::{FeatureOutline, Progress};
pub use style::Style;
pub use summary::{LACKING, print_details, print_rows, print_summary};
