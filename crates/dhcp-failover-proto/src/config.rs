//! How one endpoint is set up.

use alloc::string::String;
use core::net::IpAddr;
use dhcp_failover_lease::{LeaseSpan, PoolShare, Role};
use dhcp_failover_relationship::{Mode, Relationship, ServerType};
use dhcp_failover_wire::{
    Dialect, MessageLimit,
    digest::{Key, Scheme},
};
use dhcp_loadbalance::HashBuckets;

/// Who answers new clients in NORMAL, and who owns how many available addresses.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Balance {
    /// RFC 3074: the primary answers `primary_percent` of the clients and owns that share of the
    /// available addresses.
    LoadBalance {
        /// 0 to 100; more counts as 100.
        primary_percent: u8,
    },
    /// The primary answers the clients of exactly these buckets, as dhcpd's `split` and `hba` name
    /// them, and owns that share of the available addresses.
    Buckets {
        /// The primary's.
        primary: HashBuckets,
    },
    /// The primary answers everybody; the secondary keeps a reserve of addresses for an outage.
    HotStandby {
        /// The secondary's share of the available addresses, 0 to 100.
        reserve_percent: u8,
    },
}

impl Balance {
    /// The buckets of the clients that the primary answers in NORMAL (§9.8.2).
    #[must_use]
    pub fn primary_buckets(self) -> HashBuckets {
        match self {
            Self::LoadBalance { primary_percent } => {
                HashBuckets::from_percent(primary_percent).unwrap_or(HashBuckets::ALL)
            }
            Self::Buckets { primary } => primary,
            Self::HotStandby { .. } => HashBuckets::ALL,
        }
    }

    /// The secondary's share of the available addresses (§5.4).
    #[must_use]
    pub const fn pool_share(self) -> PoolShare {
        match self {
            Self::LoadBalance { primary_percent } => {
                PoolShare::new(100u8.saturating_sub(primary_percent))
            }
            Self::Buckets { primary } => {
                // At most 100.
                let [_, percent] =
                    (primary.complement().count().saturating_mul(100) / 256).to_be_bytes();
                PoolShare::new(percent)
            }
            Self::HotStandby { reserve_percent } => PoolShare::new(reserve_percent),
        }
    }
}

/// What a server does that has waited out the startup period without a partner (§9.3.2 step 6).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub enum StartupPolicy {
    /// Wait for the partner or the operator. The only choice that cannot give an address twice: the
    /// partner may have been declared to be alone (H4).
    #[default]
    Wait,
    /// Go on where it stopped, with contact lost.
    Resume,
    /// Take the partner for down (§9.3.2 step 1, last paragraph).
    PartnerDown,
}

/// What to do about a partner whose clock shows another time (§5.10).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub enum TimePolicy {
    /// Correct for the difference, however large, and whenever it changes.
    #[default]
    Correct,
    /// Refuse a connection if the difference is above the limit then (§7.8.2 step 6, reason 4), as
    /// dhcpd does above 60 s; correct for a smaller one, and for what comes later.
    Refuse {
        /// The largest difference.
        limit: LeaseSpan,
    },
    /// As [`Refuse`](Self::Refuse), and end a connection on which the difference comes to be above
    /// the limit, as Windows does.
    Close {
        /// The largest difference.
        limit: LeaseSpan,
    },
}

/// How one endpoint is set up. Both servers of a pair need the same name, balance and secret.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[expect(clippy::exhaustive_structs, reason = "configuration is built field by field")]
pub struct EndpointConfig {
    /// relationship-name: the same at both servers, unique in each.
    pub name: String,
    /// This server's role.
    pub role: Role,
    /// The partner's address; connections from elsewhere are refused (§7.8.2 step 5).
    pub partner: IpAddr,
    /// Who answers whom in NORMAL.
    pub balance: Balance,
    /// The maximum client lead time, at least 1 s. The primary's value counts (§7.8.2 step 7).
    pub mclt: LeaseSpan,
    /// Go to PARTNER-DOWN after so long in COMMUNICATIONS-INTERRUPTED (§10); `None`: never.
    pub safe_period: Option<LeaseSpan>,
    /// tReceive: the link is dead after so long without a message (§8.3), at least 1 s.
    pub receive_timer: LeaseSpan,
    /// Updates this server takes before it must have answered one (§8.4), at least 1.
    pub max_unacked_bndupd: u32,
    /// Updates sent in one BNDUPD at most, 1 to 128 (§6.3). What the partner takes and the length of
    /// a message limit it further: dhcpd is never sent more than one. 1 for a partner that hangs up
    /// on several, though this server finds that out by itself.
    pub max_batch: usize,
    /// The longest message this server's driver reads; what is above 8192 bytes counts as that. If
    /// the partner is of this implementation and reads longer messages than the draft's 2048 bytes,
    /// too, they agree on the smaller of the two limits when they connect.
    pub longest_message: MessageLimit,
    /// How long to look for the partner at the start (§9.3.2 step 3).
    pub startup: LeaseSpan,
    /// What to do after that.
    pub startup_policy: StartupPolicy,
    /// In PARTNER-DOWN, give full lease times at once and forgo the protection against losing this
    /// server's storage (§9.4.2).
    pub unlimited_in_partner_down: bool,
    /// Any number that changes when the addresses of this relationship change: after such a change
    /// the servers exchange what they know before they serve (S15). 0 if the embedder sees to that.
    /// It may change while the endpoint runs: see
    /// [`Input::Configure`](crate::Input::Configure).
    pub pools_digest: u64,
    /// Sign and verify every message with this.
    pub secret: Option<Key>,
    /// Accept messages signed with this, too; without [`secret`](Self::secret) it means nothing. To
    /// change the secret of a running pair, give both servers the new one here, then exchange the
    /// two values at both, then take the old one away.
    pub second_secret: Option<Key>,
    /// What to do about a partner whose clock shows another time.
    pub time_policy: TimePolicy,
    /// The embedder secures its connections with TLS before the first message: then nothing is
    /// negotiated in CONNECT, and a partner that tries to is refused (§7.8.2 step 3).
    pub tls: bool,
    /// Any number that differs between servers and runs; decides by how much pauses between attempts
    /// to connect differ.
    pub seed: u64,
    /// How to speak; `None` finds out from the partner's vendor class.
    pub dialect: Option<Dialect>,
}

