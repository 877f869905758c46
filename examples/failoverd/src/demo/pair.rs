//! Two servers that are partners: their configuration, their files and their processes.

use super::process::Process;
use super::random::Random;
use std::fmt::Write as _;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};

/// Ports are taken from here: above those that need privileges, below those the system hands out by
/// itself, so that a port stays free while its server is down.
const PORTS: std::ops::Range<u16> = 12_000..32_000;
/// Attempts to find a free port.
const PORT_ATTEMPTS: usize = 1_000;

/// What both servers of a pair have in common.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The program to run.
    pub executable: PathBuf,
    /// Where all files go; short, because it becomes part of the path of a Unix socket.
    pub directory: PathBuf,
    /// The subnet of the only scope.
    pub subnet: String,
    /// Its addresses, as a range of the configuration.
    pub range: String,
    /// The lease time.
    pub lease_s: u32,
    /// The maximum client lead time.
    pub mclt_s: u32,
    /// After how much silence the partner counts as gone.
    pub receive_timer_s: u32,
    /// The addresses of the two servers.
    pub addresses: [Ipv4Addr; 2],
    /// The port of the relay agent.
    pub relay_port: u16,
    /// More command line arguments.
    pub arguments: Vec<String>,
}

/// One server of a pair.
pub struct Member {
    /// `a` or `b`.
    pub name: &'static str,
    /// Where it takes DHCP packets.
    pub dhcp: SocketAddrV4,
    /// Where it takes its partner's connection.
    pub failover: SocketAddrV4,
    /// Its admin socket.
    pub admin: PathBuf,
    /// Its lease store.
    pub store: PathBuf,
    /// Its process.
    pub process: Process,
}

/// Writes the configuration of both servers and returns them, not yet started.
///
/// # Errors
/// When there is no free port or a file cannot be written.
pub fn prepare(plan: &Plan, random: &mut Random) -> io::Result<[Member; 2]> {
    std::fs::create_dir_all(&plan.directory)?;
    let [a, b] = plan.addresses;
    let dhcp = [free_port(a, random)?, free_port(b, random)?];
    let failover = [free_port(a, random)?, free_port(b, random)?];
    Ok([
        member(plan, "a", "primary", dhcp[0], failover[0], failover[1])?,
        member(plan, "b", "secondary", dhcp[1], failover[1], failover[0])?,
    ])
}

fn member(
    plan: &Plan,
    name: &'static str,
    role: &str,
    dhcp: SocketAddrV4,
    failover: SocketAddrV4,
    partner: SocketAddrV4,
) -> io::Result<Member> {
    let path = |extension: &str| plan.directory.join(format!("{name}.{extension}"));
    let (config, log) = (path("toml"), path("log"));
    std::fs::write(&config, configuration(plan, name, role, dhcp, failover, partner))?;
    let arguments: Vec<&str> = plan.arguments.iter().map(String::as_str).collect();
    let process = Process::new(plan.executable.clone(), config, log).with_arguments(&arguments);
    Ok(Member { name, dhcp, failover, admin: path("sock"), store: path("redb"), process })
}

fn configuration(
    plan: &Plan,
    name: &str,
    role: &str,
    dhcp: SocketAddrV4,
    failover: SocketAddrV4,
    partner: SocketAddrV4,
) -> String {
    let Plan { subnet, range, lease_s, mclt_s, receive_timer_s, relay_port, .. } = plan;
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        r#"[server]
name = "{name}"
dhcp_listen = "{dhcp}"
relay_port = {relay_port}
failover_listen = "{failover}"
store = "{name}.redb"
admin_socket = "{name}.sock"
log_level = "debug"

[[relationship]]
name = "demo"
role = "{role}"
partner = "{partner}"
mode = "load-balance"
load_balance_percent = 50
mclt_s = {mclt_s}
receive_timer_s = {receive_timer_s}
startup_s = 1

[[scope]]
subnet = "{subnet}"
ranges = ["{range}"]
lease_s = {lease_s}
relationship = "demo"
load_balance_delay_s = 1
offer_hold_s = 5
"#
    );
    text
}

