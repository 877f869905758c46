//! What a checked configuration says.

use dhcp_failover_wire::digest::Scheme;
use dhcp_failover_wire::windows::Settings;
use ipnet::Ipv4Net;
use std::collections::BTreeMap;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::ops::RangeInclusive;
use std::path::PathBuf;

/// A checked configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The file it was read from.
    pub file: PathBuf,
    /// This process.
    pub server: Server,
    /// The partners, in the order of the file; names differ.
    pub relationships: Vec<Relationship>,
    /// The subnets served, in the order of the file; they do not overlap.
    pub scopes: Vec<Scope>,
}

/// The table `[server]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Names this server in the first line of its log; `failoverd` unless given.
    pub name: String,
    /// Where DHCP packets arrive; 0.0.0.0:67 unless given.
    pub dhcp_listen: SocketAddrV4,
    /// The port relay agents are answered on (RFC 2131 §4.1; RFC 8357 overrides it per packet).
    pub relay_port: u16,
    /// The interfaces to bind to; empty: one socket that is bound to none.
    pub interfaces: Vec<String>,
    /// Where partners connect to; present whenever there is a relationship.
    pub failover_listen: Option<SocketAddr>,
    /// The lease store.
    pub store: PathBuf,
    /// The Unix socket of administrators.
    pub admin_socket: PathBuf,
    /// Whose members may use it, besides the server's user.
    pub admin_group: Option<Group>,
    /// The Unix socket of those who may only ask.
    pub reader_socket: Option<PathBuf>,
    /// Whose members may use it; everybody unless given.
    pub reader_group: Option<Group>,
    /// Where `/metrics` is served, if at all.
    pub metrics_listen: Option<SocketAddr>,
    /// The most relationships this server may have; 0: as many as anybody likes. 31, as Windows has it,
    /// unless given.
    pub max_relationships: usize,
    /// The least severe events that are logged.
    pub log_level: LogLevel,
    /// How a log line looks.
    pub log_format: LogFormat,
}

/// A group of the machine's users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Its number.
    pub id: u32,
}

/// Severity of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// Service is impaired.
    Error,
    /// Something an operator should look at.
    Warn,
    /// What happens in normal service.
    Info,
    /// Each packet and frame.
    Debug,
    /// Everything.
    Trace,
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// A table `[[relationship]]`: one partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relationship {
    /// The relationship name both servers are configured with (draft-12 §12.26).
    pub name: String,
    /// What this server is in the relationship.
    pub role: Role,
    /// Where the partner listens.
    pub partner: SocketAddr,
    /// Its host name, to show; never resolved.
    pub partner_name: Option<String>,
    /// How clients are shared.
    pub mode: Mode,
    /// Maximum client lead time in seconds (draft-12 §5.2.1); at least 1.
    pub mclt_s: u32,
    /// Seconds in COMMUNICATIONS-INTERRUPTED after which this server goes to PARTNER-DOWN by
    /// itself (draft-12 §9.5); absent: never.
    pub safe_period_s: Option<u32>,
    /// The shared secret of the message digest (draft-12 §11.1), if one is used.
    pub secret: Option<Secret>,
    /// Another one that the partner may sign with, while the secret is being changed.
    pub second_secret: Option<Secret>,
    /// What a difference of the clocks leads to (draft-12 §5.10).
    pub time_policy: TimePolicy,
    /// The largest difference in seconds, unless the policy is to correct any.
    pub max_time_difference_s: u32,
    /// The partner's way to write messages.
    pub dialect: Dialect,
    /// Seconds without a message after which the partner counts as gone (draft-12 §8.3).
    pub receive_timer_s: u32,
    /// The least time in STARTUP in seconds (draft-12 §9.3).
    pub startup_s: u32,
    /// What happens when STARTUP ends without contact.
    pub startup_policy: StartupPolicy,
    /// Updates the partner may have unanswered at once (draft-12 §12.18).
    pub max_unacked_bndupd: u32,
}

/// The side of a relationship.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The primary, which allocates the pool.
    Primary,
    /// The secondary.
    Secondary,
}

/// How clients are shared with the partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Both serve, each its own clients (RFC 3074).
    LoadBalance {
        /// The primary's share of the clients, 0 to 100 percent.
        primary_percent: u8,
    },
    /// The same, client by client: whose bucket is in this map is the primary's (RFC 3074).
    Buckets {
        /// The map's 32 bytes: bucket `b` is bit `b % 8`, from the least, of byte `b / 8`.
        primary: [u8; 32],
    },
    /// The secondary serves only when the primary is gone.
    HotStandby {
        /// The share of the free addresses kept for the secondary, 0 to 100 percent.
        reserve_percent: u8,
    },
}

/// How messages are written; see the dialects of `dhcp-failover-wire`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Told by the partner's first message.
    Auto,
    /// The text of the draft.
    Draft12,
    /// ISC dhcpd 4.4.
    Isc,
    /// Windows Server.
    Microsoft(Windows),
}

/// What is not settled about Windows, as the configuration has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
    /// Of its messages.
    pub settings: Settings,
    /// Of its digests.
    pub digest: Scheme,
}

/// What happens when STARTUP ends without contact with the partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartupPolicy {
    /// Stay in STARTUP until the partner answers or the operator decides.
    Wait,
    /// Go on in the state that was stored.
    Resume,
    /// Go to PARTNER-DOWN.
    PartnerDown,
}

/// What a difference of the two servers' clocks leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimePolicy {
    /// Nothing: times are corrected by it.
    Correct,
    /// No connection is made above the limit.
    Refuse,
    /// None is made, and none kept.
    Close,
}

/// A shared secret, which never shows in a log.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub(super) Vec<u8>);

