//! A proposed edit, before it is tried.

use hopcheck_diff::NewError;

use crate::edit::Edit;

/// An edit that may mend a promise.
#[derive(Debug, Clone)]
pub(crate) struct Proposal {
    /// What it does, in the imperative.
    pub(crate) title: String,
    /// The edit.
    pub(crate) edit: Edit,
    /// The errors that it is meant to bring.
    pub(crate) allows: Allowed,
    /// Whether it says where files are: those of a run are then put there.
    pub(crate) moves_files: bool,
}

/// Requests that a mend is meant to have answered with an error, though they were answered well before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Allowed {
    /// None.
    Nothing,
    /// Those by other methods than GET and HEAD, where there are only files.
    Writes,
    /// Those for files that are not there, or that nobody is to read, where that is all that the edit does.
    Files,
    /// Those for paths that only begin with the name of a location, as `/apis` with `/api`.
    Beside(String),
    /// Those for paths that go on after this one, which were redirected to themselves and never answered.
    Beyond(String),
    /// Those whose app fails, which an answer to somebody else had hidden.
    Failures,
}

impl Proposal {
    pub(crate) fn new(title: impl Into<String>, edit: Edit) -> Proposal {
        Proposal { title: title.into(), edit, allows: Allowed::Nothing, moves_files: false }
    }

    /// Whether it makes the same edit as another, and is held to the same.
    pub(crate) fn does_as(&self, other: &Proposal) -> bool {
        self.edit == other.edit && self.allows == other.allows && self.moves_files == other.moves_files
    }

    /// The same for a rule that is about these requests.
    pub(crate) fn allowing(self, allows: Allowed) -> Proposal {
        Proposal { allows, ..self }
    }

    /// The same for a rule that knows where files are.
    pub(crate) fn moving_files(self) -> Proposal {
        Proposal { moves_files: true, ..self }
    }
}

impl Allowed {
    /// Whether a request that is answered with an error is one of them.
    pub(crate) fn covers(&self, error: &NewError) -> bool {
        match self {
            Allowed::Nothing => false,
            Allowed::Writes => !["GET", "HEAD"].contains(&error.method.as_str()),
            Allowed::Files => error.new == 404,
            Allowed::Beside(location) => {
                error.path.strip_prefix(location.as_str()).is_some_and(|rest| !rest.starts_with('/'))
            }
            Allowed::Beyond(path) => error.path.len() > path.len() && error.path.starts_with(path.as_str()),
            Allowed::Failures => error.app_fails,
        }
    }
}
