//! A server as a child process: started, stalled, killed and always cleaned up.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

/// How many lines of a log [`Process::log_tail`] shows.
const TAIL_LINES: usize = 15;

/// A server process that ends, at the latest, when this value is dropped.
pub struct Process {
    executable: PathBuf,
    config: PathBuf,
    log: PathBuf,
    arguments: Vec<String>,
    prefix: Vec<String>,
    child: Option<Child>,
}

impl Process {
    /// A server that is not running yet: `executable run --config config`, its output appended to
    /// `log`.
    pub fn new(executable: PathBuf, config: PathBuf, log: PathBuf) -> Self {
        Self { executable, config, log, arguments: Vec::new(), prefix: Vec::new(), child: None }
    }

    /// Adds arguments to the command line.
    #[must_use]
    pub fn with_arguments(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(|&argument| argument.to_owned()));
        self
    }

    /// Starts it through another program, which must become the server (exec), such as `ip netns exec
    /// NAME`.
    #[must_use]
    pub fn with_prefix(mut self, prefix: &[&str]) -> Self {
        self.prefix = prefix.iter().map(|&word| word.to_owned()).collect();
        self
    }

    /// Starts it; does nothing when it runs.
    ///
    /// # Errors
    /// When the log cannot be opened or the program cannot be started.
    pub fn start(&mut self) -> io::Result<()> {
        if self.child.is_some() {
            return Ok(());
        }
        let log = File::options().create(true).append(true).open(&self.log)?;
        let mut command = match self.prefix.split_first() {
            None => Command::new(&self.executable),
            Some((program, words)) => {
                let mut command = Command::new(program);
                command.args(words).arg(&self.executable);
                command
            }
        };
        let child = command
            .arg("run")
            .arg("--config")
            .arg(&self.config)
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        self.child = Some(child);
        Ok(())
    }

    /// The process id while it runs.
    pub fn id(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Ends it at once (SIGKILL), running or stopped, and waits until it is gone.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn kill(&mut self) -> io::Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    /// Makes it stand still (SIGSTOP).
    ///
    /// # Errors
    /// When it does not run, or the system refuses.
    pub fn stall(&self) -> io::Result<()> {
        self.signal("STOP")
    }

    /// Lets a process that stands still go on (SIGCONT).
    ///
    /// # Errors
    /// When it does not run, or the system refuses.
    pub fn go_on(&self) -> io::Result<()> {
        self.signal("CONT")
    }

    /// Asks it to end (SIGTERM).
    ///
    /// # Errors
    /// When it does not run, or the system refuses.
    pub fn terminate(&self) -> io::Result<()> {
        self.signal("TERM")
    }

    /// Sends a signal by name. The shell does it: the standard library knows SIGKILL only, and a system
    /// call of our own would be unsafe code.
    fn signal(&self, name: &str) -> io::Result<()> {
        let id = self.id().ok_or_else(|| io::Error::other("the server does not run"))?;
        let status = Command::new("sh").arg("-c").arg(format!("kill -{name} {id}")).status()?;
        if status.success() {
            Ok(())
        } else {
            Err(io::Error::other(format!("kill -{name} {id}: {status}")))
        }
    }

    /// How it ended, if it ended by itself.
    pub fn exited(&mut self) -> Option<ExitStatus> {
        self.child.as_mut().and_then(|child| child.try_wait().ok().flatten())
    }

    /// Where its output goes.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// The last lines of its output.
    pub fn log_tail(&self) -> String {
        let bytes = std::fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<&str> = text.lines().collect();
        let first = lines.len().saturating_sub(TAIL_LINES);
        lines.get(first..).unwrap_or_default().join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Nothing can be done about a refusal here; the process is ours, so there is none.
        let _ = self.kill();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    /// A "server" that writes its arguments and then sleeps.
    fn sleeper(dir: &Path) -> Process {
        let script = dir.join("server.sh");
        std::fs::write(&script, "#!/bin/sh\necho \"$@\"\nexec sleep 30\n").expect("a script");
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).expect("a mode");
        Process::new(script, dir.join("a.toml"), dir.join("a.log")).with_arguments(&["--fast"])
    }

    fn state(id: u32) -> Option<char> {
        let text = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        text.rsplit_once(") ")?.1.chars().next()
    }

    fn wait_for(id: u32, wanted: Option<char>) {
        for _ in 0..200 {
            if state(id) == wanted {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        panic!("process {id} is {:?}, not {wanted:?}", state(id));
    }

    #[test]
    fn stalls_goes_on_and_is_gone_when_dropped() {
        let dir = tempfile::tempdir().expect("a directory");
        let mut server = sleeper(dir.path());
        server.start().expect("a start");
        let id = server.id().expect("an id");
        wait_for(id, Some('S'));
        server.stall().expect("SIGSTOP");
        wait_for(id, Some('T'));
        server.go_on().expect("SIGCONT");
        wait_for(id, Some('S'));
        assert!(server.exited().is_none());
        assert!(server.log_tail().contains("run --config"), "{}", server.log_tail());
        assert!(server.log_tail().ends_with("a.toml --fast"), "{}", server.log_tail());
        server.stall().expect("SIGSTOP");
        drop(server);
        assert_eq!(state(id), None);
    }

    #[test]
    fn tells_that_a_server_ended_by_itself() {
        let dir = tempfile::tempdir().expect("a directory");
        let mut server = sleeper(dir.path());
        server.start().expect("a start");
        wait_for(server.id().expect("an id"), Some('S'));
        server.terminate().expect("SIGTERM");
        wait_for(server.id().expect("an id"), Some('Z'));
        assert!(server.exited().is_some());
        server.kill().expect("nothing left to do");
        assert!(server.stall().is_err());
    }
}
