//! What is printed, and the exit codes.

use crate::admin::{ClientError, Problem, Refusal, Row, codes, render};
use serde::Serialize;
use std::collections::BTreeMap;
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
            return json(&BTreeMap::from([("error", &refusal)]));
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
        let text = error.to_string();
        let refusal = match error {
            ClientError::Refused(refusal) => refusal,
            ClientError::Unreachable { error, .. } => {
                let code = match error.kind() {
                    ErrorKind::PermissionDenied => codes::ACCESS_DENIED,
                    _ => codes::UNREACHABLE,
                };
                // The remedy follows what is wrong.
                let (message, remedy) = text.rsplit_once("; ").unwrap_or((&text, ""));
                Refusal::new(code, message, remedy)
            }
            ClientError::Transport(error) => {
                // How a read that takes too long ends.
                let is_late = [ErrorKind::TimedOut, ErrorKind::WouldBlock].contains(&error.kind());
                let code = if is_late { codes::TIMEOUT } else { codes::FAILED };
                Refusal::new(code, text, "see the server's log, and look before you ask again")
            }
            ClientError::Answer(_) => {
                let remedy = "use the failoverctl that came with the server";
                Refusal::new(codes::FAILED, text, remedy)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_problem_is_a_line_with_its_code_if_windows_has_one() {
        let problem = |code, message: &str, remedy: &str| Problem {
            code,
            message: message.into(),
            remedy: remedy.into(),
        };
        let several = vec![problem(87, "a", "do b"), problem(codes::FAILED, "c", "")];
        let failure = Failure::from(Refusal::all(several).unwrap());
        assert_eq!(failure.text(false), "failoverctl: a; do b (code 87)\nfailoverctl: c\n");
        assert_eq!(
            failure.text(true),
            "{\"error\":{\"code\":87,\"message\":\"a\",\"remedy\":\"do b\",\"problems\":[\
             {\"code\":87,\"message\":\"a\",\"remedy\":\"do b\"},\
             {\"code\":1,\"message\":\"c\",\"remedy\":\"\"}]}}\n"
        );
    }

    #[test]
    fn a_server_that_cannot_be_asked_has_a_code_and_a_remedy() {
        let absent =
            |kind: ErrorKind| ClientError::Unreachable { path: "s; t".into(), error: kind.into() };
        for (error, code) in [
            (absent(ErrorKind::NotFound), codes::UNREACHABLE),
            (absent(ErrorKind::PermissionDenied), codes::ACCESS_DENIED),
            (ClientError::Transport(ErrorKind::TimedOut.into()), codes::TIMEOUT),
            (ClientError::Transport(ErrorKind::WouldBlock.into()), codes::TIMEOUT),
            (ClientError::Transport(ErrorKind::UnexpectedEof.into()), codes::FAILED),
            (ClientError::Answer("a; b".into()), codes::FAILED),
        ] {
            let text = error.to_string();
            let refusal = Failure::from(error).refusal();
            assert_eq!(refusal.code(), code, "{text}");
            assert!(!refusal.first.remedy.is_empty(), "{text}");
            assert!(refusal.to_string().starts_with(&text), "{refusal}");
        }
    }
}
