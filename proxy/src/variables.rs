//! Values of variables, and of the strings that contain them.

use nginx_conf::template::{Part, Template, Variable};

/// Values of variables: those of a request, for the most part.
pub(crate) trait Variables {
    /// Appends the value to `out`; false if the variable has none, which a log shows as `-`.
    fn variable(&self, which: &Variable, out: &mut Vec<u8>) -> bool;

    /// Appends a template's value to `out`. A variable without a value counts as empty.
    fn evaluate_into(&self, template: &Template, out: &mut Vec<u8>) {
        for part in &template.parts {
            match part {
                Part::Literal(text) => out.extend_from_slice(text.as_bytes()),
                Part::Variable(variable) => {
                    self.variable(variable, out);
                }
            }
        }
    }

    /// The value of a template.
    fn evaluate(&self, template: &Template) -> Vec<u8> {
        // Most values fit, which saves allocating more than once.
        let mut value = Vec::with_capacity(64);
        self.evaluate_into(template, &mut value);
        value
    }
}
