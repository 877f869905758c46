//! Why something was not done, with Windows' error codes.

use serde::{Deserialize, Serialize};
use std::fmt;
use utoipa::ToSchema;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// Windows' error code; [`codes::FAILED`] for what Windows has none for.
    pub code: u32,
    /// What is wrong; it names the thing and the value.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
}

impl Problem {
    /// Out of one text: what is wrong, a semicolon, and the remedy.
    pub fn of_text(code: u32, text: &str) -> Self {
        let (message, remedy) = text.split_once("; ").unwrap_or((text, ""));
        Self { code, message: message.to_owned(), remedy: remedy.to_owned() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.message.as_str(), self.remedy.as_str()) {
            (message, "") => f.write_str(message),
            (message, remedy) => write!(f, "{message}; {remedy}"),
        }
    }
}

/// Why a request was not carried out: everything that is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Refusal {
    /// What counts: the first in Windows' order.
    #[serde(flatten)]
    pub first: Problem,
    /// All problems, the first too, where there are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<Problem>,
}

/// Codes of Windows that this server gives by itself.
pub mod codes {
    /// Not a Windows error: the request failed.
    pub const FAILED: u32 = 1;
    /// There is nothing of that kind (ERROR_FILE_NOT_FOUND).
    pub const NOT_FOUND: u32 = 2;
    /// ERROR_ACCESS_DENIED.
    pub const ACCESS_DENIED: u32 = 5;
    /// ERROR_NOT_SUPPORTED.
    pub const NOT_SUPPORTED: u32 = 50;
    /// ERROR_INVALID_PARAMETER.
    pub const INVALID_PARAMETER: u32 = 87;
    /// ERROR_SHUTDOWN_IN_PROGRESS.
    pub const STOPPING: u32 = 1115;
    /// RPC_S_SERVER_UNAVAILABLE: there is no server that could be asked.
    pub const UNREACHABLE: u32 = 1722;
    /// ERROR_TIMEOUT.
    pub const TIMEOUT: u32 = 1460;
    /// ERROR_DHCP_SUBNET_NOT_PRESENT.
    pub const NO_SCOPE: u32 = 20005;
    /// ERROR_DHCP_FO_SCOPE_ALREADY_IN_RELATIONSHIP.
    pub const SCOPE_RELATED: u32 = 20113;
    /// ERROR_DHCP_FO_RELATIONSHIP_EXISTS.
    pub const RELATIONSHIP_EXISTS: u32 = 20114;
    /// ERROR_DHCP_FO_RELATIONSHIP_DOES_NOT_EXIST.
    pub const NO_RELATIONSHIP: u32 = 20115;
    /// ERROR_DHCP_FO_SCOPE_NOT_IN_RELATIONSHIP.
    pub const SCOPE_NOT_RELATED: u32 = 20116;
    /// ERROR_DHCP_FO_STATE_NOT_NORMAL.
    pub const NOT_NORMAL: u32 = 20120;
    /// ERROR_DHCP_SERVER_NAME_NOT_RESOLVED.
    pub const NAME_NOT_RESOLVED: u32 = 20124;
    /// ERROR_DHCP_FO_SCOPE_SYNC_IN_PROGRESS.
    pub const SYNC_IN_PROGRESS: u32 = 20133;
}

impl Refusal {
    /// A refusal for one reason; the remedy may be empty where the message has it.
    pub fn new(code: u32, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        let first = Problem { code, message: message.into(), remedy: remedy.into() };
        Self { first, problems: Vec::new() }
    }

    /// A refusal for all of these reasons; `None` when there is none.
    pub fn all(problems: Vec<Problem>) -> Option<Self> {
        let first = problems.first()?.clone();
        let problems = if problems.len() > 1 { problems } else { Vec::new() };
        Some(Self { first, problems })
    }

    /// All problems, one at least.
    pub fn into_problems(self) -> Vec<Problem> {
        if self.problems.is_empty() { vec![self.first] } else { self.problems }
    }

    /// Windows' error code of the first problem.
    pub const fn code(&self) -> u32 {
        self.first.code
    }
}

/// All problems, each with its remedy.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.problems.is_empty() {
            return self.first.fmt(f);
        }
        let texts: Vec<String> = self.problems.iter().map(Problem::to_string).collect();
        f.write_str(&texts.join("\n"))
    }
}

/// A failure that Windows has no code for, as [`Problem::of_text`] reads it.
impl From<&str> for Refusal {
    fn from(text: &str) -> Self {
        Self { first: Problem::of_text(codes::FAILED, text), problems: Vec::new() }
    }
}

impl From<String> for Refusal {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_in_one_text_is_split_into_problem_and_remedy_and_reads_the_same() {
        for text in ["it is there; stop it first, or force it; or not", "nothing helps"] {
            assert_eq!(Refusal::from(text).to_string(), text);
        }
        let refusal = Refusal::from("it is there; stop it first");
        assert_eq!((refusal.code(), refusal.first.remedy.as_str()), (1, "stop it first"));
    }

    #[test]
    fn the_first_of_several_problems_counts_and_all_are_told() {
        let problems = vec![Problem::of_text(5, "a; b"), Problem::of_text(87, "c; d")];
        let refusal = Refusal::all(problems.clone()).unwrap();
        assert_eq!((refusal.code(), refusal.to_string().as_str()), (5, "a; b\nc; d"));
        assert_eq!(refusal.problems, problems);
        let one = Refusal::all(vec![Problem::of_text(5, "a; b")]).unwrap();
        assert_eq!((one.problems.len(), one.to_string().as_str()), (0, "a; b"));
        assert_eq!(Refusal::all(Vec::new()), None);
    }
}
