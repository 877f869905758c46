//! A real dhcpd: its configuration, its process, what it says of itself.

use crate::lab::{Guest, INTERFACE};
use failoverd::demo::checker::{Row, Table, hex};
use failoverd::dhcpd::leases::{BindingState, LeaseFile, Moment};
use std::io::Write;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where dhcpd takes orders, in its own namespace.
const OMAPI_PORT: u16 = 7911;

/// What its configuration says beside the usual.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) relationship: String,
    pub(crate) primary: bool,
    pub(crate) own: Ipv4Addr,
    pub(crate) partner: Ipv4Addr,
    pub(crate) mclt_s: u32,
    /// `split 128` or `hba ...`.
    pub(crate) split: String,
    pub(crate) max_response_delay_s: u32,
    pub(crate) lease_s: u32,
    pub(crate) subnet: String,
    pub(crate) range: (Ipv4Addr, Ipv4Addr),
    /// More statements, outside of everything.
    pub(crate) more: String,
}

impl Settings {
    fn text(&self) -> String {
        let Self { relationship, own, partner, lease_s, subnet, .. } = self;
        let role = if self.primary {
            format!("primary; mclt {}; {};", self.mclt_s, self.split)
        } else {
            // Without meaning: the primary's counts.
            format!("secondary; mclt {};", self.mclt_s)
        };
        let (first, last) = self.range;
        format!(
            r#"authoritative; ddns-update-style none; omapi-port {OMAPI_PORT}; ping-check false;
default-lease-time {lease_s}; max-lease-time {lease_s}; min-lease-time 1; dhcp-cache-threshold 0;
{more}
failover peer "{relationship}" {{
  {role} address {own}; port 647; peer address {partner}; peer port 647;
  max-response-delay {delay}; max-unacked-updates 10; load balance max seconds 3;
}}
subnet {subnet} {{ pool {{ failover peer "{relationship}"; range {first} {last}; }} }}
"#,
            more = self.more,
            delay = self.max_response_delay_s,
        )
    }
}

/// A dhcpd in a namespace; killed when dropped.
pub(crate) struct Dhcpd {
    name: String,
    space: String,
    directory: PathBuf,
    relationship: String,
    runs: u32,
    guest: Option<Guest>,
}

impl Dhcpd {
    /// Writes the configuration; it does not run yet. `name` is in the names of its files.
    pub(crate) fn new(name: &str, space: &str, directory: &Path, settings: &Settings) -> Self {
        let dhcpd = Self {
            name: name.to_owned(),
            space: space.to_owned(),
            directory: directory.to_owned(),
            relationship: settings.relationship.clone(),
            runs: 0,
            guest: None,
        };
        std::fs::write(dhcpd.file("conf"), settings.text()).expect("a configuration");
        dhcpd
    }

    /// The leases of its first start.
    pub(crate) fn seed_leases(&self, text: &str) {
        std::fs::write(self.file("leases"), text).expect("a lease file");
    }

    /// Changes what it will remember of the relationship when it starts: its own state and the
    /// partner's, by its own names.
    pub(crate) fn remember_states(&self, own: &str, partner: &str) {
        let name = &self.relationship;
        let then = crate::script::now_s() - 30;
        let more = format!(
            "\nfailover peer \"{name}\" state {{ my state {own} at epoch {then}; \
             partner state {partner} at epoch {then}; }}\n"
        );
        let file = std::fs::OpenOptions::new().append(true).open(self.file("leases"));
        file.and_then(|mut file| file.write_all(more.as_bytes())).expect("a lease file");
    }

    fn file(&self, extension: &str) -> PathBuf {
        self.directory.join(format!("{}.{extension}", self.name))
    }

    fn path(&self, extension: &str) -> String {
        self.file(extension).to_str().expect("a path of letters").to_owned()
    }

    pub(crate) fn start(&mut self) {
        self.start_under(&[]);
    }

