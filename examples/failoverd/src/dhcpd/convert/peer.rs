//! `failover peer "NAME" { ... }`.

use super::Found;
use crate::dhcpd::syntax::{Statement, Word};
use dhcp_loadbalance::HashBuckets;
use std::net::Ipv4Addr;

/// The port both use unless told otherwise (draft-12 §8.2).
const PORT: u16 = 647;

/// One failover relationship.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    pub(super) name: String,
    pub(super) primary: bool,
    pub(super) own: Option<Ipv4Addr>,
    pub(super) port: u16,
    pub(super) partner: Option<Ipv4Addr>,
    pub(super) partner_port: u16,
    pub(super) mclt_s: Option<u32>,
    /// The primary's hash buckets, in dhcpd's order of bits, which is ours.
    pub(super) buckets: Option<HashBuckets>,
    pub(super) receive_timer_s: Option<u32>,
    pub(super) max_unacked: Option<u32>,
    pub(super) safe_period_s: Option<u32>,
    /// load balance max seconds: a setting of failoverd's scopes.
    pub(super) delay_s: Option<u32>,
}

pub(super) fn read(found: &mut Found, whole: &Statement) {
    let Some(name) = whole.words.get(2).map(Word::text) else {
        return found.leave_out(whole, "it has no name");
    };
    let mut peer = Peer {
        name,
        primary: true,
        own: None,
        port: PORT,
        partner: None,
        partner_port: PORT,
        mclt_s: None,
        buckets: None,
        receive_timer_s: None,
        max_unacked: None,
        safe_period_s: None,
        delay_s: None,
    };
    for statement in whole.inner() {
        if let Err(why) = peer.take(statement) {
            found.leave_out(statement, why);
        }
    }
    found.peers.push(peer);
}

impl Peer {
    fn take(&mut self, statement: &Statement) -> Result<(), &'static str> {
        let last = statement.words.last().map(Word::text).unwrap_or_default();
        let number = || last.parse::<u32>().map_err(|_| "not a number");
        let address = || last.parse().map_err(|_| "a name; write the IPv4 address instead");
        let port = || last.parse().map_err(|_| "not a port");
        if statement.begins(&["primary"]) {
            self.primary = true;
        } else if statement.begins(&["secondary"]) {
            self.primary = false;
        } else if statement.begins(&["address"]) {
            self.own = Some(address()?);
        } else if statement.begins(&["port"]) {
            self.port = port()?;
        } else if statement.begins(&["peer", "address"]) {
            self.partner = Some(address()?);
        } else if statement.begins(&["peer", "port"]) {
            self.partner_port = port()?;
        } else if statement.begins(&["mclt"]) {
            self.mclt_s = Some(number()?);
        } else if statement.begins(&["max-response-delay"]) {
            self.receive_timer_s = Some(number()?);
        } else if statement.begins(&["max-unacked-updates"]) {
            self.max_unacked = Some(number()?);
        } else if statement.begins(&["auto-partner-down"]) {
            self.safe_period_s = Some(number()?).filter(|seconds| *seconds > 0);
        } else if statement.begins(&["load", "balance", "max"]) {
            self.delay_s = Some(number()?);
        } else if statement.begins(&["split"]) {
            let split = u16::try_from(number()?).unwrap_or(u16::MAX);
            let buckets = HashBuckets::from_split(split).map_err(|_| "more than 256 buckets")?;
            self.buckets = Some(buckets);
        } else if statement.begins(&["hba"]) {
            let bytes = statement.words.last().and_then(Word::octets);
            let bytes: Option<[u8; 32]> = bytes.and_then(|bytes| bytes.try_into().ok());
            let bytes = bytes.ok_or("not 32 bytes in hexadecimal")?;
            self.buckets = Some(HashBuckets::from_bytes(bytes));
        } else {
            return Err("how addresses are shared follows the clients' here");
        }
        Ok(())
    }
}
