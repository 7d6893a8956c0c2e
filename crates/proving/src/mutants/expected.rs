//! Which rules must notice a mutant.

/// The family of mutants that lack one directive.
pub const REMOVALS: &str = "one directive less";

/// The family of mutants of which one value is wrong.
pub const VALUES: &str = "one value wrong";

/// Which rules must notice a mutant.
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
