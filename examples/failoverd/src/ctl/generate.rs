//! Completions for shells and manual pages, made of the command line itself.

use super::Arguments;
use super::output::Failure;
use clap::{CommandFactory, ValueEnum};
use std::path::Path;

/// A shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Shell {
    Bash,
    Zsh,
    Fish,
}

/// What the shell has to read to complete the commands, options and words of `failoverctl`.
pub(super) fn completions(shell: Shell) -> String {
    let shell = match shell {
        Shell::Bash => clap_complete::Shell::Bash,
        Shell::Zsh => clap_complete::Shell::Zsh,
        Shell::Fish => clap_complete::Shell::Fish,
    };
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "failoverctl", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// Writes a page for each command of both programs into a directory.
pub(super) fn man(directory: &Path) -> Result<String, Failure> {
    let programs = [Arguments::command(), crate::cli::Arguments::command()];
    let written = std::fs::create_dir_all(directory).and_then(|()| {
        programs.into_iter().try_for_each(|it| clap_mangen::generate_to(it, directory))
    });
    written.map_err(|error| format!("cannot write to {}: {error}", directory.display()))?;
    Ok(format!("the manual pages are in {}\n", directory.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shells_know_the_commands_and_their_options() {
        for shell in Shell::value_variants() {
            let script = completions(*shell);
            for word in ["remove-scope", "partner-server", "load-balance-percent", "HotStandby"] {
                assert!(script.contains(word), "{shell:?}: {word}");
            }
        }
    }

    #[test]
    fn every_command_of_both_programs_has_a_page() {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path().join("man1");
        man(&place).unwrap();
        for page in ["failoverctl", "failoverctl-add", "failoverctl-config-export", "failoverd-run"]
        {
            let text = std::fs::read_to_string(place.join(format!("{page}.1"))).unwrap();
            assert!(text.contains(".SH SYNOPSIS"), "{page}");
        }
        let pages = std::fs::read_dir(&place).unwrap().count();
        let commands = |it: clap::Command| 1 + it.get_subcommands().count();
        let top = commands(Arguments::command()) + commands(crate::cli::Arguments::command());
        assert_eq!(pages, top + 2, "and the two of config");
        assert!(man(&place.join("failoverctl.1")).is_err(), "a file is no directory");
    }
}
