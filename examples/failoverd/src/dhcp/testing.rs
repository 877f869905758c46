//! Client packets for tests.

use super::network::{ALONE, Networks};
use super::packet::Request;
use crate::config::Config;
use std::net::Ipv4Addr;

/// A packet under construction; starts as an Ethernet client's broadcast with xid 0x11223344.
#[derive(Clone)]
pub(crate) struct Packet(Vec<u8>);

impl Packet {
    pub(crate) fn new(message_type: u8) -> Self {
        let mut bytes = vec![0; 240];
        bytes[..8].copy_from_slice(&[1, 1, 6, 0, 0x11, 0x22, 0x33, 0x44]);
        bytes[28..34].copy_from_slice(&[2, 0, 0, 0, 0, 1]);
        bytes[236..].copy_from_slice(&[99, 130, 83, 99]);
        Self(bytes).option(53, &[message_type])
    }

    pub(crate) fn discover() -> Self {
        Self::new(1)
    }

    pub(crate) fn request() -> Self {
        Self::new(3)
    }

    /// Another client: its hardware address ends in `number`.
    pub(crate) fn client(self, number: u8) -> Self {
        self.set(33, &[number])
    }

    pub(crate) fn set(mut self, offset: usize, value: &[u8]) -> Self {
        self.0[offset..offset + value.len()].copy_from_slice(value);
        self
    }

    pub(crate) fn ciaddr(self, address: [u8; 4]) -> Self {
        self.set(12, &address)
    }

    pub(crate) fn giaddr(self, address: [u8; 4]) -> Self {
        self.set(24, &address)
    }

    pub(crate) fn secs(self, secs: u16) -> Self {
        self.set(8, &secs.to_be_bytes())
    }

    pub(crate) fn broadcast(self) -> Self {
        self.set(10, &[0x80, 0])
    }

    pub(crate) fn option(mut self, code: u8, value: &[u8]) -> Self {
        self.0.extend([code, u8::try_from(value.len()).unwrap()]);
        self.0.extend(value);
        self
    }

    pub(crate) fn address(self, code: u8, address: Ipv4Addr) -> Self {
        self.option(code, &address.octets())
    }

    pub(crate) fn bytes(mut self) -> Vec<u8> {
        self.0.push(255);
        self.0
    }

    pub(crate) fn parse(self) -> Request {
        Request::parse(&self.bytes()).unwrap()
    }
}

/// One scope with failover, and two on one wire without.
pub(crate) const CONFIG: &str = r#"
[server]
store = "s"
admin_socket = "a"
[[relationship]]
name = "pair"
role = "primary"
partner = "203.0.113.2:647"
mclt_s = 60
[[scope]]
subnet = "192.0.2.0/24"
ranges = ["192.0.2.10-192.0.2.19"]
exclude = ["192.0.2.12"]
lease_s = 600
min_lease_s = 300
max_lease_s = 900
relationship = "pair"
options = { router = "192.0.2.1", domain_name = "example.org" }
reservations = [
    { hw_address = "02:00:00:00:00:99", address = "192.0.2.5", options = { domain_name = "kept.example" } },
    { client_id = "hex:0007", address = "192.0.2.13" },
]
[[scope]]
subnet = "10.1.0.0/24"
ranges = ["10.1.0.10-10.1.0.11"]
lease_s = 3600
shared_network = "floor"
[[scope]]
subnet = "10.2.0.0/24"
ranges = ["10.2.0.10-10.2.0.11"]
lease_s = 3600
shared_network = "floor"
"#;

pub(crate) fn config(text: &str) -> Config {
    Config::parse("test.toml".as_ref(), text).unwrap()
}

impl Config {
    pub(crate) fn networks(&self) -> Networks {
        Networks::new(&self.scopes, |scope| scope.relationship.map_or(ALONE, |it| it + 1))
    }
}