/// A UDP and TCP port of `address` that nobody uses.
///
/// # Errors
/// When none was found, or the address is not one of this machine's.
pub fn free_port(address: Ipv4Addr, random: &mut Random) -> io::Result<SocketAddrV4> {
    let mut last = io::Error::other("no port tried");
    for _ in 0..PORT_ATTEMPTS {
        let span = u64::from(PORTS.end - PORTS.start);
        let offset = u16::try_from(random.below(span)).unwrap_or(0);
        let socket = SocketAddrV4::new(address, PORTS.start + offset);
        match (UdpSocket::bind(socket), TcpListener::bind(SocketAddr::V4(socket))) {
            (Ok(_), Ok(_)) => return Ok(socket),
            (Err(error), _) | (_, Err(error)) => last = error,
        }
    }
    Err(last)
}

/// A directory of its own for one run, removed at the end unless it is to be kept.
pub struct WorkDirectory {
    path: PathBuf,
    keep: bool,
}

impl WorkDirectory {
    /// Uses `chosen` and keeps it, or makes a new one in the system's place for temporary files.
    ///
    /// # Errors
    /// When the directory cannot be made.
    pub fn open(chosen: Option<&Path>, random: &mut Random) -> io::Result<Self> {
        if let Some(path) = chosen {
            std::fs::create_dir_all(path)?;
            if std::fs::read_dir(path)?.next().is_some() {
                let text = format!("{} is not empty; choose a new directory", path.display());
                return Err(io::Error::new(io::ErrorKind::AlreadyExists, text));
            }
            return Ok(Self { path: std::path::absolute(path)?, keep: true });
        }
        let name = format!("fo-demo-{}-{:04x}", std::process::id(), random.below(0x1_0000));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path)?;
        Ok(Self { path, keep: false })
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps it, so that somebody can look for the cause of a failure.
    pub fn keep(&mut self) {
        self.keep = true;
    }
}

impl Drop for WorkDirectory {
    fn drop(&mut self) {
        if !self.keep {
            // Left-overs in the place for temporary files harm nobody.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(directory: &Path) -> Plan {
        Plan {
            executable: "failoverd".into(),
            directory: directory.to_owned(),
            subnet: "127.77.0.0/16".to_owned(),
            range: "127.77.1.0-127.77.2.255".to_owned(),
            lease_s: 12,
            mclt_s: 5,
            receive_timer_s: 3,
            addresses: [Ipv4Addr::new(127, 77, 0, 2), Ipv4Addr::new(127, 77, 0, 3)],
            relay_port: 4000,
            arguments: Vec::new(),
        }
    }

    #[test]
    fn both_configurations_are_good_and_name_each_other() {
        let directory = tempfile::tempdir().expect("a directory");
        let [a, b] = prepare(&plan(directory.path()), &mut Random::new(1)).expect("two members");
        let configs = [&a, &b].map(|member| {
            let file = directory.path().join(format!("{}.toml", member.name));
            crate::config::Config::load(&file).unwrap_or_else(|errors| panic!("{errors}"))
        });
        assert_eq!(configs[0].relationships[0].partner, SocketAddr::V4(b.failover));
        assert_eq!(configs[1].relationships[0].partner, SocketAddr::V4(a.failover));
        assert_eq!(configs[0].server.store, a.store);
        assert_eq!(configs[1].server.admin_socket, b.admin);
        assert_eq!(configs[0].scopes[0].address_count(), 512);
    }

    #[test]
    fn a_used_port_is_not_free() {
        let mut random = Random::new(5);
        let first = free_port(Ipv4Addr::LOCALHOST, &mut random).expect("a port");
        let _used = UdpSocket::bind(first).expect("the port is free");
        let second = free_port(Ipv4Addr::LOCALHOST, &mut Random::new(5)).expect("a port");
        assert_ne!(first, second);
    }

    #[test]
    fn a_work_directory_goes_away_unless_kept() {
        let mut random = Random::new(std::process::id().into());
        let directory = WorkDirectory::open(None, &mut random).expect("a directory");
        let path = directory.path().to_owned();
        assert!(path.is_dir());
        drop(directory);
        assert!(!path.exists());
        let kept = tempfile::tempdir().expect("a directory");
        drop(WorkDirectory::open(Some(kept.path()), &mut random).expect("a directory"));
        assert!(kept.path().is_dir());
        std::fs::write(kept.path().join("x"), "x").expect("a file");
        assert!(WorkDirectory::open(Some(kept.path()), &mut random).is_err());
    }
}
