//! A server with its tables, and the part of a caller that carries decisions out.

use crate::config::Config;
use crate::dhcp::destination::{Destination, Ports};
use crate::dhcp::gate::{Fake, Gate};
use crate::dhcp::kind::Arrival;
use crate::dhcp::network::ALONE;
use crate::dhcp::offers::PinChange;
use crate::dhcp::server::{Action, Answer, DhcpServer, GrantAction, Ignore, Incoming, World};
use crate::dhcp::testing::{CONFIG, Packet, config};
use dhcp_failover_lease::{
    Binding, BindingStatus, Client, Control, HardwareAddress, LeaseInstant, LeaseSpan, Role,
};
use dhcp_failover_proto::{BindingTable, Bindings};
use dhcproto::v4::{DhcpOption, Message, MessageType, OptionCode};
use dhcproto::{Decodable, Decoder};
use std::net::Ipv4Addr;

pub(super) const NOW: LeaseInstant = LeaseInstant::from_unix_s(1_000_000);
pub(super) const SERVER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
/// The relay agents of the link with failover and of the one without.
pub(super) const PAIR: [u8; 4] = [192, 0, 2, 1];
pub(super) const FLOOR: [u8; 4] = [10, 1, 0, 1];

/// An address on the link with failover.
pub(super) fn ip(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(192, 0, 2, last)
}

/// An address on the link without.
pub(super) fn floor(net: u8, last: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, net, 0, last)
}

pub(super) fn client(last: u8) -> Client {
    Client::new(None, HardwareAddress::new(1, &[2, 0, 0, 0, 0, last]).unwrap())
}

/// The primary in NORMAL, and the client is its to serve.
pub(super) const SERVING: Fake =
    Fake { role: Role::Primary, control: Control::Shared, renewals: true, named: true, new: true };

pub(super) struct Lab {
    server: DhcpServer,
    pub(super) tables: Vec<BindingTable>,
    pub(super) pair: Fake,
    pub(super) busy: bool,
    pub(super) now: LeaseInstant,
    pub(super) arrival: Arrival,
    pub(super) local: Ipv4Addr,
}

struct Seen<'a>(&'a [BindingTable], Fake, bool);

impl World for Seen<'_> {
    fn table(&self, domain: usize) -> &BindingTable {
        &self.0[domain]
    }

    fn gate(&self, domain: usize) -> Gate {
        if domain == ALONE { Gate::Alone } else { Gate::Fake(self.1) }
    }

    fn is_busy(&self) -> bool {
        self.2
    }
}

impl Lab {
    pub(super) fn new() -> Self {
        Self::of(&config(CONFIG))
    }

    pub(super) fn of(config: &Config) -> Self {
        let networks = config.networks();
        let tables = (0..networks.domain_count()).map(|domain| {
            let mut table = BindingTable::new();
            for pool in networks.pools(domain) {
                table.add_pool(pool.iter().cloned()).unwrap();
            }
            table
        });
        Self {
            tables: tables.collect(),
            server: DhcpServer::new(networks, Ports::default(), vec![ip(2)]),
            pair: SERVING,
            busy: false,
            now: NOW,
            arrival: Arrival::Unknown,
            local: SERVER,
        }
    }

    fn domain(&self, address: Ipv4Addr) -> usize {
        if address.octets()[0] == 10 { ALONE } else { self.tables.len() - 1 }
    }

    /// Puts a binding on record.
    pub(super) fn record(&mut self, address: Ipv4Addr, status: BindingStatus, holder: u8) {
        let mut binding = self.tables[self.domain(address)].get(address).unwrap();
        binding.status = status;
        binding.client = Some(client(holder));
        binding.version += 1;
        binding.expiries.lease = self.now + LeaseSpan::from_s(500);
        binding.knowledge.agreed = status;
        self.apply(binding);
    }

