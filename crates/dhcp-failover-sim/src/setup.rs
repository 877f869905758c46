//! What a simulated pair looks like.

use crate::{Host, Make};
use dhcp_failover_lease::{HardwareAddress, LeaseSpan, Role};
use dhcp_failover_proto::{Balance, EndpointConfig, StartupPolicy, Subnet};
use dhcp_failover_wire::Dialect;
use dhcp_failover_wire::digest::Key;
use std::net::{IpAddr, Ipv4Addr};
use std::ops::RangeInclusive;

/// A fault built into the harness itself, to show that the checkers see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Mutation {
    /// None: an honest harness.
    #[default]
    None,
    /// Writes are reported durable before they are.
    PersistedBeforeSync,
    /// The mark of what the partner was told is lost, as if it had agreed at once.
    ForgetTold,
    /// Clients are offered full lease times, without regard to the MCLT.
    IgnoreMclt,
    /// The wire monitor allows one unanswered update less than was agreed.
    StricterWindow,
    /// Clients keep their addresses for twice as long as they were told.
    ClientsHoldOn,
    /// The table has clients heard an hour before they were.
    HeardEarly,
    /// The table forgets that addresses are the partner's.
    OwnEverything,
    /// The table has addresses free as soon as their leases end.
    FreeUnasked,
    /// The table forgets leases.
    LoseLeases,
    /// What the endpoints say of conflicts is not heard.
    SwallowReports,
    /// Every server answers every client with a key of one byte.
    AnswersToo,
    /// The endpoints are not told how the pools are configured.
    HidePools,
    /// The endpoints are not told that time passes.
    NoTimers,
    /// The disks take one record at a time.
    OneByOne,
}

/// How to set up a pair. Server A is the primary.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Decides everything.
    pub seed: u64,
    /// Who made each server.
    pub makes: [Make; 2],
    /// The relationship's name at each server.
    pub names: [String; 2],
    /// Configured at the primary.
    pub mclt_s: u64,
    /// Configured at the secondary, which must take the primary's once it has heard it.
    pub secondary_mclt_s: u64,
    /// What clients would like.
    pub lease_s: u64,
    /// Addresses in the pool.
    pub pool: u16,
    /// DHCP clients.
    pub clients: usize,
    /// Who answers whom.
    pub balance: Balance,
    /// How far each server's wall clock is from true time.
    pub clock_offset_ms: [i64; 2],
    /// How much each server's clocks gain on true time, in parts in a million; negative: lose.
    pub clock_drift_ppm: [i32; 2],
    /// tReceive of both.
    pub receive_timer_s: u64,
    /// What each takes unanswered.
    pub max_unacked: [u32; 2],
    /// Updates each puts into one message at most.
    pub max_batch: [usize; 2],
    /// What each does at the end of STARTUP.
    pub startup_policy: StartupPolicy,
    /// Length of STARTUP.
    pub startup_s: u64,
    /// Automatic PARTNER-DOWN.
    pub safe_period_s: Option<u64>,
    /// Full lease times in PARTNER-DOWN.
    pub unlimited_in_partner_down: bool,
    /// Message digests.
    pub secrets: [Option<Key>; 2],
    /// How long a sync takes.
    pub disk_delay_ms: u64,
    /// Each server looks so often for leases whose time is over.
    pub sweep_ms: u64,
    /// One way through the network.
    pub net_delay_ms: u64,
    /// A client that gets no answer asks again after 1, 2, 4 ... seconds, and no more than this.
    pub longest_retry_s: u64,
    /// True time at the beginning.
    pub begin_ms: u64,
    /// The first connection's number.
    pub first_link: u64,
    /// A built-in fault.
    pub mutation: Mutation,
}

/// The subnet of all addresses.
pub(crate) const SUBNET: Subnet = Subnet::new(Ipv4Addr::new(192, 0, 2, 0), 16);

impl Setup {
    /// A small pair: 20 addresses, 8 clients, MCLT 60 s, leases of 300 s, tReceive 20 s.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            makes: [Make::Ours; 2],
            names: ["pair".to_owned(), "pair".to_owned()],
            mclt_s: 60,
            secondary_mclt_s: 421,
            lease_s: 300,
            pool: 20,
            clients: 8,
            balance: Balance::LoadBalance { primary_percent: 50 },
            clock_offset_ms: [0, 0],
            clock_drift_ppm: [0, 0],
            receive_timer_s: 20,
            max_unacked: [100, 100],
            max_batch: [128, 128],
            startup_policy: StartupPolicy::Wait,
            startup_s: 10,
            safe_period_s: None,
            unlimited_in_partner_down: false,
            secrets: [None, None],
            disk_delay_ms: 3,
            sweep_ms: 1_000,
            net_delay_ms: 2,
            longest_retry_s: 1,
            begin_ms: 0,
            first_link: 1,
            mutation: Mutation::None,
        }
    }

    pub(crate) fn config(&self, host: Host) -> EndpointConfig {
        let role = host.role();
        let i = host.index();
        EndpointConfig {
            balance: self.balance,
            mclt: match role {
                Role::Primary => LeaseSpan::from_s(self.mclt_s),
                Role::Secondary => LeaseSpan::from_s(self.secondary_mclt_s),
            },
            safe_period: self.safe_period_s.map(LeaseSpan::from_s),
            receive_timer: LeaseSpan::from_s(self.receive_timer_s),
            max_unacked_bndupd: self.max_unacked[i],
            max_batch: self.max_batch[i],
            startup: LeaseSpan::from_s(self.startup_s),
            startup_policy: self.startup_policy,
            unlimited_in_partner_down: self.unlimited_in_partner_down,
            secret: self.secrets[i].clone(),
            seed: self.seed.wrapping_add(host.index() as u64),
            // A dhcpd is found out; Windows does not understand who speaks to it otherwise.
            dialect: (self.makes[host.partner().index()] == Make::Windows)
                .then_some(Dialect::MICROSOFT),
            ..EndpointConfig::new(&self.names[i], role, host.partner().address())
        }
    }

    pub(crate) fn addresses(&self) -> impl Iterator<Item = Ipv4Addr> + use<> {
        let first = Ipv4Addr::new(192, 0, 2, 1).to_bits();
        (0..u32::from(self.pool)).map(move |number| Ipv4Addr::from_bits(first + number))
    }

    /// The pool both servers begin with.
    pub(crate) fn pools(&self) -> Vec<RangeInclusive<Ipv4Addr>> {
        let ends = self.addresses().next().zip(self.addresses().last());
        ends.map(|(first, last)| first..=last).into_iter().collect()
    }
}

impl Host {
    /// Where the partner finds it.
    #[must_use]
    pub const fn address(self) -> IpAddr {
        IpAddr::V4(match self {
            Self::A => Ipv4Addr::new(198, 51, 100, 1),
            Self::B => Ipv4Addr::new(198, 51, 100, 2),
        })
    }
}

pub(crate) fn hardware(number: usize) -> HardwareAddress {
    let [high, low] = u16::try_from(number).unwrap_or(u16::MAX).to_be_bytes();
    HardwareAddress::new(1, &[2, 0, 0, 0, high, low])
        .unwrap_or_else(|| unreachable!("six bytes are no more than sixteen"))
}
