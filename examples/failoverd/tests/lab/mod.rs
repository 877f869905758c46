//! Network namespaces on one bridge, made for one test and gone with it.

use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

/// What every namespace of these tests is called: `dfo-<process id>-<label><host>`.
const PREFIX: &str = "dfo-";
/// The interface inside each namespace.
pub(crate) const INTERFACE: &str = "eth0";

/// Namespaces joined by a bridge; they are removed, with all that runs in them, at the end.
pub(crate) struct Lab {
    label: String,
    bridge: String,
    spaces: Vec<String>,
}

impl Lab {
    /// A bridge without hosts, whose label tells it from others of this process; removes what tests
    /// that died have left behind.
    pub(crate) fn new(label: &str) -> Result<Self, String> {
        for space in spaces()?.iter().filter(|space| is_abandoned(space)) {
            remove(space);
        }
        let bridge = name(label, "br");
        let lab = Self { label: label.to_owned(), spaces: vec![bridge.clone()], bridge };
        ip(&["netns", "add", &lab.bridge])?;
        ip(&["-n", &lab.bridge, "link", "add", "br0", "type", "bridge"])?;
        ip(&["-n", &lab.bridge, "link", "set", "br0", "up"])?;
        Ok(lab)
    }

    /// The namespace of the bridge, in which its ports are called `p1`, `p2` and so on by the order
    /// of the hosts.
    pub(crate) fn bridge(&self) -> &str {
        &self.bridge
    }

    /// A host on the bridge; returns the name of its namespace.
    pub(crate) fn host(
        &mut self,
        host: &str,
        hardware: &str,
        address: Option<&str>,
    ) -> Result<String, String> {
        let space = name(&self.label, host);
        let port = format!("p{}", self.spaces.len());
        self.spaces.push(space.clone());
        ip(&["netns", "add", &space])?;
        let bridge = self.bridge.as_str();
        ip(&[
            "-n", bridge, "link", "add", &port, "type", "veth", "peer", "name", INTERFACE, "netns",
            &space,
        ])?;
        ip(&["-n", bridge, "link", "set", &port, "master", "br0", "up"])?;
        ip(&["-n", &space, "link", "set", INTERFACE, "address", hardware, "up"])?;
        ip(&["-n", &space, "link", "set", "lo", "up"])?;
        if let Some(address) = address {
            ip(&["-n", &space, "address", "add", address, "dev", INTERFACE])?;
            ip(&["-n", &space, "route", "add", "default", "dev", INTERFACE])?;
        }
        Ok(space)
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.spaces.iter().rev().for_each(|space| remove(space));
    }
}

/// A process in a namespace, ended with this value.
pub(crate) struct Guest(Child);

impl Guest {
    /// Starts `command` in `space`; its output goes to `log`.
    pub(crate) fn start(space: &str, command: &[&str], log: &Path) -> Self {
        let log = std::fs::File::create(log).expect("a log file");
        let child = Command::new("ip")
            .args(["netns", "exec", space])
            .args(command)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a second handle"))
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        Self(child)
    }

    /// How it ended, if it did.
    pub(crate) fn exited(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().ok().flatten()
    }

    /// Sends a signal by name.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.0.id().to_string();
        let status = Command::new("sh").args(["-c", &format!("kill -{name} {id}")]).status();
        assert!(status.is_ok_and(|status| status.success()), "kill -{name} {id}");
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn name(label: &str, host: &str) -> String {
    format!("{PREFIX}{}-{label}{host}", std::process::id())
}

/// Runs `ip` and returns what it says.
pub(crate) fn ip(arguments: &[&str]) -> Result<String, String> {
    let output = Command::new("ip").args(arguments).output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let error = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(format!("ip {}: {error}", arguments.join(" ")))
}

/// The namespaces of these tests, whoever made them.
fn spaces() -> Result<Vec<String>, String> {
    let list = ip(&["netns", "list"])?;
    let names = list.lines().filter_map(|line| line.split_whitespace().next());
    Ok(names.filter(|name| name.starts_with(PREFIX)).map(str::to_owned).collect())
}

/// Whether the process that made a namespace is gone.
fn is_abandoned(space: &str) -> bool {
    let id = space.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next());
    id.and_then(|id| id.parse::<u32>().ok())
        .is_some_and(|id| !Path::new(&format!("/proc/{id}")).exists())
}

/// Ends what runs in a namespace, and removes it; whatever is gone already is fine.
fn remove(space: &str) {
    if let Ok(list) = ip(&["netns", "pids", space]) {
        for id in list.split_whitespace() {
            let _ = Command::new("sh").args(["-c", &format!("kill -KILL {id}")]).status();
        }
    }
    let _ = ip(&["netns", "delete", space]);
}