    /// The servers have agreed that the address is reserved.
    pub(super) fn both_reserve(&mut self, address: Ipv4Addr) {
        let mut binding = self.tables[self.domain(address)].get(address).unwrap();
        binding.flags.reserved = true;
        binding.version += 1;
        binding.knowledge.acked_version = binding.version;
        self.apply(binding);
    }

    pub(super) fn apply(&mut self, binding: Binding) {
        let domain = self.domain(binding.address);
        assert!(self.tables[domain].apply(binding));
    }

    pub(super) fn pinned(&self, address: Ipv4Addr) -> bool {
        self.tables[self.domain(address)].is_pinned(address)
    }

    pub(super) fn handle(&mut self, bytes: &[u8]) -> Action {
        let incoming = Incoming {
            bytes,
            source: "192.0.2.1:67".parse().unwrap(),
            local: self.local,
            arrival: self.arrival,
        };
        let seen = Seen(&self.tables, self.pair, self.busy);
        let outcome = self.server.handle(&incoming, &seen, self.now);
        self.pin(outcome.pins);
        outcome.action
    }

    pub(super) fn end_offers(&mut self) {
        let pins = self.server.end_offers(self.now);
        self.pin(pins);
    }

    fn pin(&mut self, pins: Vec<PinChange>) {
        for pin in pins {
            match pin {
                PinChange::Pin { domain, address } => self.tables[domain].pin(address),
                PinChange::Unpin { domain, address } => self.tables[domain].unpin(address),
            }
        }
    }

    pub(super) fn send(&mut self, packet: Packet) -> Action {
        self.handle(&packet.bytes())
    }

    /// The address offered to client `number` on the link with failover.
    pub(super) fn offer(&mut self, number: u8) -> Ipv4Addr {
        offered(self.send(Packet::discover().client(number).giaddr(PAIR)))
    }

    /// Carries out a lease as a caller would.
    pub(super) fn lease(&mut self, packet: Packet) -> Box<GrantAction> {
        let granted = granted(self.send(packet));
        let old = self.tables[granted.domain].get(granted.address).unwrap();
        assert_eq!(granted.version, old.version);
        let mut binding = Binding {
            status: BindingStatus::Active,
            client: Some(granted.client.clone()),
            version: old.version + 1,
            flags: granted.flags,
            ..old
        };
        binding.expiries.lease = granted.grant.lease_expiry;
        self.apply(binding);
        granted
    }
}

pub(super) fn message(answer: &Answer) -> Message {
    Message::decode(&mut Decoder::new(&answer.bytes)).unwrap()
}

#[track_caller]
pub(super) fn offered(action: Action) -> Ipv4Addr {
    let Action::Reply(answer) = action else { panic!("expected a DHCPOFFER, got {action:?}") };
    let message = message(&answer);
    assert_eq!(message.opts().msg_type(), Some(MessageType::Offer));
    message.yiaddr()
}

#[track_caller]
pub(super) fn granted(action: Action) -> Box<GrantAction> {
    let Action::Grant(granted) = action else { panic!("expected a lease, got {action:?}") };
    let message = message(&granted.answer);
    assert_eq!(message.opts().msg_type(), Some(MessageType::Ack));
    assert_eq!(message.yiaddr(), granted.address);
    let time = DhcpOption::AddressLeaseTime(granted.grant.lease.as_dhcp_s());
    assert_eq!(message.opts().get(OptionCode::AddressLeaseTime), Some(&time));
    granted
}

#[track_caller]
pub(super) fn refused(action: Action) -> (String, Destination) {
    let Action::Reply(answer) = action else { panic!("expected a DHCPNAK, got {action:?}") };
    let message = message(&answer);
    assert_eq!(message.opts().msg_type(), Some(MessageType::Nak));
    let Some(DhcpOption::Message(text)) = message.opts().get(OptionCode::Message) else {
        panic!("a DHCPNAK says why")
    };
    (text.clone(), answer.destination)
}

#[track_caller]
pub(super) fn ignored(action: Action) -> Ignore {
    let Action::Ignore(reason) = action else { panic!("expected silence, got {action:?}") };
    reason
}