    /// Starts it through another program, such as one that shows it another time.
    pub(crate) fn start_under(&mut self, prefix: &[&str]) {
        let leases = self.file("leases");
        if !leases.exists() {
            std::fs::write(&leases, "").expect("an empty lease file");
        }
        self.runs += 1;
        let (conf, leases) = (self.path("conf"), self.path("leases"));
        let mut command = prefix.to_vec();
        command.extend(["dhcpd", "-4", "-d", "--no-pid", "-cf", &conf, "-lf", &leases, INTERFACE]);
        self.guest = Some(Guest::start(&self.space, &command, &self.log_file(self.runs)));
    }

    fn log_file(&self, run: u32) -> PathBuf {
        self.directory.join(format!("{}.{run}.log", self.name))
    }

    pub(crate) fn is_running(&self) -> bool {
        self.guest.is_some()
    }

    pub(crate) fn kill(&mut self) {
        self.guest = None;
    }

    /// SIGTERM, and waits for the end.
    pub(crate) fn terminate(&mut self) {
        self.signal("TERM");
        crate::wait::until("dhcpd ends", 10, || self.has_ended().then_some(()));
        self.guest = None;
    }

    pub(crate) fn signal(&self, name: &str) {
        self.guest.as_ref().expect("dhcpd runs").signal(name);
    }

    /// Forgets everything.
    pub(crate) fn lose_disk(&self) {
        for extension in ["leases", "leases~"] {
            // The second is there only after it has been rewritten.
            let _ = std::fs::remove_file(self.file(extension));
        }
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.guest.as_mut().is_some_and(|guest| guest.exited().is_some())
    }

    /// What it wrote, all runs together.
    pub(crate) fn log(&self) -> String {
        (1..=self.runs)
            .map(|run| std::fs::read(self.log_file(run)).unwrap_or_default())
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .collect()
    }

    /// Its lease file, as it stands.
    pub(crate) fn lease_file(&self) -> LeaseFile {
        LeaseFile::parse(&std::fs::read(self.file("leases")).unwrap_or_default())
    }

    /// Its state and, as it knows it, the partner's, by its own names.
    pub(crate) fn states(&self) -> (String, String) {
        let file = self.lease_file();
        file.peers
            .get(&self.relationship)
            .map_or_else(Default::default, |peer| (peer.own.clone(), peer.partner.clone()))
    }

    /// The MCLT it goes by.
    pub(crate) fn mclt_s(&self) -> Option<u32> {
        self.lease_file().peers.get(&self.relationship)?.mclt_s
    }

    /// Its leases as failoverd's are told, without addresses that nobody ever had.
    pub(crate) fn table(&self) -> Table {
        let rows = self.lease_file().leases.into_iter().map(|(address, lease)| {
            let status = lease.state.to_string().to_uppercase();
            let expires_unix_s = match lease.ends {
                Some(Moment::At(at)) => Some(at),
                _ => None,
            };
            let row = Row {
                address,
                status,
                client_id: lease.uid.as_deref().map(hex),
                hardware: lease.hardware.map(|(_, bytes)| hex(&bytes)),
                expires_unix_s,
            };
            (address, row)
        });
        rows.collect()
    }

    /// How many of its addresses are in this state.
    pub(crate) fn count(&self, state: BindingState) -> usize {
        self.lease_file().leases.values().filter(|lease| lease.state == state).count()
    }

    /// An operator's order: its partner is down.
    pub(crate) fn order_partner_down(&self) {
        let name = &self.relationship;
        self.order(&format!(
            "new failover-state\nset name = \"{name}\"\nopen\nset local-state = 4"
        ));
    }

    /// An operator's order: stop serving, and let the partner take over.
    pub(crate) fn order_shutdown(&self) {
        self.order("new control\nopen\nset state = 2");
    }

    fn order(&self, what: &str) {
        let orders =
            format!("server 127.0.0.1\nport {OMAPI_PORT}\nconnect\n{what}\nupdate\nclose\n");
        let mut child = Command::new("ip")
            .args(["netns", "exec", &self.space, "omshell"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("omshell starts");
        child.stdin.take().expect("its input").write_all(orders.as_bytes()).expect("orders");
        let output = child.wait_with_output().expect("omshell ends");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(!text.contains("can't"), "omshell: {text}");
    }
}
