//! What a server of ours and one of another make have on record, side by side.

use super::foreign::Recorded;
use crate::{Host, Pair};
use dhcp_failover_lease::{Binding, BindingStatus};
use dhcp_failover_proto::Bindings;
use std::net::Ipv4Addr;

/// Expiries may differ by the clocks of the two, which differ by no more than dhcpd takes.
const CLOCK_SLACK_S: u64 = 90;

impl Pair {
    /// In what the table of ours differs from the other one's leases.
    pub(crate) fn differences_to_foreign(&self, foreigner: Host) -> Vec<String> {
        let Some(other) = &self.servers[foreigner.index()].foreign else { return Vec::new() };
        let ours = &self.servers[foreigner.partner().index()].table;
        let both = |address: &Ipv4Addr| Some((ours.get(*address)?, other.recorded(*address)?));
        let found =
            self.addresses.iter().filter_map(both).filter(|(ours, theirs)| !same(ours, theirs));
        found.map(|(ours, theirs)| format!("ours {ours:?}, the other's {theirs:?}")).collect()
    }
}

fn same(ours: &Binding, theirs: &Recorded) -> bool {
    let over = ours.status.is_transitional() || theirs.is_over;
    let known = over || ours.status as u8 + 1 == theirs.status.0;
    let active = ours.status == BindingStatus::Active && known && !over;
    let client = match (&ours.client, &theirs.client) {
        (Some(one), Some(other)) => one.is_same(other),
        (one, other) => one.is_none() && other.is_none(),
    };
    let ends = ours.expiries.lease.as_unix_s().abs_diff(theirs.ends) <= CLOCK_SLACK_S;
    known && (!active || client && ends)
}
