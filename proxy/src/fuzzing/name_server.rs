//! What a name server answers.

use crate::resolver::check_answer;

/// An answer names addresses, or another name that can be asked for.
pub fn name_server(input: &[u8]) {
    check_answer(input);
}
