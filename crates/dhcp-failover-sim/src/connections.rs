//! What a test can do with connections, and see of them.

use crate::{Host, Pair};
use dhcp_failover_proto::{Input, LinkId, LinkSide};
use dhcp_failover_wire::{Dialect, Message, RejectReason, decode};
use std::collections::BTreeMap;

/// What was noticed of connections.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notes {
    /// Hosts whose attempts to connect fail at once.
    pub(crate) no_dialling: [bool; 2],
    /// When each host dialled.
    pub(crate) dials: [Vec<u64>; 2],
    /// How many connections each endpoint closed.
    pub(crate) closes: [usize; 2],
    /// The reason on each connection on which a CONNECTACK refused.
    pub(crate) rejections: BTreeMap<u64, RejectReason>,
}

impl Notes {
    pub(crate) fn sent(&mut self, link: u64, bytes: &[u8]) {
        if let Ok(packet) = decode(bytes, Dialect::Draft12)
            && let Message::ConnectAck(ack) = packet.message
            && let Some(reject) = ack.reject
        {
            self.rejections.insert(link, reject.reason);
        }
    }
}

impl Pair {
    /// This host's attempts to connect fail at once, as behind a firewall, or succeed again.
    pub fn forbid_dialling(&mut self, host: Host, forbidden: bool) {
        self.notes.no_dialling[host.index()] = forbidden;
    }

    /// When a host tried to connect.
    #[must_use]
    pub fn dials_of(&self, host: Host) -> &[u64] {
        &self.notes.dials[host.index()]
    }

    /// How many connections an endpoint has closed.
    #[must_use]
    pub fn closed_by(&self, host: Host) -> usize {
        self.notes.closes[host.index()]
    }

    /// Why the CONNECT on a connection was refused, if it was.
    #[must_use]
    pub fn rejection_on(&self, link: u64) -> Option<RejectReason> {
        self.notes.rejections.get(&link).copied()
    }

    /// The connections that neither host has closed.
    #[must_use]
    pub fn open_connections(&self) -> Vec<u64> {
        self.network.open()
    }

    /// Tells an endpoint of a connection that the network knows nothing of.
    pub fn accept_at(&mut self, host: Host, link: LinkId, side: LinkSide) {
        self.feed(host, Input::LinkUp { link, side });
    }

    /// Sets a server's wall clock; it shows when the server starts next.
    pub fn step_clock(&mut self, host: Host, by_ms: i64) {
        self.log(Some(host), format!("wall clock set by {by_ms} ms"));
        self.servers[host.index()].clock_offset_ms += by_ms;
    }

    /// Whether a start of this server would carry its lease clock on: its machine ran since its
    /// newest record was written.
    #[must_use]
    pub fn keeps_its_clock(&self, host: Host) -> bool {
        self.servers[host.index()].keeps_its_clock()
    }

    /// From now on this server's messages are stamped as if its clock had been set, as those of a
    /// partner are that follows its wall clock.
    pub fn shift_stamps(&mut self, host: Host, by_s: i64) {
        self.log(Some(host), format!("stamps shifted by {by_s} s"));
        self.stamp_shift_s[host.index()] = by_s;
    }

    /// What the last CONNECT of the primary looked like on the wire.
    #[must_use]
    pub fn last_connect(&self) -> Option<&[u8]> {
        self.last_connect.as_deref()
    }
}

impl Pair {
    /// Closes one end of a connection, behind the endpoint's back.
    pub fn close_at(&mut self, host: Host, link: u64) {
        let now = self.now;
        self.network.close(host, link, now);
    }
}
