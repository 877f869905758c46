//! What is printed, and the exit codes.

use crate::admin::{ClientError, Problem, Refusal, Row, codes, render};
use serde::Serialize;
use std::io::{ErrorKind, Write};
use std::process::ExitCode;

/// The exit code where the command line is wrong.
const USAGE: u8 = 2;

/// Why a command was not carried out.
#[derive(Debug, PartialEq)]
pub(super) enum Failure {
    /// By the server, or because something does not work: exit code 1.
    Refused(Refusal),
    /// The command line is wrong, or there is nobody to ask: exit code 2.
    Usage(Problem),
}

impl Failure {
    pub(super) fn usage(message: String, remedy: &str) -> Self {
        Self::Usage(Problem { code: codes::INVALID_PARAMETER, message, remedy: remedy.to_owned() })
    }

    /// Prints it on the standard error.
    pub(super) fn print(&self, as_json: bool) -> ExitCode {
        eprint!("{}", self.text(as_json));
        match self {
            Self::Refused(_) => ExitCode::FAILURE,
            Self::Usage(_) => ExitCode::from(USAGE),
        }
    }

    /// It as a refusal, whosever it is.
    pub(super) fn refusal(&self) -> Refusal {
        match self {
            Self::Refused(refusal) => refusal.clone(),
            Self::Usage(problem) => Refusal { first: problem.clone(), problems: Vec::new() },
        }
    }

    /// A line for each problem, or one of JSON.
    pub(super) fn text(&self, as_json: bool) -> String {
        let refusal = self.refusal();
        if as_json {
            return format!("{}\n", serde_json::json!({ "error": refusal }));
        }
        let code = |code| match code {
            // Of no use where Windows has no error of that kind.
            codes::FAILED => String::new(),
            code => format!(" (code {code})"),
        };
        let line = |it: &Problem| format!("failoverctl: {it}{}\n", code(it.code));
        refusal.into_problems().iter().map(line).collect()
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<String> for Failure {
    fn from(text: String) -> Self {
        Self::Refused(text.into())
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let refusal = match error {
            ClientError::Refused(refusal) => refusal,
            other => {
                let code = match &other {
                    ClientError::Unreachable { error, .. } => match error.kind() {
                        ErrorKind::PermissionDenied => codes::ACCESS_DENIED,
                        _ => codes::UNREACHABLE,
                    },
                    ClientError::Transport(error) if error.kind() == ErrorKind::TimedOut => {
                        codes::TIMEOUT
                    }
                    _ => codes::FAILED,
                };
                // The remedy follows what is wrong.
                let text = other.to_string();
                let (message, remedy) = text.split_once("; ").unwrap_or((&text, ""));
                Refusal::new(code, message, remedy)
            }
        };
        Self::Refused(refusal)
    }
}

/// What a command found or did.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Answer {
    /// Printed on the standard output.
    pub(super) text: String,
    /// What did not work beside it.
    pub(super) but: Option<Refusal>,
    /// The exit code, where nothing failed.
    pub(super) code: u8,
}

impl From<String> for Answer {
    fn from(text: String) -> Self {
        Self { text, ..Self::default() }
    }
}

impl Answer {
    /// A sentence for people, or for programs.
    pub(super) fn message(text: &str, as_json: bool) -> Self {
        if as_json {
            json(&serde_json::json!({ "message": text })).into()
        } else {
            format!("{text}\n").into()
        }
    }

    /// Prints it.
    pub(super) fn print(self, as_json: bool) -> ExitCode {
        if let Err(failure) = write_out(&self.text) {
            return failure.print(as_json);
        }
        match self.but {
            Some(refusal) => Failure::Refused(refusal).print(as_json),
            None => ExitCode::from(self.code),
        }
    }
}

/// A reader that closes early, such as `head`, is no error.
fn write_out(text: &str) -> Result<(), Failure> {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(format!("cannot write the answer: {error}").into())
        }
        _ => Ok(()),
    }
}

/// Rows for people, or for programs.
pub(super) fn rendered<R: Row + Serialize>(rows: &[R], as_json: bool) -> String {
    if as_json { json(&rows) } else { render(rows) }
}

/// A value as one line of JSON. What is printed here has text keys only and cannot fail.
pub(super) fn json(value: &impl Serialize) -> String {
    let text = serde_json::to_string(value).unwrap_or_else(|error| unreachable!("{error}"));
    text + "\n"
}
