//! The rules that should notice a mutant.

/// The family of mutants without one directive.
pub const REMOVAL_FAMILY: &str = "one directive less";

/// The family of mutants with one wrong value.
pub const VALUE_FAMILY: &str = "one value wrong";

/// The rules that should notice a mutant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpectedRules {
    /// Those of these statements. Empty: any.
    Rules(Vec<String>),
    /// Those with scenarios of these tags. Empty: any.
    Tags(Vec<String>),
}

impl ExpectedRules {
    /// Whether any rule may notice.
    pub fn is_any(&self) -> bool {
        let (ExpectedRules::Rules(named) | ExpectedRules::Tags(named)) = self;
        named.is_empty()
    }
}
