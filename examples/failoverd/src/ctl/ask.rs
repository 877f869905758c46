//! Questions before something is destroyed.

use super::output::Failure;
use crate::admin::Refusal;
use std::io::{BufRead, IsTerminal, Write};

/// Whoever sits before the terminal, if somebody does.
pub(super) struct Person<'a> {
    is_there: bool,
    says: &'a mut dyn BufRead,
    reads: &'a mut dyn Write,
}

impl<'a> Person<'a> {
    /// Who can read the standard error and answer on the standard input.
    pub(super) fn at_terminal(says: &'a mut dyn BufRead, reads: &'a mut dyn Write) -> Self {
        let is_there = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        Self { is_there, says, reads }
    }

    /// Refuses at once, before anything is asked of the server, where a question could not be answered.
    pub(super) fn must_be_there(&self, skips: &str) -> Result<(), Failure> {
        if self.is_there {
            return Ok(());
        }
        let text = "this asks before it goes on, and there is no terminal to ask on".to_owned();
        Err(Failure::usage(text, &format!("add {skips} to do it without a question")))
    }

    /// Says what will happen and asks whether it shall. Anything but a yes is a no.
    pub(super) fn must_agree(&mut self, what: &str) -> Result<(), Failure> {
        let asked = write!(self.reads, "{}\nGo on? [y/N] ", what.trim_end())
            .and_then(|()| self.reads.flush());
        let mut line = String::new();
        let answered = asked.and_then(|()| self.says.read_line(&mut line));
        answered.map_err(|error| format!("cannot ask: {error}"))?;
        match line.trim().to_ascii_lowercase().as_str() {
            "y" | "yes" => Ok(()),
            _ => Err(Refusal::from("nothing was changed").into()),
        }
    }
}

#[cfg(test)]
impl<'a> Person<'a> {
    /// One who says this; nobody without it.
    pub(super) fn scripted(says: &'a mut dyn BufRead, reads: &'a mut dyn Write) -> Self {
        Self { is_there: true, says, reads }
    }

    pub(super) fn absent(says: &'a mut dyn BufRead, reads: &'a mut dyn Write) -> Self {
        Self { is_there: false, says, reads }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_yes_is_a_yes() {
        for (answer, agrees) in [
            ("y\n", true),
            ("YES\n", true),
            (" yes \n", true),
            ("\n", false),
            ("n\n", false),
            ("", false),
            ("yesterday\n", false),
        ] {
            let (mut says, mut reads) = (answer.as_bytes(), Vec::new());
            let outcome = Person::scripted(&mut says, &mut reads).must_agree("It burns.\n");
            assert_eq!(outcome.is_ok(), agrees, "{answer:?}");
            assert_eq!(String::from_utf8(reads).unwrap(), "It burns.\nGo on? [y/N] ");
        }
    }

    #[test]
    fn nobody_can_be_asked_without_a_terminal() {
        let (mut says, mut reads) = (&b"y\n"[..], Vec::new());
        let outcome = Person::absent(&mut says, &mut reads).must_be_there("--yes");
        let Err(Failure::Usage(problem)) = outcome else { panic!("{outcome:?}") };
        assert!(problem.to_string().contains("add --yes"), "{problem}");
        assert!(reads.is_empty());
    }
}