/// Different at the two servers of a pair, if not from run to run.
fn seed_from(name: &str, role: Role) -> u64 {
    let role = match role {
        Role::Primary => 1,
        Role::Secondary => 2,
    };
    // FNV-1a: any spread will do.
    name.bytes().chain([role]).fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

impl EndpointConfig {
    /// A configuration with the usual values: load balance 50/50, MCLT 1 h, receive timer 60 s,
    /// 100 unacknowledged updates, 10 s of startup, and no automatic PARTNER-DOWN.
    #[must_use]
    pub fn new(name: &str, role: Role, partner: IpAddr) -> Self {
        Self {
            name: String::from(name),
            role,
            partner,
            balance: Balance::LoadBalance { primary_percent: 50 },
            mclt: LeaseSpan::from_s(3_600),
            safe_period: None,
            receive_timer: LeaseSpan::from_s(60),
            max_unacked_bndupd: 100,
            max_batch: 128,
            longest_message: MessageLimit::DRAFT,
            startup: LeaseSpan::from_s(10),
            startup_policy: StartupPolicy::Wait,
            unlimited_in_partner_down: false,
            pools_digest: 0,
            secret: None,
            second_secret: None,
            time_policy: TimePolicy::Correct,
            tls: false,
            seed: seed_from(name, role),
            dialect: None,
        }
    }

    /// The endpoint of a relationship as Windows models it: mode, percentages, MCLT, safe period
    /// and secret are taken over; timers, windows and dialect have the usual values.
    ///
    /// ```
    /// use dhcp_failover_proto::{Balance, EndpointConfig};
    /// use dhcp_failover_proto::lease::{LeaseSpan, Role};
    /// use dhcp_failover_proto::relationship::{Mode, Percent, Relationship};
    /// let relationship = Relationship::builder("a-b", [192, 0, 2, 1].into(), [192, 0, 2, 2].into())
    ///     .mode(Mode::HotStandby { reserve_percentage: Percent::new(5)? })
    ///     .mclt_s(1_800)
    ///     .scopes([[192, 0, 2, 0].into()])
    ///     .build()?;
    /// let config = EndpointConfig::for_relationship(&relationship);
    /// assert_eq!(config.role, Role::Primary);
    /// assert_eq!(config.partner.to_string(), "192.0.2.2");
    /// assert_eq!(config.mclt, LeaseSpan::from_s(1_800));
    /// assert_eq!(config.balance, Balance::HotStandby { reserve_percent: 5 });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn for_relationship(relationship: &Relationship) -> Self {
        let role = match relationship.server_type() {
            ServerType::Primary => Role::Primary,
            ServerType::Secondary => Role::Secondary,
        };
        let balance = match relationship.mode() {
            Mode::LoadBalance { percentage } => {
                Balance::LoadBalance { primary_percent: percentage.get() }
            }
            Mode::HotStandby { reserve_percentage } => {
                Balance::HotStandby { reserve_percent: reserve_percentage.get() }
            }
        };
        let span = |seconds: u32| LeaseSpan::from_s(u64::from(seconds));
        Self {
            balance,
            mclt: span(relationship.mclt_s()),
            safe_period: relationship.safe_period_s().map(span),
            secret: relationship
                .shared_secret()
                .map(|secret| Key::new(Scheme::HMAC_SHA256, secret.expose())),
            ..Self::new(relationship.name(), role, relationship.partner_server().into())
        }
    }
}
