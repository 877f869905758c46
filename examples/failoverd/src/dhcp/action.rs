//! What the server decides about a packet.

use super::destination::Destination;
use super::kind::KindError;
use super::offers::PinChange;
use super::packet::PacketError;
use dhcp_failover_lease::{BindingFlags, Client, Grant, LeaseInstant, Refusal};
use dhcp_failover_proto::Explanation;
use ipnet::Ipv4Net;
use std::net::Ipv4Addr;

/// An answer, ready to be sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// The packet.
    pub bytes: Vec<u8>,
    /// Where it goes.
    pub destination: Destination,
}

/// A lease to record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GrantAction {
    /// The domain of the address.
    pub domain: usize,
    /// The address.
    pub address: Ipv4Addr,
    /// Who gets it.
    pub client: Client,
    /// For how long, and what the partner is told.
    pub grant: Grant,
    /// The version of the binding this was decided on.
    pub version: u64,
    /// The epoch of the view it was decided with; 0 without failover.
    pub epoch: u64,
    /// Whether the address is reserved.
    pub flags: BindingFlags,
    /// What the partner may like to know of the request: the magic cookie, then options as in a
    /// packet (draft-12 §12.8, table 7.1.1-2); empty if there are none.
    pub request_options: Vec<u8>,
    /// The DHCPACK. It must not leave before the lease is on disk.
    pub answer: Answer,
}

/// What to do about a packet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Action {
    /// Nothing; the reason is for the log.
    Ignore(Ignore),
    /// Send this now: a DHCPOFFER, a DHCPNAK, or the DHCPACK of a DHCPINFORM.
    Reply(Answer),
    /// Record a lease, then send its DHCPACK.
    Grant(Box<GrantAction>),
    /// The client gave its address back. No answer (RFC 2131 §4.3.4).
    Release {
        /// The domain of the address.
        domain: usize,
        /// The address.
        address: Ipv4Addr,
        /// The client, which holds it.
        client: Client,
    },
    /// The client found its address in use. No answer (RFC 2131 §4.3.3).
    Decline {
        /// The domain of the address.
        domain: usize,
        /// The address.
        address: Ipv4Addr,
        /// Leave it alone until then.
        until: LeaseInstant,
    },
}

/// Why a packet got no answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Ignore {
    /// It is no DHCP request.
    #[error(transparent)]
    Packet(#[from] PacketError),
    /// It has no form RFC 2131 knows.
    #[error(transparent)]
    Kind(#[from] KindError),
    /// `giaddr` cannot be a relay agent's address; the answer would go astray, or to many.
    #[error("giaddr is {0}, which no relay agent can have")]
    RelayAddress(Ipv4Addr),
    /// A relay agent that selects the link (RFC 3527) calls from an address given to clients.
    #[error(
        "giaddr is {0}, which is in a range of addresses for clients; if this is a relay agent, \
         add its address to `exclude` of the [[scope]]"
    )]
    RelayInRange(Ipv4Addr),
    /// No scope is configured for the client's link.
    #[error("no scope for the client's link ({0}); add a [[scope]] whose subnet holds it")]
    UnknownLink(Ipv4Addr),
    /// The operator has this server not serve the scope.
    #[error("scope {0} is not active on this server")]
    Inactive(Ipv4Net),
    /// Failover leaves it to the partner, or lets this server answer nobody.
    #[error("{0}")]
    Failover(Explanation),
    /// It is meant for another server (RFC 2131 §4.3.2).
    #[error("it is for the server {0}")]
    OtherServer(Ipv4Addr),
    /// Too many leases wait for the disk; the client asks again.
    #[error("too many leases wait for the disk")]
    Busy,
    /// Every address this server may give is taken.
    #[error("no free address for the client's link")]
    NoAddress,
    /// The address is in a subnet of this server, but in none of its ranges.
    #[error("{0} is not an address this server gives out")]
    NotManaged(Ipv4Addr),
    /// Its pool is not the same at both servers.
    #[error("{0} is in a pool that is not the same at the partner; only leases are renewed there")]
    Quarantined(Ipv4Addr),
    /// Nothing is known of a lease of this client on the address (RFC 2131 §4.3.2: be silent).
    #[error("no record of this client on {0}")]
    NoRecord(Ipv4Addr),
    /// The client's lease is on record, but may not be extended now; the partner may know better.
    #[error("{address} may not be leased now: {refusal}")]
    Refused {
        /// The address.
        address: Ipv4Addr,
        /// Why not.
        refusal: Refusal,
    },
    /// A DHCPRELEASE or DHCPDECLINE from somebody who does not hold the address.
    #[error("the client does not hold {0}")]
    NotOwner(Ipv4Addr),
}

/// What came of a packet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// What to do.
    pub action: Action,
    /// Carry these out on the tables, in order, whatever the action is.
    pub pins: Vec<PinChange>,
}
