//! Why a job stopped before its end.

use cognate::{Error, PapersError};

use crate::problem::Problem;

/// Why a job stopped before its end.
#[derive(Debug)]
pub(super) enum Stop {
    Cancelled,
    Failed(Problem),
}

impl Stop {
    /// Returns the problem, or `None` if the job was cancelled.
    pub(super) fn into_problem(self) -> Option<Problem> {
        match self {
            Self::Cancelled => None,
            Self::Failed(problem) => Some(problem),
        }
    }
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Self::Failed(problem)
    }
}

impl From<PapersError> for Stop {
    fn from(error: PapersError) -> Self {
        Error::from(error).into()
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        if error.is_cancelled() {
            Self::Cancelled
        } else {
            Self::Failed(error.into())
        }
    }
}