impl Secret {
    /// A key of at least one byte.
    pub fn new(key: Vec<u8>) -> Option<Self> {
        (!key.is_empty()).then_some(Self(key))
    }

    /// The key's bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({} bytes)", self.0.len())
    }
}

/// A table `[[scope]]`: one subnet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The subnet; its address has no host bits.
    pub subnet: Ipv4Net,
    /// The addresses to give out, in the order of the file; inside the subnet, without overlap,
    /// excluded addresses still included.
    pub ranges: Vec<RangeInclusive<Ipv4Addr>>,
    /// Addresses never given out; each inside the subnet.
    pub exclude: Vec<RangeInclusive<Ipv4Addr>>,
    /// The lease time of a client that asks for none, in seconds.
    pub lease_s: u32,
    /// The shortest lease a client may ask for, in seconds; at most `lease_s`.
    pub min_lease_s: u32,
    /// The longest lease a client may ask for, in seconds; at least `lease_s`.
    pub max_lease_s: u32,
    /// Whether this server serves it at all; the leases of one that it does not serve stay on record.
    pub active: bool,
    /// Index into [`Config::relationships`]; absent: served without failover.
    pub relationship: Option<usize>,
    /// Scopes with the same name are on one wire.
    pub shared_network: Option<String>,
    /// DHCP options by number, each value as it stands in a packet, at most 255 bytes.
    pub options: BTreeMap<u8, Vec<u8>>,
    /// `siaddr`: where a client boots from.
    pub next_server: Option<Ipv4Addr>,
    /// `file`: what a client boots; at most 127 bytes, no NUL.
    pub boot_file: Option<String>,
    /// Option 54 where it is not the address the packet came in on.
    pub server_identifier: Option<Ipv4Addr>,
    /// Addresses kept for particular clients.
    pub reservations: Vec<Reservation>,
    /// How long an offered address is kept for its client, in seconds.
    pub offer_hold_s: u32,
    /// How long a declined address is left alone, in seconds.
    pub decline_hold_s: u32,
    /// A client whose `secs` is larger is served whoever's client it is (RFC 3074 §5.3), in
    /// seconds.
    pub load_balance_delay_s: u32,
}

/// An address kept for one client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// The client.
    pub client: ReservedFor,
    /// Its address, inside the scope's subnet.
    pub address: Ipv4Addr,
    /// Options that replace the scope's for this client.
    pub options: BTreeMap<u8, Vec<u8>>,
}

/// How a reservation recognises its client.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReservedFor {
    /// By hardware type and `chaddr`.
    Hardware {
        /// The type, 1 for Ethernet.
        htype: u8,
        /// The address, 1 to 16 bytes.
        address: Vec<u8>,
    },
    /// By the whole value of option 61, 2 to 255 bytes.
    ClientId(Vec<u8>),
}

impl ReservedFor {
    /// The client in one way of writing, to compare configurations by.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Hardware { htype, address } => [&[0, *htype], address.as_slice()].concat(),
            Self::ClientId(id) => [&[1], id.as_slice()].concat(),
        }
    }
}

impl Relationship {
    /// One with everything left at its default.
    pub fn new(name: &str, role: Role, partner: SocketAddr) -> Self {
        Self {
            name: name.to_owned(),
            role,
            partner,
            partner_name: None,
            mode: Mode::LoadBalance { primary_percent: 50 },
            mclt_s: 3600,
            safe_period_s: None,
            secret: None,
            second_secret: None,
            time_policy: TimePolicy::Correct,
            max_time_difference_s: 60,
            dialect: Dialect::Auto,
            receive_timer_s: 60,
            startup_s: 10,
            startup_policy: StartupPolicy::Wait,
            max_unacked_bndupd: 100,
        }
    }
}

impl Config {
    /// The relationship a scope takes part in.
    pub fn relationship_of(&self, scope: &Scope) -> Option<&Relationship> {
        scope.relationship.and_then(|index| self.relationships.get(index))
    }

    /// A few lines that say what is configured, for `failoverd check`.
    pub fn summary(&self) -> String {
        let mut text = format!(
            "server {:?}: DHCP on {}, store {}",
            self.server.name,
            self.server.dhcp_listen,
            self.server.store.display()
        );
        for it in &self.relationships {
            let role = match it.role {
                Role::Primary => "primary",
                Role::Secondary => "secondary",
            };
            text += &format!("\nrelationship {:?}: {role}, partner {}", it.name, it.partner);
        }
        for scope in &self.scopes {
            text += &format!("\nscope {}: {} addresses", scope.subnet, scope.address_count());
            text +=
                &format!(", {} reservations, lease {} s", scope.reservations.len(), scope.lease_s);
            match self.relationship_of(scope) {
                Some(relationship) => text += &format!(", relationship {:?}", relationship.name),
                None => text += ", without failover",
            }
        }
        text
    }
}

impl Scope {
    /// Whether `address` is in a range and not excluded.
    pub fn gives_out(&self, address: Ipv4Addr) -> bool {
        self.ranges.iter().any(|range| range.contains(&address))
            && !self.exclude.iter().any(|range| range.contains(&address))
    }

    /// The addresses in the ranges that are not excluded, in the order of the ranges.
    pub fn addresses(&self) -> impl Iterator<Item = Ipv4Addr> + '_ {
        self.ranges
            .iter()
            .flat_map(|range| u32::from(*range.start())..=u32::from(*range.end()))
            .map(Ipv4Addr::from)
            .filter(|address| !self.exclude.iter().any(|range| range.contains(address)))
    }

    /// How many addresses [`Self::addresses`] yields.
    pub fn address_count(&self) -> usize {
        self.addresses().count()
    }
}
